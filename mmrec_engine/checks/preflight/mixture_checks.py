"""The check of several corpora in one training: is one repeated so often that it will be memorised?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmrec_engine.checks.finding import Check, Status, Values
from mmrec_engine.checks.preflight.text_context import TextContext
from mmrec_engine.data.windows import TrainingWindows
from mmrec_engine.locales.guide.remedies import remedy


def _repeated(context: TextContext) -> Values:
    """The corpus that is repeated most: passes over its own windows, and passes over all windows."""
    settings = context.settings
    windows = context.planned_steps * settings.windows_a_step
    passes = {
        part.name: windows
        * part.share
        / TrainingWindows(part.train.tokens, settings.seq_len, settings.window_stride, settings.seed).count
        for part in context.corpus.parts
    }
    most = max(passes, key=lambda name: passes[name])
    whole = windows / context.windows_an_epoch
    share = next(part.share for part in context.corpus.parts if part.name == most)
    return {
        "corpus": most,
        "passes": passes[most],
        "whole": whole,
        "times": passes[most] / whole,
        "share": share,
        "temperature": settings.mixing_temperature,
    }


def _judge_repeated(values: Values, limits: Mapping[str, float]) -> Status:
    if values["times"] < limits["times"]:
        return "pass"
    passes = values["passes"]
    return "warn" if passes > limits["warn_passes"] else "note" if passes > limits["note_passes"] else "pass"


def _by_size(values: Values, status: Status) -> list[dict[str, Any]]:
    """If weights were given, only the user can choose better ones."""
    evened = status in ("warn", "note") and values["temperature"] > 1.0
    return [remedy("corpora-by-size", mixing_temperature=1.0)] if evened else []


MIXING_CHECKS: tuple[Check, ...] = (Check("corpora-repeated", _repeated, _judge_repeated, _by_size),)
