"""Everything that looks clickable is: boxes, remedies, marks, the words that close dialogs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.events import MouseScrollDown
from textual.pilot import Pilot
from textual.widgets import Input, Static

from mmrec_engine.locales.messages import LANGUAGES
from mmrec_tui.app.screens.asking import AskingScreen
from mmrec_tui.app.widgets.items import Items
from tests.app.conftest import an_app, screen_text, table_of, until
from tests.app.every_screen import DIALOGS, OPENERS
from tests.app.recorded import a_training, an_ending, record

pytestmark = pytest.mark.usefixtures("without_torch")


async def click_on(pilot: Pilot[Any], words: str) -> None:
    app: Any = pilot.app
    rows = screen_text(app).split("\n")
    row = next(number for number, line in enumerate(rows) if words in line)
    await pilot.click(offset=(rows[row].index(words), row))
    await pilot.pause()


async def test_clicking_the_box_ticks_an_item_and_its_question_opens_it() -> None:
    app = an_app()
    async with app.run_test(size=(120, 45)) as pilot:
        await OPENERS["ChecklistScreen"](app, pilot)
        before = screen_text(app).count("▾")
        await click_on(pilot, "☐")
        assert list(app.stage.ticks.values()) == [True]
        assert screen_text(app).count("☑") == 1
        assert screen_text(app).count("▾") == before
        await click_on(pilot, "☑")
        assert list(app.stage.ticks.values()) == [False]
        await click_on(pilot, "▸ ")
        assert screen_text(app).count("▾") == before + 1


@pytest.mark.parametrize(("name", "mark"), [("ChecklistScreen", "! "), ("ReportScreen", "☐ ✗ ")])
async def test_clicking_a_mark_does_what_enter_does_on_its_row(name: str, mark: str) -> None:
    app = an_app()
    async with app.run_test(size=(120, 60)) as pilot:
        await OPENERS[name](app, pilot)
        items = app.screen.query_one(Items)
        await until(pilot, lambda: mark in screen_text(app))
        rows = screen_text(app).split("\n")
        row = next(number for number, line in enumerate(rows) if mark in line)
        before = items.option_count
        await pilot.click(offset=(rows[row].index(mark) + len(mark) - 2, row))
        await until(pilot, lambda: items.option_count != before)
        changed, item = items.option_count, items._row[0]
        await pilot.press("enter")
        await until(pilot, lambda: items.option_count == before)
        assert items._row[0] is item and changed != before


@pytest.mark.parametrize(("name", "remedy"), [("ChecklistScreen", "• "), ("TrainingScreen", "→ ")])
async def test_clicking_a_remedy_opens_the_remedies(name: str, remedy: str) -> None:
    app = an_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await OPENERS[name](app, pilot)
        await until(pilot, lambda: remedy in screen_text(app))
        await click_on(pilot, remedy)
        assert type(app.screen).__name__ == "RemedyScreen"


async def test_clicking_the_first_column_marks_a_run_and_a_second_click_opens_it() -> None:
    record(Path("checkpoints/other").absolute(), [*a_training(), *an_ending()])
    app = an_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await OPENERS["RunsScreen"](app, pilot)
        rows = screen_text(app).split("\n")
        row = max(number for number, line in enumerate(rows) if line.startswith(("    tiny", "    other")))
        for mark in ("●", " "):
            await pilot.click(offset=(1, row))
            await pilot.pause()
            assert table_of(app) == "runs"
            assert screen_text(app).split("\n")[row][1] == mark
        await pilot.click(offset=(5, row - 1))
        await pilot.pause()
        assert table_of(app) == "runs"
        await pilot.click(offset=(14, row - 1))  # another column of the same run
        await until(pilot, lambda: table_of(app) == "report")


@pytest.mark.parametrize("name", DIALOGS)
async def test_clicking_beside_a_dialog_closes_it(name: str) -> None:
    app = an_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await OPENERS[name](app, pilot)
        await pilot.click(offset=(0, 23))
        await until(pilot, lambda: table_of(app) == "start")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", [name for name in DIALOGS if name not in ("LeavingScreen", "SureScreen", "Palette")])
async def test_clicking_the_esc_hint_closes_a_dialog(name: str, language: str) -> None:
    app = an_app(language)
    async with app.run_test(size=(80, 24)) as pilot:
        await OPENERS[name](app, pilot)
        await click_on(pilot, "Esc " if "Esc " in screen_text(app) else "esc ")
        await until(pilot, lambda: table_of(app) == "start")


async def test_confirmation_is_answered_by_mouse() -> None:
    app = an_app()
    answers: list[str | None] = []
    async with app.run_test(size=(60, 16)) as pilot:
        app.push_screen(AskingScreen("How many?", "5"), answers.append)
        await until(pilot, lambda: app.screen.query(Input))
        await click_on(pilot, "Enter accepts")
        assert answers == ["5"]


async def test_the_wheel_and_a_key_show_the_rest_of_a_cut_pane() -> None:
    app = an_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await OPENERS["PlanScreen"](app, pilot)
        screen: Any = app.screen
        for name, number in (("configs", "1"), ("corpora", "2")):
            pane = screen.query_one(f"#{name}")
            last = f"last line of {name}"
            await pane.mount(Static("word\n" * 14 + last))
            await pilot.press(number)
            await until(pilot, lambda pane=pane: pane.is_cut)
            pane.scroll_home(animate=False)
            await until(pilot, lambda last=last: last not in screen_text(app))
            while pane.scroll_target_y < pane.max_scroll_y:
                await pilot._post_mouse_events([MouseScrollDown], pane, (5, pane.size.height - 1), button=0)
            await until(pilot, lambda last=last: last in screen_text(app))
            pane.scroll_home(animate=False)
            await until(pilot, lambda: f"^↓ {app.say('key.read_on')}" in screen_text(app))
            for _ in range(9):
                if pane.scroll_target_y < pane.max_scroll_y:
                    await pilot.press("ctrl+down")
            await until(pilot, lambda last=last: last in screen_text(app))


async def test_tick_does_not_hide_findings() -> None:
    app = an_app()
    async with app.run_test(size=(120, 45)) as pilot:
        await OPENERS["ChecklistScreen"](app, pilot)
        before = screen_text(app)
        for _ in range(before.count("☐")):
            await click_on(pilot, "☐")
        assert screen_text(app) == before.replace("☐", "☑")
