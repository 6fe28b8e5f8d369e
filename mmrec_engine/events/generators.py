"""Generators that yield events and return a result: run to their end, or passed on."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import TypeVar

Result = TypeVar("Result")
Item = TypeVar("Item")
Shown = TypeVar("Shown")


def result_of(work: Generator[Item, None, Result], each: Callable[[Item], object] = lambda item: None) -> Result:
    """Run a generator to its end and return its result. each: called with what it yields; None: the values are dropped."""
    while True:
        try:
            each(next(work))
        except StopIteration as finished:
            result: Result = finished.value
            return result


def relayed(
    work: Generator[Item, None, Result], each: Callable[[Item], Iterable[Shown]]
) -> Generator[Shown, None, Result]:
    """Run a generator to its end, yield the items that `each` returns for its values, and return its result. It is closed if
    `each` raises, or if this one is closed."""
    try:
        while True:
            try:
                item = next(work)
            except StopIteration as finished:
                result: Result = finished.value
                return result
            yield from each(item)
    finally:
        work.close()
