"""Whether a shown list of runs is out of date: a run has begun, made steps, changed its state, ended or been deleted since."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from mmrec_tui.app.session import Work

if TYPE_CHECKING:
    from mmrec_engine.runs.catalog import RunSummary

_SECONDS = 4.0  # between two looks, which read the last lines of each run's record in the background


class NewerRuns:
    """`found` may be called as often as a screen likes: it waits for nothing. Every few seconds it begins a look at all
    runs."""

    def __init__(self) -> None:
        self._next = time.monotonic() + _SECONDS
        self._looking: Work[list[RunSummary]] | None = None
        self._compared: set[tuple[Path, str, int]] = set()  # what was shown when the look began

    def found(self, shown: Iterable[RunSummary]) -> list[RunSummary] | None:
        """All runs, newest first, as the last look has read them, if a run is new, deleted, or in another state or at another
        step than the shown one; None if there is no such run, or no look has ended since the last call. A look that began
        before the shown runs changed is dropped: it may be the older one."""
        states = _states(shown)
        if self._looking is None:
            if time.monotonic() >= self._next:
                self._compared, self._looking = states, Work(_known_runs)
            return None
        if not self._looking.done:
            return None
        runs, self._looking = self._looking.result, None
        self._next = time.monotonic() + _SECONDS
        return runs if runs is not None and self._compared == states != _states(runs) else None


def _states(runs: Iterable[RunSummary]) -> set[tuple[Path, str, int]]:
    return {(run.path, run.state, run.step) for run in runs}


def _known_runs(_: Work[list[RunSummary]]) -> list[RunSummary]:
    from mmrec_engine.runs.catalog import known_runs

    return known_runs()
