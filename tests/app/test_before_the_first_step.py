"""A run on screen before its first step: what it does, and which keys act already."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mmrec_engine import events
from mmrec_engine.runs.catalog import known_runs
from mmrec_engine.settings import resolve
from mmrec_tui.app.session import Training, Work
from tests.app.conftest import TINY, an_app, screen_text, table_of, until, until_shown
from tests.app.recorded import opening
from tests.app.test_snapshots import Still


class Asked(Still):
    """It notes what it is asked for."""

    welcomed = True

    def __init__(self, stream: Iterator[events.Event] | list[events.Event]) -> None:
        super().__init__(stream)
        self.asked: list[str] = []

    def ask(self, command: str, reason: str = "", settings: dict[str, Any] | None = None) -> None:
        self.asked.append(command)


@pytest.mark.usefixtures("without_torch")
@pytest.mark.parametrize("language", ["en", "tr"])
async def test_pause_is_acknowledged_and_nothing_is_offered_that_needs_a_step(language: str) -> None:
    session = Asked([events.State(state="PREPARING"), events.Progress(task="building", done=0, total=0)])
    app = an_app(language, session)
    async with app.run_test(size=(120, 36)) as pilot:
        await until_shown(pilot, app.say("task.building"))
        screen: Any = app.screen
        assert not {"save", "detach"} & {key.action for key in screen.shown_keys()}
        await pilot.press("k")
        await until_shown(pilot, app.say("training.nothing-to-save"))
        await pilot.press("p")
        await until_shown(pilot, app.say("asked.pause-later"))
        await pilot.press("p")
        await until_shown(pilot, app.say("asked.resume"))
        assert session.asked == ["pause", "resume"]


@pytest.mark.usefixtures("without_torch")
@pytest.mark.parametrize("paused", [True, False])
async def test_run_without_a_step_is_not_offered_to_be_detached(paused: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    session = Asked([*opening(), *([events.Paused(), events.State(state="PAUSED")] if paused else [])])
    app = an_app("en", session)
    monkeypatch.setattr("mmrec_tui.app.stage.Stage.training", session)
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until(pilot, lambda: table_of(app) == "training")
        await pilot.press("q")
        await until_shown(pilot, "Stop and save (t)")
        await until(pilot, lambda: "Detach" not in screen_text(app))
        await pilot.press("d")
        await until_shown(pilot, "go on first (p)" if paused else "try again in a moment")


def test_run_that_waits_for_other_work_is_listed_and_says_so(small_text: Path) -> None:
    ended = threading.Event()
    work: Work[object] = Work(lambda _: ended.wait(60))
    run = Training(resolve({**TINY, "max_steps": 2, "data_dir": str(small_text), "name": "waits"}), after=work)
    run.start()
    try:
        for _ in range(600):
            listed = {one.name: one.state for one in known_runs()}
            with run.reading() as history:
                task = None if history.progress is None else history.progress.task
            if "waits" in listed and task == "ending-checks":
                break
            run.join(0.1)
        assert listed["waits"] == "PREPARING" and task == "ending-checks"
    finally:
        run.stop("test")
        ended.set()
        run.join()
    assert run.stopped_before_start
