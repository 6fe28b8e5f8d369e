"""What a key has done is said in the last line of the screen, where it covers nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app.conftest import an_app, screen_text, table_of, until
from tests.app.recorded import a_training
from tests.app.test_snapshots import Still

pytestmark = pytest.mark.usefixtures("without_torch")


@pytest.fixture(autouse=True)
def _told_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Longer than a test on a busy machine needs to look at it."""
    monkeypatch.setattr("mmrec_tui.app.app_runs._TOLD_SECONDS", 600.0)
    monkeypatch.setattr("mmrec_tui.app.app_runs._WARNED_SECONDS", 600.0)


@pytest.mark.parametrize("language", ["en", "tr"])
@pytest.mark.parametrize("size", [(60, 16), (140, 30)])
async def test_what_a_key_has_done_covers_no_panel(language: str, size: tuple[int, int]) -> None:
    app = an_app(language, Still(a_training()))
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(pilot, lambda: table_of(app) == "training")
        app.action_theme()
        for key, words in (("l", "view.log"), ("x", "view.x-axis")):
            await pilot.press(key)
            told = app.say(words, axis=app.say("axis.tokens"))
            await until(pilot, lambda told=told: told in screen_text(app).split("\n")[-1])  # type: ignore[misc]
        assert not app.screen.query("Toast")
        app._end_note()
        await until(pilot, lambda: told not in screen_text(app))


@pytest.mark.parametrize("language", ["en", "tr"])
async def test_removed_time_limit_is_told_below_the_fields_and_withdrawn(language: str) -> None:
    app = an_app(language, plan={"time": 120.0})
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("n")
        await until(pilot, lambda: table_of(app) == "plan")
        plan: Any = app.screen
        await until(pilot, lambda: plan._draft.given.get("time") == 120.0)
        told = app.say("plan.time-dropped")
        await pilot.press("ctrl+r")
        await until(pilot, lambda: told in screen_text(app).split("\n")[-1])
        assert not plan.query("Toast")
        await pilot.press("ctrl+z")
        await until(pilot, lambda: told not in screen_text(app))


async def test_opening_a_screen_while_the_engine_is_loaded_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    app = an_app()
    async with app.run_test(size=(80, 24)) as pilot:
        seen: list[str] = []
        monkeypatch.setattr(app, "open_screen", lambda name, **how: seen.append(screen_text(app)))
        await pilot.press("n")
        await until(pilot, lambda: seen)
        assert "opening…" in seen[0].split("\n")[-1]
        await until(pilot, lambda: "opening…" not in screen_text(app))
