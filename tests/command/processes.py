"""What the tests of several processes share."""

import subprocess
from pathlib import Path

import psutil

from tests.conftest import events_of


def losses_of(folder: Path) -> list[float]:
    return [event["loss"] for event in events_of(folder) if event["event"] == "step"]


def followers_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return [
        each for each in psutil.Process(process.pid).children(recursive=True) if "follower" in " ".join(each.cmdline())
    ]


def all_gone(processes: list[psutil.Process]) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=20)
    return not alive
