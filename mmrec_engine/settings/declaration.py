"""The declaration of a setting: bounds, flag, and the values that it accepts."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import Field, field
from functools import partial
from typing import Any, Literal, get_args

from mmrec_engine.errors import RequestError
from mmrec_engine.locales.catalogue import LANGUAGES
from mmrec_engine.locales.numbers import with_units

# The headings of the plan, in their order.
Group = Literal["length", "optimizer", "text", "augmentation", "curriculum", "evaluation", "model", "saving"]
GROUPS: tuple[Group, ...] = get_args(Group)
# The headings of the help.
Heading = Literal["text", "model", "training", "saving", "machine"]
HEADINGS: tuple[Heading, ...] = get_args(Heading)
HEADING_OF_GROUP: dict[Group, Heading] = {
    "length": "training", "optimizer": "training", "evaluation": "training", "text": "text", "augmentation": "text",
    "curriculum": "text", "model": "machine", "saving": "saving",
}  # fmt: skip
# source: the text and how it is read. corpus: with the source, the prepared text. speed: the time of a step. rate: the curve of
# the learning rate. pacing: that of the curriculum. weights: how useful the weights of an earlier run are as the first ones.
# checks: with these, the findings of the checks before training. run: where a run is, how long it takes, and what depends on
# that; with these, models of the same settings can differ. pretrained: what a pretrained model has already.
Aspect = Literal["source", "corpus", "speed", "rate", "pacing", "weights", "checks", "run", "pretrained"]


def setting(
    default: Any,
    *,
    low: float | None = None,
    high: float | None = None,
    above: float | None = None,
    below: float | None = None,
    choices: tuple[str, ...] = (),
    names: tuple[str, ...] = (),
    resumable: bool = False,
    while_running: bool = False,
    several: bool = False,
    size: bool = False,
    duration: bool = False,
    group: Group | None = None,
    heading: Heading | None = None,
    decides: tuple[Aspect, ...] = (),
    matters: Callable[[Any], bool] | None = None,
    unset: str = "",
    internal: bool = False,
) -> Any:
    """One setting. low/high are inclusive bounds, above/below exclusive; names: some of them, joined by commas.

    resumable: may differ when a run is resumed. while_running: may be changed in a running training. several: a list of texts
    is accepted too. size: of bytes, duration: in seconds, both of which may be written with a unit.
    group: its heading in the plan; None: it has no field there. heading: that of its flag in the help, if it is not the one
    of its group. decides: what depends on it. matters: whether it has an effect
    with the other settings, given all of them; None: always. unset: what is used if nothing is set, as
    the key of its words. internal: determined by the others and stored with them; it has no flag and no key in settings files.
    """
    rules = {"choices": choices, "names": names, "several": several, "size": size, "duration": duration}
    changes = {"resumable": resumable, "while_running": while_running}
    use = {
        "group": group,
        "heading": heading,
        "decides": decides,
        "matters": matters,
        "unset": unset,
        "internal": internal,
    }
    return field(
        default=default, metadata={"low": low, "high": high, "above": above, "below": below, **rules, **changes, **use}
    )


def flag(name: str) -> str:
    """The command-line flag of a setting."""
    return "--" + name.replace("_", "-")


def check(item: Field[Any], value: Any, typed: str = "") -> None:
    """Raises RequestError for a value of the setting's type that is not among its choices or is out of range.

    typed: a duration as it was typed with units, in which the range is told then."""
    rule = item.metadata
    if value is None:
        return
    if rule["choices"] and value not in rule["choices"]:
        raise RequestError("setting-choice", flag=flag(item.name), value=value, choices=", ".join(rule["choices"]))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return
    low, high, above, below = (rule[bound] for bound in ("low", "high", "above", "below"))
    too_low = (low is not None and value < low) or (above is not None and value <= above)
    too_high = (high is not None and value > high) or (below is not None and value >= below)
    if too_low or too_high or (isinstance(value, float) and not math.isfinite(value)):
        # A whole number may be too large for `math.isnan`.
        nearest = item.default if value != value and item.default is not None else _nearest(rule, too_low)
        range_text = _range(rule, _bound)
        if typed:
            units = {language: _range(rule, partial(with_units, language=language)) for language in LANGUAGES}
            ends = {language: with_units(float(str(nearest)), language) for language in LANGUAGES}
            raise RequestError(
                "setting-range", flag=flag(item.name), value=typed, range=units, nearest=ends, seconds=_typed(value),
                nearest_seconds=nearest,
            )  # fmt: skip
        raise RequestError(
            "setting-range", flag=flag(item.name), value=_typed(value), range=range_text, nearest=nearest
        )


def _range(rule: Mapping[str, Any], written: Callable[[float], str]) -> str:
    low, high, above, below = (rule[bound] for bound in ("low", "high", "above", "below"))
    return (f">= {written(low)}" if low is not None else f"> {written(above)}") + (
        f", <= {written(high)}" if high is not None else f", < {written(below)}" if below is not None else ""
    )


def _bound(value: float) -> str:
    """1000000, not 1e+06."""
    return str(int(value)) if float(value).is_integer() else f"{value:g}"


def _typed(value: float) -> object:
    """A number as one types it: -5, not -5.0. A whole number may be too long to be written."""
    return str(value).removesuffix(".0") if isinstance(value, float) else value


def _nearest(rule: Mapping[str, Any], too_low: bool) -> str:
    if too_low:
        return str(_typed(rule["low"])) if rule["low"] is not None else f"{rule['above'] + 1e-6:g}"
    return str(_typed(rule["high"])) if rule["high"] is not None else f"{rule['below'] - 0.01:g}"


def is_plain_name(name: str) -> bool:
    """Whether it is a valid name of a folder."""
    forbidden = any(character in "/\\" or not character.isprintable() for character in name)
    if sys.platform == "win32":
        forbidden = forbidden or _is_reserved(name)
    return bool(name.strip()) and not forbidden and not name.startswith((".", "-")) and len(name.encode()) <= 200


def _is_reserved(name: str) -> bool:
    """Whether Windows keeps the name for itself, or does not store it as it is."""
    device = re.fullmatch(r"(?i:con|prn|aux|nul|com\d|lpt\d)", name.partition(".")[0].strip())
    return device is not None or name.endswith((".", " ")) or any(character in '<>:"|?*' for character in name)
