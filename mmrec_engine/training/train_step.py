"""One training step: windows in, one update of the weights out."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from mmrec_engine.data.transforms.curriculum import NO_PACING, Pacing
from mmrec_engine.data.windows import IGNORED_LABEL, Windows
from mmrec_engine.distributed.process_group import ProcessGroup, SingleProcess, share_of
from mmrec_engine.errors import TrainingError
from mmrec_engine.evaluation.metrics import token_losses
from mmrec_engine.locales.messages import GRADIENT, LOSS, WEIGHT
from mmrec_engine.model.dropout import DropoutMasks
from mmrec_engine.model.language_model import LanguageModel
from mmrec_engine.optim.optimizers import Optimizers
from mmrec_engine.optim.sharded import local
from mmrec_engine.settings import Settings
from mmrec_engine.training.device import Machine
from mmrec_engine.training.loss_scale import Overflowed
from mmrec_engine.training.recorded import RecordedStep

Ids = npt.NDArray[np.int64]
RATIO_EVERY = 50  # steps between two measurements of the update ratio
_MOST_MEASURED = 2**16  # entries of one matrix; a larger one is represented by evenly spaced rows
_ZERO_AT_FIRST = ("project_out.weight", "mlp.project.weight")  # a zero weight has no meaningful update ratio
_USUAL_RATIO = 1e-3
_LEAST_NORM = 1e-6  # added to the norm of all gradients before the division, as in PyTorch's clipping
_LEAST_RATIO = 1e-12  # so that a matrix which does not change has a logarithm


@dataclass(frozen=True)
class StepResult:
    """loss: mean over the step's tokens, nats; grad_norm: before clipping; tokens: predicted in this step.

    update_ratio: as in events.Step; None if it was not measured. optimizer_seconds: from complete gradients to new weights; on
    an asynchronous device, only until the work is queued. curriculum: as in events.Step.
    """

    loss: float
    grad_norm: float
    tokens: int
    update_ratio: float | None = None
    optimizer_seconds: float = 0.0
    loss_scale: float = 1.0
    curriculum: float | None = None


class Stepper:
    """Makes steps. Has no counter of its own: a step is a pure function of weights, optimizer state and its number."""

    def __init__(
        self,
        model: LanguageModel,
        optimizers: Optimizers,
        windows: Windows,
        settings: Settings,
        machine: Machine,
        pacing: Pacing = NO_PACING,
    ) -> None:
        self._model, self._optimizers, self._windows = model, optimizers, windows
        self._pacing = pacing
        self._group: ProcessGroup = SingleProcess()
        self._machine = machine
        self._settings = settings
        self._measured = _measured_matrices(model)
        self._recorded: RecordedStep | None = None

    def join(self, group: ProcessGroup, optimizers: Optimizers) -> None:
        """Share the windows of each step, and possibly the model, with the other ranks of this group."""
        self._group, self._optimizers = group, optimizers
        self._measured = _measured_matrices(self._model)
        self._recorded = None

    def change_settings(self, settings: Settings) -> None:
        """Continue with other settings: those that can change in a running training (`settings.can_change_while_running`)."""
        self._settings = settings
        if self._recorded is not None:
            self._recorded = None
            if self._machine.device.type == "cuda":
                torch.cuda.empty_cache()  # a graph keeps its memory
        self._model.recompute_activations = settings.gradient_checkpointing
        self._optimizers.set_weight_decay(settings.weight_decay)

    def drop_gradients(self) -> None:
        """Reset what an aborted step has left."""
        self._optimizers.drop_gradients()

    def make_step(self, step: int, first_window: int, learning_rate: float, loss_scale: float = 1.0) -> StepResult:
        """Train on the step's windows, numbered from `first_window`.

        Gradients of the micro-batches are those of the token sum divided by all tokens of the step, so that gradient
        accumulation changes only rounding. loss_scale: a power of two by which they are multiplied, and divided again. Raises
        TrainingError, before any weight is changed, if loss or gradient is not finite; Overflowed if a scaled gradient is not,
        without resetting it; ProcessLostError if another rank is lost.
        """
        settings, share = self._settings, self._group.share(self._settings.windows_a_step)
        numbers = np.arange(first_window + share.start, first_window + share.stop)
        inputs, labels = self._windows.batch(numbers)
        tokens = self._group.total(int(np.count_nonzero(labels != IGNORED_LABEL)))
        self._group.begin_step(self._model)
        pieces = self._pacing.pieces(step, inputs.shape[1])
        inputs, labels = (part.reshape(len(part) * pieces, -1) for part in (inputs, labels))
        self._model.train()
        try:
            loss_sum = self._pass(step, inputs, labels, int(numbers[0]) * pieces, pieces, tokens, loss_scale)
        except (RuntimeError, MemoryError) as error:
            self._group.report_failure(error)
            raise
        self._group.sum_loss(loss_sum)
        loss = float(loss_sum) / tokens
        gradients = [local(parameter.grad) for parameter in self._model.parameters() if parameter.grad is not None]
        if loss_scale != 1.0:
            torch._foreach_mul_(gradients, 1.0 / loss_scale)
        norm = nn.utils.get_total_norm(gradients)
        if self._group.sharded:
            norm = self._group.sum_of_shards(norm.square()).sqrt()
        grad_norm = float(norm)
        if loss_scale > 1.0 and np.isfinite(loss) and not np.isfinite(grad_norm):
            raise Overflowed
        if not (np.isfinite(loss) and np.isfinite(grad_norm)):
            raise self._not_finite(step, loss, grad_norm, torch.from_numpy(inputs), pieces)
        if settings.grad_clip:
            torch._foreach_mul_(gradients, torch.clamp(settings.grad_clip / (norm + _LEAST_NORM), max=1.0))
        before = [_rows(matrix).clone() for matrix in self._measured] if step % RATIO_EVERY == 0 else []
        began = time.perf_counter()
        if self._recorded is None:
            self._optimizers.step(learning_rate)
        else:
            self._recorded.update(learning_rate)
        seconds = time.perf_counter() - began
        ratio = self._update_ratio(before, learning_rate) if before else None
        shown = None if settings.curriculum == "none" else self._pacing.shown(step, settings.seq_len)
        return StepResult(loss, grad_norm, tokens, ratio, seconds, loss_scale, shown)

    def _pass(
        self, step: int, inputs: Ids, labels: Ids, first_sample: int, pieces: int, tokens: int, loss_scale: float
    ) -> Tensor:
        """Compute the gradients over all ranks, divided by `tokens`; returns the sum of this rank's losses.

        pieces: into how many a window is cut.
        """
        settings, device = self._settings, self._machine.device
        loss_sum = torch.zeros((), device=device)
        passes = list(self._passes(len(inputs), pieces))
        recorded = self._recording(inputs[passes[0][0]].shape)
        for number, (rows, counts) in enumerate(passes, start=1):
            samples = range(first_sample + rows.start, first_sample + rows.stop)
            if recorded is not None and inputs[rows].shape == recorded.shape:
                loss_sum += recorded.make_pass(inputs[rows], labels[rows], step, samples, tokens, loss_scale)
                continue
            masks = DropoutMasks(settings.dropout, settings.seed, step, samples)
            batch_inputs, batch_labels = (torch.from_numpy(part[rows]).to(device) for part in (inputs, labels))
            if not counts:
                batch_labels = torch.full_like(batch_labels, IGNORED_LABEL)
            with self._group.passing(self._model, number == len(passes)) as model:
                with self._machine.autocast():
                    logits = model(batch_inputs, masks)
                batch_loss = token_losses(logits, batch_labels)
                (batch_loss / tokens * loss_scale).backward()  # type: ignore[no-untyped-call]
            loss_sum += batch_loss.detach()
        return loss_sum

    def _recording(self, shape: tuple[int, ...]) -> RecordedStep | None:
        """The recorded passes, ready for a step whose first pass has this shape; None if it is not to be recorded."""
        if self._machine.compile == "off" or self._group.size > 1:
            return None
        if self._recorded is None:
            self._recorded = RecordedStep(self._model, self._optimizers, self._settings, self._machine)
        if shape != self._recorded.shape:
            return None
        self._recorded.begin()
        return self._recorded

    def _passes(self, rows: int, pieces: int) -> Iterator[tuple[slice, bool]]:
        """This rank's rows, `pieces` for each window, grouped into micro-batches, with whether they count.

        Every rank takes part in each pass through a sharded model: one without windows left repeats its first rows
        without counting them. Rank 0 has the most.
        """
        at_once = self._settings.windows_at_once * pieces
        most = share_of(self._settings.windows_a_step, 0, self._group.size).stop * pieces
        for start in range(0, most if self._group.sharded else rows, at_once):
            yield (slice(start, min(start + at_once, rows)), True) if start < rows else (slice(0, 1), False)

    def _update_ratio(self, before: list[Tensor], learning_rate: float) -> float:
        """|update| / |weight| of the hidden matrix where it is farthest from the usual value, given the old weights.

        Of the change with and without weight decay the smaller one: decay alone would look like learning when there is no
        gradient.
        """
        kept = 1.0 - learning_rate * self._settings.weight_decay
        squares = torch.stack(
            [
                torch.stack([(new - old).square().sum(), (new - kept * old).square().sum(), old.square().sum()])
                for new, old in zip(map(_rows, self._measured), before, strict=True)
            ]
        )
        moved, without_decay, weight = self._group.sum_of_shards(squares).sqrt().unbind(1)
        ratios: list[float] = (torch.minimum(moved, without_decay) / weight).tolist()
        return max(ratios, key=_unusual)

    def check_weights(self, step: int, weights: Mapping[str, Tensor]) -> None:
        """Raises TrainingError if a weight is not finite: then nothing can be saved or learnt any more."""
        for name, weight in weights.items():
            if not bool(weight.sum().isfinite()) and not bool(weight.isfinite().all()):
                raise TrainingError(
                    "training-weights-lost", what=WEIGHT, step=step, module=name, **self._calmer()
                )  # fmt: skip

    def _calmer(self) -> dict[str, float]:
        """A lower rate and a longer warmup, as a suggestion."""
        rate, warmup = self._settings.learning_rate, self._settings.warmup_steps
        return {"rate": min(1e-4, rate / 3), "warmup": max(200, 2 * warmup)}

    def _not_finite(self, step: int, loss: float, grad_norm: float, inputs: Tensor, pieces: int) -> TrainingError:
        in_loss = not np.isfinite(loss)
        module = self._bad_module(inputs, pieces) if in_loss else self._bad_gradient()
        return TrainingError(
            "training-non-finite",
            what=LOSS if in_loss else GRADIENT,
            value=loss if in_loss else grad_norm,
            step=step,
            module=module,
            **self._calmer(),
        )

    def _bad_module(self, inputs: Tensor, pieces: int) -> str:
        with self._machine.autocast():
            found = [
                first_non_finite(self._model, inputs[rows].to(self._machine.device))
                for rows, _ in self._passes(len(inputs), pieces)
            ]
        return next((name for name in found if name is not None), "?")

    def _bad_gradient(self) -> str:
        named = [(name, one.grad) for name, one in self._model.named_parameters() if one.grad is not None]
        wrong = self._group.sum_of_shards(torch.stack([(~local(gradient).isfinite()).sum() for _, gradient in named]))
        return next((name for (name, _), count in zip(reversed(named), wrong.flip(0), strict=True) if count), "?")


def _rows(matrix: Tensor) -> Tensor:
    """Evenly spaced rows of a matrix, few enough to be copied from time to time, detached."""
    part = local(matrix.detach())
    return part[:: max(1, part.numel() // _MOST_MEASURED)]


def _measured_matrices(model: LanguageModel) -> list[Tensor]:
    return [
        parameter
        for name, parameter in model.named_parameters()
        if parameter.requires_grad
        and parameter.ndim == 2
        and not name.startswith(("embedding", "head"))
        and not name.endswith(_ZERO_AT_FIRST)
    ]


def _unusual(ratio: float) -> float:
    """Distance of a ratio from the usual one, on a logarithmic scale."""
    return abs(math.log(max(ratio, _LEAST_RATIO) / _USUAL_RATIO)) if math.isfinite(ratio) else math.inf


def first_non_finite(model: nn.Module, inputs: Tensor) -> str | None:
    """Name of the first module whose output is not finite for these inputs; None if all are."""
    found: list[str] = []

    def watch(name: str) -> object:
        def hook(module: nn.Module, args: object, output: object) -> None:
            if isinstance(output, Tensor) and not output.isfinite().all():
                found.append(name)

        return hook

    modules = [(name, module) for name, module in model.named_modules() if name]
    handles = [module.register_forward_hook(watch(name)) for name, module in modules]
    try:
        with torch.no_grad():
            model(inputs)
    finally:
        for handle in handles:
            handle.remove()
    return found[0] if found else None
