"""Checkpoints of any kind: read, loaded and resumed from, or refused in one line; quickly, and in little memory."""

from __future__ import annotations

import resource
import shutil
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import example
from hypothesis import strategies as st

from mmrec_engine import train
from mmrec_engine.errors import MmrecError, RequestError
from mmrec_engine.evaluation.generation import Sampling, generate
from mmrec_engine.evaluation.trained_model import load_trained
from mmrec_engine.runs import checkpoints
from mmrec_engine.settings import Resolved, resolve
from mmrec_engine.storage.run_files import BEST, DESCRIPTION, EVENTS, FINAL, step_checkpoints, step_name
from mmrec_engine.training.control import Control
from tests.fuzz import hostile
from tests.fuzz.tried import everything_in, is_clear, tries

SAVED_AT = 2
MOST_SECONDS = 20.0  # of CPU time; other processes may use the machine meanwhile
MOST_MEMORY = 400 * 2**20  # that one example may allocate
Change = tuple[list[Any], Any]

SIZES = st.sampled_from([
    -1, 0, 1, 2, 3, 7, 64, 10**4, 10**5, 10**6, 10**9, 10**18, 2**63, 10**30, True, None, "4", 4.0, 1.5, [], {},
])  # fmt: skip
CONFIGS = st.tuples(
    st.sampled_from(["architecture", "vocabulary", "width", "layers", "heads", "context", "depth"]),
    SIZES | hostile.SCALARS,
).map(lambda pair: (["model_config", pair[0]], pair[1]))
TENSORS = st.sampled_from([
    "transposed", "nan", "infinite", "huge", "half", "double", "complex", "integer", "empty", "scalar", "wider",
    "bool", "zeros",
])  # fmt: skip
WHERE = st.sampled_from(["model", "optimizer"])
TOP = st.sampled_from([
    "model", "optimizer", "progress", "settings", "model_config", "tokenizer", "corpus", "precision", "format", "checksum",
    "outlook", "last_weights",
])  # fmt: skip
DROPPED = object()
CHANGES = st.lists(
    CONFIGS
    | st.tuples(TOP, hostile.VALUES | st.just(DROPPED)).map(lambda pair: ([pair[0]], pair[1]))
    | st.tuples(
        st.sampled_from(["progress", "outlook", "settings", "tokenizer", "corpus", "model_config"]), hostile.PLACES,
        hostile.VALUES | SIZES | st.just(DROPPED),
    ).map(lambda three: ([three[0], three[1]], three[2]))
    | st.tuples(WHERE, hostile.PLACES, hostile.PLACES, TENSORS).map(lambda four: ([four[0], *four[1:3]], ("tensor", four[3])))
    | st.tuples(WHERE, hostile.PLACES, hostile.VALUES | st.just(DROPPED)).map(lambda three: ([three[0], three[1]], three[2])),
    min_size=1,
    max_size=2,
)  # fmt: skip


def odd(tensor: torch.Tensor, kind: str) -> torch.Tensor:
    match kind:
        case "transposed":
            return tensor.t() if tensor.ndim == 2 else tensor.reshape(1, -1)
        case "nan" | "infinite" | "huge":
            return torch.full_like(tensor, {"nan": torch.nan, "infinite": torch.inf, "huge": 3e38}[kind])
        case "half":
            return tensor.half()
        case "double":
            return tensor.double()
        case "complex":
            return torch.complex(tensor.float(), tensor.float())
        case "integer":
            return tensor.long()
        case "empty":
            return torch.zeros(0)
        case "scalar":
            return torch.tensor(1.0)
        case "wider":
            return torch.zeros(3, *tensor.shape)
        case "bool":
            return tensor.bool()
        case _:
            return torch.zeros_like(tensor)


def changed(content: Any, path: list[Any], new: Any) -> Any:
    """A copy of the content with something else at the path: names, or numbers that select among the keys."""
    if isinstance(content, torch.Tensor):
        return odd(content, new[1]) if isinstance(new, tuple) else new
    if not isinstance(content, dict) or (not content and path):
        return content
    if not path:
        return content if isinstance(new, tuple) else new
    key = path[0] if isinstance(path[0], str) else sorted(content)[path[0] % len(content)]
    copy = dict(content)
    inside = content.get(key)
    if new is DROPPED and len(path) == 1:
        copy.pop(key, None)
    elif len(path) > 1 or isinstance(inside, torch.Tensor):
        copy[key] = changed(inside, path[1:], new)
    else:
        copy[key] = new
    return copy


class Watch:
    """That an example takes little time and memory."""

    def __enter__(self) -> None:
        self._began, self._held = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    def __exit__(self, *_: object) -> None:
        assert time.process_time() - self._began < MOST_SECONDS
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - self._held < MOST_MEMORY // 1024


def use(path: Path) -> None:
    """Uses of a checkpoint: read it, and generate with it."""
    try:
        assert isinstance(checkpoints.read(path), dict)
    except MmrecError as error:
        is_clear(error)
    try:
        trained = load_trained(str(path))
        "".join(generate(trained.model, trained.tokenizer, "The", 3, Sampling()))
    except MmrecError as error:
        is_clear(error)
    checkpoints.stored_step(path)


def gone_on(run: tuple[Path, Resolved], place: Path, name: str, described: bool, write: Callable[[Path], None]) -> None:
    """Resume a copy of the run with this checkpoint alone; a refusal changes nothing."""
    folder, asked = run
    copy = place / "run"
    copy.mkdir()
    for one in (DESCRIPTION, EVENTS) if described else (EVENTS,):
        shutil.copy(folder / one, copy / one)
    write(copy / name)
    before = everything_in(place)
    with Watch():
        use(copy / name)
        found, content, damaged = checkpoints.newest_usable(copy)
        assert (found is None) == (not content) and (found is not None or damaged == [name])
        given = {"output_dir": str(place), "name": "run", "threads": 1, "max_steps": 3}
        values = {**asked.settings.as_dict(), **given} if described else {**given, "data_dir": asked.settings.data_dir}
        try:
            for _ in train(resolve(values), Control(), resume=True):
                pass
        except MmrecError as error:
            is_clear(error)
            if isinstance(error, RequestError):
                assert everything_in(place) == before
        else:
            assert step_checkpoints(copy) or (copy / FINAL).exists()


def content_of(run: tuple[Path, Resolved]) -> dict[str, Any]:
    content = checkpoints.read(run[0] / step_name(SAVED_AT))
    content.pop("format")
    return content


@pytest.mark.parametrize("tensor", [torch.zeros(1, 1).expand(40_000, 40_000), torch.ones(3).to_sparse()])
def test_unexpected_tensor_is_refused_before_allocation(tensor: torch.Tensor, tmp_path: Path) -> None:
    torch.save({"format": 1, "checksum": "", "model": {"a": tensor}}, tmp_path / BEST)
    with Watch():
        use(tmp_path / BEST)


def test_decompression_bomb_is_refused_unread(tmp_path: Path) -> None:
    torch.save({"format": 1, "model": {"a": torch.zeros(2**20)}}, tmp_path / "plain.pt")
    with (
        zipfile.ZipFile(tmp_path / "plain.pt") as plain,
        zipfile.ZipFile(tmp_path / BEST, "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for entry in plain.infolist():
            packed.writestr(entry.filename, plain.read(entry))
    with pytest.raises(RequestError) as refused:
        checkpoints.read(tmp_path / BEST)
    assert "unpack" in refused.value.text("en")


@pytest.mark.fault
@tries(2, damages=hostile.DAMAGES, name=st.sampled_from([step_name(SAVED_AT), BEST, FINAL]), described=st.booleans())
def test_damaged_bytes_are_detected(
    damages: list[Any], name: str, described: bool, tiny: tuple[Path, Resolved], new_place: Callable[[], Path]
) -> None:
    data = hostile.damaged((tiny[0] / step_name(SAVED_AT)).read_bytes(), damages)
    gone_on(tiny, new_place(), name, described, lambda path: path.write_bytes(data) and None)


@pytest.mark.fault
@tries(4, changes=CHANGES, name=st.sampled_from([step_name(SAVED_AT), BEST, FINAL]), described=st.booleans())
@example(changes=[(["model_config", "width"], 10**9)], name=BEST, described=True)
@example(changes=[(["model_config", "layers"], 10**9)], name=BEST, described=True)
@example(changes=[(["model_config", "vocabulary"], 10**9)], name=BEST, described=True)
@example(changes=[(["model_config", "width"], 0), (["model_config", "layers"], 10**9)], name=BEST, described=True)
@example(changes=[(["model_config", "layers"], -1)], name=BEST, described=True)
@example(changes=[(["progress", 3], 10**400)], name=FINAL, described=True)
def test_any_content_with_a_valid_checksum_is_used_or_refused(
    changes: list[Change], name: str, described: bool, tiny: tuple[Path, Resolved], new_place: Callable[[], Path]
) -> None:
    """The checksum is right: somebody has written this on purpose."""
    content: Any = content_of(tiny)
    for path, new in changes:
        content = changed(content, path, new)

    def write(path: Path) -> None:
        content.pop("checksum", None)
        checkpoints.Pending.of_content(path, content).commit()

    gone_on(tiny, new_place(), name, described, write)
