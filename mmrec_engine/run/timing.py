"""A run with a given time: its deadline, and the time that earlier processes have used."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmrec_engine.runs.record import newest_lines
from mmrec_engine.storage.files import open_plain
from mmrec_engine.storage.run_files import EVENTS
from mmrec_engine.training.deadline import Beside, Deadline
from mmrec_engine.training.state import TrainingState

_FALLBACK_SPEED = 5000.0  # tokens a second without a measurement: the first steps correct it
_VALIDATION_SPEED = 2.0  # tokens a second of a validation relative to training
_TRAINING_SIDE = 65_536  # tokens of the training split that are evaluated with a validation, at most
_CHECKS_AFTER, _WITHOUT_CHECKS = 3.5, 0.7  # seconds from the last checkpoint to the end of the process
_LOGGERS = 3.0  # seconds in which they usually get the rest of the record
_CHECKED_TOKENS = 40_000  # that the checks after training evaluate, at most


def deadline_of(
    training: TrainingState, began: float, used: float, expected: Mapping[str, Any], checks: bool
) -> Deadline:
    """began: on the monotonic clock. used: of the time before. expected: of the plan, if there is one."""
    settings, known = training.settings, expected.get("tokens_per_second")
    tokens = settings.windows_a_step * settings.seq_len
    speed = float(known) if isinstance(known, int | float) and known > 0 else _FALLBACK_SPEED
    if training.budget.seconds_a_step > 0:
        speed = tokens / training.budget.seconds_a_step
    whole = sum(len(part.validation.tokens) for part in training.corpus.all_parts)
    beside = min(_TRAINING_SIDE, sum(len(part.train.tokens) for part in training.corpus.all_parts), whole)
    validation = (whole + beside / 2) / (_VALIDATION_SPEED * speed) + 0.3
    ending = _CHECKS_AFTER + _CHECKED_TOKENS / (_VALIDATION_SPEED * speed) if checks else _WITHOUT_CHECKS
    ending += _LOGGERS if settings.log is not None else 0.0
    assert settings.time is not None
    return Deadline(settings.time, began, used, tokens / speed, Beside(validation, 0.0, ending))


def used_after(folder: Path, checkpoint: str) -> float:
    """Seconds that a run continued after it had written this checkpoint, according to its record."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError), open_plain(folder / EVENTS) as file:
        last = json.loads(next(newest_lines(file, r"\w+")))["time"]
        for line in newest_lines(file, "checkpoint"):
            event = json.loads(line)
            if event["path"] == checkpoint:
                return max(0.0, float(last) - float(event["time"]))
    return 0.0
