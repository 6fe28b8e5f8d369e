"""Uses of a trained model, by the installed command: evaluate, generate, export, and the tables."""

import re
import subprocess
from pathlib import Path

import pytest
import torch

from mmrec_engine import load_trained
from mmrec_tui.presentation.topics import topics
from mmrec_tui.terminal import printable
from tests.conftest import COMMAND, FAST, Command


@pytest.fixture
def trained(command: Command, text_file: Path) -> Command:
    flags = ["--recipe", "fast", "--max-steps", 20, "--quiet"]
    assert command("train", "--data-dir", text_file, *FAST, *flags).code == 0
    return command


def test_loaded_export_gives_the_same_logits(trained: Command) -> None:
    exported = trained("export", "checkpoints/tiny", "out")
    assert exported.code == 0, exported.err
    assert {path.name for path in (trained.folder / "out").iterdir()} == {
        "model.safetensors", "config.json", "tokenizer.json", "split.npz",
    }  # fmt: skip
    original = load_trained(str(trained.run_folder() / "best_model.pt"))
    again = load_trained(str(trained.folder / "out"))
    ids = torch.tensor([[int(index) for index in original.tokenizer.encode("The quick brown")]])
    assert torch.equal(original.model(ids), again.model(ids))
    assert again.tokenizer.to_dict() == original.tokenizer.to_dict()
    refused = trained("export", "tiny", "out")
    assert refused.code == 2
    assert "not empty" in refused.err


def test_generation_depends_on_seed_and_prompt(trained: Command) -> None:
    texts = [trained("generate", "tiny", "--prompt", "The", "--tokens", 40, "--seed", seed).out for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]
    as_json = trained("generate", "tiny", "--prompt", "The", "--tokens", 40, "--seed", 1, "--json").json
    assert as_json["prompt"] + as_json["text"] + "\n" == texts[0]
    assert as_json["tokens"] == 40
    unknown = trained("generate", "tiny", "--prompt", "漢字 The", "--tokens", 5)
    assert unknown.code == 0
    assert "漢" in unknown.err


def test_joiners_are_printed_and_escapes_are_not() -> None:
    assert printable("می\u200cخواهم 👩\u200d👩") == "می\u200cخواهم 👩\u200d👩"
    assert printable("a\x1b[0m\x07\u202eb\x9b") == "a\\x1b[0m\\x07\\u202eb\\x9b"


@pytest.mark.extended
def test_closed_streams_are_not_an_error(command: Command, text_file: Path) -> None:
    for closed in ("2>&-", ">&-", ">&- 2>&-"):
        words = f"{COMMAND} train --data-dir {text_file} {' '.join(FAST)} --max-steps 1 --overwrite --json {closed}"
        assert (
            subprocess.run(["sh", "-c", words], cwd=command.folder, env=command.environment, check=False).returncode
            == 0
        )


def test_evaluation_on_another_text_uses_the_models_own_vocabulary(trained: Command) -> None:
    (trained.folder / "other.txt").write_text("a line of other words\n" * 30)
    own, other = trained("evaluate", "tiny", "--json"), trained("evaluate", "tiny", "--data-dir", "other.txt", "--json")
    assert set(own.json) == {
        "loss", "perplexity", "accuracy", "bits_per_character", "tokens", "batches", "checkpoint",
    }  # fmt: skip
    assert other.json["tokens"] == 22 * 30 - 1
    assert other.json["loss"] != own.json["loss"]
    assert "Validation Metrics:" in trained("evaluate", "tiny").out
    assert "Validation metrikleri:" in trained("evaluate", "tiny", "--lang", "tr").out


def test_evaluation_reports_missing_text(trained: Command, text_file: Path) -> None:
    text_file.unlink()
    told = trained("evaluate", "tiny")
    assert told.code == 2
    assert "--data-dir" in told.err


def test_runs_are_found_from_any_working_folder(trained: Command) -> None:
    listed = trained("runs", "--json").json["runs"]
    assert [(run["name"], run["state"], run["step"]) for run in listed] == [("tiny", "FINISHED", 20)]
    assert re.search(r"tiny  finished +20 ", trained("runs").out)
    elsewhere = trained.folder / "elsewhere"
    elsewhere.mkdir()
    moved = trained.folder
    trained.folder = elsewhere
    assert trained("generate", "tiny", "--tokens", 3).code == 0
    trained.folder = moved


def test_tables_are_printed_as_text_and_json(command: Command) -> None:
    configs = command("configs", "--json").json["configs"]
    tiny = next(row for row in configs if (row["config"], row["arch"]) == ("tiny", "mmrec"))
    assert tiny["parameters"] == 878_592
    assert [line.split()[0] for line in command("configs").out.splitlines()[1:]] == [
        "tiny", "mini", "small", "base", "medium", "large",
    ]  # fmt: skip
    corpora = {row["name"]: row for row in command("corpora", "--json").json["corpora"]}
    assert corpora["sample"]["documents"] >= 40
    assert corpora["python-code"]["characters"] > 1_000_000
    assert "öyküler" in command("corpora", "--lang", "tr").out
    assert "no runs yet" in command("runs").err


def test_version_is_printed_without_loading_torch(command: Command) -> None:
    told = command("--version").out.splitlines()
    assert [line.split()[0] for line in told] == ["mmrec-tui", "Python", "torch"]
    assert told[2].split()[1].startswith(torch.__version__.split("+")[0])


def test_help_shows_every_setting_in_both_languages(command: Command) -> None:
    for language, words in (("en", "Passes over the training text"), ("tr", "Eğitim metninin üzerinden")):
        told = command("train", "--help", "--lang", language)
        assert told.code == 0
        assert words in " ".join(told.out.split())
        for flag in ("--learning-rate", "--save-best-model", "--no-save-best-model", "--early-stopping-patience"):
            assert flag in told.out


def test_closed_pipe_is_not_an_error(command: Command) -> None:
    process = command.start("corpora", "--json")
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert "Traceback" not in process.stderr.read()
    assert process.wait() == 0


def test_guide_is_printed_whole_and_by_topic(command: Command) -> None:
    listed = command("guide").out
    assert listed.count("\n  ") == len(topics("en")) > 13 + 4
    assert "dropout" in command("guide", "overfitting").out.lower()
    assert "Dropout'u artır (0.2)" in command("guide", "overfitting", "--lang", "tr").out
    by_name = command("guide", "perplexity", "--json").json["topics"]
    assert [topic["id"] for topic in by_name] == ["perplexity"]
    by_word = command("guide", "a low perplexity", "--json").json["topics"]
    assert [topic["id"] for topic in by_word] == ["model-testable"]
    both = [command("guide", name, "--json").json["topics"] for name in ("learning-rate", "learning_rate")]
    assert [[topic["kind"] for topic in found] for found in both] == [
        ["measure", "hyperparameter"],
        ["hyperparameter", "measure"],
    ]
    assert "Daha düşük değer: " in command("guide", "dropout", "--lang", "tr").out
    unknown = command("guide", "cooking")
    assert unknown.code == 2
    assert "'cooking'" in unknown.err
