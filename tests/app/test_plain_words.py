"""What a newcomer reads: figures have names, fields are explained, tabs are words, and a search ends where it began."""

from __future__ import annotations

import json
import re
import threading
from pathlib import Path
from typing import Any

import pytest
from textual.events import MouseScrollDown
from textual.pilot import Pilot
from textual.widgets import OptionList

import mmrec_engine
import mmrec_tui
from mmrec_engine.locales.messages import LANGUAGES, Language
from mmrec_engine.runs.other_runs import OtherRuns
from mmrec_engine.settings import FIELDS, GROUPS, settings_of
from mmrec_tui.app.app import MmrecApp
from mmrec_tui.app.widgets.panels import state_text
from mmrec_tui.app.widgets.tabs import tabs_text
from mmrec_tui.app.writing import Written
from mmrec_tui.locales import Wording
from mmrec_tui.presentation.panels import PANELS
from mmrec_tui.presentation.planned import unset_words
from tests.app.conftest import an_app, screen_text, table_of, until, until_shown
from tests.app.recorded import a_training, an_ending, record
from tests.app.test_bar import open_screen
from tests.engine.test_history import history_of

pytestmark = pytest.mark.usefixtures("without_torch")

_FIGURE = re.compile(r"[%\d][\d.,:/e%−-]*")
_SIZES = (60, 80, 100)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", _SIZES)
def test_each_figure_of_the_state_line_has_its_name_or_unit(language: Language, width: int) -> None:
    say = Wording(language)
    _, line = state_text(history_of(*a_training(120)), "TRAINING", "tiny", "", say, width).plain.split("\n")
    assert len(line) <= width
    for part in re.split(r" {2,}", line.strip()):
        assert re.search(r"[^\W\d_]{2,}", re.sub(r"\de-?\d", "", part)), (part, line)
    assert {60: 3, 80: 5, 100: 6}[width] <= len(_FIGURE.findall(line)), line


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [*_SIZES, 120])
def test_tabs_are_words_and_the_shown_one_is_among_them(language: Language, width: int) -> None:
    say = Wording(language)
    for shown in PANELS:
        text = tabs_text(PANELS, shown, say, width).plain
        assert len(text) <= width, text
        titles = [title.strip(" ‹›") for title in text.split("│")]
        assert all(re.fullmatch(r"\d [^\W\d].*", title) for title in titles), text
        assert any(title.startswith(f"{PANELS.index(shown) + 1} ") for title in titles), text
        assert width < 80 or len(titles) == len(PANELS), text  # arrows only where there is no other way


@pytest.mark.parametrize(("language", "term"), [("en", "LR"), ("tr", "Öğr. oranı")])
def test_narrow_tab_and_state_line_name_the_learning_rate_and_no_other_rate(language: Language, term: str) -> None:
    say = Wording(language)
    assert f"5 {term}│" in tabs_text(PANELS, "loss", say, 80).plain
    line = state_text(history_of(*a_training(120)), "TRAINING", "tiny", "", say, 80).plain.split("\n")[1]
    assert f" {term.lower()} " in line


async def test_arrow_of_the_tabs_leads_to_the_next_panels() -> None:
    app = an_app("tr")
    async with app.run_test(size=(60, 24)) as pilot:
        await open_screen("TrainingScreen", app, pilot)
        tabs = app.screen.query_one("#tabs")
        assert str(tabs.render()).endswith("›")
        await pilot.click("#tabs", offset=(len(str(tabs.render())) - 1, 0))
        await until(pilot, lambda: "‹" in str(tabs.render()))


async def test_focused_field_for_a_trial_is_explained_and_f1_tells_more() -> None:
    app = an_app("tr")
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_screen("ReportScreen", app, pilot)
        seen = set()
        for name in ("tokens", "temperature", "top_k", "top_p", "repetition_penalty", "seed"):
            screen.set_focus(screen.query_one(f"#sampling-{name}"))
            words = app.say(f"sampling.about-{name}")
            await until_shown(pilot, words[:60])
            seen.add(words)
        assert len(seen) == 6
        await pilot.press("f1")
        await until(pilot, lambda: table_of(app) == "guide")
        assert app.screen._open == "temperature"  # type: ignore[attr-defined]


async def test_focused_field_stays_in_view_when_the_record_has_been_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The text above it becomes longer then."""
    may_read = threading.Event()
    monkeypatch.setattr("mmrec_tui.app.screens.report.other_runs", lambda _: OtherRuns() if may_read.wait(30) else None)
    app = an_app("en")
    async with app.run_test(size=(80, 24)) as pilot:
        folder = record(Path("checkpoints/tiny").absolute(), [*a_training(420), *an_ending()])
        (folder / "best_model.pt").touch()
        app.open_screen("report", folder=folder)
        await until(pilot, lambda: table_of(app) == "report")
        field = app.screen.query_one("#sampling-temperature")
        app.screen.set_focus(field)
        await until_shown(pilot, app.say("sampling.about-temperature")[:60])
        page = app.screen.query_one("#report")
        before = page.max_scroll_y
        may_read.set()
        await until(pilot, lambda: page.max_scroll_y > before)
        await until_shown(pilot, app.say("sampling.about-temperature")[:60])


async def open_report_of_a_model(app: MmrecApp, pilot: Pilot[Any]) -> Any:
    folder = record(Path("checkpoints/tiny").absolute(), [*a_training(420), *an_ending()])
    (folder / "best_model.pt").touch()
    app.open_screen("report", folder=folder)
    await until(pilot, lambda: table_of(app) == "report")
    report: Any = app.screen
    await until(pilot, lambda: report._history is not None)
    return report


async def test_report_of_a_model_opens_at_its_beginning() -> None:
    app = an_app("en")
    async with app.run_test(size=(80, 24)) as pilot:
        report = await open_report_of_a_model(app, pilot)
        page, answer = report.query_one("#report"), report.query_one("#written")
        await until(pilot, lambda: report._checks is not None and report._checks.done)
        await until(pilot, lambda: page.max_scroll_y > 20 and answer.virtual_region.y > page.size.height)
        for _ in range(5):  # what is to be done after a refresh
            await pilot.pause()
        assert page.scroll_offset.y == 0


async def test_answer_below_the_focused_prompt_is_shown_as_a_whole() -> None:
    """Though it makes the page longer: the field is kept in view only when it was moved itself."""
    app = an_app("en")
    async with app.run_test(size=(80, 24)) as pilot:
        report = await open_report_of_a_model(app, pilot)
        report.set_focus(report.query_one("#prompt"))
        await until_shown(pilot, app.say("report.prompt")[:30])
        for lines in (1, 9, 18):
            report._writer.written = Written("The ", "\n".join(f"line {number}" for number in range(lines)))
            await until_shown(pilot, f"line {lines - 1}", 5)
        assert "The line 0" in screen_text(app)


async def test_escape_ends_the_search_of_the_guide() -> None:
    app = an_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("g")
        await until(pilot, lambda: table_of(app) == "guide")
        listed = app.screen.query_one("#topics", OptionList)
        everything = listed.option_count
        await pilot.press("slash", *"perplex")
        await until(pilot, lambda: listed.option_count < everything)
        found = app.screen._open  # type: ignore[attr-defined]
        await pilot.press("escape")
        await until(pilot, lambda: listed.option_count == everything)
        assert table_of(app) == "guide" and app.focused is listed
        assert str(listed.get_option_at_index(listed.highlighted or 0).id) == found


async def test_wheel_over_the_plot_of_a_report_scrolls_the_page() -> None:
    app = an_app()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_screen("ReportScreen", app, pilot)
        page, plot = screen.query_one("#report"), screen.query_one("#curve")
        page.scroll_to_widget(plot, animate=False)
        await until(pilot, lambda: page.scroll_offset.y > 0 and plot.region.y > 0)
        before = page.scroll_offset.y
        await pilot._post_mouse_events([MouseScrollDown], "#curve", button=0)
        await until(pilot, lambda: page.scroll_offset.y > before)


@pytest.mark.parametrize(
    ("language", "names"), [("en", ("Theme: light", "Theme: dark,")), ("tr", ("Tema: açık", "Tema: koyu,"))]
)
async def test_chosen_theme_is_named(language: str, names: tuple[str, str]) -> None:
    app = an_app(language)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        for name in names:
            await pilot.press("f3")
            await until_shown(pilot, name)
        await until(pilot, lambda: names[0] not in screen_text(app))  # one theme at a time


@pytest.mark.parametrize("language", LANGUAGES)
def test_figures_of_runs_are_losses_and_not_nats(language: Language) -> None:
    """The unit is explained once, with the loss; on the screens a figure is named by what it is."""
    for package, name in ((mmrec_engine, "findings"), (mmrec_tui, "app")):
        path = Path(package.__path__[0]) / "locales" / language / f"{name}.json"
        assert not re.search(
            r"\bnats?\b", json.dumps(json.loads(path.read_text("utf-8")), ensure_ascii=False).replace("_nats", "")
        ), path


def test_each_setting_without_a_value_says_in_words_what_is_used() -> None:
    settings = [name for group in GROUPS for name in settings_of(group) if FIELDS[name].default is None]
    assert "encoding" in settings and "text_field" in settings
    assert not [name for name in settings if not FIELDS[name].metadata["unset"]]
    for language in LANGUAGES:
        assert all(re.search(r"\w", unset_words(name, Wording(language))) for name in settings)
