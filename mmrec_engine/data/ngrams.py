"""Cross-entropies of n-gram models: baselines for a model's loss, and difficulty scores for windows.

Interpolated Witten–Bell smoothing, after each history h with its shorter form h':

    P(w | h) = (c(h w) + T(h) · P(w | h')) / (c(h) + T(h))        T(h): how many different tokens followed h

down to P(w) = (c(w) + T / V) / (N + T). Source: Witten and Bell, The Zero-Frequency Problem, IEEE Transactions on Information
Theory 37(4), 1991, method C, in the interpolated form of Chen and Goodman, An Empirical Study of Smoothing Techniques for
Language Modeling, TR-10-98, Harvard, 1998, section 2.4.

Works on token ids, and on evenly spread stretches of them if there are many; uses at most about 250 MB. Does not use text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mmrec_engine.data.windows import Tokens

LONGEST = 5
MOST_TRAINING = 8_000_000  # tokens counted
MOST_VALIDATION = 200_000  # tokens predicted
_MULTIPLIER = 0x9E3779B97F4A7C15  # odd, with well mixed bits
_TRAINING_STRETCHES = 16
_VALIDATION_STRETCHES = 20

Ids = npt.NDArray[np.integer[Any]]
_Keys = npt.NDArray[np.uint64]
_Losses = npt.NDArray[np.float64]


def baselines(train: Tokens, validation: Tokens, vocabulary: int) -> dict[str, float]:
    """Cross-entropy of the validation split under the training split's counts, nats a token. Keys: unigram, bigram, 5-gram.

    Raises ValueError if a split contains no 5-gram.
    """
    nats = cross_entropies(
        stretches(train, MOST_TRAINING, _TRAINING_STRETCHES),
        stretches(validation, MOST_VALIDATION, _VALIDATION_STRETCHES),
        vocabulary,
    )
    return {"unigram": nats[0], "bigram": nats[1], "5-gram": nats[LONGEST - 1]}


def stretches(tokens: Tokens, most: int, count: int) -> list[Tokens]:
    """All tokens if there are at most `most`; else `count` evenly spread stretches with `most` tokens in total."""
    if len(tokens) <= most:
        return [tokens]
    length = most // count
    starts = np.linspace(0, len(tokens) - length, count).astype(np.int64)
    return [tokens[start : start + length] for start in starts]


def cross_entropies(
    train: Sequence[Ids], validation: Sequence[Ids], vocabulary: int, longest: int = LONGEST
) -> list[float]:
    """Nats a token for histories of 0 … longest - 1 tokens, over tokens with a complete history.

    train, validation: stretches of ids below `vocabulary`; no n-gram spans two stretches. Histories are exact as long as their
    keys fit 64 bits (up to 7,000 ids for a 5-gram); beyond that, rare tokens share a class. Raises ValueError if a split
    contains no n-gram of the longest kind.
    """
    if not all(any(len(ids) >= longest for ids in split) for split in (train, validation)):
        raise ValueError(f"no stretch of {longest} tokens")
    return [float(-np.log(each).mean()) for each in _probabilities(train, validation, vocabulary, longest)]


def window_losses(windows: Ids, vocabulary: int, longest: int = LONGEST) -> _Losses:
    """How hard each window is to predict from counts of all others. windows: (count, length), at least `longest` long. Shape
    (count,).

    Nats a token, over the tokens with a complete history. Each token is removed from the counts that predict it; otherwise text
    that occurs only once would seem easiest.
    """
    *_, last = _probabilities([windows], [windows], vocabulary, longest, left_out=True)
    losses: _Losses = -np.log(last).reshape(len(windows), -1).mean(1)
    return losses


def _probabilities(
    train: Sequence[Ids], asked_for: Sequence[Ids], vocabulary: int, longest: int, left_out: bool = False
) -> Iterator[_Losses]:
    """The losses of the tokens `asked_for` in nats: first with a history of 0 tokens, at last with one of longest - 1.

    left_out: both arguments are the same text, and each token is removed from the counts that predict it.
    """
    classes = _history_classes(train, vocabulary, longest)
    probability: _Losses = np.full(sum(_ends(ids, longest) for ids in asked_for), 1.0 / vocabulary)
    for order in range(1, longest + 1):
        keys = np.concatenate([_keys(ids, classes, vocabulary, order, order) for ids in train])
        keys.sort()
        grams, counts = _runs(keys)
        del keys
        histories, first = np.unique(grams // np.uint64(vocabulary), return_index=True)
        followed = np.add.reduceat(counts, first)  # c(h)
        kinds = np.diff(first, append=len(grams))  # T(h)
        asked = np.concatenate([_keys(ids, classes, vocabulary, order, longest) for ids in asked_for])
        gram_count = _look_up(grams, counts, asked)
        asked //= np.uint64(vocabulary)
        weight = _look_up(histories, kinds, asked)
        total = _look_up(histories, followed, asked)
        if left_out:  # counts may be smaller where n-grams end elsewhere: none may be below what is subtracted
            weight = weight - (gram_count == 1)
            total, gram_count = np.maximum(total - 1, 0), np.maximum(gram_count - 1, 0)
        total = total + weight
        known = total > 0  # after an unseen history only the shorter one counts
        probability[known] = (gram_count[known] + weight[known] * probability[known]) / total[known]
        yield probability


def _history_classes(train: Sequence[Ids], vocabulary: int, longest: int) -> _Keys:
    """The class of each id in histories: the id itself if longest - 1 of them and an id fit 64 bits. Shape (vocabulary,)."""
    room = int((2**64 / vocabulary) ** (1 / max(1, longest - 1))) - 1
    if vocabulary <= room:
        return np.arange(vocabulary, dtype=np.uint64)
    counts = sum(np.bincount(ids.ravel(), minlength=vocabulary) for ids in train)
    order = np.argsort(-np.asarray(counts), kind="stable")
    classes: _Keys = np.full(vocabulary, room - 1, dtype=np.uint64)
    classes[order[: room - 1]] = np.arange(room - 1, dtype=np.uint64)
    return classes


def _keys(ids: Ids, classes: _Keys, vocabulary: int, order: int, longest: int) -> _Keys:
    """A key for each n-gram of `order` that ends where a longest one can, within a row. Shape (_ends(…),)."""
    count = max(0, ids.shape[-1] - longest + 1)
    base = np.uint64(int(classes.max()) + 1)
    keys: _Keys = np.zeros((*ids.shape[:-1], count), dtype=np.uint64)
    start = longest - order
    for offset in range(start, longest - 1):
        keys *= base
        keys += classes[ids[..., offset : offset + count]]
    keys *= np.uint64(vocabulary)
    keys += ids[..., longest - 1 : longest - 1 + count].astype(np.uint64)
    return keys.ravel()


def _ends(ids: Ids, longest: int) -> int:
    """Number of n-grams of the longest kind."""
    return int(ids.size // max(1, ids.shape[-1]) * max(0, ids.shape[-1] - longest + 1))


def _runs(ordered: _Keys) -> tuple[_Keys, npt.NDArray[np.int64]]:
    """The distinct values of a sorted array, and their counts."""
    first = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    return ordered[first], np.diff(first, append=len(ordered))


def _look_up(known: _Keys, values: npt.NDArray[np.int64], asked: _Keys) -> npt.NDArray[np.int64]:
    """The value of each requested key, 0 if unknown. known: sorted."""
    places = np.minimum(np.searchsorted(known, asked), len(known) - 1)
    found: npt.NDArray[np.int64] = np.where(known[places] == asked, values[places], 0)
    return found


def hashes(ids: Ids, length: int) -> _Keys:
    """A polynomial hash modulo 2**64 of every n-gram along the last axis, by doubling. Shape (..., tokens - length + 1)."""
    count = ids.shape[-1] - length + 1
    result: _Keys = np.zeros((*ids.shape[:-1], max(0, count)), dtype=np.uint64)
    if count <= 0:
        return result
    block = (ids.astype(np.uint64) + np.uint64(1)) * np.uint64(
        _MULTIPLIER
    )  # hashes of `size` tokens from each position
    power, size, done = _MULTIPLIER, 1, 0
    while size <= length:
        if length & size:
            result *= np.uint64(power)
            result += block[..., done : done + count]
            done += size
        if 2 * size <= length:
            block = block[..., :-size] * np.uint64(power) + block[..., size:]
        power, size = power * power % 2**64, 2 * size
    return result
