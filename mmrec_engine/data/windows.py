"""Windows of tokens for training and for evaluation, as pure functions of their number.

Training window k is in epoch e = k div n and starts at shift_e + stride · π_e(k mod n): π_e is a keyed permutation of the n
windows, shift_e a seeded offset below one stride, so windows start at other positions in each epoch. With jitter each window is
moved by an offset of its own. A resumed run needs k only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from mmrec_engine.randomness import hash64, hashed, permuted

IGNORED_LABEL = -100  # PyTorch's own: positions with it are ignored
_JITTER = 100  # the key of the draws
Tokens = npt.NDArray[np.unsignedinteger[Any]]
Batch = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]  # inputs and labels, both (windows, length)


def count_of_windows(tokens: int, length: int, stride: int) -> int:
    """Windows an epoch of a text with so many tokens: the same in every epoch, whatever its shift; 0 if not even one fits."""
    room = tokens - 1 - length  # the last possible start
    return 0 if room < 0 else max(1, (room - (stride - 1)) // stride + 1)


class Windows(Protocol):
    """Windows that are pure functions of their number, counted from the beginning of a run."""

    @property
    def count(self) -> int:
        """Windows an epoch; 0 if not even one fits."""

    def batch(self, numbers: npt.NDArray[np.int64]) -> Batch:
        """Inputs and labels of the windows with these numbers, both (windows, length)."""


@dataclass(frozen=True)
class TrainingWindows:
    """Overlap-free (or strided) windows over `tokens`, in a seeded order that changes every epoch.

    tag: the id that replaces the first input of each window, without a change of the labels.
    """

    tokens: Tokens
    length: int
    stride: int
    seed: int
    tag: int | None = None
    jitter: float = 0.0  # of the stride: how far a window may be moved, before or behind its position

    @property
    def count(self) -> int:
        return count_of_windows(len(self.tokens), self.length, self.stride)

    def starts(self, numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """First token of each window numbered from the beginning of the run. Shape as `numbers`."""
        return self.at_places(self.turns(numbers), numbers)

    def turns(self, numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Each of 0 … count - 1 once in the numbers of an epoch, shuffled by its key. Shape as `numbers`."""
        turns, epochs = np.empty_like(numbers), numbers // self.count
        for epoch in np.unique(epochs):
            chosen = epochs == epoch
            key = hash64(self.seed, int(epoch), 0)
            turns[chosen] = permuted(numbers[chosen] % self.count, self.count, key)
        return turns

    def at_places(self, places: npt.NDArray[np.int64], numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """First token of each window at these positions (0 … count - 1 along the text), shifted as its number requires."""
        epochs = numbers // self.count
        shifts = {epoch: self._shift(epoch) for epoch in np.unique(epochs).tolist()}
        starts = np.array([shifts[epoch] for epoch in epochs.tolist()], dtype=np.int64) + self.stride * places
        farthest = int(self.jitter * self.stride)
        if farthest:
            moved = hashed(numbers, hash64(self.seed, _JITTER)) % np.uint64(2 * farthest + 1)
            starts = np.clip(starts + moved.astype(np.int64) - farthest, 0, len(self.tokens) - 1 - self.length)
        return starts

    def batch(self, numbers: npt.NDArray[np.int64]) -> Batch:
        return self.cut(self.starts(numbers))

    def cut(self, starts: npt.NDArray[np.int64]) -> Batch:
        return _tagged(_cut(self.tokens, starts, self.length), self.tag)

    def _shift(self, epoch: int) -> int:
        room = len(self.tokens) - 1 - self.length - (self.count - 1) * self.stride
        return hash64(self.seed, epoch, 1) % (min(room, self.stride - 1) + 1)


@dataclass(frozen=True)
class EvaluationWindows:
    """Windows that do not overlap and together predict every token except the first once; the tail is padded.

    tag: as in TrainingWindows.
    """

    tokens: Tokens
    length: int
    tag: int | None = None

    @property
    def count(self) -> int:
        return -(-(len(self.tokens) - 1) // self.length) if len(self.tokens) > 1 else 0

    def batch(self, numbers: npt.NDArray[np.int64]) -> Batch:
        return _tagged(_cut(self.tokens, numbers * self.length, self.length), self.tag)

    def spread(self, most: int) -> npt.NDArray[np.int64]:
        """Numbers of at most `most` windows, evenly spread over the text."""
        return np.unique(np.linspace(0, self.count - 1, min(most, self.count)).round().astype(np.int64))


def _cut(tokens: Tokens, starts: npt.NDArray[np.int64], length: int) -> Batch:
    inputs = np.zeros((len(starts), length), dtype=np.int64)
    labels = np.full((len(starts), length), IGNORED_LABEL, dtype=np.int64)
    for row, start in enumerate(starts):
        window = tokens[start : start + length + 1]
        inputs[row, : len(window) - 1] = window[:-1]
        labels[row, : len(window) - 1] = window[1:]
    return inputs, labels


def _tagged(batch: Batch, tag: int | None) -> Batch:
    if tag is not None:
        batch[0][:, 0] = tag
    return batch
