"""The lock of a run folder on a file system without locks: a claim that names its process replaces it."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from mmrec_engine.runs.catalog import delete_run
from mmrec_engine.storage import file_lock, folder_lock
from mmrec_engine.storage.run_files import CLAIM, LOCK
from tests.command.faults import ended, one_line_of, planted, wait_for_step
from tests.conftest import FAST, Command

# As NFS answers without its lock service.
WITHOUT_LOCKS = planted(
    code="""
import errno, fcntl
def flock(descriptor, how):
    raise OSError(errno.ENOLCK, "No locks available")
fcntl.flock = flock
"""
)


@pytest.fixture
def _without_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    def flock(descriptor: int, how: int) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(file_lock.fcntl, "flock", flock)


def claim_of(process: int, began: str | None, machine: str) -> str:
    return json.dumps({"machine": machine, "process": process, "began": began})


@pytest.mark.extended
@pytest.mark.fault
def test_lock_file_fallback_allows_one_process_and_shows_it(command: Command, text_file: Path) -> None:
    flags = ["train", "--data-dir", text_file, *FAST, "--max-steps", 100_000]
    first = command.start(*flags, **WITHOUT_LOCKS)
    wait_for_step(command.run_folder(), 2)
    second = command(*flags, "--resume", **WITHOUT_LOCKS)
    assert second.code == 2
    assert "another process" in one_line_of(second.err)
    listed = command("runs", "--json", **WITHOUT_LOCKS).json["runs"]
    assert [(run["name"], run["state"]) for run in listed] == [("tiny", "TRAINING")]
    first.send_signal(signal.SIGTERM)
    assert ended(first)[0] == 143
    assert not (command.run_folder() / CLAIM).exists()
    resumed = command("train", "--resume", "--max-steps", 3, **WITHOUT_LOCKS)
    assert resumed.code == 0, resumed.err


@pytest.mark.extended
@pytest.mark.fault
def test_claim_of_a_killed_process_is_taken_over(command: Command, text_file: Path) -> None:
    first = command.start("train", "--data-dir", text_file, *FAST, "--max-steps", 100_000, **WITHOUT_LOCKS)
    wait_for_step(command.run_folder(), 2)
    first.kill()
    first.communicate()
    assert (command.run_folder() / CLAIM).exists()
    assert command("runs", "--json", **WITHOUT_LOCKS).json["runs"][0]["state"] == "DIED"
    assert command("train", "--resume", "--max-steps", 3, **WITHOUT_LOCKS).code == 0


def test_refused_request_leaves_no_claim(command: Command, tmp_path: Path) -> None:
    short = tmp_path / "short.txt"
    short.write_text("too short")
    refused = command("train", "--data-dir", short, *FAST, **WITHOUT_LOCKS)
    assert refused.code == 2
    assert command.everything_on_disk() == set()


def test_failed_lock_leaves_no_folder(command: Command, text_file: Path) -> None:
    code = WITHOUT_LOCKS["MMREC_PLANTED"].replace("ENOLCK", "EIO").replace("No locks available", "I/O error")
    refused = command("train", "--data-dir", text_file, *FAST, **{**WITHOUT_LOCKS, "MMREC_PLANTED": code})
    assert refused.code == 2
    assert "I/O error" in one_line_of(refused.err)
    assert command.everything_on_disk() == set()


@pytest.mark.usefixtures("_without_locks")
def test_local_claim_is_valid_while_its_process_lives(tmp_path: Path) -> None:
    lock = folder_lock.RunLock(tmp_path)
    assert folder_lock.is_live(tmp_path)
    lock.release()
    assert not folder_lock.is_live(tmp_path)
    here = folder_lock._machine()
    for process, began, live in ((os.getpid(), folder_lock._began(os.getpid()), True), (os.getpid(), "1", False)):
        (tmp_path / CLAIM).write_text(claim_of(process, began, here))
        assert folder_lock.is_live(tmp_path) is live


@pytest.mark.usefixtures("_without_locks")
@pytest.mark.parametrize("text", [claim_of(1, "1", "another machine"), ""])
def test_remote_claim_is_valid_while_it_is_refreshed(tmp_path: Path, text: str) -> None:
    (tmp_path / LOCK).touch()
    (tmp_path / CLAIM).write_text(text)
    assert folder_lock.is_live(tmp_path)
    with pytest.raises(ValueError, match="another process"):
        folder_lock.RunLock(tmp_path)
    os.utime(tmp_path / CLAIM, (time.time() - 1000,) * 2)
    assert not folder_lock.is_live(tmp_path)
    folder_lock.RunLock(tmp_path).release()
    assert not (tmp_path / CLAIM).exists()


@pytest.mark.usefixtures("_without_locks")
def test_held_claim_is_refreshed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_lock, "_BEAT_SECONDS", 0.02)
    lock = folder_lock.RunLock(tmp_path)
    os.utime(tmp_path / CLAIM, (1, 1))
    until = time.monotonic() + 20
    while (tmp_path / CLAIM).stat().st_mtime < 1000:
        assert time.monotonic() < until
        time.sleep(0.02)
    lock.release()


@pytest.mark.usefixtures("_without_locks")
def test_handed_over_claim_names_its_new_process(tmp_path: Path) -> None:
    before = folder_lock.RunLock(tmp_path)
    descriptor = os.dup(before.leave())
    (tmp_path / CLAIM).write_text(claim_of(os.getpid(), "1", folder_lock._machine()))
    after = folder_lock.RunLock(tmp_path, descriptor)
    assert folder_lock.is_live(tmp_path)
    after.release()
    assert not folder_lock.is_live(tmp_path)


@pytest.mark.usefixtures("_without_locks")
def test_deleting_a_run_removes_its_claim(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "run.json").write_text("{}")
    lock = folder_lock.RunLock(folder)
    with pytest.raises(ValueError, match="being trained now"):
        delete_run(folder)
    lock.release()
    delete_run(folder)
    assert not folder.exists()
