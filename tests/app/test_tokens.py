"""The screen that shows a text as the model reads it: by key, by mouse, and with a trained model."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from mmrec_engine import train
from mmrec_engine.settings import resolve
from mmrec_tui.app.widgets.token_text import TokenText, wrapped
from tests.app.conftest import an_app, screen_text, table_of, until, until_shown
from tests.app.every_screen import OPENERS
from tests.app.recorded import a_text_as_read


@example([" ", "宽宽", "a宽宽"], 8)
@given(st.lists(st.text("ab 宽\n", min_size=1, max_size=5), max_size=60), st.integers(8, 30))
def test_wrapped_lines_fit_and_hold_every_token_once(texts: list[str], width: int) -> None:
    lines = wrapped(texts, width)
    shown = "".join(piece.text for line in lines for piece in line)
    assert shown == "".join(texts).replace("\n", "↵")
    for line in lines:
        column = 0
        for piece in line:
            assert piece.column == column
            column += cell_len(piece.text)
        assert column <= width
    order = [piece.token for line in lines for piece in line]
    assert order == sorted(order)


async def test_cursor_moves_by_keys_and_mouse_and_shows_what_was_expected(without_torch: None) -> None:
    app = an_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await OPENERS["TokensScreen"](app, pilot)
        screen: Any = app.screen
        text = screen.query_one(TokenText)
        inspection = screen._looked.inspection
        assert text.cursor == inspection.hardest(1)[0]
        await until_shown(pilot, "loss 6.00")
        await pilot.press("n")
        assert text.cursor == inspection.hardest(2)[1]
        await pilot.press("right", "left", "left")
        assert text.cursor == inspection.hardest(2)[1] - 1
        await pilot.press("n")
        assert text.cursor == inspection.hardest(3)[2], "from the last one shown, wherever the cursor has been since"
        before = text._place()
        await pilot.press("down")
        assert text._place()[0] == before[0] + 1
        await pilot.press("up")
        assert text._place()[0] == before[0]
        text.scroll_to(y=0, animate=False)
        await pilot.pause()
        await pilot.click("#tokens", offset=(6, 1))
        await until(pilot, lambda: text.cursor == 4)
        assert "expected:" in screen_text(app) and "60%" in screen_text(app)
        assert "512 tokens" in screen_text(app)
        await pilot.press("question_mark")
        await until_shown(pilot, "Go to the next token of those")


@pytest.mark.extended
async def test_report_opens_the_validation_text_and_another_one(small_text: Path) -> None:
    settings = {"data_dir": str(small_text), "max_steps": 2, "config": "tiny", "seq_len": 32, "batch_size": 2}
    for _ in train(resolve({**settings, "epochs": 1, "name": "run"}).settings):
        pass
    app = an_app()
    async with app.run_test(size=(100, 30)) as pilot:
        app.show_report(Path("checkpoints/run").absolute())
        await until_shown(pilot, "Report: run")
        await pilot.press("l")
        await until(pilot, lambda: table_of(app) == "tokens")
        await until_shown(pilot, "bits per character")
        await pilot.press("o", *"the", "enter")
        await until_shown(pilot, "3 tokens: loss")
        assert "not in the vocabulary" not in screen_text(app)
        await pilot.press("o", *"theß", "enter")
        await until_shown(pilot, "read as unknown: ß")
        await pilot.press("escape")
        await until_shown(pilot, "Report: run")


async def test_most_of_the_smallest_screen_with_plots_is_the_text() -> None:
    app = an_app()
    async with app.run_test(size=(60, 16)) as pilot:
        looked = replace(a_text_as_read(), unknown=("€", "中"), is_split=True)
        app.open_screen("tokens", checkpoint=Path("checkpoints/tiny/best_model.pt"), looked=looked)
        await until_shown(pilot, "Validation split: 1,068 tokens: loss 1.700")
        shown = screen_text(app)
        assert "the beginning only; 16,000 more tokens" in " ".join(shown.split())
        assert "probability  ≥ 50%" in shown and "⚠" not in shown
        assert app.screen.query_one("#tokens").content_size.height >= 4, shown


@pytest.mark.parametrize("language", ["en", "tr"])
async def test_memories_take_the_place_of_the_text_on_a_low_screen(language: str) -> None:
    app = an_app(language)
    head = app.say("tokens.memories")[:30]
    async with app.run_test(size=(60, 16)) as pilot:
        app.open_screen("tokens", checkpoint=Path("checkpoints/tiny/best_model.pt"), looked=a_text_as_read())
        await until_shown(pilot, "16.000" if language == "tr" else "16,000")
        assert head not in screen_text(app)
        await pilot.press("m")
        await until_shown(pilot, head)
        rows = app.screen.query_one("#memories")
        await until(pilot, lambda: rows.region.height >= 6 and rows.max_scroll_y <= 4)
        assert not app.screen.query_one("#tokens").display
        await pilot.press("m")
        await until(pilot, lambda: head not in screen_text(app))
        await pilot.resize_terminal(80, 24)
        await until_shown(pilot, head)
        assert all("memories" not in key.action for key in app.screen.shown_keys())  # type: ignore[attr-defined]
