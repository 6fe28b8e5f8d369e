"""The words of one finding, as each file of them holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mmrec_engine.locales.messages import Words


@dataclass(frozen=True)
class FindingText:
    """id as in checks/thresholds.py. evidence: by variant or status; "any" for the rest."""

    id: str
    title: Words
    evidence: Mapping[str, Words]
    why: Words
    do: Words
