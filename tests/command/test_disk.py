"""A disk that is full or fails while a run writes: training goes on or ends properly, and earlier files stay valid."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mmrec_engine.runs import checkpoints
from mmrec_engine.storage.run_files import step_checkpoints
from tests.command.faults import assert_same_checkpoints, fault, one_line_of, planted, wait_for_step
from tests.conftest import FAST, Command, events_of

RUN = [*FAST, "--max-steps", "30", "--eval-every", "10", "--checkpoint-every", "5"]


@contextmanager
def small_disk(place: Path, size: str) -> Iterator[Path]:
    """A file system of this size; only an administrator may create one."""
    place.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(place)], capture_output=True)
    if made.returncode:
        pytest.skip(f"no small disk can be made here: {made.stderr.decode().strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def fill(path: Path) -> None:
    """Use all remaining space, beside the file's own."""
    with path.open("ab", buffering=0) as ballast, contextlib.suppress(OSError):
        while ballast.write(bytes(4096)):
            pass


def fill_for_good(ballast: Path, grows: Path, seconds: float = 4) -> None:
    """Fill the disk until the file has not grown for some seconds: a checkpoint that is being replaced frees space."""
    limit = time.monotonic() + 60
    while True:
        fill(ballast)
        size = grows.stat().st_size
        time.sleep(seconds)
        if grows.stat().st_size <= size + 4096:
            return
        assert time.monotonic() < limit, f"{grows.name} goes on growing on a full disk"


def told_in(folder: Path) -> list[tuple[str, str, str]]:
    return [
        (event["finding"]["id"], event["finding"]["status"], event["finding"]["values"].get("variant", ""))
        for event in events_of(folder)
        if event["event"] == "finding" and event["finding"]["id"] == "disk-unwritable"
    ]


def whole_checkpoints(folder: Path) -> list[int]:
    """Steps of all checkpoints, each of which must be valid."""
    assert not list(folder.glob("*.tmp")), "something half written was left"
    return [int(checkpoints.read(path)["progress"]["step"]) for path in sorted(folder.glob("*.pt"))]


@pytest.mark.fault
def test_training_continues_on_a_disk_too_small_for_checkpoints(command: Command, text_file: Path) -> None:
    flags = ["train", "--data-dir", text_file, *RUN]
    assert command(*flags, "--name", "whole", "--quiet").code == 0
    with small_disk(command.folder / "disk", "24m") as disk:  # two checkpoints and a bit
        full = command(*flags, "--name", "whole", "--output-dir", "disk")
        assert full.code == 1, full.err
        assert "cannot write" in one_line_of(full.err)
        assert "--resume" in one_line_of(full.err)
        assert "Disk writes" in full.err
        folder = disk / "whole"
        assert told_in(folder)[0] == ("disk-unwritable", "warn", "checkpoint")
        recorded = events_of(folder)
        assert [event["step"] for event in recorded if event["event"] == "step"] == list(range(1, 31)), "it went on"
        assert recorded[-1]["state"] == "FAILED"
        assert whole_checkpoints(folder)
        subprocess.run(["mount", "-o", "remount,size=200m", str(disk)], check=True)
        resumed = command(*flags, "--name", "whole", "--output-dir", "disk", "--resume")
        assert resumed.code == 0, resumed.err
        assert_same_checkpoints(folder, command.run_folder("whole"))


@pytest.mark.fault
@pytest.mark.extended
def test_record_is_complete_after_a_full_disk_is_freed(command: Command, text_file: Path) -> None:
    with small_disk(command.folder / "disk", "60m") as disk:
        process = command.start(
            "train", "--data-dir", text_file, *FAST, "--output-dir", "disk", "--max-steps", 100_000, "--eval-every", 100_000,
            "--checkpoint-every", 40, "--keep-checkpoints", 1, "--no-save-best-model",
        )  # fmt: skip
        folder = disk / "tiny"
        wait_for_step(folder, 50)
        fill_for_good(disk / "ballast", folder / "events.jsonl")
        assert process.poll() is None, "training goes on"
        (disk / "ballast").unlink()
        until = time.monotonic() + 60
        while len(told_in_partial(folder)) < 2 and time.monotonic() < until:
            time.sleep(0.2)
        process.terminate()
        _, told = process.communicate(timeout=60)
        assert process.returncode == 143, told
        assert "Traceback" not in told
        first, *_, last = told_in(folder)
        assert first[1] == "warn"
        assert last == ("disk-unwritable", "pass", "over")
        steps = [event["step"] for event in events_of(folder) if event["event"] == "step"]
        assert steps == list(range(1, len(steps) + 1)), "no step is missing, and no line is torn"
        assert steps[-1] in whole_checkpoints(folder)


def told_in_partial(folder: Path) -> list[bytes]:
    lines = (folder / "events.jsonl").read_bytes().splitlines()
    return [line for line in lines if b'"disk-unwritable"' in line and b'"event": "finding"' in line]


@pytest.mark.first(1)
@pytest.mark.fault
@pytest.mark.parametrize("reason", ["ENOSPC", "EIO"])
def test_unwritable_checkpoint_is_reported_and_the_next_is_written(
    command: Command, text_file: Path, reason: str
) -> None:
    """At each stage of writing one, with one that succeeds in between."""
    flags = ["--max-steps", "64", "--eval-every", "40", "--checkpoint-every", "5", "--keep-checkpoints", "1"]
    stages = [("open", "checkpoint_step_10.pt.tmp"), ("fsync", "checkpoint_step_20.pt.tmp"),
              ("rename", "checkpoint_step_30.pt"), ("rename", "best_model.pt"),
              ("remove", "checkpoint_step_45.pt")]  # fmt: skip
    faults = [fault(reason, operation, name) for operation, name in stages]
    ended = command("train", "--data-dir", text_file, *FAST, *flags, **planted(faults=faults))
    assert ended.code == 0, ended.err
    assert os.strerror({"ENOSPC": 28, "EIO": 5}[reason]) in ended.err
    recorded = events_of(command.run_folder())
    named = [event["path"] for event in recorded if event["event"] == "unwritten"]
    assert named == ["checkpoint_step_10.pt", "checkpoint_step_20.pt", "checkpoint_step_30.pt", "best_model.pt",
                     "checkpoint_step_50.pt"]  # fmt: skip
    assert [variant for _, _, variant in told_in(command.run_folder())] == ["checkpoint", "over"] * len(named)
    assert [step for step, _ in step_checkpoints(command.run_folder())] == [64]
    assert set(whole_checkpoints(command.run_folder())) == {64}


@pytest.mark.first(1)
@pytest.mark.fault
@pytest.mark.parametrize(
    ("operation", "name", "code"),
    [
        ("open", "events.jsonl", 2),
        ("open", "run.json*.tmp", 1),
        ("rename", "run.json", 1),
        ("open", "lock", 2),
        ("mkdir", "tiny", 2),
        ("open", "final_checkpoint.pt.tmp", 1),
        ("rename", "final_checkpoint.pt", 1),
    ],
)
def test_unwritable_essential_file_ends_the_run_in_one_line(
    command: Command, text_file: Path, operation: str, name: str, code: int
) -> None:
    before = command.everything_on_disk()
    broken = planted(faults=[fault("ENOSPC", operation, name)])
    ended = command("train", "--data-dir", text_file, *RUN, **broken)
    assert ended.code == code, ended.err
    assert "No space left on device" in one_line_of(ended.err)
    assert ("go on with --resume" in ended.err) == name.startswith("final")
    if not name.startswith("final"):
        assert command.everything_on_disk() == before, "nothing was trained, and nothing is left"
    else:
        resumed = command("train", "--resume", "--json")
        assert (resumed.code, resumed.json["steps"]) == (0, 30)


@pytest.mark.fault
@pytest.mark.parametrize("name", ["report.json*", "report.md*"])
@pytest.mark.extended
def test_unwritable_report_is_reported_and_written_later(command: Command, text_file: Path, name: str) -> None:
    ended = command("train", "--data-dir", text_file, *RUN, **planted(faults=[fault("ENOSPC", "rename", name)]))
    assert ended.code == 0, ended.err
    assert "report could not be written" in ended.err
    assert "Traceback" not in ended.err
    folder = command.run_folder()
    assert not list(folder.glob("*.tmp"))
    assert command("train", "--resume").code == 0
    assert (folder / "report.json").exists()
    assert (folder / "report.md").exists()


@pytest.mark.fault
def test_full_disk_while_preparing_tokens_is_one_line(command: Command, text_file: Path, shakespeare: Path) -> None:
    with small_disk(command.folder / "cache", "256k"):
        refused = command("train", "--data-dir", shakespeare, *FAST, XDG_CACHE_HOME=str(command.folder / "cache"))
        assert refused.code == 2
        assert "No space left on device" in one_line_of(refused.err)
        assert "XDG_CACHE_HOME" in refused.err or "cache" in one_line_of(refused.err)
        assert not list((command.folder / "cache").rglob("*.bin")), "no half of a token file is left"
        assert not (command.folder / "checkpoints").exists()
    ended = command("train", "--data-dir", text_file, *FAST, "--max-steps", 2)
    assert ended.code == 0, ended.err


@pytest.mark.first(1)
@pytest.mark.fault
@pytest.mark.parametrize("name", ["train.bin", "corpus.json", "text"])
@pytest.mark.parametrize("operation", ["open", "fsync"])
def test_unwritable_tokens_are_one_line(command: Command, text_file: Path, operation: str, name: str) -> None:
    if (operation, name) == ("fsync", "text"):
        pytest.skip("the text is read again at once, and never synced")
    refused = command("train", "--data-dir", text_file, *FAST, **planted(faults=[fault("EIO", operation, name)]))
    assert refused.code == 2
    assert "Input/output error" in one_line_of(refused.err)
    assert command.everything_on_disk() == set()
    ended = command("train", "--data-dir", text_file, *FAST, "--max-steps", 2)
    assert ended.code == 0, ended.err


@pytest.mark.fault
@pytest.mark.parametrize("name", ["run.json.*", "split.npz.*"])
def test_overwrite_keeps_the_old_run_if_the_new_one_cannot_be_written(
    command: Command, made: Path, text_file: Path, name: str
) -> None:
    before = {path.name: path.read_bytes() for path in made.iterdir()}
    flags = ["train", "--data-dir", text_file, *FAST, "--max-steps", 2, "--name", "made", "--overwrite"]
    refused = command(*flags, **planted(faults=[fault("ENOSPC", "open", name)]))
    assert refused.code in (1, 2)
    assert "No space left" in one_line_of(refused.err)
    assert "--resume" not in refused.err, "that would go on with the old run"
    assert {path.name: path.read_bytes() for path in made.iterdir()} == before


@pytest.mark.fault
@pytest.mark.extended
@pytest.mark.parametrize(
    ("operation", "name"), [("rename", "run.json"), ("rename", "split.npz"), ("remove", "best_model.pt")]
)
def test_run_killed_during_overwrite_never_resumes_old_checkpoints(
    command: Command, made: Path, text_file: Path, operation: str, name: str
) -> None:
    flags = ["train", "--data-dir", text_file, *FAST, "--max-steps", 6, "--name", "made", "--learning-rate", 0.01]
    killed = command(*flags, "--overwrite", **planted(faults=[fault("kill", operation, name)]))
    assert killed.code == -9
    resumed = command("train", "--name", "made", "--resume", "--max-steps", 6)
    assert resumed.code == 0, resumed.err
    events = events_of(made)
    settings = next(event for event in events if event["event"] == "run_started")["settings"]
    steps = [event for event in events if event["event"] == "step"]
    assert [event["step"] for event in steps] == [1, 2, 3, 4, 5, 6], "and all of them by one run"
    for event in steps:
        expected = settings["learning_rate"] * min(1, event["step"] / settings["warmup_steps"])
        assert event["learning_rate"] == pytest.approx(expected)
