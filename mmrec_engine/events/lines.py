"""Events as lines of JSON, the form of a run's record.

One object a line with "event", "time" (seconds since the epoch), "step" and the fields of its kind. Numbers that are not
finite are written as the strings "NaN", "Infinity" and "-Infinity", so every line is valid JSON.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

from mmrec_engine.events.kinds import KINDS, Event

_MOST_COUNT = 2**63
_PARTS_OF_A_FINDING = {"remedies": list, **dict.fromkeys(("id", "phase", "item", "status", "title", "evidence"), str)}
_PARTS_OF_A_REMEDY = {"id": str, "title": str, "settings": dict}
_NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def to_line(event: Event) -> str:
    """The event as one line of JSON, without the line end."""
    values = {item.name: getattr(event, item.name) for item in fields(event)}
    own = {
        name: value
        for name, value in values.items()
        if name not in ("step", "time") and not (name in event.unwritten and (value is None or value != value))
    }
    head = {"event": event.event, "time": round(event.time, 3), "step": event.step}
    return json.dumps(finite({**head, **own}), ensure_ascii=False, allow_nan=False)


def from_line(line: str | bytes) -> Event | None:
    """The event of one line; None for an incomplete line, an unknown kind or fields that do not fit."""
    try:
        values = json.loads(line)
        event_type, types = _reading(values["event"])
        fitting = {}
        for name, value in values.items():
            if (declared := types.get(name)) is not None:
                # Nearly all values have their type as they come from JSON; an integer may still be too large for a float.
                fitting[name] = value if value.__class__ is declared and declared is not int else _fit(value, declared)
        if "finding" in fitting and not _is_finding(fitting["finding"]):
            return None
        return event_type(**fitting)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return None


def finite(value: Any) -> Any:
    """The value with non-finite floats written as strings."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value


@cache
def _reading(kind: str) -> tuple[type[Event], dict[str, Any]]:
    """The class of this kind and the declared types of its fields."""
    event_type = KINDS[kind]
    hints = get_type_hints(event_type)
    plain = {item.name: hints[item.name] for item in fields(event_type)}
    return event_type, {name: dict if hint == dict[str, Any] else hint for name, hint in plain.items()}


def _fit(value: Any, declared: Any) -> Any:
    """A JSON value as the declared type. Raises TypeError or KeyError if it is not one."""
    if declared is float:
        return value if type(value) is float else float(value) if type(value) is int else _NON_FINITE[value]
    if declared in (float | None, dict[str, float] | None):
        return None if value is None else _fit(value, get_args(declared)[0])
    if declared is int:
        if type(value) is int and -_MOST_COUNT < value < _MOST_COUNT:
            return value
    elif get_origin(declared) is Literal:
        if value in get_args(declared):
            return value
    elif get_origin(declared) is dict:  # of numbers
        if type(value) is dict:
            return {name: _fit(item, float) for name, item in value.items()}
    elif get_origin(declared) is tuple:
        if type(value) is list and all(type(item) is str for item in value):
            return tuple(value)
    elif isinstance(value, declared):  # text or null
        return value
    raise TypeError(f"{declared}: {value!r}")


def _is_finding(value: dict[str, Any]) -> bool:
    """Whether each existing part has its type; another version's may lack some or have more."""
    remedies = value.get("remedies", [])
    return _has_parts(value, _PARTS_OF_A_FINDING) and all(
        isinstance(remedy, dict) and _has_parts(remedy, _PARTS_OF_A_REMEDY) for remedy in remedies
    )


def _has_parts(value: dict[str, Any], parts: Mapping[str, type]) -> bool:
    return all(isinstance(value[name], kind) for name, kind in parts.items() if name in value)
