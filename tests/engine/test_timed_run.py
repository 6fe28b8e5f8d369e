"""A run with a given time: the clock's decisions are recorded, and a resume continues with them bit for bit."""

from __future__ import annotations

import itertools
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from mmrec_engine import events, train
from mmrec_engine.run.resume import as_stored
from mmrec_engine.run.timing import used_after
from mmrec_engine.runs import checkpoints
from mmrec_engine.runs.catalog import read_events, recorded_ending
from mmrec_engine.settings import Resolved, resolve
from mmrec_engine.storage.run_files import EVENTS, FINAL
from mmrec_engine.training.control import Control
from mmrec_engine.training.deadline import Deadline

# Of a run that would make hundreds of steps: the simulated clock plans these.
DECIDED = {2: 50, 6: 40, 14: 24, 20: 30}  # the first one while the rate still rises: until then the clock decided


def settings(folder: Path, text: Path, name: str, **more: Any) -> Resolved:
    fixed: dict[str, Any] = {
        "config": "tiny", "tokenizer": "char", "seq_len": 16, "batch_size": 2, "threads": 1, "precision": "fp32",
        "optimizer": "muon", "learning_rate": 0.04, "warmup_steps": 4, "dropout": 0.1, "eval_every": 12, "checkpoint_every": 5,
    }  # fmt: skip
    place = {"data_dir": str(text), "output_dir": str(folder), "name": name, "time": 60}
    return resolve({**place, **fixed, **more})


@pytest.fixture
def text(tmp_path: Path, prose: str) -> Path:
    path = tmp_path / "prose.txt"
    path.write_text(prose[:4000], encoding="utf-8")
    return path


@pytest.fixture
def decided(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The clock decides at given steps. Returns the steps at which it was read."""
    asked: list[int] = []

    def decide(self: Deadline, step: int, planned: int, every: int, saves: int, most: int | None = None) -> int | None:
        asked.append(step)
        return min(DECIDED[step], most or DECIDED[step]) if step in DECIDED else None

    monkeypatch.setattr(Deadline, "decide", decide)
    return asked


def rates(folder: Path) -> dict[int, float]:
    return {event.step: event.learning_rate for event in read_events(folder) if isinstance(event, events.Step)}


def test_replanned_and_killed_run_resumes_to_the_same_weights(
    tmp_path: Path, text: Path, decided: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in train(settings(tmp_path, text, "whole")):
        pass
    assert recorded_ending(tmp_path / "whole") is not None
    asked, control = settings(tmp_path, text, "cut"), Control()
    for event in train(asked, control):
        if isinstance(event, events.Step) and event.step == 17:  # three decisions come before it
            control.ask("stop", "test")
    planned = [event for event in read_events(tmp_path / "cut") if isinstance(event, events.Replanned)]
    assert [(event.step, event.planned_steps) for event in planned] == [(2, 50), (6, 40), (14, 24)]
    decided.clear()
    for _ in train(asked, resume=True):
        pass
    assert min(decided) >= 17, "what was decided before is taken over, not decided again"
    whole, cut = (checkpoints.read(tmp_path / name / FINAL) for name in ("whole", "cut"))
    assert whole["progress"] == cut["progress"]
    assert all(torch.equal(whole["model"][name], cut["model"][name]) for name in whole["model"])
    assert rates(tmp_path / "whole") == rates(tmp_path / "cut")
    assert len(rates(tmp_path / "whole")) == DECIDED[20]
    ordered = [rate for _, rate in sorted(rates(tmp_path / "whole").items())][4:]
    assert all(later < earlier for earlier, later in itertools.pairwise(ordered)), "the rate never jumps up"
    assert max(earlier - later for earlier, later in itertools.pairwise(ordered)) < 0.008, "nor down"


def test_used_time_counts_after_a_resume(tmp_path: Path, text: Path) -> None:
    control = Control()
    for event in train(settings(tmp_path, text, "run", time=20), control):
        if isinstance(event, events.Step) and event.step == 3:
            control.ask("stop", "test")
    stored = checkpoints.read(tmp_path / "run" / "checkpoint_step_3.pt")
    assert stored["budget"]["used"] > 0
    path = tmp_path / "run" / "checkpoint_step_3.pt"
    content = {**stored, "budget": {**stored["budget"], "used": 19.9}}
    with checkpoints.Pending.of_content(path, content) as pending:
        pending.commit()
    for _ in train(settings(tmp_path, text, "run", time=20), resume=True):
        pass
    ending = recorded_ending(tmp_path / "run")
    assert ending is not None
    assert ending.status == "completed"
    assert ending.step <= 5, "hardly any of the time was left"


def test_pause_does_not_count_as_time(tmp_path: Path, text: Path, decided: list[int]) -> None:
    control, paused, asked = Control(), 0.0, settings(tmp_path, text, "paused", max_steps=24)
    for event in train(asked, control):
        if isinstance(event, events.Step) and event.step == 10:
            control.ask("pause")
        if isinstance(event, events.Paused):
            paused = time.monotonic()
            threading.Timer(1.0, control.ask, ["resume"]).start()
        if isinstance(event, events.Resumed):
            paused = time.monotonic() - paused
    times = [event.time for event in read_events(tmp_path / "paused")]
    used = checkpoints.read(tmp_path / "paused" / FINAL)["budget"]["used"]
    assert paused >= 1.0
    assert used < times[-1] - times[0] - 0.8
    ending = recorded_ending(tmp_path / "paused")
    assert ending is not None and ending.seconds < times[-1] - times[0] - 0.8, "nor as time that the run took"


def recorded_at(folder: Path, *timed: tuple[float, events.Event]) -> Path:
    """A record with these events at these times."""
    lines = (events.to_line(replace(event, time=time)) for time, event in timed)
    (folder / EVENTS).write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return folder


def test_pause_after_the_last_checkpoint_of_a_killed_run_does_not_count_as_time(tmp_path: Path) -> None:
    saved = events.Checkpoint(step=5, path="checkpoint_step_5.pt", kind="step")
    until_pause = (
        (100.0, saved), (100.0, events.State(state="TRAINING")), (103.0, events.Paused()),
        (103.0, events.State(state="PAUSED")), (110.0, events.Control(id="a", command="save", accepted=False)),
    )  # fmt: skip
    assert used_after(recorded_at(tmp_path, *until_pause), saved.path) == 3.0
    after_it = ((1000.0, events.Resumed()), (1000.0, events.State(state="TRAINING")), (1002.0, events.Paused()))
    assert used_after(recorded_at(tmp_path, *until_pause, *after_it), saved.path) == 5.0


def test_time_between_two_killed_processes_does_not_count(tmp_path: Path) -> None:
    saved = events.Checkpoint(step=5, path="checkpoint_step_5.pt", kind="step")
    record = (
        (100.0, saved), (1000.0, events.State(state="PREPARING")), (1002.0, events.Resumed(planned_steps=9)),
        (1002.0, events.State(state="TRAINING")), (1003.0, events.Paused()),
    )  # fmt: skip
    assert used_after(recorded_at(tmp_path, *record), saved.path) == 3.0


def test_run_that_ended_on_a_stalled_machine_continues_with_more_time(tmp_path: Path, text: Path) -> None:
    """Its last step took 20 seconds, at which pace no step would fit into the added time."""
    asked = settings(tmp_path, text, "run", time=30, max_steps=6)
    for _ in train(asked):
        pass
    path = tmp_path / "run" / FINAL
    stored = checkpoints.read(path)
    with checkpoints.Pending.of_content(
        path, {**stored, "budget": {**stored["budget"], "used": 5.0, "seconds_a_step": 20.0}}
    ) as pending:
        pending.commit()
    for event in train(settings(tmp_path, text, "run", time=25, max_steps=12), resume=True):
        if isinstance(event, events.Resumed):
            assert event.planned_steps > 6
    ending = recorded_ending(tmp_path / "run")
    assert ending is not None
    assert ending.step > 6


def test_the_speed_of_a_run_that_was_given_a_time_late_is_that_of_the_steps_since(tmp_path: Path, text: Path) -> None:
    untimed = settings(tmp_path, text, "run", time=None, max_steps=6)
    for _ in train(untimed):
        pass
    control, told = Control(), []
    for event in train(settings(tmp_path, text, "run", time=60, max_steps=None), control, resume=True):
        if isinstance(event, events.Step) and event.step == 9:
            control.ask("stop", "test")
        told.append(event)
    stored = checkpoints.read(tmp_path / "run" / "checkpoint_step_9.pt")["budget"]
    assert stored["since_step"] == 6


def test_validations_at_the_end_of_each_epoch_are_counted_in_the_time(tmp_path: Path, text: Path) -> None:
    limited = {"time": 60, "max_steps": 7, "eval_every": None}
    resolved, asked = settings(tmp_path, text, "run", **limited), []

    def fitting(self: Deadline, step: int, eval_every: int, checkpoint_every: int) -> int:
        asked.append(eval_every)
        return 7

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Deadline, "fitting", fitting)
        started = [event for event in train(resolved) if isinstance(event, events.RunStarted)]
    assert set(asked) == {started[0].steps_an_epoch}


@pytest.mark.extended
def test_finished_run_continues_with_more_time(tmp_path: Path, text: Path) -> None:
    asked = settings(tmp_path, text, "run", time=8)
    for _ in train(asked):
        pass
    first = recorded_ending(tmp_path / "run")
    assert first is not None
    before = (tmp_path / "run" / "events.jsonl").read_bytes()
    assert list(train(asked, resume=True))[-1].event != "run_finished", "nothing is left of the time"
    assert (tmp_path / "run" / "events.jsonl").read_bytes() == before
    for _ in train(settings(tmp_path, text, "run", time=12), resume=True):
        pass
    second = recorded_ending(tmp_path / "run")
    assert second is not None
    assert second.step > first.step


def test_run_extended_by_steps_has_no_time_limit_any_more() -> None:
    stored = {"settings": {"time": 120.0, "max_steps": 150, "epochs": None}}
    by_steps = as_stored(resolve({"max_steps": 300}), stored).settings
    assert (by_steps.time, by_steps.max_steps) == (None, 300)
    assert as_stored(resolve({"time": 300}), stored).settings.time == 300
    assert as_stored(resolve({"max_steps": 300, "time": 300}), stored).settings.time == 300
    assert as_stored(resolve({"threads": 1}), stored).settings.time == 120


@pytest.mark.parametrize("limit", ["max_steps", "epochs"])
@pytest.mark.parametrize("before", [None, 60.0])
def test_more_time_replaces_a_limit_that_was_given_before(limit: str, before: float | None) -> None:
    """Else a run that has reached that limit could not continue, although its message says that more time continues it."""
    stored = {"settings": {"time": before, "max_steps": None, "epochs": None, limit: 7}, "sources": {limit: "hand"}}
    assert getattr(as_stored(resolve({"time": 120}), stored).settings, limit) is None
    assert getattr(as_stored(resolve({"time": 120, limit: 9}), stored).settings, limit) == 9
    if before is not None:
        assert getattr(as_stored(resolve({"time": before}), stored).settings, limit) == 7, "it is no new time"
    planned = {**stored, "settings": {**stored["settings"], "time": 60.0}, "sources": {limit: "planner"}}
    assert getattr(as_stored(resolve({"time": 120}), planned).settings, limit) == 7, "planned anew with the text"


def test_given_steps_limit_a_timed_run(tmp_path: Path, text: Path) -> None:
    for _ in train(settings(tmp_path, text, "run", max_steps=7)):
        pass
    ending = recorded_ending(tmp_path / "run")
    assert ending is not None
    assert ending.values == {"steps": 7, "max_steps": 7}


def test_given_epochs_limit_a_timed_run(tmp_path: Path, text: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Deadline, "fitting", lambda self, step, *_: 1000)
    told = list(train(settings(tmp_path, text, "run", epochs=1, time=600)))
    (planned,) = (event for event in told if isinstance(event, events.Planned))
    (started,) = (event for event in told if isinstance(event, events.RunStarted))
    assert planned.expected["limited_by"] == "epochs" and "max_steps" not in planned.choices
    assert started.planned_steps == started.steps_an_epoch
    assert not [event for event in told if isinstance(event, events.Replanned)], "a change that changes nothing"
    ending = recorded_ending(tmp_path / "run")
    assert ending is not None
    assert ending.values == {"steps": started.steps_an_epoch, "epochs": 1}


def test_choices_are_in_the_record_and_in_run_json(tmp_path: Path, text: Path) -> None:
    asked = resolve({"data_dir": str(text), "output_dir": str(tmp_path), "name": "run", "time": 60, "config": "tiny",
                     "threads": 1, "precision": "fp32"})  # fmt: skip
    control, told = Control(), []
    for event in train(asked, control):
        if isinstance(event, events.Planned | events.RunStarted):
            told.append(event)
        if isinstance(event, events.Step):
            control.ask("stop", "test")
    planned, started = told
    assert isinstance(planned, events.Planned)
    assert isinstance(started, events.RunStarted)
    assert {"optimizer", "dropout", "seq_len"} <= planned.choices.keys()
    assert "config" not in planned.choices, "it was given by hand"
    for name, choice in planned.choices.items():
        assert started.settings[name] == choice["value"], name
    assert planned.expected["steps"] == started.planned_steps, (
        "one first number of steps, which the clock corrects later"
    )
