"""A run before its first step, as the checks of its model see it, and what these checks share.

Every check builds models of its own from the context's factory and leaves torch as it found it: random state, threads,
deterministic switches. Must not know: the loop, the run's own model, screens.
"""

from __future__ import annotations

import contextlib
import functools
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from mmrec_engine.checks.finding import Check, Skip, Status, Values
from mmrec_engine.checks.thresholds import numbers
from mmrec_engine.data.batches import training_windows
from mmrec_engine.data.prepare import Corpus
from mmrec_engine.data.windows import EvaluationWindows, TrainingWindows, Windows
from mmrec_engine.evaluation.metrics import token_losses
from mmrec_engine.locales.guide.findings_model import REMEDIES
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
from mmrec_engine.training.device_memory import available, fitting_microbatch

_LARGE = numbers("one-batch-overfit")["large"]  # parameters above which every check takes a smaller form
_TOO_LARGE = {"cpu": 1e8, "mps": 4e8, "cuda": 4e8}  # parameters above which a check is no longer quick
_LOSS_SCALE = 2.0**10  # small enough for the few updates of a check not to overflow
NOT_A_NUMBER = torch.finfo(torch.float32).max  # in place of inf and nan, which JSON has not


class Machine(Protocol):
    """Where the run computes; `training.device.Machine` is one."""

    @property
    def device(self) -> torch.device: ...
    @property
    def threads(self) -> int: ...
    @property
    def products(self) -> torch.dtype: ...
    @property
    def sharded(self) -> bool: ...
    def autocast(self) -> AbstractContextManager[None]: ...


@dataclass(frozen=True)
class PlainMachine:
    """The CPU in float32 with as many threads as torch has now."""

    device: torch.device
    threads: int
    products: torch.dtype = torch.float32
    sharded: bool = False

    def autocast(self) -> AbstractContextManager[None]:
        return contextlib.nullcontext()


def weights(model: LanguageModel) -> dict[str, Tensor]:
    """What a checkpoint keeps of a model."""
    return {name: parameter.detach() for name, parameter in model.named_parameters()}


@dataclass(frozen=True)
class ModelContext:
    """One run before its first step.

    machine: none takes the CPU in float32; folder: the run's, which need not exist yet; make_model: a new model with its first
    weights, the same at each call, none for the one that the settings describe; saved: the weights that a checkpoint keeps;
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
        return self.machine or PlainMachine(torch.device("cpu"), torch.get_num_threads())

    @property
    def config(self) -> ModelConfig:
        return self.settings.model(self.corpus.tokenizer.vocab_size)

    @property
    def large(self) -> bool:
        return self.config.parameters() > _LARGE

    def in_pieces_that_fit(self) -> ModelContext:
        """The same run, with as many windows at once as memory allows (`fitting_microbatch`)."""
        settings = fitting_microbatch(self.settings, self.corpus.tokenizer.vocab_size, self.on)
        return self if settings is self.settings else replace(self, settings=settings)

    def model(self) -> LanguageModel:
        """A new model on the machine's device, ready to train."""
        model = self.make_model() if self.make_model else create_model(self.config, hash64(self.settings.seed, 2) >> 1)
        model.recompute_activations = self.settings.gradient_checkpointing
        return model.to(self.on.device).train()

    def filled_model(self) -> LanguageModel:
        """A new model whose zero-initialised parameters are filled: behind a zero matrix no fault would show."""
        model = self.model()
        generator = torch.Generator().manual_seed(self.settings.seed)
        for parameter in model.parameters():
            if not parameter.any():
                add_noise(parameter, generator)
        return model

    def windows(self, count: int, length: int) -> tuple[Tensor, Tensor]:
        """The run's first windows cut at this length, or at what the text has: inputs and labels (count, length)."""
        tokens, length = self.corpus.train.tokens, min(length, len(self.corpus.train.tokens) - 1)
        return self._batch(TrainingWindows(tokens, length, length, self.settings.seed), count)

    def _batch(self, windows: Windows, count: int) -> tuple[Tensor, Tensor]:
        inputs, labels = (torch.from_numpy(part).to(self.on.device) for part in windows.batch(np.arange(count)))
        return inputs, labels

    def full_batches(self) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
        """A batch of training and one of evaluation, as large as the run's."""
        settings = self.settings
        training = training_windows(settings, self.corpus)
        evaluation = EvaluationWindows(self.corpus.validation.tokens, settings.seq_len)
        at_once = min(evaluation.count, max(1, TOKENS_AN_EVALUATION // settings.seq_len))
        return self._batch(training, settings.windows_at_once), self._batch(evaluation, at_once)


Measure = Callable[[ModelContext], Values]


def apart(measure: Measure) -> Measure:
    """The measure with torch set as in a run, and set back afterwards."""

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
    """Raises Skip where a model of this size cannot be tried quickly, or not at all."""
    if context.config.parameters() > _TOO_LARGE.get(context.on.device.type, _TOO_LARGE["cpu"]):
        raise Skip("too-large")
    must_fit(context)


def must_fit(context: ModelContext) -> None:
    """Raises Skip where even a small batch may not fit: a kernel would kill the process."""
    if context.config.training_bytes(4, 64) > USABLE * available(context.on.device):
        raise Skip("does-not-fit")


def update(
    model: LanguageModel,
    optimizers: Optimizers,
    batch: tuple[Tensor, Tensor],
    masks: DropoutMasks | None,
    rate: float,
    clip: float,
    machine: Machine,
) -> float:
    """One update on one batch. Returns the loss before it, nats a token."""
    inputs, labels = batch
    with machine.autocast():
        logits = model(inputs, masks)
    loss = token_losses(logits, labels) / labels.numel()
    backward(loss, model, machine)
    if clip:
        nn.utils.clip_grad_norm_(model.parameters(), clip)
    optimizers.step(rate)
    return float(loss.detach())


def backward(loss: Tensor, model: LanguageModel, machine: Machine) -> None:
    """Gradients of a loss; in float16, of whose numbers many gradients are too small, by way of a scaled one."""
    scale = _LOSS_SCALE if machine.products == torch.float16 else 1.0
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
    """The largest absolute value; 0 of nothing; the largest float32 where any is not finite."""
    return float(x.detach().abs().nan_to_num(NOT_A_NUMBER, NOT_A_NUMBER).max()) if x.numel() else 0.0


def finite(x: float) -> float:
    return x if math.isfinite(x) else NOT_A_NUMBER


def _remedies(values: Values, status: Status) -> list[dict[str, Any]]:
    fitting = values.get("fitting", {}) if status == "fail" else {}
    return [
        {"id": remedy, "title": REMEDIES[remedy]["en"], "settings": settings} for remedy, settings in fitting.items()
    ]


def model_check(id: str, measure: Measure, judge: Callable[[Values, Mapping[str, float]], Status]) -> Check:
    return Check(id=id, phase="before", item="model-config", measure=measure, judge=judge, remedies=_remedies)
