"""The words of every remedy, and of the settings that it changes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mmrec_engine.locales.catalogue import DEFAULT_LANGUAGE, Language, Texts, words
from mmrec_engine.locales.letters import uncapitalised
from mmrec_engine.locales.numbers import clock, in_language, with_exponent

# The effect of each remedy, a template over the settings that it changes; ids as in problems.py for the guide's remedies.
REMEDIES = Texts("remedies", "remedies")
# Of those with figures that are named without any too.
_WITHOUT_FIGURES = Texts("remedies", "without-figures")
_VALUES = Texts("remedies", "values")
_IN_BRACKETS = re.compile(r" \(\{\w+:g\}\)$")
# Names of settings that are shorter than the title of their field.
_SHORT = Texts("remedies", "settings")


_DURATIONS = ("time",)  # settings in seconds


class _Number(float):
    """A float that is written with the decimal sign of a language."""

    def __new__(cls, value: float, language: Language) -> _Number:
        made = super().__new__(cls, value)
        made._language = language
        return made

    _language: Language

    def __format__(self, how: str) -> str:
        if how == "g" and 0 < abs(self) < 1e-3:
            return with_exponent(float(self), self._language)
        return in_language(super().__format__(how), self._language)


def remedy(id: str, **settings: Any) -> dict[str, Any]:
    """A remedy in the form of findings. Raises KeyError for one without words."""
    return {"id": id, "title": what_it_does(id, settings, DEFAULT_LANGUAGE), "settings": settings}


def what_it_does(id: str, settings: Mapping[str, Any], language: Language, *, bare: bool = False) -> str:
    """In words, with the settings that it would set. bare: without a value in brackets at the end, because it is told beside
    these words. Raises KeyError for one without words, or without words for no
    figures."""
    try:
        written = {
            name: _Number(value, language) if isinstance(value, float) else value for name, value in settings.items()
        }
        template = REMEDIES[id][language]
        return (_IN_BRACKETS.sub("", template) if bare else template).format(**written)
    except (KeyError, ValueError, IndexError, TypeError, AttributeError, OverflowError):  # settings of another form
        return _WITHOUT_FIGURES[id][language]


def remedy_title(remedy: Mapping[str, Any], language: Language) -> str:
    """The effect of a remedy, from its id and the settings that it would change; an unknown one as it was recorded."""
    name, settings, before = str(remedy.get("id")), remedy.get("settings"), remedy.get("before")
    changes = settings if isinstance(settings, Mapping) else {}
    compares = bool(changes) and isinstance(before, Mapping)
    try:
        title = what_it_does(name, changes, language, bare=compares)
    except (KeyError, TypeError):
        title = str(remedy.get("title", name))
    if compares and isinstance(before, Mapping):
        return f"{title} ({figures(before, changes, language)})"
    return title


def figures(before: Mapping[str, Any], changes: Mapping[str, Any], language: Language) -> str:
    """Settings before and after: "dropout 0.1 → 0.2, patience 5 → 3". The sizes of a pretrained model are not named: they go
    with the model."""
    return ", ".join(
        f"{_label(name, language)} {_figure(name, before.get(name), language)} → {_figure(name, value, language)}"
        for name, value in changes.items()
        if name != "shape"
    )


def _label(name: str, language: Language) -> str:
    """A setting within a sentence: by its short name, else by the title of its field."""
    if name in _SHORT:
        return _SHORT[name][language]
    entry = words("hyperparameters", language).get(name)
    title = name.replace("_", " ") if entry is None else str(entry["title"])
    return title if title[1:2].isupper() else uncapitalised(title, language)


def _figure(name: str, value: Any, language: Language) -> str:
    if isinstance(value, bool):
        return _VALUES["on" if value else "off"][language]
    if value is None:
        return _VALUES["once-an-epoch" if name == "eval_every" else "unset"][language]
    if name in _DURATIONS and isinstance(value, int | float):
        return clock(value)
    if isinstance(value, float) and 0 < abs(value) < 1e-3:
        return with_exponent(value, language)
    if not isinstance(value, int | float):
        return str(value)
    return in_language(f"{value:,}" if isinstance(value, int) else f"{value:,g}", language)
