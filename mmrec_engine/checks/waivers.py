"""Waived checks: they still run, but their findings do not stop a run."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from mmrec_engine.checks.finding import Finding
from mmrec_engine.checks.specs import CHECKS
from mmrec_engine.errors import RequestError

WAIVED = "waived"  # the entry of a finding
_JUDGED = ("warn", "fail", "error")


def waived_ids(given: Iterable[str]) -> frozenset[str]:
    """Raises RequestError for an unknown id."""
    ids = frozenset(given)
    for id in sorted(ids):
        if id not in CHECKS:
            raise RequestError("waive-unknown", value=id, choices=", ".join(sorted(CHECKS)))
    return ids


def marked(finding: Finding, waived: Collection[str]) -> Finding:
    """The finding as it is reported: a failure or warning says whether it was waived."""
    if finding.get("id") in waived and finding.get("status") in _JUDGED:
        return {**finding, WAIVED: True}
    return finding


def is_waived(finding: Finding) -> bool:
    return finding.get(WAIVED) is True
