"""A run with a given time: its deadline, and the time that earlier processes have used."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mmrec_engine.planning.budget import was_limited
from mmrec_engine.planning.free_settings import GIVEN, PLANNER
from mmrec_engine.planning.limits import most_steps
from mmrec_engine.runs.record import newest_lines
from mmrec_engine.runs.run_time import evaluated_a_second
from mmrec_engine.settings import Resolved
from mmrec_engine.storage.files import open_plain
from mmrec_engine.storage.run_files import EVENTS
from mmrec_engine.training.deadline import Beside, Deadline
from mmrec_engine.training.plan import UNLIMITED
from mmrec_engine.training.state import TrainingState

_FALLBACK_SPEED = 5000.0  # tokens a second without a measurement: the first steps correct it
_TRAINING_SIDE = 65_536  # tokens of the training split that are evaluated with a validation, at most
_CHECKS_AFTER, _WITHOUT_CHECKS = 3.5, 0.7  # seconds from the last checkpoint to the end of the process
_LOGGERS = 3.0  # seconds in which they usually get the rest of the record
_CHECKED_TOKENS = 40_000  # that the checks after training evaluate, at most


def deadline_of(
    training: TrainingState, began: float, used: float, expected: Mapping[str, Any], checks: bool
) -> Deadline:
    """The run's `Deadline`, with the speed and the costs that are known before the first step.

    began: start of this process on the monotonic clock. used: seconds of the run's time that earlier processes used.
    expected: the expected results of the plan, if there is one. checks: whether checks follow the training.
    """
    settings, known = training.settings, expected.get("tokens_per_second")
    tokens = settings.windows_a_step * settings.seq_len
    speed = float(known) if isinstance(known, int | float) and known > 0 else _FALLBACK_SPEED
    budget = training.budget
    if budget.seconds_a_step > 0:
        # The machine may have been busy just then: not slower than over the whole time, with all that is beside the steps.
        over_all = budget.used / max(1, training.progress.step - budget.since_step)
        speed = tokens / min(budget.seconds_a_step, over_all or budget.seconds_a_step)
    whole = sum(len(part.validation.tokens) for part in training.corpus.all_parts)
    beside = min(_TRAINING_SIDE, sum(len(part.train.tokens) for part in training.corpus.all_parts), whole)
    evaluated = evaluated_a_second(speed, tokens)
    validation = (whole + beside / 2) / evaluated + 0.3
    ending = _CHECKS_AFTER + _CHECKED_TOKENS / evaluated if checks else _WITHOUT_CHECKS
    ending += _LOGGERS if settings.log is not None else 0.0
    assert settings.time is not None
    return Deadline(settings.time, began, used, tokens / speed, Beside(validation, 0.0, ending))


def used_after(folder: Path, checkpoint: str) -> float:
    """Seconds that a run continued after it had written this checkpoint, according to its record: without the pauses, and
    without the time until another process went on with it."""
    used = 0.0
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError), open_plain(folder / EVENTS) as file:
        later = float(json.loads(next(newest_lines(file, r"\w+")))["time"])
        begins = False  # whether a process begins with the event at `later`
        for line in newest_lines(file, "state", "checkpoint"):
            event = json.loads(line)
            time = float(event["time"])
            if not begins and event.get("state") != "PAUSED":
                used += max(0.0, later - time)
            if event.get("path") == checkpoint:
                return used
            later, begins = time, event.get("state") == "PREPARING"
    return 0.0


def give_time(
    training: TrainingState,
    resolved: Resolved,
    folder: Path,
    path: Path | None,
    content: Mapping[str, Any],
    *,
    began: float,
    expected: Mapping[str, Any],
    checks: bool,
) -> Resolved:
    """Let the run end within its time. A resumed one has the rest of it; a new time is spread over all of its steps.

    path, content: the checkpoint that it is resumed from. began, expected, checks: as in `deadline_of`. Returns the settings
    with the number of steps: at first those of the plan, which the clock corrects later.
    """
    if path is not None and content.get("settings", {}).get("time") is None:
        training.budget = replace(training.budget, since_step=training.progress.step)
    used = training.budget.used + (used_after(folder, path.name) if path is not None else 0.0)
    training.deadline = deadline_of(training, began, used, expected, checks)
    new_time = path is None or content.get("settings", {}).get("time") != training.settings.time
    given = _given_limits(training, resolved)
    if given:
        training.limited_by = min(given, key=lambda name: given[name])
        training.most_steps = given[training.limited_by]
    elif was_limited(resolved) and (path is None or not new_time):  # more time for a run is meant to be used
        plan = training.plan
        characters = sum(part.train.characters for part in training.corpus.all_parts)
        most = most_steps(training.settings.config, characters, plan.windows_an_epoch / plan.windows_a_step)
        training.most_steps = most if path is None or plan.planned_steps <= most else None
    if new_time:
        settings = training.settings
        every = training.plan.steps_between_validations(settings.eval_every)
        fitting = training.deadline.fitting(training.progress.step, every, settings.checkpoint_every)
        steps = max(1, min(fitting, training.most_steps or fitting))
        if path is None:
            steps = _first_steps(training, expected) or steps
            if training.most_steps is not None:
                training.most_steps = max(training.most_steps, steps)
        training.budget = replace(training.budget, anchor_step=0, anchor_done=0.0)
        training.change_settings(replace(settings, max_steps=steps))
        # Steps that are not given are no limit of a later run.
        chosen = {} if "max_steps" in given else {"max_steps": PLANNER}
        return Resolved(training.settings, {**resolved.sources, **chosen})
    return resolved


def _given_limits(training: TrainingState, resolved: Resolved) -> dict[str, int]:
    """Steps after which given limits end the run, by setting."""
    settings, limits = training.settings, {}
    if settings.epochs is not None:
        limits["epochs"] = training.plan.steps_of(settings.epochs)
    if settings.max_steps is not None and resolved.sources["max_steps"] in GIVEN:
        limits["max_steps"] = settings.max_steps
    return limits


def _first_steps(training: TrainingState, expected: Mapping[str, Any]) -> int:
    """The steps of the plan, so that a run starts with the number that was shown; 0 if none were planned."""
    planned, of_plan = training.plan.planned_steps, expected.get("steps")
    if planned >= UNLIMITED and not isinstance(of_plan, int):
        return 0
    known = isinstance(of_plan, int) and of_plan > 0 and "limited_by" not in expected
    return min(planned, of_plan) if known else planned  # type: ignore[type-var,return-value]
