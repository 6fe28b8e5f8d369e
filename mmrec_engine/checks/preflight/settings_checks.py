"""The checks of how the text is used: batches, baselines, hyperparameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mmrec_engine.checks.finding import Check, Skip, Status, Values
from mmrec_engine.checks.preflight.text_context import TextContext
from mmrec_engine.checks.remedies import USUAL_DECAY
from mmrec_engine.checks.specs import numbers
from mmrec_engine.data import ngrams
from mmrec_engine.data.character_baselines import character_baselines
from mmrec_engine.data.transforms.curriculum import Pacing
from mmrec_engine.data.windows import IGNORED_LABEL
from mmrec_engine.locales.guide.remedies import remedy
from mmrec_engine.settings import Settings
from mmrec_engine.settings.presets import BEST_RATE, OPTIMIZERS, USUAL_RATE
from mmrec_engine.settings.pretrained import PRETRAINED

_SHOWN = 48  # tokens of a window
_MOST_WINDOWS = 64  # of a batch
_WARM_SHARE = 0.1  # of the steps: a too long warmup is shortened to this
_USUAL_DROPOUT = 0.1  # the guide's
_WIDE_START = 0.5  # of the windows at the start of a curriculum
_PACING_POINTS = 200
_MEASURED_CONFIGS = ("tiny",)  # for which rates were compared
_LEAST_STEPS = 200  # with fewer steps the best rate depends on the warmup
_GAINS_AFTER = 400  # steps
_MILD_MASKED, _MILD_NOISE = 0.1, 0.05


def _targets(context: TextContext) -> Values:
    windows, tokens = context.train_windows, context.corpus.train.tokens
    if not windows.count:
        raise Skip("too-short")
    chosen = np.arange(min(context.settings.batch_size, _MOST_WINDOWS), dtype=np.int64)
    starts = windows.starts(chosen)
    wrong = 0
    for inputs, labels, start in zip(*windows.batch(chosen), starts, strict=True):
        text = np.asarray(tokens[start : start + windows.length + 1]).astype(np.int64)
        wrong += int(np.count_nonzero(inputs != text[:-1]) + np.count_nonzero(labels != text[1:]))
    inputs, labels = context.validation_windows.batch(np.zeros(1, dtype=np.int64))
    counted = labels[:, :-1] != IGNORED_LABEL
    wrong += int(np.count_nonzero((labels[:, :-1] != inputs[:, 1:]) & counted))
    inputs, labels = windows.batch(chosen[:1])
    tokenizer = context.corpus.tokenizer
    return {
        "windows": len(chosen),
        "length": windows.length,
        "wrong": wrong,
        "input": tokenizer.decode(inputs[0, :_SHOWN].tolist()).replace("\n", "⏎"),
        "label": tokenizer.decode(labels[0, :_SHOWN].tolist()).replace("\n", "⏎"),
    }


def _judge_targets(values: Values, limits: Mapping[str, float]) -> Status:
    return "fail" if values["wrong"] else "pass"


def _baselines(context: TextContext) -> Values:
    """Of several corpora each is counted alone, because a tag names it, and the losses are weighted by their shares.

    For a pretrained model characters are counted, and the losses are converted to nats a token of its vocabulary.
    """
    corpus, vocabulary = context.corpus, context.corpus.tokenizer.vocab_size
    together: Values = {}
    try:
        if context.settings.tokenizer == PRETRAINED:
            of_characters = character_baselines(corpus.train.tokens, corpus.validation.tokens, corpus.tokenizer)
            a_token = corpus.validation.characters / max(1, len(corpus.validation.tokens))
            return {**{name: loss * a_token for name, loss in of_characters.items()}, "variant": "of-characters"}
        for part in corpus.all_parts:
            for name, loss in ngrams.baselines(part.train.tokens, part.validation.tokens, vocabulary).items():
                together[name] = together.get(name, 0.0) + part.share * loss
    except ValueError:
        raise Skip("too-short") from None
    return together


def _judge_baselines(values: Values, limits: Mapping[str, float]) -> Status:
    return "pass"


def _hyperparameters(context: TextContext) -> Values:
    settings, steps = context.settings, context.planned_steps
    return {
        "optimizer": settings.optimizer,
        "learning_rate": settings.learning_rate,
        "suggested": BEST_RATE[settings.optimizer],
        "usual": _usual_rate(settings),
        "gain": _gain(context),
        "warmup_steps": settings.warmup_steps,
        "planned_steps": steps,
        "warmup_share": settings.warmup_steps / max(1, steps),
        "grad_clip": settings.grad_clip,
        "dropout": settings.dropout,
        "weight_decay": settings.weight_decay,
        "patience": settings.early_stopping_patience,
        "evaluations": context.planned_evaluations,
        "timed": settings.time is not None,
        "needed": settings.early_stopping_patience
        + 2,  # the first evaluation is a best, and the run must continue after the last
        "schedule": settings.schedule,
        "curriculum": settings.curriculum,
        "curriculum_start": settings.curriculum_start,
        "easiest_seen": _times_seen(context),
        "masked": settings.masked,
        "noise": settings.noise,
        "disturbed": 1 - (1 - settings.masked) * (1 - settings.noise),
        "plateau_patience": settings.plateau_patience,
        "by_hand": sorted(name for name, source in context.sources.items() if source in ("hand", "file")),
        **_rates(settings.optimizer),
    }


def _gain(context: TextContext) -> float:
    """By how many nats the best measured rate is expected to be better; 0 if the rate is as good, or nothing is known.

    From the losses after 400 steps at several rates (docs/performance.md, "Which learning rate"); with more steps the gain
    falls with the square root of their number, as far as it was measured: 0.25 nats after 1,650.
    """
    settings, steps = context.settings, context.planned_steps
    if settings.config not in _MEASURED_CONFIGS or settings.init_from is not None or steps < _LEAST_STEPS:
        return 0.0
    losses = OPTIMIZERS[settings.optimizer].losses
    if not losses:
        return 0.0
    rates, gains = zip(*losses, strict=True)
    at_once = float(np.interp(np.log(settings.learning_rate), np.log(rates), gains))
    return float(round(at_once * min(1.0, (_GAINS_AFTER / steps) ** 0.5), 3))


def _usual_rate(settings: Settings) -> float:
    """The rate that replaces one out of range: the best measured one if there is one, else the guide's (docs/diagnosis.md)."""
    measured = settings.config in _MEASURED_CONFIGS and settings.init_from is None
    return (BEST_RATE if measured else USUAL_RATE)[settings.optimizer]


def _times_seen(context: TextContext) -> float:
    """How often the first windows of a curriculum are repeated before it reaches the whole text."""
    settings, windows = context.settings, max(1, context.windows_an_epoch)
    if settings.curriculum in ("none", "length"):
        return 0.0
    pacing = Pacing.of(settings, context.planned_steps)
    steps = np.linspace(1, pacing.steps, min(pacing.steps, _PACING_POINTS)).astype(np.int64)
    each = [settings.windows_a_step / max(1.0, pacing.share(step) * windows) for step in steps.tolist()]
    return float(np.mean(each)) * pacing.steps


def _rates(optimizer: str) -> dict[str, float]:
    """The range of rates for an optimizer: Muon's steps have another size and need other rates."""
    limits = numbers("hyperparameters")
    kind = "muon" if optimizer == "muon" else "rate"
    return {"lowest": limits[f"lowest_{kind}"], "highest": limits[f"highest_{kind}"]}


def _judge_hyperparameters(values: Values, limits: Mapping[str, float]) -> Status:
    # In the order in which they are reported.
    rules: tuple[tuple[bool, str, Status], ...] = (
        (values["learning_rate"] > values["highest"], "rate-high", "warn"),
        (values["learning_rate"] < values["lowest"], "rate-low", "warn"),
        (
            values["gain"] > limits["least_gain"] and values["lowest"] <= values["learning_rate"] <= values["highest"],
            "rate-of-the-guide" if _is_of_the_guide(values) else "rate-cautious",
            "note",
        ),
        # At the rates that train best, clipping was better in six of eight runs only; at higher ones in all. Where the best
        # rate is not known, a rate above the guide's counts as high.
        (values["grad_clip"] <= 0 and values["learning_rate"] > values["usual"], "no-clipping-fast", "warn"),
        (values["grad_clip"] <= 0 and values["learning_rate"] <= values["usual"], "no-clipping", "note"),
        (values["warmup_share"] >= limits["warn_warmup"], "warmup-most", "warn"),
        (limits["note_warmup"] < values["warmup_share"] < limits["warn_warmup"], "warmup-long", "note"),
        (values["dropout"] > limits["highest_dropout"], "dropout-high", "warn"),
        (values["weight_decay"] > limits["highest_decay"], "decay-high", "warn"),
        (values["disturbed"] > limits["highest_disturbed"], "disturbed-much", "warn"),
        (values["easiest_seen"] > limits["most_seen"], "curriculum-narrow", "warn"),
        # The first evaluation is a best; this many more must not be, and the run must continue after them. A given time ends
        # a run anyway, with the best weights kept.
        (not values["timed"] and values["patience"] + 1 >= values["evaluations"], "no-stopping", "note"),
        (values["schedule"] == "plateau" and _never_lowers(values), "no-plateau", "note"),
        (values["schedule"] == "inverse-sqrt" and values["warmup_steps"] < 1, "root-from-the-start", "note"),
    )
    found = [(variant, status) for holds, variant, status in rules if holds]
    if not found:
        return "pass"
    values["variant"] = "+".join(variant for variant, _ in found)
    return "warn" if any(status == "warn" for _, status in found) else "note"


def _is_of_the_guide(values: Values) -> bool:
    return bool(values["optimizer"] == "adamw" and values["learning_rate"] == USUAL_RATE["adamw"])


def _never_lowers(values: Values) -> bool:
    """Whether no plateau can have an effect: there are too few evaluations, or early stopping comes first."""
    needed: int = values["plateau_patience"]
    return bool(needed + 1 >= values["evaluations"] or needed >= values["patience"])


def _saner(values: Values, status: Status) -> list[dict[str, Any]]:
    """For each value out of range the nearest one within it. A warmup is shortened only if it is reported as too long."""
    wrong = set(str(values.get("variant", "")).split("+"))
    found = []
    if wrong & {"rate-high", "rate-low"}:
        found.append(remedy("usual-learning-rate", learning_rate=values["usual"]))
    if wrong & {"rate-cautious", "rate-of-the-guide"}:
        found.append(remedy("range-test-learning-rate", learning_rate=values["suggested"]))
    if "no-clipping-fast" in wrong:
        found.append(remedy("clip-gradients", grad_clip=1.0))
    if wrong & {"warmup-most", "warmup-long"}:
        found.append(remedy("shorter-warmup", warmup_steps=int(_WARM_SHARE * values["planned_steps"])))
    if "dropout-high" in wrong:
        found.append(remedy("usual-dropout", dropout=_USUAL_DROPOUT))
    if "decay-high" in wrong:
        found.append(remedy("usual-weight-decay", weight_decay=USUAL_DECAY))
    if "disturbed-much" in wrong:
        milder = {name: min(values[name], most) for name, most in (("masked", _MILD_MASKED), ("noise", _MILD_NOISE))}
        found.append(remedy("milder-disturbance", **milder))
    if "curriculum-narrow" in wrong and values["curriculum_start"] < _WIDE_START:
        found.append(remedy("wider-curriculum", curriculum_start=_WIDE_START))
    if "no-plateau" in wrong and min(values["patience"], values["evaluations"] - 1) > 1:
        found.append(remedy("reachable-plateau", plateau_patience=1))
    if "root-from-the-start" in wrong:
        found.append(remedy("some-warmup", warmup_steps=max(1, int(_WARM_SHARE * values["planned_steps"]))))
    if "no-stopping" in wrong and values["evaluations"] > 2:
        found.append(remedy("reachable-patience", early_stopping_patience=values["evaluations"] - 2))
    return found


SETTINGS_CHECKS: tuple[Check, ...] = (
    Check("targets-shifted", _targets, _judge_targets),
    Check("baselines", _baselines, _judge_baselines),
    Check("hyperparameters", _hyperparameters, _judge_hyperparameters, _saner),
)
