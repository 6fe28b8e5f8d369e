"""The words of every finding: the evidence with its numbers, why it matters, what to do.

The evidence is a template that is filled with the finding's values and thresholds, in the language's form of numbers. Which
template: that named by the value "variant", else by the status, else "any". A finding may have several variants, joined with
+; then their sentences are joined.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from functools import cache
from typing import Any

from mmrec_engine.locales import foreign
from mmrec_engine.locales.catalogue import DEFAULT_LANGUAGE, Language, Text, Texts, Words, words
from mmrec_engine.locales.guide.finding_text import FindingText
from mmrec_engine.locales.messages import REASONS
from mmrec_engine.locales.numbers import in_language, percentage, with_exponent
from mmrec_engine.locales.plurals import fill, plural_form

# Why a check was skipped, by the reason of `checks.finding.Skip`.
SKIPPED = Texts("checks", "skipped")
_BROKEN = Text("checks", "broken")
_LEFT_OUT = "left-out"  # the evidence for every reason of `REASONS` without one of its own


@cache
def texts() -> Mapping[str, FindingText]:
    """All finding texts by id."""
    return {id: _text_of(id, entry) for id, entry in words("findings", DEFAULT_LANGUAGE).items()}


def _text_of(id: str, entry: Mapping[str, Any]) -> FindingText:
    title, why, do, tail = (Text("findings", id, name) for name in ("title", "why", "do", "tail"))
    do_of, why_of = (Texts("findings", id, name) if name in entry else {} for name in ("do-of", "why-of"))
    evidence = Texts("findings", id, "evidence")
    return FindingText(id, title, evidence, why, do, tail if "tail" in entry else None, do_of, why_of)


def title(finding: Mapping[str, Any], language: Language) -> str:
    entry = texts().get(str(finding.get("id")))
    return entry.title[language] if entry is not None else str(finding.get("title", finding.get("id", "")))


def advice(finding: Mapping[str, Any], language: Language) -> str:
    """What to do about it, empty for an unknown finding. Its value "advice", or its variants, select the words that differ."""
    entry = texts().get(str(finding.get("id")))
    return "" if entry is None else _of_its_case(finding, entry.do, entry.do_of, language)


def why(finding: Mapping[str, Any], language: Language) -> str:
    """Why it matters; selected as the advice is."""
    entry = texts().get(str(finding.get("id")))
    return "" if entry is None else _of_its_case(finding, entry.why, entry.why_of, language)


def _of_its_case(finding: Mapping[str, Any], usual: Words, of_cases: Mapping[str, Words], language: Language) -> str:
    values = finding.get("values")
    values = values if isinstance(values, Mapping) else {}
    chosen = str(values.get("advice", values.get("variant"))).split("+")
    return " ".join(dict.fromkeys(of_cases.get(one, usual)[language] for one in chosen))


def evidence(finding: Mapping[str, Any], language: Language) -> str:
    """The evidence, with its numbers. A finding that does not fit its template (of another version) is shown as it was
    recorded."""
    raw = finding.get("values")
    values = dict(raw) if isinstance(raw, Mapping) else {}
    threshold = finding.get("threshold")
    if isinstance(threshold, Mapping):
        values = {**{f"limit_{name}": number for name, number in threshold.items()}, **values}
    template = _template(finding, values, language)
    if template is None:
        return str(finding.get("evidence", ""))
    values = {"others": (), "more": "", **values}  # records of earlier versions have none
    if isinstance(reason := values.get("reason"), str) and finding.get("status") != "skipped":
        values["reason"] = foreign.in_language(reason, language)
    try:
        return fill(template, values, language, _Formatter(language))
    except (KeyError, ValueError, IndexError, TypeError, AttributeError, OverflowError):
        return str(finding.get("evidence", ""))


def thresholds(check: str, numbers: Mapping[str, float], language: Language) -> str:
    """The thresholds of a check in one line: a sentence with all of them, or a part for each."""
    written = _Formatter(language)
    whole = words("thresholds", language)["numbers"].get(check)
    if isinstance(whole, str):
        return fill(whole, numbers, language, written)
    named = Texts("thresholds", "numbers", check)
    parts = [fill(named[name][language], {"value": number}, language, written) for name, number in numbers.items()]
    return str(words("format", language)["joined"]).join(parts)


def sources(letters: str, language: Language) -> str:
    """The sources of a check's thresholds, by the letters of `checks.specs`; others, such as a paper, are named as they are."""
    named = Texts("thresholds", "sources")
    parts = [named[one][language] if one in named else one for one in letters.split(", ")]
    return str(words("format", language)["joined"]).join(parts)


def _template(finding: Mapping[str, Any], values: Mapping[str, Any], language: Language) -> str | None:
    status = str(finding.get("status"))
    if status == "skipped":
        reason = SKIPPED.get(str(values.get("reason")))
        return None if reason is None else reason[language]
    if status == "error":
        return _BROKEN[language]
    entry = texts().get(str(finding.get("id")))
    if entry is None:
        return None
    known, variant = entry.evidence, str(values.get("variant"))
    parts = [known.get(one) for one in variant.split("+")]
    if None in parts:
        left_out = known.get(_LEFT_OUT) if variant in REASONS else None
        parts = [left_out or known.get(status) or known.get("any")]
    filled = [part[language] for part in parts if part is not None]
    tail = "" if entry.tail is None else entry.tail[language]
    return str(words("format", language)["joined"]).join(filled) + tail if filled else None


class _Formatter(string.Formatter):
    """Numbers in the language's form: {x} whole or with four figures, {x:%} as a percentage, {x:.3f} in this format.

    {x:file|files} is a count with its noun: "1 file", "12 files". {x:reason} is one of `REASONS` in words,
    {x:reasons} are files with theirs, after others.
    """

    def __init__(self, language: Language) -> None:
        self._language = language

    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec == "reasons":
            return "".join(f"; {name}: {REASONS[reason][self._language]}" for name, reason in value)
        if format_spec == "reason":
            return REASONS[value][self._language]
        if isinstance(value, bool) or not isinstance(value, int | float):
            return str(value)
        if format_spec.endswith("%"):
            text = f"{100 * value:.{format_spec[1:-1] or '1'}f}" if format_spec != "%" else f"{100 * value:.3g}"
            return percentage(text, self._language)
        if "|" in format_spec:
            noun = plural_form(value, format_spec.split("|"), self._language)
            return f"{self.format_field(value, '')} {noun}"
        if not format_spec and isinstance(value, float) and 0 < abs(value) < 1e-3:
            return with_exponent(value, self._language, digits=3)
        text = f"{value:{format_spec}}" if format_spec else f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
        return in_language(text, self._language)
