"""Training steps on a GPU: the losses are those of the CPU within rounding, in every mode."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
import torch

from mmrec_engine.data.windows import TrainingWindows
from mmrec_engine.model.language_model import create_model
from mmrec_engine.optim.optimizers import Optimizers
from mmrec_engine.settings import Settings
from mmrec_engine.training import graphs
from mmrec_engine.training.device import resolve_machine
from mmrec_engine.training.state import model_config
from mmrec_engine.training.train_step import Stepper
from tests.conftest import extended
from tests.cuda.conftest import settings_on

STEPS = {"cuda": 50, "cpu": 15}  # on a CPU these tests only have to run
CPU = torch.device("cpu")
RATES = {"adamw": 1e-3, "muon": 0.02}
# Between a step in float32 on one machine and the same in this precision on another, over 50 steps.
ROUNDING = {"fp32": 2e-3, "bf16": 0.03, "fp16": 0.02}
# What a CPU computes: one case of each precision that takes it seconds.
ON_A_CPU = {"fp32": ("llama", "adamw"), "bf16": ("mmrec", "muon"), "fp16": None}


def losses_of(settings: Settings, text: str, steps: int = 0) -> list[float]:
    """Of as many steps as the device computes in these tests, or as given."""
    steps = steps or STEPS[settings.device]
    vocabulary, ids = np.unique(np.frombuffer(text.encode("utf-8"), np.uint8), return_inverse=True)
    machine = resolve_machine(settings)
    model = create_model(model_config(settings, len(vocabulary)), settings.seed)
    model.recompute_activations = settings.gradient_checkpointing
    model.to(machine.device)
    windows = TrainingWindows(ids.astype(np.uint8), settings.seq_len, settings.window_stride, settings.seed)
    stepper = Stepper(model, Optimizers(model, settings, machine.products), windows, settings, machine)
    scale = 2.0**10 if machine.precision == "fp16" else 1.0
    rate, batch = RATES[settings.optimizer], settings.windows_a_step
    made = [
        stepper.make_step(step, (step - 1) * batch, rate * min(1.0, step / 5), scale) for step in range(1, steps + 1)
    ]
    return [one.loss for one in made]


@functools.cache
def on_the_cpu(arch: str, optimizer: str, text: str, steps: int) -> list[float]:
    return losses_of(settings_on(CPU, arch=arch, optimizer=optimizer), text, steps)


@pytest.mark.parametrize("precision", ROUNDING)
@pytest.mark.parametrize("optimizer", RATES)
@pytest.mark.parametrize("arch", ["mmrec", "llama", "gpt"])
def test_losses_match_the_cpu(device: torch.device, arch: str, optimizer: str, precision: str, prose: str) -> None:
    if device.type == "cpu" and (arch, optimizer) != ON_A_CPU[precision]:
        pytest.skip("on a CPU one case in each precision stands for all")
    expected = on_the_cpu(arch, optimizer, prose, STEPS[device.type])
    found = losses_of(settings_on(device, arch=arch, optimizer=optimizer, precision=precision), prose)
    assert found == pytest.approx(expected, rel=ROUNDING[precision])
    assert found[-1] < 0.8 * found[0], "it has to learn for this to tell anything"


@pytest.mark.parametrize("mode", ["graphs", extended("inductor")])
@pytest.mark.parametrize(
    "changes",
    [{"arch": "mmrec", "optimizer": "muon", "precision": "bf16"}, {"arch": "llama", "accumulate": 2}],
    ids=str,
)
def test_recorded_and_compiled_steps_have_the_same_losses(
    recordable: torch.device, mode: str, changes: dict[str, Any], prose: str
) -> None:
    if mode == "inductor" and recordable.type == "cpu":
        pytest.skip("tests/engine/test_recorded.py has compiled steps of a CPU")
    if not graphs.is_possible(mode, recordable):
        pytest.skip(f"{mode} is not possible here: no compiler")
    settings = functools.partial(settings_on, recordable, dropout=0.1, **changes)
    rounding = ROUNDING[changes.get("precision", "fp32")]
    assert losses_of(settings(compile=mode), prose) == pytest.approx(losses_of(settings(), prose), rel=rounding)


@pytest.mark.parametrize("changes", [{}, {"compile": "graphs"}, {"gradient_checkpointing": True}], ids=str)
def test_the_same_run_twice_has_the_same_losses_to_the_last_bit(
    recordable: torch.device, changes: dict[str, Any], prose: str
) -> None:
    settings = settings_on(recordable, dropout=0.1, optimizer="muon", **changes)
    assert losses_of(settings, prose) == losses_of(settings, prose)
