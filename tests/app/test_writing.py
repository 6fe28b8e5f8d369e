"""The place to write in: continuations at the cursor, alternatives, undo, temperature, how sure the model was."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from syrupy.assertion import SnapshotAssertion

from mmrec_engine.evaluation.trained_model import Trained, export
from mmrec_engine.model.language_model import create_model
from mmrec_engine.settings import Settings
from mmrec_engine.settings.model_config import ModelConfig
from mmrec_engine.tokenizer import CharacterTokenizer
from mmrec_tui.app.marks import Mark, mark_at, moved
from mmrec_tui.app.stage import Draft, OpenScreen
from mmrec_tui.app.widgets.paper import Paper
from tests.app.conftest import an_app, screen_text, table_of, until, until_shown

pytestmark = pytest.mark.usefixtures("without_torch")


@pytest.fixture
def model() -> str:
    """A folder with a small model that writes letters."""
    tokenizer = CharacterTokenizer("abcçdefgğhıijk \n\v\x1b\x9b")
    made = create_model(ModelConfig("mmrec", tokenizer.vocab_size, 16, 2, 2, 32), 1).eval()
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for parameter in made.parameters():
            if not parameter.any():
                parameter.normal_(std=0.3, generator=generator)
    folder = Path("letters").absolute()
    export(Trained(folder, made, tokenizer, Settings().as_dict(), {}, 1), folder)
    return str(folder)


def _told(screen: str) -> str:
    """Which continuation the screen says that it shows, if it says so."""
    found = re.search(r"continuation \d+ of \d+", screen)
    return found[0] if found else ""


async def test_bar_leads_back_in_one_click_out_of_the_text(model: str) -> None:
    app = an_app()
    async with app.run_test(size=(100, 24)) as pilot:
        app.open_screen("write", checkpoint=model, title="letters")
        await until(pilot, lambda: table_of(app) == "write")
        await until_shown(pilot, "esc back")
        assert isinstance(app.focused, Paper)
        place = screen_text(app).splitlines()[-1].index("esc back")
        await pilot.click("KeyBar", offset=(place + 1, 0))
        await until(pilot, lambda: table_of(app) == "start")


async def test_model_continues_at_the_cursor_and_alternatives_can_be_stepped_through(
    model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("secrets.randbelow", lambda below: 7)
    app = an_app()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        app.open_screen("write", checkpoint=model, title="letters")
        await until(pilot, lambda: table_of(app) == "write")
        screen: Any = app.screen
        paper = screen.query_one(Paper)
        await pilot.press("a", "b", "c", "space", "c", "left", "left")
        assert paper.text == "abc c"

        async def after(key: str, count: int) -> str:
            await pilot.press(key)
            await until(pilot, lambda: len(screen._found) == count and not screen._continuing.writing)
            assert paper.text.startswith("abc") and paper.text.endswith(" c")
            assert paper.place == len(paper.text) - 2, "the cursor is after what the model wrote"
            written: str = paper.text
            return written

        first, second = await after("ctrl+g", 1), await after("ctrl+n", 2)
        assert len({first, second, "abc c"}) == 3
        shown = "".join(one.text for strip in screen._compositor.render_strips() for one in strip)
        assert {"\x1b", "\x9b"} & set(second) and not {"\x1b", "\x9b", "\v"} & set(shown), "a terminal would obey them"
        assert "continuation 2 of 2" in screen_text(app) and "likeliest" in screen_text(app)
        assert "".join(paper.text[mark.start : mark.end] for mark in paper.marks) == second[3:-2]
        assert all(0 < mark.share <= 1 and len(mark.others) == 3 for mark in paper.marks)
        await pilot.press("ctrl+r")
        assert paper.text == first
        await pilot.press("ctrl+n")
        assert paper.text == second, "what was written once is not written again"
        for before in (first, second, first, "abc c"):
            await pilot.press("ctrl+z")
            assert paper.text == before
            number = (first, second, "abc c").index(before) + 1
            wanted = f"continuation {number} of 2" if number < 3 else ""
            await until(pilot, lambda wanted=wanted: _told(screen_text(app)) == wanted)
        assert not paper.marks
        await pilot.press("ctrl+up", "ctrl+up", "ctrl+down")
        await until(pilot, lambda: "temperature 0.9" in screen_text(app))
        await pilot.press(*["ctrl+down"] * 9)
        await after("ctrl+g", 1)
        await pilot.press("ctrl+n")
        await until(pilot, lambda: "Every continuation" in screen_text(app))
        assert len(screen._found) == 1, "there is no other continuation at temperature 0"
        await pilot.press("f1")
        await until(pilot, lambda: table_of(app) == "guide")
        await until(pilot, lambda: "How boldly the model chooses" in " ".join(screen_text(app).split()))
        await pilot.press("escape")
        await until(pilot, lambda: table_of(app) == "write")
        await pilot.press("ctrl+z", "escape")
        await until(pilot, lambda: "left the text" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: table_of(app) == "start")
        app.open_screen("write", checkpoint=model, title="letters")
        await until(pilot, lambda: table_of(app) == "write")
        assert app.screen.query_one(Paper).text == "abc c", "the text stays while the app is open"


@pytest.mark.parametrize(
    ("language", "saved", "nothing", "question", "no"),
    [
        ("en", "text saved: letters/writing-2.txt", "Nothing to save", "A written text is not saved", "n"),
        ("tr", "metin kaydedildi: letters/writing-2.txt", "Kaydedilecek bir şey yok", "bir metin kaydedilmedi", "h"),
    ],
)
async def test_text_is_saved_by_a_key_and_never_lost_without_a_question(
    model: str, language: str, saved: str, nothing: str, question: str, no: str
) -> None:
    (Path(model) / "writing-1.txt").write_text("of another day")
    app = an_app(language)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        app.open_screen("write", checkpoint=model, title="letters")
        await until(pilot, lambda: table_of(app) == "write")
        await pilot.press("ctrl+s")
        await until_shown(pilot, nothing)
        await pilot.press(*"abc", "ctrl+q")
        await until_shown(pilot, question)
        await pilot.press("ctrl+q", no)
        await until(pilot, lambda: table_of(app) == "write")
        await pilot.press("ctrl+s")
        await until_shown(pilot, saved)
        assert (Path(model) / "writing-1.txt").read_text() == "of another day"
        assert (Path(model) / "writing-2.txt").read_text() == "abc\n"
        await pilot.press("d", "escape", "escape")  # the text stays, and so does the question, on other screens too
        await until(pilot, lambda: table_of(app) == "start")
        await pilot.press("ctrl+q")
        await until_shown(pilot, question)
        await pilot.press("escape")
        app.open_screen("write", checkpoint=model, title="letters")
        await until(pilot, lambda: table_of(app) == "write")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: (Path(model) / "writing-3.txt").exists())
        await pilot.press("ctrl+q")
        await until(pilot, lambda: not app.is_running)


async def test_text_that_cannot_be_saved_says_why_and_stays_unsaved(model: str) -> None:
    app = an_app()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        app.open_screen("write", checkpoint=str(Path(model) / "gone" / "best_model.pt"), title="gone")
        await until(pilot, lambda: table_of(app) == "write")
        await pilot.press("a", "ctrl+s")
        await until(pilot, lambda: len(app._notifications) == 1)
        assert app.stage.drafts[app.screen._checkpoint].is_unsaved  # type: ignore[attr-defined]


async def test_typing_returns_to_a_text_that_was_left(model: str) -> None:
    app = an_app()
    async with app.run_test(size=(80, 24)) as pilot:
        app.open_screen("write", checkpoint=model, title="letters")
        await until(pilot, lambda: table_of(app) == "write")
        paper = app.screen.query_one(Paper)
        await pilot.press("a", "escape")
        await until(pilot, lambda: app.focused is None)
        await until_shown(pilot, "typing returns to it")
        await pilot.press("b", "c")
        await until(pilot, lambda: paper.text == "abc")
        assert app.focused is paper


async def test_text_changed_in_the_meantime_is_kept(model: str) -> None:
    app = an_app("tr")
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        app.open_screen("write", checkpoint=model, title="letters")
        await until(pilot, lambda: table_of(app) == "write")
        screen: Any = app.screen
        await pilot.press("a", "ctrl+g", "b")
        await until(pilot, lambda: not screen._continuing.writing)
        assert screen.query_one(Paper).text == "ab"


async def test_model_that_cannot_be_read_is_reported(model: str) -> None:
    (Path(model) / "config.json").write_text("{")
    app = an_app()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        app.open_screen("write", checkpoint=model, title="letters")
        await until(pilot, lambda: table_of(app) == "write")
        await pilot.press("a", "ctrl+g")
        await until(pilot, lambda: "damaged" in screen_text(app))
        assert app.screen.query_one(Paper).text == "a"


def test_marks_move_with_the_text_around_them() -> None:
    marks = [Mark(2, 4, 0.6), Mark(4, 5, 0.3), Mark(5, 7, 0.05)]
    assert [mark.sureness for mark in marks] == ["sure", "unsure", "least"]
    inserted = moved(marks, "ababcde", "aXbabcde")
    assert [(mark.start, mark.end) for mark in inserted] == [(3, 5), (5, 6), (6, 8)]
    edited = moved(marks, "ababcde", "ababXde")
    assert [(mark.start, mark.end) for mark in edited] == [(2, 4), (5, 7)]
    assert moved(marks, "ababcde", "") == []
    assert mark_at(marks, 4) == marks[0] and mark_at(marks, 2) == marks[0] and mark_at(marks, 1) is None


@pytest.mark.parametrize(
    ("language", "size"), [("en", (80, 24)), ("tr", (80, 24)), ("tr", (50, 14)), ("tr", (120, 36))]
)
async def test_picture_of_the_place_to_write(language: str, size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    text = "Bir sabah erkenden\nyola çıktı."
    marks = (Mark(9, 18, 0.7), Mark(19, 23, 0.2), Mark(23, 30, 0.04, (("a", 0.5), (" ", 0.25), ("\n", 0.1))))
    app = an_app(language)
    app.stage.drafts["absent"] = Draft(text, marks)
    async with app.run_test(size=size) as pilot:
        app.open_screen("write", checkpoint="absent", title="tiny")
        await until(pilot, lambda: table_of(app) == "write")
        await until(pilot, lambda: "⏎" in screen_text(app))
        assert screen_text(app) == snapshot
        styles: list[Any] = [span.style for span in app.screen.query_one(Paper).get_line(1).spans]
        assert [style.underline for style in styles] == [None, True], "not by colour alone"


async def test_app_that_is_opened_to_write_begins_with_the_place_to_write_in(model: str) -> None:
    app = an_app()
    app.stage.open_screens = [OpenScreen("write", {"checkpoint": model, "title": model})]
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: [table_of(app), len(app.screen_stack)] == ["write", 2])
        assert app.stage.open_screens is None, "after an error it begins with the run, if there is one"
        await pilot.press("escape", "escape")
        await until(pilot, lambda: table_of(app) == "start")
