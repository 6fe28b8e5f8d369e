"""The checks during training on real trainings: a tiny model on a few pages, healthy or with one known fault.

A rate that is too low, and overfitting, are in tests/command/test_remedies.py.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mmrec_engine import events, train
from mmrec_engine.checks.monitor.monitor import Monitor
from mmrec_engine.errors import TrainingError
from mmrec_engine.settings import resolve
from mmrec_engine.training.state import TrainingState, build_state

pytestmark = pytest.mark.slow


def made(folder: Path, text: str, **chosen: Any) -> Iterator[events.Event]:
    (folder / "text.txt").write_text(text, encoding="utf-8")
    # One thread: two slow each other down if the machine has anything else to do.
    small = {"seq_len": 64, "batch_size": 4, "threads": 1, "precision": "fp32", "warmup_steps": 20}
    where = {"data_dir": str(folder / "text.txt"), "output_dir": str(folder)}
    with contextlib.suppress(TrainingError):
        yield from train(resolve({**small, **where, **chosen}))


def found_in(stream: Iterator[events.Event]) -> list[dict[str, Any]]:
    during = Monitor()
    return [found for event in stream for found in during.add(event)]


def wrong(found: list[dict[str, Any]]) -> set[str]:
    return {str(one["id"]) for one in found if one["status"] in ("warn", "fail", "error")}


@pytest.mark.extended
def test_short_healthy_training_has_no_findings(tmp_path: Path, prose: str) -> None:
    found = found_in(made(tmp_path, prose, max_steps=60))
    assert wrong(found) == set(), [one["evidence"] for one in found]
    assert [one["id"] for one in found if one["id"] == "loss-not-falling" and one["status"] == "pass"]


@pytest.mark.extended
def test_learning_rate_of_30_is_reported_by_the_end(tmp_path: Path, prose: str) -> None:
    found = found_in(made(tmp_path, prose, learning_rate=30.0, max_steps=80))
    assert wrong(found) & {"loss-too-high", "non-finite"}
    assert {"learning_rate": 0.01} in [remedy["settings"] for one in found for remedy in one["remedies"]]


@pytest.mark.parametrize("kept", [0.0, None], ids=["zero-gradient", "no-gradient"])
@pytest.mark.extended
def test_layer_without_gradients_is_reported(
    tmp_path: Path, prose: str, monkeypatch: pytest.MonkeyPatch, kept: float | None
) -> None:
    """Weight decay still shrinks its matrices, which is not learning."""

    def build(*arguments: Any) -> TrainingState:
        training = build_state(*arguments)
        block = training.model.blocks[1]
        inner = block.forward
        block.forward = lambda x, dropout: x if kept is None else x + kept * inner(x, dropout)  # type: ignore[method-assign]
        return training

    monkeypatch.setattr("mmrec_engine.run.train.build_state", build)
    found = found_in(made(tmp_path, prose, max_steps=155))
    assert [one["values"]["variant"] for one in found if one["id"] == "update-ratio"] == ["still"]


@pytest.mark.extended
def test_update_ratio_measurement_leaves_training_bits_unchanged(
    tmp_path: Path, prose: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def steps(name: str, every: int) -> list[events.Step]:
        monkeypatch.setattr("mmrec_engine.training.train_step.RATIO_EVERY", every)
        stream = made(tmp_path, prose, max_steps=12, name=name)
        return [event for event in stream if isinstance(event, events.Step)]

    measured, plain = steps("measured", 2), steps("plain", 10_000)
    assert [step.loss for step in measured] == [step.loss for step in plain]
    assert [step.update_ratio is not None for step in measured] == [step.step % 2 == 0 for step in measured]
    assert all(step.update_ratio is None for step in plain)
    assert all(0 <= (step.update_ratio or 0) < 0.01 for step in measured)
