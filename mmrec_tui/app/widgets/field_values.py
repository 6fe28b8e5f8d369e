"""What the plan's form shows of one setting: the words of its value, of where that comes from, and of its choices."""

from __future__ import annotations

from typing import Any

from mmrec_engine.locales.numbers import in_language, with_exponent, with_units
from mmrec_engine.planning.free_settings import PLANNER, is_free
from mmrec_engine.settings import FIELDS, Resolved, value_type
from mmrec_engine.settings.presets import CHOSEN
from mmrec_engine.system.cores import allowed_cores, available_cores, cpu_quota
from mmrec_tui.app.widgets.choice import EXPLAINED
from mmrec_tui.app.widgets.fields import Kind
from mmrec_tui.locales import Wording
from mmrec_tui.presentation.planned import unset_words


def is_planned(name: str, resolved: Resolved) -> bool:
    """Whether the planner of a run with a given time will choose this setting. A plan with characters as tokens leaves the size
    of the vocabulary out."""
    is_chosen = resolved.sources["tokenizer"] == PLANNER or not is_free("tokenizer", resolved)
    chosen = resolved.settings.tokenizer if is_chosen else ""
    if resolved.settings.time is None or (name, chosen) == ("vocab_size", "char"):
        return False
    return name in CHOSEN and is_free(name, resolved)


def replaced_settings(resolved: Resolved) -> list[tuple[str, str]]:
    """A given number of steps is the only limit of a run: the guide's number of epochs is not used then."""
    without = resolved.settings.epochs is None and resolved.settings.time is None
    return [("max_steps", "epochs")] if without and resolved.settings.max_steps is not None else []


def unused_because(name: str, resolved: Resolved) -> str:
    """The key of the words that say why a value that was not chosen has no effect; empty if it has one. A recipe gives no
    values to a run with a given time; with characters as tokens a text decides the size of its vocabulary."""
    settings = resolved.settings
    if name in dict(replaced_settings(resolved)).values():
        return "field.unused-epochs"
    source = resolved.sources[name]
    if (name, source) == ("recipe", "default") and settings.time is not None:
        return "field.unused-recipe"
    of_characters = (name, settings.tokenizer) == ("vocab_size", "char") and source in ("default", "run")
    return "field.unused-vocabulary" if of_characters else ""


def source_key(name: str, resolved: Resolved, *, planned: bool = False) -> str:
    """The word for where a value comes from. planned: what the planner has not chosen by now it leaves as it is."""
    if not planned and is_planned(name, resolved):
        return "planner"
    return "unused" if unused_because(name, resolved) else resolved.sources[name]


def choices_of(name: str, say: Wording) -> list[tuple[str, str]]:
    if value_type(name) is bool:
        return [(say("plan.on"), "True"), (say("plan.off"), "False")]
    choices = FIELDS[name].metadata["choices"]
    width, keys = max(map(len, choices), default=0), {choice: f"choice.{name}-{choice}" for choice in choices}
    explained = {choice: say(key) if say.knows(key) else "" for choice, key in keys.items()}
    return [(f"{choice:<{width}}{EXPLAINED}{words}".rstrip(), choice) for choice, words in explained.items()]


def kind_of(name: str) -> Kind:
    if FIELDS[name].metadata["size"]:
        return "text"  # a size may have a unit
    if FIELDS[name].metadata["duration"]:
        return "duration"
    return {int: "integer", float: "number"}.get(value_type(name), "text")  # type: ignore[return-value]


def placeholder(name: str, say: Wording) -> str:
    """What is used in place of an empty value, in as many columns as a field has."""
    if name != "threads":
        return unset_words(name, say)
    cores = say.number(available_cores())
    if cpu_quota() is None:
        return say("plan.cores-all", cores=cores)
    return say("plan.cores-quota", cores=cores, all=say.number(allowed_cores()))


def as_text(name: str, value: Any, say: Wording) -> str:
    if value is None:
        return ""
    if FIELDS[name].metadata["duration"]:
        return with_units(value, say.language)
    if value_type(name) is float:
        if 0 < abs(value) < 1e-3:  # 3e-4, as in every text
            return with_exponent(value, say.language, digits=5)
        return in_language(f"{value:.6g}", say.language)
    return str(value)
