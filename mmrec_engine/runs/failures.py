"""Why a run did not come to its end: the words of its error, which say what to do, and the command that goes on with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mmrec_engine.errors import TrainingError
from mmrec_engine.runs.history import History
from mmrec_engine.settings import FIELDS
from mmrec_engine.system.shell import command_line

# Errors that the same settings make again.
_REPEATED = ("training-non-finite", "training-weights-lost", "training-no-memory")


def failure_text(history: History, words: Callable[[TrainingError], str]) -> str:
    """The error that ended the run; empty if none did. words: of an error. Where the record, of another version, names none
    that has words: those that it has."""
    finished = history.finished
    if finished is None or finished.status != "failed":
        return ""
    values = dict(finished.values)
    try:
        return words(TrainingError(str(values.pop("error")), **values))
    except (KeyError, ValueError, TypeError, IndexError, AttributeError):
        return finished.reason


def repeats(history: History) -> bool:
    """Whether a run that failed would fail again with the same settings."""
    return history.finished is not None and history.finished.values.get("error") in _REPEATED


def failure_in_report(history: History) -> dict[str, str] | None:
    """None if the run has not failed. command: goes on from the newest checkpoint; empty without one, and where the same error
    would come again."""
    finished = history.finished
    if finished is None or finished.status != "failed":
        return None
    command = "" if repeats(history) else _resuming(history)
    return {"error": str(finished.values.get("error", "")), "command": command}


def interruption_in_report(history: History) -> dict[str, Any] | None:
    """None unless the run was interrupted, or was killed, so that its record has no end. step: its last one; command: goes on
    from the newest checkpoint; empty without one."""
    finished, last = history.finished, history.last_step
    if finished is not None and finished.status != "interrupted":
        return None
    step = finished.step if finished is not None else last.step if last is not None else 0
    return {"step": step, "command": _resuming(history)}


def _resuming(history: History) -> str:
    """The command that goes on from the newest checkpoint; empty without one."""
    settings = history.settings
    name, place = settings.get("name") or settings.get("config"), settings.get("output_dir")
    if not (history.checkpoints and name):
        return ""
    elsewhere = ["--output-dir", str(place)] if place not in (None, FIELDS["output_dir"].default) else []
    return command_line(["mmrec-tui", "train", "--resume", *elsewhere, "--name", str(name)])
