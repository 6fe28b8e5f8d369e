"""Leaving the plan keeps its choices, and every change can be undone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.events import Paste
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from mmrec_tui.app.draft import Draft
from mmrec_tui.app.typed_text import pasted_path
from mmrec_tui.app.undo import Drafts
from mmrec_tui.preferences import read_preferences
from tests.app.conftest import an_app, screen_text, table_of, until

pytestmark = pytest.mark.usefixtures("without_torch")


def test_undo_reverts_whole_fields_one_by_one() -> None:
    drafts = Drafts(Draft({}))
    for text in ("0", "0.", "0.2"):
        drafts.change(Draft({"dropout": text}), "dropout")
    drafts.change(Draft({"dropout": "0.2", "config": "mini"}))
    assert drafts.undo() == Draft({"dropout": "0.2"})
    assert drafts.undo() == Draft({})
    assert drafts.undo() is None
    drafts.change(Draft({}), "batch_size")  # a default is deleted, then another value is typed
    drafts.change(Draft({"batch_size": "1"}), "batch_size")
    drafts.change(Draft({"batch_size": "16"}), "batch_size")
    assert drafts.undo() == Draft({})


async def a_plan_with_a_choice(app: Any, pilot: Pilot[Any], text: Path) -> Any:
    app.open_screen("plan")
    await until(pilot, lambda: table_of(app) == "plan")
    screen = app.screen
    screen._path_chosen({"data_dir": str(text)})
    await pilot.press("1", "down", "enter")
    await until(pilot, lambda: screen._resolved.settings.config == "mini")
    return screen


@pytest.mark.parametrize("key", ["escape", "q"])
async def test_leaving_the_plan_keeps_its_draft(key: str, small_text: Path) -> None:
    app = an_app()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await a_plan_with_a_choice(app, pilot, small_text)
        await pilot.press(key)
        if key == "escape":
            await until(pilot, lambda: table_of(app) == "start")
            assert "the plan is kept" in screen_text(app)
            await pilot.press("n")
            await until(pilot, lambda: table_of(app) == "plan")
            again: Any = app.screen
            assert again._resolved.settings.config == "mini"
            assert again._resolved.settings.data_dir == str(small_text)
    kept = read_preferences().plan
    assert (kept["config"], kept["data_dir"]) == ("mini", str(small_text))


async def test_restoring_the_guides_values_can_be_undone() -> None:
    app = an_app(plan={"dropout": 0.3, "epochs": 4})
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        app.open_screen("plan")
        await until(pilot, lambda: table_of(app) == "plan")
        screen: Any = app.screen
        await pilot.press("ctrl+r")
        await pilot.pause()
        assert screen._resolved.settings.dropout == 0.1
        await pilot.press("ctrl+z")
        await pilot.pause()
        assert (screen._resolved.settings.dropout, screen._resolved.settings.epochs) == (0.3, 4)
        assert screen.query_one("#field-dropout", Input).value == "0.3"


async def test_own_text_comes_first_and_has_a_key(small_text: Path) -> None:
    app = an_app(corpora=[str(small_text), "/nowhere/older"])
    async with app.run_test(size=(80, 24)) as pilot:
        app.open_screen("plan")
        await until(pilot, lambda: table_of(app) == "plan")
        texts = app.screen.query_one("#corpus-list", OptionList)
        first = [texts.get_option_at_index(number).id for number in range(4)]
        assert first == ["choose", f"path:{small_text}", "path:/nowhere/older", "builtin:sample"]
        await pilot.press("o")
        await until(pilot, lambda: type(app.screen).__name__ == "ChooserScreen")


@pytest.mark.parametrize("arrows", [("down", "left"), ("left",)], ids=["from the tree", "from the empty field"])
async def test_file_chooser_goes_up_and_selects_a_folder(tmp_path: Path, arrows: tuple[str, ...]) -> None:
    app = an_app()
    async with app.run_test(size=(80, 24)) as pilot:
        app.open_screen("plan")
        await until(pilot, lambda: table_of(app) == "plan")
        plan: Any = app.screen
        await pilot.press("o", *arrows)
        await until(pilot, lambda: str(app.screen.query_one("#take").render()).endswith(f"takes {tmp_path}"))
        await until(pilot, lambda: "place" in screen_text(app))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.screen is plan)
        assert plan._draft.given["data_dir"] == str(tmp_path)


async def test_file_chooser_accepts_a_pasted_path_while_the_tree_has_focus(small_text: Path) -> None:
    app = an_app()
    async with app.run_test(size=(80, 24)) as pilot:
        app.open_screen("plan")
        await until(pilot, lambda: table_of(app) == "plan")
        plan: Any = app.screen
        await pilot.press("o", "down")
        app.post_message(Paste(f"'{small_text}'\n"))  # as a terminal does it
        await until(pilot, lambda: str(small_text) in app.screen.query_one("#path", Input).value)
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is plan)
        assert plan._draft.given["data_dir"] == str(small_text)


@pytest.mark.parametrize(
    ("pasted", "path"),
    [
        ("  /a/b c.txt\n", "/a/b c.txt"),
        ("'/a/b c.txt'", "/a/b c.txt"),
        ('"/a/b"', "/a/b"),
        ("file:///a/b%20c.txt", "/a/b c.txt"),
        (r"/a/b\ c.txt", "/a/b c.txt"),
        ("hf:owner/name", "hf:owner/name"),
    ],
)
def test_pasted_path_is_accepted(pasted: str, path: str) -> None:
    assert pasted_path(pasted) == path
