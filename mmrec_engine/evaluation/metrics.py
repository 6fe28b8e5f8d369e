"""Loss, perplexity, accuracy and bits per character, for any PyTorch module that maps ids to logits.

`evaluate_model` and `print_evaluation_metrics` have the names and arguments that the guide uses.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from contextlib import contextmanager
from typing import Any, TextIO

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from mmrec_engine.data.windows import IGNORED_LABEL

_NORMAL_95 = 1.96


class MetricSums:
    """Sums over predicted tokens, in float64, so that a mean does not depend on batching."""

    def __init__(self) -> None:
        self.loss_sum, self.correct, self.tokens, self.batches = 0.0, 0, 0, 0
        self._squares = np.zeros(3)  # over the batches: s², s n, n², of loss sums s and tokens n

    @classmethod
    def of(cls, parts: Iterable[MetricSums]) -> MetricSums:
        """The sums of the parts together."""
        whole = cls()
        for part in parts:
            whole.loss_sum += part.loss_sum
            whole.correct += part.correct
            whole.tokens += part.tokens
            whole.batches += part.batches
            whole._squares += part._squares
        return whole

    def add(self, loss_sum: float, logits: Tensor, labels: Tensor) -> None:
        """loss_sum: nats over the counted labels; logits (batch, time, vocabulary); labels (batch, time)."""
        counted = labels != IGNORED_LABEL
        self.add_batch(loss_sum, int(((logits.argmax(-1) == labels) & counted).sum()), int(counted.sum()))

    def add_batch(self, loss_sum: float, correct: int, tokens: int) -> None:
        """Of one batch: nats over its counted labels, how many of these were predicted right, and how many they are."""
        self.loss_sum += loss_sum
        self.correct += correct
        self.tokens += tokens
        self.batches += 1
        self._squares += (loss_sum**2, loss_sum * tokens, tokens**2)

    @property
    def loss(self) -> float:
        return self.loss_sum / self.tokens if self.tokens else math.nan

    @property
    def standard_error(self) -> float:
        """Standard error of the loss in nats: its variation with other text of the same kind. NaN for fewer than two batches.

        From the variation of batches, which are coherent text, not of tokens, which do not vary
        independently: the ratio estimator of cluster sampling. Source: Cochran, "Sampling techniques", 1977, section 9A.2.
        """
        if self.batches < 2:
            return math.nan
        squares = float(self._squares @ (1.0, -2.0 * self.loss, self.loss**2))  # Σ (s - loss n)²
        return math.sqrt(max(0.0, squares) * self.batches / (self.batches - 1)) / self.tokens

    @property
    def accuracy(self) -> float:
        return self.correct / self.tokens if self.tokens else math.nan


def student_95(degrees: int) -> float:
    """Number of standard errors of a 95 % interval, if the standard error itself is an estimate: Student's t.

    Source: Abramowitz and Stegun, "Handbook of mathematical functions", 1964, 26.7.5, two terms: too narrow by a tenth for two
    degrees of freedom, by less than a hundredth from seven on.
    """
    z = _NORMAL_95
    return z + (z**3 + z) / (4 * degrees) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * degrees**2)


def perplexity(loss: float) -> float:
    """exp(loss), infinite if it overflows."""
    return math.exp(loss) if loss < 709 else math.inf if not math.isnan(loss) else math.nan


def bits_per_character(loss: float, tokens: int, characters: float) -> float:
    """Nats a token to bits a character, which are comparable between tokenizers. tokens and characters: the predicted ones."""
    return loss * tokens / (characters * math.log(2)) if characters else math.nan


def token_losses(logits: Tensor, labels: Tensor) -> Tensor:
    """Sum of the cross-entropies of all counted labels, nats. Scalar."""
    return functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORED_LABEL, reduction="sum")


@contextmanager
def evaluating(model: nn.Module) -> Any:
    """Dropout off and no gradients inside; the mode of every part of the model is restored after.

    no_grad rather than inference_mode: another module may keep tensors that it creates here, and train with them later.
    """
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module, was_training in modes:
            module.training = was_training


def evaluate_model(
    model: nn.Module,
    data_loader: Iterable[Mapping[str, Tensor]],
    criterion: Callable[[Tensor, Tensor], Tensor],
    device: torch.device | str,
) -> dict[str, float]:
    """Evaluate `model` on all batches of `data_loader`.

    model: maps ids (batch, time) to logits (batch, time, vocabulary); data_loader: batches {"input_ids", "labels"}, both
    (batch, time), int64, label -100 is ignored; criterion: such as nn.CrossEntropyLoss(), any reduction.
    Returns loss (mean over all counted tokens), perplexity, accuracy (0–1) and num_batches.
    """
    sums = MetricSums()
    with evaluating(model):
        for batch in data_loader:
            inputs, labels = batch["input_ids"].to(device), batch["labels"].to(device)
            logits = model(inputs)
            loss = criterion(logits.flatten(0, -2), labels.flatten())
            counted = int((labels != IGNORED_LABEL).sum())
            is_mean = getattr(criterion, "reduction", "mean") == "mean"
            loss_sum = float(loss) * counted if is_mean and counted else 0.0 if is_mean else float(loss.sum())
            sums.add(loss_sum, logits, labels)
    return {
        "loss": sums.loss,
        "perplexity": perplexity(sums.loss),
        "accuracy": sums.accuracy,
        "num_batches": sums.batches,
    }


def print_evaluation_metrics(metrics: Mapping[str, float], file: TextIO | None = None) -> None:
    """Print metrics in the guide's form."""
    print("Validation Metrics:", file=file)
    print(f"  Loss: {metrics['loss']:.3f}", file=file)
    print(f"  Perplexity: {metrics['perplexity']:.2f}", file=file)
    print(f"  Accuracy: {metrics['accuracy']:.2%}", file=file)
    print(f"  Batches: {metrics['num_batches']}", file=file)
