"""Runs as a reader meets them: described, listed, found; live, ended or dead. Writes nothing but the list of where they are."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from mmrec_engine import events
from mmrec_engine.errors import RequestError
from mmrec_engine.run_folder import DESCRIPTION, EVENTS, LOCK, holds_run


def read_description(folder: Path) -> dict[str, Any] | None:
    """run.json of a run folder; None where there is none. Raises RequestError where it is damaged."""
    try:
        description = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        if not isinstance(description, dict) or not isinstance(description.get("settings"), dict):
            raise ValueError("no settings in it")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise RequestError("run-description-damaged", path=folder, reason=error) from None
    return description


def read_events(folder: Path) -> Iterator[events.Event]:
    """The events recorded so far; torn and unknown lines are passed over."""
    try:
        with (folder / EVENTS).open("rb") as file:
            for line in file:
                event = events.from_line(line)
                if event is not None:
                    yield event
    except FileNotFoundError:
        return


def is_live(folder: Path) -> bool:
    """Whether a process holds the run's lock now."""
    try:
        descriptor = os.open(folder / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)


@dataclass(frozen=True)
class RunSummary:
    """A line in the list of runs. state: the last state word, DIED where the process is gone without having ended."""

    name: str
    path: Path
    state: str
    step: int
    best_loss: float | None
    changed: float  # seconds since the epoch

    def as_dict(self) -> dict[str, Any]:
        return {**self.__dict__, "path": str(self.path)}


def known_runs() -> list[RunSummary]:
    """Every run noted in the user's state folder that still exists, newest first."""
    return sorted(filter(None, map(summarise, _noted())), key=lambda summary: -summary.changed)


def note_run(folder: Path) -> None:
    """Remember where a run was made, so that it is found from anywhere. A state folder that cannot be written is no harm."""
    try:
        register = _register()
        register.parent.mkdir(parents=True, exist_ok=True)
        line = f"{folder.resolve()}\n"
        with register.open("a+", encoding="utf-8", errors="surrogateescape") as file:
            file.seek(0)
            if line not in file:
                file.write(line)
    except OSError:
        pass


def summarise(folder: Path) -> RunSummary | None:
    """What a run came to, read from its events; None where the folder holds no run."""
    if not holds_run(folder):
        return None
    step, best, state, finished = 0, None, "PREPARING", False
    try:
        with (folder / EVENTS).open("rb") as file:
            last = b""
            for line in file:
                last = line if line.startswith(b'{"event": "step"') else last
                if not line.startswith((b'{"event": "validation"', b'{"event": "state"', b'{"event": "run_finished"')):
                    continue
                event = events.from_line(line)
                if isinstance(event, events.Validation) and event.best:
                    best = event.loss
                elif isinstance(event, events.State):
                    state, finished = event.state, event.state in ("FINISHED", "STOPPED", "FAILED")
                elif isinstance(event, events.RunFinished):
                    state, finished = event.state_word, True
        last_step = events.from_line(last)
        step = last_step.step if last_step else 0
        changed = (folder / EVENTS).stat().st_mtime
    except OSError:
        changed = folder.stat().st_mtime
    if not finished and not is_live(folder):
        state = "DIED"
    return RunSummary(folder.name, folder, state, step, best, changed)


def find_run(name: str) -> Path:
    """The run folder that a person names: a path, a name under checkpoints/, or a noted run. Raises RequestError."""
    for candidate in (Path(name), Path("checkpoints") / name):
        if holds_run(candidate):
            return candidate
    named = [folder for folder in _noted() if folder.name == name]
    summaries = sorted(filter(None, map(summarise, named)), key=lambda summary: -summary.changed)
    if summaries:
        return summaries[0].path
    raise RequestError("run-missing", path=name)


def recorded_ending(folder: Path) -> events.RunFinished | None:
    """How the run ended, if its record says so and nothing came after."""
    ending = None
    for event in read_events(folder):
        if isinstance(event, events.RunFinished):
            ending = event
        elif isinstance(event, events.Step | events.Resumed):
            ending = None
    return ending


def _noted() -> list[Path]:
    try:
        lines = _register().read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return []
    return [Path(line) for line in dict.fromkeys(lines) if line]


def _register() -> Path:
    return platformdirs.user_state_path("mmrec") / "runs.txt"
