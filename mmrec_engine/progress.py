"""Work that tells how far it is: a generator of progress events that returns a result."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeVar

Result = TypeVar("Result")


def result_of(work: Generator[Any, None, Result]) -> Result:
    """Run it to its end, whatever it tells on the way."""
    while True:
        try:
            next(work)
        except StopIteration as finished:
            result: Result = finished.value
            return result
