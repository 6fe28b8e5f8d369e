"""A setting's value from text or from a typed value: its type, without its bounds (`declaration.check`)."""

from __future__ import annotations

import math
import re
from dataclasses import Field
from decimal import Decimal
from typing import Any, NoReturn, get_args

from mmrec_engine.errors import RequestError
from mmrec_engine.settings.declaration import check, flag

# The units of a duration; a unit comes before another that is its beginning.
SECONDS = {
    "saniye": 1.0, "dakika": 60.0, "saat": 3600.0, "sn": 1.0, "dk": 60.0, "sa": 3600.0, "s": 1.0, "m": 60.0, "h": 3600.0,
}  # fmt: skip


def type_of(item: Field[Any], hint: Any) -> type:
    """int, float, bool or str: the type of a setting's values. hint: its type as it was declared, None left out if it may be
    None."""
    if item.metadata["choices"]:
        return str
    found: type = next((t for t in get_args(hint) if t is not type(None)), hint)
    return found


def parsed(item: Field[Any], hint: Any, value: Any) -> Any:
    """A setting's value from text (command line) or from a typed value (file, JSON). hint: its type as it was declared.

    Raises RequestError if the value is not of the setting's type.
    """
    kind, name, rule = type_of(item, hint), item.name, item.metadata
    if value is None and type(None) in get_args(hint):
        return None
    if rule["several"] and isinstance(value, list | tuple):
        texts = tuple(parsed(item, hint, one) if isinstance(one, str) else _refuse_as_text(name, one) for one in value)
        if not texts:
            raise RequestError("setting-empty", flag=flag(name))
        return texts if len(texts) > 1 else texts[0]
    if kind is bool:
        if not isinstance(value, bool):
            raise RequestError("setting-not-boolean", flag=flag(name), value=value)
        return value
    if kind is str:
        if not isinstance(value, str) or "\0" in value:
            return _refuse_as_text(name, value)
        if not value.strip():
            raise RequestError("setting-empty", flag=flag(name))
        return value
    try:
        if isinstance(value, bool) or (isinstance(value, str) and value != value.strip()):
            raise ValueError
        if rule["size"] and isinstance(value, str):
            value = in_bytes(value)
        if rule["duration"] and isinstance(value, str):
            seconds = in_seconds(value)
            if any(unit in value.lower() for unit in SECONDS) and math.isfinite(seconds):
                check(item, seconds, value)
            value = seconds
        number = kind(value)
        if kind is int and not isinstance(value, str) and number != value:
            raise ValueError
    except RequestError:
        raise  # out of range
    except (ValueError, TypeError, OverflowError):
        key = "setting-not-integer" if kind is int else "setting-not-number"
        if rule["size"]:
            key = "setting-not-size"
        if rule["duration"]:
            key = "setting-not-duration"
        text = value if isinstance(value, str) else ""
        if kind is int and (meant := ungrouped(text)):
            raise RequestError("setting-grouped", flag=flag(name), value=value, meant=meant) from None
        if (kind is float or rule["size"]) and (meant := dotted(text)):
            raise RequestError("setting-comma", flag=flag(name), value=value, meant=meant) from None
        raise RequestError(key, flag=flag(name), value=value) from None
    return number


def _refuse_as_text(name: str, value: object) -> NoReturn:
    raise RequestError("setting-not-text", flag=flag(name), value=value)


def named(setting_name: str, text: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """The names in a list that is joined by commas, each once, in the order of the known ones.

    Raises RequestError for an unknown one.
    """
    asked = [name.strip() for name in text.split(",")]
    for name in asked:
        if name not in known:
            raise RequestError("setting-choice", flag=flag(setting_name), value=name, choices=", ".join(known))
    return tuple(name for name in known if name in asked)


def check_device(name: str) -> None:
    """Raises RequestError for a name that is no device; whether the device exists, PyTorch knows."""
    if not re.fullmatch(r"auto|(cpu|cuda|mps)(:\d{1,4})?", name):
        raise RequestError("device-unknown", device=name)


def in_bytes(text: str) -> int:
    """A number of bytes, with or without a unit. Raises ValueError."""
    found = re.fullmatch(r"(\d{1,15}(?:\.\d{1,9})?)\s*([kMGT]?)(i?)B", text, re.IGNORECASE | re.ASCII)
    if found is None:
        return int(text)
    unit = (1024 if found[3] else 1000) ** ("kmgt".index(found[2].lower()) + 1 if found[2] else 0)
    return int(Decimal(found[1]) * unit)


def in_seconds(text: str) -> float:
    """A duration: a number with s, m or h (in Turkish sn, dk or sa, or their words), several of these one after another, or
    plain seconds.

    Raises ValueError.
    """
    unit = "|".join(SECONDS)
    if re.fullmatch(rf"(\d{{1,9}}(\.\d{{1,6}})?\s?({unit})\s?)+", text, re.IGNORECASE | re.ASCII) is None:
        return float(text)
    parts = re.findall(rf"([\d.]+)\s?({unit})", text.lower())
    return sum(float(number) * SECONDS[unit] for number, unit in parts)


def dotted(text: str) -> str | None:
    """A number, with or without an exponent or a unit, with a dot for its decimal comma; None if it is no such number."""
    number = r"-?\d*,\d+(e[+-]?\d+|\s*[a-z]*)"
    return text.replace(",", ".") if re.fullmatch(number, text, re.IGNORECASE | re.ASCII) else None


def ungrouped(text: str) -> str | None:
    """A whole number whose digits are grouped in threes (100.000), without the marks; None if it is no such number."""
    return re.sub(r"\D", "", text) if re.fullmatch(r"\d{1,3}(\.\d{3})+|\d{1,3}(,\d{3})+", text, re.ASCII) else None
