"""A proposed plan does not replace one of the user's own."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot

from mmrec_engine.settings.presets import PROFILES
from mmrec_tui.preferences import read_preferences
from tests.app.conftest import an_app, screen_text, table_of, until, until_shown

pytestmark = pytest.mark.usefixtures("without_torch")
OWN = {**PROFILES["first-try"], "config": "mini"}


async def opened(app: Any, pilot: Pilot[Any]) -> Any:
    await until(pilot, lambda: table_of(app) == "plan")
    return app.screen


async def test_plan_of_some_minutes_leaves_the_own_one_to_be_opened_again() -> None:
    app = an_app(plan=dict(OWN), profile="first-try")
    async with app.run_test(size=(80, 24)) as pilot:
        app.screen._plan_for(120.0)  # type: ignore[attr-defined]
        plan = await opened(app, pilot)
        assert plan._draft.given["time"] == 120.0 and "max_steps" not in plan._draft.given
        assert "Ctrl+Z brings it back" in screen_text(app).split("\n")[-1]
        await pilot.press("escape")
        await until(pilot, lambda: table_of(app) == "start")
        await pilot.press("n")
        plan = await opened(app, pilot)
        assert plan._draft.given == OWN
        assert plan.query_one("#profile").value == "first-try", "also its profile"


async def test_own_plan_comes_back_after_a_change_of_the_proposed_one() -> None:
    app = an_app(plan=dict(OWN))
    async with app.run_test(size=(80, 24)) as pilot:
        app.plan_in_the_time({}, 120.0)
        plan = await opened(app, pilot)
        plan._take(plan._draft.with_value("dropout", "0.3"))
        assert app.stage.preferences.plan == {"time": 120.0, "dropout": "0.3"}
        await pilot.press("ctrl+z")
        await until(pilot, lambda: plan._draft.given == {"time": 120.0})
        await pilot.press("ctrl+z")
        await until(pilot, lambda: plan._draft.given == OWN)
        assert app.stage.preferences.plan == OWN


async def test_profile_is_kept_with_its_plan() -> None:
    app = an_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("n")
        plan = await opened(app, pilot)
        plan._take_profile(dict(PROFILES["small-text"]), "small-text")
        await pilot.press("escape")
        await until_shown(pilot, "Recent runs")
    assert read_preferences().profile == "small-text"
    again = an_app(plan=read_preferences().plan, profile=read_preferences().profile)
    async with again.run_test(size=(80, 24)) as pilot:
        await pilot.press("n")
        plan = await opened(again, pilot)
        assert plan.query_one("#profile").value == "small-text"
