"""One training step: the optimizer gets the gradient of the step's mean loss, clipped."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from mmrec_engine.data.windows import TrainingWindows
from mmrec_engine.model.language_model import LanguageModel, create_model
from mmrec_engine.optim.optimizers import Optimizers
from mmrec_engine.settings import Settings
from mmrec_engine.training.device import resolve_machine
from mmrec_engine.training.state import model_config
from mmrec_engine.training.train_step import Stepper

VOCABULARY = 50
SMALL: dict[str, Any] = {
    "seq_len": 16,
    "batch_size": 6,
    "threads": 1,
    "precision": "fp32",
    "dropout": 0.0,
    "grad_clip": 0.0,
}


class Recording(Optimizers):
    """Keeps the gradients of the last step, and makes no update."""

    def __init__(self, model: LanguageModel, settings: Settings) -> None:
        super().__init__(model, settings)
        self._model = model
        self.gradients: list[Tensor] = []

    def step(self, learning_rate: float) -> None:
        self.gradients = [one.grad.clone() for one in self._model.parameters() if one.grad is not None]
        self.drop_gradients()


def gradients_of(**changes: Any) -> tuple[Tensor, float]:
    """The whole gradient of one step as one vector, and the norm that the step reports."""
    settings = Settings(**{**SMALL, **changes})
    model = create_model(model_config(settings, VOCABULARY), settings.seed)
    ids = np.random.default_rng(0).integers(0, VOCABULARY, 4000).astype(np.uint8)
    windows = TrainingWindows(ids, settings.seq_len, settings.window_stride, settings.seed)
    optimizers = Recording(model, settings)
    told = Stepper(model, optimizers, windows, settings, resolve_machine(settings)).make_step(1, 0, 1e-3)
    return torch.cat([gradient.flatten() for gradient in optimizers.gradients]), told.grad_norm


@pytest.mark.parametrize("changes", [{"microbatch": 2}, {"microbatch": 4}, {"batch_size": 2, "accumulate": 3}], ids=str)
def test_gradient_does_not_depend_on_micro_batches(changes: dict[str, int]) -> None:
    """An optimizer that divides by the gradient's size would hide a wrong scale."""
    whole, norm = gradients_of()
    parts, norm_of_parts = gradients_of(**changes)
    torch.testing.assert_close(parts, whole, rtol=1e-4, atol=1e-6)
    assert norm_of_parts == pytest.approx(norm, rel=1e-4)


def test_gradient_above_the_limit_is_clipped_and_its_raw_norm_reported() -> None:
    whole, norm = gradients_of()
    limit = norm / 4
    clipped, told = gradients_of(grad_clip=limit)
    assert float(clipped.norm()) == pytest.approx(limit, rel=1e-4)
    torch.testing.assert_close(clipped * 4, whole, rtol=1e-4, atol=1e-6)
    assert told == pytest.approx(norm)


def test_gradient_below_the_limit_is_unchanged() -> None:
    whole, norm = gradients_of()
    torch.testing.assert_close(gradients_of(grad_clip=2 * norm)[0], whole, rtol=0, atol=0)
