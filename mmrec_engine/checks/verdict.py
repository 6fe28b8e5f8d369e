"""The verdict on a run: its place between the n-gram baselines, what would improve it most, and one command that does it.

Pure. The first rule that applies: the model memorises its text; its rate is far below the best one measured for its optimizer;
its validation loss was still falling; none of these. The last two would advise more time: not after an earlier run on the same
text that was better without being trained longer, nor where the longer run exists.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from mmrec_engine.checks.next_run import NO_LONGER_IN_SECONDS, checks_before, command_of, keeps_settings
from mmrec_engine.checks.specs import numbers
from mmrec_engine.runs.comparison import differing_settings, in_effect
from mmrec_engine.runs.history import History
from mmrec_engine.runs.other_runs import OtherRun, OtherRuns
from mmrec_engine.settings.presets import BEST_RATE, most_passes
from mmrec_engine.settings.pretrained import PRETRAINED

_FAR_BELOW, _FAR_BELOW_FOR_TRAINED = 4.0, 15.0  # times; the planner gives trained weights a tenth of the best rate
_MEMORISED = 0.15  # of the validation loss, by which the training loss is below it
_RISEN = 0.01  # share by which the last validation loss is above the best one
_MOST_DROPOUT = 0.3  # more dropout than this helps less than more text
_MORE_DROPOUT = 0.1  # in the next run; the planner alone would choose the same again
# Share of the bits that twice the time saves, by passes over the text (docs/performance.md, "The best model in a given time").
_GAIN_OF_TWICE_THE_TIME = ((2.0, 0.03), (8.0, 0.01))
_APART = 0.08  # share of the steps, at least, between two validations that are compared
_BEGINS_TO_MEMORISE = 0.05  # the same, of a text that was passed over often
_NEARLY = 0.9  # of the most passes over a text
_FEWEST_STEPS = 100  # after fewer, the loss falls too fast for a forecast
_SHORTEST = 60.0  # seconds
_ORDER = ("unigram", "bigram", "5-gram")
_DIGITS = 3  # of bits per character
_AS_GOOD = 0.0005  # bits per character
_SAME_TIME = 0.1  # share of a time, by which another one is about the same
_LONGER = 1.25  # times the work, or the time, from which on another run was trained longer
_SLOWED = 0.6  # of the steps that were planned at first: fewer, because the machine was busy
_MISSED = 0.01  # bits per character above a forecast, which is told with two digits
_MOST_DIFFERING = 4
# Settings that are repeated from an earlier run that is better; the planner chooses what depends on the time, such as dropout.
_REPEATED = ("config", "arch", "tokenizer", "vocab_size", "optimizer", "learning_rate")


def verdict_of(history: History, others: OtherRuns | None = None) -> dict[str, Any] | None:
    """None without a validation, or of a run that was interrupted or failed, or has not ended. others: runs on the same text
    and validation split.

    `stands`, `lever` (time, text, dropout, rate, none; earlier: an earlier run is better; made: the longer run exists),
    `bits` of the best model, `baselines` in bits a character, `validations`: their number, `earlier`: the best earlier run
    and what differs, `made`: a longer run, `slowed`: the steps made and those planned at first, if the machine was too busy
    for most of them, `limited`: the given limit that ended the run before its time, `copied`: the share of the validation split
    that is in training too, if the check of that failed, `anew`: the run for more time would
    have other settings, so that nothing is known of its loss, `command` (empty if the run that it would make exists), `seconds` that
    it gives its run, `settings` that it fixes: the weights that this run began with, what makes the model of a better one, or
    more dropout; and `values` for the words (locales/verdicts.py, verdicts.json).
    """
    best, last, finished = history.best, history.last_validation, history.finished
    if finished is None or finished.status in ("failed", "interrupted"):
        return None
    if best is None or last is None or not math.isfinite(best.loss) or best.loss <= 0:
        return None
    a_nat = best.bits_per_character / best.loss
    counted = history.started.baselines if history.started else {}
    baselines = {name: round(counted[name] * a_nat, 4) for name in _ORDER if name in counted}
    stands, reference = _stands(best.bits_per_character, baselines)
    lever, values = _lever(history, best.loss, last.loss)
    seconds, fixed = _seconds(history), _starting_weights_of(history.settings)
    others = others or OtherRuns()
    earlier = None if others.best is None else _compared(history, others.best)
    factor = _factor(history)
    made = _longer(others, _next_seconds(lever, seconds, factor)) if lever in ("time", "none") else None
    if made is not None:
        lever = "made"
    elif (
        lever in ("time", "none", "dropout")
        and others.best is not None
        and earlier is not None
        and _is_advised(history, others.best, earlier)
    ):
        lever = "earlier"
        of_best = _given(others.best.settings) or others.best.seconds
        seconds = seconds if seconds > of_best else 2 * of_best
        fixed = _repeated(others.best.settings, history.settings)
    if lever == "dropout":
        fixed |= {"dropout": round(min(_MOST_DROPOUT, values["dropout"] + _MORE_DROPOUT), 2)}
    wanted = _next_seconds(lever, seconds, factor)
    anew = lever == "time" and not keeps_settings(history)
    if lever == "time" and not anew and history.validations and history.validations[-1][0][0] >= _FEWEST_STEPS:
        gain = math.log2(factor) * _gain(_passes(history))
        reached = [bits for taken, bits in others.reached if taken <= wanted]
        expected = min(best.bits_per_character * (1 - gain), *reached, math.inf)
        values |= {"minutes": max(1, round(wanted / 60)), "expected": expected}
    values |= {"bits": best.bits_per_character} | ({} if reference is None else {"reference": reference})
    return {
        "stands": stands,
        "lever": lever,
        "bits": round(best.bits_per_character, 4),
        "baselines": baselines,
        "validations": len(history.validations),
        "earlier": earlier,
        "made": None if made is None else _named(made),
        "slowed": _slowed(history),
        "limited": _limited(history),
        "copied": _copied(history),
        "anew": anew,
        "command": "" if lever == "made" else command_of(history, lever, wanted, fixed, others.next_name),
        "seconds": wanted,
        "settings": fixed,
        "values": {name: round(value, 5) for name, value in values.items()},
    }


def _named(run: OtherRun) -> dict[str, Any]:
    return {"run": run.name, "bits": round(run.bits, 5), "seconds": round(run.seconds, 3)}


def _compared(history: History, earlier: OtherRun) -> dict[str, Any]:
    """The earlier run; result: of this one against it; apart: bits per character between them; differing: the value in the
    earlier run and in this one of each setting that differs; longer: the seconds of both, if the earlier run was trained
    longer; more: `_times_as_much`; missed: what its report expected of this time."""
    assert history.best is not None
    apart = round(history.best.bits_per_character, _DIGITS) - round(earlier.bits, _DIGITS)  # as they are shown
    own, other = history.settings, earlier.settings
    names = differing_settings(own, other)
    return {
        **_named(earlier),
        "result": "equal" if abs(apart) < _AS_GOOD else "worse" if apart > 0 else "better",
        "apart": round(abs(apart), 4),
        "differing": {name: [other.get(name), own.get(name)] for name in names[:_MOST_DIFFERING]},
        "more_differing": max(0, len(names) - _MOST_DIFFERING),
        "longer": [round(earlier.seconds, 3), round(history.took, 3)] if _was_longer(history, earlier) else None,
        "more": _times_as_much(history, earlier),
        "missed": _missed(history, earlier),
    }


def _is_advised(history: History, earlier: OtherRun, compared: Mapping[str, Any]) -> bool:
    """Whether the earlier run is better, and not only because it was trained more."""
    slowed = _slowed(history) is not None and _did_more(history, earlier)
    more = compared["longer"] is not None or compared["more"] is not None
    return compared["result"] == "worse" and not more and not slowed


def _did_more(history: History, earlier: OtherRun) -> bool:
    return bool(earlier.work and history.work and earlier.work > _LONGER * history.work)


def _was_longer(history: History, earlier: OtherRun) -> bool:
    """Whether the earlier run was trained longer. In the same time a larger model makes more operations, so that the time
    decides as well."""
    return _did_more(history, earlier) and earlier.seconds > _LONGER * history.took


def _times_as_much(history: History, earlier: OtherRun) -> float | None:
    """How many times the operations of this run the earlier one has made with the same model, if it made many more of them in
    about the same time, as on a machine that was less busy."""
    same = all(history.settings.get(name) == earlier.settings.get(name) for name in ("config", "arch"))
    if not same or not _did_more(history, earlier) or _was_longer(history, earlier):
        return None
    return round((earlier.work or 0.0) / (history.work or math.inf), 2)


def _slowed(history: History) -> dict[str, int] | None:
    """The steps made and those planned at first, if the clock alone has shortened a run with a given time by much."""
    finished, planned = history.finished, history.steps_before_replanning
    if finished is None or finished.status != "completed" or not _given(history.settings) or history.was_paused:
        return None
    return {"steps": finished.step, "planned": planned} if finished.step < _SLOWED * planned else None


def _limited(history: History) -> dict[str, Any] | None:
    """The given limit, of epochs or steps, that ended a run with a given time: its value, the seconds that the run took, and
    those that it was given."""
    by = history.limited_by
    if not by or history.finished is None or not _given(history.settings):
        return None
    return {
        "by": by,
        "count": history.finished.values[by],
        "took": round(history.took, 3),
        "time": _given(history.settings),
    }


def _missed(history: History, earlier: OtherRun) -> float | None:
    """The bits per character that the earlier run's report expected of this run's time, if they were not reached."""
    given = _given(history.settings)
    if earlier.forecast is None or history.best is None or not given or _limited(history) is not None:
        return None
    seconds, expected = earlier.forecast
    same_time = abs(given - seconds) <= _SAME_TIME * seconds
    return round(expected, 5) if same_time and history.best.bits_per_character > expected + _MISSED else None


def _longer(others: OtherRuns, seconds: float) -> OtherRun | None:
    """The best later run that was given at least this time."""
    made = [one for one in others.later if _given(one.settings) >= seconds]
    return min(made, key=lambda one: one.bits, default=None)


def _starting_weights_of(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The weights that a run begins with, as a setting, unless they are random."""
    first = settings.get("init_from")
    return {"init_from": first} if isinstance(first, str) else {}


def _repeated(best: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """What makes the model of a better run and differs here; the weights that a run begins with decide all of it."""
    if first := _starting_weights_of(best):
        return first
    return {
        name: best[name]
        for name in _REPEATED
        if best.get(name) is not None and best[name] != own.get(name) and in_effect(name, best)
    }


def _stands(bits: float, baselines: Mapping[str, float]) -> tuple[str, float | None]:
    """The weakest baseline that the model does not beat, else the strongest one."""
    for name in _ORDER:
        if name in baselines and bits > baselines[name]:
            return f"above-{name}", baselines[name]
    return ("below-5-gram", baselines["5-gram"]) if "5-gram" in baselines else ("alone", None)


def _lever(history: History, best: float, last: float) -> tuple[str, dict[str, float]]:
    settings, validation = history.settings, history.last_validation
    assert validation is not None
    training, dropout = validation.training_loss, float(settings.get("dropout") or 0.0)
    rate, better = settings.get("learning_rate"), BEST_RATE.get(str(settings.get("optimizer")))
    if _memorises(history, best, last):
        evidence = {"training": training, "validation": last, "dropout": dropout}
        return ("dropout" if dropout < _MOST_DROPOUT else "text"), evidence
    from_nothing = (
        settings.get("config") != PRETRAINED
    )  # else the best rates, which were measured from nothing, are too high
    far = _FAR_BELOW_FOR_TRAINED if settings.get("init_from") else _FAR_BELOW
    if from_nothing and isinstance(rate, int | float) and better is not None and rate * far < better:
        return "rate", {"rate": float(rate), "better": better}
    passes = passes_that_exhaust(history)
    if passes is not None:
        return "text", {"passes": passes}
    return ("time" if _falls(history) else "none"), {}


def _memorises(history: History, best: float, last: float) -> bool:
    """Whether the training loss is far below the validation loss because the text was memorised.

    Text that was trained on only once cannot have been memorised. Where the splits are of different kinds, the losses are apart
    from the start, so that a validation loss that has risen shows it, or a gap that is far larger than that (a warning of
    `validation-below-training`).
    """
    validation = history.last_validation
    training = validation.training_loss if validation is not None else math.nan
    if not (math.isfinite(training) and training < (1 - _MEMORISED) * last):
        return False
    if _passes(history) <= 1.0 and not history.settings.get("init_from"):
        return False
    warned = {str(one.get("id")): one.get("status") == "warn" for one in history.findings}
    unlike = warned.get("split-alike", False) and not warned.get("validation-below-training", False)
    return last > (1 + _RISEN) * best or not (unlike or _falls(history))


def passes_that_exhaust(history: History) -> float | None:
    """How often the run has passed over its text, if that is so often that more text would help more than more passes."""
    settings, validation = history.settings, history.last_validation
    passes = _passes(history)
    if validation is None or settings.get("config") == PRETRAINED or passes < _NEARLY * _most_passes(history):
        return None
    timed = settings.get("time") is not None  # more time would plan no more passes
    return passes if timed or validation.training_loss < (1 - _BEGINS_TO_MEMORISE) * validation.loss else None


def _passes(history: History) -> float:
    """Over the text, until the last evaluation."""
    steps_a_pass = history.started.steps_an_epoch if history.started else 0
    return float(history.validations[-1][0][0] / max(1, steps_a_pass)) if history.validations else 0.0


def _most_passes(history: History) -> float:
    """After which the text of the run would only be memorised."""
    characters = history.started.corpus.get("train_characters") if history.started else None
    known = isinstance(characters, int | float)
    return most_passes(str(history.settings.get("config")), float(characters) if known else 0.0)  # type: ignore[arg-type]


def _gain(passes: float) -> float:
    """The share of the bits that twice the time saves, after so many passes over the text."""
    (few, much), (many, little) = _GAIN_OF_TWICE_THE_TIME
    share = math.log(max(few, min(many, passes)) / few) / math.log(many / few)
    return much + share * (little - much)


def _falls(history: History) -> bool:
    """Whether the last validation was clearly better than the one before, or is the only one."""
    before = loss_before_the_last(history)
    return before is None or history.validations[-1][1].loss < (1 - numbers("still-improving")["fall"]) * before


def loss_before_the_last(history: History) -> float | None:
    """The validation loss that the last one is compared with, to see whether it still falls; None if there is none.

    One measured shortly before the last, as where a run ends soon after it, says nothing about that.
    """
    if not history.validations:
        return None
    *before, (at, _) = history.validations
    return next((one.loss for step, one in reversed(before) if step[0] <= (1 - _APART) * at[0]), None)


def _seconds(history: History) -> float:
    """The time that the run was given, or took, also if a given limit ended it before its time."""
    given = 0.0 if _limited(history) is not None else _given(history.settings)
    return given or max(_SHORTEST, history.took)


def _given(settings: Mapping[str, Any]) -> float:
    """The time that a run was given in seconds; 0 without one."""
    given = settings.get("time")
    return float(given) if isinstance(given, int | float) and given > 0 else 0.0


def _copied(history: History) -> float | None:
    """The share of the validation split that is in training too, if that is so much that the check of it failed."""
    found = checks_before(history).get("split-overlap", {})
    values = found.get("values")
    share = values.get("share") if isinstance(values, Mapping) else None
    return round(share, 4) if found.get("status") == "fail" and isinstance(share, int | float) else None


def _factor(history: History) -> float:
    """How many times longer a run for more time is: twice, or what the most passes over the text allow."""
    passes, most = _passes(history), _most_passes(history)
    limited = history.settings.get("config") != PRETRAINED and 0 < passes < _NEARLY * most
    return min(2.0, most / passes) if limited else 2.0


def _next_seconds(lever: str, seconds: float, factor: float) -> int:
    """The time of the next run, in whole minutes if it is long; seconds: of the run so far; factor: `_factor`."""
    wanted = max(_SHORTEST, factor * seconds if lever in ("time", "none", "made") else seconds)
    return math.ceil(wanted) if wanted <= NO_LONGER_IN_SECONDS else 60 * math.ceil(wanted / 60)
