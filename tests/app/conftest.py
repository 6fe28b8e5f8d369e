"""Fixtures of the app's tests: an app without a terminal, the text on its screen, and waiting for background work."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from mmrec_engine.checks.finding import finding
from mmrec_engine.settings import resolve
from mmrec_tui.app.app import MmrecApp
from mmrec_tui.app.session import Session, StartParameters, Training, Work, is_under_way
from mmrec_tui.app.stage import Stage
from mmrec_tui.locales import Wording
from mmrec_tui.preferences import Preferences

TRAINED = 90.0  # seconds, at most
_LOOK_SECONDS = 0.01
# The smallest run that trains, validates, saves and ends.
TINY: dict[str, Any] = {
    "batch_size": 2, "seq_len": 32, "max_steps": 40, "eval_every": 20, "threads": 1, "precision": "fp32",
}  # fmt: skip

_opened: list[MmrecApp] = []


@pytest.fixture(autouse=True)
def _own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Runs are made in the test's own folder, wherever the tests are started; nothing continues after it."""
    (tmp_path / "place").mkdir()
    monkeypatch.chdir(tmp_path / "place")
    yield
    for app in _opened:
        session = app.stage.session
        if isinstance(session, Training) and session.live:
            session.stop("test")
            session.join()
        elif session is not None:
            session.close()
    _opened.clear()


@pytest.fixture
def without_torch(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """For tests without training: torch is never loaded, so no speed is measured in the background."""
    loading: list[Work[None]] = []

    def until_stopped(work: Work[None]) -> None:
        while not work.stopping():
            time.sleep(0.2)

    def load() -> Work[None]:
        loading.append(Work(until_stopped))
        return loading[-1]

    monkeypatch.setattr("mmrec_tui.app.session.load_torch", load)
    yield
    for work in loading:
        work.stop()


async def _until_idle(*_: float) -> None:
    """Wait until the app does nothing, by the CPU time of its own thread.

    Textual's function takes that of the process, which is not idle while an engine works: a second's wait after each key.
    """
    until = time.monotonic() + 1.0
    while True:
        spent = time.thread_time()
        await asyncio.sleep(_LOOK_SECONDS)
        if time.thread_time() - spent < _LOOK_SECONDS / 10 or time.monotonic() > until:
            return


@pytest.fixture(autouse=True)
def _beside_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textual.app.wait_for_idle", _until_idle)
    monkeypatch.setattr("textual.pilot.wait_for_idle", _until_idle)


@pytest.fixture
def small_text(tmp_path: Path, prose: str) -> Path:
    path = tmp_path / "prose.txt"
    path.write_text(prose, encoding="utf-8")
    return path


def an_app(language: str = "en", session: Session | None = None, **remembered: Any) -> MmrecApp:
    """The app as it is opened, without a terminal of its own. remembered: preferences."""
    app = MmrecApp(Stage(Wording(language), Preferences(**remembered), session))  # type: ignore[arg-type]
    _opened.append(app)
    return app


def screen_text(app: MmrecApp) -> str:
    """The text on the screen, line by line, without colours."""
    strips = app.screen._compositor.render_strips()
    lines = ["".join(segment.text for segment in strip).rstrip() for strip in strips]
    return "\n".join(lines)


async def until(pilot: Pilot[Any], condition: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait for something that takes time; on failure show the screen."""
    app: Any = pilot.app
    deadline = time.monotonic() + seconds
    while not condition():
        assert app.failure is None, app.failure
        assert time.monotonic() < deadline, screen_text(app)
        await asyncio.sleep(0.02)
    await pilot.pause()


async def until_checked(pilot: Pilot[Any]) -> None:
    """Wait for the checks before training to end."""
    screen: Any = pilot.app.screen
    assert screen.table == "checklist"
    await until(pilot, lambda: screen._checks.done, 120)
    await until(
        pilot, lambda: screen._shown_state and screen._shown_state[1]
    )  # and shown: what is found moves to the top
    assert screen._checks.error is None, screen._checks.error


async def until_shown(pilot: Pilot[Any], words: str, seconds: float = 30.0) -> None:
    app: Any = pilot.app
    await until(pilot, lambda: words in screen_text(app), seconds)


def table_of(app: MmrecApp) -> str:
    """The name of the screen on top in the table of keys."""
    return str(getattr(app.screen, "table", ""))


def is_planned(app: MmrecApp, steps: int) -> bool:
    return re.search(rf"✓ {steps} steps", str(app.screen.query_one("#summary").render())) is not None


def long_training(small_text: Path, **settings: Any) -> Training:
    """A training that lasts longer than any test."""
    run = {**TINY, "data_dir": str(small_text), "max_steps": 100_000, "epochs": 10_000, "eval_every": 50}
    passed = finding("corpus-readable", "before", "pass", {"documents": 1, "skipped": 0})
    # As after the checklist: the times of the checks are known.
    return Training(
        resolve({**run, "checkpoint_every": 100_000, **settings}), parameters=StartParameters(found=(passed,))
    )


def pytest_sessionfinish() -> None:
    """Wait for work that a test has left: PyTorch aborts a process that ends during an operation of another thread."""
    deadline = time.monotonic() + 60
    while is_under_way() and time.monotonic() < deadline:
        time.sleep(0.05)
