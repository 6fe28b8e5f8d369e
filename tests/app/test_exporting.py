"""Exporting a model from its report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from mmrec_tui.app.screens.asking import AskingScreen
from tests.app.conftest import an_app, screen_text, until
from tests.app.every_screen import OPENERS

pytestmark = pytest.mark.usefixtures("without_torch")


@pytest.mark.parametrize(("language", "told"), [("en", "exists and is not empty"), ("tr", "var ve boş değil")])
async def test_used_folder_is_refused_within_the_dialog_which_keeps_the_path(language: str, told: str) -> None:
    used = Path("used")
    used.mkdir()
    (used / "notes.txt").write_text("mine", encoding="utf-8")
    app = an_app(language)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await OPENERS["ReportScreen"](app, pilot)
        report: Any = app.screen
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, AskingScreen))
        app.screen.query_one(Input).value = "used"
        await pilot.press("enter")
        await until(pilot, lambda: told in " ".join(screen_text(app).split()))
        assert isinstance(app.screen, AskingScreen) and app.screen.query_one(Input).value == "used"
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is report)
