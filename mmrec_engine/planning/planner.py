"""Runs the planner: reads the text, measures the candidates, and returns a plan. Trains nothing, stores nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import replace

from mmrec_engine.errors import RequestError
from mmrec_engine.events import Planned, Progress
from mmrec_engine.planning.budget import (
    BudgetPlan,
    candidates,
    may_be_chosen,
    plan,
    tokenizer_choices,
    vocabulary_of,
)
from mmrec_engine.planning.facts import MachineFacts, subwords_there, text_facts
from mmrec_engine.planning.free_settings import is_free
from mmrec_engine.planning.speeds import Speeds
from mmrec_engine.settings import Resolved

_SHARE = 0.012  # of the time, for each candidate that is measured: half of it again for the warm-up
_MOST_SECONDS = 1.5


def plans_tokens(resolved: Resolved) -> bool:
    """Whether the fast recipe leaves the tokenizer open, so that the size of the text decides."""
    settings = resolved.settings
    return (
        settings.recipe == "fast"
        and settings.init_from is None
        and settings.target_loss is None
        and is_free("tokenizer", resolved)
        and is_free("vocab_size", resolved)
    )


def planned_tokens(resolved: Resolved) -> Generator[Progress, None, tuple[Resolved, Planned | None]]:
    """The settings with the vocabulary that the text's size suggests, and the event that says so if it is not the default."""
    text = yield from text_facts(resolved.settings)
    choices = tokenizer_choices(text, MachineFacts(subwords_there()), resolved)
    chosen = choices.get("tokenizer")
    if chosen is None or chosen.reason == "characters-for-small-text":
        return resolved, None
    made = BudgetPlan(choices, {})
    return made.applied_to(resolved), Planned(choices=made.as_dict())


def as_trained(
    resolved: Resolved, speeds: Callable[[], Speeds]
) -> Generator[Progress, None, tuple[Resolved, Planned | None]]:
    """The settings that a training would use, unless all of them are fixed; otherwise unchanged. Raises as `planned`."""
    if resolved.settings.time is not None:
        return (yield from planned(resolved, speeds()))
    if plans_tokens(resolved):
        return (yield from planned_tokens(resolved))
    return resolved, None


def planned(
    resolved: Resolved, speeds: Speeds, *, checks: bool = True
) -> Generator[Progress, None, tuple[Resolved, Planned]]:
    """The settings that the planner chose in addition to the fixed ones.

    Raises RequestError if the text cannot be used, if the time is too short, or if no candidate fits into memory.
    """
    text = yield from text_facts(resolved.settings)
    machine = MachineFacts(subwords_there(), resolved.settings.precision, resolved.settings.threads or 1)
    found: dict[str, float] = {}
    shapes = candidates(text, machine, resolved)
    seconds = min(_MOST_SECONDS, _SHARE * (resolved.settings.time or 0.0))
    for done, (config, settings) in enumerate(shapes.items()):
        yield Progress(task="planning", done=done, total=len(shapes))
        # Candidates come in the order of their size, and a larger one is slower.
        at_most = min(found.values(), default=math.inf)
        if found and not may_be_chosen(config, at_most, text, machine, resolved, checks=checks):
            break
        speed = speeds.of(settings, vocabulary_of(settings, text), seconds)
        if speed is None:
            break  # larger ones do not fit either
        found[config] = speed
    if not found:
        raise RequestError("plan-no-memory", config=resolved.settings.config)
    yield Progress(task="planning", done=len(shapes), total=len(shapes))
    made = plan(text, replace(machine, speeds=found), resolved, checks=checks)
    return made.applied_to(resolved), Planned(choices=made.as_dict(), expected=dict(made.expected))
