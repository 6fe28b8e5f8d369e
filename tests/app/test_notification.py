"""In the app: the end of a run rings if the terminal has no focus, and the stored command is run."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from mmrec_engine.events import Step
from mmrec_tui.app.screens.asking import AskingScreen
from mmrec_tui.app.session import Session
from mmrec_tui.preferences import read_preferences
from tests.app.conftest import an_app, until
from tests.app.recorded import a_training

pytestmark = pytest.mark.usefixtures("without_torch")


class Ended(Session):
    """A run of this process that is live until it is set to ended."""

    owned = True


async def written_at_the_end(app: Any, *focus: str, made: bool = True, told: str = "") -> str:
    """What the driver gets when the run on the stage ends, after these focus reports of the terminal. made: whether the run
    has made a step. told: words of a notice that is waited for."""
    session = Ended(Path("checkpoints/tiny").absolute())
    session.live = True
    if made:
        with session.reading() as history:
            history.add(next(event for event in a_training(1) if isinstance(event, Step)))
    written: list[str] = []
    async with app.run_test() as pilot:
        app.stage.session = session
        for handler in focus:
            getattr(app, f"on_app_{handler}")()
            app.app_focus = handler == "focus"
        await until(pilot, lambda: app._awaited is session)
        app._driver.write = written.append
        session.live = False
        await until(pilot, lambda: app._awaited is None)
        await until(pilot, lambda: any(told in notice.message for notice in app._notifications) or not told)
        await pilot.pause(0.1)
    return "".join(written)


async def test_end_of_a_run_rings_unless_the_terminal_has_focus() -> None:
    assert "\x1b]9;mmrec: tiny" in await written_at_the_end(an_app()), (
        "a terminal that does not tell may be out of sight"
    )
    assert "\x1b]9;mmrec: tiny" in await written_at_the_end(an_app(), "blur")
    assert "\x1b]9" not in await written_at_the_end(an_app(), "blur", "focus")


async def answer(pilot: Any, command: str) -> None:
    """Open the dialog by its key, and answer it."""
    await pilot.press("f4")
    await until(pilot, lambda: isinstance(pilot.app.screen, AskingScreen))
    pilot.app.screen.query_one(Input).value = command
    await pilot.press("enter")


async def test_f4_stores_and_tests_a_command_that_runs_at_the_end(tmp_path: Path) -> None:
    app, told = an_app(), tmp_path / "told.txt"
    async with app.run_test() as pilot:
        await answer(pilot, f"echo $MMREC_STATUS >> {told}")
        await until(pilot, lambda: told.exists() and told.read_text() == "test\n")
    assert read_preferences().notify.startswith("echo")

    await written_at_the_end(an_app(notify=read_preferences().notify))
    wait = time.monotonic() + 10
    while told.read_text() == "test\n" and time.monotonic() < wait:
        time.sleep(0.05)
    assert told.read_text() == "test\nfailed\n"

    app = an_app(notify="true")
    async with app.run_test() as pilot:
        await answer(pilot, "")
        await until(pilot, lambda: read_preferences().notify == "")


@pytest.mark.parametrize(
    ("language", "tested", "ended"),
    [("en", "its test failed", "notification (F4)"), ("tr", "denemesi başarısız", "bildirim (F4)")],
)
async def test_failing_command_is_told_with_its_key_and_its_error(language: str, tested: str, ended: str) -> None:
    broken = "echo wrong thing >&2; echo more >&2; exit 2"
    app = an_app(language)
    async with app.run_test(notifications=True) as pilot:
        await answer(pilot, broken)
        words = app.say("notify.ended-saying", code=2, line="wrong thing")
        found = lambda: [notice.message for notice in app._notifications if words in notice.message]  # noqa: E731
        await until(pilot, found)
        assert tested in found()[0] and "F4" in found()[0] and "--notify" not in found()[0]
    await written_at_the_end(an_app(language, notify=broken), told=f"{ended}: {words}")


async def test_run_that_was_not_made_starts_no_command(tmp_path: Path) -> None:
    note = tmp_path / "told.txt"
    app = an_app(notify=f"echo told > {note}")
    await written_at_the_end(app, made=False)
    assert app._commands == [] and not note.exists()
