"""How long a planned run takes: one whose end comes before its time says so. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from mmrec_engine.planning.budget import seconds_beside


def ends_early(choices: Mapping[str, Any], expected: Mapping[str, Any]) -> bool:
    """Whether a run with a given time ends before it: by a given limit, or because more passes over its text would only
    memorise that. choices, expected: of a plan, as its event has them."""
    steps = choices.get("max_steps")
    of_the_text = isinstance(steps, Mapping) and steps.get("reason") == "steps-of-the-text"
    return of_the_text or "limited_by" in expected


def expected_seconds(choices: Mapping[str, Any], expected: Mapping[str, Any], eval_every: int | None) -> float:
    """From the start of the planned run to its report. eval_every: steps from one evaluation to the next; None: an epoch."""
    total = float(expected["time"])
    if not ends_early(choices, expected):
        return total
    validations = math.ceil(expected["steps"] / eval_every if eval_every else expected["passes"])
    # The share of the time that a plan keeps as a reserve is not used by a run that ends before it.
    seconds = expected["seconds"] + validations * expected["validation_seconds"] + seconds_beside(0.0)
    return min(total, float(seconds))
