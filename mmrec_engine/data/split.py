"""Which characters are in which split: a pure function of the documents' lengths and fingerprints.

Never of a seed, so that runs with different seeds can be compared. Identical documents are always in one split.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mmrec_engine.data.split_record import SplitRecord
from mmrec_engine.randomness import hash64_each

_RESOLUTION = 500  # sums of lengths are distinguished to a 500th of the wanted share
_TOLERATED_MISS = 0.2
# Any number gives a fair choice; with this one both languages of the sample corpus are in both splits.
_SALT = 2
_AT_ONCE = 256  # documents


def split_points(
    fingerprints: npt.NDArray[np.uint64], characters: npt.NDArray[np.int64], share: float
) -> npt.NDArray[np.int64]:
    """For each document, how many of its first characters are in the training split. Shape (documents,).

    fingerprints: the high and the low half of each, shape (documents, 2). A single document is cut by position: the first
    int(n·(1-share)) characters. Of several, whole documents go to the validation split (0), as near the share as possible; if
    that misses the share by more than a fifth, each document is cut by position.
    """
    if len(characters) > 1:
        validating = _nearest_subset(fingerprints, characters, share)
        wanted = share * int(characters.sum())
        held = int(characters[validating].sum())
        if abs(held - wanted) <= _TOLERATED_MISS * wanted:
            return np.where(validating, 0, characters)
    return (characters * (1 - share)).astype(np.int64)


def kept_points(
    fingerprints: npt.NDArray[np.uint64], characters: npt.NDArray[np.int64], share: float, record: SplitRecord
) -> npt.NDArray[np.int64]:
    """As `split_points`, but documents in the record keep their split; new ones are chosen to restore the share."""
    known, train, _ = record.look_up(fingerprints[:, 0])
    points: npt.NDArray[np.int64] = np.minimum(train, characters)
    new = ~known
    if not known.any():
        return split_points(fingerprints, characters, share)
    if not new.any():
        return points
    wanted = share * int(characters.sum())
    lacking = max(0.0, wanted - int((characters - points)[known].sum()))
    of_new = characters[new]
    validating = _nearest_subset(fingerprints[new], of_new, lacking / int(of_new.sum()))
    if abs(int(of_new[validating].sum()) - lacking) <= _TOLERATED_MISS * wanted:
        points[new] = np.where(validating, 0, of_new)
    else:
        points[new] = (of_new * (1 - min(1.0, lacking / int(of_new.sum())))).astype(np.int64)
    return points


def _nearest_subset(
    fingerprints: npt.NDArray[np.uint64], characters: npt.NDArray[np.int64], share: float
) -> npt.NDArray[np.bool_]:
    """The set of documents nearest to the share, in the order of their hashes, with identical documents as one.

    First fit in that order; if this leaves a gap, subset sum over rounded lengths.
    """
    order, starts = _in_order(fingerprints)
    sizes = np.add.reduceat(characters[order], starts)
    wanted = min(1.0, share) * int(sizes.sum())
    unit = max(1.0, wanted / _RESOLUTION)
    chosen = _first_fit(sizes, wanted)
    if wanted - int(sizes[chosen].sum()) > unit:  # with many small documents first fit is near enough
        chosen = _subset_sum(sizes, wanted, unit)
    validating = np.empty(len(characters), dtype=np.bool_)
    validating[order] = np.repeat(chosen, np.diff(np.append(starts, len(characters))))
    return validating


def _in_order(fingerprints: npt.NDArray[np.uint64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The documents in the order of their hashes, and where each distinct one begins in it.

    With millions of documents each column takes much memory, so none is kept longer than needed.
    """
    order = np.lexsort((fingerprints[:, 0], hash64_each(_SALT, fingerprints[:, 1])))
    first = np.zeros(len(order), dtype=np.bool_)
    first[0] = True
    for half in (0, 1):
        sorted_half = fingerprints[order, half]
        first[1:] |= sorted_half[1:] != sorted_half[:-1]
    return order, np.flatnonzero(first)


def _first_fit(sizes: npt.NDArray[np.int64], wanted: float) -> npt.NDArray[np.bool_]:
    """The documents that fit into the space left by those before them."""
    chosen = np.zeros(len(sizes), dtype=np.bool_)
    left, held = np.arange(len(sizes)), 0
    while len(left):
        left = left[held + sizes[left] <= wanted]
        sums = held + np.cumsum(sizes[left])
        fitting = int(np.searchsorted(sums, wanted, side="right"))
        chosen[left[:fitting]] = True
        held = int(sums[fitting - 1]) if fitting else held
        left = left[fitting + 1 :]
    return chosen


def _subset_sum(sizes: npt.NDArray[np.int64], wanted: float, unit: float) -> npt.NDArray[np.bool_]:
    """The subset whose sum, rounded to units, is nearest, or the first that is exact to one unit."""
    most = wanted * (1 + _TOLERATED_MISS)
    # sum in units -> (exact sum, the sum before the last document, the document that was added)
    reached: dict[int, tuple[int, int, int]] = {0: (0, 0, -1)}
    document = 0
    while document < len(sizes):
        document += _before_a_new_sum(sizes[document:], reached, unit, most)
        if document == len(sizes):
            break
        size = int(sizes[document])
        for key, (total, _, _) in list(reached.items()):
            new_key = round((total + size) / unit)
            if new_key not in reached and total + size <= most:
                reached[new_key] = (total + size, key, document)
        document += 1
        if _RESOLUTION in reached and abs(reached[_RESOLUTION][0] - wanted) <= unit:
            break
    best = min(reached, key=lambda key: abs(reached[key][0] - wanted))
    chosen = np.zeros(len(sizes), dtype=np.bool_)
    while best:
        _, previous, added = reached[best]
        chosen[added] = True
        best = previous
    return chosen


def _before_a_new_sum(
    sizes: npt.NDArray[np.int64], reached: dict[int, tuple[int, int, int]], unit: float, most: float
) -> int:
    """How many documents come before the first one that reaches a new sum."""
    totals = np.array([total for total, _, _ in reached.values()])
    known = np.zeros(round(most / unit) + 2, dtype=np.bool_)
    known[list(reached)] = True
    for start in range(0, len(sizes), _AT_ONCE):
        sums = sizes[start : start + _AT_ONCE, None] + totals
        keys = np.minimum(np.rint(sums / unit), len(known) - 1).astype(np.int64)
        new = (~known[keys] & (sums <= most)).any(axis=1)
        if new.any():
            return start + int(new.argmax())
    return len(sizes)
