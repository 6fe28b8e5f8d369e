"""Helpers of the tests with several ranks."""

import contextlib
from pathlib import Path
from typing import Any

import psutil

from tests.command.faults import ended, one_line_of, wait_for_step
from tests.conftest import FAST, Process, events_of

# Five windows do not divide by two, three or four; dropout shows whether masks belong to the samples; validations use the
# averaged weights.
RUN = [*FAST, "--batch-size", 5, "--dropout", 0.2, "--learning-rate", 1e-3, "--weight-average", 0.2, "--max-steps", 14]
RUN += ["--eval-every", 7, "--checkpoint-every", 5, "--warmup-steps", 3, "--val-split", 0.03]
# One window at a time: ranks have different numbers of passes.
IN_PARTS = ["--sharding", "full", "--microbatch", 1]
OF_THREE = ["--max-steps", 100_000, "--processes", 3]
# Muon, gradient accumulation and averaged weights. At a low rate: at the usual one Muon turns a rounding into a hundredth
# within twenty steps, with one process too.
MUON = [*FAST, "--recipe", "fast", "--batch-size", 3, "--accumulate", 2, "--weight-average", 0.2]
MUON += ["--learning-rate", 0.002, "--max-steps", 6, "--eval-every", 3]


def place_of(rank: int, port: int, size: int = 2) -> dict[str, str]:
    """The environment in which torchrun starts a rank."""
    return {"WORLD_SIZE": str(size), "RANK": str(rank), "LOCAL_RANK": str(rank), "LOCAL_WORLD_SIZE": str(size),
            "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}  # fmt: skip


def losses_of(folder: Path) -> list[float]:
    return [event["loss"] for event in events_of(folder) if event["event"] == "step"]


def told_of(folder: Path, event: str) -> list[dict[str, Any]]:
    return [each for each in events_of(folder) if each["event"] == event]


def figures_of(folder: Path) -> list[float]:
    """The loss of each step, and those of each validation."""
    names = ("loss", "accuracy", "training_loss")
    return losses_of(folder) + [each[name] for each in told_of(folder, "validation") for name in names]


def killed_at(process: Process, folder: Path, step: int, others: int) -> None:
    """Kill the first of the ranks, after which the others end too."""
    wait_for_step(folder, step)
    ranks = other_ranks_of(process)
    process.kill()
    process.communicate()
    assert process.returncode == -9, "it had ended by itself"
    assert len(ranks) == others and all_gone(ranks), "nobody trains on alone"


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
