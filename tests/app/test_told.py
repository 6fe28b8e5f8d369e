"""What lists, panels and the palette tell: every key, every sign, and where a text goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.content import Content

from mmrec_engine.checks.finding import GLYPHS, finding
from mmrec_engine.checks.remedies import remedies_now
from mmrec_engine.locales.guide.findings import texts
from mmrec_tui.app.palette import ScreenCommands
from mmrec_tui.app.widgets import finding_panels
from mmrec_tui.app.widgets.finding_panels import Hints, items_text
from mmrec_tui.app.widgets.panel import shortened
from mmrec_tui.app.widgets.panels import Log
from mmrec_tui.cli.tables import broken_path
from mmrec_tui.locales import Wording
from tests.app.conftest import an_app, screen_text, table_of, until, until_shown
from tests.app.every_screen import OPENERS
from tests.app.recorded import a_training, an_ending, record
from tests.app.test_curves import a_run

pytestmark = pytest.mark.usefixtures("without_torch")


def test_reason_for_which_an_item_was_skipped_is_in_the_checklist() -> None:
    skipped = finding("accuracy-rising", "during", "skipped", {"reason": "too-early"})
    text = items_text([skipped], {}, "during", Wording("en"), short=False).plain
    assert "– Is the accuracy rising?\n  skipped: the run is too short to judge this" in text


@pytest.mark.parametrize("language", ["en", "tr"])
async def test_list_of_keys_explains_every_sign_of_a_checklist(language: str) -> None:
    app = an_app(language)
    async with app.run_test(size=(120, 50)) as pilot:
        await OPENERS["TrainingScreen"](app, pilot)
        assert app.say("item.none") in screen_text(app), "the panel explains the sign of a question without an answer"
        await pilot.press("question_mark")
        await until(pilot, lambda: table_of(app) != "training")
        await pilot.press("end")
        await until_shown(pilot, app.say("keys.signs"))
        signs = app.say("keys.signs-are")
        assert all(f"{glyph} " in signs for glyph in GLYPHS.values())
        await until_shown(pilot, signs.split(" · ")[0])


@pytest.mark.parametrize("language", ["en", "tr"])
@pytest.mark.parametrize("name", ["StartScreen", "PlanScreen", "TrainingScreen", "ReportScreen", "RunsScreen"])
async def test_no_description_of_the_palette_repeats_the_name(language: str, name: str) -> None:
    app = an_app(language)
    async with app.run_test(size=(120, 36)) as pilot:
        await OPENERS[name](app, pilot)
        commands: Any = ScreenCommands(app.screen)
        listed = list(commands._of_keys())
        assert len(listed) > 5
        assert [one.words for one in listed if one.words.partition("  (")[0] == one.about] == []
        rest = [one.words for one in commands._of_the_rest()]
        assert all(": " in words for words in rest), rest


async def test_list_of_keys_names_the_comparison_before_two_runs_are_marked() -> None:
    a_run("tiny")
    a_run("tiny-2", later=300)
    app = an_app()
    async with app.run_test(size=(100, 30)) as pilot:
        app.open_screen("runs")
        await until_shown(pilot, "tiny-2")
        await pilot.press("question_mark")
        await until(pilot, lambda: table_of(app) != "runs")
        await until_shown(pilot, app.say("key.overlay"))


def test_shortened_text_ends_with_its_sign() -> None:
    text = Content("one two three four five\nsix seven")
    assert shortened(text, 12, 5) is text
    assert shortened(text, 12, 2).plain == "one two\nthree four …"
    for width in range(6, 30):
        rows = shortened(text, width, 1).plain.split("\n")
        assert len(rows) == 1 and rows[0].endswith(" …") and len(rows[0]) <= width


@pytest.mark.parametrize("language", ["en", "tr"])
async def test_hint_that_is_cut_says_so_on_a_small_screen(language: str) -> None:
    own = a_run("tiny-2", 420)
    app = an_app(language)
    async with app.run_test(size=(60, 16)) as pilot:
        app.watch_run(own)
        await until(pilot, lambda: app.screen.query(Hints) and app.screen.query_one(Hints).size.height)
        await until_shown(pilot, " …")
        app.screen.set_focus(app.screen.query_one(Hints))
        await until(pilot, lambda: " …" not in screen_text(app))


def test_path_is_broken_between_folders_and_never_within_a_name() -> None:
    path = "/home/someone/texts-of-mine/checkpoints/a-long-name"
    for room in range(8, 60):
        lines = broken_path(path, room).split("\n")
        assert "".join(lines) == path
        assert all(line.endswith("/") for line in lines[:-1])
        assert all(len(line) <= room or line.count("/") <= 1 for line in lines)
    assert broken_path("C:\\texts\\tiny", 9).split("\n") == ["C:\\texts\\", "tiny"]


async def test_list_of_runs_without_a_run_takes_one_line() -> None:
    app = an_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await until_shown(pilot, app.say("start.no-runs")[:30])
        await until(pilot, lambda: app.screen.query_one("#recent").size.height <= 2)
        a_run("tiny")
        await until_shown(pilot, "tiny")
        await until(pilot, lambda: app.screen.query_one("#recent").size.height > 5)


@pytest.mark.parametrize("language", ["en", "tr"])
@pytest.mark.parametrize("size", [(200, 60), (120, 36), (80, 24)])
async def test_hints_tell_why_they_matter_where_there_is_room(size: tuple[int, int], language: str) -> None:
    app = an_app(language)
    async with app.run_test(size=size) as pilot:
        await OPENERS["TrainingScreen"](app, pilot)
        hints = app.screen.query_one(Hints)
        title = texts()["overfitting"].title[app.say.language]
        await until(pilot, lambda: title in str(hints._text.render()))
        why = texts()["overfitting"].why[app.say.language]
        assert (why in str(hints._text.render())) == (size == (200, 60))
        assert hints.max_scroll_y == 0 or size != (200, 60), "why does not make it scroll"


async def test_remedies_of_the_hints_are_made_again_only_for_other_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    """They take a millisecond for each finding, and the screen looks several times a second."""
    made: list[str] = []

    def counted(found: dict[str, Any], settings: dict[str, Any]) -> list[dict[str, Any]]:
        made.append(found["id"])
        return remedies_now(found, settings)

    monkeypatch.setattr(finding_panels, "remedies_now", counted)
    app = an_app("en")
    async with app.run_test(size=(120, 36)) as pilot:
        await OPENERS["TrainingScreen"](app, pilot)
        screen: Any = app.screen
        await until(pilot, lambda: "overfitting" in made)
        before, ticks = len(made), screen._ticks
        await until(pilot, lambda: screen._ticks > ticks + 3)
        assert len(made) == before
        with screen.session.reading() as history:
            history.findings.append({**history.findings[-1], "id": "loss-spike", "status": "warn"})
        await until(pilot, lambda: "loss-spike" in made)


@pytest.mark.parametrize("steps", [60, 420], ids=["nothing to point out", "a hint"])
async def test_rows_that_the_hints_leave_on_a_large_screen_are_for_the_log(steps: int) -> None:
    folder = record(Path("checkpoints/tiny").absolute(), [*a_training(steps), *an_ending(step=steps)])
    app = an_app("en")
    async with app.run_test(size=(200, 60)) as pilot:
        app.watch_run(folder)
        await until(pilot, lambda: table_of(app) == "training" and app.screen._ticks > 1)  # type: ignore[attr-defined]
        await until_shown(pilot, "new best")
        hints, log = app.screen.query_one(Hints), app.screen.query_one("#side-log", Log)
        assert hints.size.height == hints.query_one(".told").size.height, "no empty rows"
        assert log.display and log.size.height > 10
        assert not app.screen.query_one("#panel-log").display, "once is enough"
