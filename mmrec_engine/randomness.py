"""Random numbers as pure functions of their keys: hashing and keyed permutations.

No global random state is used anywhere in training. Everything that looks random (the next window, the dropped units)
is computed from a key such as (seed, epoch, position), so a resumed run needs counters only, no saved generator.
Must not know: corpora, models.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_MASK = (1 << 64) - 1
_FEISTEL_ROUNDS = 4


def hash64(*keys: int) -> int:
    """Hash integers to one uniformly distributed 64-bit number.

    Source: the finaliser of SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014),
    applied to a running sum so that the order of the keys matters.
    """
    state = 0
    for key in keys:
        state = _finalise((state + 0x9E3779B97F4A7C15 + key) & _MASK)
    return state


def hashed(index: npt.NDArray[np.int64], key: int) -> npt.NDArray[np.uint64]:
    """One uniformly distributed 64-bit number for each of `index` (any shape, values >= 0) under `key`.

    The sequence of SplitMix64 that begins at `key`, at any position.
    """
    with np.errstate(over="ignore"):
        return _finalise_array(
            np.uint64(key) + np.uint64(0x9E3779B97F4A7C15) * (index.astype(np.uint64) + np.uint64(1))
        )


def shares(index: npt.NDArray[np.int64], key: int) -> npt.NDArray[np.float64]:
    """`hashed`, as numbers from 0 to below 1."""
    return (hashed(index, key) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def hash64_each(key: int, values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """`hash64(key, value)` for every value, of any shape."""
    start = (hash64(key) + 0x9E3779B97F4A7C15) & _MASK
    with np.errstate(over="ignore"):
        return _finalise_array(values + np.uint64(start))


def hash64_table(keys: Sequence[int], rows: Sequence[int], columns: Sequence[int]) -> npt.NDArray[np.uint64]:
    """`hash64(*keys, row, column)` for every row and column, none of them negative. Shape (rows, columns)."""
    step = np.uint64(0x9E3779B97F4A7C15)
    with np.errstate(over="ignore"):
        of_rows = _finalise_array(np.uint64(hash64(*keys)) + step + np.asarray(rows, dtype=np.uint64))
        return _finalise_array(of_rows[:, None] + step + np.asarray(columns, dtype=np.uint64))


def permuted(index: npt.NDArray[np.int64], size: int, key: int) -> npt.NDArray[np.int64]:
    """Images of `index` (any shape, values in 0 … size-1) under the permutation of 0 … size-1 named by `key`.

    A balanced Feistel network over the smallest 4^h >= size, with cycle walking: images outside the range are permuted
    again until they fall inside (Black and Rogaway: "Ciphers with arbitrary finite domains", 2002). No table is kept, so
    a corpus of any length can be shuffled in constant memory.
    """
    half = max(1, ((size - 1).bit_length() + 1) // 2)
    round_keys = [hash64(key, r) for r in range(_FEISTEL_ROUNDS)]
    image = _feistel(index.astype(np.uint64), half, round_keys)
    outside = image >= size
    while outside.any():
        image[outside] = _feistel(image[outside], half, round_keys)
        outside = image >= size
    return image.astype(np.int64)


def _feistel(value: npt.NDArray[np.uint64], half: int, round_keys: list[int]) -> npt.NDArray[np.uint64]:
    low = np.uint64((1 << half) - 1)
    left, right = value >> np.uint64(half), value & low
    for round_key in round_keys:
        left, right = right, left ^ (_finalise_array(right + np.uint64(round_key)) & low)
    return (left << np.uint64(half)) | right


def _finalise(z: int) -> int:
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


def _finalise_array(z: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    with np.errstate(over="ignore"):
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
