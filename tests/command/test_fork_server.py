"""A command that the fork server starts does what a fresh process does: the other tests depend on that."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest

from tests.command.faults import assert_same_end, fault, planted, wait_for_step
from tests.command.refusals import everything
from tests.conftest import FAST, Command, events_of
from tests.fork_server import WHOLE_SAMPLE, ForkedProcess, ForkServer

# Of each kind of command one, in this order, and the run that both have trained.
COMMANDS = [
    "evaluate made --json",
    "generate made --prompt The --tokens 30 --seed 3",
    "export made exported",
    "check after made --json",
    "runs --json",
    "configs --json",
    "watch",
    "train --epochs=ten",
    "--lang tr evaluate absent",
    "dance",
    "",
]
# Differences between two processes that do the same: times and paths.
_VARYING = re.compile(
    r'"(time|seconds|tokens_per_second|size|updated|modified)": [-\d.e+]+|\b1\d{9}\.\d+|\d+(\.\d+)? s\b'
    r"|\d\d:\d\d<\d\d:\d\d|/\S*/(fresh|forked)/"
)


@pytest.fixture
def both(tmp_path: Path, fork_server: ForkServer | None, prose: str) -> list[Command]:
    """Each command of the first is a fresh process; those of the second are forked."""
    if fork_server is None:
        pytest.skip("commands are not forked here")
    commands = []
    for name, server in (("fresh", None), ("forked", fork_server)):
        (tmp_path / name).mkdir()
        commands.append(Command(tmp_path / name, server))
        commands[-1].environment[WHOLE_SAMPLE] = "1"
    (tmp_path / "text.txt").write_text(prose[:6000], encoding="utf-8")
    return commands


@pytest.mark.extended
def test_forked_command_matches_a_fresh_one(both: list[Command], tmp_path: Path) -> None:
    train = ["train", "--data-dir", tmp_path / "text.txt", *FAST, "--max-steps", 6, "--eval-every", 3, "--name", "made"]
    train += ["--processes", 2]
    told = [command(*train) for command in both]
    assert [result.code for result in told] == [0, 0], told
    assert _without_times(told[0].err) == _without_times(told[1].err)
    assert_same_end(*(command.run_folder("made") for command in both))
    for words in COMMANDS:
        fresh, forked = (command(*words.split()) for command in both)
        assert fresh.code == forked.code, (words, fresh, forked)
        assert _without_times(fresh.out) == _without_times(forked.out), words
        assert _without_times(fresh.err) == _without_times(forked.err), words
    fresh_files, forked_files = (set(everything(command.folder.parent)) for command in both)
    assert fresh_files == forked_files


def _without_times(text: str) -> str:
    return _VARYING.sub("", text)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_forked_command_receives_its_own_signals(command: Command, text_file: Path, number: int, code: int) -> None:
    process = command.start("train", "--data-dir", text_file, *FAST, "--max-steps", 100_000)
    if not isinstance(process, ForkedProcess):
        pytest.skip("commands are not forked here")
    wait_for_step(command.run_folder(), 3)
    assert process.poll() is None
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == code


def test_forked_command_draws_shorter_samples(command: Command, text_file: Path) -> None:
    drawn = []
    for environment in ({}, planted(code="pass"), {WHOLE_SAMPLE: "1"}):
        flags = ["--data-dir", text_file, *FAST, "--max-steps", 2, "--overwrite", "--json"]
        trained = command("train", *flags, **environment)
        assert trained.code == 0, trained.err
        (last,) = [one["values"]["characters"] for one in trained.json["findings"] if one["id"] == "sample-sane"]
        (sample,) = [len(one["text"]) for one in events_of(command.run_folder()) if one["event"] == "sample"]
        drawn.append((sample, last))
    (sample, last), planted_too, whole = drawn
    assert (sample, last) == planted_too
    assert sample < whole[0] and last < whole[1]


@pytest.mark.parametrize("word", ["kill", "ENOSPC"])
def test_planted_faults_reach_forked_commands(command: Command, text_file: Path, word: str) -> None:
    process = command.start(
        "train", "--data-dir", text_file, *FAST, "--max-steps", 4, **planted(faults=[fault(word, "rename", "run.json")])
    )
    if not isinstance(process, ForkedProcess):
        pytest.skip("commands are not forked here")
    _, told = process.communicate(timeout=60)
    assert (process.returncode, "No space left" in told) == ((-9, False) if word == "kill" else (1, True))


def test_command_with_environment_variables_is_a_fresh_process(command: Command) -> None:
    """Python and torch read them when they are loaded, and code planted in a library comes before it is used."""
    assert not isinstance(command.start("configs", PYTHONPATH="."), ForkedProcess)
    assert not isinstance(command.start("configs", **planted(code="pass", after="torch")), ForkedProcess)
    assert not isinstance(command.start("configs", LANG="tr_TR.UTF-8"), ForkedProcess)


@pytest.mark.fresh_process
def test_fresh_process_mark_starts_fresh_processes(command: Command) -> None:
    assert not isinstance(command.start("configs"), ForkedProcess)
