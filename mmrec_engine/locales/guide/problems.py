"""The guide's troubleshooting: four problems, each with the three remedies the guide names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mmrec_engine.locales.catalogue import Text, Words

Settings = Mapping[str, float | int | bool]


@dataclass(frozen=True)
class Remedy:
    """What to change. settings: the values it proposes; None if it is not a setting (more text)."""

    id: str
    title: Words
    settings: Settings = field(default_factory=dict)


@dataclass(frozen=True)
class Problem:
    """A problem. seen: how it looks; why: its cause."""

    id: str
    title: Words
    seen: Words
    why: Words
    remedies: tuple[Remedy, ...]


def _problem(id: str, remedies: Mapping[str, Settings]) -> Problem:
    title, seen, why = (Text("problems", id, key) for key in ("title", "seen", "why"))
    named = (Remedy(name, Text("problems", id, "remedies", name), settings) for name, settings in remedies.items())
    return Problem(id, title, seen, why, tuple(named))


PROBLEMS = (
    _problem(
        "loss-too-high",
        {
            "lower-learning-rate": {"learning_rate": 1e-4},
            "longer-warmup": {"warmup_steps": 200},
            "larger-batch": {"batch_size": 8},
        },
    ),
    _problem(
        "loss-not-falling",
        {"larger-config": {}, "more-text": {}, "raise-learning-rate": {"learning_rate": 3e-4}},
    ),
    _problem(
        "overfitting",
        {
            "more-dropout": {"dropout": 0.2},
            "more-weight-decay": {"weight_decay": 0.2},
            "less-patience": {"early_stopping_patience": 3},
        },
    ),
    _problem(
        "out-of-memory",
        {
            "smaller-batch": {"microbatch": 2},
            "shorter-windows": {"seq_len": 256},
            "gradient-checkpointing": {"gradient_checkpointing": True},
        },
    ),
)
