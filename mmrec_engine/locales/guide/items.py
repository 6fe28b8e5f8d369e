"""The checklist of the guide: 13 items before, during and after training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mmrec_engine.locales.catalogue import Text, Words

Phase = Literal["before", "during", "after"]


@dataclass(frozen=True)
class Item:
    """One item. question: its question; why: why it matters; do: what to do if the answer is no."""

    id: str
    phase: Phase
    question: Words
    why: Words
    do: Words


_IDS: dict[Phase, tuple[str, ...]] = {
    "before": ("dataset-ready", "validation-split", "hyperparameters-set", "model-config"),
    "during": (
        "loss-falling",
        "validation-below-training",
        "perplexity-sane",
        "accuracy-rising",
        "early-stopping-works",
    ),
    "after": ("best-saved", "final-saved", "metrics-reported", "model-testable"),
}


def _item(id: str, phase: Phase) -> Item:
    question, why, do = (Text("items", id, key) for key in ("question", "why", "do"))
    return Item(id, phase, question, why, do)


ITEMS = tuple(_item(id, phase) for phase, ids in _IDS.items() for id in ids)
