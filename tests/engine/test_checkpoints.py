import errno
import io
import os
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch

from mmrec_engine.errors import RequestError
from mmrec_engine.runs import checkpoints
from mmrec_engine.runs.checkpoints import Pending, newest_usable, read
from mmrec_engine.storage import run_files
from mmrec_engine.storage.run_files import prune, step_name


def content(step: int) -> dict[str, Any]:
    return {"model": {"w": torch.full((64, 64), float(step))}, "progress": {"step": step}, "note": None}


def write(folder: Path, name: str, step: int) -> Path:
    Pending.of_content(folder / name, content(step)).commit()
    return folder / name


def test_checkpoint_round_trips(tmp_path: Path) -> None:
    stored = read(write(tmp_path, step_name(3), 3))
    assert torch.equal(stored["model"]["w"], content(3)["model"]["w"])
    assert stored["progress"] == {"step": 3}


def test_checkpoint_has_a_temporary_name_until_its_commit(tmp_path: Path) -> None:
    pending = Pending.of_content(tmp_path / step_name(1), content(1))
    assert not (tmp_path / step_name(1)).exists()
    pending.commit()
    assert [path.name for path in tmp_path.iterdir()] == [step_name(1)]


def test_failed_write_says_why_in_the_words_of_the_system(tmp_path: Path) -> None:
    """PyTorch ends the file of a failed write with an error of its own."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    large = {**content(1), "model": {"w": torch.zeros(100_000)}}
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
        with pytest.raises(OSError, match="too large") as failed:
            Pending.of_content(tmp_path / step_name(1), large)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert failed.value.strerror == os.strerror(errno.EFBIG)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("position", [0.1, 0.5, 0.9])
def test_flipped_bit_is_detected(tmp_path: Path, position: float) -> None:
    path = write(tmp_path, step_name(1), 1)
    data = bytearray(path.read_bytes())
    data[int(len(data) * position)] ^= 1
    path.write_bytes(data)
    with pytest.raises(RequestError, match="damaged"):
        read(path)


@pytest.mark.parametrize("length", [0, 1, 1000])
def test_truncated_file_is_detected(tmp_path: Path, length: int) -> None:
    path = write(tmp_path, step_name(1), 1)
    os.truncate(path, length)
    with pytest.raises(RequestError, match="damaged"):
        read(path)


def test_newest_valid_checkpoint_is_used_and_damaged_ones_are_named(tmp_path: Path) -> None:
    for step in (100, 200, 300):
        write(tmp_path, step_name(step), step)
    write(tmp_path, run_files.BEST, 100)
    os.truncate(tmp_path / step_name(300), 500)
    path, stored, damaged = newest_usable(tmp_path)
    assert path is not None
    assert (path.name, stored["progress"]["step"], damaged) == (step_name(200), 200, [step_name(300)])


def test_best_checkpoint_newer_than_step_checkpoints_is_the_newest(tmp_path: Path) -> None:
    write(tmp_path, step_name(100), 100)
    write(tmp_path, run_files.BEST, 150)
    assert newest_usable(tmp_path)[0] == tmp_path / run_files.BEST


def test_older_final_checkpoint_does_not_hide_newer_step_checkpoints(tmp_path: Path) -> None:
    write(tmp_path, run_files.FINAL, 200)
    write(tmp_path, step_name(300), 300)
    assert newest_usable(tmp_path)[0] == tmp_path / step_name(300)
    assert newest_usable(tmp_path / "empty") == (None, {}, [])


def test_old_step_checkpoints_are_removed(tmp_path: Path) -> None:
    for step in (5, 90, 100, 1000):
        write(tmp_path, step_name(step), step)
    prune(tmp_path, keep=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == [step_name(100), step_name(1000)]


def test_code_in_a_checkpoint_is_refused_and_not_run(tmp_path: Path) -> None:
    class Payload:
        def __reduce__(self) -> tuple[Any, ...]:
            return (os.mkdir, (str(tmp_path / "owned"),))

    torch.save({"format": 1, "model": Payload()}, tmp_path / "torch.pt")
    (tmp_path / "plain.pt").write_bytes(pickle.dumps(Payload()))
    for name in ("torch.pt", "plain.pt"):
        with pytest.raises(RequestError, match="damaged"):
            read(tmp_path / name)
    assert not (tmp_path / "owned").exists()


def test_newer_format_is_distinguished_from_damage(tmp_path: Path) -> None:
    torch.save({"format": checkpoints.FORMAT + 1}, tmp_path / "new.pt")
    with pytest.raises(RequestError, match="newer mmrec"):
        read(tmp_path / "new.pt")


def test_other_file_is_refused_as_checkpoint(tmp_path: Path) -> None:
    torch.save([1, 2], tmp_path / "list.pt")
    buffer = io.BytesIO()
    torch.save({"state_dict": {}}, buffer)
    (tmp_path / "dict.pt").write_bytes(buffer.getvalue())
    torch.save({"format": 1, 5: 1, "x": torch.eye(3).to_sparse()}, tmp_path / "odd.pt")
    for name in ("list.pt", "dict.pt", "odd.pt"):
        with pytest.raises(RequestError, match="not a checkpoint of mmrec"):
            read(tmp_path / name)
