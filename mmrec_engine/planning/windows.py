"""The length of a planned run's windows, in tokens: halved from the best one until the text and the batch allow it."""

from __future__ import annotations

_LEAST_WINDOWS = (100, 10)  # of training and validation split, as the checklist demands
_SHORTEST = 16
_SHORTEST_OF_A_BATCH = 128  # with shorter ones the model learns too little from afar (docs/performance.md)


def window_of_text(wanted: int, train_tokens: float, validation_tokens: float) -> int:
    """The wanted window, or a shorter one if the text would have too few windows."""
    length = wanted
    while length > _SHORTEST and (
        train_tokens < _LEAST_WINDOWS[0] * length or validation_tokens < _LEAST_WINDOWS[1] * length
    ):
        length //= 2
    return length


def window_of_batch(wanted: int, windows: int, a_step: int) -> int:
    """The wanted window, or a shorter one if a step of at least so many windows would have more than `a_step` tokens."""
    length = wanted
    while length > _SHORTEST_OF_A_BATCH and windows * length > a_step:
        length //= 2
    return length
