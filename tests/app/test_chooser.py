"""The file chooser takes what is typed in it, and says beforehand what that is."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from textual.events import Key
from textual.keys import _character_to_key
from textual.pilot import Pilot
from textual.widgets import Input

from mmrec_tui.app.screens.chooser import ChooserScreen
from tests.app.conftest import an_app, until

pytestmark = pytest.mark.usefixtures("without_torch")


@pytest.fixture
def texts(tmp_path: Path, small_text: Path) -> Path:
    """A folder with two texts, beside a folder whose name begins alike."""
    folder = tmp_path / "corpora" / "texts"
    folder.mkdir(parents=True)
    (folder.parent / "texts-old").mkdir()
    for name in ("english.txt", "turkish.txt"):
        (folder / name).write_text(small_text.read_text(encoding="utf-8"), encoding="utf-8")
    return folder


async def open_chooser(app: Any, pilot: Pilot[Any]) -> list[Any]:
    """What it will have taken."""
    taken: list[Any] = []
    app.push_screen(ChooserScreen(), taken.append)
    await until(pilot, lambda: type(app.screen).__name__ == "ChooserScreen")
    return taken


def line(app: Any) -> str:
    return str(app.screen.query_one("#take").render())


@pytest.mark.parametrize(("language", "words"), [("en", "Ctrl+S takes {}"), ("tr", "Ctrl+S seçer: {}")])
async def test_typed_path_is_taken_as_the_line_says(
    language: str, words: str, texts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = texts.parent / "work"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    app = an_app(language)
    async with app.run_test(size=(120, 40)) as pilot:
        for typed, key, taken in (
            (str(texts), "ctrl+s", texts),  # not its parent, nor the folder whose name begins alike
            ("../texts", "ctrl+s", texts),
            (f"{texts}/turkish.txt", "ctrl+s", texts / "turkish.txt"),
            (f"{texts}/eng", "enter", texts / "english.txt"),
            ("TURK", "ctrl+s", texts / "turkish.txt"),  # in the folder that was shown last
        ):
            result = await open_chooser(app, pilot)
            app.screen.query_one("#path", Input).value = typed
            await until(pilot, lambda taken=taken: line(app) == words.format(taken))
            await pilot.press(key)
            await until(pilot, lambda result=result: result)
            assert result == [{"data_dir": str(taken)}]


async def test_line_says_the_folder_of_the_tree_again_once_a_typed_path_is_deleted(
    texts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It went on to say "takes /"; what was taken was the folder in the tree."""
    monkeypatch.chdir(texts)
    app = an_app()
    async with app.run_test(size=(120, 40)) as pilot:
        taken = await open_chooser(app, pilot)
        await until(pilot, lambda: line(app) == f"Ctrl+S takes {texts}")
        await pilot.press("slash")
        await until(pilot, lambda: line(app) == "Ctrl+S takes /")
        await pilot.press("backspace")
        await until(pilot, lambda: line(app) == f"Ctrl+S takes {texts}")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: taken == [{"data_dir": str(texts)}])


async def test_part_of_a_name_is_found_one_folder_down_if_the_shown_folder_has_none(texts: Path) -> None:
    app = an_app()
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        app.stage.text_folder = texts.parent
        result = await open_chooser(app, pilot)
        app.screen.query_one("#path", Input).value = "ish"
        await until(pilot, lambda: "2 names one folder down match (texts/" in line(app))
        app.screen.query_one("#path", Input).value = "turk"
        await until(pilot, lambda: line(app) == f"Ctrl+S takes {texts / 'turkish.txt'}")
        await pilot.press("enter")
        await until(pilot, lambda: result)
        assert result == [{"data_dir": str(texts / "turkish.txt")}]


async def test_what_names_no_text_or_several_is_not_taken(texts: Path) -> None:
    app = an_app()
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await open_chooser(app, pilot)
        chooser = app.screen
        for typed, told in ((f"{texts}/nothing", "there is no"), (f"{texts}/", ""), (f"{texts}/ish", "2 names match")):
            app.screen.query_one("#path", Input).value = typed
            await until(pilot, lambda told=told: told in line(app))
            if told:
                await pilot.press("ctrl+s", "enter")
                assert app.screen is chooser
        # The list under the cursor counts once it is used, and the field again once it is typed into.
        await pilot.press("down", "down")
        await until(pilot, lambda: line(app).endswith("english.txt"))
        await pilot.press("up", "up")
        await until(pilot, lambda: "2 names match" in line(app))
        await pilot.press("down", "down", *"t.txt")
        assert app.screen.query_one("#path", Input).value == f"{texts}/isht.txt"
        await until(pilot, lambda: "there is no" in line(app))


async def test_chooser_opens_in_the_folder_of_the_newest_text(texts: Path) -> None:
    app = an_app(corpora=[str(texts / "english.txt")])
    async with app.run_test(size=(120, 40)) as pilot:
        await open_chooser(app, pilot)
        await until(pilot, lambda: line(app).endswith(f"takes {texts}"))
        assert os.fspath(Path.cwd()) != str(texts)
        await pilot.press("left")
        await until(pilot, lambda: line(app).endswith(f"takes {texts.parent}"))
        await pilot.press("escape")
        await until(pilot, lambda: type(app.screen).__name__ != "ChooserScreen")
        await open_chooser(app, pilot)
        await until(pilot, lambda: line(app).endswith(f"takes {texts.parent}"))


async def test_folders_below_are_listed_once_and_never_for_a_path(texts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(texts.parent)
    listed: list[Path] = []
    really = os.listdir
    monkeypatch.setattr("mmrec_tui.app.typed_text.os.listdir", lambda one: listed.append(Path(one)) or really(one))
    app = an_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await open_chooser(app, pilot)
        await pilot.press(*"none/turkish")
        await pilot.pause()
        assert app.screen.query_one("#path", Input).value == "none/turkish"
        app.screen.query_one("#path", Input).value = ""
        await pilot.press(*"turkish")
        await until(pilot, lambda: line(app) == f"Ctrl+S takes {texts / 'turkish.txt'}")
        assert listed.count(texts) == 1


@pytest.mark.parametrize("round_", range(3))
async def test_app_answers_after_the_chooser_was_closed_in_the_middle_of_typing(round_: int, tmp_path: Path) -> None:
    """Keys come faster than folders are listed: none is waited for here, as `pilot.press` would."""
    for name in ("folder_a", "folder_b", "data"):
        (tmp_path / name).mkdir()
    (tmp_path / "empty.txt").touch()
    app = an_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await open_chooser(app, pilot)
        typed = f"{tmp_path}/empty.txt"
        for character in [*typed, *["\x7f"] * len(typed), "o"]:
            app.post_message(Key("backspace" if character == "\x7f" else _character_to_key(character), character))
            await asyncio.sleep(0.002 * round_)
        app.post_message(Key("escape", "\x1b"))
        await until(pilot, lambda: not isinstance(app.screen, ChooserScreen))
        answered = asyncio.Event()
        app.call_later(answered.set)
        await asyncio.wait_for(answered.wait(), 20)
