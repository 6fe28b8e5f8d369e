"""`mmrec-tui train` for users and scripts: the installed command on real text."""

import json
import re
from pathlib import Path

import pytest
import torch

from mmrec_engine.runs import checkpoints
from tests.conftest import FAST, Command, events_of, extended

GUIDE_LOG = [
    r"📚 Preparing data\.\.\.",
    r"✅ Using sample corpus",
    r"✅ Vocabulary built: 88 tokens",
    r"✅ Train dataset: [\d,]+ sequences",
    r"✅ Validation dataset: \d+ sequences",
    r"🚀 Training started\.\.\.",
    r"Epoch 1/2: 100%\|█+\| \d+/\d+ \[\d\d:\d\d<00:00, loss=\d\.\d{3}, lr=\d\.\d\de-\d\d\]",
    r"📊 Epoch 1 completed - Avg Loss: \d\.\d{3}",
    r"Validation Metrics:",
    r"  Loss: \d\.\d{3}",
    r"  Perplexity: \d+\.\d\d",
    r"  Accuracy: \d+\.\d\d%",
    r"  Batches: \d+",
    r"💾 Best model saved: checkpoints/tiny/best_model\.pt",
    r"Epoch 2/2: 100%",
    r"💾 Final checkpoint saved: checkpoints/tiny/final_checkpoint\.pt",
]


@pytest.mark.slow
@pytest.mark.extended
def test_first_guide_command_trains_a_model_that_generates(command: Command) -> None:
    words = "train --config tiny --epochs 2 --batch-size 4 --seq-len 256 --use-sample-corpus"
    trained = command(*words.split(), "--threads", 1, "--json")
    assert trained.code == 0
    position = 0
    for pattern in GUIDE_LOG:
        found = re.compile(pattern).search(trained.err, position)
        assert found, f"{pattern} does not come in its place in:\n{trained.err}"
        position = found.end()

    result = trained.json
    assert set(result) == {
        "run", "status", "reason", "steps", "epochs", "tokens", "parameters", "processes", "seconds",
        "tokens_per_second", "best", "final", "findings", "checkpoints", "remedies", "verdict",
    }  # fmt: skip
    assert (result["status"], result["epochs"], result["processes"]) == ("completed", 2, 1)
    assert result["best"]["loss"] < 3.3, "worse than counting letters"
    assert set(result["final"]) == {"step", "loss", "perplexity", "accuracy", "bits_per_character"}

    folder = command.run_folder()
    names = {path.name for path in folder.iterdir()}
    assert {"run.json", "events.jsonl", "best_model.pt", "final_checkpoint.pt", "checkpoint_step_200.pt"} <= names
    described = json.loads((folder / "run.json").read_text())
    assert described["settings"]["learning_rate"] == 3e-4
    assert described["sources"]["learning_rate"] == "default"
    assert described["sources"]["epochs"] == "hand"
    assert described["parameters"] == result["parameters"]
    assert {"fingerprint", "documents", "train_characters", "validation_characters", "vocabulary"} <= set(
        described["corpus"]
    )

    evaluated = command("evaluate", "tiny", "--json")
    assert evaluated.json["loss"] == result["best"]["loss"], "the best model does not have the loss it was kept for"
    written = command("generate", "tiny", "--prompt", "The ", "--tokens", 60, "--past-end")
    assert written.code == 0
    assert written.out.startswith("The ")
    assert len(written.out.rstrip("\n")) >= 60


@pytest.mark.extended
def test_second_guide_command_trains_on_a_folder(command: Command, text_file: Path) -> None:
    (command.folder / "data" / "train").mkdir(parents=True)
    for part in range(12):
        text = text_file.read_text()[part * 1500 : (part + 1) * 1500]
        (command.folder / "data" / "train" / f"{part}.txt").write_text(text)
    words = "train --config tiny --data-dir data/train --epochs 1 --val-split 0.1 --early-stopping-patience 5"
    trained = command(*words.split(), "--save-best-model", *FAST, "--json")
    assert trained.code == 0, trained.err
    assert "(12 documents)" in trained.err
    assert command.run_folder().joinpath("best_model.pt").exists()


@pytest.mark.extended
def test_events_describe_the_whole_run_in_order(command: Command, text_file: Path) -> None:
    trained = command("train", "--data-dir", text_file, *FAST, "--max-steps", 30, "--eval-every", 10)
    assert trained.code == 0
    assert trained.out == ""
    events = events_of(command.run_folder())
    assert all({"event", "time", "step"} <= set(event) for event in events)
    assert [event["step"] for event in events if event["event"] == "step"] == list(range(1, 31))
    assert [event["step"] for event in events if event["event"] == "validation"] == [10, 20, 30]
    kinds = [event["event"] for event in events]
    assert kinds.index("run_started") < kinds.index("step")
    assert kinds[-2:] == ["run_finished", "state"]
    assert events[-1]["state"] == "FINISHED"
    validation = next(event for event in events if event["event"] == "validation")
    assert {
        "loss", "perplexity", "accuracy", "bits_per_character", "training_loss", "best", "patience_used", "patience",
    } <= set(validation)  # fmt: skip
    step = next(event for event in events if event["event"] == "step")
    assert {"loss", "learning_rate", "grad_norm", "tokens_per_second", "tokens", "epoch"} <= set(step)
    assert step["tokens"] == 2 * 32
    sample = next(event for event in events if event["event"] == "sample")
    assert len(sample["text"]) > 50


@pytest.mark.extended
def test_checkpoints_are_saved_every_n_steps_and_the_newest_kept(command: Command, text_file: Path) -> None:
    flags = ["--checkpoint-every", 5, "--keep-checkpoints", 2, "--no-save-best-model"]
    assert command("train", "--data-dir", text_file, *FAST, "--max-steps", 22, *flags).code == 0
    names = sorted(path.name for path in command.run_folder().glob("*.pt"))
    assert names == ["checkpoint_step_15.pt", "checkpoint_step_20.pt", "final_checkpoint.pt"]


@pytest.mark.slow
def test_early_stopping_ends_an_overfitting_run_at_the_right_evaluation(command: Command, text_file: Path) -> None:
    text_file.write_text(text_file.read_text()[:3000])
    flags = ["--recipe", "fast", "--epochs", 400, "--early-stopping-patience", 3, "--json"]
    trained = command("train", "--data-dir", text_file, *flags, *FAST)
    assert trained.code == 0
    assert trained.json["status"] == "early_stopped"
    validations = [event for event in events_of(command.run_folder()) if event["event"] == "validation"]
    losses = [event["loss"] for event in validations]
    lowest = losses.index(min(losses))
    assert len(losses) == lowest + 1 + 3, "not exactly three evaluations after the best"
    assert [event["patience_used"] for event in validations[lowest:]] == [0, 1, 2, 3]
    best = checkpoints.read(command.run_folder() / "best_model.pt")
    final = checkpoints.read(command.run_folder() / "final_checkpoint.pt")
    assert best["progress"]["step"] == validations[lowest]["step"]
    assert final["progress"]["step"] == validations[-1]["step"]


def test_reached_target_loss_ends_the_run(command: Command, text_file: Path) -> None:
    flags = ["--recipe", "fast", "--max-steps", 400, "--eval-every", 5, "--target-loss", 3.2, "--json"]
    trained = command("train", "--data-dir", text_file, *flags, *FAST)
    assert trained.json["status"] == "target_reached"
    assert trained.json["final"]["loss"] <= 3.2
    assert trained.json["steps"] < 400


@pytest.mark.first(1)
@pytest.mark.parametrize("flags", [[], ["--arch", "llama", "--tied", "--recipe", "fast"], ["--accumulate", "3"]])
def test_the_same_seed_gives_the_same_weights_bit_for_bit(command: Command, text_file: Path, flags: list[str]) -> None:
    for name in ("first", "second"):
        trained = command("train", "--data-dir", text_file, *FAST, "--max-steps", 12, "--name", name, *flags)
        assert trained.code == 0, trained.err
    first, second = (checkpoints.read(command.run_folder(name) / "final_checkpoint.pt") for name in ("first", "second"))
    for name, weight in first["model"].items():
        assert torch.equal(weight, second["model"][name]), name


@pytest.mark.extended
def test_gradient_accumulation_matches_one_large_batch(command: Command, text_file: Path) -> None:
    flags = ["--data-dir", text_file, *FAST, "--max-steps", 5]
    command("train", *flags, "--batch-size", 6, "--name", "whole")
    command("train", *flags, "--batch-size", 2, "--accumulate", 3, "--name", "parts")
    losses = [
        [event["loss"] for event in events_of(command.run_folder(name)) if event["event"] == "step"]
        for name in ("whole", "parts")
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


@pytest.mark.extended
def test_gradient_checkpointing_gives_the_same_losses(command: Command, text_file: Path) -> None:
    flags = ["--data-dir", text_file, *FAST, "--max-steps", 5]
    command("train", *flags, "--name", "plain")
    command("train", *flags, "--gradient-checkpointing", "--name", "less-memory")
    losses = [
        [event["loss"] for event in events_of(command.run_folder(name)) if event["event"] == "step"]
        for name in ("plain", "less-memory")
    ]
    assert losses[0] == losses[1]


@pytest.mark.extended
def test_flags_override_the_settings_file(command: Command, text_file: Path) -> None:
    (command.folder / "run.toml").write_text(
        'recipe = "fast"\nseq_len = 16\nbatch_size = 2\nthreads = 1\nmax_steps = 3\n'
    )
    trained = command(
        "train", "--settings", "run.toml", "--data-dir", text_file, "--seq-len", 24, "--no-check", "--json"
    )
    assert trained.code == 0, trained.err
    described = json.loads(command.run_folder().joinpath("run.json").read_text())
    settings, sources = described["settings"], described["sources"]
    assert (settings["seq_len"], settings["batch_size"], settings["optimizer"]) == (24, 2, "muon")
    assert (sources["seq_len"], sources["batch_size"], sources["optimizer"]) == ("hand", "file", "recipe")


def test_existing_run_is_not_overwritten(command: Command, text_file: Path) -> None:
    flags = ["train", "--data-dir", text_file, *FAST, "--max-steps"]
    assert command(*flags, 3).code == 0
    before = command.run_folder().joinpath("events.jsonl").read_bytes()
    refused = command(*flags, 3)
    assert refused.code == 2
    assert "--resume" in refused.err
    assert "--overwrite" in refused.err
    wrong = command("train", "--data-dir", "absent", "--overwrite", *FAST)
    assert wrong.code == 2
    assert command.run_folder().joinpath("events.jsonl").read_bytes() == before
    replaced = command(*flags, 5, "--overwrite", "--json")
    assert replaced.json["steps"] == 5
    assert not list(command.run_folder().glob("checkpoint_step_3.pt"))
    steps = [event["step"] for event in events_of(command.run_folder()) if event["event"] == "step"]
    assert steps == [1, 2, 3, 4, 5]


@pytest.mark.extended
def test_narration_is_in_the_selected_language(command: Command, text_file: Path) -> None:
    trained = command("train", "--data-dir", text_file, *FAST, "--max-steps", 2, MMREC_LANG="tr")
    assert "Eğitim başladı" in trained.err
    assert "Validation metrikleri" in trained.err
    quiet = command("train", "--data-dir", text_file, *FAST, "--max-steps", 2, "--quiet", "--overwrite")
    assert quiet.err == ""


@pytest.mark.extended
def test_skipped_files_are_reported(command: Command, text_file: Path) -> None:
    folder = command.folder / "text"
    folder.mkdir()
    (folder / "good.txt").write_text(text_file.read_text())
    (folder / "empty.txt").write_text("")
    (folder / "old.txt").write_bytes("ağaç gölgesi şimdi ılık\n".encode("windows-1254") * 20)
    trained = command("train", "--data-dir", "text", *FAST, "--max-steps", 2, "--json")
    assert trained.code == 0
    assert "empty.txt: empty, left out" in trained.err
    assert "old.txt: not UTF-8" in trained.err
    assert "windows-1254" in trained.err
    left_out = [one for one in trained.json["findings"] if one["id"] == "corpus-readable"]
    assert {finding["values"]["file"] for finding in left_out} == {"empty.txt", "old.txt"}
    fixed = command("train", "--data-dir", "text", *FAST, "--max-steps", 2, "--encoding", "windows-1254", "--overwrite")
    assert "old.txt" not in fixed.err


@pytest.mark.parametrize("name", ["python-docs", "python-code"])
@pytest.mark.extended
def test_other_built_in_corpora_can_be_trained_on(command: Command, name: str) -> None:
    trained = command("train", "--corpus", name, *FAST, "--max-steps", 2, "--val-split", 0.002, "--quiet")
    assert trained.code == 0, trained.err


@pytest.mark.slow
@pytest.mark.extended
def test_fast_recipe_reaches_its_loss_on_tiny_shakespeare(command: Command, shakespeare: Path) -> None:
    words = ["--data-dir", shakespeare, "--recipe", "fast", "--max-steps", 50, "--threads", 1, "--no-check", "--json"]
    trained = command("train", *words)
    assert trained.json["tokens"] == 50 * 16 * 128
    assert trained.json["final"]["bits_per_character"] < 2.65, "subwords: 2.59, and characters come to 2.87"


@pytest.mark.extended
@pytest.mark.parametrize(
    "flags", [["--arch", "mmrec", "--recipe", "guide"], extended(["--arch", "gpt", "--recipe", "fast"])]
)
def test_training_does_not_load_the_compiler(command: Command, text_file: Path, flags: list[str]) -> None:
    """PyTorch's own optimizers and its deterministic mode load the compiler, which takes a second at every start."""
    trained = command(
        "train", "--data-dir", text_file, *FAST, *flags, "--max-steps", 2, "--no-check", PYTHONPROFILEIMPORTTIME="1"
    )
    assert trained.code == 0, trained.err
    loaded = {line.rpartition("|")[2].strip() for line in trained.err.splitlines() if line.startswith("import time:")}
    assert "torch.optim" in loaded or "torch.nn" in loaded, "the modules that are loaded are told"
    assert not {"torch._dynamo", "torch._inductor", "sympy"} & loaded
