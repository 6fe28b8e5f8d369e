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
        await until(pilot, lambda: "Ctrl+Z brings it back" in screen_text(app).split("\n")[-1])
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


async def test_values_that_were_proposed_are_no_plan_of_the_users_own() -> None:
    app = an_app()
    async with app.run_test(size=(80, 24)) as pilot:
        for dropout in (0.2, 0.3):
            app.plan_in_the_time({}, 120.0, {"dropout": dropout, "optimizer": "muon"})
            plan = await opened(app, pilot)
            await pilot.pause()
            assert plan._draft.given["dropout"] == dropout
            assert not plan._plan.beside_own and not plan._plan.can_undo
            plan._plan.begin()  # a run is started from it
            app.close_screens()
            await until(pilot, lambda: table_of(app) == "start")
        assert read_preferences().proposed["dropout"] == 0.3
        app.plan_in_the_time({}, 120.0)
        plan = await opened(app, pilot)
        plan._take(plan._draft.with_value("dropout", "0.4"))
        app.close_screens()
        app.plan_in_the_time({}, 120.0)
        plan = await opened(app, pilot)
        assert plan._plan.beside_own, "the user has changed it"


@pytest.mark.parametrize(("given", "own"), [({"config": "tiny", "dropout": "0.1"}, False), ({"dropout": "0.2"}, True)])
async def test_plan_with_the_usual_values_is_none_of_ones_own(given: dict[str, Any], own: bool) -> None:
    app = an_app(plan=given)
    async with app.run_test(size=(80, 24)) as pilot:
        app.plan_in_the_time({}, 120.0)
        plan = await opened(app, pilot)
        assert plan._plan.beside_own == own
