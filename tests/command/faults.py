"""Faults planted in the real command (tests/planted), and runs compared after them."""

from __future__ import annotations

import fnmatch
import functools
import json
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from mmrec_engine.runs import checkpoints
from mmrec_engine.storage import run_files
from tests.conftest import PLANTED, Command, Process, events_of

# Not ru_maxrss, which includes the memory of the process that started this one.
_PEAK = """
import atexit
def leave():
    (peak,) = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM:")]
    open({path!r}, "w").write(peak)
atexit.register(leave)
"""
# Events about the process and not about the training: progress, and that a run was resumed.
_OF_THE_PROCESS = ("progress", "resumed")
# Events of a run that was asked to stop, and saved then.
STOPPED = ("state", "checkpoint")
_TIMES = ("time", "tokens_per_second", "seconds")


def planted(**what: Any) -> dict[str, str]:
    """An environment in which the command meets a fault; tests/planted/sitecustomize.py explains the values."""
    return {"PYTHONPATH": str(PLANTED), "MMREC_PLANTED": json.dumps(what)}


def measured(peak: Path) -> dict[str, str]:
    """An environment in which the command, as a fresh process, writes its peak memory in KiB to this file."""
    return planted(code=_PEAK.format(path=str(peak)), fresh=True)


@functools.cache
def torch_kib() -> int:
    """Memory of a process that only imports PyTorch: about 220 MiB with a build for CPUs, 500 with one for CUDA."""
    code = "import psutil, torch; print(psutil.Process().memory_info().rss // 1024)"
    return int(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)


def fault(do: str, operation: str, name: str = "*", nth: int = 1) -> dict[str, Any]:
    return {"operation": operation, "name": name, "nth": nth, "do": do}


@dataclass(frozen=True)
class Moment:
    """When a process is killed: before one of its operations on files, or some seconds after a line of its record."""

    what: str
    operation: str = ""
    name: str = "*"
    line: str = ""


# A checkpoint is written in these stages: data, sync, event, name, sync of the folder, old ones removed.
STAGES = [
    Moment("nothing is written yet", "open", "checkpoint_step_*.pt.tmp"),
    Moment("data is written", "fsync", "checkpoint_step_*.pt.tmp"),
    Moment("data is synced", "rename", "checkpoint_step_*.pt"),
    Moment("the file has its name", "fsync", "killed"),
    Moment("the folder is synced", "remove", "checkpoint_step_*.pt"),
    Moment("the old one is removed", "open", "best_model.pt.tmp"),
    Moment("the best is copied", "fsync", "best_model.pt.tmp"),
    Moment("the best is synced", "rename", "best_model.pt"),
    Moment("the record is about to be synced", "fsync", "events.jsonl"),
    Moment("the run is being described", "rename", "run.json"),
    Moment("the record is being cut", "rename", "events.jsonl"),
    Moment("in a step", line='"event": "step"'),
    Moment("in a step", line='"event": "step"'),
    Moment("in an evaluation", line='"state": "VALIDATING"'),
    Moment("in an evaluation", line='"state": "VALIDATING"'),
    Moment("while saving", line='"state": "SAVING"'),
]
AT_THE_END = [
    Moment("the end is written", "fsync", "final_checkpoint.pt.tmp"),
    Moment("the end is synced", "rename", "final_checkpoint.pt"),
    Moment("the run is being judged", line='"kind": "final"'),
    Moment("the report is being written", "rename", "report.json"),
]


_MOST_STEPS = 30  # of one process of a run


def kill_at(command: Command, moment: Moment, rng: random.Random, *words: object) -> int:
    """Start the command, kill it at the moment, and return how it ended: -9, or its own code if it ended before.

    If the operation does not come within some steps (without a new best, for example), the kill comes at one of these.
    """
    process = command.start(*words, **(_planted_at(moment, rng) if moment.operation else {}))
    folder, text = command.run_folder("killed"), moment.line or '"event": "step"'
    wanted = (
        _MOST_STEPS if moment.operation else 1 if moment in AT_THE_END else rng.randint(1, 8 if "step" in text else 2)
    )
    before = _lines(folder, text)
    while process.poll() is None and _lines(folder, text) < before + wanted:
        before = min(before, _lines(folder, text))  # a resume cuts the record
        time.sleep(0.002)
    if not moment.operation:
        time.sleep(rng.uniform(0, 1.0 if moment in AT_THE_END else 0.04))
    if not moment.operation or moment not in AT_THE_END:
        process.send_signal(signal.SIGKILL)
    _, told = process.communicate(timeout=240)
    assert "Traceback" not in told, told
    return process.returncode


def _planted_at(moment: Moment, rng: random.Random) -> dict[str, str]:
    nth = rng.randint(1, 2) if moment.name.startswith("checkpoint") else 1
    return planted(faults=[fault("kill", moment.operation, moment.name, nth)])


def _lines(folder: Path, text: str) -> int:
    try:
        return (folder / "events.jsonl").read_bytes().count(text.encode())
    except FileNotFoundError:
        return 0


def assert_a_killed_run_ends_the_same(command: Command, flags: Collection[object], step: int) -> Path:
    """Make an uninterrupted run, and another one with a kill at this step and a resume by name. Returns the folder of the
    first."""
    whole = command(*flags, "--name", "whole")
    assert whole.code == 0, whole.err
    process = command.start(*flags, "--name", "killed")
    wait_for_step(command.run_folder("killed"), step)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL, "it had ended by itself"
    resumed = command("train", "--name", "killed", "--resume")
    assert resumed.code == 0, resumed.err
    assert_same_end(command.run_folder("killed"), command.run_folder("whole"))
    return command.run_folder("whole")


def assert_same_end(folder: Path, whole: Path, left_out: Collection[str] = ()) -> None:
    """Weights, optimizer, progress, best, patience and record bit for bit; each step once.

    left_out: kinds of events that only one of them has.
    """
    assert_same_checkpoints(folder, whole)
    ours, theirs = ([event for event in told_by(path) if event["event"] not in left_out] for path in (folder, whole))
    assert len(ours) == len(theirs)
    for mine, other in zip(ours, theirs, strict=True):
        assert mine == other


def assert_same_checkpoints(folder: Path, whole: Path) -> None:
    """The last and the best checkpoint, whatever the folder and name of the run."""
    for name in ("final_checkpoint.pt", "best_model.pt"):
        ours, theirs = (checkpoints.read(path / name) for path in (folder, whole))
        for content in (ours, theirs):
            content["settings"] = {**content["settings"], "name": "", "output_dir": ""}
        assert_same(ours, theirs, name)


def assert_same(ours: Any, theirs: Any, where: str) -> None:
    """Equal to the last bit, including NaN and the sign of zero."""
    assert type(ours) is type(theirs), where
    if isinstance(ours, dict):
        assert set(ours) == set(theirs), where
        for key in ours:
            assert_same(ours[key], theirs[key], f"{where}/{key}")
    elif isinstance(ours, list | tuple):
        assert len(ours) == len(theirs), where
        for index, pair in enumerate(zip(ours, theirs, strict=True)):
            assert_same(*pair, f"{where}/{index}")
    elif isinstance(ours, torch.Tensor):
        assert ours.dtype == theirs.dtype and ours.shape == theirs.shape, where
        assert ours.contiguous().view(-1).view(torch.uint8).equal(theirs.contiguous().view(-1).view(torch.uint8)), where
    else:
        assert repr(ours) == repr(theirs), where


def told_by(folder: Path) -> Iterator[dict[str, Any]]:
    """The record without events about the process, and without times."""
    for number, event in enumerate(events_of(folder)):
        kind = event["event"]
        if kind in _OF_THE_PROCESS or (kind == "state" and event["state"] == "PREPARING" and number):
            continue
        event = {key: value for key, value in event.items() if key not in _TIMES}
        if kind == "run_started":
            event["settings"] = {**event["settings"], "name": "", "output_dir": ""}
        yield event


def as_from_before(folder: Path, settings: Collection[str], progress: Collection[str] = ()) -> None:
    """Turn an ended run into one of a version without these settings and these counts of its progress."""
    path = folder / run_files.FINAL
    content, described = checkpoints.read(path), json.loads((folder / "run.json").read_text())
    for name in progress:
        del content["progress"][name]
    for of_one in (content["settings"], described["settings"], described["sources"]):
        for name in settings:
            del of_one[name]
    (folder / "run.json").write_text(json.dumps(described))
    with checkpoints.Pending.of_content(path, content) as pending:
        pending.commit()


def operations_in(log: Path, operation: str, name: str) -> int:
    """How often a process did this to such files."""
    lines = (line.split(" ", 2) for line in log.read_text().splitlines())
    return sum(what == operation and fnmatch.fnmatch(file, name) for _, what, file in lines)


def wait_for_step(folder: Path, step: int, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if f'"step": {step},' in (folder / "events.jsonl").read_text(errors="replace"):
                return
        except FileNotFoundError:
            pass
        time.sleep(0.01)
    pytest.fail(f"step {step} was not reached")


def one_line_of(told: str) -> str:
    """The error that stderr holds, which must be one line and no traceback."""
    assert "Traceback" not in told, told
    lines = [line for line in told.splitlines() if re.match(r"(error|hata): ", line)]
    assert len(lines) == 1, told
    return lines[0]


def ended(process: Process, seconds: float = 120) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=seconds)
    return process.returncode, out, err
