import json
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmrec_engine import events
from mmrec_engine.runs.history import History
from mmrec_engine.runs.run_reader import RunReader
from tests.engine.test_history import a_run, comparable, history_of, step, validation

FOREVER = float("inf")


def line(event: events.Event) -> bytes:
    return events.to_line(event).encode() + b"\n"


def write(folder: Path, *stream: events.Event, mode: str = "wb") -> None:
    with (folder / "events.jsonl").open(mode) as file:
        file.writelines(map(line, stream))


def read_whole(folder: Path) -> RunReader:
    reader = RunReader(folder)
    while reader.read(1.0):
        pass
    return reader


def last_step(history: History) -> int:
    return history.last_step.step if history.last_step else 0


def long_run(steps: int) -> Iterator[events.Event]:
    """About 200 bytes a step; the best validation at a tenth of it."""
    yield events.State(time=0.0, state="PREPARING")
    yield events.RunStarted(
        time=0.0, planned_steps=2 * steps, steps_an_epoch=10**6, parameters=1, corpus={}, settings={"seed": 1}
    )
    for number in range(1, steps + 1):
        yield step(number, loss=4.123456789 - number / steps)
        if number % 1000 == 0:
            yield events.State(time=number / 10, step=number, state="VALIDATING")
            yield validation(number, best=number == steps // 10, loss=3.0)
            yield events.Sample(time=number / 10, step=number, prompt="The", text="said so " * 30)
            yield events.State(time=number / 10 + 1, step=number, state="TRAINING")
        if number == steps // 2:
            yield events.Finding(time=0.0, step=number, finding={"id": "plateau", "phase": "during"})
            yield events.Checkpoint(time=0.0, step=number, path="best_model.pt", kind="best")
            yield events.SettingsChanged(time=0.0, step=number, changes={"seed": 2}, reason="resume")


@pytest.fixture(scope="module")
def long_record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("long")
    write(folder, *long_run(40_000))
    assert (folder / "events.jsonl").stat().st_size > 6e6
    return folder


def test_reading_a_record_folds_its_events(tmp_path: Path) -> None:
    write(tmp_path, *a_run())
    reader = read_whole(tmp_path)
    assert repr(comparable(reader.history)) == repr(comparable(history_of(*a_run())))
    assert reader.complete


def test_first_read_of_a_small_record_is_complete(tmp_path: Path) -> None:
    write(tmp_path, *a_run())
    reader = RunReader(tmp_path)
    assert repr(comparable(reader.first_view())) == repr(comparable(history_of(*a_run())))
    assert reader.complete and reader.first_view() is reader.history


def test_first_read_of_a_long_record_has_the_main_values(long_record: Path) -> None:
    reader = RunReader(long_record)
    seen, whole = reader.first_view(), read_whole(long_record).history
    assert (last_step(seen), seen.best, seen.settings) == (40_000, whole.best, {"seed": 2})
    assert seen.best is not None and seen.best.step == 4_000
    assert [event.step for _, event in seen.validations] == list(range(1_000, 40_001, 1_000))
    assert (seen.findings, seen.checkpoints, seen.planned_steps) == (whole.findings, whole.checkpoints, 80_000)
    assert seen.eta_seconds() == pytest.approx(whole.eta_seconds())
    assert seen.seconds == pytest.approx(whole.seconds)
    assert (last_step(reader.history), reader.complete) == (0, False)


def test_first_read_covers_the_whole_curves(long_record: Path) -> None:
    drawn = [x[0] for x, _ in RunReader(long_record).first_view().curves["loss"].points()]
    assert drawn[0] == 1 and drawn[-1] > 39_900
    assert max(later - earlier for earlier, later in pairwise(drawn)) < 2_000


def test_first_read_finds_the_run_start_after_many_findings(tmp_path: Path) -> None:
    findings = [events.Check(finding={"id": "skipped", "phase": "before", "path": "x" * 100})] * 5_000
    write(tmp_path, *findings, *long_run(10_000))
    seen = RunReader(tmp_path).first_view()
    assert seen.started is not None
    assert seen.planned_steps == 20_000


def test_first_read_finds_the_best_among_many_validations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mmrec_engine.runs.run_reader._MOST_LINES", 100)
    write(tmp_path, *(validation(number, best=number == 7_654) for number in range(1, 20_001)))
    seen = RunReader(tmp_path).first_view()
    assert seen.best is not None and seen.best.step == 7_654
    assert seen.last_validation is not None and seen.last_validation.step == 20_000


def test_reading_continues_at_its_offset(long_record: Path) -> None:
    reader = RunReader(long_record)
    assert reader.read(0)
    assert 0 < last_step(reader.history) < 40_000
    assert not reader.complete
    while reader.read(0.01):
        pass
    assert last_step(reader.history) == 40_000
    assert len(reader.history.validations) == 40
    assert reader.complete


def test_incomplete_line_is_read_once_complete(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    reader = RunReader(tmp_path)
    torn = line(step(2))
    path.write_bytes(line(step(1)) + torn[:30])
    assert not reader.read(FOREVER)
    assert last_step(reader.history) == 1
    with path.open("ab") as file:
        file.write(torn[30:-1])
    reader.read(FOREVER)
    assert last_step(reader.history) == 1
    with path.open("ab") as file:
        file.write(b"\n" + line(step(3))[:-1])
    reader.read(FOREVER)
    assert last_step(reader.history) == 2
    assert len(reader.history.curves["loss"].points()) == 2


def test_missing_record_is_empty_until_it_exists(tmp_path: Path) -> None:
    reader = RunReader(tmp_path / "later")
    assert not reader.read(1.0)
    assert reader.first_view().started_time is None
    (tmp_path / "later").mkdir()
    write(tmp_path / "later", step(1))
    assert not reader.read(1.0)
    assert last_step(reader.history) == 1
    (tmp_path / "later" / "events.jsonl").unlink()
    reader.read(1.0)
    assert last_step(reader.history) == 0


def overwrite(folder: Path, *stream: events.Event) -> None:
    """In place, as a run that replaces another one does."""
    write(folder, *stream)


def replace(folder: Path, *stream: events.Event) -> None:
    """By a new file renamed into place, as a resumed run does."""
    new = folder / "new"
    new.mkdir()
    write(new, *stream)
    (new / "events.jsonl").replace(folder / "events.jsonl")
    new.rmdir()


@pytest.mark.parametrize("change", [overwrite, replace])
@pytest.mark.parametrize("length", [3, 10, 40], ids=["shorter", "as-long", "longer"])
def test_replaced_record_is_read_again(tmp_path: Path, change: object, length: int) -> None:
    write(tmp_path, *(step(number, loss=1.0) for number in range(1, 11)))
    reader = read_whole(tmp_path)
    before = reader.history
    assert callable(change)
    change(tmp_path, *(step(number, loss=2.0) for number in range(1, length + 1)))
    assert not reader.read(FOREVER)
    assert reader.history is not before
    assert [value for _, value in reader.history.curves["loss"].points()] == [2.0] * length


@pytest.mark.parametrize(("change", "other"), [(replace, 50), (overwrite, 1)])
def test_similar_replacement_record_is_read_again(tmp_path: Path, change: object, other: int) -> None:
    write(tmp_path, *(step(number, loss=1.0) for number in range(1, 101)))
    reader = read_whole(tmp_path)
    assert callable(change)
    change(tmp_path, *(step(number, loss=2.0 if number == other else 1.0) for number in range(1, 201)))
    reader.read(FOREVER)
    assert [x[0] for x, value in reader.history.curves["loss"].points() if value == 2.0] == [other]


def test_truncated_and_regrown_record_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    write(tmp_path, *(step(number, loss=1.0) for number in range(1, 21)))
    reader = read_whole(tmp_path)
    with path.open("rb+") as file:
        file.truncate(len(b"".join(line(step(number, loss=1.0)) for number in range(1, 11))))
    write(tmp_path, *(step(number, loss=2.0) for number in range(11, 31)), mode="ab")
    reader.read(FOREVER)
    assert [value for _, value in reader.history.curves["loss"].points()] == [1.0] * 10 + [2.0] * 20


def test_invalid_lines_are_skipped(tmp_path: Path) -> None:
    garbage = [
        b"\x00\xff\xfe", b"[" * 100_000, b"{}", b'"event"', b"null", b"", b'{"event": "step", "time": 1.0, "st',
        b'{"event": "step", "step": 5, "loss": "much"}', b'{"event": "no-such-kind", "step": 5}',
        line(step(9)).replace(b'"tokens": 900', b'"tokens": "many"').strip(),
        line(step(9)).replace(b'"step": 9', b'"step": 1' + b"0" * 400).strip(),
        b'{"event": "finding", "time": 1.0, "step": 1, "finding": [1]}',
        b'{"event": "state", "time": 1.0, "step": 1, "state": "DANCING"}',
    ]  # fmt: skip
    (tmp_path / "events.jsonl").write_bytes(line(step(1)) + b"\n".join(garbage) + b"\n" + line(step(2)))
    assert repr(comparable(read_whole(tmp_path).history)) == repr(comparable(history_of(step(1), step(2))))


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["NaN", "PREPARING", "best"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["phase", "error", "a"]), inner),
    max_leaves=4,
)


@given(st.lists(st.tuples(st.sampled_from(list(a_run())), st.integers(0, 12), ANYTHING), max_size=30))
def test_invalid_field_values_never_stop_the_reader(
    tmp_path_factory: pytest.TempPathFactory, spoilt: list[tuple[events.Event, int, object]]
) -> None:
    folder = tmp_path_factory.mktemp("spoilt")
    with (folder / "events.jsonl").open("w") as file:
        for event, index, value in spoilt:
            values = json.loads(events.to_line(event))
            values[list(values)[index % len(values)]] = value
            file.write(json.dumps(values) + "\n")
    history = read_whole(folder).history
    history.eta_seconds()
    for curve in history.curves.values():
        curve.points()


def test_too_long_line_is_skipped(tmp_path: Path) -> None:
    too_long = line(events.Sample(step=1, prompt="", text="a" * 5 * 2**20))
    (tmp_path / "events.jsonl").write_bytes(line(step(1)) + too_long + line(step(2)))
    assert last_step(read_whole(tmp_path).history) == 2
    seen = RunReader(tmp_path).first_view()
    assert (last_step(seen), seen.sample) == (2, None)


@pytest.mark.parametrize("kind", ["folder", "pipe", "device"])
def test_record_that_is_no_file_is_no_error(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "events.jsonl"
    match kind:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case _:
            path.symlink_to("/dev/null")
    reader = RunReader(tmp_path)
    assert not reader.read(1.0)
    assert reader.first_view().last_step is None
    assert not reader.complete


def test_a_run_folder_that_is_a_file_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert not RunReader(tmp_path / "file").read(1.0)


MEASURED = """
import json, sys, time
from pathlib import Path
from mmrec_engine.runs.run_reader import RunReader

def peak():
    return next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith("VmHWM"))

before = peak()
reader = RunReader(Path(sys.argv[1]))
began = time.perf_counter()
seen = reader.first_view()
glanced, glance_memory = time.perf_counter() - began, peak() - before
began, slices = time.perf_counter(), 0.0
while True:
    at = time.perf_counter()
    more = reader.read(0.05)
    slices = max(slices, time.perf_counter() - at)
    if not more:
        break
fold = time.perf_counter() - began
began = time.perf_counter()
with (Path(sys.argv[1]) / "events.jsonl").open("rb") as file:
    lines = sum(bool(json.loads(line)) for line in file)
parsed = time.perf_counter() - began
print(json.dumps({
    "glance": glanced, "glance_memory": glance_memory, "seen": seen.last_step.step, "best": seen.best.step,
    "fold": fold, "parsed": parsed, "memory": peak() - before, "slice": slices,
    "read": reader.history.last_step.step, "torch": "torch" in sys.modules,
}))
"""


@pytest.mark.benchmark
def test_million_steps_are_shown_at_once_in_bounded_memory(tmp_path: Path) -> None:
    write(tmp_path, *long_run(1_000_000))
    output = subprocess.run([sys.executable, "-c", MEASURED, tmp_path], capture_output=True, text=True, check=True)
    measured = json.loads(output.stdout)
    print(measured)
    assert (measured["seen"], measured["read"], measured["best"]) == (1_000_000, 1_000_000, 100_000)
    assert measured["glance"] < 1.0
    assert measured["fold"] < 5 * measured["parsed"], "of what it takes to parse these lines on this machine"
    assert measured["slice"] < 0.2
    assert measured["memory"] < 100e6
    assert not measured["torch"]
