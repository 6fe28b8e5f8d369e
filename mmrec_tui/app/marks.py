"""Which parts of a text the model has written, and how sure it was; they move with the text as it is edited. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

Sureness = Literal["sure", "unsure", "least"]
SURE, UNSURE = 0.5, 0.1  # probabilities


@dataclass(frozen=True)
class Mark:
    """A token in the text. start, end: characters. share: its probability, 0 … 1. others: the likeliest tokens with theirs."""

    start: int
    end: int
    share: float
    others: tuple[tuple[str, float], ...] = ()

    @property
    def sureness(self) -> Sureness:
        return "sure" if self.share >= SURE else "unsure" if self.share >= UNSURE else "least"


def moved(marks: Sequence[Mark], before: str, after: str) -> list[Mark]:
    """The marks of the text that is unchanged, at its new place."""
    shorter = min(len(before), len(after))
    head = 0
    while head < shorter and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < shorter - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    by, last = len(after) - len(before), len(before) - tail
    kept = [mark for mark in marks if mark.end <= head]
    return kept + [
        replace(one, start=one.start + by, end=one.end + by) for one in marks if one.start >= max(last, head)
    ]


def mark_at(marks: Sequence[Mark], place: int) -> Mark | None:
    """The mark of the character before this place, else of the one after it."""
    before = (mark for mark in marks if mark.start < place <= mark.end)
    return next(before, next((mark for mark in marks if mark.start <= place < mark.end), None))
