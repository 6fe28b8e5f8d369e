"""Whether a shown list of runs is out of date: a run has begun, changed its state, ended or been deleted meanwhile."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from mmrec_tui.app.session import Work

if TYPE_CHECKING:
    from mmrec_engine.runs.catalog import RunSummary

_SECONDS = 4.0  # between two looks, which read a few lines of each run in the background


class NewerRuns:
    """`found` may be called as often as a screen likes."""

    def __init__(self) -> None:
        self._next = time.monotonic() + _SECONDS
        self._reading: Work[set[tuple[Path, str]]] | None = None

    def found(self, shown: Iterable[RunSummary]) -> bool:
        if self._reading is None:
            if time.monotonic() >= self._next:
                self._reading = Work(lambda _: _states())
            return False
        if not self._reading.done:
            return False
        now, self._reading = self._reading.result, None
        self._next = time.monotonic() + _SECONDS
        return now is not None and now != {(run.path, run.state) for run in shown}


def _states() -> set[tuple[Path, str]]:
    from mmrec_engine.runs.catalog import known_runs

    return {(run.path, run.state) for run in known_runs()}
