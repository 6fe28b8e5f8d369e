"""The planner: from text, machine, time and fixed settings to a value and a reason for every other setting. Pure.

text facts, machine facts, seconds, settings ──► candidates ──► (their speeds are measured) ──► plan ──► settings
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mmrec_engine.errors import RequestError
from mmrec_engine.planning.facts import MachineFacts, TextFacts
from mmrec_engine.planning.free_settings import PLANNER, is_free
from mmrec_engine.planning.limits import given_limits
from mmrec_engine.planning.rules import Rules, rules
from mmrec_engine.planning.windows import window_of_batch, window_of_text
from mmrec_engine.runs.run_time import evaluated_a_second
from mmrec_engine.settings import Resolved, Settings, resolve
from mmrec_engine.settings.presets import BEST_RATE, PRESETS, RECIPES, most_passes, passes_as_measured
from mmrec_engine.settings.pretrained import PRETRAINED
from mmrec_engine.system.optional_dependencies import install_command

_CONFIGS = ("tiny", "mini", "small")
_SMALL_FROM_SECONDS, _SMALL_FROM_CHARACTERS = 1200.0, 5_000_000
_FEWEST_STEPS = 20
_MOST_VALIDATIONS, _FEW_VALIDATIONS = 10, 3
_SHARE_OF_VALIDATIONS = 0.06  # of the time
_SHARE_OF_FEW = 0.1  # of the time, for the first few: with one alone nothing is known of a run until it ends
_BESIDE = 9.0  # seconds of start, checks before and after, saving: measured on a quiet machine (docs/performance.md)
_BESIDE_UNCHECKED = 4.0
_SHARE_KEPT = 0.04  # of the time: preparing the plan, and a reserve
_MOST_WINDOWS = 16  # a step
_TOKENS_OF_MOST = 1e6  # of a run whose speed is not measured yet
_FAR_BELOW = 4.0  # times the best rate
# How many times lower the rate is for trained weights (docs/results.md): for no more passes over a text than they have made
# already; for more of them, or another text of which they will see no more than they have seen of any.
_GENTLER, _GENTLER_FOR_MORE = 10.0, 4.0
_KNOWN_FROM = 1.0  # passes
_MOST_TIMES = 2.0  # the time of the runs before: planned passes say little on a busy machine, where fewer are made


@dataclass(frozen=True)
class Choice:
    """A setting's value and its reason: a key of `reasons.REASONS`, and the values for its words."""

    value: Any
    reason: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return {"value": self.value, "reason": self.reason, "values": dict(self.values)}


@dataclass(frozen=True)
class BudgetPlan:
    """choices: by setting; expected: the expected results of the run; `limited_by` among them is the given limit, of epochs
    or steps, that ends it before its time."""

    choices: Mapping[str, Choice]
    expected: Mapping[str, Any]

    def applied_to(self, resolved: Resolved) -> Resolved:
        """The settings with the choices, each marked as the planner's."""
        values = {name: choice.value for name, choice in self.choices.items()}
        settings = resolve({**resolved.settings.as_dict(), **values}).settings
        return Resolved(settings, {**resolved.sources, **dict.fromkeys(values, PLANNER)})

    def as_dict(self) -> dict[str, Any]:
        return {name: choice.as_dict() for name, choice in self.choices.items()}


def tokenizer_choices(
    text: TextFacts, machine: MachineFacts, resolved: Resolved, config: str = "", passes: float | None = None
) -> dict[str, Choice]:
    """The tokenizer that the size of the text suggests, and the time; passes: of a model of this config over the text with
    characters as tokens, if known."""
    if not is_free("tokenizer", resolved) or resolved.settings.target_loss is not None or resolved.settings.recased:
        return {}
    subwords, each = rules().subwords(text.train, config), rules().characters_each_subword(config)
    values = {"characters": text.train, "subwords": subwords, "least": rules().subword_characters}
    if not is_free("vocab_size", resolved):
        subwords = min(subwords, resolved.settings.vocab_size)
    if not subwords:
        return {"tokenizer": Choice("char", "characters-for-small-text", values)}
    most = rules().most_passes_for_subwords(text.train)
    if passes is not None:
        passes = min(most_passes(config, text.train) if _may_end(resolved) else math.inf, passes)
    if passes is not None and passes > most:
        return {
            "tokenizer": Choice(
                "char", "characters-for-many-passes", {"passes": round(passes, 1), "most": round(most, 1)}
            )
        }
    if not machine.subwords:
        return {"tokenizer": Choice("char", "subwords-missing", {**values, "command": install_command("tokenizers")})}
    chosen = {"tokenizer": Choice("bpe", "subwords-for-large-text", values)}
    if is_free("vocab_size", resolved):
        chosen["vocab_size"] = Choice(subwords, "vocabulary-by-size", {**values, "each": each})
    return chosen


def candidates(text: TextFacts, machine: MachineFacts, resolved: Resolved) -> dict[str, Settings]:
    """The candidates by config: complete settings, whose speed is to be measured."""
    configs = [resolved.settings.config]
    if is_free("config", resolved):
        seconds = resolved.settings.time or 0.0
        large = seconds >= _SMALL_FROM_SECONDS and text.train >= _SMALL_FROM_CHARACTERS
        configs = [name for name in _CONFIGS if name != "small" or large]
    return {config: _shaped(config, text, machine, resolved, None).settings for config in configs}


def may_be_chosen(
    config: str, at_most: float, text: TextFacts, machine: MachineFacts, resolved: Resolved, *, checks: bool = True
) -> bool:
    """Whether a larger config would be chosen at this speed, in tokens a second, which it does not reach: if not, measuring
    it would only take time."""
    settings, known = resolved.settings, rules()
    seconds = (settings.time or 0.0) - seconds_beside(settings.time or 0.0, checks)
    shaped = _shaped(config, text, machine, resolved, at_most * max(0.0, seconds))
    estimate = _estimate(shaped, text, replace(machine, speeds={config: at_most}), seconds)
    return _sees_enough(config, estimate, text, known)


def seconds_beside(total: float, checks: bool = True) -> float:
    """Seconds of a run of this time that are not for its steps and validations."""
    return (_BESIDE if checks else _BESIDE_UNCHECKED) + _SHARE_KEPT * total


def vocabulary_of(settings: Settings, text: TextFacts) -> int:
    if settings.shape is not None:
        return settings.model(settings.vocab_size).vocabulary
    return text.alphabet if settings.tokenizer == "char" else settings.vocab_size


def plan(text: TextFacts, machine: MachineFacts, resolved: Resolved, *, checks: bool = True) -> BudgetPlan:
    """Raises RequestError if the given time is too short even on an idle machine."""
    settings, known = resolved.settings, rules()
    total = settings.time or 0.0
    beside = seconds_beside(total, checks)
    shaped = {
        config: _shaped(config, text, machine, resolved, speed * max(0.0, total - beside))
        for config, speed in machine.speeds.items()
    }
    estimates = {config: _estimate(one, text, machine, total - beside) for config, one in shaped.items()}
    config = _best_config(estimates, text, known)
    chosen, estimate = shaped[config], estimates[config]
    most = most_passes(config, text.train)
    repeats = _may_end(resolved) and estimate.passes > most
    if repeats:
        estimate = estimate.of_steps(math.ceil(estimate.steps * most / estimate.passes))
    if estimate.steps < _FEWEST_STEPS:
        work = (_BESIDE if checks else _BESIDE_UNCHECKED) + _FEWEST_STEPS / estimate.steps_a_second
        few, several = (work + estimate.validation) / (1 - _SHARE_KEPT), work / (1 - _SHARE_KEPT - _SHARE_OF_FEW)
        least = max(int(1.1 * max(few, several)), int(total)) + 1
        raise RequestError("time-too-short", time=f"{total:g}", least=least)
    given = given_limits(chosen.settings, text)
    limit = min(given, key=lambda name: given[name], default="")
    limited = bool(limit) and given[limit] <= estimate.steps
    if limited:
        estimate = estimate.of_steps(given[limit])
    steps, choices = estimate.steps, dict(chosen.choices)
    if is_free("config", resolved):
        values = {"seen": estimate.seen, "least": int(known.larger_from["mini"]), "minutes": round(total / 60, 1)}
        choices["config"] = Choice(config, f"config-{config}", values)
    values = {"passes": round(estimate.passes, 1)}
    if is_free("dropout", resolved):
        passes = estimate.passes + text.before.passes
        dropout = known.dropout(passes_as_measured(config, passes, text.train))
        before = round(text.before.passes, 1)
        reason = "dropout-by-all-passes" if before else "dropout-by-passes"
        choices["dropout"] = Choice(dropout, reason, {**values, "before": before} if before else values)
    if is_free("max_steps", resolved) and not limited:  # else the prepared text says exactly after how many steps
        in_time = Choice(steps, "steps-in-the-time", {"seconds": round(estimate.seconds), "total": round(total)})
        choices["max_steps"] = Choice(steps, "steps-of-the-text", values) if repeats else in_time
    if is_free("eval_every", resolved):
        values = {"count": estimate.validations, "each": round(estimate.validation, 1)}
        choices["eval_every"] = Choice(-(-steps // estimate.validations), "validations-in-the-time", values)
    if is_free("warmup_steps", resolved) and "warmup_steps" in choices:
        warmup = min(int(choices["warmup_steps"].value), max(1, steps // 10))
        choices["warmup_steps"] = replace(choices["warmup_steps"], value=warmup)
    expected = {
        "time": total,
        "steps": steps,
        "tokens": estimate.tokens,
        "passes": round(estimate.passes, 2),
        "seconds": round(estimate.seconds, 1),
        "tokens_per_second": round(machine.speeds[config], 1),
        "validation_seconds": round(estimate.validation, 2),
        "parameters": chosen.settings.model(vocabulary_of(chosen.settings, text), config).parameters(),
        **({"limited_by": limit} if limited else {}),
    }
    order = [name for name in Settings.__dataclass_fields__ if name in choices]
    return BudgetPlan({name: choices[name] for name in order}, expected)


@dataclass(frozen=True)
class _Shaped:
    settings: Settings
    choices: Mapping[str, Choice]


@dataclass(frozen=True)
class _Estimate:
    """seconds: of steps; tokens, seen (in characters), passes: in these steps; validation: seconds of one; validations: how
    many."""

    seconds: float
    steps: int
    steps_a_second: float
    tokens: int
    seen: int
    passes: float
    validation: float
    validations: int

    def of_steps(self, steps: int) -> _Estimate:
        """The same run with fewer steps."""
        share = steps / self.steps
        return replace(
            self, seconds=share * self.seconds, steps=steps, tokens=int(share * self.tokens), seen=int(share * self.seen),
            passes=share * self.passes,
        )  # fmt: skip


def _shaped(config: str, text: TextFacts, machine: MachineFacts, resolved: Resolved, tokens: float | None) -> _Shaped:
    """Everything that does not depend on the number of steps. tokens: about so many in the time; None: not known yet."""
    known, settings = rules(), resolved.settings
    choices = tokenizer_choices(
        text, machine, resolved, config, None if tokens is None else tokens / max(1, text.train)
    )

    def choose(name: str, value: Any, reason: str, **values: Any) -> None:
        if is_free(name, resolved):
            choices[name] = Choice(value, reason, values)

    tokenizer = choices["tokenizer"].value if "tokenizer" in choices else settings.tokenizer
    ids = choices["vocab_size"].value if "vocab_size" in choices else settings.vocab_size
    each = text.characters_each(tokenizer, ids)
    useful = most_passes(config, text.train) * text.train / each if _may_end(resolved) else math.inf
    used = min(_TOKENS_OF_MOST if tokens is None else tokens, useful)
    passes = None if tokens is None else used * each / max(1, text.train)
    a_step = known.tokens_a_step(config, used, passes)
    wanted, reason = known.window_of(config, passes, text.dispersion)
    if settings.shape:
        wanted = min(wanted, settings.model(settings.vocab_size).context)
    wanted = wanted if is_free("seq_len", resolved) else settings.seq_len
    given = settings.accumulate * (1 if is_free("batch_size", resolved) else settings.batch_size)
    of_text = window_of_text(wanted, text.train / each, text.validation / each)
    of_batch = window_of_batch(of_text, given, a_step) if is_free("seq_len", resolved) else of_text
    window = max(of_batch, settings.stride or 0)
    shorter = "window-of-the-batch" if window < of_text else "window-of-the-text"
    choose("seq_len", window, shorter if window < wanted else reason, tokens=window, windows=given)
    if resolved.sources["seq_len"] == "run" and window < wanted:  # of an earlier run on a longer text
        choices["seq_len"] = Choice(window, "window-of-the-text", {"tokens": window})
    seq_len = choices["seq_len"].value if "seq_len" in choices else settings.seq_len
    evaluated = window_of_text(known.window_of_evaluation, math.inf, text.validation / each)
    if settings.arch == "mmrec" and evaluated > seq_len:
        choose("eval_seq_len", evaluated, "window-of-evaluation", trained=seq_len)
    batch = max(1, min(_MOST_WINDOWS, a_step // (seq_len * settings.accumulate)))
    of_step = batch * seq_len * settings.accumulate
    choose("batch_size", batch, "batch-of-tokens" if of_step <= a_step else "batch-of-one", tokens=of_step, best=a_step)
    choose("optimizer", "muon", "muon")
    optimizer = choices["optimizer"].value if "optimizer" in choices else settings.optimizer
    rate, made = BEST_RATE[optimizer], passes or 0.0
    if 0 < made <= text.before.passes:
        choose("learning_rate", rate / _GENTLER, "rate-for-a-known-text", rate=rate)
    elif 0 < made * text.train <= text.before.characters:
        choose("learning_rate", rate / _GENTLER_FOR_MORE, "rate-of-trained-weights", rate=rate)
    elif text.before.passes >= _KNOWN_FROM or _MOST_TIMES * text.before.seconds >= (settings.time or math.inf):
        choose("learning_rate", rate / _GENTLER_FOR_MORE, "rate-for-more-passes", rate=rate)
    else:
        choose("learning_rate", rate, f"rate-{optimizer}", rate=rate)
    choose("warmup_steps", RECIPES["fast"]["warmup_steps"] if optimizer == "muon" else 100, "warmup")
    choose("schedule", "linear", "fall-ends-with-the-time")
    choose("learning_rate_floor", RECIPES["fast"]["learning_rate_floor"], "fall-ends-with-the-time")
    choose("arch", "mmrec", "architecture")
    values = {name: choice.value for name, choice in choices.items()}
    shaped = resolve({**settings.as_dict(), "config": config, **values}).settings
    return _Shaped(shaped, choices)


def _estimate(shaped: _Shaped, text: TextFacts, machine: MachineFacts, seconds: float) -> _Estimate:
    settings = shaped.settings
    speed = machine.speeds[settings.config]
    each = text.characters_each(settings.tokenizer, settings.vocab_size)
    a_step = settings.windows_a_step * settings.seq_len
    validation = (text.validation / each) / evaluated_a_second(speed, a_step) + 0.3
    validations = validations_in(settings.time or 0.0, validation)
    for_steps = max(0.0, seconds - validations * validation)
    steps = int(for_steps * speed / a_step)
    tokens = steps * a_step
    seen = int(tokens * each)
    return _Estimate(for_steps, steps, speed / a_step, tokens, seen, seen / max(1, text.train), validation, validations)


def validations_in(total: float, each: float) -> int:
    """How many validations a run of this time has, from the seconds of each."""
    usual, few = (int(share * total / each) for share in (_SHARE_OF_VALIDATIONS, _SHARE_OF_FEW))
    return max(1, min(_MOST_VALIDATIONS, usual), min(_FEW_VALIDATIONS, few))


def _best_config(estimates: Mapping[str, _Estimate], text: TextFacts, known: Rules) -> str:
    """The largest config that sees enough text in the time to be better than a smaller one, without repeating it too often."""
    names = [name for name in (*PRESETS, PRETRAINED) if name in estimates]
    best = names[0]
    for name in names[1:]:
        if _sees_enough(name, estimates[name], text, known):
            best = name
    return best


def _sees_enough(config: str, one: _Estimate, text: TextFacts, known: Rules) -> bool:
    useful = one.seen * min(1.0, most_passes(config, text.train) / max(one.passes, 1e-9))
    return useful >= known.larger_from.get(config, math.inf)


def _may_end(resolved: Resolved) -> bool:
    """Whether a run of this plan ends before its time rather than only memorise its text: at any dropout, since with more of it
    more passes were not better either. For a pretrained model nothing was measured."""
    return (
        resolved.settings.shape is None
        and resolved.settings.epochs is None
        and is_free("max_steps", resolved)
        and (is_free("learning_rate", resolved) or _learns_fast(resolved))
    )


def _learns_fast(resolved: Resolved) -> bool:
    """Whether the rate is about the best one: with a lower one a text can be repeated more often."""
    return resolved.settings.learning_rate * _FAR_BELOW >= BEST_RATE[resolved.settings.optimizer]


def was_limited(planned: Resolved) -> bool:
    """Whether a planned run makes at most `most_steps`."""
    settings, sources = planned.settings, planned.sources
    chosen = settings.epochs is None and sources["max_steps"] == PLANNER
    return settings.shape is None and chosen and (sources["learning_rate"] == PLANNER or _learns_fast(planned))
