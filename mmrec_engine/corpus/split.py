"""Which characters train and which validate: a pure function of the documents' lengths and fingerprints.

Never of a seed, so that runs with different seeds can be compared; identical documents always land on one side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mmrec_engine.randomness import hash64

_RESOLUTION = 500  # sums of lengths are told apart to a 500th of the wanted share
_TOLERATED_MISS = 0.2
# Any number gives a fair choice; with this one the sample corpus has both of its languages on both sides.
_SALT = 2


@dataclass(frozen=True)
class Extent:
    """What the split needs to know of a document: its fingerprint, and its characters."""

    fingerprint: str
    characters: int


def split_points(documents: Sequence[Extent], share: float) -> list[int]:
    """For each document, how many of its first characters train; the rest validates.

    One document is cut by position: the first int(n·(1-share)) characters train. Of several, whole ones validate (0), as near
    the share as can be; where that misses the share by more than a fifth, each one is cut by position.
    """
    if len(documents) > 1:
        validating = _nearest_subset(documents, share)
        wanted = share * sum(document.characters for document in documents)
        held = sum(document.characters for document in documents if document.fingerprint in validating)
        if abs(held - wanted) <= _TOLERATED_MISS * wanted:
            return [0 if document.fingerprint in validating else document.characters for document in documents]
    return [int(document.characters * (1 - share)) for document in documents]


def _nearest_subset(documents: Sequence[Extent], share: float) -> set[str]:
    """Fingerprints whose documents together come nearest to the share, those in the order of their hashed fingerprints.

    First fit in that order; where this leaves a gap, subset sum over rounded lengths, stopped at the first
    sum that is exact to the resolution.
    """
    sizes: dict[str, int] = {}
    for document in documents:
        sizes[document.fingerprint] = sizes.get(document.fingerprint, 0) + document.characters
    wanted = share * sum(sizes.values())
    unit = max(1.0, wanted / _RESOLUTION)
    order = sorted(sizes, key=lambda name: hash64(_SALT, int(name, 16)))
    filled, held = set(), 0
    for fingerprint in order:
        if held + sizes[fingerprint] <= wanted:
            filled.add(fingerprint)
            held += sizes[fingerprint]
    if wanted - held <= unit:
        return filled  # of many small documents the first that fit come near enough
    # sum in units -> (exact sum, the sum it was reached from, the document that was added)
    reached: dict[int, tuple[int, int, str]] = {0: (0, 0, "")}
    for fingerprint in order:
        for key, (total, _, _) in list(reached.items()):
            new_total = total + sizes[fingerprint]
            new_key = round(new_total / unit)
            if new_key not in reached and new_total <= wanted * (1 + _TOLERATED_MISS):
                reached[new_key] = (new_total, key, fingerprint)
        if _RESOLUTION in reached and abs(reached[_RESOLUTION][0] - wanted) <= unit:
            break
    best = min(reached, key=lambda key: abs(reached[key][0] - wanted))
    chosen = set()
    while best:
        _, previous, fingerprint = reached[best]
        chosen.add(fingerprint)
        best = previous
    return chosen
