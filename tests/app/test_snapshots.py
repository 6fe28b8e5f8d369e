"""Pictures of the screens as text, at the sizes people have, in both languages. Nothing in them depends on machine or date.

After a change that is meant: `pytest tests/app/test_snapshots.py --snapshot-update`, and look at the difference.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot

from mmrec_engine import events
from mmrec_engine.runs import RunSummary
from mmrec_tui.measuring import Measuring
from mmrec_tui.session import Session, Work
from tests.app.conftest import an_app, screen_text, table_of, until
from tests.app.recorded import BEGAN, a_training, an_ending, record

SIZES = [(80, 24), (120, 36), (160, 45), (50, 14)]
LANGUAGES = ["en", "tr"]
HOME = Path("/home/ada/checkpoints")
RUNS = [
    RunSummary("tiny", HOME / "tiny", "TRAINING", 420, 1.8123, BEGAN + 70),
    RunSummary("poems-of-a-long-winter", HOME / "poems-of-a-long-winter", "STOPPED", 1200, 2.0456, BEGAN - 5_000),
    RunSummary("letters", HOME / "letters", "FINISHED", 12_345, 1.5001, BEGAN - 90_000),
    RunSummary("first", HOME / "first", "DIED", 0, None, BEGAN - 400_000),
]

sizes = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
languages = pytest.mark.parametrize("language", LANGUAGES)


class Still(Session):
    """A run that stands still while its picture is taken."""

    owned = True

    def __init__(self, stream: Iterable[events.Event], *, live: bool = True) -> None:
        super().__init__(Path("checkpoints/tiny"))
        self.live = live
        for event in stream:
            self._history.add(event)


@pytest.fixture(autouse=True)
def _the_same_everywhere(monkeypatch: pytest.MonkeyPatch) -> Iterable[None]:
    """One machine, one zone of time, one list of runs; torch is never loaded, so nothing is measured."""
    gigabytes = 6 * 2**30
    for module in ("mmrec_tui.screens.start", "mmrec_tui.screens.plan"):
        monkeypatch.setattr(f"{module}.available_bytes", lambda: gigabytes)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(4)), raising=False)
    monkeypatch.setattr("mmrec_tui.session.load_torch", lambda: Work(lambda work: time.sleep(60)))
    monkeypatch.setattr("mmrec_tui.screens.start.known_runs", lambda: RUNS)
    monkeypatch.setattr("mmrec_tui.screens.runs.known_runs", lambda: RUNS)
    monkeypatch.setattr("mmrec_tui.screens.runs.size_on_disk", lambda path: 41 * 2**20)
    monkeypatch.setattr(Measuring, "speed_of", lambda self, config: {"tiny": 0.02, "mini": 0.11}.get(config))
    readings = {"cpu": 0.93, "memory": 0.41, "process": 620.0 * 2**20}
    monkeypatch.setattr("mmrec_tui.meter.Meter.read", lambda self, process: readings)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


async def a_picture(pilot: Pilot[Any], ready: Callable[[Any], object] = lambda screen: True) -> str:
    """The screen once it is ready and nothing on it changes any more, with a frame that shows its edges."""
    app: Any = pilot.app
    await pilot.pause()
    await until(pilot, lambda: ready(app.screen))
    before = ""
    deadline = time.monotonic() + 10
    while (now := screen_text(app)) != before or not now:
        assert time.monotonic() < deadline
        before = now
        await pilot.pause(0.1)
    width, height = app.size
    lines = now.split("\n")
    assert len(lines) == height
    return "\n".join(["", *(f"▏{line.ljust(width)}▕" for line in lines), ""])


def with_readings(screen: Any) -> bool:
    return bool(screen._ticks > 1)


@sizes
@languages
async def test_training(language: str, size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    app = an_app(language, Still(a_training()))
    async with app.run_test(size=size) as pilot:
        assert await a_picture(pilot, with_readings) == snapshot


@pytest.mark.parametrize("end", ["FINISHED", "STOPPED", "FAILED", "DIED"])
async def test_a_run_that_has_ended(end: str, snapshot: SnapshotAssertion) -> None:
    endings: dict[str, list[events.Event]] = {
        "FINISHED": an_ending(),
        "STOPPED": an_ending("interrupted", by="person"),
        "FAILED": an_ending("failed", reason="training broke: ValueError: planted", error="training-broke"),
        "DIED": [],
    }
    app = an_app("en", Still([*a_training(), *endings[end]], live=False))
    async with app.run_test(size=(80, 24)) as pilot:
        assert await a_picture(pilot, with_readings) == snapshot


@sizes
@languages
async def test_start(language: str, size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    app = an_app(language)
    async with app.run_test(size=size) as pilot:
        assert await a_picture(pilot, lambda screen: screen._runs) == snapshot


@sizes
@languages
async def test_plan(language: str, size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    app = an_app(language)
    async with app.run_test(size=size) as pilot:
        app.open_screen("plan")
        assert await a_picture(pilot, lambda screen: screen._preparing.corpus) == snapshot


@pytest.mark.parametrize("key", ["2", "3"])
@languages
async def test_the_other_panes_of_the_plan(language: str, key: str, snapshot: SnapshotAssertion) -> None:
    app = an_app(language)
    async with app.run_test(size=(80, 24)) as pilot:
        app.open_screen("plan")
        await pilot.pause()
        screen: Any = app.screen
        await until(pilot, lambda: screen._preparing.corpus is not None)
        await pilot.press(key)
        assert await a_picture(pilot) == snapshot


@sizes
@languages
async def test_checklist(language: str, size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    app = an_app(language)
    async with app.run_test(size=size) as pilot:
        app.open_screen("plan")
        await pilot.pause()
        screen: Any = app.screen
        await until(pilot, lambda: screen._preparing.corpus is not None)
        await pilot.press("ctrl+s")
        await pilot.pause()
        await pilot.press("space", "down")
        assert await a_picture(pilot) == snapshot


@sizes
@languages
async def test_report(language: str, size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    folder = record(Path("checkpoints/tiny").absolute(), [*a_training(), *an_ending()])
    app = an_app(language)
    async with app.run_test(size=size) as pilot:
        app.open_screen("report", folder=folder)
        assert await a_picture(pilot, lambda screen: screen._history) == snapshot


@sizes
@languages
async def test_runs(language: str, size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    app = an_app(language)
    async with app.run_test(size=size) as pilot:
        await pilot.press("r")
        await pilot.pause()
        screen: Any = app.screen
        await until(pilot, lambda: screen._rows)
        await pilot.press("space", "down")
        assert await a_picture(pilot) == snapshot


@languages
async def test_compare(language: str, snapshot: SnapshotAssertion) -> None:
    one = record(Path("checkpoints/one").absolute(), a_training(), note=False)
    two = record(Path("checkpoints/two").absolute(), a_training(300, dropout=0.2), note=False, dropout=0.2)
    app = an_app(language)
    async with app.run_test(size=(80, 24)) as pilot:
        app.open_screen("compare", folders=[one, two])
        assert await a_picture(pilot, lambda screen: screen._runs) == snapshot


@languages
async def test_guide(language: str, snapshot: SnapshotAssertion) -> None:
    app = an_app(language)
    async with app.run_test(size=(80, 24)) as pilot:
        app.action_guide("loss")
        assert await a_picture(pilot) == snapshot


@pytest.mark.parametrize("size", [(120, 36), (80, 24), (60, 16), (50, 14)], ids=lambda size: f"{size[0]}x{size[1]}")
@languages
async def test_leaving_while_a_training_goes_on(
    language: str, size: tuple[int, int], snapshot: SnapshotAssertion
) -> None:
    app = an_app(language, Still(a_training()))
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: table_of(app) == "training" and with_readings(app.screen))
        app.open_screen("leaving")
        assert await a_picture(pilot) == snapshot
