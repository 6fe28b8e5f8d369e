"""What the plan shows of a choice, and of what was typed."""

from __future__ import annotations

import re
import threading
from typing import Any

import pytest
from textual.widgets import Input, Select

from mmrec_engine.locales.catalogue import LANGUAGES, Language
from mmrec_engine.settings.parsing import SECONDS
from mmrec_engine.settings.presets import PROFILES
from mmrec_tui.app import preparing
from mmrec_tui.app.widgets.corpora import corpus_options
from mmrec_tui.app.widgets.field_values import as_text
from mmrec_tui.app.widgets.fields import ValueInput
from mmrec_tui.locales import Wording
from tests.app.conftest import an_app, screen_text, table_of, until, until_shown

pytestmark = pytest.mark.usefixtures("without_torch")


@pytest.mark.parametrize("language", LANGUAGES)
def test_entry_for_an_own_text_does_not_look_like_a_choice_that_is_not_taken(language: Language) -> None:
    own, *others = corpus_options({}, ["/texts/one.txt"], Wording(language), 60)
    assert str(own.prompt).startswith("+ ")
    assert all(str(one.prompt).startswith(("● ", "○ ")) for one in others)


@pytest.mark.extended
@pytest.mark.parametrize("language", LANGUAGES)
async def test_undoing_a_profile_shows_the_one_before_and_takes_back_what_was_told(language: Language) -> None:
    app = an_app(language, plan={"time": 240.0})
    app.NOTIFICATION_TIMEOUT = 600
    async with app.run_test(size=(160, 45), notifications=True) as pilot:
        await pilot.press("n")
        await until(pilot, lambda: table_of(app) == "plan")
        plan: Any = app.screen
        box = plan.query_one("#profile", Select)
        told = app.say("plan.time-dropped")[:20]
        box.value = "thorough"
        await until_shown(pilot, told)
        box.value = "small-text"
        await until(pilot, lambda: plan._draft.given.get("dropout") == PROFILES["small-text"]["dropout"])
        await pilot.press("ctrl+z")
        await until(pilot, lambda: box.value == "thorough" and "dropout" not in plan._draft.given)
        assert plan._draft.given.get("time") is None
        await pilot.press("ctrl+z")
        await until(pilot, lambda: plan._draft.given.get("time") == 240.0)
        await until(pilot, lambda: box.value == Select.NULL)
        await until(pilot, lambda: told not in screen_text(app))
        box.value = "thorough"
        await until(pilot, lambda: "time" not in plan._draft.given)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: box.value == Select.NULL)


@pytest.mark.parametrize(
    ("language", "typed", "seconds", "shown"),
    [
        ("en", "2m", 120.0, "=2:00"),
        ("tr", "1sa30dk", 5400.0, "1:30:00  "),
        ("tr", "1,5 dk", 90.0, "=1:30"),
        ("tr", "90 saniye", 90.0, "=1:30"),
    ],
)
async def test_time_is_typed_with_units_and_what_results_is_shown(
    language: str, typed: str, seconds: float, shown: str
) -> None:
    app = an_app(language)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("n")
        await until(pilot, lambda: table_of(app) == "plan")
        plan: Any = app.screen
        plan.open_setting("time")
        await pilot.press(*typed)
        field = plan.query_one("#field-time", Input)
        await until(pilot, lambda: field.value == typed)
        await until(pilot, lambda: plan._resolved is not None and plan._resolved.settings.time == seconds)
        await until_shown(pilot, shown)


@pytest.mark.parametrize(("language", "shown"), [("en", "1m30s"), ("tr", "1dk30sn")])
async def test_time_of_a_plan_is_shown_with_units_and_is_still_the_same_once_it_was_visited(
    language: str, shown: str
) -> None:
    app = an_app(language, plan={"time": 90.0})
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("n")
        await until(pilot, lambda: table_of(app) == "plan")
        plan: Any = app.screen
        field = plan.query_one("#field-time", Input)
        await until(pilot, lambda: field.value == shown)
        plan.open_setting("time")
        await pilot.press("end", "tab")
        await until(pilot, lambda: not field.has_focus)
        await until(pilot, lambda: field.value == shown)
        assert plan._draft.given["time"] == 90.0


@pytest.mark.parametrize(
    ("seconds", "shown"), [(2_000_000.0, "555sa33dk20sn"), (1_234_567.0, "342sa56dk7sn"), (90.5, "1dk30,5sn")]
)
def test_time_in_its_field_can_be_typed_on(seconds: float, shown: str) -> None:
    """An exponent, or a rounded number, could not be changed there, or would be another time."""
    assert as_text("time", seconds, Wording("tr")) == shown
    assert re.fullmatch(str(ValueInput(kind="duration").restrict), shown)


@pytest.mark.parametrize(
    ("language", "told"), [("en", "opens as soon as this is done"), ("tr", "kontrol listesi açılır")]
)
async def test_start_that_is_asked_for_too_soon_follows_when_the_plan_is_ready(
    language: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_prepare = threading.Event()
    prepare = preparing._prepare

    def slowly(work: Any, settings: Any) -> Any:
        may_prepare.wait(60)
        return prepare(work, settings)

    monkeypatch.setattr(preparing, "_prepare", slowly)
    app = an_app(language)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("n")
        await until(pilot, lambda: table_of(app) == "plan")
        await pilot.press("ctrl+s")
        await until_shown(pilot, told)
        await pilot.press("escape")  # changes one's mind, and stays on the plan
        await until(pilot, lambda: told not in screen_text(app))
        assert table_of(app) == "plan"
        await pilot.press("ctrl+s")
        await until_shown(pilot, told)
        plan: Any = app.screen
        plan._take(plan._draft.with_value("seed", 7))  # another plan than the one that was to be started
        assert told not in str(plan.query_one("#summary").render())
        await pilot.press("ctrl+s")
        await until_shown(pilot, told)
        may_prepare.set()
        await until(pilot, lambda: table_of(app) == "checklist")


def test_field_of_the_time_takes_each_unit_as_it_is_typed() -> None:
    taken = re.compile(str(ValueInput(kind="duration").restrict))
    for unit in SECONDS:
        text = f"1{unit.upper()} 2,5{unit}"
        assert all(taken.fullmatch(text[:end]) for end in range(len(text) + 1))


@pytest.mark.parametrize(("language", "told"), [("en", "such as 90s, 10m"), ("tr", "90sn, 10dk")])
async def test_letters_of_no_unit_are_refused_in_the_time(language: str, told: str) -> None:
    app = an_app(language)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("n")
        await until(pilot, lambda: table_of(app) == "plan")
        plan: Any = app.screen
        plan.open_setting("time")
        await pilot.press(*"abc")
        await until_shown(pilot, told)
        assert plan.query_one("#field-time", Input).value == "" and "time" not in plan._draft.given
