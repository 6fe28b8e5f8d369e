"""A run from the moment its folder is locked: listed and watched while it prepares, and nothing remains of a refused one."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mmrec_engine.storage.folder_lock import is_live
from mmrec_engine.storage.run_files import PREPARATION
from tests.command.faults import ended, one_line_of, planted
from tests.command.terminal import Screen
from tests.conftest import FAST, Command

# Preparation takes as long as the test needs: it waits where the corpus is read until a file appears.
_WAITING = """
import pathlib, time
prepare = module.prepare_corpus
def waiting(*given, **named):
    from mmrec_engine.events import Progress
    yield Progress(task="reading", done=1, total=4)
    while not pathlib.Path({go!r}).exists():
        time.sleep(0.05)
        yield Progress(task="reading", done=2, total=4)
    return (yield from prepare(*given, **named))
module.prepare_corpus = waiting
"""


def held_up(go: Path) -> dict[str, str]:
    return planted(after="mmrec_engine.data.prepare", code=_WAITING.format(go=str(go)))


def listed(command: Command) -> dict[str, dict[str, Any]]:
    return {run["name"]: run for run in command("runs", "--json").json["runs"]}


def wait_until_live(folder: Path, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + 60
    while not (is_live(folder) and any(folder.glob("*.jsonl"))):
        assert time.monotonic() < until and process.poll() is None
        time.sleep(0.05)
    time.sleep(0.3)


def state_files(command: Command) -> set[str]:
    state = Path(command.environment["XDG_STATE_HOME"])
    return {path.relative_to(state).as_posix() for path in state.rglob("*")}


@pytest.fixture
def go(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "go"
    yield path
    path.touch()  # whatever waits for it ends


def test_run_is_listed_as_preparing_once_locked(command: Command, text_file: Path, go: Path) -> None:
    process = command.start("train", "--data-dir", text_file, *FAST, "--max-steps", 2, **held_up(go))
    wait_until_live(command.run_folder(), process)
    assert listed(command)["tiny"]["state"] == "PREPARING"
    assert not (command.run_folder() / "run.json").exists()
    go.touch()
    assert ended(process)[0] == 0
    assert listed(command)["tiny"]["state"] == "FINISHED"
    assert "mmrec/preparing" not in state_files(command)


def test_request_refused_after_locking_leaves_nothing(command: Command, tmp_path: Path, go: Path) -> None:
    short = tmp_path / "short.txt"
    short.write_text("too short")
    process = command.start("train", "--data-dir", short, *FAST, "--max-steps", 2, **held_up(go))
    wait_until_live(command.run_folder(), process)
    assert "tiny" in listed(command)
    go.touch()
    code, _, told = ended(process)
    assert code == 2, told
    one_line_of(told)
    assert command.everything_on_disk() == set()
    assert state_files(command) == set()


@pytest.mark.extended
def test_killed_preparation_is_not_listed_as_run(command: Command, text_file: Path, go: Path) -> None:
    process = command.start("train", "--data-dir", text_file, *FAST, "--max-steps", 2, **held_up(go))
    wait_until_live(command.run_folder(), process)
    process.kill()
    process.communicate()
    assert listed(command) == {}
    assert command("train", "--data-dir", text_file, *FAST, "--max-steps", 1).code == 0


@pytest.mark.parametrize("how", ["--resume", "--overwrite"])
@pytest.mark.extended
def test_run_being_resumed_is_listed_as_preparing(command: Command, made: Path, how: str, go: Path, prose: str) -> None:
    text = command.folder / "text.txt"
    text.write_text(prose)
    before = {path.name: path.read_bytes() for path in made.iterdir()}
    words = ["--max-steps", 5, "--name", "made", how]
    if how == "--overwrite":
        words += ["--data-dir", text, *FAST]
    process = command.start("train", *words, **held_up(go))
    wait_until_live(made, process)
    assert listed(command)["made"]["state"] == "PREPARING"
    assert b'"reading"' in (made / PREPARATION).read_bytes()
    process.terminate()
    assert ended(process)[0] == 143
    assert {path.name: path.read_bytes() for path in made.iterdir()} == before
    runs = command("runs", "--json").json["runs"]
    assert [(one["name"], one["state"]) for one in runs] == [("made", "FINISHED")]  # found in the working folder
    assert not state_files(command)  # the copy was never noted, and is not now


@pytest.mark.extended
def test_preparing_run_is_watched_until_it_is_refused(
    command: Command, tmp_path: Path, go: Path, opened: Callable[..., Screen]
) -> None:
    short = tmp_path / "short.txt"
    short.write_text("too short")
    process = command.start("train", "--data-dir", short, *FAST, "--max-steps", 2, **held_up(go))
    wait_until_live(command.run_folder(), process)
    screen = opened("watch", "tiny")
    screen.wait_for("PREPARING")
    screen.wait_for("50")
    go.touch()
    assert ended(process)[0] == 2
    screen.wait_for("no longer there")


@pytest.mark.extended
def test_preparation_events_are_read_by_kind(command: Command, text_file: Path, go: Path) -> None:
    process = command.start("train", "--data-dir", text_file, *FAST, "--max-steps", 2, **held_up(go))
    wait_until_live(command.run_folder(), process)
    lines = (command.run_folder() / "events.jsonl").read_text().splitlines()
    assert [json.loads(line)["event"] for line in lines][:2] == ["state", "progress"]
