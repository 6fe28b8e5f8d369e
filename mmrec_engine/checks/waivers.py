"""Checks that a person has waived by their ids: they are made all the same, and what they find stops nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from mmrec_engine.checks.finding import Finding
from mmrec_engine.checks.specs import CHECKS
from mmrec_engine.errors import RequestError

WAIVED = "waived"  # the entry of a finding
_JUDGED = ("warn", "fail", "error")


def waived_ids(given: Iterable[str]) -> frozenset[str]:
    """Raises RequestError for an id that no check has."""
    ids = frozenset(given)
    for id in sorted(ids):
        if id not in CHECKS:
            raise RequestError("waive-unknown", value=id, choices=", ".join(sorted(CHECKS)))
    return ids


def marked(finding: Finding, waived: Collection[str]) -> Finding:
    """The finding as it is told: one that calls for something tells whether it was waived."""
    if finding.get("id") in waived and finding.get("status") in _JUDGED:
        return {**finding, WAIVED: True}
    return finding


def is_waived(finding: Finding) -> bool:
    return finding.get(WAIVED) is True
