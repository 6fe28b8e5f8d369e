"""The outcome of a run: its last event, or the error that ended it in words for a user."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from mmrec_engine import events
from mmrec_engine.errors import TrainingError, first_line
from mmrec_engine.locales.catalogue import DEFAULT_LANGUAGE
from mmrec_engine.run.recording import Recording
from mmrec_engine.storage.run_files import LOG
from mmrec_engine.system.memory import ran_out


def failure_of(recording: Recording, error: Exception) -> TrainingError:
    """The error in words for a user; the traceback goes to the log of a run that has begun."""
    settings = recording.resolved.settings
    if isinstance(error, TrainingError):
        return error
    if isinstance(error, OSError):
        path = error.filename or recording.folder.path
        kept = recording.made_step or recording.folder.mode == "resume"
        return TrainingError(
            "training-disk" if kept else "training-disk-early", path=path, reason=error.strerror or error
        )
    if recording.made_step:
        recording.folder.log(error)
    reason = first_line(error, 200, typed=True)
    if ran_out(error):
        return TrainingError("training-no-memory", batch_size=settings.batch_size, seq_len=settings.seq_len)
    if not recording.made_step:
        return TrainingError("training-broke-early", reason=reason)
    return TrainingError("training-broke", reason=reason, log=recording.folder.path / LOG)


def finished(
    began: float, step: int, status: events.Status, values: dict[str, Any], reason: str | None = None
) -> events.RunFinished:
    """The last event. began: on the monotonic clock, later by the pauses; reason: None to make it of the values."""
    plain = {key: _recorded(value) for key, value in values.items()}
    text = reason or ", ".join(f"{key} {value}" for key, value in plain.items())
    seconds = round(time.monotonic() - began, 3)
    return events.RunFinished(step=step, status=status, reason=text, seconds=seconds, values=plain)


def _recorded(value: object) -> Any:
    """A value of a finished run for its event: words in the language of records."""
    if isinstance(value, Mapping):
        return value[DEFAULT_LANGUAGE]
    return value if isinstance(value, int | float) else str(value)
