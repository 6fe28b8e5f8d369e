"""Pictures of the screens as text, at the usual sizes, in both languages. Nothing in them depends on machine or date.

After an intended change: `pytest tests/app/test_snapshots.py --snapshot-update`, and look at the difference.
"""

from __future__ import annotations

import importlib
import itertools
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot

from mmrec_engine import events
from mmrec_engine.runs.catalog import RunSummary
from mmrec_engine.runs.run_time import Costs
from mmrec_tui.app.measuring import Measuring
from mmrec_tui.app.session import Session
from mmrec_tui.presentation.spark import spark
from tests.app.conftest import an_app, screen_text, table_of, until
from tests.app.every_screen import OPENERS
from tests.app.recorded import (
    BEGAN,
    a_batch_search,
    a_rate_search,
    a_training,
    an_ending,
    record,
    some_findings_before,
)

HOME = Path("/home/ada/checkpoints")
RUNS = [
    RunSummary("tiny", HOME / "tiny", "TRAINING", 420, 1.8123, BEGAN + 70, 2.6146),
    RunSummary(
        "poems-of-a-long-winter", HOME / "poems-of-a-long-winter", "STOPPED", 1200, 2.0456, BEGAN - 5_000, 2.9512
    ),
    RunSummary("letters", HOME / "letters", "FINISHED", 12_345, 1.5001, BEGAN - 90_000, 2.1642),
    RunSummary("first", HOME / "first", "DIED", 0, None, BEGAN - 400_000),
]


Size = tuple[int, int]
SIZES: tuple[Size, ...] = ((80, 24), (120, 36), (160, 45), (50, 14))
USUAL = SIZES[0]


def pictures(*sizes: Size, kinds: Sequence[str] = ()) -> pytest.MarkDecorator:
    """A picture in each language at each size, and of each kind. `make test` has every size in Turkish, whose words are longer,
    and English at the usual one; `make test-all` has all.
    """
    values = []
    for size, kind, language in itertools.product(sizes, kinds or ("",), ("en", "tr")):
        marks = [pytest.mark.slow] if size != USUAL else []
        if language == "en" and size != USUAL:
            marks.append(pytest.mark.extended)
        given, name = ((language, kind, size), f"{language}-{kind}-") if kinds else ((language, size), f"{language}-")
        values.append(pytest.param(*given, id=f"{name}{size[0]}x{size[1]}", marks=marks))
    return pytest.mark.parametrize(("language", "kind", "size") if kinds else ("language", "size"), values)


languages = pytest.mark.parametrize("language", ["en", "tr"])


class Still(Session):
    """A run that does not change while its picture is taken."""

    owned = True

    def __init__(self, stream: Iterable[events.Event], *, live: bool = True) -> None:
        super().__init__(Path("checkpoints/tiny"))
        self.live = live
        for event in stream:
            self._history.add(event)

    @property
    def resumable(self) -> bool:
        return not self.live


@pytest.fixture(autouse=True)
def _the_same_everywhere(
    without_torch: None, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterable[None]:
    """One machine, one time zone, one list of runs; torch is never loaded, so nothing is measured."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "prepared"))
    for name, value in {
        "system.memory.available_bytes": lambda: 6 * 2**30,
        "runs.catalog.known_runs": lambda: RUNS,
        "runs.catalog.size_on_disk": lambda path: 41 * 2**20,
    }.items():
        module, _, function = f"mmrec_engine.{name}".rpartition(".")
        original = getattr(importlib.import_module(module), function)
        for one in list(sys.modules.values()):  # also where it is known by its own name
            if one.__name__.startswith(("mmrec_engine.", "mmrec_tui.")) and getattr(one, function, None) is original:
                monkeypatch.setattr(one, function, value)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(4)), raising=False)
    known = {"tiny": Costs(0.02, 0.3, 0.2, 0.1), "mini": Costs(0.11, 1.8, 0.3, 0.2)}
    monkeypatch.setattr(Measuring, "costs_of", lambda self, config: known.get(config))
    readings = {"cpu": 0.93, "memory": 0.41, "process": 620.0 * 2**20}
    monkeypatch.setattr("mmrec_tui.app.meter.Meter.read", lambda self, process: readings)
    # where a scroll bar's thumb ends within its cell
    monkeypatch.setattr("textual.scrollbar.ScrollBarRender.VERTICAL_BARS", [" "] * 8)
    # the number of readings depends on the time that drawing takes
    monkeypatch.setattr("mmrec_tui.app.widgets.machine.spark", lambda values, *how: spark([0.3, 0.6, 0.4], *how))
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


async def a_picture(pilot: Pilot[Any], ready: Callable[[Any], object] = lambda screen: True) -> str:
    """The screen once it is ready and does not change any more, with a frame that shows its edges."""
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


@pictures(*SIZES)
async def test_training(language: str, size: Size, snapshot: SnapshotAssertion) -> None:
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


@pictures(*SIZES)
async def test_start(language: str, size: Size, snapshot: SnapshotAssertion) -> None:
    app = an_app(language)
    async with app.run_test(size=size) as pilot:
        assert await a_picture(pilot, lambda screen: screen._runs and screen._courses) == snapshot


@pytest.mark.first(2)
@pictures(*SIZES)
async def test_plan(language: str, size: Size, snapshot: SnapshotAssertion) -> None:
    app = an_app(language)
    async with app.run_test(size=size) as pilot:
        app.open_screen("plan")
        assert await a_picture(pilot, lambda screen: screen._work.preparing.corpus) == snapshot


@pytest.mark.first(1)
@pictures(USUAL, (60, 16), (160, 45))
async def test_text_as_the_model_reads_it(language: str, size: Size, snapshot: SnapshotAssertion) -> None:
    app = an_app(language)
    async with app.run_test(size=size) as pilot:
        await OPENERS["TokensScreen"](app, pilot)
        assert await a_picture(pilot) == snapshot


@pytest.mark.first(1)
@pytest.mark.parametrize("key", ["2", "3"])
@languages
async def test_the_other_panes_of_the_plan(language: str, key: str, snapshot: SnapshotAssertion) -> None:
    app = an_app(language)
    async with app.run_test(size=(80, 24)) as pilot:
        app.open_screen("plan")
        await pilot.pause()
        screen: Any = app.screen
        await until(pilot, lambda: screen._work.preparing.corpus is not None)
        await pilot.press(key)
        assert await a_picture(pilot) == snapshot


@pytest.mark.first(2)
@pictures(USUAL, (160, 45), (50, 14), kinds=("rates", "batches"))
async def test_a_search_that_has_ended(
    language: str, kind: str, size: Size, snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = a_rate_search() if kind == "rates" else a_batch_search()
    engine = "lr_finder.search_rates" if kind == "rates" else "batch_size_finder.search_batches"
    monkeypatch.setattr(f"mmrec_engine.planning.{engine}", lambda *_, **__: (state for state in states[-1:]))
    app = an_app(language)
    async with app.run_test(size=size) as pilot:
        app.open_screen("plan")
        await pilot.pause()
        plan: Any = app.screen
        await until(pilot, lambda: plan._work.preparing.corpus is not None)
        plan.action_find(kind)
        await until(pilot, lambda: table_of(app) == kind)
        assert await a_picture(pilot, lambda screen: screen._seen) == snapshot


class Found:
    """What the checks found, without their figures of this machine."""

    done, error, total, running_item, planned = True, None, 21, "", None

    def __init__(self, resolved: Any, *_: Any) -> None:
        self.resolved = resolved
        self.found = list(some_findings_before())

    def stop(self) -> None:
        pass


@pytest.mark.first(2)
@pictures(*SIZES)
async def test_checklist(
    language: str, size: Size, snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mmrec_tui.app.screens.checklist.BeforeChecks", Found)
    app = an_app(language)
    async with app.run_test(size=size) as pilot:
        app.open_screen("plan")
        await pilot.pause()
        screen: Any = app.screen
        await until(pilot, lambda: screen._work.preparing.corpus is not None)
        await pilot.press("ctrl+s")
        await pilot.pause()
        await pilot.press("space", "down")
        assert await a_picture(pilot) == snapshot


@pictures(*SIZES)
async def test_report(language: str, size: Size, snapshot: SnapshotAssertion) -> None:
    folder = record(Path("checkpoints/tiny").absolute(), [*a_training(), *an_ending()])
    app = an_app(language)
    async with app.run_test(size=size) as pilot:
        app.open_screen("report", folder=folder)
        assert await a_picture(pilot, lambda screen: screen._history) == snapshot


@pictures(*SIZES)
async def test_runs(language: str, size: Size, snapshot: SnapshotAssertion) -> None:
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


@pictures(USUAL, (120, 36), (60, 16), (50, 14))
async def test_leaving_while_a_training_goes_on(language: str, size: Size, snapshot: SnapshotAssertion) -> None:
    app = an_app(language, Still(a_training()))
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: table_of(app) == "training" and with_readings(app.screen))
        app.open_screen("leaving")
        assert await a_picture(pilot) == snapshot
