"""Advice in one list does not contradict itself: of two remedies that pull apart, the less certain one is left out.

Several findings may be open at once, each with remedies for its own fault: a spike asks for a lower learning rate, small
updates for a higher one. A finding that training on no longer helps rules out a longer run, whether or not it has a remedy
itself. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mmrec_engine.checks.finding import WORST_FIRST, Finding
from mmrec_engine.settings.presets import PRESETS

# What a setting does, and whether more of it is more of that. Settings that are not here are aspects of their own.
_ASPECTS = {
    "config": ("capacity", 1), "dropout": ("capacity", -1), "weight_decay": ("capacity", -1),
    "epochs": ("length", 1), "max_steps": ("length", 1), "time": ("length", 1), "early_stopping_patience": ("length", 1),
}  # fmt: skip
# Findings that compare a run with what it could be; the others have seen a fault in its course.
_GENERAL = frozenset({
    "beats-baselines", "still-improving", "best-early", "underfitting", "update-ratio", "clipping-always",
})  # fmt: skip
_SIZES = {name: number for number, name in enumerate(PRESETS)}


def certainty(finding: Finding, place: int) -> tuple[int, bool, int]:
    """A sort key: the most certain finding first. place: in the order in which they were made; the newest knows most."""
    status = str(finding.get("status"))
    rank = WORST_FIRST.index(status) if status in WORST_FIRST else len(WORST_FIRST)
    return rank, str(finding.get("id")) in _GENERAL, -place


# The other finding that training on no longer helps, beside `overfitting`, by the end of its variant.
_MEMORISES, _RISEN = "validation-below-training", "-risen"


class Agreement:
    """Remedies that may stand in one list: `takes` the most certain ones first. findings: all that are known, the newest
    last."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        last = {one.get("id"): one for one in findings}
        self._ways: dict[str, int] = {"length": -1} if any(map(_has_learnt_all, last.values())) else {}

    def takes(self, before: Mapping[str, Any], changes: Mapping[str, Any]) -> bool:
        """Whether a remedy contradicts none of those that were taken; it is taken then."""
        ways: dict[str, int] = {}
        for name, after in changes.items():
            aspect, sign = _ASPECTS.get(name, (name, 1))
            ways[aspect] = ways.get(aspect) or sign * _direction(before.get(name), after)
        if any(way * self._ways.get(aspect, 0) < 0 for aspect, way in ways.items()):
            return False
        for aspect, way in ways.items():
            self._ways[aspect] = self._ways.get(aspect) or way
        return True


def _has_learnt_all(finding: Finding) -> bool:
    """Whether it says that the model only memorises by now: validation rises while training falls."""
    if finding.get("status") not in ("note", "warn", "fail"):
        return False
    values = finding.get("values")
    variant = str(values.get("variant", "")) if isinstance(values, Mapping) else ""
    return finding.get("id") == "overfitting" or (finding.get("id") == _MEMORISES and variant.endswith(_RISEN))


def _direction(before: object, after: object) -> int:
    if isinstance(before, str) and isinstance(after, str) and before in _SIZES and after in _SIZES:
        before, after = _SIZES[before], _SIZES[after]
    if not isinstance(before, int | float) or not isinstance(after, int | float):
        return 0
    return (after > before) - (after < before)


def agreeing(findings: Sequence[Finding]) -> list[Finding]:
    """The same findings in the same order, without remedies that contradict those of a more certain one. findings: as they were
    made, the newest last."""
    agreement, kept = Agreement(findings), [dict(one) for one in findings]
    for place in by_certainty(findings):
        remedies = findings[place].get("remedies")
        if isinstance(remedies, list) and remedies:
            kept[place]["remedies"] = [one for one in remedies if _agrees(one, agreement)]
    return kept


def in_agreement(finding: Finding, known: Iterable[Finding]) -> Finding:
    """The newest finding without remedies that contradict those of a more certain one. known: all findings so far."""
    last = {one.get("id"): one for one in (*known, finding)}
    return next(one for one in agreeing(list(last.values())) if one.get("id") == finding.get("id"))


def by_certainty(findings: Sequence[Finding]) -> Iterable[int]:
    """The places of the findings, that of the most certain one first."""
    return sorted(range(len(findings)), key=lambda place: certainty(findings[place], place))


def _agrees(remedy: object, agreement: Agreement) -> bool:
    if not isinstance(remedy, Mapping) or not isinstance(remedy.get("settings"), Mapping):
        return True
    before = remedy.get("before")
    return agreement.takes(before if isinstance(before, Mapping) else {}, remedy["settings"])
