"""Effects of the system on a process: signals, full or closed streams, a jumping clock, limits, a second process."""

from __future__ import annotations

import fcntl
import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mmrec_engine.runs import checkpoints
from tests.command.faults import assert_same_end, one_line_of, planted, wait_for_step
from tests.conftest import COMMAND, FAST, QUICK, Command, events_of, extended

RUN = [*FAST, "--max-steps", "60", "--eval-every", "30", "--checkpoint-every", "20"]
ENDLESS = [*FAST, "--max-steps", "100000", "--eval-every", "50000", "--checkpoint-every", "50000"]

# The clock goes back by a day some steps into the run, and far away some steps later.
CLOCK = """
import itertools, time
true, asked = time.time, itertools.count()
def jumping():
    number = next(asked)
    return true() + (0 if number < 60 else -86400 if number < 120 else FORWARD)
time.time = jumping
"""


@pytest.mark.extended
@pytest.mark.fault
def test_sigstop_and_sigcont_change_nothing(command: Command, text_file: Path) -> None:
    flags = ["train", "--data-dir", text_file, *RUN]
    assert command(*flags, "--name", "whole").code == 0
    # A process group without a parent outside it, as in a background test, is not stopped by this signal.
    process = command.start(*flags, "--name", "stopped", own_group=True)
    wait_for_step(command.run_folder("stopped"), 10)
    for _ in range(3):
        process.send_signal(signal.SIGTSTP)
        time.sleep(0.3)
        so_far = (command.run_folder("stopped") / "events.jsonl").stat().st_size
        time.sleep(0.5)
        assert (command.run_folder("stopped") / "events.jsonl").stat().st_size == so_far
        process.send_signal(signal.SIGCONT)
        time.sleep(0.1)
    _, told = process.communicate(timeout=120)
    assert process.returncode == 0, told
    assert_same_end(command.run_folder("stopped"), command.run_folder("whole"))


@pytest.mark.fault
def test_second_interrupt_ends_at_once_and_keeps_checkpoints(command: Command, text_file: Path) -> None:
    flags = ["train", "--data-dir", text_file, *FAST, "--max-steps", "400", "--checkpoint-every", "5"]
    process = command.start(*flags)
    wait_for_step(command.run_folder(), 7)
    process.send_signal(signal.SIGSTOP)  # so that both are there before it can act on the first
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGCONT)
    process.communicate(timeout=60)
    assert process.returncode in (130, 143)
    path, content, damaged = checkpoints.newest_usable(command.run_folder())
    assert path is not None
    assert content["progress"]["step"] >= 5
    assert not damaged


@pytest.mark.extended
@pytest.mark.fault
@pytest.mark.parametrize("forward", [315_360_000, extended(-315_360_000)])
def test_clock_jump_changes_nothing(command: Command, text_file: Path, forward: int) -> None:
    code = CLOCK.replace("FORWARD", str(forward))
    process = command.start("train", "--data-dir", text_file, *ENDLESS, **planted(code=code))
    folder = command.run_folder()
    wait_for_step(folder, 200)
    times = [event["time"] for event in map(json.loads, (folder / "events.jsonl").read_bytes().splitlines()[:-1])]
    assert max(times) - min(times) > 80_000, "the clock has jumped"
    asked = {"id": "now", "time": time.time() + forward, "command": "stop"}
    with (folder / "control.jsonl").open("a") as file:
        file.write(json.dumps(asked) + "\n")
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130, told
    assert "Traceback" not in told
    steps = [event["step"] for event in events_of(folder) if event["event"] == "step"]
    assert steps == list(range(1, len(steps) + 1))
    assert "stopped" in command("runs").out
    resumed = command("train", "--resume", "--max-steps", len(steps) + 2, "--json")
    assert (resumed.code, resumed.json["steps"]) == (0, len(steps) + 2)


@pytest.mark.extended
@pytest.mark.fault
def test_full_stderr_pipe_does_not_block_training(command: Command, text_file: Path) -> None:
    text_file.write_text(text_file.read_text()[:4000])  # evaluations, each with its lines, that take no time
    ours, theirs = os.pipe()
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        fcntl.fcntl(theirs, fcntl.F_SETPIPE_SZ, 4096)
    filled = b"." * 3000  # less is left than the narration of these steps
    os.write(theirs, filled)
    flags = [*FAST, "--max-steps", "8", "--eval-every", "2", "--no-save-best-model", "--json"]
    ended = subprocess.run(
        [str(COMMAND), "train", "--data-dir", str(text_file), *flags],
        cwd=command.folder, env=command.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=theirs,
        timeout=240,
    )  # fmt: skip
    os.close(theirs)
    assert ended.returncode == 0
    assert json.loads(ended.stdout)["steps"] == 8
    told = os.read(ours, 2**16)
    os.close(ours)
    assert told.startswith(filled)
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        assert b"Validation Metrics" not in told, "the pipe was full, and the run ended all the same"


@pytest.mark.first(1)
@pytest.mark.fault
@pytest.mark.parametrize("words", [["configs", "--json"], ["corpora"], ["guide"], ["--version"]])
def test_unwritable_stdout_is_reported(command: Command, words: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [str(COMMAND), *words],
            cwd=command.folder,
            env=command.environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert ended.returncode == 1
    assert "No space left on device" in one_line_of(ended.stderr)
    assert "Exception ignored" not in ended.stderr


@pytest.mark.extended
@pytest.mark.fault
def test_model_is_complete_if_stdout_is_unwritable(command: Command, text_file: Path) -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [str(COMMAND), "train", "--data-dir", str(text_file), *FAST, "--max-steps", "3", "--json"],
            cwd=command.folder, env=command.environment, stdout=full, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    assert ended.returncode == 1
    assert "No space left on device" in one_line_of(ended.stderr)
    assert events_of(command.run_folder())[-1]["state"] == "FINISHED"


@pytest.mark.extended
@pytest.mark.fault
def test_one_of_several_simultaneous_starts_trains(command: Command, text_file: Path) -> None:
    """And the others change nothing of it: its record has each step once."""
    flags = ["train", "--data-dir", text_file, *FAST, "--max-steps", "40", "--eval-every", "20"]
    started = [command.start(*flags) for _ in range(4)]
    ended = [(process.communicate(timeout=240)[1], process.returncode) for process in started]
    assert sorted(code for _, code in ended) == [0, 2, 2, 2], ended
    for told, code in ended:
        if code:
            assert "another process" in one_line_of(told) or "holds a run" in one_line_of(told)
    steps = [event["step"] for event in events_of(command.run_folder()) if event["event"] == "step"]
    assert steps == list(range(1, 41))


@pytest.mark.first(1)
@pytest.mark.fault
@pytest.mark.parametrize("signed", ["PID", *map(extended, ("999999999", "", "-1")), "not a number"])
def test_stale_lock_is_taken_over(command: Command, text_file: Path, signed: str) -> None:
    """Whatever a lock file contains: only the system's own lock counts, which ends with its process."""
    folder = command.run_folder()
    folder.mkdir(parents=True)
    (folder / "lock").write_text(signed.replace("PID", str(os.getpid())))
    ended = command("train", "--data-dir", text_file, *FAST, "--max-steps", 2)
    assert ended.code == 0, ended.err
    (folder / "lock").write_text(signed.replace("PID", str(os.getpid())))
    assert "finished" in command("runs").out


@pytest.mark.fault
@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not hold a process to such a limit")
@pytest.mark.parametrize("mebibytes", [extended(64), extended(200), 400, extended(700), extended(1000)])
def test_too_little_memory_is_reported_in_one_line(command: Command, text_file: Path, mebibytes: int) -> None:
    limit = mebibytes * 2**20
    ended = subprocess.run(
        [str(COMMAND), "train", "--data-dir", str(text_file), *QUICK, "--max-steps", "3", "--no-check"],
        cwd=command.folder, env=command.environment, capture_output=True, text=True, timeout=240,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    )  # fmt: skip
    if ended.returncode == 0:
        return  # it was enough
    assert ended.returncode in (1, 2), (ended.returncode, ended.stderr[-2000:])
    one_line_of(ended.stderr)
    assert not command.run_folder().exists()
