"""Every entry of a checkpoint is needed for a resume: if it is missing or reset, this is noticed."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from mmrec_engine import train
from mmrec_engine.errors import RequestError
from mmrec_engine.events import Event, Resumed, Validation
from mmrec_engine.runs import checkpoints
from mmrec_engine.settings import Resolved, resolve
from mmrec_engine.storage.run_files import FINAL, step_name
from mmrec_engine.training.control import Control
from mmrec_engine.training.plan import TrainingProgress
from tests.command.faults import assert_same

STEPS, SAVED_AT = 12, 8  # an evaluation has been made at the second
GUIDE = {"arch": "mmrec", "accumulate": 2, "dropout": 0.1}
FAST = {"arch": "llama", "kv_heads": 2, "recipe": "fast", "dropout": 0.2}
AVERAGED = {"arch": "mmrec", "recipe": "fast", "weight_average": 0.2, "target_loss": 0.01, "eval_every": None}
PARTS = ("model", "optimizer", "progress", "outlook")


def settings(folder: Path, text: Path, **more: Any) -> Resolved:
    small = {"seq_len": 16, "batch_size": 2, "threads": 1, "precision": "fp32", "warmup_steps": 2, "max_steps": STEPS}
    often = {"eval_every": 4, "checkpoint_every": 2, "keep_checkpoints": 10, "early_stopping_patience": 100}
    return resolve(
        {
            "data_dir": str(text),
            "output_dir": str(folder),
            "name": "run",
            "learning_rate": 0.05,
            **small,
            **often,
            **more,
        }
    )


@pytest.fixture(
    params=[GUIDE, FAST, AVERAGED], ids=["guide, mmrec", "fast, llama", "averaged, to a target"], scope="module"
)
def whole(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, prose: str
) -> tuple[Path, Resolved]:
    place = tmp_path_factory.mktemp("whole")
    (place / "prose.txt").write_text(prose[:3000], encoding="utf-8")
    with pytest.MonkeyPatch.context() as patched:
        for name in ("CACHE", "STATE", "CONFIG"):
            patched.setenv(f"XDG_{name}_HOME", str(place / name.lower()))
        asked = settings(place, place / "prose.txt", **request.param)
        for _ in train(asked):
            pass
    return place / "run", asked


def items(content: dict[str, Any]) -> list[str]:
    """The leaves of the saved state; one parameter of each kind represents the model's and the optimizer's."""
    found = [f"{part}/{name}" for part in ("progress", "outlook") for name in content[part]]
    for name in ("embedding.weight", "blocks.0.mixer.project_in.weight", "blocks.0.mlp.project.weight"):
        if name in content["model"]:
            found.append(f"model/{name}")
            found += [f"optimizer/{name}/{key}" for key in content["optimizer"][name]]
            found += [f"last_weights/{name}"] if "last_weights" in content else []
    assert len(found) > 12
    return found


def leaf(content: dict[str, Any], item: str) -> tuple[dict[str, Any], str]:
    part, *rest = item.split("/")
    inside: dict[str, Any] = content[part]
    for name in rest[:-1]:
        inside = inside[name]
    return inside, rest[-1]


def gone_on(place: Path, whole: tuple[Path, Resolved], content: dict[str, Any]) -> tuple[dict[str, Any], list[Event]]:
    """Resume from this checkpoint, in a copy of the run that was killed after it. Returns the last checkpoint and the
    events."""
    folder, asked = whole
    copied = place / "run"
    shutil.copytree(folder, copied)
    for path in copied.glob("*.pt"):
        path.unlink()
    path = copied / step_name(SAVED_AT)
    checkpoints.Pending.of_content(path, content).commit()
    values = {**asked.settings.as_dict(), "output_dir": str(place)}
    happened = list(train(resolve(values), Control(), resume=True))
    return checkpoints.read(copied / FINAL), happened


def stored(whole: tuple[Path, Resolved], step: int) -> dict[str, Any]:
    content = checkpoints.read(whole[0] / step_name(step))
    content.pop("format")
    return content


def validations(happened: list[Event]) -> list[tuple[Any, ...]]:
    return [(e.step, e.loss, e.best, e.patience_used) for e in happened if isinstance(e, Validation)]


@pytest.mark.slow
@pytest.mark.fault
def test_resumed_state_matches_uninterrupted_state(whole: tuple[Path, Resolved], tmp_path: Path) -> None:
    ended, _ = gone_on(tmp_path, whole, stored(whole, SAVED_AT))
    theirs = checkpoints.read(whole[0] / FINAL)
    for name in PARTS:
        assert_same(ended[name], theirs[name], name)


@pytest.mark.extended
@pytest.mark.slow
@pytest.mark.fault
def test_missing_checkpoint_entry_is_refused(whole: tuple[Path, Resolved], tmp_path: Path) -> None:
    keys: list[str] = []
    for number, item in enumerate([*items(stored(whole, SAVED_AT)), *PARTS]):
        content = stored(whole, SAVED_AT)
        if "/" in item:
            inside, name = leaf(content, item)
            del inside[name]
        else:
            del content[item]
        place = tmp_path / str(number)
        try:
            _, happened = gone_on(place, whole, content)
        except RequestError as refused:
            keys.append(refused.key)
            assert (place / "run" / "events.jsonl").read_bytes() == (whole[0] / "events.jsonl").read_bytes(), item
        else:  # without a step it does not count as a checkpoint, and the run starts from scratch and says so
            assert step_name(SAVED_AT) in next(e for e in happened if isinstance(e, Resumed)).skipped, item
    assert set(keys) == {"checkpoint-damaged"}


@pytest.mark.first(1)
@pytest.mark.slow
@pytest.mark.fault
def test_resetting_any_checkpoint_entry_changes_the_result(whole: tuple[Path, Resolved], tmp_path: Path) -> None:
    """An entry as at a run's beginning: the run ends differently from the uninterrupted one, or is refused."""
    true_end = checkpoints.read(whole[0] / FINAL)
    _, true_story = gone_on(tmp_path / "true", whole, stored(whole, SAVED_AT))
    early = stored(whole, 2)
    for number, item in enumerate(items(early)):
        content = copy.deepcopy(stored(whole, SAVED_AT))
        inside, name = leaf(content, item)
        if item.startswith("progress"):
            inside[name] = getattr(TrainingProgress(), name) if inside[name] else 1
        elif item.startswith("outlook"):  # as at the beginning until the first sample
            inside[name] = 1 if name.endswith("step") else 1.0
        else:
            value = leaf(early, item)[0][name]
            inside[name] = torch.zeros_like(value) if item.startswith("optimizer") else value
        try:
            ended, story = gone_on(tmp_path / str(number), whole, content)
        except RequestError:
            continue
        same = validations(story) == validations(true_story) and not list(differing(ended, true_end))
        assert not same, f"{item} was begun anew, and nothing told it"


def differing(ours: dict[str, Any], theirs: dict[str, Any]) -> Iterator[str]:
    for name in PARTS:
        try:
            assert_same(ours[name], theirs[name], name)
        except AssertionError as error:
            yield str(error)
