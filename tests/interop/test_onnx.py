"""onnxruntime computes with an exported folder what PyTorch computes, whole texts and token by token."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from mmrec_engine.evaluation.generation import Sampling, continue_all
from mmrec_engine.evaluation.trained_model import Trained, export
from mmrec_engine.interop import onnx_folder
from mmrec_engine.interop.onnx_steps import AttentionStep, RecurrenceStep
from mmrec_tui.cli import commands
from mmrec_tui.locales import Wording

Make = Callable[..., Trained]
FORMS: list[tuple[str, str, dict[str, Any]]] = [
    ("llama", "bpe", {"kv_heads": 2, "tied": True}),
    ("mmrec", "sentencepiece", {}),
]


class Reader:
    """A text read with an exported graph, one part after the other, as any program would that knows only the folder."""

    def __init__(self, folder: Path, texts: int = 1) -> None:
        runtime: Any = pytest.importorskip("onnxruntime")
        self.session = runtime.InferenceSession(folder / "model.onnx")
        named = [one for one in self.session.get_inputs() if one.name.startswith("past")]
        free = {"batch": texts, "past": 0}
        self.state = {
            one.name: np.zeros([free.get(size, size) for size in one.shape], dtype=np.float32) for one in named
        }
        self.read = 0

    def __call__(self, ids: Tensor) -> Tensor:
        """Logits (texts, time, vocabulary) of `ids` (texts, time)."""
        inputs = {"input_ids": ids.numpy(), **self.state}
        if any(one.name == "position_ids" for one in self.session.get_inputs()):
            positions = torch.arange(self.read, self.read + ids.shape[1])
            inputs["position_ids"] = positions.expand(ids.shape).numpy()
        logits, *state = self.session.run(None, inputs)
        self.state, self.read = dict(zip(self.state, state, strict=True)), self.read + ids.shape[1]
        return torch.from_numpy(logits)


def example_of_the_documents() -> str:
    """The program of docs/interop.md, which continues a text with the folder `out`."""
    page = (Path(__file__).parents[2] / "docs" / "interop.md").read_text(encoding="utf-8")
    examples = [text for text in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "onnxruntime" in text]
    assert len(examples) == 1
    return str(examples[0])


@pytest.mark.slow
@pytest.mark.extended
@pytest.mark.parametrize(("architecture", "tokenizer", "more"), FORMS, ids=["llama", "mmrec"])
def test_onnxruntime_gives_the_same_logits_and_text(
    made: Make,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    architecture: str,
    tokenizer: str,
    more: dict[str, Any],
) -> None:
    pytest.importorskip("tokenizers")
    trained, folder = made(architecture, tokenizer, **more), tmp_path / "out"
    if architecture == "llama":  # the weights in a file of their own, as those of a large model
        monkeypatch.setattr(onnx_folder, "_LARGEST_FILE", 0)
    export(trained, tmp_path / "own")
    capfd.readouterr()
    commands.export(str(tmp_path / "own"), str(folder), "onnx", None, Wording("en"), as_json=True)
    printed = capfd.readouterr()
    assert sorted(json.loads(printed.out)["files"]) == sorted(map(str, folder.iterdir()))
    assert printed.err == ""  # nothing of the exporter's own remarks
    ids = torch.randint(trained.model.config.vocabulary, (2, 150), generator=torch.Generator().manual_seed(1))
    reader, state = Reader(folder, texts=2), trained.model.initial_state(2)
    sizes = []
    for piece in torch.split(ids, [100, 1, 1, 47, 1], dim=1):  # the window has 64 tokens
        with torch.no_grad():
            expected, state = trained.model.advance(piece, state)
        torch.testing.assert_close(reader(piece), expected, rtol=1e-4, atol=1e-4)
        sizes.append({name: value.size for name, value in reader.state.items()})
    assert sizes == sizes[:1] * 5  # constant, or a full window of keys
    monkeypatch.chdir(tmp_path)
    example: dict[str, Any] = {}
    exec(example_of_the_documents(), example)
    prompt = torch.tensor([[int(index) for index in trained.tokenizer.encode("The water ")]])
    drawn = continue_all(trained.model, prompt, (), 100, Sampling(temperature=0))
    assert example["ids"] == [*prompt[0].tolist(), *(index for (index,) in drawn)]
    configuration = json.loads((folder / "config.json").read_text())
    assert configuration["eos_token_id"] == trained.tokenizer.end_of_document
    assert "auto_map" not in configuration  # there is no code in the folder


@pytest.mark.parametrize("more", [{}, {"kv_heads": 2, "tied": True}], ids=["mmrec", "llama"])
def test_a_step_continues_a_text_as_the_model_does(made: Make, more: dict[str, Any]) -> None:
    model = made("llama" if more else "mmrec", "char", **more).model
    ids = torch.randint(model.config.vocabulary, (2, 90), generator=torch.Generator().manual_seed(1))
    state = model.initial_state(2)
    parts = [(layer[0], layer[1]) for layer in state]
    step: Any = AttentionStep(model) if more else RecurrenceStep(model)
    for piece, first in zip(torch.split(ids, [5, 1, 84], dim=1), [0, 5, 6], strict=True):
        positions = [torch.arange(first, first + piece.shape[1]).expand(piece.shape)] if more else []
        with torch.no_grad():
            expected, state = model.advance(piece, state)
            logits, *after = step(piece, *positions, parts)
        torch.testing.assert_close(logits, expected, rtol=1e-5, atol=1e-5)
        parts = list(zip(after[::2], after[1::2], strict=True))
