"""Pretrained models on the command line: evaluated and continued as they are, trained further, resumed without their source."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
import torch

from mmrec_engine.evaluation.trained_model import load_trained
from tests.command.refusals import refused
from tests.conftest import Command
from tests.pretrained_models import folder_of


@pytest.fixture(scope="module")
def llama_folder(tmp_path_factory: pytest.TempPathFactory, prose: str) -> Path:
    return folder_of(tmp_path_factory.mktemp("pretrained") / "small-llama", prose, num_key_value_heads=2)


def test_a_pretrained_model_is_evaluated_and_continues_a_text_as_it_is(
    command: Command, llama_folder: Path, text_file: Path
) -> None:
    source = f"hf:{llama_folder}"
    result = command("evaluate", source, "--data-dir", str(text_file), "--seq-len", "64", "--json").json
    assert result["bits_per_character"] > result["baselines"]["unigram"] > result["baselines"]["5-gram"] > 1
    shown = command("evaluate", source, "--data-dir", str(text_file), "--seq-len", "64")
    assert "N-gram models of characters" in shown.out
    assert "Whether the pretrained model has seen it" in shown.err
    written = command("generate", source, "--prompt", "The ", "--tokens", "5", "--temperature", "0", "--json").json
    assert written["prompt"] == "The "
    assert written["tokens"] == 5


def test_refusals_of_pretrained_models_are_one_line(command: Command, llama_folder: Path, text_file: Path) -> None:
    source = f"hf:{llama_folder}"
    text = ["--data-dir", str(text_file)]
    assert "give one with --data-dir" in refused(command, "evaluate", source)
    assert "at most 128" in refused(command, "evaluate", source, *text, "--seq-len", "129")
    assert "no such model" in refused(command, "generate", "missing.gguf")
    start = ["train", *text, "--init-from", source]
    for flags, named in (
        (["--config", "small"], "--config"), (["--arch", "mmrec"], "--arch"), (["--tokenizer", "char"], "--tokenizer"),
        (["--vocab-size", "300"], "--vocab-size"), (["--seq-len", "129"], "at most 128"),
        (["--denoising", "0.1"], "--denoising"), (["--train-layers", "3"], "at most 2"),
        (["--train-layers", "1", "--processes", "2"], "--processes 1"),
        (["--kv-heads", "2", "--arch", "llama"], "--kv-heads"),
    ):  # fmt: skip
        assert named in refused(command, *start, *flags)
    assert "--init-from" in refused(command, "train", *text, "--config", "pretrained")
    assert "would stay random" in refused(command, "train", *text, "--train-layers", "1")
    assert "--init-from" in refused(command, "train", *text, "--tokenizer", "pretrained")
    (command.folder / "own.toml").write_text('shape = "{}"')
    assert "no setting 'shape'" in refused(command, "train", *text, "--settings", "own.toml")
    assert not (command.folder / "checkpoints").exists()


@pytest.mark.extended
def test_a_pretrained_model_is_trained_further_resumed_without_its_source_and_exported(
    command: Command, llama_folder: Path, text_file: Path, tmp_path: Path
) -> None:
    source = shutil.copytree(llama_folder, tmp_path / "small-llama")
    before = load_trained(f"hf:{source}")
    given = ["--data-dir", str(text_file), "--init-from", f"hf:{source}", "--threads", "1", "--precision", "fp32",
             "--seq-len", "32", "--eval-every", "4", "--learning-rate", "0.001"]  # fmt: skip
    result = command("train", *given, "--max-steps", "8", "--checkpoint-every", "2", "--json")
    assert result.code == 0, result.err
    run = command.folder / "checkpoints" / "small-llama"
    described = json.loads((run / "run.json").read_text())
    assert described["settings"]["dropout"] == 0.0
    assert described["sources"]["dropout"] == "pretrained"
    assert described["corpus"]["tokenizer"] == "pretrained"
    assert described["model"] == before.model.config.as_dict()
    findings = {one["id"]: one for one in result.json["findings"]}
    assert findings["pretrained-loss"]["values"]["variant"] == "foreign"  # the weights are random
    assert findings["pretrained-loss"]["status"] == "warn" and "initial-loss" not in findings
    assert findings["baselines"]["values"]["variant"] == "of-characters"
    assert findings["split-continued"]["status"] == "skipped"
    assert 0 < findings["pretrained-trial"]["values"]["random"] < 20
    costs = findings["further-training"]
    assert costs["status"] == "pass"
    assert costs["values"]["parameters"] == before.model.config.parameters()
    assert 0 < costs["values"]["needed_gib"] < costs["values"]["available_gib"]
    assert 0 < 8 * costs["values"]["step_seconds"] < costs["values"]["run_seconds"] < 60
    assert re.search(
        r"Time and memory: [\d,]+ pretrained parameters: [\d.]+ GiB .* per step, estimated; \d+ s for", result.err
    )
    assert result.json["status"] == "completed"
    for other in (["check", "before"], ["find-batch", "--seconds", "5"]):  # with the model's own sizes
        found = command(*other, *given, "--json")
        assert found.code == 0, found.err
    plan = command("plan", "--time", "60s", "--data-dir", str(text_file), "--init-from", f"hf:{source}", "--json").json
    assert not {"config", "arch", "tokenizer", "vocab_size", "optimizer", "learning_rate"} & plan["choices"].keys()
    assert plan["expected"]["parameters"] == before.model.config.parameters()
    shutil.rmtree(source)  # everything is in the run now
    more = command("train", *given, "--resume", "--max-steps", "12", "--json")
    assert more.code == 0, more.err
    assert more.json["steps"] == 12
    after = load_trained(str(run))
    assert after.tokenizer.to_dict() == before.tokenizer.to_dict()
    assert after.model.config == before.model.config
    assert not torch.equal(after.model.embedding.weight, before.model.embedding.weight)
    assert command("evaluate", "small-llama", "--json").json["loss"] == pytest.approx(
        more.json["best"]["loss"], abs=1e-4
    )
    assert command("check", "after", "small-llama", "--json").code == 0
    ids = torch.arange(30).view(1, 30)
    for form, name in (("hf", "hf:out-hf"), ("gguf", "out-gguf/model.gguf")):
        assert command("export", "small-llama", f"out-{form}", "--to", form).code == 0
        prefix, _, place = name.rpartition(":")
        again = load_trained(f"{prefix}{':' if prefix else ''}{command.folder / place}")
        with torch.no_grad():
            assert (again.model(ids) - after.model(ids)).abs().max() < 1e-4
    follow = command("train", "--from", "small-llama", "--max-steps", "2", "--no-check", "--json")
    assert follow.code == 0, follow.err
    assert follow.json["best"]["loss"] < result.json["best"]["loss"]
