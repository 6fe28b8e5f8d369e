"""The single table of keys, and the effects of keys on the screens: select, focus, resize, help."""

from __future__ import annotations

import importlib
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from mmrec_engine.locales.messages import LANGUAGES
from mmrec_tui.app.keys import KEYS, about_key, keys_of, word_key
from mmrec_tui.app.screens.base import MmrecScreen
from mmrec_tui.app.screens.leaving import LeavingScreen
from mmrec_tui.app.session import Watching
from mmrec_tui.locales import Wording
from mmrec_tui.presentation.panels import PANELS, PLOTS
from tests.app.conftest import an_app, screen_text, table_of, until, until_shown
from tests.app.recorded import a_training, an_ending, record

pytestmark = pytest.mark.usefixtures("without_torch")
SCREENS = (
    "start",
    "plan",
    "checklist",
    "training",
    "report",
    "tokens",
    "write",
    "runs",
    "compare",
    "guide",
    "rates",
    "batches",
)


def screen_class(name: str) -> type[MmrecScreen]:
    found: type[MmrecScreen] = getattr(
        importlib.import_module(f"mmrec_tui.app.screens.{name}"), f"{name.capitalize()}Screen"
    )
    return found


@pytest.mark.parametrize("name", SCREENS)
def test_every_key_of_a_screen_has_an_action(name: str) -> None:
    screen = screen_class(name)
    assert screen.table == name
    for key in keys_of(name):
        action = key.action.partition("(")[0]
        assert callable(getattr(screen, f"action_{action}", None)), f"{name}: {key.action}"


def test_every_screen_in_the_table_exists() -> None:
    assert {screen for key in KEYS for screen in key.screens} <= set(SCREENS)
    assert all(Wording(language).knows(f"screen.{name}") for name in SCREENS for language in LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_key_has_words(language: Any) -> None:
    say = Wording(language)
    for key in KEYS:
        assert say.knows(word_key(key.action)), key.action
        assert say.knows(about_key(key.action)), key.action


def test_keys_are_typable_without_alt_gr_on_a_turkish_keyboard() -> None:
    plain = re.compile(
        r"[a-hj-z]|[0-9]|f[0-9]+|space|enter|slash|question_mark|escape|left|right|up|down|plus|equals_sign|minus|ctrl\+(?:[a-hj-z]|up|down)"
    )
    for key in KEYS:
        for name in key.keys.split(","):
            assert plain.fullmatch(name), name


@pytest.mark.parametrize("name", SCREENS)
def test_keys_of_a_screen_are_unique(name: str) -> None:
    own = Counter(one for key in keys_of(name) for one in key.keys.split(","))
    assert [key for key, times in own.items() if times > 1] == []


def test_no_key_both_starts_a_training_and_stops_something() -> None:
    going_on = {"start", "next", "new_run", "go_on", "go_on_run", "plan_next", "train_further"}
    stopping = {"stop", "detach", "quit_now", "delete"}
    for effect, actions in zip(("go", "stop"), (going_on, stopping), strict=True):
        assert {key.action for key in KEYS if key.effect == effect} == actions
    going = {name for key in KEYS if key.effect == "go" for name in key.keys.split(",")}
    ending = {name for key in KEYS if key.effect == "stop" for name in key.keys.split(",")}
    ending |= {name for name, action, _ in LeavingScreen.BINDINGS if action in ("stop", "detach")}
    assert not going & ending


def test_global_keys_are_not_letters() -> None:
    for key in KEYS:
        if key.priority:
            assert key.keys.startswith("ctrl+"), key


@pytest.fixture
def finished() -> Path:
    return record(Path("checkpoints/tiny").absolute(), [*a_training(), *an_ending()])


def shown_panels(pilot: Pilot[Any]) -> list[str]:
    return [name for name in PANELS if pilot.app.screen.query_one(f"#panel-{name}").region.area]


async def test_f1_on_a_plot_opens_its_topic_in_the_guide(finished: Path) -> None:
    app = an_app(session=Watching(finished))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        for number, title in ((2, "Perplexity"), (5, "Learning rate"), (6, "Gradient norm")):
            panel = f"panel-{PLOTS[number - 1]}"
            await pilot.press(str(number))
            await until(pilot, lambda panel=panel: app.focused is not None and app.focused.id == panel)
            await pilot.press("f1")
            await until(pilot, lambda: table_of(app) == "guide")
            await until(pilot, lambda title=title: title in screen_text(app).split("\n")[4])
            await pilot.press("escape")
            await until(pilot, lambda panel=panel: app.focused is not None and app.focused.id == panel)


async def test_digit_selects_its_panel_on_a_narrow_screen(finished: Path) -> None:
    app = an_app(session=Watching(finished))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        assert shown_panels(pilot) == ["loss"]
        for number, name in enumerate(PANELS, start=1):
            await pilot.press(str(number))
            await pilot.pause()
            assert shown_panels(pilot) == [name]
            assert app.focused is not None
            assert app.focused.id == f"panel-{name}"


async def test_clicking_a_tab_shows_its_panel(finished: Path) -> None:
    app = an_app(session=Watching(finished))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.pause()
        tabs = screen_text(app).split("\n")[2]
        await pilot.click(offset=(tabs.index("3"), 2))
        await pilot.pause()
        assert shown_panels(pilot) == ["accuracy"]


async def test_resize_keeps_the_selected_panel(finished: Path) -> None:
    app = an_app(session=Watching(finished))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("4")
        await pilot.resize_terminal(200, 60)
        await pilot.pause()
        assert shown_panels(pilot) == [name for name in PANELS if name != "log"]
        assert app.screen.query_one("#side-log").region.area, "in the column of the hints"
        await pilot.resize_terminal(50, 14)
        await pilot.pause()
        assert shown_panels(pilot) == []
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert shown_panels(pilot) == ["gap"]
        assert "validation − training" in screen_text(app)


async def test_focused_panel_is_shown_when_the_screen_narrows(finished: Path) -> None:
    app = an_app(session=Watching(finished))
    async with app.run_test(size=(160, 45), notifications=True) as pilot:
        await pilot.click("#panel-speed")
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert shown_panels(pilot) == ["speed"]


async def test_maximised_panel_fills_the_screen(finished: Path) -> None:
    app = an_app(session=Watching(finished))
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.press("2", "m")
        await until(pilot, lambda: shown_panels(pilot) == ["perplexity"])
        await pilot.press("m")
        await until(pilot, lambda: len(shown_panels(pilot)) > 1)
        assert "perplexity" in shown_panels(pilot)


async def test_escape_restores_a_maximised_panel_before_it_leaves_the_screen(finished: Path) -> None:
    app = an_app(session=Watching(finished))
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.press("2", "m")
        await until(pilot, lambda: shown_panels(pilot) == ["perplexity"])
        await pilot.press("escape")
        await until(pilot, lambda: len(shown_panels(pilot)) > 1)
        assert table_of(app) == "training"
        await pilot.press("escape")
        await until(pilot, lambda: table_of(app) == "start")


async def test_home_and_end_move_to_the_first_and_the_last_run() -> None:
    for number in range(3):
        record(Path(f"checkpoints/run-{number}").absolute(), [*a_training(10), *an_ending()])
    app = an_app()
    async with app.run_test(size=(80, 24)) as pilot:
        app.open_screen("runs")
        screen: Any = app.screen
        await until(pilot, lambda: len(screen._rows) == 3)
        table = screen.query_one("#runs")
        for key, row in (("end", 2), ("home", 0)):
            await pilot.press(key)
            await until(pilot, lambda row=row: table.cursor_row == row)  # type: ignore[misc]


async def test_typed_plan_values_survive_a_resize() -> None:
    app = an_app()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("n")
        await pilot.pause()
        field = app.screen.query_one("#field-dropout", Input)
        field.focus()
        await pilot.pause()
        await pilot.press(*["backspace"] * 5, *"0,25")
        await pilot.resize_terminal(160, 45)
        await pilot.pause()
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert field.value == "0,25"
        assert app.focused is field
        assert field.region.area, "the pane with the focus is not the one that is shown"
        screen: Any = app.screen
        assert screen._resolved.settings.dropout == 0.25


@pytest.mark.slow
async def test_letters_in_a_field_trigger_no_keys_and_esc_leaves_it() -> None:
    app = an_app()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("n")
        await pilot.pause()
        field = app.screen.query_one("#field-name", Input)
        field.focus()
        await pilot.press(*"qg3 t")
        assert (table_of(app), field.value) == ("plan", "qg3 t")
        await pilot.press("escape")
        assert (table_of(app), app.focused) == ("plan", None)
        await pilot.press("escape")
        await pilot.pause()
        assert table_of(app) == "start"


async def test_key_bar_can_be_clicked() -> None:
    app = an_app()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.pause()
        bar = screen_text(app).split("\n")[23]
        await pilot.click(offset=(bar.index("guide"), 23))
        await pilot.pause()
        assert table_of(app) == "guide"


@pytest.mark.slow
async def test_key_bar_ends_with_help_and_quit() -> None:
    app = an_app()
    async with app.run_test(size=(160, 30), notifications=True) as pilot:
        for screen in ("start", "plan", "runs", "guide"):
            if screen != "start":
                app.open_screen(screen)
            for width in (160, 80, 30):
                await pilot.resize_terminal(width, 30)
                await pilot.pause()
                bar = screen_text(app).split("\n")[29]
                way_back = "" if screen == "start" else "esc back  "
                assert re.search(rf"\? keys( \+\d+)?  {way_back}q quit$", bar), (screen, width, bar)


@pytest.mark.slow
async def test_palette_runs_the_same_actions_as_keys() -> None:
    app = an_app()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("ctrl+p")
        await pilot.pause()
        assert "Search for a command" in screen_text(app)
        await pilot.press(*"guide")
        await until_shown(pilot, "The guide, at this screen's topic")
        await pilot.press("down", "enter")
        await until(pilot, lambda: table_of(app) == "guide")


async def test_axis_and_smoothing_are_stored_and_scale_is_not(finished: Path) -> None:
    app = an_app(session=Watching(finished))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("x", "l", "o")
        await until_shown(pilot, "EMA 0.99")  # only for some seconds, in which the notices cover the end of the axis
        await until_shown(pilot, "400k")
        await until_shown(pilot, "logarithmic y axis")
    from mmrec_tui.preferences import read_preferences

    kept = read_preferences()
    assert (kept.x_axis, kept.smoothing) == ("tokens", 0.99)
    again = an_app(session=Watching(finished), x_axis=kept.x_axis, smoothing=kept.smoothing)
    async with again.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "smoothed")
        assert "logarithmic" not in screen_text(again)


@pytest.mark.slow
async def test_guide_search_finds_and_shows_a_topic() -> None:
    app = an_app("tr")
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await pilot.press("g")
        await pilot.pause()
        await pilot.press("slash", *"ezber")
        await pilot.pause()
        assert app.screen.query_one("#topics", OptionList).option_count < 30
        await pilot.press("enter", "down", "up")
        await pilot.pause()
        assert "ezber" in screen_text(app).casefold()
