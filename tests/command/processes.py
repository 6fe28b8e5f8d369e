"""Helpers of the tests with several ranks."""

import contextlib
from pathlib import Path
from typing import Any

import psutil

from tests.command.faults import ended, one_line_of, wait_for_step
from tests.conftest import Process, events_of

OF_THREE = ["--max-steps", 100_000, "--processes", 3]


def losses_of(folder: Path) -> list[float]:
    return [event["loss"] for event in events_of(folder) if event["event"] == "step"]


def other_ranks_of(process: Process) -> list[psutil.Process]:
    """Those with its working folder, which each test has for itself: forked ranks are no children of the command."""
    folder = psutil.Process(process.pid).cwd()
    found = []
    for each in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if "rank_worker" in (each.name(), *" ".join(each.cmdline()).split(".")) and each.cwd() == folder:
                found.append(each)
    return found


def all_gone(processes: list[psutil.Process]) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=20)
    return not alive


def ended_at_a_loss(process: Process, folder: Path) -> dict[str, Any]:
    """One of three processes is killed in a step, all end with one line that says so. Returns the record's last word."""
    wait_for_step(folder, 8)
    others = other_ranks_of(process)
    assert len(others) == 2
    others[0].kill()
    code, _, told = ended(process)
    assert code == 1
    line = one_line_of(told)
    assert "of 3 is gone (signal 9)" in line and "--resume" in line
    assert all_gone(others)
    finished = next(event for event in events_of(folder) if event["event"] == "run_finished")
    assert (finished["status"], finished["values"]["error"]) == ("failed", "process-lost")
    return finished
