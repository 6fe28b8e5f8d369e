"""Span denoising beside next-token prediction: spans are cut out of some windows and predicted after the rest.

    the quick ⟨0⟩ fox jumps ⟨1⟩ the dog ⟨spans⟩ ⟨0⟩ brown ⟨1⟩ over ⟨spans⟩

A sentinel stands for a removed span. After a separator each sentinel is followed by its span, and the separator ends the last.
Sources: for the spans Raffel et al., "Exploring the limits of transfer learning with a unified text-to-text transformer", 2020
(15 % of the tokens, their random segmentation), and for spans of 8 tokens Tay et al., "UL2: unifying language learning
paradigms", 2022; for predicting them at the end with a left-to-right model Bavarian et al., "Efficient training of
language models to fill in the middle", 2022.

The example is as long as its window: sentinels take the place of the window's last tokens. All tokens are predicted except
the sentinels and the separator within the text: their positions are random, and a model that expects them there would expect
them in plain text too. Those among the spans are predicted, because they mark the end of a span.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mmrec_engine.data.windows import IGNORED_LABEL, Batch, Windows
from mmrec_engine.randomness import hash64, permuted
from mmrec_engine.tokenizer import Tokenizer
from mmrec_engine.tokenizer.vocabulary import SENTINELS, SPANS

_CUT = 0.15  # of the tokens
_CHOICE, _CUT_LENGTHS, _KEPT_LENGTHS = 21, 22, 23  # keys

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True)
class DenoisedWindows:
    """Windows over others, a share of which is denoised. span: mean length in tokens; tokenizer: has the ids for it.

    Whether window k is denoised is a pure function of (seed, k), and independent of the pattern of a mixture: a hash decides.
    A padded window is not denoised.
    """

    windows: Windows
    share: float
    span: int
    seed: int
    tokenizer: Tokenizer

    @property
    def count(self) -> int:
        return self.windows.count

    def batch(self, numbers: npt.NDArray[np.int64]) -> Batch:
        inputs, labels = self.windows.batch(numbers)
        for row, number in enumerate(numbers):
            if self.is_denoised(int(number)) and not (labels[row] == IGNORED_LABEL).any():
                text = np.concatenate((inputs[row, :1], labels[row]))
                inputs[row], labels[row] = self._example(text, hash64(self.seed, int(number)))
        return inputs, labels

    def is_denoised(self, number: int) -> bool:
        return hash64(self.seed, number, _CHOICE) < self.share * 2**64

    def _example(self, text: Ids, key: int) -> tuple[Ids, Ids]:
        """Inputs and labels (length,) of a window's tokens (length + 1,), of which the first stays the first."""
        names = self.tokenizer.special
        separator = names.index(SPANS)
        spans, cut, kept = span_counts(len(text) - 1, self.span)
        cut_lengths = _segments(cut, spans, hash64(key, _CUT_LENGTHS))
        kept_lengths = _segments(kept, spans, hash64(key, _KEPT_LENGTHS))
        rest: list[Ids] = []
        removed: list[Ids] = []
        place = 0
        for sentinel, kept_length, cut_length in zip(SENTINELS, kept_lengths, cut_lengths, strict=False):
            mark = np.array([names.index(sentinel)])
            middle, end = place + kept_length, place + kept_length + cut_length
            rest += [text[place:middle], mark]
            removed += [mark, text[middle:end]]
            place = end
        end_mark = np.array([separator])
        example = np.concatenate([*rest, end_mark, *removed, end_mark])
        labels = example[1:].copy()
        within = labels[: kept + spans]
        within[(within >= separator) & (within < separator + 1 + len(SENTINELS))] = IGNORED_LABEL
        return example[:-1], labels


def span_counts(length: int, span: int) -> tuple[int, int, int]:
    """Spans of a window of `length`, tokens in them, other tokens: these, each sentinel twice, and two separators fill it."""
    spans = max(1, min(len(SENTINELS), round(_CUT * (length - 1) / (span + 2 * _CUT))))
    tokens = length - 1 - 2 * spans
    cut = max(spans, round(_CUT * tokens))
    return spans, cut, tokens - cut


def _segments(total: int, count: int, key: int) -> list[int]:
    """`total` as `count` lengths of at least 1, all compositions equally likely."""
    points = np.sort(permuted(np.arange(count - 1), total - 1, key)) + 1 if count > 1 else np.zeros(0, dtype=np.int64)
    return [int(length) for length in np.diff(points, prepend=0, append=total)]
