"""Remedies for a finding: the guide's remedies as changes of settings, each one step beyond the current values.

Pure. A remedy that is already applied is not offered; the next one halves or doubles, as far as that makes sense. A remedy that
is no setting (more text) has empty settings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from mmrec_engine.errors import RequestError
from mmrec_engine.locales.catalogue import DEFAULT_LANGUAGE
from mmrec_engine.locales.guide.remedies import figures, what_it_does
from mmrec_engine.settings import FIELDS, MOST_TOKENS_A_BATCH, resolve
from mmrec_engine.settings.presets import BEST_RATE, OPTIMIZERS, PRESETS, USUAL_RATE
from mmrec_engine.settings.pretrained import PRETRAINED

Settings = Mapping[str, Any]
Changes = dict[str, Any]
# None: nothing sensible is left to change. Empty: it is not a setting.
Step = Callable[[Settings], Changes | None]

_LOWERED_RATE = {name: spec.lowered_rate for name, spec in OPTIMIZERS.items()}
_LOWEST_RATE = {name: spec.lowest_rate for name, spec in OPTIMIZERS.items()}
_HIGHEST_RATE = {name: spec.highest_rate for name, spec in OPTIMIZERS.items()}
_FAR_BELOW = 4.0  # times
_MEASURED_CONFIGS = ("tiny", "mini")  # for which the best rate was measured
_LOWERED_TIMES = 3
_LOWERED_WARMUP = 200
_MOST_WARMUP = 10_000
_MOST_WINDOWS = 256  # in a step; with more of them an epoch of a small text has too few steps
_MOST_WINDOWS_AT_ONCE = 64
_MOST_DROPOUT, _MOST_DECAY = 0.5, 0.8
USUAL_DECAY = 0.1  # the guide's
_LEAST_PATIENCE = 2
_USUAL_WINDOW, _SHORTEST_WINDOW = 256, 32
_USUAL_CLIP = 1.0
_EVALUATION_EVERY = 100
_MOST_EPOCHS, _MOST_STEPS = 1000, 10**7
_GENTLER = 10
# These continue from the best weights; the full rate would first undo what they have learnt (docs/results.md).
_HOLDS_BACK = frozenset({"regularise", "more-dropout", "more-weight-decay"})
_MEMORISES = frozenset({"overfitting", "validation-below-training"})


def remedies_for(finding: str, settings: Settings, variant: str = "") -> list[dict[str, Any]]:
    """Remedies for a finding, the likeliest first: each with `id`, `title` (English), `settings` (valid together with
    the given ones), `before` (their present values).

    finding: an id of the checklist. settings: of the run, by name; `planned_steps` and `limited_by` may be among them
    (`History.settings_now`). variant: the
    finding's value of that name, if the direction of a remedy depends on it.
    """
    known = _understood(settings)
    offered: list[dict[str, Any]] = []
    if known is None:
        return offered
    for remedy in _offers(finding, variant, known):
        changes = _STEPS[remedy](known)
        if changes and finding in _MEMORISES and remedy in _HOLDS_BACK:
            changes |= _gentler(known)
        if changes is not None and _valid({**known, **changes}):
            title = figures(known, changes, DEFAULT_LANGUAGE) if changes else what_it_does(remedy, {}, DEFAULT_LANGUAGE)
            before = {name: known[name] for name in changes}
            offered.append({"id": remedy, "title": title, "settings": changes, "before": before})
    return offered


def remedies_now(finding: Mapping[str, Any], settings: Settings) -> list[dict[str, Any]]:
    """A finding's remedies for the present settings; if it was made before training, as it was reported."""
    if finding.get("phase") == "before":
        made = finding.get("remedies")
        made = made if isinstance(made, list) else []
        return [one for one in made if isinstance(one, dict) and isinstance(one.get("settings"), Mapping)]
    values = finding.get("values")
    variant = str(values.get("variant", "")) if isinstance(values, Mapping) else ""
    return remedies_for(str(finding.get("id")), settings, variant)


def offered_for(finding: str) -> tuple[str, ...]:
    """The ids of all remedies that a finding may offer, whatever the settings."""
    return _OFFERS.get(finding, ())


def advice_below_baselines(settings: Settings, *, ended: bool = False) -> dict[str, str]:
    """Values of the finding `beats-baselines` that select the words of its advice: the planner of a given time has chosen the
    learning rate, and each optimizer has a best one. ended: the run, whose verdict then says what helps most."""
    if settings.get("time") is not None:
        return {"advice": "timed-ended" if ended else "timed"}
    return {"advice": "muon"} if settings.get("optimizer") == "muon" else {}


def restart_from(finding: str) -> Literal["best", "start"]:
    """Whether a follow-up run with a remedy begins from the best weights, if these are still good, or from new ones."""
    return "best" if finding in _BEST_IS_GOOD else "start"


_BEST_IS_GOOD = frozenset({
    "overfitting", "accuracy-rising", "early-stopping", "loss-spike", "out-of-memory", "first-evaluation-late",
    "still-improving", "validation-below-training",
})  # fmt: skip

_CALMER = ("clip-gradients", "lower-learning-rate", "longer-warmup", "larger-batch")
_LIVELIER = ("raise-learning-rate", "larger-config", "more-text")
_AGAINST_MEMORISING = ("more-dropout", "more-text")
_OFFERS: dict[str, tuple[str, ...]] = {
    "non-finite": _CALMER,
    "loss-too-high": _CALMER,
    "loss-spike": ("clip-gradients", "lower-learning-rate", "longer-warmup"),
    "loss-not-falling": ("larger-config", "more-text", "raise-learning-rate"),
    "loss-not-falling:hardly-fell": _LIVELIER,
    "loss-not-falling:slow": _LIVELIER,
    "overfitting": ("regularise", "more-dropout", "more-weight-decay", "less-patience"),
    "validation-below-training:wide-risen": _AGAINST_MEMORISING,
    "validation-below-training:severe-risen": _AGAINST_MEMORISING,
    "underfitting": ("larger-config", "longer-run"),
    "clipping-always": ("lower-learning-rate",),
    "clipping-always:exploding": ("clip-gradients", "lower-learning-rate", "longer-warmup"),
    "update-ratio": ("usual-weight-decay", "lower-learning-rate", "raise-learning-rate"),
    "update-ratio:low": ("raise-learning-rate",),
    "update-ratio:high": ("usual-weight-decay", "lower-learning-rate"),
    "update-ratio:still": (),
    "disk-unwritable": (),
    "logger-failed": (),
    "out-of-memory": ("smaller-batch", "shorter-windows", "gradient-checkpointing"),
    "perplexity-sane": _CALMER,
    "accuracy-rising": ("lower-learning-rate", "more-dropout", "less-patience"),
    "first-evaluation-late": ("evaluate-sooner",),
    "best-early": ("lower-learning-rate", "regularise"),
    "still-improving": ("longer-run",),
    "beats-baselines": ("longer-run",),
    "beats-baselines:midway": ("measured-learning-rate", "longer-run"),
    "beats-baselines:above-five-gram": ("measured-learning-rate", "longer-run"),
    "beats-baselines:above-unigram": ("raise-learning-rate", "longer-run"),
}


def _offers(finding: str, variant: str, settings: Settings) -> tuple[str, ...]:
    offers = _OFFERS.get(f"{finding}:{variant}", _OFFERS.get(finding, ()))
    rate, optimizer = settings["learning_rate"], settings["optimizer"]
    if rate < _LOWERED_RATE[optimizer] and offers is _CALMER and variant == "above-unigram":
        return _LIVELIER  # a loss is also high if the rate is so low that it is near its first value
    if finding == "clipping-always" and variant != "exploding" and rate <= BEST_RATE[optimizer]:
        return ()  # frequent clipping alone is no reason to lower a rate at which these models train best
    if finding == "loss-not-falling" and rate < USUAL_RATE[optimizer]:
        return tuple(one for one in offers if one != "larger-config")  # it would be as slow: the rate is what it lacks
    if finding == "update-ratio" and settings["weight_decay"] > _MOST_DECAY:
        return tuple(one for one in offers if one != "lower-learning-rate")  # the decay makes the weights small
    small_with_muon = optimizer == "muon" and settings["config"] in _MEASURED_CONFIGS
    if finding == "loss-spike" and small_with_muon and rate <= BEST_RATE[optimizer]:
        return ("clip-gradients",)  # a spike that the loss recovers from costs these less than a lower rate
    return offers


def _lower_rate(settings: Settings) -> Changes | None:
    """To the best measured rate from above it, else to a third, or the guide's value if that is higher; below that, to half. A
    model that was trained at a high rate learns hardly more at a far lower one (docs/diagnosis.md, "Remedies")."""
    rate, kind = settings["learning_rate"], settings["optimizer"]
    if settings["config"] != PRETRAINED and rate > BEST_RATE[kind]:
        lowered = BEST_RATE[kind]
    else:
        lowered = max(_LOWERED_RATE[kind], rate / _LOWERED_TIMES) if rate > _LOWERED_RATE[kind] else rate / 2
    return {"learning_rate": _rounded(lowered)} if lowered >= _LOWEST_RATE[kind] else None


def _raise_rate(settings: Settings) -> Changes | None:
    rate, kind = settings["learning_rate"], settings["optimizer"]
    raised = USUAL_RATE[kind] if rate < USUAL_RATE[kind] and settings["config"] != PRETRAINED else rate * 2
    return {"learning_rate": _rounded(raised)} if raised <= _HIGHEST_RATE[kind] else None


def _measured_rate(settings: Settings) -> Changes | None:
    """The best measured rate for small models, if the current one is far below it (docs/performance.md)."""
    best = BEST_RATE[settings["optimizer"]]
    small = settings["config"] in _MEASURED_CONFIGS
    return {"learning_rate": best} if small and settings["learning_rate"] * _FAR_BELOW < best else None


def _gentler(settings: Settings) -> Changes:
    """A tenth of the rate; one that is already low is unchanged."""
    rate, kind = settings["learning_rate"], settings["optimizer"]
    return {"learning_rate": _rounded(rate / _GENTLER)} if rate >= _LOWERED_RATE[kind] else {}


def _longer_warmup(settings: Settings) -> Changes | None:
    warmup = settings["warmup_steps"]
    longer = _LOWERED_WARMUP if warmup < _LOWERED_WARMUP else 2 * warmup
    planned = settings["planned_steps"] or settings["max_steps"]
    fits = longer <= _MOST_WARMUP and (not planned or longer < planned / 2)
    return {"warmup_steps": longer} if fits else None


def _larger_batch(settings: Settings) -> Changes | None:
    batch, pieces = settings["batch_size"], settings["accumulate"]
    if 2 * batch * pieces > _MOST_WINDOWS:
        return None
    if 2 * batch <= _MOST_WINDOWS_AT_ONCE and 2 * batch * settings["seq_len"] <= MOST_TOKENS_A_BATCH:
        return {"batch_size": 2 * batch}
    return {"accumulate": 2 * pieces}


def _smaller_batch(settings: Settings) -> Changes | None:
    """Half the micro-batch: the same steps in less memory."""
    at_once = min(settings["microbatch"] or settings["batch_size"], settings["batch_size"])
    return {"microbatch": at_once // 2} if at_once > 1 else None


def _shorter_windows(settings: Settings) -> Changes | None:
    length = settings["seq_len"]
    shorter = _USUAL_WINDOW if length > _USUAL_WINDOW else length // 2
    if shorter < _SHORTEST_WINDOW:
        return None
    stride = settings["stride"]
    return {"seq_len": shorter} | ({"stride": shorter} if stride and stride > shorter else {})


def _larger_config(settings: Settings) -> Changes | None:
    names = list(PRESETS)
    if settings["config"] not in PRESETS:  # a pretrained model has its own size
        return None
    place = names.index(settings["config"]) + 1
    return {"config": names[place]} if place < len(names) else None


def _clip(settings: Settings) -> Changes | None:
    clip = settings["grad_clip"]
    return {"grad_clip": _USUAL_CLIP} if not clip or clip > _USUAL_CLIP else None


def _more_dropout(settings: Settings) -> Changes | None:
    dropout = settings["dropout"]
    more = 0.2 if dropout < 0.2 else round(dropout + 0.1, 4)
    return {"dropout": more} if more <= _MOST_DROPOUT else None


def _more_decay(settings: Settings) -> Changes | None:
    decay = settings["weight_decay"]
    more = 0.2 if decay < 0.2 else round(2 * decay, 4)
    return {"weight_decay": more} if more <= _MOST_DECAY else None


def _usual_decay(settings: Settings) -> Changes | None:
    return {"weight_decay": USUAL_DECAY} if settings["weight_decay"] > _MOST_DECAY else None


def _regularise(settings: Settings) -> Changes | None:
    """The guide's three remedies for overfitting in one."""
    parts = [step(settings) for step in (_more_dropout, _more_decay, _less_patience)]
    merged = {name: value for part in parts if part for name, value in part.items()}
    return merged if len(merged) > 1 else None


def _less_patience(settings: Settings) -> Changes | None:
    patience = settings["early_stopping_patience"]
    less = 3 if patience > 3 else patience - 1
    return {"early_stopping_patience": less} if less >= _LEAST_PATIENCE else None


def _longer_run(settings: Settings) -> Changes | None:
    epochs, steps = settings["epochs"], settings["max_steps"]
    if settings["time"]:
        if settings["limited_by"] == "max_steps":
            return None  # more time would change nothing
        more_epochs = {} if epochs is None else {"epochs": 2 * epochs}  # given, so that they may end a longer run
        return more_epochs if settings["limited_by"] else {"time": 2 * settings["time"], **more_epochs}
    changes: Changes = {} if epochs is None else {"epochs": 2 * epochs}
    changes |= {} if steps is None else {"max_steps": 2 * steps}
    too_long = changes.get("epochs", 0) > _MOST_EPOCHS or changes.get("max_steps", 0) > _MOST_STEPS
    return None if too_long else changes


def _evaluate_sooner(settings: Settings) -> Changes | None:
    every = settings["eval_every"]
    return {"eval_every": _EVALUATION_EVERY} if every is None or every > _EVALUATION_EVERY else None


def _checkpoint_gradients(settings: Settings) -> Changes | None:
    return None if settings["gradient_checkpointing"] else {"gradient_checkpointing": True}


def _no_setting(settings: Settings) -> Changes | None:
    return {}


_STEPS: dict[str, Step] = {
    "lower-learning-rate": _lower_rate,
    "raise-learning-rate": _raise_rate,
    "measured-learning-rate": _measured_rate,
    "longer-warmup": _longer_warmup,
    "larger-batch": _larger_batch,
    "clip-gradients": _clip,
    "larger-config": _larger_config,
    "more-text": _no_setting,
    "longer-run": _longer_run,
    "regularise": _regularise,
    "more-dropout": _more_dropout,
    "more-weight-decay": _more_decay,
    "usual-weight-decay": _usual_decay,
    "less-patience": _less_patience,
    "smaller-batch": _smaller_batch,
    "shorter-windows": _shorter_windows,
    "gradient-checkpointing": _checkpoint_gradients,
    "evaluate-sooner": _evaluate_sooner,
}
KNOWN = tuple(name for name, step in _STEPS.items() if step is not _no_setting)  # remedies that change settings


def _rounded(rate: float) -> float:
    return float(f"{rate:.2g}")


def _understood(settings: Settings) -> dict[str, Any] | None:
    """All settings of the run; None if they are of another version and nothing can be proposed."""
    try:
        known = resolve(_named(settings)).settings.as_dict()
    except RequestError:
        return None
    planned = settings.get("planned_steps")
    limit = settings.get("limited_by", "")
    return {**known, "planned_steps": planned if isinstance(planned, int) else None, "limited_by": limit}


def _valid(settings: Settings) -> bool:
    """The settings are validated: a proposal that would be refused is not made."""
    try:
        resolve(_named(settings))
    except RequestError:
        return False
    return True


def _named(settings: Settings) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name in FIELDS}
