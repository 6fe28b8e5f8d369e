"""Why the planner chose what it chose, in words: templates over the values of a choice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmrec_engine.locales.catalogue import Language, Texts
from mmrec_engine.locales.plurals import fill

REASONS = Texts("planning")


def reason_of(choice: Mapping[str, Any], language: Language, number: Any = None) -> str:
    """The words of a choice as its event carries it; empty where they are not known here. number: how numbers are written."""
    words = REASONS.get(str(choice.get("reason")))
    values = choice.get("values")
    if words is None or not isinstance(values, Mapping):
        return ""
    written = number or _written
    try:
        return fill(words[language], {name: written(value) for name, value in values.items()}, language)
    except (KeyError, ValueError, IndexError):
        return ""


def _written(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
