"""The report of a run that was interrupted: it says at which step, and names the command that goes on with it."""

from __future__ import annotations

import json
import shlex
import signal
from pathlib import Path

import pytest

from tests.command.faults import wait_for_step
from tests.conftest import FAST, Command, events_of

ENDLESS = [*FAST, "--max-steps", "100000", "--eval-every", "10", "--checkpoint-every", "50000"]


def commands_of(page: str) -> list[str]:
    """The lines of the code blocks that hold a command."""
    return [line for line in page.splitlines() if line.startswith("mmrec-tui ")]


@pytest.mark.extended
@pytest.mark.parametrize(
    ("number", "language", "told"),
    [
        (signal.SIGINT, "en", "The run was interrupted at step {step}."),
        (signal.SIGTERM, "tr", "Çalışma {step}. adımda yarıda kesildi."),
    ],
)
def test_interrupted_run_leaves_a_report_with_the_command_that_goes_on(
    command: Command, text_file: Path, number: signal.Signals, language: str, told: str
) -> None:
    process = command.start("train", "--data-dir", text_file, *ENDLESS, "--name", "my run", "--lang", language)
    folder = command.run_folder("my run")
    wait_for_step(folder, 12)
    process.send_signal(number)
    _, narrated = process.communicate(timeout=60)
    step = [event["step"] for event in events_of(folder) if event["event"] == "run_finished"][-1]
    page = (folder / "report.md").read_text()
    assert told.format(step=step) in page
    assert str(folder.relative_to(command.folder) / "report.md") in narrated
    (goes_on,) = commands_of(page)
    report = json.loads((folder / "report.json").read_text())
    assert report["interruption"] == {"step": step, "command": goes_on}
    assert report["best"]["step"] >= 10
    resumed = command(*shlex.split(goes_on)[1:], "--max-steps", step + 2)
    assert resumed.code == 0, resumed.err
    page = (folder / "report.md").read_text()
    assert "--resume" not in page and told.format(step=step) not in page
    assert json.loads((folder / "report.json").read_text())["interruption"] is None


@pytest.mark.extended
def test_check_of_a_killed_run_names_the_command_that_goes_on(command: Command, text_file: Path) -> None:
    process = command.start("train", "--data-dir", text_file, *FAST, "--max-steps", "100000", "--checkpoint-every", "5")
    wait_for_step(command.run_folder(), 12)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    assert command("check", "after", "tiny").code in (0, 1)
    page = (command.run_folder() / "report.md").read_text()
    assert commands_of(page) == ["mmrec-tui train --resume --name tiny"]
    assert "The run was interrupted at step" in page and "None" not in page.split("## ")[0]
