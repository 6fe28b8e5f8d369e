"""What a list of runs shows beside a run's summary: its validation loss as a sparkline, and its text."""

from __future__ import annotations

from pathlib import Path

WIDTH = 16


def course_of(folder: Path) -> str:
    """Empty with fewer than two values, or if the record cannot be read: a list shows all other runs."""
    from mmrec_engine.errors import MmrecError
    from mmrec_engine.runs.run_reader import RunReader
    from mmrec_tui.presentation.spark import spark

    try:
        losses = [one.loss for _, one in RunReader(folder).first_view().validations]
    except (OSError, MmrecError):
        return ""
    return spark(losses, WIDTH) if len(losses) > 1 else ""


def text_of(folder: Path) -> str:
    """The short name of its text; empty if it is not known."""
    from mmrec_engine.runs.catalog import described
    from mmrec_tui.presentation.reading import short_name

    return short_name(described(folder).get("corpus", {}))
