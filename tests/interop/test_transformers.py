"""An exported folder loaded by the library `transformers`: the same logits, the same text, nothing to correct."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from mmrec_engine.errors import RequestError
from mmrec_engine.evaluation.generation import Sampling, continue_all
from mmrec_engine.evaluation.trained_model import Trained, export
from mmrec_engine.interop.transformers_folder import export_to_transformers
from tests.conftest import Command

Make = Callable[..., Trained]
FORMS: list[tuple[str, str, dict[str, Any]]] = [
    ("llama", "bpe", {}), ("llama", "char", {"kv_heads": 2, "tied": True}), ("mmrec", "sentencepiece", {})
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.extended
@pytest.mark.parametrize(
    ("architecture", "tokenizer", "more"), FORMS, ids=["llama", "llama, grouped and tied", "mmrec"]
)
def test_transformers_gives_the_same_logits_and_text(
    made: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, architecture: str, tokenizer: str, more: dict[str, Any]
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))  # where the folder's own code is copied to
    transformers = pytest.importorskip("transformers")
    trained, remote = made(architecture, tokenizer, **more), {"trust_remote_code": architecture == "mmrec"}
    export_to_transformers(trained, tmp_path / "out")
    model = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "out", **remote)
    tokens = transformers.AutoTokenizer.from_pretrained(tmp_path / "out", **remote)
    ids = torch.randint(trained.model.config.vocabulary, (2, 150), generator=torch.Generator().manual_seed(1))
    ids = ids if architecture == "mmrec" else ids[:, :64]
    with torch.no_grad():
        torch.testing.assert_close(model(ids).logits, trained.model(ids), rtol=1e-5, atol=1e-5)
    text = "The water <|end_of_document|> İstanbul'da\n\n 12 <0x41>"
    assert tokens(text).input_ids == [int(index) for index in trained.tokenizer.encode(text)]
    assert tokens.eos_token_id == model.generation_config.eos_token_id == trained.tokenizer.end_of_document
    # A model with random weights would generate special tokens too, which mmrec never samples.
    special = list(range(len(trained.tokenizer.special)))
    greedy = {"do_sample": False, "suppress_tokens": special}
    asked = {"max_new_tokens": 30, **greedy}
    found = model.generate(**tokens("The ", return_tensors="pt"), **asked)[0]
    prompt = tokens("The ", return_tensors="pt").input_ids
    drawn = continue_all(trained.model, prompt, range(len(special)), 30, Sampling(temperature=0))
    assert found[-30:].tolist() == [index for (index,) in drawn]
    shorter = model.generate(**tokens("The ", return_tensors="pt"), **greedy, max_length=12)
    assert shorter[0].tolist() == found[:12].tolist()
    tokens.padding_side = "left"
    batch = tokens(["The ", "Once upon a time "], return_tensors="pt", padding=True)
    assert model.generate(**batch, **asked)[0, -30:].tolist() == found[-30:].tolist()


@pytest.mark.extended
def test_generation_memory_is_constant(made: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    transformers = pytest.importorskip("transformers")
    export_to_transformers(made("mmrec"), tmp_path / "out")
    model = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "out", trust_remote_code=True)
    sizes, cache, token = set(), None, torch.tensor([[40]])
    for _ in range(5):
        output = model(token, cache=cache, use_cache=True)
        cache = output.cache
        sizes.add(
            sum(part.numel() for layer in cache.layers for part in (layer.conv_states[0], layer.recurrent_states[0]))
        )
    assert sizes == {2 * (64 + 4 * 16 * 16)}


def test_model_card_matches_the_report_and_has_no_invented_licence(made: Make, tmp_path: Path) -> None:
    report = {
        "run": "a *run*",
        "best": {"step": 3, "loss": 1.5},
        "baselines": {"bigram": 2.5},
        "corpus": {"name": "prose"},
    }
    (tmp_path / "report.json").write_text(json.dumps(report))
    export_to_transformers(made("llama"), tmp_path / "without")
    card = (tmp_path / "without" / "README.md").read_text()
    assert "License: not stated" in card and "license:" not in card
    assert "a \\*run\\*" in card and "1.5000" in card and "| bigram | 2.5000 |" in card
    export_to_transformers(made("llama"), tmp_path / "with", "cc-by-4.0")
    assert (tmp_path / "with" / "README.md").read_text().startswith("---\nlicense: cc-by-4.0\n")
    export_to_transformers(made("llama"), tmp_path / "turkish", language="tr")
    card = (tmp_path / "turkish" / "README.md").read_text(encoding="utf-8")
    assert "Lisans: belirtilmemiş." in card and "1,5000" in card and "License" not in card


@pytest.mark.parametrize("write", [export, export_to_transformers])
@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_file_modes_follow_the_umask(made: Make, tmp_path: Path, write: Callable[..., list[Path]], umask: int) -> None:
    before = os.umask(umask)
    try:
        written = write(made("llama"), tmp_path / "out")
    finally:
        os.umask(before)
    assert {stat.S_IMODE(path.stat().st_mode) for path in written} == {0o666 & ~umask}


def test_gpt_export_and_invalid_licence_are_refused(made: Make, tmp_path: Path) -> None:
    for trained, license, key in (
        (made("gpt"), None, "export-architecture"),
        (made("llama"), "mit\nx: y", "export-license-name"),
    ):
        with pytest.raises(RequestError) as refused:
            export_to_transformers(trained, tmp_path / "out", license)
        assert refused.value.key == key
        assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("flags", "told"), [(["--to", "pickle"], "hf"), (["--license", "mit"], "--to hf"), (["--to", ""], "hf")]
)
def test_meaningless_flags_are_refused_in_one_line(command: Command, flags: list[str], told: str) -> None:
    result = command("export", "absent", "out", *flags)
    assert result.code == 2
    assert told in result.err and len(result.err.strip().splitlines()) == 1
    assert not (command.folder / "out").exists()
