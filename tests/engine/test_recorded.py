"""Recorded steps: they match plain steps, whatever changes from step to step."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from mmrec_engine.data.transforms.curriculum import Pacing
from mmrec_engine.data.windows import TrainingWindows
from mmrec_engine.errors import RequestError
from mmrec_engine.model import dropout
from mmrec_engine.model.language_model import LanguageModel, create_model
from mmrec_engine.optim.optimizers import Optimizers
from mmrec_engine.settings import Settings
from mmrec_engine.training import graphs
from mmrec_engine.training.device import resolve_machine
from mmrec_engine.training.recorded import RecordedStep
from mmrec_engine.training.state import model_config
from mmrec_engine.training.train_step import Stepper
from tests import capture
from tests.conftest import extended

VOCABULARY = 50
SMALL: dict[str, Any] = {"seq_len": 16, "batch_size": 2, "threads": 1, "precision": "fp32", "dropout": 0.2}
KINDS: list[dict[str, Any]] = [
    {"optimizer": "muon"},
    {"arch": "llama"},
    {"arch": "gpt", "accumulate": 2},
    {"precision": "bf16", "optimizer": "muon", "microbatch": 1},
    {"precision": "fp16"},
    {"gradient_checkpointing": True},
    {"batch_size": 3, "microbatch": 2},
]


@pytest.fixture
def captured(monkeypatch: pytest.MonkeyPatch) -> None:
    capture.on_the_cpu(monkeypatch)


def stepper_of(mode: str, layers: int = 2, **changes: Any) -> tuple[Stepper, LanguageModel, Settings]:
    settings = Settings(compile=mode, **{**SMALL, **changes})
    machine = resolve_machine(settings)
    config = replace(model_config(settings, VOCABULARY), layers=layers)
    model = create_model(config, settings.seed)
    model.recompute_activations = settings.gradient_checkpointing
    ids = np.random.default_rng(0).integers(0, VOCABULARY, 4000).astype(np.uint8)
    windows = TrainingWindows(ids, settings.seq_len, settings.window_stride, settings.seed)
    optimizers = Optimizers(model, settings, machine.products)
    return Stepper(model, optimizers, windows, settings, machine, Pacing.of(settings, 6)), model, settings


def trained(mode: str, steps: int = 6, **changes: Any) -> tuple[list[float], dict[str, torch.Tensor]]:
    """Losses and weights after some steps, each at another rate."""
    stepper, model, settings = stepper_of(mode, **changes)
    scale = 2.0**10 if settings.precision == "fp16" else 1.0
    made = [
        stepper.make_step(step, (step - 1) * settings.windows_a_step, 1e-2 / step, scale * 2.0 ** -(step % 2))
        for step in range(1, steps + 1)
    ]
    return [one.loss for one in made], dict(model.state_dict())


@pytest.mark.usefixtures("captured")
@pytest.mark.parametrize("changes", [KINDS[0], *(extended(kind) for kind in KINDS[1:])], ids=str)
def test_recorded_steps_match_plain_steps(changes: dict[str, Any]) -> None:
    losses, weights = trained("off", **changes)
    recorded, theirs = trained("graphs", **changes)
    near = {"rtol": 2e-2, "atol": 2e-3} if "precision" in changes else {"rtol": 1e-3, "atol": 1e-4}
    assert recorded == pytest.approx(losses, rel=2e-3 if "precision" in changes else 1e-6)
    for name, weight in weights.items():
        torch.testing.assert_close(theirs[name], weight, **near)


@pytest.mark.usefixtures("captured")
def test_passes_and_updates_are_recorded_once_then_replayed(monkeypatch: pytest.MonkeyPatch) -> None:
    recorded: list[int] = []

    def counting(work: graphs.Work, device: torch.device, warm_ups: int) -> graphs.Work:
        replay, place = capture.record(work, device, warm_ups), len(recorded)
        recorded.append(0)

        def counted() -> None:
            recorded[place] += 1
            replay()

        return counted

    monkeypatch.setattr(graphs, "record", counting)
    trained("graphs", steps=4, accumulate=2)
    assert recorded == [8, 3]  # two passes a step; the first update creates the moments, unrecorded


@pytest.mark.usefixtures("captured")
def test_changed_settings_are_recorded_again() -> None:
    results = []
    for mode in ("off", "graphs"):
        stepper, model, settings = stepper_of(mode, batch_size=4)
        for step in range(1, 9):
            if step == 4:
                settings = replace(settings, microbatch=2, weight_decay=0.5, grad_clip=0.1)
                stepper.change_settings(settings)
            stepper.make_step(step, (step - 1) * settings.windows_a_step, 1e-2)
        results.append(dict(model.state_dict()))
    for name, weight in results[0].items():
        torch.testing.assert_close(results[1][name], weight, rtol=1e-3, atol=1e-4)


@pytest.mark.usefixtures("captured")
def test_windows_of_another_length_are_not_recorded() -> None:
    """A curriculum of lengths: short windows at first, recorded steps as soon as they have full length."""
    changes = {"curriculum": "length", "pacing": "step", "optimizer": "muon", "seq_len": 64}
    losses, weights = trained("off", **changes)
    recorded, theirs = trained("graphs", **changes)
    assert recorded == pytest.approx(losses, rel=1e-6)
    for name, weight in weights.items():
        torch.testing.assert_close(theirs[name], weight, rtol=1e-3, atol=1e-4)


def broken_off(*given: object) -> None:
    raise RuntimeError("broken off")


@pytest.mark.usefixtures("captured")
def test_dropped_step_leaves_no_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    stepper, model, _ = stepper_of("graphs")
    undisturbed, ours, _ = stepper_of("graphs")
    for step in (1, 2, 3):
        undisturbed.make_step(step, 2 * step, 1e-2)
        if step == 2:
            with monkeypatch.context() as patched:
                patched.setattr(RecordedStep, "update", broken_off)
                with pytest.raises(RuntimeError, match="broken off"):
                    stepper.make_step(step, 2 * step, 1e-2)
            stepper.drop_gradients()
        stepper.make_step(step, 2 * step, 1e-2)
    for name, weight in ours.state_dict().items():
        torch.testing.assert_close(model.state_dict()[name], weight, rtol=0, atol=0)


@pytest.mark.usefixtures("captured")
@pytest.mark.parametrize("hashed", [False, True])
def test_buffered_masks_match_their_step(monkeypatch: pytest.MonkeyPatch, hashed: bool) -> None:
    monkeypatch.setattr(dropout, "is_hashed", lambda device: hashed)
    buffers = dropout.DropoutBuffers(0.25, 7, 3, (2, 5, 6), torch.device("cpu"))
    x = torch.ones(2, 5, 6)
    for step, samples in ((1, range(2)), (9, range(4, 6))):
        buffers.fill(step, samples)
        for site in range(3):
            expected = dropout.DropoutMasks(0.25, 7, step, samples)(x, site)
            assert torch.equal(buffers(x, site), expected)
            assert sorted(expected.unique().tolist()) == pytest.approx([0.0, 4 / 3])


def test_hashed_masks_drop_their_share_and_differ_between_samples_sites_and_steps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dropout, "is_hashed", lambda device: True)
    x = torch.ones(4, 64, 128)
    masks = [dropout.DropoutMasks(0.1, 7, step, range(4))(x, site) == 0 for step in (1, 2) for site in (0, 1)]
    rows = [row.flatten() for mask in masks for row in mask]
    for row in rows:
        assert float(row.float().mean()) == pytest.approx(0.1, abs=0.015)
    for first in range(len(rows)):
        for second in range(first):
            assert float((rows[first] & rows[second]).float().mean()) == pytest.approx(0.01, abs=0.006)
    alone = dropout.DropoutMasks(0.1, 7, 1, [2])(x[:1], 1) == 0
    assert torch.equal(alone[0], masks[1][2]), "a sample has the same mask in any batch"


def test_unavailable_mode_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RequestError, match="--compile graphs: not possible on cpu"):
        resolve_machine(Settings(compile="graphs", device="cpu"))
    monkeypatch.setattr(graphs.shutil, "which", lambda name: None)
    with pytest.raises(RequestError, match=r"--compile inductor.*C\+\+ compiler"):
        resolve_machine(Settings(compile="inductor", device="cpu"))
    with pytest.raises(RequestError, match="only with one process"):
        resolve_machine(Settings(compile="inductor", processes=2))
    assert resolve_machine(Settings(device="cpu")).compile == "off"


def test_resumed_run_falls_back_from_an_unavailable_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(compile="graphs")
    stored = {"settings": settings.as_dict(), "compile": "graphs", "precision": "fp32", "threads": 1}
    assert resolve_machine(settings, stored).compile == "off"
    capture.on_the_cpu(monkeypatch)
    assert resolve_machine(settings, stored).compile == "graphs"
    assert resolve_machine(replace(settings, processes=2), stored).compile == "off"
    del stored["compile"]
    assert resolve_machine(settings, stored).compile == "off", "a run of an older version has none"


@pytest.mark.extended
@pytest.mark.slow
@pytest.mark.skipif(not graphs.can_compile(torch.device("cpu")), reason="no C++ compiler here")
def test_compiled_steps_match_plain_steps_and_are_resumed_bit_for_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch._inductor.config.compile_threads", 1)  # else processes that import torch are started
    changes: dict[str, Any] = {"arch": "mmrec", "optimizer": "muon", "layers": 1}
    losses, _ = trained("off", steps=4, **changes)
    (whole, model, _), (resumed, theirs, _) = (stepper_of("inductor", **changes) for _ in range(2))
    compiled = losses_of(whole, 1, 2)
    stored = copy.deepcopy((model.state_dict(), whole._optimizers.state()))
    compiled += losses_of(whole, 3, 4)
    assert compiled == pytest.approx(losses, rel=1e-5)
    theirs.load_state_dict(stored[0])
    resumed._optimizers.load_state(stored[1])
    assert losses_of(resumed, 3, 4) == compiled[2:]
    for name, weight in model.state_dict().items():
        torch.testing.assert_close(theirs.state_dict()[name], weight, rtol=0, atol=0)


def losses_of(stepper: Stepper, *steps: int) -> list[float]:
    return [stepper.make_step(step, 2 * (step - 1), 1e-2 / step, 2.0 ** -(step % 2)).loss for step in steps]
