"""Findings in the person's language: worded by their id from their values; one this version does not know, as it came."""

from __future__ import annotations

from typing import Any

from mmrec_tui.text import Wording


def title_of(finding: dict[str, Any], say: Wording) -> str:
    key = f"finding.{finding.get('id')}"
    return say(key) if say.knows(key) else str(finding.get("title", ""))


def evidence_of(finding: dict[str, Any], say: Wording) -> str:
    """A finding may come from a file that somebody else wrote: whatever does not fit is shown as it stands."""
    values = finding.get("values")
    if finding.get("id") == "corpus-readable" and isinstance(values, dict):
        key = f"skipped.{values.get('reason')}"
        if say.knows(key) and {"file", "hint"} <= values.keys():
            return say(key, **values)
    return str(finding.get("evidence", ""))
