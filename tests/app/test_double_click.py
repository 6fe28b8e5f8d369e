"""The second click of a double click does nothing on the screen that the first one has opened."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from textual.events import MouseDown, MouseUp
from textual.pilot import Pilot
from textual.screen import Screen

from mmrec_tui.app.double_click import DoubleClick
from tests.app.conftest import an_app, screen_text, table_of, until, until_shown
from tests.app.recorded import a_training, an_ending, record

pytestmark = pytest.mark.usefixtures("without_torch")


@pytest.fixture(autouse=True)
def busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mmrec_tui.app.double_click._BUSY_SECONDS", 600.0)


def press(kind: type[MouseDown | MouseUp], x: int, y: int) -> MouseDown | MouseUp:
    return kind(None, x, y, 0, 0, 1, False, False, False, screen_x=x, screen_y=y)


def click(app: Any, x: int, y: int, at: float) -> None:
    """As the terminal sends it. The pilot's clicks reach the screen without passing the app."""
    for kind in (MouseDown, MouseUp):
        event = press(kind, x, y)
        event.time = at
        app.post_message(event)


def place_of(app: Any, words: str) -> tuple[int, int]:
    rows = screen_text(app).split("\n")
    row = next(number for number, line in enumerate(rows) if words in line)
    return rows[row].index(words), row


async def double_click(pilot: Pilot[Any], words: str, table: str, *, late: bool) -> None:
    """late: the second click comes when the first one has opened the screen."""
    app: Any = pilot.app
    x, y = place_of(app, words)
    first = time.monotonic()
    click(app, x, y, first)
    if late:
        await until(pilot, lambda: table_of(app) == table and app.screen.is_mounted)
    click(app, x, y, first + 0.2)  # whenever it is handled
    await until(pilot, lambda: table_of(app) == table)
    await pilot.pause()


@pytest.mark.parametrize("late", [True, False])
async def test_double_click_on_new_run_opens_one_plan_and_chooses_nothing_there(late: bool) -> None:
    app = an_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await until_shown(pilot, app.say("start.new"))
        await double_click(pilot, app.say("start.new"), "plan", late=late)
        plan: Any = app.screen
        await until(pilot, lambda: plan.query("#config-list") and plan.query_one("#config-list").option_count)
        await pilot.pause()
        assert [table_of_one(one) for one in app.screen_stack] == ["start", "plan"]
        assert plan._draft.given == {} and not plan._plan.can_undo


def table_of_one(screen: object) -> str:
    return str(getattr(screen, "table", ""))


async def test_double_click_on_a_recent_run_opens_it_once() -> None:
    record(Path("checkpoints/tiny").absolute(), [*a_training(200), *an_ending(step=200)])
    app = an_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await until_shown(pilot, "tiny  ")
        await double_click(pilot, "tiny  ", "report", late=False)
        assert [table_of_one(one) for one in app.screen_stack] == ["start", "report"]


def test_only_a_quick_second_press_in_the_same_place_is_swallowed() -> None:
    first, other = Screen[object](), Screen[object]()

    def swallowed(seconds: float, x: int, screen: Screen[object]) -> bool:
        clicks = DoubleClick()
        down, again = press(MouseDown, 10, 5), press(MouseDown, x, 5)
        again.time = down.time + seconds
        assert not clicks.swallows(down, first) and not clicks.swallows(press(MouseUp, 10, 5), first)
        result = clicks.swallows(again, screen)
        assert clicks.swallows(press(MouseUp, x, 5), screen) == result
        return result

    assert swallowed(0.2, 10, other) and swallowed(0.2, 11, other)
    assert not swallowed(0.2, 10, first), "a double click within one screen"
    assert not swallowed(0.8, 10, other) and not swallowed(0.2, 14, other)


def test_third_press_is_swallowed_too() -> None:
    first, other = Screen[object](), Screen[object]()
    clicks = DoubleClick()
    presses = [press(MouseDown, 10, 5) for _ in range(3)]
    for number, one in enumerate(presses):
        one.time = presses[0].time + 0.3 * number
    assert [clicks.swallows(one, screen) for one, screen in zip(presses, (first, other, other), strict=True)] == [
        False, True, True,
    ]  # fmt: skip
