"""Faults planted in this process for one run: in every new model, in the loop alone, in the batches.

Faults in every model are visible to the checks before training too; faults in the loop only to a training.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from mmrec_engine.checks.preflight.model_context import OneBatch
from mmrec_engine.data.windows import Batch, TrainingWindows, _cut
from mmrec_engine.model.language_model import LanguageModel, create_model
from mmrec_engine.optim.optimizers import _sorted_parameters
from mmrec_engine.settings.presets import Preset
from mmrec_engine.training.state import TrainingState, build_state
from mmrec_engine.training.train_step import Stepper, StepResult

Planted = Callable[[], AbstractContextManager[None]]
Make = Callable[[Stepper, int, int, float], StepResult]


def in_every_model(fault: Callable[[LanguageModel], object]) -> Planted:
    @contextlib.contextmanager
    def planted() -> Iterator[None]:
        def made(*arguments: Any) -> LanguageModel:
            model = create_model(*arguments)
            fault(model)
            return model

        with (
            patch("mmrec_engine.training.state.create_model", made),
            patch("mmrec_engine.checks.preflight.model_context.create_model", made),
        ):
            yield

    return planted


def in_the_loop(fault: Callable[[TrainingState], object]) -> Planted:
    @contextlib.contextmanager
    def planted() -> Iterator[None]:
        def made(*arguments: Any) -> TrainingState:
            run_state = build_state(*arguments)
            fault(run_state)
            return run_state

        with patch("mmrec_engine.run.train.build_state", made):
            yield

    return planted


def in_each_step(change: Callable[[Make, Stepper, int, int, float], StepResult]) -> Planted:
    """change: makes the step, given the original function."""

    @contextlib.contextmanager
    def planted() -> Iterator[None]:
        plain = Stepper.make_step

        def made(stepper: Stepper, step: int, first: int, learning_rate: float, loss_scale: float = 1.0) -> StepResult:
            if isinstance(stepper._windows, OneBatch):  # of a check before training
                return plain(stepper, step, first, learning_rate, loss_scale)
            return change(partial(plain, loss_scale=loss_scale), stepper, step, first, learning_rate)

        with patch.object(Stepper, "make_step", made):
            yield

    return planted


def in_the_batches(change: Callable[[Batch, npt.NDArray[np.int64]], Batch]) -> Planted:
    """change: from a training batch and the numbers of its windows to the batch that is trained on."""

    class Changed(TrainingWindows):
        def batch(self, numbers: npt.NDArray[np.int64]) -> Batch:
            return change(super().batch(numbers), numbers)

    return lambda: patch("mmrec_engine.data.batches.TrainingWindows", Changed)  # type: ignore[return-value]


def at(target: str, replacement: object) -> Planted:
    return lambda: patch(target, replacement)  # type: ignore[return-value]


# models


def cut_off(index: int) -> Callable[[LanguageModel], None]:
    """The block's output is discarded."""

    def fault(model: LanguageModel) -> None:
        model.blocks[index].forward = lambda x, dropout: x  # type: ignore[method-assign]

    return fault


def detached(index: int) -> Callable[[LanguageModel], None]:
    """The block learns nothing, though its output is used."""

    def fault(model: LanguageModel) -> None:
        inner = model.blocks[index].forward
        model.blocks[index].forward = lambda x, dropout: x + (inner(x, dropout) - x).detach()  # type: ignore[method-assign]

    return fault


def frozen(beginning: str) -> Callable[[LanguageModel], None]:
    def fault(model: LanguageModel) -> None:
        for name, parameter in model.named_parameters():
            if name.startswith(beginning):
                parameter.requires_grad_(False)

    return fault


def sees_ahead(model: LanguageModel) -> None:
    """Each mixer reads the next token with this one."""
    for block in model.blocks:
        inner = block.mixer.forward
        block.mixer.forward = lambda x, inner=inner: inner(x + torch.roll(x, -1, dims=1))


def attends_ahead(model: LanguageModel) -> None:
    """Attention without its mask."""
    for block in model.blocks:
        mixer: Any = block.mixer

        def forward(x: Tensor, mixer: Any = mixer) -> Tensor:
            merged: Tensor = mixer._merge(functional.scaled_dot_product_attention(*mixer._heads(x, first=0)))
            return merged

        mixer.forward = forward


def mixes_rows(model: LanguageModel) -> None:
    """Each window sees the mean of its batch."""
    inner = model.embedding.forward

    def forward(ids: Tensor) -> Tensor:
        x: Tensor = inner(ids)
        return x + x.mean(0, keepdim=True)

    model.embedding.forward = forward


def wide_head(model: LanguageModel) -> None:
    generator = torch.Generator().manual_seed(1)
    std = 50 * model.config.width**-0.5
    model.head.weight.data = std * torch.randn(model.head.weight.shape, generator=generator)


def noisy(model: LanguageModel) -> None:
    """Noise that does not depend on the seed."""
    inner = model.embedding.forward
    model.embedding.forward = lambda ids: _with_noise(inner(ids))


_DICE = torch.Generator().manual_seed(int.from_bytes(b"dice", "big"))


def _with_noise(x: Tensor) -> Tensor:
    return x + 0.05 * torch.randn(x.shape, generator=_DICE)


def dropping(model: LanguageModel) -> None:
    """Dropout that evaluation does not switch off."""
    inner = model.embedding.forward
    model.embedding.forward = lambda ids: functional.dropout(inner(ids), 0.3, training=True)


# optimizers and states


def one_forgotten(model: nn.Module) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
    """The parameters that optimizers update, without one hidden matrix."""
    hidden, outer, vectors = _sorted_parameters(model)
    return hidden[1:], outer, vectors


def climbing(run_state: TrainingState) -> None:
    """Every gradient with the wrong sign."""
    for parameter in run_state.model.parameters():
        parameter.register_hook(lambda gradient: -gradient)


def scaled_gradients(factor: float) -> Callable[[TrainingState], None]:
    def fault(run_state: TrainingState) -> None:
        for parameter in run_state.model.parameters():
            parameter.register_hook(lambda gradient: factor * gradient)

    return fault


def never_zeroed(run_state: TrainingState) -> None:
    """Each step adds its gradient to all earlier ones."""
    run_state.optimizers.drop_gradients = lambda: None  # type: ignore[method-assign]


def weights_set(step: int, change: Callable[[LanguageModel], None]) -> Planted:
    def made(make: Make, stepper: Stepper, now: int, first: int, rate: float) -> StepResult:
        if now == step:
            with torch.no_grad():
                change(stepper._model)
        return make(stepper, now, first, rate)

    return in_each_step(made)


def not_a_number(model: LanguageModel) -> None:
    model.blocks[1].mlp.expand.weight[0, 0] = float("nan")


def begun_again(model: LanguageModel) -> None:
    """The initial weights again."""
    generator = torch.Generator().manual_seed(3)
    for parameter in model.parameters():
        parameter.copy_(
            parameter.std() * torch.randn(parameter.shape, generator=generator) if parameter.ndim > 1 else parameter
        )


def out_of_memory_above(windows: int) -> Planted:
    def made(make: Make, stepper: Stepper, step: int, first: int, rate: float) -> StepResult:
        if stepper._settings.windows_at_once > windows and step >= 5:
            raise torch.OutOfMemoryError("tried to allocate 2.00 GiB")
        return make(stepper, step, first, rate)

    return in_each_step(made)


@contextlib.contextmanager
def narrow_model() -> Iterator[None]:
    """The tiny config is a model of one block, four wide."""
    with patch.dict("mmrec_engine.settings.presets.PRESETS", {"tiny": Preset(width=4, layers=1, heads=1)}):
        yield


# batches


def shuffled_labels(batch: Batch, numbers: npt.NDArray[np.int64]) -> Batch:
    inputs, labels = batch
    dice = np.random.default_rng(int(numbers[0]))
    return inputs, dice.permutation(labels.ravel()).reshape(labels.shape)


def unshifted_labels(batch: Batch, numbers: npt.NDArray[np.int64]) -> Batch:
    return batch[0], batch[0].copy()


def first_batch_again(make: Make, stepper: Stepper, step: int, first: int, rate: float) -> StepResult:
    """A loader that repeats one batch."""
    return make(stepper, step, 0, rate)


def shifted_twice(batch: Batch, numbers: npt.NDArray[np.int64]) -> Batch:
    """Labels one token too far."""
    return batch[0][:, :-1], batch[1][:, 1:]


def corrupted(window: int, count: int = 4) -> Callable[[Batch, npt.NDArray[np.int64]], Batch]:
    """Random tokens in the windows from this one on."""

    def change(batch: Batch, numbers: npt.NDArray[np.int64]) -> Batch:
        if not window <= numbers[0] < window + count:
            return batch
        dice = np.random.default_rng(1)
        highest = int(batch[0].max())
        return dice.integers(1, highest + 1, batch[0].shape), dice.integers(1, highest + 1, batch[1].shape)

    return change


def cut_elsewhere(tokens: npt.NDArray[Any], starts: npt.NDArray[np.int64], length: int) -> Batch:
    """Windows whose labels are those of other places."""
    inputs, labels = _cut(tokens, starts, length)
    return inputs, np.roll(labels, 7, axis=1)


# finished runs


def damaged(name: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        content = bytearray((folder / name).read_bytes())
        content[len(content) // 2] ^= 0xFF
        (folder / name).write_bytes(content)

    return change


def missing(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def best_is_another(folder: Path) -> None:
    """A valid checkpoint of another step in place of the best model."""
    (folder / "best_model.pt").write_bytes(min(folder.glob("checkpoint_step_*.pt")).read_bytes())
