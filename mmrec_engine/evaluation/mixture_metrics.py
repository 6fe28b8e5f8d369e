"""Metrics of several corpora together: each is weighted by its share, as in a training step.

So the validation loss is that of unseen text as mixed in training, whatever the sizes of the validation splits, and can be
compared with the training loss. If shares follow size, it is the mean over all tokens.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mmrec_engine.data.parts import Part
from mmrec_engine.evaluation.metrics import MetricSums


@dataclass(frozen=True)
class MixtureMetrics:
    """loss: nats a token; accuracy: 0–1; tokens, batches: counts; characters: of these tokens.

    standard_error: of the loss; None if a part is a single batch.
    """

    loss: float
    accuracy: float
    tokens: int
    batches: int
    characters: float
    standard_error: float | None

    @classmethod
    def of(cls, part_sums: Sequence[MetricSums], parts: Sequence[Part]) -> MixtureMetrics:
        """part_sums: one for the windows of each part."""
        whole = sum(part.share for part in parts)
        shares = [part.share / whole for part in parts]
        tokens = sum(sums.tokens for sums in part_sums)
        errors = [sums.standard_error for sums in part_sums]
        return cls(
            sum(share * sums.loss for share, sums in zip(shares, part_sums, strict=True)),
            sum(share * sums.accuracy for share, sums in zip(shares, part_sums, strict=True)),
            tokens,
            sum(sums.batches for sums in part_sums),
            sum(share * _characters_a_token(part) for share, part in zip(shares, parts, strict=True)) * tokens,
            None
            if any(math.isnan(error) for error in errors)
            else math.hypot(*(share * error for share, error in zip(shares, errors, strict=True))),
        )


def _characters_a_token(part: Part) -> float:
    """Of the validation split, whose first token and character are not predicted."""
    return (part.validation.characters - 1) / max(1, len(part.validation.tokens) - 1)
