"""A run before its first step, as the checks of its model use it, and functions that these checks share.

Every check builds its own models with the context's factory and restores the state of torch: random state, threads,
deterministic switches. Must not know: the loop, the run's own model, screens.
"""

from __future__ import annotations

import contextlib
import functools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mmrec_engine.checks.finding import Check, Skip, Status, Values
from mmrec_engine.checks.specs import numbers
from mmrec_engine.data.prepare import Corpus
from mmrec_engine.data.windows import Batch, EvaluationWindows, TrainingWindows, Windows
from mmrec_engine.errors import TrainingError
from mmrec_engine.locales.guide.remedies import remedy
from mmrec_engine.model.dropout import DropoutMasks
from mmrec_engine.model.language_model import LanguageModel, create_model
from mmrec_engine.model.layers import INITIAL_STD
from mmrec_engine.model.memory_estimate import TOKENS_AN_EVALUATION
from mmrec_engine.optim.optimizers import Optimizers
from mmrec_engine.randomness import hash64
from mmrec_engine.settings import Settings
from mmrec_engine.settings.model_config import ModelConfig
from mmrec_engine.system.determinism import make_exact, process_restored
from mmrec_engine.system.memory import USABLE
from mmrec_engine.training.device import Machine
from mmrec_engine.training.device_memory import available, fitting_microbatch
from mmrec_engine.training.loss_scale import Overflowed
from mmrec_engine.training.train_step import Stepper

_LARGE = numbers("one-batch-overfit")["large"]  # parameters above which every check uses a smaller form
_TOO_LARGE = {"cpu": 1e8, "mps": 4e8, "cuda": 4e8}  # parameters above which a check is no longer quick
_LOSS_SCALE = 2.0**10  # small enough for the few updates of a check not to overflow
NOT_A_NUMBER = torch.finfo(torch.float32).max  # in place of inf and nan, which JSON lacks


def weights(model: LanguageModel) -> dict[str, Tensor]:
    """The part of a model that a checkpoint stores."""
    return {name: parameter.detach() for name, parameter in model.named_parameters()}


@dataclass(frozen=True)
class ModelContext:
    """One run before its first step.

    machine: None for the CPU in float32; folder: of the run, which need not exist yet; make_model: returns a new model with the
    initial weights, the same at each call, None for the model of the settings; saved: the weights that a checkpoint stores;
    warm_start: the first weights come from a trained model.
    """

    settings: Settings
    corpus: Corpus
    machine: Machine | None
    folder: Path
    make_model: Callable[[], LanguageModel] | None = None
    saved: Callable[[LanguageModel], Mapping[str, Tensor]] = weights
    warm_start: bool = False

    @property
    def on(self) -> Machine:
        return self.machine or Machine(torch.device("cpu"), torch.get_num_threads(), "fp32")

    @property
    def config(self) -> ModelConfig:
        return self.settings.model(self.corpus.tokenizer.vocab_size)

    @property
    def large(self) -> bool:
        return self.config.parameters() > _LARGE

    def in_pieces_that_fit(self) -> ModelContext:
        """The same run with the largest micro-batch that memory allows (`fitting_microbatch`)."""
        settings = fitting_microbatch(self.settings, self.corpus.tokenizer.vocab_size, self.on)
        return self if settings is self.settings else replace(self, settings=settings)

    def model(self) -> LanguageModel:
        """A new model on the machine's device, ready to train."""
        model = self.make_model() if self.make_model else create_model(self.config, hash64(self.settings.seed, 2) >> 1)
        model.recompute_activations = self.settings.gradient_checkpointing
        return model.to(self.on.device).train()

    def filled_model(self) -> LanguageModel:
        """A new model with non-zero values in its zero-initialised parameters, because a zero matrix would hide faults."""
        model = self.model()
        generator = torch.Generator().manual_seed(self.settings.seed)
        for parameter in model.parameters():
            if not parameter.any():
                add_noise(parameter, generator)
        return model

    def windows(self, count: int, length: int) -> tuple[Tensor, Tensor]:
        """The run's first windows cut at this length, or at the text's: inputs and labels (count, length)."""
        tokens, length = self.corpus.train.tokens, min(length, len(self.corpus.train.tokens) - 1)
        return self._batch(TrainingWindows(tokens, length, length, self.settings.seed), count)

    def _batch(self, windows: Windows, count: int) -> tuple[Tensor, Tensor]:
        inputs, labels = (torch.from_numpy(part).to(self.on.device) for part in windows.batch(np.arange(count)))
        return inputs, labels

    def evaluation_batch(self) -> tuple[Tensor, Tensor]:
        """A batch of evaluation, as large as the run's."""
        windows = EvaluationWindows(self.corpus.validation.tokens, self.settings.evaluated_length)
        return self._batch(windows, min(windows.count, max(1, TOKENS_AN_EVALUATION // windows.length)))


Measure = Callable[[ModelContext], Values]


def apart(measure: Measure) -> Measure:
    """The measurement with torch set as in a run, and restored afterwards."""

    @functools.wraps(measure)
    def inside(context: ModelContext) -> Values:
        with _as_in_a_run(context.on):
            return measure(context)

    return inside


@contextlib.contextmanager
def _as_in_a_run(machine: Machine) -> Iterator[None]:
    with process_restored(), torch.enable_grad():
        torch.set_num_threads(machine.threads)
        make_exact()
        yield


def must_be_quick(context: ModelContext) -> None:
    """Raises Skip if a model of this size cannot be tried quickly, or not at all."""
    if context.config.parameters() > _TOO_LARGE.get(context.on.device.type, _TOO_LARGE["cpu"]):
        raise Skip("too-large")
    must_fit(context)


def must_fit(context: ModelContext) -> None:
    """Raises Skip if even a small batch may not fit, in which case the kernel would kill the process."""
    if context.config.training_bytes(4, 64) > USABLE * available(context.on.device):
        raise Skip("does-not-fit")


@dataclass(frozen=True)
class OneBatch:
    """Constant windows: inputs and labels (count, length), int64."""

    inputs: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]

    @property
    def count(self) -> int:
        return len(self.inputs)

    def batch(self, numbers: npt.NDArray[np.int64]) -> Batch:
        return self.inputs[numbers % self.count], self.labels[numbers % self.count]


def one_batch(batch: tuple[Tensor, Tensor]) -> OneBatch:
    inputs, labels = (part.cpu().numpy() for part in batch)
    return OneBatch(inputs, labels)


def stepper_on(context: ModelContext, model: LanguageModel, windows: Windows, count: int, **changes: Any) -> Stepper:
    """The training step of a run, in this process alone, on `count` of these windows, with some settings changed."""
    at_once = min(count, context.settings.windows_at_once)  # what fits into memory
    settings = replace(
        context.settings, batch_size=count, accumulate=1, microbatch=at_once, processes=1, sharding="auto", **changes
    )
    return Stepper(model, Optimizers(model, settings, context.on.products), windows, settings, context.on)


def loss_of(stepper: Stepper, step: int, rate: float, machine: Machine, first_window: int = 0) -> float:
    """One step from this window on; returns the loss before it in nats a token; NOT_A_NUMBER if it or a gradient is not
    finite."""
    try:
        return finite(stepper.make_step(step, first_window, rate, _scale(machine)).loss)
    except (TrainingError, Overflowed):
        stepper.drop_gradients()
        return NOT_A_NUMBER


def _scale(machine: Machine) -> float:
    return _LOSS_SCALE if machine.products == torch.float16 else 1.0


def backward(loss: Tensor, model: LanguageModel, machine: Machine) -> None:
    """Gradients of a loss; in float16 of a scaled loss, because many gradients are too small for it."""
    scale = _scale(machine)
    (loss * scale).backward()  # type: ignore[no-untyped-call]
    if scale != 1.0:
        torch._foreach_mul_([one.grad for one in model.parameters() if one.grad is not None], 1.0 / scale)


def small_batch(context: ModelContext) -> tuple[int, int]:
    """Windows and length."""
    return (2, 64) if context.large else (4, min(128, max(64, context.settings.seq_len)))


def masks_of(context: ModelContext, step: int, windows: int) -> DropoutMasks:
    return DropoutMasks(context.settings.dropout, context.settings.seed, step, range(windows))


def add_noise(parameter: Tensor, generator: torch.Generator) -> None:
    with torch.no_grad():
        parameter += (INITIAL_STD * torch.randn(parameter.shape, generator=generator)).to(parameter)


def largest(x: Tensor) -> float:
    """The largest absolute value; 0 if empty; the largest float32 if any is not finite."""
    return float(x.detach().abs().nan_to_num(NOT_A_NUMBER, NOT_A_NUMBER).max()) if x.numel() else 0.0


def finite(x: float) -> float:
    return x if math.isfinite(x) else NOT_A_NUMBER


def _remedies(values: Values, status: Status) -> list[dict[str, Any]]:
    fitting = values.get("fitting", {}) if status == "fail" else {}
    return [remedy(id, **settings) for id, settings in fitting.items()]


def model_check(id: str, measure: Measure, judge: Callable[[Values, Mapping[str, float]], Status]) -> Check:
    return Check(id=id, measure=measure, judge=judge, remedies=_remedies)
