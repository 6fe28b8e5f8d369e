"""Remedies for a finding, by the command: in a follow-up run, without asking, in a running training."""

from __future__ import annotations

import json
import time
import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import FAST, Command, events_of

# A loss is judged after a hundred steps, of little text each.
RUN = [
    *FAST,
    "--batch-size",
    4,
    "--warmup-steps",
    20,
    "--eval-every",
    30,
    "--max-steps",
    120,
    "--val-split",
    0.03,
    "--json",
]


def changes_in(folder: Path) -> list[dict[str, Any]]:
    return [event for event in events_of(folder) if event["event"] == "settings_changed"]


def description(folder: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((folder / "run.json").read_text())
    return value


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


@pytest.mark.extended
@pytest.mark.slow
def test_auto_remedy_applies_the_first_sound_remedy(command: Command, text_file: Path) -> None:
    done = command("train", "--data-dir", text_file, *RUN, "--learning-rate", 5.0, "--auto-remedy")
    assert done.code == 0, done.err
    remedies = done.json["remedies"]
    assert 1 <= len(remedies) <= 3
    assert all(one["changes"] for one in remedies)
    last = command.run_folder(Path(remedies[-1]["next"]).name)
    assert Path(done.json["run"]).name == last.name != "tiny"
    assert changes_in(last)[0]["reason"].startswith("remedy ")
    recorded = events_of(command.run_folder())
    found = [event["finding"] for event in recorded if event["event"] == "finding"]
    assert "loss-too-high" in {one["id"] for one in found if one["status"] in ("warn", "fail")}
    first = [event for event in recorded if event["event"] == "run_finished"][-1]
    assert first["status"] in ("interrupted", "failed", "completed", "early_stopped")
    validations = [event["loss"] for event in recorded if event["event"] == "validation"]
    assert done.json["best"]["loss"] < min(validations, default=99.0)


@pytest.mark.slow
@pytest.mark.extended
def test_overfitting_is_reported_and_its_remedy_trains_better(command: Command, prose: str) -> None:
    text = command.folder.parent / "little.txt"
    text.write_text(prose[:6000], encoding="utf-8")
    flags = ["--data-dir", text, *RUN, "--batch-size", 8, "--recipe", "fast", "--dropout", 0, "--val-split", 0.3]
    first = command("train", *flags, "--eval-every", 15, "--max-steps", 300)
    named = {one["id"] for one in first.json["findings"] if one["status"] in ("warn", "fail")}
    assert "overfitting" in named and "loss-not-falling" not in named
    second = command("train", "--from", "tiny", "--remedy", "overfitting", "--no-check", "--json")
    assert second.code == 0, second.err
    assert second.json["best"]["loss"] < first.json["best"]["loss"]
    described = description(command.run_folder("tiny-2"))
    assert described["settings"]["dropout"] == 0.2 and described["settings"]["early_stopping_patience"] == 3
    assert described["settings"]["learning_rate"] == 0.004, "the best weights are not for the full rate to undo"
    assert described["settings"]["init_from"].endswith("tiny/best_model.pt")
    assert described["origin"]["weights"] == "best"


@pytest.mark.slow
@pytest.mark.extended
def test_too_low_rate_is_reported_and_its_remedy_trains_better(command: Command, text_file: Path) -> None:
    first = command("train", "--data-dir", text_file, *RUN, "--learning-rate", 3e-6)
    named = {one["id"]: one for one in first.json["findings"] if one["status"] in ("warn", "fail")}
    assert "loss-not-falling" in named
    before = files_of(command.run_folder())

    refused = command("train", "--from", "tiny", "--remedy", "cheer-up")
    assert refused.code == 2
    assert "raise-learning-rate" in refused.err and "cheer-up" in refused.err

    second = command("train", "--from", "tiny", "--remedy", "raise-learning-rate", "--no-check", "--json")
    assert second.code == 0, second.err
    assert second.json["run"].endswith("tiny-2")
    assert second.json["best"]["loss"] < first.json["best"]["loss"] - 0.3
    assert files_of(command.run_folder()) == before, "the earlier run is as it was"
    (change,) = changes_in(command.run_folder("tiny-2"))
    assert change["reason"] == "remedy raise-learning-rate"
    assert (change["before"], change["changes"]) == ({"learning_rate": 3e-6}, {"learning_rate": 3e-4})
    described = description(command.run_folder("tiny-2"))
    assert described["origin"]["finding"] in named and described["origin"]["remedy"] == "raise-learning-rate"
    assert described["sources"]["learning_rate"] == "remedy"


@pytest.mark.extended
def test_follow_up_run_with_given_settings(command: Command, text_file: Path) -> None:
    command("train", "--data-dir", text_file, *FAST, "--max-steps", 40, "--learning-rate", "1e-3", "--warmup-steps", 5)
    followed = command("train", "--from", "tiny", "--max-steps", 5, "--learning-rate", "1e-4", "--no-check", "--json")
    assert followed.code == 0, followed.err
    settings = description(command.run_folder("tiny-2"))["settings"]
    assert (settings["max_steps"], settings["learning_rate"], settings["seq_len"]) == (5, 1e-4, 32)
    first = [event["loss"] for event in events_of(command.run_folder()) if event["event"] == "step"]
    then = [event["loss"] for event in events_of(command.run_folder("tiny-2")) if event["event"] == "step"]
    assert then[0] < first[0] - 0.3, "it begins with the best weights"


@pytest.mark.first(1)
@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (["--remedy", "more-dropout"], "--from"),
        (["--from", "nowhere"], "nowhere"),
        (["--from", "made", "--resume"], "--from"),
        (["--from", "made", "--remedy", "more-dropout"], "more-dropout"),
        (["--init-from", "nowhere.pt"], "nowhere.pt"),
    ],
)
@pytest.mark.usefixtures("made")
def test_invalid_request_is_code_2_and_changes_nothing(command: Command, flags: list[str], named: str) -> None:
    before = command.everything_on_disk()
    result = command("train", *flags)
    assert result.code == 2, result.err
    assert named in result.err and len(result.err.strip().splitlines()) <= 2
    assert command.everything_on_disk() == before


@pytest.mark.usefixtures("made")
def test_weights_of_another_vocabulary_are_refused(command: Command) -> None:
    other = command.folder.parent / "other.txt"
    other.write_text("åß∂ƒæøœ " * 900 + "abc", encoding="utf-8")
    result = command("train", "--data-dir", other, *FAST, "--max-steps", 4, "--init-from", "made", "--name", "new")
    assert result.code == 2
    assert "vocabulary" in result.err
    assert not command.run_folder("new").exists()


def test_settings_changed_in_a_running_training_stay_changed(command: Command, text_file: Path) -> None:
    """And a resume after a kill continues with them, as if uninterrupted."""
    process = command.start("train", "--data-dir", text_file, *FAST, "--max-steps", 4000, "--checkpoint-every", 1000)
    folder = command.run_folder()
    wait_for(folder, "step")
    refused = ask(folder, {"seq_len": 64})
    taken = ask(folder, {"learning_rate": 1e-5, "early_stopping_patience": 2})
    wait_for(folder, "settings_changed")
    time.sleep(0.5)
    process.kill()
    process.wait()
    answers = {event["id"]: event for event in events_of(folder) if event["event"] == "control"}
    assert answers[taken]["accepted"] and not answers[refused]["accepted"]
    assert "seq_len" in answers[refused]["refused"]
    (change,) = changes_in(folder)
    assert change["changes"] == {"learning_rate": 1e-5, "early_stopping_patience": 2}
    assert change["before"] == {"learning_rate": 3e-4, "early_stopping_patience": 5}
    resumed = command("train", "--resume", "--max-steps", change["step"] + 30)
    assert resumed.code == 0, resumed.err
    assert description(folder)["settings"]["learning_rate"] == 1e-5
    rates = {event["step"]: event["learning_rate"] for event in events_of(folder) if event["event"] == "step"}
    assert rates[change["step"]] > 1e-5 >= rates[change["step"] + 1]
    assert sorted(rates) == list(range(1, change["step"] + 31))


def wait_for(folder: Path, kind: str) -> None:
    until = time.monotonic() + 60
    while not (folder / "events.jsonl").exists() or f'"event": "{kind}"' not in (folder / "events.jsonl").read_text():
        assert time.monotonic() < until
        time.sleep(0.1)


def ask(folder: Path, settings: dict[str, Any]) -> str:
    request = {"id": uuid.uuid4().hex, "time": time.time(), "command": "change", "settings": settings}
    with (folder / "control.jsonl").open("a") as file:
        file.write(json.dumps(request) + "\n")
    return str(request["id"])
