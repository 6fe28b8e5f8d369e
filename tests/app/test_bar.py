"""The key bar names the active keys; the list of keys names all of them, and runs the chosen one."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from mmrec_engine.checks.finding import finding
from mmrec_engine.events import Finding
from mmrec_tui.app.keys import acts_beside, word_key
from mmrec_tui.app.screens.base import KeyBar, MmrecScreen
from mmrec_tui.app.widgets.paper import Paper
from mmrec_tui.locales import LANGUAGES
from tests.app.conftest import an_app, screen_text, table_of, until, until_shown
from tests.app.every_screen import OPENERS
from tests.app.recorded import a_training, an_ending, record

pytestmark = pytest.mark.usefixtures("without_torch")


def barred(app: Any) -> str:
    return str(app.screen.query_one(KeyBar).render())


async def open_screen(name: str, app: Any, pilot: Pilot[Any]) -> MmrecScreen:
    await OPENERS[name](app, pilot)
    await pilot.pause()
    screen = app.screen
    assert isinstance(screen, MmrecScreen)
    return screen


async def test_focused_field_hides_letter_keys_from_the_bar() -> None:
    app = an_app()
    async with app.run_test(size=(160, 45)) as pilot:
        screen = await open_screen("PlanScreen", app, pilot)
        assert "l find rate" in barred(app) and "q quit" in barred(app)
        field = screen.query_one("#field-name", Input)
        field.focus()
        await pilot.pause()
        shown = barred(app)
        for word in ("l find rate", "b find batch", " q quit", "g guide"):
            assert word not in shown
        assert "^s next" in shown and "? keys" in shown and "esc back" in shown and "^q quit" in shown
        await pilot.press("escape")
        await pilot.pause()
        assert "l find rate" in barred(app)


@pytest.mark.parametrize(("columns", "all_fit"), [(60, False), (240, True)])
async def test_bar_tells_how_many_keys_did_not_fit(columns: int, all_fit: bool) -> None:
    app = an_app()
    async with app.run_test(size=(columns, 24)) as pilot:
        screen = await open_screen("ReportScreen", app, pilot)
        acting = [key for key in screen.barred_keys() if screen.acts_now(key)]
        shown = barred(app)
        missing = [key for key in acting if f" {app.say(word_key(key.action))} " not in f"{shown} "]
        assert (not missing) == all_fit
        assert ("? keys +" in shown) != all_fit
        assert all_fit or f"? keys +{len(missing)} " in shown
        assert len(shown) <= columns


@pytest.mark.first(1)
@pytest.mark.parametrize("name", [name for name in OPENERS if name.endswith("Screen")])
async def test_every_key_in_the_bar_has_an_effect(name: str) -> None:
    app = an_app()
    async with app.run_test(size=(160, 45)) as pilot:
        await OPENERS[name](app, pilot)
        await pilot.pause()
        screen = app.screen
        if not isinstance(screen, MmrecScreen):
            pytest.skip("a dialog has no bar")
        for widget in [None, *screen.query(Input)]:
            screen.set_focus(widget)
            await pilot.pause()
            shown = barred(app)
            for key in screen.barred_keys():
                named = f"{key.shown} {app.say(word_key(key.action))}  "
                if widget is not None and f" {named}" in shown.replace("\n", ""):
                    assert acts_beside(key, screen._takes), (name, widget.id, key)


async def test_maximise_is_shown_only_with_several_panels() -> None:
    app = an_app()
    async with app.run_test(size=(160, 45)) as pilot:
        screen = await open_screen("TrainingScreen", app, pilot)
        assert any(key.action == "maximise" for key in screen.shown_keys())
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert not any(key.action == "maximise" for key in screen.shown_keys())
        assert "maximise" not in barred(app)


async def test_key_list_names_all_active_keys_and_runs_the_chosen_one() -> None:
    app = an_app()
    async with app.run_test(size=(100, 50), notifications=True) as pilot:
        screen = await open_screen("TrainingScreen", app, pilot)
        await pilot.press("question_mark")
        await until_shown(pilot, "Keys: training")
        listed = screen_text(app)
        await pilot.press("end")
        await pilot.pause()
        listed += screen_text(app)
        for key in screen.shown_keys():
            if key.action not in ("keys", "back"):
                assert f"{key.shown} " in listed and app.say(word_key(key.action)) in listed, key
        await pilot.press("x")
        await until(pilot, lambda: app.screen is screen and app.stage.preferences.x_axis == "tokens")
        await pilot.press("question_mark")
        await until_shown(pilot, "Keys: training")
        await pilot.press("f1")
        await until(pilot, lambda: table_of(app) == "guide")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_where_text_is_typed_the_bar_counts_hidden_keys_and_f5_lists_them(language: str) -> None:
    app = an_app(language)
    async with app.run_test(size=(60, 16)) as pilot:
        screen: Any = await open_screen("WriteScreen", app, pilot)
        await until(pilot, lambda: isinstance(app.focused, Paper))
        acting = [key for key in screen.barred_keys() if screen.acts_now(key)]
        missing = [key for key in acting if f" {app.say(word_key(key.action))} " not in f"{barred(app)} "]
        assert {"alternative_before", "save_text", "warmer", "cooler"} <= {key.action for key in missing}
        assert f"F5 {app.say('key.keys')} +{len(missing)} " in barred(app)
        await pilot.press("question_mark", "f5")
        await until_shown(pilot, app.say("about.save_text")[:20])
        assert screen.query_one(Paper).text == "?"
        warmth = screen._warmth
        await pilot.press("ctrl+up")
        await until(pilot, lambda: app.screen is screen and screen._warmth == warmth + 1)


@pytest.mark.parametrize(
    ("name", "field"), [("RunsScreen", "#filter"), ("GuideScreen", "#search"), ("ReportScreen", "#prompt")]
)
async def test_f5_lists_the_keys_in_every_field_for_words(name: str, field: str) -> None:
    app = an_app()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_screen(name, app, pilot)
        screen.query_one(field, Input).focus()
        await until(pilot, lambda: "F5 keys" in barred(app))
        await pilot.press("f5")
        await until_shown(pilot, "Keys: ")
        await pilot.press("f5")
        await until(pilot, lambda: app.screen is screen)
        screen.set_focus(None)
        await until(pilot, lambda: "? keys" in barred(app))


async def test_compare_needs_two_marked_runs_and_delete_needs_one() -> None:
    app = an_app()
    async with app.run_test(size=(160, 45)) as pilot:
        app.open_screen("runs")
        await until(pilot, lambda: table_of(app) == "runs" and app.screen.query(KeyBar) and "? keys" in barred(app))
        assert "space mark" not in barred(app) and "x delete" not in barred(app)
        await pilot.press("escape")
        for name in ("tiny", "other"):
            record(Path(f"checkpoints/{name}").absolute(), [*a_training(), *an_ending()])
        await open_screen("RunsScreen", app, pilot)
        await until(pilot, lambda: "x delete" in barred(app))
        await pilot.press("space", "down")
        assert "o compare" not in barred(app)
        await pilot.press("space")
        await until(pilot, lambda: "o compare" in barred(app))


async def test_remedies_key_is_shown_once_a_finding_has_remedies() -> None:
    app = an_app()
    async with app.run_test(size=(160, 45)) as pilot:
        record(Path("checkpoints/tiny").absolute(), [e for e in a_training() if not isinstance(e, Finding)])
        screen: Any = await open_screen("TrainingScreen", app, pilot)
        assert "a remedies" not in barred(app)
        values = {"step": 5, "loss": 4.0, "median": 2.0, "factor": 2.0}
        with screen.session.reading() as history:
            history.add(Finding(step=5, finding=finding("loss-spike", "during", "warn", values)))
        await until(pilot, lambda: "a remedies" in barred(app))


@pytest.mark.extended
async def test_palette_finds_settings_runs_themes_and_topics() -> None:
    app = an_app()
    async with app.run_test(size=(100, 40), notifications=True) as pilot:
        plan = await open_screen("PlanScreen", app, pilot)
        await pilot.press("ctrl+p")
        await pilot.pause()
        started = time.process_time()
        await pilot.press(*"setting dropout")
        await until_shown(pilot, "Setting: Dropout")
        assert time.process_time() - started < 15, "each letter is answered at once"
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is plan and getattr(app.focused, "id", "") == "field-dropout")
        await pilot.press("ctrl+p")
        await pilot.pause()
        await pilot.press(*"theme light")
        await until_shown(pilot, "Theme: light")
        await pilot.press("enter")
        await until(pilot, lambda: app.theme == "mmrec-light")


@pytest.mark.parametrize(("typed", "shown"), [("ogren", "öğrenme"), ("yokboyle", "“yokboyle” için bir şey bulunamadı")])
async def test_palette_searches_without_turkish_letters_and_says_when_nothing_is_found(typed: str, shown: str) -> None:
    app = an_app("tr")
    async with app.run_test(size=(100, 40)) as pilot:
        await open_screen("PlanScreen", app, pilot)
        await pilot.press("ctrl+p")
        await pilot.pause()
        await pilot.press(*typed)
        await until_shown(pilot, shown)


async def test_esc_q_and_ctrl_q_have_one_meaning_each_everywhere(small_text: Path) -> None:
    app = an_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("escape")
        await pilot.pause()
        assert app.is_running, "there is nothing to go back to"
        await open_screen("PlanScreen", app, pilot)
        await pilot.press("escape")
        await until(pilot, lambda: table_of(app) == "start")
        await open_screen("GuideScreen", app, pilot)
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)
