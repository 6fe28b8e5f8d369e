"""A run that is handed over to another process: its lock is never released in between, and the result is unchanged."""

import fcntl
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from mmrec_engine.errors import Interrupted
from mmrec_engine.run.train import train
from mmrec_engine.runs.run_folder import RunFolder
from mmrec_engine.settings import Settings
from mmrec_engine.storage.folder_lock import is_live
from mmrec_engine.storage.run_files import LOCK
from mmrec_engine.training.control import Control
from tests.command.faults import STOPPED, assert_same_end, wait_for_step
from tests.conftest import COMMAND, FAST, Command, extended

HANDED_OVER_AT = 22
SETTINGS: dict[str, Any] = {
    "seq_len": 32,
    "batch_size": 2,
    "threads": 1,
    "precision": "fp32",
    "epochs": None,
    "max_steps": 60,
    "eval_every": 15,
    "checkpoint_every": 10,
    "early_stopping_patience": 9,
}

# Trains as the app does, hands the run over, and lets the installed command, or this process again, continue it.
FIRST_PROCESS = f"""
import os, subprocess, sys
from mmrec_engine.settings import Settings
from mmrec_engine.training.control import Control
from mmrec_engine.run.train import train

text, next_owner = sys.argv[1:]
settings = Settings(data_dir=text, name="moved", **{SETTINGS!r})
control = Control()
for event in train(settings, control):
    if event.event == "step" and event.step == {HANDED_OVER_AT}:
        control.hand_over()
lock = control.lock
if next_owner == "itself":
    list(train(settings, control, resume=True, held_lock=lock))
    assert control.lock is None
else:
    child = subprocess.Popen(
        [{str(COMMAND)!r}, "train", "--resume", "--output-dir", "checkpoints", "--name", "moved"],
        pass_fds=(lock,), start_new_session=True, env={{**os.environ, "MMREC_LOCK_FD": str(lock)}},
    )
    os.close(lock)
    sys.exit(child.wait())
"""


class Watcher(threading.Thread):
    """Tests repeatedly whether the run is live, and records when it was unlocked before its end."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self._folder = folder
        self._ended = threading.Event()
        self.asked, self.free_early = 0, 0

    def run(self) -> None:
        while not self._ended.is_set():
            live = is_live(self._folder)
            self.asked += 1
            if not live:
                done = '"status": "completed"' in (self._folder / "events.jsonl").read_text(errors="replace")
                self.free_early += not done
                if done:
                    return
            time.sleep(0.0005)

    def end(self) -> None:
        self._ended.set()
        self.join()


@pytest.mark.first(1)
@pytest.mark.fault
@pytest.mark.parametrize("next_owner", ["command", "itself"])
def test_detached_run_keeps_its_lock_without_a_gap(command: Command, text_file: Path, next_owner: str) -> None:
    folder, whole = (command.run_folder(name) for name in ("moved", "whole"))
    list(train(Settings(data_dir=str(text_file), name="whole", output_dir=str(whole.parent), **SETTINGS)))
    first = subprocess.Popen(
        [sys.executable, "-c", FIRST_PROCESS, str(text_file), next_owner],
        cwd=command.folder,
        env=command.environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for_step(folder, 3)
    watcher = Watcher(folder)
    watcher.start()
    try:
        _, told = first.communicate(timeout=120)
    finally:
        first.kill()
        watcher.end()
    assert first.returncode == 0, told
    assert watcher.asked > 100
    assert watcher.free_early == 0
    assert not is_live(folder)
    assert f'"checkpoint": "checkpoint_step_{HANDED_OVER_AT}.pt"' in (folder / "events.jsonl").read_text()
    assert_same_end(folder, whole, left_out=(*STOPPED, "check"))


@pytest.mark.first(1)
@pytest.mark.parametrize("bogus", ["57", *map(extended, ("1", "-1", "99999999999999999999", "")), "words"])
def test_invalid_lock_descriptor_is_ignored(command: Command, text_file: Path, bogus: str) -> None:
    trained = command("train", "--data-dir", text_file, *FAST, "--max-steps", 2, "--json", MMREC_LOCK_FD=bogus)
    assert trained.code == 0, trained.err
    assert trained.json["status"] == "completed"


def test_detach_before_the_first_step_leaves_no_run(tmp_path: Path, text_file: Path) -> None:
    control = Control()
    control.hand_over()
    with pytest.raises(Interrupted):
        list(train(Settings(data_dir=str(text_file), output_dir=str(tmp_path / "runs")), control))
    assert control.lock is None
    assert not (tmp_path / "runs").exists()


@pytest.mark.extended
def test_inherited_lock_is_not_passed_to_child_processes(tmp_path: Path) -> None:
    held = os.open(tmp_path / LOCK, os.O_RDWR | os.O_CREAT)
    os.set_inheritable(held, True)
    fcntl.flock(held, fcntl.LOCK_EX)
    folder = RunFolder(tmp_path, "resume", held)
    assert not os.get_inheritable(held)
    assert is_live(tmp_path)
    folder.close()
    assert not is_live(tmp_path)
    with pytest.raises(OSError):
        os.fstat(held)


def test_inherited_lock_of_another_folder_is_closed(tmp_path: Path) -> None:
    ours, other = tmp_path / "ours", tmp_path / "other"
    for folder in (ours, other):
        folder.mkdir()
        (folder / LOCK).touch()
    held = os.open(other / LOCK, os.O_RDWR | os.O_CREAT)
    fcntl.flock(held, fcntl.LOCK_EX)
    run = RunFolder(ours, "resume", held)
    assert not is_live(other)
    assert is_live(ours)
    run.close()
    assert not is_live(ours)


def test_refused_request_releases_its_inherited_lock(tmp_path: Path) -> None:
    held = os.open(tmp_path / LOCK, os.O_RDWR | os.O_CREAT)
    fcntl.flock(held, fcntl.LOCK_EX)
    (tmp_path / "run.json").write_text("broken")
    settings = Settings(output_dir=str(tmp_path.parent), name=tmp_path.name)
    with pytest.raises(ValueError, match=r"run\.json"):
        list(train(settings, resume=True, held_lock=held))
    assert not is_live(tmp_path)
