"""What tests of the app share: an app without a terminal, what is on its screen, and patience for what is under way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from mmrec_tui.app import MmrecApp
from mmrec_tui.launch import Stage
from mmrec_tui.preferences import Preferences
from mmrec_tui.session import Session, Work
from mmrec_tui.text import Wording

# As little as a run can be and still train, validate, save and end.
TINY: dict[str, Any] = {
    "batch_size": 2, "seq_len": 32, "max_steps": 40, "eval_every": 20, "threads": 1, "precision": "fp32",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs are made in a folder of the test's own, wherever the tests are started."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")


@pytest.fixture
def without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests that train nothing: torch is never there yet, so no speed is measured behind the screen."""
    monkeypatch.setattr("mmrec_tui.session.load_torch", lambda: Work(lambda work: time.sleep(600)))


@pytest.fixture
def small_text(tmp_path: Path, prose: str) -> Path:
    path = tmp_path / "prose.txt"
    path.write_text(prose, encoding="utf-8")
    return path


def an_app(language: str = "en", session: Session | None = None, **remembered: Any) -> MmrecApp:
    """The app as it is opened, without a terminal of its own. remembered: preferences."""
    return MmrecApp(Stage(Wording(language), Preferences(**remembered), session))  # type: ignore[arg-type]


def screen_text(app: MmrecApp) -> str:
    """What stands on the screen, line by line, without colours."""
    strips = app.screen._compositor.render_strips()
    lines = ["".join(segment.text for segment in strip).rstrip() for strip in strips]
    return "\n".join(lines)


async def until(pilot: Pilot[Any], condition: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait for something that takes its time; fail with what is on screen."""
    app: Any = pilot.app
    deadline = time.monotonic() + seconds
    while not condition():
        assert app.failure is None, app.failure
        assert time.monotonic() < deadline, screen_text(app)
        await asyncio.sleep(0.02)
    await pilot.pause()


async def until_shown(pilot: Pilot[Any], words: str, seconds: float = 30.0) -> None:
    app: Any = pilot.app
    await until(pilot, lambda: words in screen_text(app), seconds)


def table_of(app: MmrecApp) -> str:
    """The name of the screen on top in the table of keys."""
    return str(getattr(app.screen, "table", ""))
