"""The key that waives a check of the checklist."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mmrec_tui.app.widgets.items import Items
from tests.app.conftest import TINY, an_app, is_planned, screen_text, table_of, until, until_checked, until_shown


@pytest.mark.extended
async def test_selected_check_is_waived_and_unwaived(small_text: Path) -> None:
    app = an_app(plan={**TINY, "data_dir": str(small_text), "learning_rate": 0.9})
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("n")
        await until(pilot, lambda: table_of(app) == "plan" and is_planned(app, 40))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: table_of(app) == "checklist")
        await pilot.press("s")
        await until_shown(pilot, "press s again to start anyway")
        assert not app.screen.query("Toast"), "a notice would cover what was found"
        await until_checked(pilot)
        screen: Any = app.screen
        await pilot.press("home", "w")
        await until_shown(pilot, "only a warning or a failure can be waived")
        items = screen.query_one(Items)
        while items.finding is None or items.finding["id"] != "hyperparameters":
            await pilot.press("down")
        await pilot.press("w")
        await until_shown(pilot, "(waived)")
        waived = [one["id"] for one in screen._checks.found if one.get("waived")]
        assert waived == ["hyperparameters"]
        await pilot.press("w")
        await until(pilot, lambda: "(waived)" not in screen_text(app))
        assert not any(one.get("waived") for one in screen._checks.found)
