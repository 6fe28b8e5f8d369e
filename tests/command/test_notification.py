"""Notifications of the end of a run: the user's own command, and codes for the terminal."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mmrec_tui.cli import headless
from mmrec_tui.locales import Wording
from mmrec_tui.notification import Ending, signs
from mmrec_tui.preferences import Preferences
from tests.conftest import FAST, Command

NOTE = 'echo "$MMREC_RUN $MMREC_STATUS $MMREC_STEP $MMREC_BEST_LOSS $MMREC_FOLDER" > told.txt'
pytestmark = pytest.mark.slow


def told(command: Command) -> list[str]:
    path = command.folder / "told.txt"
    until = time.monotonic() + 20
    while time.monotonic() < until and not (path.exists() and path.read_text()):
        time.sleep(0.1)
    return path.read_text().split()


def test_notify_command_gets_run_status_and_best_loss(command: Command, text_file: Path) -> None:
    done = command("train", "--data-dir", text_file, *FAST, "--max-steps", 20, "--notify", NOTE, "--json")
    assert done.code == 0, done.err
    best = f"{done.json['best']['loss']:.4f}"
    assert told(command) == ["tiny", "completed", "20", best, str(command.run_folder())]


@pytest.mark.first(1)
@pytest.mark.parametrize("broken", ["false", "no-such-command-here", "kill -9 $$"])
def test_failing_notify_command_is_reported_and_changes_nothing(command: Command, text_file: Path, broken: str) -> None:
    done = command("train", "--data-dir", text_file, *FAST, "--max-steps", 10, "--notify", broken, "--json")
    assert done.code == 0
    assert done.json["status"] == "completed"
    assert "--notify: the command ended with code" in done.err
    assert "\x07" not in done.err, "no signs where there is no terminal"


def test_output_of_the_notify_command_is_not_in_the_result(command: Command, text_file: Path) -> None:
    done = command("train", "--data-dir", text_file, *FAST, "--max-steps", 10, "--notify", "echo hello", "--json")
    assert done.json["steps"] == 10


def test_interrupted_run_notifies_with_its_status(command: Command, text_file: Path) -> None:
    words = ["train", "--data-dir", text_file, *FAST, "--max-steps", 100_000, "--notify", NOTE]
    process = command.start(*words)
    until = time.monotonic() + 60
    while not (command.run_folder() / "checkpoint_step_100.pt").exists() and time.monotonic() < until:
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 143
    assert told(command)[:2] == ["tiny", "interrupted"]


def test_refused_request_runs_no_notify_command(command: Command) -> None:
    assert command("train", "--data-dir", "nowhere", "--notify", NOTE).code == 2
    assert not (command.folder / "told.txt").exists()


def test_run_that_failed_its_checks_runs_no_notify_command(command: Command, text_file: Path) -> None:
    text_file.write_text("the same line again and again, for ever\n" * 2000, encoding="utf-8")
    checked = [flag for flag in FAST if flag != "--no-check"]
    assert command("train", "--data-dir", text_file, *checked, "--max-steps", 3, "--notify", NOTE).code == 1
    time.sleep(0.5)
    assert not (command.folder / "told.txt").exists()


@pytest.mark.parametrize(
    ("given", "named"),
    [("echo oh no >&2; exit 3", "--notify"), (None, "the command of notifications that was set in the app")],
)
def test_failing_command_is_named_by_where_it_was_set(
    given: str | None, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(headless, "read_preferences", lambda: Preferences(notify="echo oh no >&2; exit 3"))
    lines: list[str] = []
    narration: Any = SimpleNamespace(line=lines.append)
    headless._notify(Ending(Path("tiny"), "completed"), headless.How(notify=given), Wording("en"), narration)
    assert lines == [f"⚠ {named}: the command ended with code 3 (oh no); the run is not affected"]


def test_desktop_notification_has_no_control_codes_from_the_run() -> None:
    written = signs(Ending(Path("a\x1b]0;evil\x07;b"), "early_stopped", best_loss=1.5), Wording("en"))
    assert written.startswith("\x07\x1b]9;mmrec: ") and "stopped early, best loss 1.500" in written
    assert written.count("\x1b") == 4 and written.count("\x07") == 1
    assert "başarısız" in signs(Ending(Path("x"), "failed"), Wording("tr"))
