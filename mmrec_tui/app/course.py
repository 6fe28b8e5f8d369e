"""The validation loss of a run in one line of text, for lists of runs."""

from __future__ import annotations

from pathlib import Path

_WIDTH = 16


def course_of(folder: Path) -> str:
    """Empty where fewer than two values are known."""
    from mmrec_engine.runs.run_reader import RunReader
    from mmrec_tui.presentation.spark import spark

    losses = [one.loss for _, one in RunReader(folder).glance().validations]
    return spark(losses, _WIDTH) if len(losses) > 1 else ""
