"""Runs side by side: what they came to, the settings that differ, and their curves."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.conftest import an_app, screen_text, until_shown
from tests.app.recorded import a_training, record

pytestmark = pytest.mark.usefixtures("without_torch")


@pytest.mark.parametrize(
    ("language", "dropout", "best"), [("en", "Dropout", "best loss"), ("tr", "Dropout", "en iyi loss")]
)
async def test_only_settings_that_differ_are_listed_first_in_words_and_all_by_a_key(
    tmp_path: Path, language: str, dropout: str, best: str
) -> None:
    folders = [
        record(tmp_path / "one", a_training(420)),
        record(tmp_path / "two", a_training(300, dropout=0.2), dropout=0.2),
        record(tmp_path / "three", a_training(250), note=False),
    ]
    app = an_app(language)
    async with app.run_test(size=(120, 36)) as pilot:
        app.open_screen("compare", folders=folders)
        await until_shown(pilot, best)
        shown = screen_text(app)
        assert dropout in shown and "≠" in shown
        assert "weight_decay" not in shown and "seq_len" not in shown and "early_stopping" not in shown
        table = app.screen.query_one("#differences")
        rows = table.row_count  # type: ignore[attr-defined]
        assert rows == 4 + 1
        assert "━ one  ╍ two  ┅ three" in shown
        await pilot.press("e")
        await pilot.pause()
        assert table.row_count > 40  # type: ignore[attr-defined]
        await pilot.press("left", "left")
        await pilot.pause()
        told = str(app.screen.query_one("#overlay").border_subtitle)
        assert "━" in told and "╍" in told and "┅" in told
