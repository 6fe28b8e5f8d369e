"""Dropout whose masks are a pure function of (seed, step, sample, site).

PyTorch's own dropout draws from a global generator, so its masks change with the microbatch, with gradient checkpointing and
after a resume. These do not: a sample gets the same mask wherever and whenever it is computed.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mmrec_engine.randomness import hash64

_LEVELS = 1 << 16  # masks are compared at 16 bits, four to a 64-bit draw


class DropoutMasks:
    """The masks of one microbatch.

    rate: probability of dropping a unit, rounded to 1/65,536; samples: the run-wide number of each window in the batch.
    """

    def __init__(self, rate: float, seed: int, step: int, samples: Sequence[int]) -> None:
        self._dropped_levels = round(rate * _LEVELS)
        self._key = (seed, step)
        self._samples = samples

    def __call__(self, x: Tensor, site: int) -> Tensor:
        """Drop units of x (batch, time, width) and scale the rest up, so that the expectation stays."""
        if not self._dropped_levels:
            return x
        masks = [self._levels(x[0], sample, site) for sample in self._samples]
        kept = torch.stack(masks) >= self._dropped_levels - _LEVELS // 2  # (batch, time, width)
        return x * (kept * (_LEVELS / (_LEVELS - self._dropped_levels))).to(x.dtype)

    def _levels(self, like: Tensor, sample: int, site: int) -> Tensor:
        generator = torch.Generator(device=like.device)
        generator.manual_seed(hash64(*self._key, sample, site) >> 1)
        draws = torch.empty(-(-like.numel() // 4), dtype=torch.int64, device=like.device)
        draws.random_(-(2**63), None, generator=generator)
        return draws.view(torch.int16)[: like.numel()].view(like.shape)
