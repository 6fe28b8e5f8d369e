"""Every threshold of the checklist in one table, each with the source it comes from. Shown beside the finding it decides.

Sources: G the guide; K Karpathy, A Recipe for Training Neural Networks (2019); P Google's Deep Learning Tuning Playbook; CS
Stanford's CS231n notes; T torchtitan; D deepchecks; ★ measured or chosen in this project.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mmrec_engine.system.memory import USABLE


@dataclass(frozen=True)
class Threshold:
    """numbers: by name, as the check's judgement reads them."""

    numbers: Mapping[str, float]
    source: str


THRESHOLDS: dict[str, Threshold] = {
    # before
    "corpus-readable": Threshold({"warn_share": 0.01, "fail_share": 0.10}, "★"),
    "corpus-size": Threshold(
        {
            "warn_tokens_a_parameter": 0.025,
            "full_tokens_a_parameter": 20,
            "train_windows": 100,
            "validation_windows": 10,
        },
        "★",
    ),
    "corpus-text": Threshold(
        {
            "lowest_compression": 1.2,
            "warn_compression": 12,
            "highest_compression": 20,
            "letters": 0.5,
            "fail_letters": 0.25,
            "warn_encoded": 0.05,
            "fail_encoded": 0.5,
            "structure": 0.05,
        },
        "★",
    ),
    # Shares of the characters. Code has tags and rows too; whole pages have half and more.
    "markup": Threshold({"html": 0.2, "rtf": 0.1, "json": 0.3, "table": 0.5}, "★"),
    "column-odd": Threshold({"share": 0.5}, "★"),
    "mojibake": Threshold({"words": 3, "warn_share": 0.001, "fail_share": 0.05}, "★"),
    "duplicate-text": Threshold({"characters": 40, "warn_share": 0.10, "fail_share": 0.30}, "D, ★"),
    "split-overlap": Threshold({"gram": 64, "gram_of_letters": 40, "warn_share": 0.05, "fail_share": 0.20}, "D, ★"),
    # Passages stand in other texts too, as split-overlap allows; documents do not.
    "split-continued": Threshold({"warn_share": 0.01, "fail_share": 0.20, "gram": 64, "gram_share": 0.05}, "★"),
    "split-alike": Threshold({"nats": 0.3}, "★"),
    "unknown-characters": Threshold({"warn_share": 0.001, "fail_share": 0.01}, "★"),
    # Built-in corpora: with 30 to 70 characters of text for each of 5,000 subwords 80 % of them occur fewer than ten times;
    # with 170 for each of 2,000 it is 20 to 45 %.
    "vocabulary-size": Threshold({"times": 10, "warn_rare": 0.5, "warn_untrained": 0.005, "characters": 170}, "★"),
    "round-trip": Threshold({}, "★"),
    "targets-shifted": Threshold({}, "K"),
    "baselines": Threshold({}, "K"),
    # Repeated passes: up to four teach nearly as much as new text, beyond sixteen hardly anything (Muennighoff et al., "Scaling
    # data-constrained language models", 2023). times: as often as the corpora together, or nobody could help it.
    "corpora-repeated": Threshold({"times": 2, "note_passes": 4, "warn_passes": 16}, "Muennighoff 2023, ★"),
    "hyperparameters": Threshold(
        {
            "lowest_rate": 1e-5,
            "highest_rate": 3e-2,
            "lowest_muon": 5e-4,
            "highest_muon": 0.1,
            "least_gain": 0.05,
            "note_warmup": 0.10,
            "warn_warmup": 0.50,
            "highest_dropout": 0.5,
            "highest_decay": 1.0,
            "highest_disturbed": 0.3,
            "most_seen": 20,
        },
        "P, G, ★",
    ),
    "initial-loss": Threshold({"share": 0.05}, "K, CS"),
    "one-batch-overfit": Threshold(
        {"windows": 4, "length": 64, "rate": 3e-3, "steps": 200, "loss": 0.1, "large": 20e6, "large_steps": 20}, "K, CS"
    ),
    "causality": Threshold({"gradient": 0.0}, "K"),
    "gradients-alive": Threshold({}, "K"),
    "parallel-equals-stepwise": Threshold({"difference": 1e-4}, "★"),
    "deterministic": Threshold({"steps": 3}, "K"),
    "memory-fits": Threshold({"share": USABLE}, "★"),
    "disk-fits": Threshold({"beside_the_kept": 3}, "★"),
    "checkpoint-rehearsal": Threshold({}, "★"),
    # during
    "non-finite": Threshold({}, "T"),
    "loss-too-high": Threshold(
        {"settled_steps": 300, "above": 0.01, "early_steps": 20, "early_above": 0.10, "risen": 0.25}, "★"
    ),
    "loss-spike": Threshold({"deviations": 6, "factor": 1.5, "window": 100, "large_factor": 2.5, "near": 5}, "★"),
    "loss-not-falling": Threshold(
        {
            "settled_steps": 300,
            "steps": 300,
            "share": 0.2,
            "most_steps": 2000,
            "fall": 0.05,
            "minimum": 0.003,
            "near": 0.03,
        },
        "★",
    ),
    "overfitting": Threshold({"above": 0.02, "evaluations": 3}, "P, ★"),
    "underfitting": Threshold({"apart": 0.02, "updates": 2000}, "CS, ★"),
    "clipping-always": Threshold({"share": 0.5, "window": 100, "exploding": 50}, "P, ★"),
    "update-ratio": Threshold(
        {"lowest": 1e-5, "highest": 0.06, "steps": 50, "settled_steps": 200, "rate": 0.5}, "CS, ★"
    ),
    "out-of-memory": Threshold({}, "T"),
    "disk-unwritable": Threshold({}, "T"),
    "validation-below-training": Threshold(
        {
            "below": 0.05,
            "wide": 0.05,
            "evaluations": 2,
            "least_bits": 0.3,
            "bits": 1.0,
            "of_5_gram": 0.5,
            "early_tokens": 1e6,
            "early_epochs": 2,
            "early_of_5_gram": 0.85,
            "bits_by_heart": 1.2,
            "epochs": 4,
            "gap": 0.03,
            "steps_below": 0.10,
            "scatter": 4,
        },
        "★",
    ),
    "perplexity-sane": Threshold({}, "★"),
    "accuracy-rising": Threshold({"points": 0.005, "deviations": 2, "evaluations": 2}, "★"),
    "early-stopping": Threshold({}, "G"),
    "first-evaluation-late": Threshold({"seconds": 1800}, "★"),
    # after
    "best-saved": Threshold({}, "G"),
    "final-saved": Threshold({}, "G"),
    "metrics-reported": Threshold({"interval": 0.95}, "G"),
    "reload-same": Threshold({}, "★"),
    "beats-baselines": Threshold({"updates": 2000, "settled_steps": 300}, "K, ★"),
    "continuations": Threshold({}, "G"),
    "sample-sane": Threshold({"distinct": 0.2, "copy": 0.5, "perplexity": 1.5}, "★"),
    "best-early": Threshold({"share": 0.10}, "P"),
    "still-improving": Threshold({"fall": 0.005}, "P, ★"),
    "final-worse": Threshold({"share": 0.05}, "D"),
}


def numbers(check: str) -> dict[str, float]:
    """The thresholds of a check, as its findings carry them."""
    return dict(THRESHOLDS[check].numbers)
