"""Findings in the user's language: worded by their id from their values; unknown ones as they were recorded."""

from __future__ import annotations

from typing import Any

from mmrec_engine import events
from mmrec_engine.checks.finding import WORST_FIRST
from mmrec_engine.locales import foreign
from mmrec_engine.locales.guide import findings as guide
from mmrec_engine.locales.guide import remedies
from mmrec_tui.locales import Wording


def gravity(finding: dict[str, Any]) -> int:
    """For sorting, the worst first; a status that is unknown here is among the worst."""
    status = str(finding.get("status"))
    return WORST_FIRST.index(status) if status in WORST_FIRST else 0


def title_of(finding: dict[str, Any], say: Wording) -> str:
    return str(guide.title(finding, say.language))


def evidence_of(finding: dict[str, Any], say: Wording) -> str:
    """A finding may come from a file that somebody else wrote: what does not fit is shown unchanged."""
    values = finding.get("values")
    if isinstance(values, dict) and {"file", "hint", "reason"} <= values.keys():
        key = f"skipped.{values.get('reason')}"
        if say.knows(key) and (key != "skipped.invalid-utf8" or "invalid" in values):
            hint = foreign.in_language(str(values["hint"]), say.language)  # of an unreadable file: what the system says
            return say(key, **values | ({"hint": hint} if values["reason"] == "unreadable" else {}))
    return guide.evidence(finding, say.language)


def advice_of(finding: dict[str, Any], say: Wording) -> str:
    """What to do about it; empty for an unknown finding."""
    return guide.advice(finding, say.language)


def why_of(finding: dict[str, Any], say: Wording) -> str:
    """Why it matters; empty for an unknown finding."""
    return guide.why(finding, say.language)


def remedy_of(remedy: dict[str, Any], say: Wording) -> str:
    return remedies.remedy_title(remedy, say.language)


def raised_rate(event: events.Resumed, wording: Wording) -> str:
    """The message that the learning rate rises again, with both values."""
    before, after = event.learning_rate_before or 0.0, event.learning_rate or 0.0
    steps = wording.number(event.planned_steps)
    return wording("resumed.rate", before=f"{before:.2e}", after=f"{after:.2e}", steps=steps)
