"""The rows of the first screen stay where they are while a person chooses one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import OptionList

from tests.app.conftest import an_app, until, until_shown
from tests.app.recorded import BEGAN, a_training, an_ending, record

pytestmark = pytest.mark.usefixtures("without_torch")


def at(folder: Path, seconds: float) -> Path:
    """Changed last so many seconds after the first run began."""
    for file in folder.iterdir():
        os.utime(file, (BEGAN + seconds, BEGAN + seconds))
    return folder


async def test_runs_that_train_do_not_change_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mmrec_tui.app.newer_runs._SECONDS", 0.05)
    monkeypatch.setattr("mmrec_engine.runs.catalog.is_live", lambda folder: folder.name in ("one", "two"))
    at(record(tmp_path / "done", [*a_training(60), *an_ending("interrupted")]), 0)
    at(record(tmp_path / "one", a_training(61)), 100)
    at(record(tmp_path / "two", a_training(62)), 200)
    app = an_app()
    async with app.run_test(size=(120, 30)) as pilot:
        await until_shown(pilot, "Watch two")
        screen: Any = app.screen

        def names() -> list[str]:
            rows = screen.query_one("#recent", OptionList).options
            return [Path(str(row.id)).name for row in rows if row.id is not None]

        assert names() == ["two", "one", "done"]
        at(record(tmp_path / "one", a_training(163)), 300)
        await until_shown(pilot, "163 ")
        assert names() == ["two", "one", "done"]
        await until_shown(pilot, "Watch two")
        at(record(tmp_path / "new", [*a_training(64), *an_ending("interrupted")]), 400)
        await until(pilot, lambda: names() == ["new", "two", "one", "done"])
        monkeypatch.setattr("mmrec_engine.runs.catalog.is_live", lambda folder: False)
        at(record(tmp_path / "one", [*a_training(165), *an_ending("interrupted", step=165)]), 500)
        await until_shown(pilot, "Go on with one")
        assert names() == ["new", "two", "one", "done"]
