"""Counts in words: "1 document", "2 documents". One function fills all templates with a count before its noun.

English has a singular after 1, so format.json lists its nouns; Turkish has one form for every number ("1 belge", "2 belge").
If a language has more than two forms, or the noun is elsewhere in the sentence, the template of a finding lists the forms,
{count:file|files}; the rule `plural` in format.json selects one.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from mmrec_engine.locales.catalogue import Language, words

_PLAIN = string.Formatter()


def fill(template: str, values: Mapping[str, Any], language: Language, formatter: string.Formatter = _PLAIN) -> str:
    """A template with its values; a noun after the count 1 in the singular. The values themselves are unchanged."""
    nouns = _nouns(language)
    if nouns is None or not nouns.anywhere.search(template):
        return formatter.vformat(template, (), values)
    parts: list[str] = []
    after_one = False
    for literal, field, spec, conversion in formatter.parse(template):
        parts.append(nouns.in_singular(literal) if after_one else literal)
        if field is None:  # an escaped brace, or the end
            after_one = False
            continue
        whole = f"{{{field}{f'!{conversion}' if conversion else ''}{f':{spec}' if spec else ''}}}"
        parts.append(formatter.vformat(whole, (), values))
        after_one = parts[-1] == "1"
    return "".join(parts)


def plural_form(count: float, forms: list[str], language: Language) -> str:
    """The form of a noun with this count; the last one with a fraction."""
    return forms[min(_rule(language)(int(count)), len(forms) - 1)] if count == int(count) else forms[-1]


class _Nouns:
    """singular: of each plural. between: what may come between the count and its noun."""

    def __init__(self, singular: Mapping[str, str], between: list[str]) -> None:
        self._singular = singular
        adjective, noun = "|".join(map(re.escape, between)), "|".join(map(re.escape, singular))
        self._counted = re.compile(rf"^( (?:(?:{adjective})[ -])?)({noun})\b")
        self.anywhere = re.compile(rf"\}} (?:(?:{adjective})[ -])?(?:{noun})\b")

    def in_singular(self, literal: str) -> str:
        return self._counted.sub(lambda found: found[1] + self._singular[found[2]], literal)


@cache
def _nouns(language: Language) -> _Nouns | None:
    after_one = words("format", language)["after-one"]
    return _Nouns(after_one["singular"], after_one["between"]) if after_one["singular"] else None


@cache
def _rule(language: Language) -> Callable[[int], int]:
    """Which form a count takes: an expression as in the Plural-Forms of a gettext catalogue."""
    from gettext import c2py

    return c2py(words("format", language)["plural"])
