"""The other runs on a run's text: the best one before it, and those after it."""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmrec_engine import events
from mmrec_engine.runs.catalog import described, free_name, newest_end_time, newest_step_time, read_events, summarised
from mmrec_engine.runs.comparison import same_text
from mmrec_engine.runs.history import History
from mmrec_engine.runs.noted_runs import noted_runs
from mmrec_engine.runs.run_reader import RunReader
from mmrec_engine.settings import Settings
from mmrec_engine.storage.files import read_plain
from mmrec_engine.storage.run_files import REPORTS

NEXT_NAME = "better"  # of the run that a verdict proposes
_MOST_LOOKED_AT = 400  # folders, of which only run.json is read unless the text is the same


@dataclass(frozen=True)
class OtherRun:
    """bits: per character of the validation split, of the best model. seconds: that the run took. forecast: the time in seconds
    that its report advised, and the bits per character expected of that; None without one. work: `History.work`."""

    name: str
    bits: float
    seconds: float
    settings: dict[str, Any] = field(default_factory=dict)
    forecast: tuple[float, float] | None = None
    work: float | None = None


@dataclass(frozen=True)
class OtherRuns:
    """Runs on the same text and validation split, without those whose starting weights were trained on a part of that split:
    their bits do not compare. best: of those that began before, or made their last step before: a run that is extended is newer
    than those that were made in the meantime. later: the others that were finished, the oldest first.
    reached: the seconds of each of the former, at most, and its bits per character. next_name: for a next run, unused in the
    usual folder of runs.
    """

    best: OtherRun | None = None
    later: tuple[OtherRun, ...] = ()
    reached: tuple[tuple[float, float], ...] = ()
    next_name: str = NEXT_NAME


def other_runs(folder: Path) -> OtherRuns:
    """Among the runs of this machine and the folders beside this one. An unreadable one is passed over."""
    own, began = described(folder).get("corpus", {}), _began(folder)
    next_name = free_name(Path(Settings.output_dir), NEXT_NAME)
    if began is None:
        return OtherRuns(next_name=next_name)
    ended = newest_step_time(folder)
    best: tuple[float, Path, dict[str, Any]] | None = None
    later: list[tuple[float, OtherRun]] = []
    reached: list[tuple[float, float]] = []
    for path in itertools.islice(_candidates(folder), _MOST_LOOKED_AT):
        description = described(path)
        if not same_text(own, description.get("corpus", {})):
            continue  # before its record is searched
        run, begun = summarised(path), _began(path)
        if run is None or begun is None or (bits := run.best_bits_per_character) is None:
            continue
        settings = description.get("settings", {})
        if settings.get("init_from") and _knew_its_validation_split(_history(path)):
            continue
        if begun < began or newest_step_time(path) < ended:
            given = settings.get("time")
            taken = newest_end_time(path) - begun  # with its pauses
            reached.append((min(taken, given) if isinstance(given, int | float) else taken, bits))
            if best is None or bits < best[0]:
                best = bits, path, settings
        elif begun > began and run.state == "FINISHED":
            later.append((begun, _read(path, bits, settings)))
    ordered = tuple(run for _, run in sorted(later, key=lambda pair: pair[0]))
    return OtherRuns(None if best is None else _read(best[1], best[0], best[2]), ordered, tuple(reached), next_name)


class OtherRunsReader:
    """`other_runs`, read once for each folder: for a command, whose narration, result and report all use them."""

    def __init__(self) -> None:
        self._read: dict[Path, OtherRuns] = {}

    def of(self, folder: Path) -> OtherRuns:
        if folder not in self._read:
            self._read[folder] = other_runs(folder)
        return self._read[folder]


def _candidates(folder: Path) -> Iterator[Path]:
    """The folders beside this one, the newest first, and those of the runs that are known; each once, without this one."""
    beside: list[tuple[float, Path]] = []
    with contextlib.suppress(OSError):
        beside = [(path.stat().st_mtime, path) for path in folder.resolve().parent.iterdir() if path.is_dir()]
    seen = {folder.resolve()}
    for path in (*(path for _, path in sorted(beside, reverse=True)), *noted_runs()):
        if path.resolve() not in seen:
            seen.add(path.resolve())
            yield path


def _began(folder: Path) -> float | None:
    """When the run's first process began, in seconds since the epoch."""
    try:
        first: events.Event | None = next(read_events(folder), None)
    except OSError:
        return None
    return None if first is None else first.time


def _knew_its_validation_split(history: History) -> bool:
    """Whether the check has failed that a run's starting weights were not trained on its validation split."""
    return any(one.get("id") == "split-continued" and one.get("status") == "fail" for one in history.findings)


def _history(folder: Path) -> History:
    try:
        return RunReader(folder).first_view()
    except OSError:
        return History()


def _read(folder: Path, bits: float, settings: dict[str, Any]) -> OtherRun:
    history = _history(folder)
    return OtherRun(folder.name, bits, history.took, settings, _forecast(folder), history.work)


def _forecast(folder: Path) -> tuple[float, float] | None:
    """Of report.json; None without one, or from another version."""
    try:
        verdict = json.loads(read_plain(folder / REPORTS[0]))["verdict"]
        return float(verdict["seconds"]), float(verdict["values"]["expected"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
