"""The words of one finding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mmrec_engine.locales.catalogue import Words


@dataclass(frozen=True)
class FindingText:
    """id as in checks/specs.py. evidence: by variant or status; "any" for the rest. tail: added to each of them.
    do_of, why_of: what to do, and why it matters, by the value "advice" or the variant, where they differ."""

    id: str
    title: Words
    evidence: Mapping[str, Words]
    why: Words
    do: Words
    tail: Words | None = None
    do_of: Mapping[str, Words] = field(default_factory=dict)
    why_of: Mapping[str, Words] = field(default_factory=dict)
