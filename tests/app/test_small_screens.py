"""At 60x16 nothing that is needed is cut or hidden: questions, the end of a path, the recommended row, a remedy's effect."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input, Static

from mmrec_engine.locales.guide import ITEMS
from mmrec_engine.locales.messages import LANGUAGES
from mmrec_engine.run.follow_up import offers
from mmrec_engine.runs.catalog import RunSummary
from mmrec_engine.settings import resolve
from mmrec_tui.app.widgets.items import Items
from mmrec_tui.app.widgets.run_rows import COLUMNS, Row, fitting, fitting_cells, short_path
from mmrec_tui.locales import Wording
from tests.app.conftest import an_app, screen_text, table_of, until, until_shown
from tests.app.every_screen import OPENERS
from tests.app.recorded import a_training, an_ending, record

pytestmark = pytest.mark.usefixtures("without_torch")
SMALL = (60, 16)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_questions_of_the_checklist_are_wrapped_between_words_and_never_cut(
    language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = an_app(language)
    async with app.run_test(size=SMALL) as pilot:
        await OPENERS["ChecklistScreen"](app, pilot)
        items = app.screen.query_one(Items)
        await until(pilot, lambda: items.option_count > 4)
        rows = [str(items.get_option_at_index(number).prompt) for number in range(items.option_count)]
        for item in (one for one in ITEMS if one.phase == "before"):
            heads = [row for row in rows if " ".join(row.split()[3:]).startswith(item.question[language][:15])]
            assert len(heads) == 1
            words = [word for word in item.question[language].split() if word not in heads[0].split()]
            assert words == [] and max(map(len, heads[0].split("\n"))) <= items.size.width


@pytest.mark.parametrize(
    ("room", "shown"),
    [
        (40, "/home/ada/texts/checkpoints/tiny-2"),
        (30, "/home/…/checkpoints/tiny-2"),
        (20, "/home/…/tiny-2"),
        (10, "…/tiny-2"),
        (5, "…ny-2"),
    ],
)
def test_long_path_keeps_its_end(room: int, shown: str) -> None:
    assert short_path("/home/ada/texts/checkpoints/tiny-2", room) == shown


async def test_list_of_runs_shows_the_end_of_a_long_folder() -> None:
    folder = Path("a-folder-with-a-long-name/and-another-long-one/checkpoints/tiny-7").absolute()
    record(folder, [*a_training(60), *an_ending(step=60)])
    app = an_app()
    async with app.run_test(size=SMALL) as pilot:
        app.open_screen("runs")
        await until_shown(pilot, "text: ")
        detail = next(line for line in screen_text(app).split("\n") if "text: " in line)
        assert detail.rstrip().endswith("/tiny-7") and len(detail.rstrip()) <= 60


@pytest.mark.parametrize(
    ("language", "told"), [("en", "no run matches “zzz”"), ("tr", "“zzz” ile eşleşen çalışma yok")]
)
async def test_filter_without_a_match_says_that_nothing_matches(language: str, told: str) -> None:
    record(Path("checkpoints/tiny").absolute(), [*a_training(60), *an_ending(step=60)])
    app = an_app(language)
    async with app.run_test(size=SMALL) as pilot:
        app.open_screen("runs")
        await until(pilot, lambda: table_of(app) == "runs" and app.screen._rows)  # type: ignore[attr-defined]
        await pilot.press("/", *"zzz")
        await until_shown(pilot, told)
        app.screen.query_one(Input).value = ""
        await until(pilot, lambda: told not in screen_text(app))


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ("suggested", "^↓ read on", "take it only if")), ("tr", ("önerilen", "^↓ devamı", "yalnızca ardından"))],
)
async def test_search_for_a_batch_shows_the_row_it_recommends_and_how_to_read_on(
    language: str, words: tuple[str, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.app import every_screen, recorded

    monkeypatch.setattr(every_screen, "a_batch_search", lambda: recorded.a_batch_search(current=(1, 1)))
    app = an_app(language)
    async with app.run_test(size=SMALL) as pilot:
        await OPENERS["BatchesScreen"](app, pilot)
        await until_shown(pilot, words[2])
        table: Any = app.screen.query_one("#searched")
        tried = app.screen.query_one("#tried", Static)
        lines = str(tried.render()).split("\n")
        row = next(number for number, line in enumerate(lines) if "★" in line)

        def seen() -> range:
            return range(
                round(table.scroll_offset.y), round(table.scroll_offset.y) + table.scrollable_content_region.height
            )

        await until(pilot, lambda: row in seen())
        assert len(seen()) >= 2, screen_text(app)
        await until_shown(pilot, words[1])
        before = table.scroll_offset.y
        await pilot.press("ctrl+down")
        await until(pilot, lambda: table.scroll_offset.y != before)


@pytest.mark.parametrize(
    ("language", "told"), [("en", "changed: learning rate 0.5 → 3e-4"), ("tr", "değişti: öğrenme oranı 0,5 → 3e-4")]
)
async def test_remedy_on_the_checklist_tells_what_it_changed(
    language: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mmrec_tui.app.app_runs._TOLD_SECONDS", 600.0)
    app = an_app(language)
    async with app.run_test(size=SMALL, notifications=True) as pilot:
        await OPENERS["ChecklistScreen"](app, pilot)
        screen: Any = app.screen
        found = [one for one in screen._checks.found if one["id"] == "hyperparameters"]
        (offer,) = offers(found, resolve({"learning_rate": 0.5}).settings.as_dict())
        screen._checks.apply = lambda offer: None
        screen._apply(offer)
        await until_shown(pilot, told)


def test_list_of_runs_keeps_the_text_as_long_as_it_can() -> None:
    """Bits per character of different texts do not compare."""
    cells = {
        "name": "tiny-2", "state": "finished", "step": "1,302", "best": "1.864", "size": "14 MiB",
        "changed": "2026-11-30 06:52", "course": "▇▅▃▂▁", "text": "book.txt",
        "path": "/home/someone/checkpoints/tiny-2",
    }  # fmt: skip
    say = Wording("en")
    assert fitting([cells], say, 200) == list(COLUMNS)
    assert "text" in fitting([cells], say, 76) and "path" not in fitting([cells], say, 76)
    assert fitting([cells], say, 66) == ["name", "state", "best", "changed", "text"]
    assert fitting([cells], say, 50) == ["name", "state", "best", "changed"]


def test_name_of_a_text_is_cut_between_folders_and_only_where_there_is_no_room() -> None:
    say, text = Wording("en"), "/home/someone/help/texts/handbook_en.txt"
    run = RunSummary("tiny", Path("/home/someone/checkpoints/tiny"), "FINISHED", 1, None, 1.75e9, None)
    rows = [Row(run, 2**24, "▇▅▃▂▁", text)]
    assert fitting_cells(rows, say, 160)[0]["text"] == text
    for room in range(40, 200):
        longer = fitting_cells(rows, say, room)
        assert fitting(longer, say, room) == fitting([rows[0].cells(say)], say, room)
    assert fitting_cells(rows, say, 76)[0]["text"] == "/home/…/handbook_en.txt"
    assert text in rows[0].detail(say, 160)
    assert "/handbook_en.txt" in rows[0].detail(say, 60) and rows[0].detail(say, 60).endswith("/tiny")
