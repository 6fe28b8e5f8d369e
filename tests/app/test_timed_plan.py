"""The plan of a run with a given time: what the planner chose, why, and what a person changes in it."""

from __future__ import annotations

from typing import Any

import pytest

from mmrec_engine.planning.speeds import Speed, Speeds
from tests.app.conftest import an_app, until, until_shown


async def test_plan_shows_what_the_planner_chose_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    # A speed that does not depend on what else the machine does; all else is planned as ever.
    speeds = Speeds("a machine", lambda settings, vocabulary, seconds: Speed(20_000.0))
    monkeypatch.setattr("mmrec_engine.planning.candidate_speed.speeds_here", lambda stopping: speeds)
    monkeypatch.setattr("mmrec_tui.app.measuring._measured", lambda work, **_: None)  # the times beside the configs
    app = an_app("en")
    async with app.run_test(size=(120, 36)) as pilot:
        await until_shown(pilot, "A good model in 2 minutes")
        await pilot.press("down", "enter")
        await until_shown(pilot, "passes over the text", 120)
        screen: Any = app.screen
        rate, dropout = screen.query_one("#field-learning_rate"), screen.query_one("#field-dropout")
        assert rate.value == "0.04", "the best rate of the planner's optimizer, not the guide's"
        rate.focus()
        await until_shown(pilot, "planner: the best peak measured with Muon")
        before = dropout.value
        await pilot.press("end", *["backspace"] * 4, *"0.02")
        await until(pilot, lambda: screen._resolved.settings.learning_rate == 0.02)
        await until(pilot, lambda: screen._work.planning.plan is not None, 60)
        assert (rate.value, dropout.value) == ("0.02", before)
        assert screen._work.planning.plan.resolved.sources["learning_rate"] == "hand"
        await pilot.press("ctrl+z")
        await until(pilot, lambda: rate.value == "0.04" and screen._is_ready, 60)
        await pilot.press("ctrl+s")
        await until_shown(pilot, "Tick (space)")
        checklist: Any = app.screen
        settings = checklist._checks.resolved.settings
        assert settings.learning_rate == 0.04 and settings.max_steps, "checked is what is going to be trained"
        checklist._checks.stop().join()
