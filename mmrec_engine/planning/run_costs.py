"""Measured costs of a run beside its steps: an evaluation, a sample, a checkpoint. `run_time.py` adds them up."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mmrec_engine.evaluation.metrics import evaluating
from mmrec_engine.model.language_model import LanguageModel
from mmrec_engine.model.memory_estimate import TOKENS_AN_EVALUATION
from mmrec_engine.runs.checkpoints import Pending
from mmrec_engine.runs.run_time import MOST_BESIDE, SAMPLE_TOKENS, Costs
from mmrec_engine.settings import Settings
from mmrec_engine.training.device import Machine, seconds_of
from mmrec_engine.training.partial_step import quick_windows

_WRITTEN = 12  # tokens of a measured sample
_MOST_WRITTEN_BYTES = 32 * 2**20  # of a measured checkpoint; larger ones are extrapolated
_WEIGHT_AND_MOMENTS = 3
_COPIES = 1.5  # a best checkpoint is written and then copied; every other one is written
_USUAL_BYTES_A_SECOND = 200e6  # where nothing can be written here


def run_costs(
    model: LanguageModel,
    machine: Machine,
    settings: Settings,
    seconds_a_step: float,
    windows: int,
    stop: Callable[[], bool],
) -> Costs:
    """Seconds of each part of a run of this model. windows: of the validation split. Parts cut off by `stop` count as 0."""
    batch = max(1, TOKENS_AN_EVALUATION // settings.evaluated_length)
    rows = min(batch, max(1, windows))
    if machine.device.type == "cpu":
        rows = quick_windows(model.config, settings.evaluated_length, rows, forward=True)
    shape = (rows, settings.evaluated_length)
    inputs = torch.zeros(shape, dtype=torch.int64, device=machine.device)
    beside = min(windows, max(1, MOST_BESIDE // settings.evaluated_length))
    if stop():
        return Costs(seconds_a_step)
    with evaluating(model):
        whole = seconds_of(lambda: model(inputs), machine.device) * windows / len(inputs)
        with machine.autocast():
            whole += 0.0 if stop() else seconds_of(lambda: model(inputs), machine.device) * beside / len(inputs)
    writing = 0.0 if stop() else _seconds_a_token(model, machine) * SAMPLE_TOKENS
    saving = 0.0 if stop() else _saving_seconds(model)
    return Costs(seconds_a_step, whole, writing, saving)


def _seconds_a_token(model: LanguageModel, machine: Machine) -> float:
    token = torch.zeros((1, 1), dtype=torch.int64, device=machine.device)
    with evaluating(model):
        state: Any = model.initial_state(1)
        _, state = model.advance(token, state)
        began = time.perf_counter()
        for _ in range(_WRITTEN):
            logits, state = model.advance(token, state)
            float(logits.sum())  # as sampling does, this waits for the device
        return (time.perf_counter() - began) / _WRITTEN


def _saving_seconds(model: LanguageModel) -> float:
    weights = {name: weight.detach().cpu() for name, weight in model.named_parameters()}
    size = _WEIGHT_AND_MOMENTS * sum(map(_bytes_of, weights.values()))
    some: dict[str, Any] = {}
    written = 0
    for name, weight in weights.items():
        for copy in range(_WEIGHT_AND_MOMENTS):
            if written < _MOST_WRITTEN_BYTES:
                some[f"{name}.{copy}"] = weight.clone()
                written += _bytes_of(weight)
    try:
        with tempfile.TemporaryDirectory() as folder:
            began = time.perf_counter()
            with Pending.of_content(Path(folder) / "trial.pt", {"model": some}):
                pass
            seconds = time.perf_counter() - began
    except OSError:
        seconds = written / _USUAL_BYTES_A_SECOND
    return _COPIES * seconds * size / max(1, written)


def _bytes_of(tensor: Tensor) -> int:
    return tensor.numel() * tensor.element_size()
