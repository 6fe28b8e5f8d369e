"""The verdict on a run: its place between the n-gram baselines, what would improve it most, and one command that does it.

Pure. The first rule that applies: the model memorises its text; its rate is far below the best one measured for its optimizer;
its validation loss was still falling; none of these. The last two would advise more time: not after an earlier run on the same
text that was better without being trained longer, nor where the longer run exists.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from mmrec_engine.checks.beside_others import (
    best_other,
    compared,
    given_time,
    is_advised,
    limited,
    longer_made,
    named,
    slowed,
)
from mmrec_engine.checks.next_run import NO_LONGER_IN_SECONDS, checks_before, command_of, keeps_settings
from mmrec_engine.checks.specs import numbers
from mmrec_engine.runs.comparison import in_effect
from mmrec_engine.runs.history import History
from mmrec_engine.runs.other_runs import OtherRuns
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
_NEARLY = 0.8  # of the most passes over a text: what is left is worth less than 0.4 % of the bits
_FEWEST_STEPS = 100  # after fewer, the loss falls too fast for a forecast
_SHORTEST = 60.0  # seconds
_ORDER = ("unigram", "bigram", "5-gram")
# Settings that are repeated from an earlier run that is better; the planner chooses what depends on the time, such as dropout.
_REPEATED = ("config", "arch", "tokenizer", "vocab_size", "optimizer", "learning_rate")


def verdict_of(history: History, others: OtherRuns | None = None) -> dict[str, Any] | None:
    """None without a validation, or of a run that was interrupted or failed, or has not ended. others: runs on the same text
    and validation split.

    `stands`, `chance`: the loss of the baseline that it names lies within the 95 % interval of this one, `lever` (time, text,
    dropout, rate, none; earlier: another run is better; made: the longer run exists),
    `bits` of the best model, `baselines` in bits a character, `validations`: their number, `earlier`: the best earlier run, or
    a later one that is better, and what differs, `made`: a longer run, `slowed`: the steps made and those planned at first, if
    the machine was too busy for most of them, `limited`: the given limit that ended the run before its time, `copied`: the
    share of the validation split that is in training too, if the check of that failed, `known`: the share that the starting
    weights were trained on, if the check of that failed, `anew`: the settings of the run for more time are chosen anew, so that
    the bits expected of it are the most to expect, `reached_by`: an earlier run that has them already, `command` (empty if the
    run that it would make exists), `seconds` that it gives its run, `settings` that it fixes: the weights that this run began
    with, what makes the model of a better one, or more dropout; and `values` for the words (locales/verdicts.py,
    verdicts.json).
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
    seen = _known_before(history)
    if seen is not None:  # neither compares with other runs
        fixed, others = {}, OtherRuns(next_name=others.next_name)
    factor = _factor(history)
    made = longer_made(others, _next_seconds(lever, seconds, factor)) if lever in ("time", "none") else None
    other = best_other(history, others) if made is None else others.best
    earlier = None if other is None else compared(history, other, other is not others.best)
    if made is not None:
        lever = "made"
    elif (
        lever in ("time", "none", "dropout")
        and other is not None
        and earlier is not None
        and is_advised(history, other, earlier)
        and not (slowed(history) and not _repeated(other.settings, history.settings))  # a busy machine explains it
    ):
        lever = "earlier"
        of_best = given_time(other.settings) or other.seconds
        seconds = seconds if seconds > of_best else 2 * of_best
        fixed = _repeated(other.settings, history.settings)
    if lever == "dropout":
        fixed |= {"dropout": round(min(_MOST_DROPOUT, values["dropout"] + _MORE_DROPOUT), 2)}
    wanted = _next_seconds(lever, seconds, factor)
    anew, reached_by = lever == "time" and not keeps_settings(history), None
    if lever == "time" and seen is None and history.validations and history.validations[-1][0][0] >= _FEWEST_STEPS:
        gain = math.log2(factor) * _gain(_passes(history))
        reached = [bits for taken, bits in others.reached if taken <= wanted]
        expected = min(best.bits_per_character * (1 - gain), *reached, math.inf)
        values |= {"minutes": max(1, round(wanted / 60)), "expected": expected}
        if others.best is not None and round(others.best.bits, 2) <= round(expected, 2):
            reached_by = named(others.best)
    values |= {"bits": best.bits_per_character} | ({} if reference is None else {"reference": reference})
    return {
        "stands": stands,
        "chance": reference is not None and may_be_chance(history, reference / a_nat),
        "lever": lever,
        "bits": round(best.bits_per_character, 4),
        "baselines": baselines,
        "validations": len(history.validations),
        "earlier": earlier,
        "made": None if made is None else named(made),
        "slowed": slowed(history),
        "limited": limited(history),
        "copied": _copied(history),
        "known": seen,
        "anew": anew,
        "reached_by": reached_by,
        "command": "" if lever == "made" else command_of(history, lever, wanted, fixed, others.next_name),
        "seconds": wanted,
        "settings": fixed,
        "values": {name: round(value, 5) for name, value in values.items()},
    }


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


def may_be_chance(history: History, loss: float) -> bool:
    """Whether the best model's loss may be this one by chance, by the confidence interval that the checks have found."""
    found = [one.get("values") for one in history.findings if one.get("id") == "metrics-reported"]
    values = found[-1] if found and isinstance(found[-1], Mapping) else {}
    low, high = values.get("low"), values.get("high")
    return isinstance(low, float) and isinstance(high, float) and low <= loss <= high


def _lever(history: History, best: float, last: float) -> tuple[str, dict[str, float]]:
    settings, validation = history.settings, history.last_validation
    assert validation is not None
    training, dropout = validation.training_loss, float(settings.get("dropout") or 0.0)
    rate, better = settings.get("learning_rate"), BEST_RATE.get(str(settings.get("optimizer")))
    if _memorises(history, best, last):
        evidence = {"training": training, "validation": last, "dropout": dropout}
        # A planned run that passed over its text as often as is useful had the dropout for that: more of it changes little.
        exhausted = settings.get("time") is not None and passes_that_exhaust(history) is not None
        return ("text" if exhausted or dropout >= _MOST_DROPOUT else "dropout"), evidence
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
    given = 0.0 if limited(history) is not None else given_time(history.settings)
    return given or max(_SHORTEST, history.took)


def _copied(history: History) -> float | None:
    """The share of the validation split that is in training too, if that is so much that the check of it failed."""
    return _failed_share(history, "split-overlap")


def _known_before(history: History) -> float | None:
    """The share of the validation split that the starting weights were trained on, if the check of that failed."""
    return _failed_share(history, "split-continued")


def _failed_share(history: History, check: str) -> float | None:
    found = checks_before(history).get(check, {})
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
