"""A run beside the others on its text: which one is better, by how much, and what else differs. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from mmrec_engine.runs.comparison import differing_settings
from mmrec_engine.runs.history import History
from mmrec_engine.runs.other_runs import OtherRun, OtherRuns

_DIGITS = 3  # of bits per character
_AS_GOOD = 0.0005  # bits per character
_SAME_TIME = 0.1  # share of a time, by which another one is about the same
_LONGER = 1.25  # times the work, or the time, from which on another run was trained longer
_SLOWED = 0.6  # of the steps that were planned at first: fewer, because the machine was busy
_MISSED = 0.01  # bits per character above a forecast, which is told with two digits
_MOST_DIFFERING = 4


def named(run: OtherRun) -> dict[str, Any]:
    return {"run": run.name, "bits": round(run.bits, 5), "seconds": round(run.seconds, 3)}


def best_other(history: History, others: OtherRuns) -> OtherRun | None:
    """The best earlier run; or a later one that is better than that and than this run, and was not trained longer."""
    assert history.best is not None
    own = round(history.best.bits_per_character, _DIGITS)
    better = [one for one in others.later if round(one.bits, _DIGITS) < own and not _was_longer(history, one)]
    known = [*([] if others.best is None else [others.best]), *better]
    return min(known, key=lambda one: one.bits, default=None)


def compared(history: History, earlier: OtherRun, later: bool = False) -> dict[str, Any]:
    """The other run; later: it was made after this one; result: of this one against it; apart: bits per character between them;
    differing: the value in the other run and in this one of each setting that differs; longer: the seconds of both, if the
    other run was trained longer; times: the seconds of both; more: `_times_as_much`; missed: what its report expected of this
    time."""
    assert history.best is not None
    apart = round(history.best.bits_per_character, _DIGITS) - round(earlier.bits, _DIGITS)  # as they are shown
    own, other = history.settings, earlier.settings
    names = differing_settings(own, other)
    return {
        **named(earlier),
        "later": later,
        "result": "equal" if abs(apart) < _AS_GOOD else "worse" if apart > 0 else "better",
        "apart": round(abs(apart), 4),
        "differing": {name: [other.get(name), own.get(name)] for name in names[:_MOST_DIFFERING]},
        "more_differing": max(0, len(names) - _MOST_DIFFERING),
        "longer": [round(earlier.seconds, 3), round(history.took, 3)] if _was_longer(history, earlier) else None,
        "times": [round(earlier.seconds, 3), round(history.took, 3)],
        "more": _times_as_much(history, earlier),
        "missed": _missed(history, earlier),
    }


def is_advised(history: History, earlier: OtherRun, compared: Mapping[str, Any]) -> bool:
    """Whether the earlier run is better, not only because it was trained more, and this run was not made like it already."""
    busy = slowed(history) is not None and _did_more(history, earlier)
    more = compared["longer"] is not None or compared["more"] is not None
    again = not compared["differing"] and given_time(earlier.settings) <= given_time(history.settings)
    return compared["result"] == "worse" and not more and not busy and not again


def _did_more(history: History, earlier: OtherRun) -> bool:
    return bool(earlier.work and history.work and earlier.work > _LONGER * history.work)


def _was_longer(history: History, earlier: OtherRun) -> bool:
    """Whether the earlier run was trained longer. In the same time a larger model makes more operations, so that the time
    decides as well."""
    return _did_more(history, earlier) and earlier.seconds > _LONGER * history.took


def _times_as_much(history: History, earlier: OtherRun) -> float | None:
    """How many times the operations of this run the earlier one has made with the same model, if it made many more of them in
    no more time, as on a machine that was less busy."""
    same = all(history.settings.get(name) == earlier.settings.get(name) for name in ("config", "arch"))
    if not same or not _did_more(history, earlier) or _was_longer(history, earlier):
        return None
    return round((earlier.work or 0.0) / (history.work or math.inf), 2)


def slowed(history: History) -> dict[str, int] | None:
    """The steps made and those planned at first, if the clock alone has shortened a run with a given time by much."""
    finished, planned = history.finished, history.steps_before_replanning
    if finished is None or finished.status != "completed" or not given_time(history.settings) or history.was_paused:
        return None
    return {"steps": finished.step, "planned": planned} if finished.step < _SLOWED * planned else None


def limited(history: History) -> dict[str, Any] | None:
    """The given limit, of epochs or steps, that ended a run with a given time: its value, the seconds that the run took, and
    those that it was given."""
    by = history.limited_by
    if not by or history.finished is None or not given_time(history.settings):
        return None
    return {
        "by": by,
        "count": history.finished.values[by],
        "took": round(history.took, 3),
        "time": given_time(history.settings),
    }


def _missed(history: History, earlier: OtherRun) -> float | None:
    """The bits per character that the earlier run's report expected of this run's time, if they were not reached."""
    given = given_time(history.settings)
    if earlier.forecast is None or history.best is None or not given or limited(history) is not None:
        return None
    seconds, expected = earlier.forecast
    same_time = abs(given - seconds) <= _SAME_TIME * seconds
    return round(expected, 5) if same_time and history.best.bits_per_character > expected + _MISSED else None


def longer_made(others: OtherRuns, seconds: float) -> OtherRun | None:
    """The best later run that was given at least this time."""
    made = [one for one in others.later if given_time(one.settings) >= seconds]
    return min(made, key=lambda one: one.bits, default=None)


def given_time(settings: Mapping[str, Any]) -> float:
    """The time that a run was given in seconds; 0 without one."""
    given = settings.get("time")
    return float(given) if isinstance(given, int | float) and given > 0 else 0.0
