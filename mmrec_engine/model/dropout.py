"""Dropout whose masks are a pure function of (seed, step, sample, site).

PyTorch's own dropout draws from a global generator, so its masks change with the micro-batch, with gradient checkpointing and
after a resume. These do not: a sample has the same mask in every batch and after a resume.

On a CPU each sample has its own generator, which is fastest there. On a GPU this would need several kernels for each sample
and site: there the masks of a whole micro-batch are hashed at once, from a key for each sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from mmrec_engine.randomness import hash64, hash64_table

_LEVELS = 1 << 16  # masks are compared at 16 bits, four to a 64-bit draw


class Dropout(Protocol):
    """The interface from which a model gets its masks."""

    def __call__(self, x: Tensor, site: int) -> Tensor:
        """Drop units of x (batch, time, width) and scale the others up, so that the expectation is unchanged."""


class DropoutMasks:
    """The masks of one micro-batch.

    rate: probability of dropping a unit, rounded to 1/65,536; samples: the run-wide number of each window in the batch.
    """

    def __init__(self, rate: float, seed: int, step: int, samples: Sequence[int]) -> None:
        self._dropped_levels = round(rate * _LEVELS)
        self._key = (seed, step)
        self._samples = samples

    def __call__(self, x: Tensor, site: int) -> Tensor:
        if not self._dropped_levels:
            return x
        if is_hashed(x.device):
            levels = hashed_levels(_as_tensor(hash64_table(self._key, self._samples, (site,)), x.device)[:, 0], x)
        else:
            levels = torch.stack([self._drawn(x[0], sample, site) for sample in self._samples])
        return _dropped(x, levels, self._dropped_levels)

    def _drawn(self, like: Tensor, sample: int, site: int) -> Tensor:
        generator = torch.Generator(device=like.device)
        generator.manual_seed(hash64(*self._key, sample, site) >> 1)
        draws = torch.empty(-(-like.numel() // 4), dtype=torch.int64, device=like.device)
        draws.random_(-(2**63), None, generator=generator)
        return draws.view(torch.int16)[: like.numel()].view(like.shape)


class DropoutBuffers:
    """The same masks for micro-batches of one size, with tensors at fixed addresses: for a recorded pass.

    sites: of the model, from 0 on; batch, time, width: of the dropped tensor.
    """

    def __init__(self, rate: float, seed: int, sites: int, size: tuple[int, int, int], device: torch.device) -> None:
        self._dropped_levels = round(rate * _LEVELS)
        self._seed, self._sites = seed, sites if self._dropped_levels else 0
        self._hashed = is_hashed(device)
        self._like = torch.empty(size[1:], device=device) if self._sites and not self._hashed else None
        # (batch, sites) keys, or for each site the levels themselves, (sites, batch, time, width)
        self._held = (
            torch.zeros(size[0], self._sites, dtype=torch.int64, device=device)
            if self._hashed
            else torch.zeros(self._sites, *size, dtype=torch.int16, device=device)
        )

    def fill(self, step: int, samples: Sequence[int]) -> None:
        """Set the masks to those of this step's samples."""
        if not self._sites:
            return
        if self._like is None:
            keys = hash64_table((self._seed, step), samples, range(self._sites))
            self._held.copy_(_as_tensor(keys, torch.device("cpu")))
            return
        masks = DropoutMasks(0.0, self._seed, step, samples)
        for site in range(self._sites):
            for row, sample in enumerate(samples):
                self._held[site, row].copy_(masks._drawn(self._like, sample, site))

    def __call__(self, x: Tensor, site: int) -> Tensor:
        if not self._sites:
            return x
        levels = hashed_levels(self._held[:, site], x) if self._hashed else self._held[site]
        return _dropped(x, levels, self._dropped_levels)


def is_hashed(device: torch.device) -> bool:
    """Whether masks on this device are hashed from keys rather than drawn by generators."""
    return device.type == "cuda"


def hashed_levels(keys: Tensor, like: Tensor) -> Tensor:
    """16-bit levels, int16, shaped like `like` (batch, time, width): hashed under each sample's key (batch,), int64.

    The 64-bit numbers are those of `randomness.hashed`; each gives four levels, the lowest bits first.
    """
    batch, size = len(like), like[0].numel()
    index = torch.arange(1, -(-size // 4) + 1, device=like.device)
    z = keys[:, None] + index * _signed(0x9E3779B97F4A7C15)
    z = (z ^ _shifted(z, 30)) * _signed(0xBF58476D1CE4E5B9)
    z = (z ^ _shifted(z, 27)) * _signed(0x94D049BB133111EB)
    z = z ^ _shifted(z, 31)
    return z.view(torch.int16)[:, :size].view(batch, *like.shape[1:])


def _dropped(x: Tensor, levels: Tensor, dropped_levels: int) -> Tensor:
    kept = levels >= dropped_levels - _LEVELS // 2  # (batch, time, width)
    return x * (kept * (_LEVELS / (_LEVELS - dropped_levels))).to(x.dtype)


def _shifted(z: Tensor, bits: int) -> Tensor:
    """A logical shift to the right: int64 has only an arithmetic one."""
    return (z >> bits) & ((1 << (64 - bits)) - 1)


def _signed(number: int) -> int:
    """The same 64 bits as a signed number."""
    return number - (1 << 64) if number >> 63 else number


def _as_tensor(keys: np.ndarray[tuple[int, ...], np.dtype[np.uint64]], device: torch.device) -> Tensor:
    return torch.from_numpy(keys.view(np.int64)).to(device)
