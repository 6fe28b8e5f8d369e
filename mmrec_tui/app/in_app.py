"""The engine's messages in the app's terms: fields, screens and keys, not flags and commands.

"--epochs must be >= 1, <= 1000000, not 0"  ──►  “Epochs” takes 1 to 1,000,000, not 0
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from mmrec_engine.errors import MmrecError
from mmrec_engine.locales import foreign
from mmrec_engine.locales.letters import capitalised
from mmrec_engine.locales.numbers import in_language
from mmrec_tui.locales import Wording
from mmrec_tui.terminal import one_line

if TYPE_CHECKING:
    from mmrec_engine.settings import Settings

_COMMAND = re.compile(r"`?\bmmrec-tui ([a-z-]+)([^`\n;.]*)`?")
# A flag, and the decimal number that follows it as its value.
_FLAG = re.compile(r"(?<![\w-])--([a-z][a-z-]*[a-z])\b(?:[ =](\d+\.\d+)(?![\w.]))?")
_RANGE = re.compile(r"(>=|>) (\S+?)(?:, (<=|<) (\S+))?")
_LONGEST = 12  # digits
_STEPS = ("--max-steps", "--epochs")  # which end a run, as a time does


def in_app(text: str, say: Wording) -> str:
    """A text of the guide or of a message in the app's terms. A sentence (it ends with a full stop) begins with a capital."""
    worded = _COMMAND.sub(lambda found: _command(found[1], found[2].strip(), say), text)
    worded = _FLAG.sub(lambda found: _field(found[1].replace("-", "_"), found[2], say), worded)
    return capitalised(worded, say.language) if worded != text and text.endswith(".") else worded


def _field(setting: str, value: str | None, say: Wording) -> str:
    name = field_name(setting, say)
    return name if value is None else f"{name} {in_language(value, say.language)}"


def field_name(setting: str, say: Wording) -> str:
    """The app's name of a setting or a flag."""
    from mmrec_engine.locales.guide import HYPERPARAMETERS  # the guide is loaded after the first screen

    titles = {entry.name: entry.title for entry in HYPERPARAMETERS}
    if setting in titles:
        return say("in-app.field", name=titles[setting][say.language])
    key = f"in-app.{setting}"
    return say(key) if say.knows(key) else say("in-app.field", name=setting.replace("_", " "))


def remedy_text(remedy: dict[str, Any], say: Wording) -> str:
    """The effect of a remedy, in one line."""
    from mmrec_tui.presentation.findings import remedy_of  # the guide is loaded after the first screen

    return one_line(in_app(remedy_of(remedy, say), say))


def changed_settings(ways: Mapping[str, dict[str, Any]], settings: Settings, say: Wording) -> str:
    """Changes of the settings, by remedy, in one line."""
    texts = []
    for id, changes in ways.items():
        before = {name: getattr(settings, name) for name in changes}
        texts.append(remedy_text({"id": id, "settings": changes, "before": before}, say))
    return " · ".join(texts)


def chosen_values(choices: Mapping[str, Mapping[str, Any]], names: Collection[str], say: Wording) -> str:
    """The planner's choices, each value with the title of its setting."""
    from mmrec_engine.locales.guide import HYPERPARAMETERS  # the guide is loaded after the first screen

    titles = {entry.name: entry.title[say.language] for entry in HYPERPARAMETERS}
    shown_changes = []
    for name, choice in choices.items():
        if name in names:
            value = choice["value"]
            shown = (
                say.number(value)
                if isinstance(value, int) and not isinstance(value, bool)
                else in_language(str(value), say.language)
            )
            shown_changes.append(f"{titles.get(name, name)} {shown}")
    return " · ".join(shown_changes)


def words_about_training(names: Collection[str], say: Wording) -> str:
    """That these runs are trained now and that another one slows them down; empty if there are none."""
    key = "checklist.beside-several" if len(names) > 1 else "checklist.beside"
    return say(key, names=", ".join(one_line(name) for name in names)) if names else ""


def error_text(error: Exception, say: Wording) -> str:
    """One line about an error, whoever raised it."""
    if not isinstance(error, MmrecError):
        return one_line(f"{type(error).__name__}: {foreign.in_language(str(error), say.language)}")
    values = dict(error.values)
    flag = values.get("flag")
    if isinstance(flag, str):
        values["flag"] = field_name(flag.removeprefix("--").replace("-", "_"), say)
    own = say.template(f"in-app-message.{error.key}")  # where other words for its flags do not make a sentence
    if error.key == "setting-not-integer" and flag in _STEPS and _is_time(str(values["value"])):
        own = say.template("in-app-message.time-as-steps")
    if error.key == "setting-range":
        values = _in_seconds_if_below(values, say)
        if flag == "--time" and _is_below(values):
            own = say.template("in-app-message.time-below")  # the least of all texts is too short for most
        values["range"] = _range_words(str(values["range"]), say)
        values["value"], values["nearest"] = (_number(str(values[name]), say) for name in ("value", "nearest"))
    return one_line(type(error)(error.key, **values).text(say.language, lambda text: own or in_app(text, say)))


def _is_time(text: str) -> bool:
    """Whether it is a duration with a unit."""
    from mmrec_engine.settings.parsing import in_seconds  # the settings are loaded after the first screen

    try:
        return bool(in_seconds(text)) and not text.isdecimal()
    except ValueError:
        return False


def _command(name: str, rest: str, say: Wording) -> str:
    if name == "guide" and rest:
        from mmrec_tui.presentation.topics import named  # the guide is loaded after the first screen

        topics = named(rest, say.language)
        return say("in-app.field", name=topics[0].title if topics else rest)
    if name == "train" and "--resume" in rest:
        return say("in-app.command-resume")
    if name == "train" and "--time" in rest:
        return say("in-app.command-train-time", field=field_name("time", say))
    key = f"in-app.command-{name}"
    return say(key) if say.knows(key) else say("in-app.command")


def _in_seconds_if_below(values: dict[str, Any], say: Wording) -> dict[str, Any]:
    """The values of a duration that was typed with units, in the app's language: in seconds where it is too short."""
    if "seconds" not in values:
        return values
    seconds = {"value": values["seconds"], "nearest": values["nearest_seconds"]}
    in_words = {name: values[name][say.language] for name in ("range", "nearest")}
    return {**values, **in_words, **(seconds if _is_below(seconds) else {})}


def _is_below(values: Mapping[str, Any]) -> bool:
    """Whether a value is less than its range allows: the nearest valid one is then larger."""
    try:
        return Decimal(str(values["value"])) < Decimal(str(values["nearest"]))
    except InvalidOperation:
        return False


def _range_words(text: str, say: Wording) -> str:
    """ ">= 1, <= 1e+06" in words."""
    found = _RANGE.fullmatch(text)
    if found is None:
        return text
    low, high = _number(found[2], say), _number(found[4], say) if found[4] else ""
    above, below = found[1] == ">", found[3] == "<"
    if not high:
        return say("range.more" if above else "range.at-least", low=low)
    kind = {(False, False): "closed", (True, False): "above", (False, True): "below", (True, True): "open"}
    return say(f"range.{kind[above, below]}", low=low, high=high)


def _number(text: str, say: Wording) -> str:
    """In the language's form, without an exponent; very long numbers, and values that are none, are unchanged."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return text
    if not value.is_finite() or abs(value.adjusted()) > _LONGEST:
        return text
    digits = max(0, -int(value.normalize().as_tuple().exponent))
    return say.number(float(value), digits)
