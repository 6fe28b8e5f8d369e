"""The results of a run, and what would improve it most, in plain words: templates over the values of a verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mmrec_engine.locales.catalogue import Language, Texts

_STANDS = Texts("verdicts", "stands")
_LEVERS = Texts("verdicts", "levers")


def verdict_lines(
    verdict: Mapping[str, Any], language: Language, number: Callable[[float, int], str] | None = None
) -> list[str]:
    """The verdict in two sentences, and the command. number: how a number is written with so many digits."""
    written = number or (lambda value, digits: f"{value:.{digits}f}")
    digits = {"rate": 5, "better": 3, "minutes": 0, "dropout": 2, "passes": 0}
    values = {
        name: written(value, digits.get(name, 2)).rstrip("0" if name in ("rate", "better") else "")
        for name, value in verdict.get("values", {}).items()
        if isinstance(value, int | float)
    }
    lines = []
    lever = verdict.get("lever")
    if lever == "time" and "expected" not in values:
        lever = "time-without-forecast"
    if lever == "text" and "passes" in values:
        lever = "text-repeated"
    for table, key in ((_STANDS, verdict.get("stands")), (_LEVERS, lever)):
        words = table.get(str(key))
        if words is not None:
            try:
                lines.append(words[language].format_map(values) + ".")
            except (KeyError, ValueError, IndexError):
                continue
    return lines
