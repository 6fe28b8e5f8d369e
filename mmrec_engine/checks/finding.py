"""A check: a measurement that returns values, and a separate judgement of them. A check that raises is an error.

    context ──► measure ──► values ──► judge (values, thresholds) ──► status ──► finding (contract: Events)

Pure, except for what a measurement has to read. A finding contains its English words, for readers of the file; views make the
words again from its id and values (`locales/guide/findings.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mmrec_engine.checks.specs import CHECKS
from mmrec_engine.errors import first_line
from mmrec_engine.locales.catalogue import DEFAULT_LANGUAGE
from mmrec_engine.locales.guide import Phase
from mmrec_engine.locales.guide.findings import evidence, title

Status = Literal["pass", "note", "warn", "fail", "error", "skipped"]
Values = dict[str, Any]
Finding = dict[str, Any]

WORST_FIRST = ("fail", "error", "warn", "note", "pass", "skipped")
# The sign of each status, wherever findings are shown; for items of the guide also: ticked by a person, and nothing found.
GLYPHS = {"pass": "✓", "note": "i", "warn": "!", "fail": "✗", "error": "⚠", "skipped": "–", "ticked": "☑", "none": "○"}


class Skip(Exception):
    """Raised by a measurement that does not apply. reason: a key of guide/findings.SKIPPED."""

    def __init__(self, reason: str, **values: Any) -> None:
        super().__init__(reason)
        self.reason, self.values = reason, values


@dataclass(frozen=True)
class Check:
    """id: as in `specs.CHECKS`. measure takes the phase's context and returns plain values (JSON).

    A value named "variant", which the judgement may add, selects one of several wordings of the evidence; without it the status
    does. remedies: what would help, from the values and the status, each with `id`, `title`, `settings`.
    """

    id: str
    measure: Callable[[Any], Values]
    judge: Callable[[Values, Mapping[str, float]], Status]
    remedies: Callable[[Values, Status], list[dict[str, Any]]] | None = None

    @property
    def phase(self) -> Phase:
        return CHECKS[self.id].phase

    @property
    def item(self) -> str:
        return CHECKS[self.id].item


def run(check: Check, context: Any) -> Finding:
    """The check's finding on this context. Raises only KeyboardInterrupt and the like."""
    try:
        values = check.measure(context)
        status = check.judge(values, CHECKS[check.id].numbers)
        remedies = check.remedies(values, status) if check.remedies else []
    except Skip as skip:
        return finding(check.id, check.phase, "skipped", {"reason": skip.reason, **skip.values})
    except Exception as error:
        reason = first_line(error, 200, typed=True)
        return finding(check.id, check.phase, "error", {"reason": reason})
    return finding(check.id, check.phase, status, values, remedies)


def run_all(checks: Iterable[Check], context: Any) -> Iterator[Finding]:
    for check in checks:
        yield run(check, context)


def finding(
    id: str, phase: Phase, status: Status, values: Values, remedies: Iterable[Mapping[str, Any]] = ()
) -> Finding:
    """A finding as the events contain it, with English words. remedies: each with `id`, `title`, `settings`."""
    bare: Finding = {
        "id": id,
        "phase": phase,
        "item": CHECKS[id].item_in(phase),
        "status": status,
        "values": values,
        "threshold": dict(CHECKS[id].numbers),
    }
    words = {"title": title(bare, DEFAULT_LANGUAGE), "evidence": evidence(bare, DEFAULT_LANGUAGE)}
    return {**bare, **words, "remedies": [dict(remedy) for remedy in remedies]}
