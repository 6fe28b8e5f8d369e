"""Stopping a training asks first, and Esc ends nothing."""

from __future__ import annotations

from typing import Any

import pytest
from textual.events import Key

from mmrec_tui.locales import LANGUAGES
from tests.app.conftest import an_app, screen_text, table_of, until, until_shown
from tests.app.recorded import a_training
from tests.app.test_snapshots import Still

pytestmark = pytest.mark.usefixtures("without_torch")


class Asked(Still):
    """Keeps what it is asked for."""

    def __init__(self, *what: Any) -> None:
        super().__init__(*what)
        self.asked: list[str] = []

    def ask(self, command: str, *_: Any) -> None:
        self.asked.append(command)


@pytest.mark.parametrize(
    ("language", "question", "no", "yes"),
    [("en", "Stop tiny? It is saved first", "n", "y"), ("tr", "tiny durdurulsun mu? Önce kaydedilir", "h", "e")],
)
async def test_stop_asks_by_key_and_by_a_click_on_the_bar(language: str, question: str, no: str, yes: str) -> None:
    session = Asked(a_training())
    app = an_app(language, session)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_shown(pilot, app.say("key.stop"))
        screen = app.screen
        bar = screen_text(app).split("\n")[-1]
        await pilot.click("KeyBar", offset=(bar.index(app.say("key.stop")) + 1, 0))
        await until_shown(pilot, question)
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is screen)
        await pilot.press("t")
        await until_shown(pilot, question)
        await pilot.press(no)
        await until(pilot, lambda: app.screen is screen)
        assert session.asked == []
        await pilot.press("t", yes)
        await until(pilot, lambda: session.asked == ["stop"])


@pytest.mark.parametrize("language", LANGUAGES)
async def test_esc_never_ends_the_app_however_often_and_quickly_it_is_pressed(language: str) -> None:
    """The app opens on the run of another process, as after `watch`."""
    session = Asked(a_training())
    session.owned = False
    app = an_app(language, session)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: table_of(app) == "training")
        app.action_guide("loss")
        await until(pilot, lambda: table_of(app) == "guide")
        for _ in range(6):
            app.post_message(Key("escape", None))
        await until(pilot, lambda: table_of(app) == "start")
        assert app.is_running and session.asked == []
