"""Words and numbers in the user's language, which is chosen before anything is shown.

The words are in a folder for each language, with one JSON file for each area; another language is another folder here and one
in `mmrec_engine/locales`.
"""

from __future__ import annotations

import math
import os
import re
import sys
from collections.abc import Mapping

from mmrec_engine.locales import catalogue
from mmrec_engine.locales.catalogue import DEFAULT_LANGUAGE, Language
from mmrec_engine.locales.numbers import in_language, percentage, with_exponent
from mmrec_engine.locales.plurals import fill

__all__ = ["AREAS", "DEFAULT_LANGUAGE", "LANGUAGES", "UsageText", "Wording", "choose_language", "next_language"]

# The files of a language, in the order in which a key is searched; the command line needs only the first one.
AREAS = ("command_line", "app", "keys")
_FILES = {(language, area) for area in AREAS for language in catalogue.languages_of(__name__, area)}
# The languages of both packages. Missing texts are shown in the default language.
LANGUAGES = tuple(one for one in catalogue.LANGUAGES if (one, AREAS[0]) in _FILES)
# The key that changes the language is shown in the language that it leads to.
_OF_THE_NEXT_LANGUAGE = ("key.language", "about.language")


class UsageText(Exception):
    """A wrong request, already in the user's language. Exit code 2."""


class Wording:
    """The catalogue of one language, and its way of writing numbers."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def __call__(self, key: str, /, **values: object) -> str:
        template = self.template(key)
        if template is None:
            raise KeyError(key)
        return fill(template, values, self.language)

    def knows(self, key: str) -> bool:
        return self.template(key) is not None

    def template(self, key: str) -> str | None:
        """The text with its placeholders."""
        language = next_language(self.language) if key in _OF_THE_NEXT_LANGUAGE else self.language
        places = ((one, area) for one in (language, DEFAULT_LANGUAGE) for area in AREAS)
        texts = (catalogue.read(__name__, one, area) for one, area in places if (one, area) in _FILES)
        return next((found[key] for found in texts if key in found), None)

    def number(self, value: float, digits: int = 0) -> str:
        """1,234.50 in English, 1.234,50 in Turkish."""
        return in_language(f"{value:,.{digits}f}", self.language)

    def percent(self, share: float) -> str:
        """A share from 0 to 1 as a percentage: 12.34% in English, %12,34 in Turkish."""
        return percentage(f"{100 * share:,.2f}", self.language)

    def how_far(self, done: int, total: int) -> str:
        """A share of the total, or the bytes so far if the total is unknown."""
        return (
            self.percent(done / total)
            if total > 0
            else self("task.so-far", size=self.number(done / 1e6))
            if done
            else ""
        )

    def whole_percent(self, share: float) -> str:
        return percentage(f"{100 * share:,.0f}", self.language)

    def short(self, value: float, gap: float = 0.0) -> str:
        """A count in few characters: 950, 18.2k, 1.5M, 1.5B. gap: between ticks; decides how many digits distinguish them.
        Three decimals would look like thousands in the other language: such a count is written as a whole."""
        for size, letter in ((1e9, self("count.billions")), (1e6, "M"), (1e4, "k")):
            if abs(value) >= size:
                unit = 1e3 if letter == "k" else size
                digits = _digits(gap / unit) if gap else (1 if abs(value) < 100 * unit else 0)
                return self.number(value / unit, digits) + letter if digits < 3 else self.number(value, _digits(gap))
        return self.number(value, _digits(gap) if gap else 0)

    def tick(self, value: float, gap: float) -> str:
        """A value beside an axis, with the digits that distinguish neighbouring ticks."""
        return self.number(value, _digits(gap))

    def share_tick(self, value: float, gap: float) -> str:
        return percentage(f"{100 * value:,.{_digits(100 * gap)}f}", self.language)

    def rate(self, value: float) -> str:
        """A learning rate: 0.02, 3e-4, 2.85e-4."""
        if value == 0 or not abs(value) < 0.001:  # a NaN too
            return in_language(f"{value:,.4f}".rstrip("0").rstrip(".") or "0", self.language)
        return with_exponent(value, self.language)

    def about_rate(self, value: float) -> str:
        """An approximate learning rate, with two digits."""
        return self.rate(float(f"{value:.1e}"))

    def rate_tick(self, value: float, gap: float) -> str:
        """All ticks of an axis in one form: 1e-4, 1e-3, 1e-2 or 0.001, 0.002."""
        if not 0 < gap < 0.001 or not 0.001 <= value < 1:
            return self.rate(value)
        return with_exponent(value, self.language)

    def clock(self, seconds: float) -> str:
        """A duration: 0:42, 12:05, 3:07:40, or days."""
        if not math.isfinite(seconds):
            return "–"
        whole = max(0, round(seconds))
        hours, rest = divmod(whole, 3600)
        if hours >= 100:
            return self("app.days", days=self.number(hours / 24, 1))
        if hours:
            return f"{hours}:{rest // 60:02d}:{rest % 60:02d}"
        return f"{rest // 60}:{rest % 60:02d}"

    def clock_tick(self, value: float, gap: float) -> str:
        return self.clock(value)

    def memory(self, size: float) -> str:
        """Bytes in KiB, MiB or GiB."""
        for unit, name in ((2**30, "GiB"), (2**20, "MiB")):
            if size >= unit:
                return f"{self.number(size / unit, 1 if size < 10 * unit else 0)} {name}"
        return f"{self.number(size / 2**10, 0)} KiB"


def _digits(gap: float) -> int:
    """Decimal places in which values `gap` apart differ."""
    return max(0, -math.floor(math.log10(abs(gap)) + 1e-9)) if gap else 2


def next_language(language: Language) -> Language:
    """The next one in the cycle of all languages."""
    return LANGUAGES[(LANGUAGES.index(language) + 1) % len(LANGUAGES)]


def _language_of_the_system() -> str:
    """As in a locale's name (tr_TR), where the environment does not tell it; empty if unknown."""
    if sys.platform == "win32":
        import ctypes
        import locale

        return locale.windows_locale.get(ctypes.windll.kernel32.GetUserDefaultUILanguage(), "")
    else:
        return ""


def choose_language(given: str | None, environment: Mapping[str, str] = os.environ) -> Language:
    """--lang, else MMREC_LANG, else the locale, else English. Raises ValueError for an unknown --lang."""
    if given is not None and given not in LANGUAGES:
        raise ValueError(given)
    locale = next((environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), "")
    locale = locale or _language_of_the_system()
    wanted = (given, environment.get("MMREC_LANG"), re.split(r"[_.@-]", locale.lower())[0])
    return next((one for one in wanted if one in LANGUAGES), DEFAULT_LANGUAGE)
