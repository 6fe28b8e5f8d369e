"""The checks after training that need only the record: the lowest loss, and its step. Must not know: models, text."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping
from typing import Protocol

from mmrec_engine.checks.finding import Check, Skip, Status, Values
from mmrec_engine.checks.remedies import advice_below_baselines
from mmrec_engine.checks.specs import numbers
from mmrec_engine.checks.verdict import loss_before_the_last, passes_that_exhaust
from mmrec_engine.runs.history import History


class Recorded(Protocol):
    """A run that has ended; `after.AfterContext` is one."""

    @property
    def history(self) -> History: ...

    @property
    def half_interval(self) -> float | None:
        """Half the 95 % confidence interval of the loss; None if too little is known of its variation. Raises Skip."""
        ...


def _beats_baselines(context: Recorded) -> Values:
    history = context.history
    best = history.best or history.last_validation
    if best is None or history.started is None:
        raise Skip("no-evaluation")
    baselines = history.started.baselines
    if not {"unigram", "bigram"} <= baselines.keys():
        raise Skip("no-baselines")
    five = baselines.get("5-gram", math.nan)
    updates = history.last_step.step if history.last_step else 0
    settled = int(history.settings.get("warmup_steps") or 0) + int(numbers("beats-baselines")["settled_steps"])
    values = {"loss": best.loss, "unigram": baselines["unigram"], "bigram": baselines["bigram"], "five_gram": five,
              "updates": updates, **advice_below_baselines(history.settings, ended=True)}  # fmt: skip
    if best.loss >= baselines["unigram"]:
        return {**values, "variant": "above-unigram" if updates >= settled else "too-short"}
    if best.loss >= baselines["bigram"]:
        return {**values, "variant": "above-bigram", "apart": baselines["bigram"] - best.loss}
    values |= {"variant": "below-five-gram" if best.loss < five else "above-five-gram", "apart": abs(five - best.loss)}
    with contextlib.suppress(Skip):
        half = context.half_interval
        if half is not None and abs(five - best.loss) <= half:
            interval = {"low": best.loss - half, "high": best.loss + half}
            values |= {**interval, "variant": f"{values['variant']}+within-interval"}
    return values


def _judge_baselines(values: Values, limits: Mapping[str, float]) -> Status:
    if values["variant"] == "above-unigram":
        return "fail"
    if values["variant"] == "too-short":
        return "note"
    if values["variant"] == "above-bigram":
        return "warn" if values["updates"] >= limits["updates"] else "note"
    return "pass"


def _best_early(context: Recorded) -> Values:
    best, last = context.history.best, context.history.last_step
    if best is None or last is None or len(context.history.validations) < 3:
        raise Skip("too-early")
    return {"step": best.step, "steps": last.step, "share": best.step / last.step}


def _judge_best_early(values: Values, limits: Mapping[str, float]) -> Status:
    return "note" if values["share"] <= limits["share"] else "pass"


def _still_improving(context: Recorded) -> Values:
    history = context.history
    points = [one for _, one in history.validations]
    before = loss_before_the_last(history)
    if history.best is None or len(points) < 3 or before is None:
        raise Skip("too-early")
    return {
        "step": history.best.step,
        "at_last": history.best.step == points[-1].step,
        "fell": before - points[-1].loss,
        "before": before,
        "loss": points[-1].loss,
        "passes": passes_that_exhaust(history),
        "timed": history.settings.get("time") is not None,
    }


def _judge_still_improving(values: Values, limits: Mapping[str, float]) -> Status:
    falls = values["at_last"] and values["fell"] > limits["fall"] * values["loss"]
    if falls and values["passes"] is not None:
        values["variant"] = "text-exhausted"  # the verdict asks for more text
        return "pass"
    if falls and values["timed"]:
        values["advice"] = "timed"
    return "note" if falls else "pass"


def _final_worse(context: Recorded) -> Values:
    best, last = context.history.best, context.history.last_validation
    if best is None or last is None:
        raise Skip("no-evaluation")
    return {"best": best.loss, "final": last.loss, "share": last.loss / best.loss - 1 if best.loss > 0 else 0.0}


def _judge_final_worse(values: Values, limits: Mapping[str, float]) -> Status:
    return "note" if values["share"] > limits["share"] else "pass"


COURSE_CHECKS: tuple[Check, ...] = (
    Check("beats-baselines", _beats_baselines, _judge_baselines),
    Check("best-early", _best_early, _judge_best_early),
    Check("still-improving", _still_improving, _judge_still_improving),
    Check("final-worse", _final_worse, _judge_final_worse),
)
