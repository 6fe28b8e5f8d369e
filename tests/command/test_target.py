"""Target loss, with and without an average of the weights: the installed command on real text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from mmrec_engine.runs import checkpoints
from tests.conftest import FAST, Command, events_of


def validations(command: Command, name: str = "tiny") -> list[dict[str, Any]]:
    return [event for event in events_of(command.run_folder(name)) if event["event"] == "validation"]


@pytest.fixture
def long_text(command: Command) -> Path:
    """Real prose of which 30 % are more than one close sample."""
    from mmrec_engine.data.sources.builtin import sample_folder

    path = command.folder.parent / "long.txt"
    texts = [one.read_text(encoding="utf-8") for one in sorted(sample_folder().glob("en-*.txt"))]
    path.write_text("\n".join(texts)[:160_000], encoding="utf-8")
    return path


@pytest.mark.extended
def test_fast_recipe_reaches_a_target_loss_without_max_steps(command: Command, long_text: Path) -> None:
    words = ["--data-dir", long_text, "--recipe", "fast", "--val-split", "0.3", "--seq-len", 64, "--no-check"]
    trained = command("train", *words, "--target-loss", 2.3, "--json")
    assert trained.code == 0, trained.err
    assert trained.json["status"] == "target_reached"
    described = json.loads((command.run_folder() / "run.json").read_text())
    assert described["settings"]["schedule"] == "constant"
    assert described["settings"]["weight_average"] == pytest.approx(1 / 6)
    assert described["sources"]["weight_average"] == described["sources"]["schedule"] == "recipe"
    told = validations(command)
    sampled, whole = ([one for one in told if one["sampled"] is kind] for kind in (True, False))
    assert len(whole) <= 2, "the whole side is looked at once it is near"
    assert whole[-1]["loss"] <= 2.3
    assert 3 <= len(sampled) <= 20
    assert all("training_loss" not in one and not one["best"] and one["patience_used"] == 0 for one in sampled)
    assert abs(sampled[-1]["loss"] - whole[-1]["loss"]) < 0.05
    assert trained.json["best"]["loss"] == whole[-1]["loss"]
    assert "sample of the validation text" in trained.err
    evaluated = command("evaluate", "tiny", "--json")
    assert evaluated.json["loss"] == whole[-1]["loss"], "what is saved is what was judged: the average"
    findings = {entry["id"]: entry["status"] for entry in events_findings(command)}
    assert findings["reload-same"] == findings["best-saved"] == "pass"


def events_findings(command: Command) -> list[dict[str, Any]]:
    return [event["finding"] for event in events_of(command.run_folder()) if event["event"] == "check"]


@pytest.mark.extended
def test_given_steps_and_eval_every_are_respected(command: Command, text_file: Path) -> None:
    words = ["train", "--data-dir", text_file, "--recipe", "fast", *FAST, "--target-loss", 0.5]
    assert command(*words, "--max-steps", 20, "--name", "long").code == 0
    described = json.loads((command.run_folder("long") / "run.json").read_text())["settings"]
    assert (described["schedule"], described["weight_average"]) == ("linear", 0)
    assert [one["sampled"] for one in validations(command, "long")] == [True, False]
    assert command(*words, "--max-steps", 20, "--eval-every", 5, "--name", "often").code == 0
    assert [(one["step"], one["sampled"]) for one in validations(command, "often")] == [
        (5, False), (10, False), (15, False), (20, False)
    ]  # fmt: skip


@pytest.mark.extended
def test_ema_weights_have_a_lower_loss_than_the_last_weights(command: Command, text_file: Path) -> None:
    words = ["train", "--data-dir", text_file, "--recipe", "fast", *FAST, "--schedule", "constant", "--max-steps", 60]
    plain = command(*words, "--json", "--name", "plain").json
    averaged = command(*words, "--weight-average", 0.17, "--json", "--name", "averaged").json
    assert averaged["final"]["loss"] < plain["final"]["loss"] - 0.02
    own = checkpoints.read(command.run_folder("averaged") / "final_checkpoint.pt")
    same = checkpoints.read(command.run_folder("plain") / "final_checkpoint.pt")
    assert "last_weights" not in same
    for name, weight in own["last_weights"].items():
        assert torch.equal(weight, same["model"][name]), "training itself is the same"
        assert not torch.equal(weight, own["model"][name])


def test_out_of_range_weight_average_is_refused(command: Command, text_file: Path) -> None:
    for value, word in (("0.7", "<= 0.5"), ("-1", ">= 0"), ("much", "number")):
        refused = command("train", "--data-dir", text_file, "--weight-average", value)
        assert refused.code == 2
        assert word in refused.err
        assert "--weight-average" in refused.err
