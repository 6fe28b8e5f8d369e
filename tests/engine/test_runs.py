import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mmrec_engine import events
from mmrec_engine.errors import RequestError
from mmrec_engine.runs import run_folder
from mmrec_engine.runs.catalog import (
    ask,
    delete_run,
    free_name,
    known_runs,
    newest_live_run,
    pid_of,
    size_on_disk,
    summarise,
)
from mmrec_engine.runs.noted_runs import note_run
from mmrec_engine.storage import file_lock
from mmrec_engine.training.control import Control
from tests.engine.test_history import step, validation


def write(folder: Path, *stream: events.Event) -> None:
    (folder / "events.jsonl").write_bytes(b"".join(events.to_line(event).encode() + b"\n" for event in stream))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "checkpoints" / "tiny"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text('{"settings": {}}')
    return folder


@contextmanager
def trained(folder: Path) -> Iterator[None]:
    """The lock held, as by the process that trains there."""
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT)
    os.write(descriptor, f"{os.getpid()}\n".encode())
    file_lock.lock(descriptor)
    try:
        yield
    finally:
        file_lock.close(descriptor)


def test_summary_has_the_newest_event_of_each_kind(run: Path) -> None:
    stream = [step(1), validation(1, best=True, loss=3.0), step(2), validation(2, loss=4.0), step(3)]
    write(run, *stream, events.State(step=3, state="FINISHED"))
    summary = summarise(run)
    assert summary is not None
    assert (summary.name, summary.state, summary.step, summary.best_loss) == ("tiny", "FINISHED", 3, 3.0)
    assert summary.as_dict()["best_bits_per_character"] == summary.best_bits_per_character


@pytest.mark.parametrize(
    ("ending", "state"),
    [
        ([events.State(state="TRAINING")], "DIED"),
        ([events.RunFinished(step=1, status="interrupted", reason="", seconds=1.0)], "STOPPED"),
        ([events.State(state="FAILED"), events.State(state="PREPARING")], "DIED"),
        ([], "DIED"),
    ],
)
def test_state_of_a_run_without_a_process(run: Path, ending: list[events.Event], state: str) -> None:
    write(run, step(1), *ending)
    summary = summarise(run)
    assert summary is not None and summary.state == state


def test_state_of_a_live_run_is_its_recorded_state(run: Path) -> None:
    write(run, step(1), events.State(step=1, state="VALIDATING"))
    with trained(run):
        summary = summarise(run)
    assert summary is not None and summary.state == "VALIDATING"


def test_summary_skips_incomplete_and_lookalike_lines(run: Path) -> None:
    looks_right = b'{"event": "validation", "step": 9, "best": true}\n{"event": "state", "step": 9}\n'
    write(run, validation(1, best=True, loss=3.0), step(1), events.State(step=1, state="FINISHED"))
    with (run / "events.jsonl").open("ab") as file:
        file.write(looks_right + events.to_line(step(2)).encode()[:40])
    summary = summarise(run)
    assert summary is not None
    assert (summary.state, summary.step, summary.best_loss) == ("FINISHED", 1, 3.0)


@pytest.mark.parametrize("place", [0, 1, 5_000, 11_999])
def test_summary_finds_the_best_in_a_long_record(run: Path, place: int) -> None:
    stream: list[events.Event] = [step(number) for number in range(1, 12_000)]
    stream.insert(place, validation(place, best=True, loss=1.25))
    stream.insert(place, events.State(step=place, state="VALIDATING"))
    write(run, *stream)
    with trained(run):
        summary = summarise(run)
    assert summary is not None
    assert (summary.state, summary.step, summary.best_loss) == ("VALIDATING", 11_999, 1.25)


def test_lines_longer_than_a_block_do_not_hide_earlier_lines(run: Path) -> None:
    write(
        run, step(1), validation(1, best=True, loss=1.25), events.Sample(step=1, prompt="", text="a" * 3 * 2**20),
        events.Sample(step=1, prompt="", text="a" * 9 * 2**20), step(2),
    )  # fmt: skip
    summary = summarise(run)
    assert summary is not None and (summary.step, summary.best_loss) == (2, 1.25)


def test_summary_of_a_run_without_a_record_and_of_a_folder_without_a_run(run: Path) -> None:
    summary = summarise(run)
    assert summary is not None and (summary.state, summary.step, summary.best_loss) == ("DIED", 0, None)
    assert summarise(run.parent) is None


def test_request_reaches_the_run_with_its_id(run: Path) -> None:
    control = Control()
    control.listen_to(run / "control.jsonl")
    ids = [ask(run, "pause"), ask(run, "stop")]
    assert [(request.id, request.command) for request in control.take()] == list(
        zip(ids, ("pause", "stop"), strict=True)
    )
    lines = (run / "control.jsonl").read_text().splitlines()
    assert [set(json.loads(line)) for line in lines] == [{"id", "time", "command"}] * 2


@pytest.mark.parametrize("obstacle", ["link", "pipe", "folder", "no-run-folder"])
def test_invalid_request_is_refused_and_not_written(run: Path, tmp_path: Path, obstacle: str) -> None:
    target = tmp_path / "target"
    target.write_text("")
    match obstacle:
        case "link":
            (run / "control.jsonl").symlink_to(target)
        case "pipe":
            os.mkfifo(run / "control.jsonl")
        case "folder":
            (run / "control.jsonl").mkdir()
        case _:
            run = run / "gone"
    with pytest.raises(RequestError) as told:
        ask(run, "stop")
    assert told.value.key == "run-unwritable"
    assert target.read_text() == ""


def test_process_id_is_known_only_while_it_trains(run: Path) -> None:
    assert pid_of(run) is None
    with trained(run):
        assert pid_of(run) == os.getpid()
        (run / "lock").write_text("")
        assert pid_of(run) is None
        (run / "lock").write_text(str(os.getpid()))
    assert pid_of(run) is None


def test_free_name_is_the_first_unused_one(run: Path) -> None:
    folder = run.parent
    assert free_name(folder, "new") == "new"
    assert free_name(folder, "tiny") == "tiny-2"
    (folder / "tiny-2").symlink_to(folder / "nothing")
    (folder / "tiny-3").write_text("a file")
    (folder / "tiny-4").mkdir()
    assert free_name(folder, "tiny") == "tiny-4"
    assert free_name(folder / "not-made-yet", "tiny") == "tiny"


def test_folder_size_counts_files_but_not_link_targets(run: Path, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(b"0" * 100_000)
    before = size_on_disk(run)
    (run / "best_model.pt").write_bytes(b"0" * 1_000)
    (run / "export").mkdir()
    (run / "export" / "model.safetensors").write_bytes(b"0" * 500)
    assert size_on_disk(run) == before + 1_500
    (run / "link").symlink_to(tmp_path / "big")
    assert size_on_disk(run) < before + 2_000
    assert size_on_disk(tmp_path / "nothing") == 0


def test_deleting_a_run_removes_its_folder(run: Path) -> None:
    for name in (
        "events.jsonl", "control.jsonl", "lock", "log.txt", "ticks.json", "report.json", "report.md", "best_model.pt",
        "checkpoint_step_5.pt", "checkpoint_step_6.pt.tmp", "run.json.tmp", "events.jsonl.tmp",
    ):  # fmt: skip
        (run / name).write_text("")
    delete_run(run)
    assert not run.exists()
    assert run.parent.exists()


def test_deleting_a_run_keeps_other_files(run: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.pt").write_text("kept")
    (run / "best_model.pt").symlink_to(tmp_path / "elsewhere.pt")
    (run / "notes.txt").write_text("mine")
    (run / "notes.tmp").write_text("mine")
    (run / "folder.pt").mkdir()
    delete_run(run)
    assert {path.name for path in run.iterdir()} == {"notes.txt", "notes.tmp", "folder.pt"}
    assert (tmp_path / "elsewhere.pt").read_text() == "kept"


def test_folder_without_a_run_is_not_deleted(run: Path) -> None:
    (run.parent / "events.jsonl").write_text("")
    with pytest.raises(RequestError) as told:
        delete_run(run.parent)
    assert told.value.key == "run-missing"
    assert {path.name for path in run.parent.iterdir()} == {"tiny", "events.jsonl"}


@pytest.mark.parametrize("moment", ["training", "before-its-first-step", "begun-just-now"])
def test_a_live_run_is_not_deleted(run: Path, moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (run / "events.jsonl").write_text("")
    match moment:
        case "before-its-first-step":
            (run / "run.json").unlink()
        case "begun-just-now":
            monkeypatch.setattr("mmrec_engine.runs.catalog.is_live", lambda folder: False)
    with trained(run):
        before = set(run.iterdir())
        with pytest.raises(RequestError) as told:
            delete_run(run)
    assert told.value.key == "run-is-live"
    assert set(run.iterdir()) == before


def test_record_is_cut_after_the_event_of_its_checkpoint_or_else_after_its_step(run: Path) -> None:
    saved = events.Checkpoint(step=2, path="checkpoint_step_2.pt", kind="step")
    for stream, kept in (([step(1), step(2), saved, step(3)], 3), ([step(1), step(2), step(3), step(4)], 2)):
        write(run, *stream)
        record = run / "events.jsonl"
        lines = record.read_bytes().splitlines(keepends=True)
        assert run_folder._length_through(record, saved.path, 2) == sum(map(len, lines[:kept]))
    record.write_bytes(lines[0] + lines[1][:-1])
    assert run_folder._length_through(record, saved.path, 2) == len(lines[0]), "a line that is not complete"


def test_run_that_was_resumed_keeps_its_record_if_the_resume_fails_before_a_step(run: Path) -> None:
    write(run, step(1), step(2), events.Checkpoint(step=2, path="checkpoint_step_2.pt", kind="step"), step(3))
    folder = run_folder.RunFolder(run, "resume")
    folder.continue_after("checkpoint_step_2.pt", 2, {"settings": {}})
    folder.abandon()
    kinds = [json.loads(line)["event"] for line in (run / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    assert kinds == ["step", "step", "checkpoint"]


def test_runs_of_the_working_folder_are_listed_although_nobody_noted_them(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(run, step(1), events.State(step=1, state="FINISHED"))
    (tmp_path / "checkpoints" / "no-run").mkdir()
    (tmp_path / "checkpoints" / "linked").symlink_to(run)
    monkeypatch.chdir(tmp_path)
    assert [summary.path for summary in known_runs()] == [run]
    note_run(Path("checkpoints/tiny"))
    assert [summary.path for summary in known_runs()] == [run], "once"
    with trained(run):
        assert newest_live_run() == run
    monkeypatch.chdir(tmp_path / "checkpoints" / "no-run")
    assert [summary.path for summary in known_runs()] == [run], "noted"
