"""Ranks started by others: a missing one is reported while the others wait, and signals end the wait."""

from __future__ import annotations

import signal
import socket
import time
from pathlib import Path

import pytest

from tests.command.faults import ended, one_line_of, planted
from tests.command.processes import place_of
from tests.conftest import FAST, Command, events_of


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
    return port


def soon(code: str = "") -> dict[str, str]:
    """Reports that come after a minute come after a second."""
    return planted(after="mmrec_engine.run.joining", code=f"module._REPORTED_SECONDS = 1.0\n{code}")


def wait_for_waiting(folder: Path) -> None:
    until = time.monotonic() + 90
    while not ((folder / "events.jsonl").exists() and '"waiting"' in (folder / "events.jsonl").read_text()):
        assert time.monotonic() < until
        time.sleep(0.1)


@pytest.mark.fault
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
@pytest.mark.extended
def test_missing_rank_is_named_and_a_signal_ends_the_wait(
    command: Command, text_file: Path, number: int, code: int
) -> None:
    port = free_port()
    process = command.start("train", "--data-dir", text_file, *FAST, "--max-steps", 2, **place_of(0, port), **soon())
    wait_for_waiting(command.run_folder())
    waiting = next(event for event in events_of(command.run_folder()) if event["event"] == "waiting")
    assert (waiting["missing"], waiting["processes"], waiting["place"]) == ([2], 2, f"127.0.0.1:{port}")
    process.send_signal(number)
    returned, _, told = ended(process, 30)
    assert returned == code
    assert f"process 2 of 2 at 127.0.0.1:{port}" in told
    assert command.everything_on_disk() == set()


@pytest.mark.fault
@pytest.mark.extended
def test_resume_stopped_while_waiting_changes_nothing(command: Command, text_file: Path) -> None:
    assert command("train", "--data-dir", text_file, *FAST, "--max-steps", 2).code == 0
    words = ["train", "--resume", "--max-steps", 4]
    process = command.start(*words, **place_of(0, free_port()), **soon())
    wait_for_waiting(command.run_folder())
    process.terminate()
    assert ended(process, 30)[0] == 143
    resumed = command(*words, "--processes", 1, "--json")
    assert resumed.code == 0, resumed.err
    assert resumed.json["steps"] == 4


@pytest.mark.fault
@pytest.mark.extended
def test_signal_ends_a_rank_that_waits_for_rank_0(command: Command, text_file: Path) -> None:
    told = planted(after="mmrec_engine.training.rank_worker", code="module._REPORTED_SECONDS = 0.5")
    port = free_port()
    process = command.start("train", "--data-dir", text_file, *FAST, **place_of(1, port), **told)
    assert process.stderr is not None
    assert f"process 1 of 2 at 127.0.0.1:{port}" in process.stderr.readline()
    process.terminate()
    assert ended(process, 30)[0] == 143


@pytest.mark.fault
def test_ranks_started_one_after_the_other_train(command: Command, text_file: Path) -> None:
    port = free_port()
    words = ["train", "--data-dir", text_file, *FAST, "--max-steps", 2]
    first = command.start(*words, **place_of(0, port), **soon())
    wait_for_waiting(command.run_folder())
    second = command.start(*words, **place_of(1, port))
    code, _, told = ended(first)
    assert code == 0, told
    assert ended(second)[0] == 0


@pytest.mark.fault
@pytest.mark.extended
def test_missing_rank_ends_the_run_with_one_line(command: Command, text_file: Path) -> None:
    code = planted(after="mmrec_engine.distributed.launch", code="module._JOIN_SECONDS = 1.0")
    refused = command("train", "--data-dir", text_file, *FAST, **place_of(0, free_port()), **code)
    assert refused.code == 1
    assert "process 2 of 2 has not come" in one_line_of(refused.err)
    assert command.everything_on_disk() == set()
