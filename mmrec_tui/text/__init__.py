"""Words and numbers in the language of the person: one catalogue a language, chosen before anything is shown."""

from __future__ import annotations

import os
from collections.abc import Mapping

from mmrec_engine.messages import LANGUAGES, Language


class UsageText(Exception):
    """A wrong request, told in the person's language already. Exit code 2."""


class Wording:
    """The catalogue of one language, and its way of writing numbers."""

    def __init__(self, language: Language) -> None:
        self.language = language
        if language == "tr":
            from mmrec_tui.text.tr import TEXT
        else:
            from mmrec_tui.text.en import TEXT
        self._text = TEXT

    def __call__(self, key: str, /, **values: object) -> str:
        return self._text[key].format(**values)

    def number(self, value: float, digits: int = 0) -> str:
        """1,234.50 in English, 1.234,50 in Turkish."""
        text = f"{value:,.{digits}f}"
        return text.translate(str.maketrans(",.", ".,")) if self.language == "tr" else text

    def percent(self, share: float) -> str:
        """A share from 0 to 1 as a percentage: 12.34% in English, %12,34 in Turkish."""
        text = self.number(100 * share, 2)
        return f"%{text}" if self.language == "tr" else f"{text}%"


def choose_language(given: str | None, environment: Mapping[str, str] = os.environ) -> Language:
    """--lang, else MMREC_LANG, else the locale, else English. Raises ValueError for an unknown --lang."""
    if given is not None:
        return _known(given)
    own = environment.get("MMREC_LANG", "")
    if own in LANGUAGES:
        return _known(own)
    locale = next((environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), "")
    return "tr" if locale.lower().startswith("tr") else "en"


def _known(name: str) -> Language:
    for language in LANGUAGES:
        if name == language:
            return language
    raise ValueError(name)
