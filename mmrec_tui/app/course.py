"""The validation loss of a run as a sparkline, for lists of runs."""

from __future__ import annotations

from pathlib import Path

_WIDTH = 16


def course_of(folder: Path) -> str:
    """Empty with fewer than two values, or if the record cannot be read: a list shows all other runs."""
    from mmrec_engine.errors import MmrecError
    from mmrec_engine.runs.run_reader import RunReader
    from mmrec_tui.presentation.spark import spark

    try:
        losses = [one.loss for _, one in RunReader(folder).first_view().validations]
    except (OSError, MmrecError):
        return ""
    return spark(losses, _WIDTH) if len(losses) > 1 else ""
