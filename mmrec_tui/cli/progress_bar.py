"""A progress bar for work that reports its progress, on a terminal."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeVar

from mmrec_engine.events import result_of
from mmrec_tui.locales import Wording
from mmrec_tui.terminal import Narration

Result = TypeVar("Result")


def with_progress_bar(work: Generator[Any, None, Result], narration: Narration, wording: Wording) -> Result:
    """Run a generator of `events.Progress` to its end and return its result."""

    def show(progress: Any) -> None:
        if narration.is_terminal:
            far = wording.how_far(progress.done, progress.total)
            narration.bar(f"{wording(f'task.{progress.task}')} {far}")

    return result_of(work, show)
