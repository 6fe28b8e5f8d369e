"""What fits into the time of a plan at the speed that the machine has now, while it has other work. Pure.

A plan counts on the speed of an idle machine, because nobody knows how long the other work lasts; a run is planned anew while
it trains (`training/deadline.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmrec_engine.planning.budget import seconds_beside, validations_in

_CLEARLY = 0.7  # of the planned speed: from there on the difference is more than the scatter of a short measurement


def steps_that_fit_now(expected: Mapping[str, Any], speed: float) -> int | None:
    """How many steps fit at this speed, in tokens a second; None if that is about the planned one, or all of them fit.

    expected: the results that a plan expects.
    """
    planned, total = expected["tokens_per_second"], expected["time"]
    if speed >= _CLEARLY * planned:
        return None
    validation = expected["validation_seconds"] * planned / speed
    seconds = total - seconds_beside(total) - validations_in(total, validation) * validation
    steps = max(1, int(seconds * speed * expected["steps"] / expected["tokens"]))
    return steps if steps < expected["steps"] else None
