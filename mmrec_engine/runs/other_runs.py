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
from mmrec_engine.errors import MmrecError
from mmrec_engine.runs.catalog import RunSummary, known_runs, read_description, read_events, summarise
from mmrec_engine.runs.comparison import same_text
from mmrec_engine.runs.run_reader import RunReader
from mmrec_engine.storage.files import read_plain
from mmrec_engine.storage.folder_lock import is_live
from mmrec_engine.storage.run_files import REPORTS

_MOST_LOOKED_AT = 200


@dataclass(frozen=True)
class OtherRun:
    """bits: per character of the validation split, of the best model. seconds: that the run took. forecast: the time in seconds
    that its report advised, and the bits per character expected of that; None without one."""

    name: str
    bits: float
    seconds: float
    settings: dict[str, Any] = field(default_factory=dict)
    forecast: tuple[float, float] | None = None


@dataclass(frozen=True)
class OtherRuns:
    """Runs on the same text and validation split. best: of those that began before; later: those that began after, the oldest
    first, without running ones."""

    best: OtherRun | None = None
    later: tuple[OtherRun, ...] = ()


def other_runs(folder: Path) -> OtherRuns:
    """Among the runs of this machine and the folders beside this one. An unreadable one is passed over."""
    own, began = _described(folder), _began(folder)
    if began is None:
        return OtherRuns()
    best: tuple[float, Path, dict[str, Any]] | None = None
    later: list[tuple[float, OtherRun]] = []
    for run in _candidates(folder):
        description, begun = _described(run.path), _began(run.path)
        bits = run.best_bits_per_character
        if bits is None or begun is None or not same_text(own.get("corpus", {}), description.get("corpus", {})):
            continue
        settings = description.get("settings", {})
        if begun < began and (best is None or bits < best[0]):
            best = bits, run.path, settings
        elif begun > began and not is_live(run.path):
            later.append((begun, _read(run.path, bits, settings)))
    ordered = tuple(run for _, run in sorted(later, key=lambda pair: pair[0]))
    return OtherRuns(None if best is None else _read(best[1], best[0], best[2]), ordered)


def _candidates(folder: Path) -> Iterator[RunSummary]:
    """Runs with a step that are known or beside this one, each once, without this one."""
    seen, beside = {folder.resolve()}, []
    with contextlib.suppress(OSError):
        beside = sorted(path for path in folder.resolve().parent.iterdir() if path.is_dir())[:_MOST_LOOKED_AT]
    for run in itertools.chain(known_runs()[:_MOST_LOOKED_AT], filter(None, map(_summarised, beside))):
        if run.path.resolve() not in seen and run.step:
            seen.add(run.path.resolve())
            yield run


def _summarised(folder: Path) -> RunSummary | None:
    try:
        return summarise(folder)
    except (OSError, ValueError):
        return None


def _described(folder: Path) -> dict[str, Any]:
    try:
        return read_description(folder) or {}
    except MmrecError:
        return {}


def _began(folder: Path) -> float | None:
    """When the run's first process began, in seconds since the epoch."""
    try:
        first: events.Event | None = next(read_events(folder), None)
    except OSError:
        return None
    return None if first is None else first.time


def _read(folder: Path, bits: float, settings: dict[str, Any]) -> OtherRun:
    try:
        seconds = RunReader(folder).first_view().took
    except OSError:
        seconds = 0.0
    return OtherRun(folder.name, bits, seconds, settings, _forecast(folder))


def _forecast(folder: Path) -> tuple[float, float] | None:
    """Of report.json; None without one, or from another version."""
    try:
        verdict = json.loads(read_plain(folder / REPORTS[0]))["verdict"]
        return float(verdict["seconds"]), float(verdict["values"]["expected"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
