"""The list of a setting's values, and what the form says of a setting."""

from __future__ import annotations

from typing import Any

import pytest
from textual.widgets import Input, Select, Static

from mmrec_tui.app.widgets.choice import EXPLAINED, ChoiceValue
from mmrec_tui.app.widgets.field_values import choices_of
from mmrec_tui.locales import Wording
from tests.app.conftest import an_app, screen_text, table_of, until

pytestmark = pytest.mark.usefixtures("without_torch")
_WIDEST = 44  # columns of an open list


async def a_form(app: Any, pilot: Any) -> Any:
    await pilot.press("n")
    await until(pilot, lambda: table_of(app) == "plan")
    await until(pilot, lambda: app.screen._resolved is not None)
    return app.screen


@pytest.mark.parametrize("language", ["en", "tr"])
async def test_every_choice_says_what_it_is_and_no_explanation_names_a_flag(language: str) -> None:
    app = an_app(language)
    say = Wording(language)  # type: ignore[arg-type]
    async with app.run_test(size=(120, 36)) as pilot:
        plan = await a_form(app, pilot)
        for field in plan._form._fields:
            plan._form._explain(field.value)
            about = str(plan._form.explanation.query_one(Static).render())
            assert about and "--" not in about, about
            for words, choice in choices_of(field.setting, say):
                if choice not in ("True", "False"):
                    assert EXPLAINED in words and words.startswith(choice), words
                assert len(words) <= _WIDEST, words


async def test_list_that_a_click_opens_explains_its_values_beside_its_own_field() -> None:
    app = an_app()
    async with app.run_test(size=(80, 24)) as pilot:
        plan = await a_form(app, pilot)
        plan.open_setting("learning_rate")
        await until(pilot, lambda: plan.query_one("#field-learning_rate", Input).has_focus)
        choice = plan.query_one("#field-schedule", Select)
        plan.query_one("#fields").scroll_to_widget(choice, animate=False)
        await pilot.pause()
        await pilot.click(choice.query_one(ChoiceValue))
        await until(pilot, lambda: choice.expanded)
        await until(pilot, lambda: "in a straight line" in screen_text(app))
        assert "How the learning rate falls" in str(plan.query_one("#about Static").render())
        assert plan.query_one("#fields").region.contains_region(choice.region)
        await pilot.press("down", "enter")
        await until(pilot, lambda: plan._draft.given.get("schedule") == "linear")
        lines = [line for line in screen_text(app).split("\n") if "linear" in line]
        assert lines and "straight" not in lines[0], "the line has the value alone"
