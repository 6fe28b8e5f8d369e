"""Model sizes and recipes: names for groups of values. Must not load torch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from mmrec_engine.settings.model_config import Architecture, ModelConfig


@dataclass(frozen=True)
class Preset:
    """Width of the residual stream, number of blocks, and memories (or attention heads) a block."""

    width: int
    layers: int
    heads: int

    def model(self, architecture: Architecture, vocabulary: int, context: int) -> ModelConfig:
        return ModelConfig(architecture, vocabulary, self.width, self.layers, self.heads, context)


PRESETS: dict[str, Preset] = {
    "tiny": Preset(width=128, layers=4, heads=4),
    "mini": Preset(width=256, layers=6, heads=8),
    "small": Preset(width=512, layers=8, heads=8),
    "base": Preset(width=1024, layers=12, heads=16),
    "medium": Preset(width=1536, layers=20, heads=24),
    "large": Preset(width=2048, layers=28, heads=32),
}


@dataclass(frozen=True)
class Repeating:
    """How often a model size can repeat a text, as measured with the rates below and the best dropout (docs/performance.md,
    "The best model in a given time").

    most: passes over a text of `_CHARACTERS_OF_MEASURED`, after which more of them raised the loss of the best weights; a
    longer text can be repeated more often, by the root of its size, at most `more` times as often. sooner: how many times as
    soon as the smallest model it memorises, over a text of at most `alike` characters; over a longer one later, by the cube
    root of its size.
    """

    most: float
    more: float
    sooner: float
    alike: float


_CHARACTERS_OF_MEASURED = 350_000
_REPEATING = {"tiny": Repeating(8.0, 2.0, 1.0, _CHARACTERS_OF_MEASURED), "mini": Repeating(6.0, 1.5, 1.75, 1_000_000)}
_OF_LARGER = Repeating(5.0, 1.0, 1.75, 1_000_000)  # not measured


def passes_as_measured(config: str, passes: float, characters: float) -> float:
    """Passes of the smallest model over a text of the size that was measured in which it memorises as much as one of this size
    in these over a text of so many characters."""
    known = _REPEATING.get(config, _OF_LARGER)
    return known.sooner * passes / math.cbrt(max(1.0, characters / known.alike))


def most_passes(config: str, characters: float) -> float:
    """Passes over a text of so many characters after which a model of this size only memorises it."""
    known = _REPEATING.get(config, _OF_LARGER)
    return known.most * min(known.more, math.sqrt(max(1.0, characters / _CHARACTERS_OF_MEASURED)))


def smaller_presets(config: str) -> list[str]:
    """The names of the smaller model sizes, smallest first; none for a pretrained model, which has its own size."""
    names = list(PRESETS)
    return names[: names.index(config)] if config in PRESETS else []


@dataclass(frozen=True)
class OptimizerSpec:
    """The learning rates of an optimizer, each a peak.

    usual_rate: the starting point, of the guide or the fast recipe. best_rate: suggested by range tests, and the best for tiny
    and mini (docs/performance.md, "Which learning rate"). lowered_rate: the first lower rate for an unstable run, a third of
    the usual one. lowest_rate, highest_rate: bounds of the remedies. losses: by rate, how much higher the loss after 400 steps
    was than with the best one, in nats, mean of two texts; empty: not measured.
    """

    usual_rate: float
    best_rate: float
    lowered_rate: float
    lowest_rate: float
    highest_rate: float
    losses: tuple[tuple[float, float], ...] = ()


OPTIMIZERS: dict[str, OptimizerSpec] = {
    "adamw": OptimizerSpec(
        usual_rate=3e-4,
        best_rate=0.01,
        lowered_rate=1e-4,
        lowest_rate=1e-6,
        highest_rate=3e-3,
        losses=(
            (3e-4, 0.528),
            (0.001, 0.164),
            (0.002, 0.082),
            (0.004, 0.026),
            (0.008, 0.008),
            (0.016, 0.005),
            (0.064, 0.037),
        ),
    ),
    "muon": OptimizerSpec(
        usual_rate=0.04,
        best_rate=0.04,
        lowered_rate=0.013,
        lowest_rate=1e-4,
        highest_rate=0.1,
        losses=((0.005, 0.299), (0.01, 0.117), (0.02, 0.024), (0.04, 0.0), (0.08, 0.006), (0.16, 0.025), (0.32, 0.053)),
    ),
}
USUAL_RATE = {name: spec.usual_rate for name, spec in OPTIMIZERS.items()}
BEST_RATE = {name: spec.best_rate for name, spec in OPTIMIZERS.items()}

RECIPES: dict[str, dict[str, Any]] = {
    # The guide's hyperparameters are the defaults of the settings themselves.
    "guide": {},
    # Reaches a loss in the shortest time: Muon, small steps, linear decay, no dropout (docs/performance.md).
    "fast": {
        "optimizer": "muon",
        "learning_rate": USUAL_RATE["muon"],
        "warmup_steps": 10,
        "schedule": "linear",
        "learning_rate_floor": 0.02,
        "batch_size": 16,
        "seq_len": 128,
        "dropout": 0.0,
    },
}

# What a plan for a given time chooses where it is free.
CHOSEN = frozenset({
    "config", "arch", "tokenizer", "vocab_size", "seq_len", "batch_size", "optimizer", "learning_rate", "warmup_steps",
    "schedule", "learning_rate_floor", "dropout", "max_steps", "eval_every", "eval_seq_len",
})  # fmt: skip

# Applied over a recipe if there is a target loss and no number of steps or epochs. A schedule of unknown length cannot fall,
# so the rate is constant and an average of the weights replaces the decay. Small steps reach a target soonest
# (docs/performance.md).
RECIPES_TO_A_TARGET: dict[str, dict[str, Any]] = {
    "fast": {"schedule": "constant", "learning_rate": 0.03, "weight_average": 1 / 6, "batch_size": 8},
}

# Starting points on the plan screen; a profile is applied over the defaults like given settings.
PROFILES: dict[str, dict[str, Any]] = {
    # A usable model in a few minutes: the fast recipe, with as many evaluations as early stopping needs.
    "first-try": {"recipe": "fast", "max_steps": 300, "eval_every": 30},
    # The guide unchanged.
    "thorough": {"recipe": "guide"},
    # Little text is soon memorised: the guide's three remedies at once; epochs are short, so there may be more of them.
    "small-text": {
        "recipe": "guide",
        "dropout": 0.2,
        "weight_decay": 0.2,
        "early_stopping_patience": 3,
        "epochs": 20,
    },
    # The remedies, one step further. The rate is unchanged: a lower one only delays the rise.
    "overfits-easily": {"recipe": "guide", "dropout": 0.3, "weight_decay": 0.3, "early_stopping_patience": 3},
}
