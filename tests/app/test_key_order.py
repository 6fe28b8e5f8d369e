"""Keys that arrive together, as over a slow connection, act in the order in which they came."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from textual.events import Key, Paste
from textual.keys import _character_to_key
from textual.widgets import Input

from mmrec_tui.app.screens.asking import AskingScreen
from mmrec_tui.app.screens.chooser import ChooserScreen, TextTree
from mmrec_tui.app.screens.write import WriteScreen
from mmrec_tui.app.widgets.paper import Paper
from tests.app.conftest import an_app, table_of, until

pytestmark = pytest.mark.usefixtures("without_torch")


def send(app: Any, *keys: str) -> None:
    """All of them at once; a single letter is that letter."""
    for key in keys:
        character = key if len(key) == 1 else "\r" if key == "enter" else None
        app.post_message(Key(_character_to_key(key) if character == key else key, character))


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        ((*"yokboyle", *["backspace"] * 8, *"metin"), "metin"),
        ((*"abc", "backspace", "d"), "abd"),
        ((*"bc", "home", "a", "end", "d"), "abcd"),
    ],
)
async def test_letters_do_not_overtake_other_keys_in_the_chooser(keys: tuple[str, ...], value: str) -> None:
    app = an_app()
    async with app.run_test(size=(120, 40)) as pilot:
        app.push_screen(ChooserScreen())
        await until(pilot, lambda: app.screen.query("#path"))
        field = app.screen.query_one("#path", Input)
        send(app, *keys)
        await until(pilot, lambda: field.value == value)


async def test_keys_typed_in_the_tree_act_in_order() -> None:
    app = an_app()
    async with app.run_test(size=(120, 40)) as pilot:
        app.push_screen(ChooserScreen())
        await until(pilot, lambda: app.screen.query("#path"))
        await pilot.press("down")
        await until(pilot, lambda: isinstance(app.focused, TextTree))
        send(app, *"abc", "backspace", "d")
        await until(pilot, lambda: app.screen.query_one("#path", Input).value == "abd")


async def test_pasted_text_waits_for_the_keys_before_it() -> None:
    app = an_app()
    async with app.run_test(size=(120, 40)) as pilot:
        app.push_screen(AskingScreen("?"))
        await until(pilot, lambda: app.screen.query("#answer"))
        field = app.screen.query_one("#answer", Input)
        send(app, *"ab", "backspace")
        app.post_message(Paste("cd"))
        send(app, "e")
        await until(pilot, lambda: field.value == "acde")


async def test_keys_after_one_that_opens_a_screen_go_to_that_screen() -> None:
    app = an_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: table_of(app) == "start")
        send(app, "n", "o", *"abc", "backspace", "d")
        await until(pilot, lambda: isinstance(app.screen, ChooserScreen))
        await until(pilot, lambda: app.screen.query_one("#path", Input).value == "abd")


async def test_keys_after_enter_go_to_the_screen_below_the_dialog() -> None:
    app = an_app()
    answers: list[Any] = []
    async with app.run_test(size=(120, 40)) as pilot:
        app.push_screen(AskingScreen("?"), answers.append)
        await until(pilot, lambda: app.screen.query("#answer"))
        send(app, *"ab", "enter", "n")
        await until(pilot, lambda: table_of(app) == "plan")
        assert answers == ["ab"]


async def test_letters_do_not_overtake_other_keys_in_a_text() -> None:
    app = an_app()
    async with app.run_test(size=(120, 40)) as pilot:
        app.push_screen(WriteScreen("nowhere", "a model"))
        await until(pilot, lambda: app.screen.query(Paper) and app.focused is app.screen.query_one(Paper))
        send(app, *"abc", "backspace", "d", "left", "e")
        await until(pilot, lambda: app.screen.query_one(Paper).text == "abed")


@pytest.mark.extended
async def test_keys_act_although_a_part_of_the_screen_does_not_answer() -> None:
    """The way out stays open."""
    app = an_app()
    async with app.run_test(size=(120, 40)) as pilot:
        app.push_screen(AskingScreen("?"))
        await until(pilot, lambda: app.screen.query("#answer"))
        ended = asyncio.Event()
        app.screen.call_later(ended.wait)
        send(app, *"ab", "ctrl+q")
        async with asyncio.timeout(30):
            while not app._exit:
                await asyncio.sleep(0.05)
        ended.set()
