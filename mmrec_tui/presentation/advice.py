"""The results of a search for a learning rate or a batch size in words, for the commands and the app's screens.

Functions of the engine's results; flags and their values are written as a shell reads them, in every language.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mmrec_tui.locales import Wording

if TYPE_CHECKING:
    from mmrec_engine.planning.batch_size_finder import BatchSearch, BatchTrial
    from mmrec_engine.planning.lr_finder import RatePoint, RateSearch

RATE_STEPS = 100  # of a learning rate search, by default
BATCH_SECONDS = 60.0  # the same for a batch
BENCH_SECONDS = 3.0  # for each config that is measured
# Times: trained to the end, rates that close differed by at most 0.03 nats (docs/performance.md, "Which learning rate").
_ABOUT_AS_GOOD = 2.0
_ENDINGS = {
    "memory": "batches.ended-memory",
    "time": "batches.ended-time",
    "text": "batches.ended-text",
    "limit": "batches.ended-limit",
}
OUTCOMES = {
    "no-memory": "batches.no-memory",
    "out-of-memory": "batches.out-of-memory",
    "no-time": "batches.no-time",
}
BATCH_CELL = 6  # columns of the first cell
_BATCH_COLUMNS = "{:>6}  {:>9}  {:>9}  {:>9}  {:>9}  {}"


def rate_settings(search: RateSearch) -> dict[str, Any]:
    """The settings that a search suggests; None if it suggests nothing."""
    return {} if search.suggestion is None else {"learning_rate": search.suggestion}


def rate_head(say: Wording) -> str:
    return f"{say('rates.rate'):>13}  {say('rates.loss'):>8}  {say('rates.smoothed'):>8}"


def rate_line(point: RatePoint, say: Wording) -> str:
    return f"{point.rate:>13.2e}  {say.number(point.loss, 3):>8}  {say.number(point.smoothed, 3):>8}"


def rate_advice(search: RateSearch, say: Wording) -> str:
    """One line: the suggested flag, and its evidence."""
    if search.suggestion is None:
        return say("rates.none")
    flag = f"--learning-rate {search.suggestion:g}"
    line = say("rates.advice", flag=flag, current=say.rate(search.current), lowest=say.about_rate(search.lowest or 0.0))
    if search.current > 0 and 1 / _ABOUT_AS_GOOD <= search.suggestion / search.current <= _ABOUT_AS_GOOD:
        line = f"{line}; {say('rates.about-as-good')}"
    if search.diverged_at is None:
        return f"{line}; {say('rates.no-end')}"
    return f"{line}; {say('rates.diverges', rate=say.about_rate(search.diverged_at))}"


def batch_settings(search: BatchSearch) -> dict[str, Any]:
    """The settings that a search suggests; None during the search."""
    if search.suggestion is None:
        return {}
    return {"batch_size": search.suggestion, "accumulate": search.accumulate}


def batch_head(say: Wording) -> str:
    keys = ("batches.batch", "batches.speed", "batches.seconds", "batches.estimated", "batches.measured")
    return _BATCH_COLUMNS.format(*map(say, keys), "").rstrip()


def batch_line(trial: BatchTrial, search: BatchSearch, say: Wording) -> str:
    """One row below `batch_head`."""
    speed = "–" if trial.tokens_per_second is None else say.number(trial.tokens_per_second)
    seconds = "–" if trial.seconds_a_step is None else say.number(trial.seconds_a_step, 3)
    measured = "–" if trial.measured_bytes is None else say.memory(trial.measured_bytes)
    cells = (say.number(trial.batch_size), speed, seconds, say.memory(trial.estimated_bytes), measured)
    return _BATCH_COLUMNS.format(*cells, _mark(trial, search, say)).rstrip()


def batch_advice(search: BatchSearch, say: Wording) -> list[str]:
    """The suggested flags, their effect on the steps of an epoch, and the limit of the search."""
    size, accumulate = search.suggestion, search.accumulate
    if size is None or accumulate is None or search.ended_by is None:
        return []
    before, after = search.current[0] * search.current[1], size * accumulate
    numbers = {
        "windows": say.number(after),
        "steps": say.number(search.steps_an_epoch(size, accumulate)),
        "before": say.number(before),
        "steps_before": say.number(search.steps_an_epoch(*search.current)),
    }
    flags = f"--batch-size {size} --accumulate {accumulate}"
    consequence = "batches.as-before" if after == before else "batches.more" if after > before else "batches.fewer"
    return [
        say("batches.advice", flags=flags, size=search.current[0], accumulate=search.current[1]),
        say(consequence, **numbers),
        say(_ENDINGS[search.ended_by], largest=say.number(search.largest or 0)),
    ]


def _mark(trial: BatchTrial, search: BatchSearch, say: Wording) -> str:
    if trial.outcome != "measured":
        return f"✗ {say(OUTCOMES[trial.outcome])}"
    words = [f"★ {say('batches.suggested')}"] if trial.batch_size == search.suggestion else []
    if search.ended_by is not None and trial.batch_size == search.fastest:
        words.append(say("batches.fastest"))
    return ", ".join(words)
