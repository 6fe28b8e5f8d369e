"""The checks of the checklist: when each is made, the guide's item it belongs to, its thresholds and their sources.

How a check measures and judges is in the files of its kind (`preflight`, `monitor`, `postrun`), its words are under the same id
in `locales`. The table is separate because the guide, the command line and the rules during training read it without PyTorch.

Sources: G the guide; K Karpathy, A Recipe for Training Neural Networks (2019); P Google's Deep Learning Tuning Playbook; CS
Stanford's CS231n notes; T torchtitan; D deepchecks; ★ measured or chosen in this project.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mmrec_engine.locales.guide import Phase
from mmrec_engine.system.memory import USABLE


@dataclass(frozen=True)
class CheckSpec:
    """item: id of the guide's item; item_during: another one, for a check after training that is also made during it.

    numbers: thresholds by name, for the check's judgement and in its findings.
    """

    phase: Phase
    item: str
    numbers: Mapping[str, float]
    source: str
    item_during: str | None = None

    @property
    def is_made_during(self) -> bool:
        return self.phase == "during" or self.item_during is not None

    def item_in(self, phase: Phase) -> str:
        return self.item_during if phase == "during" and self.item_during is not None else self.item


CHECKS: dict[str, CheckSpec] = {
    # before
    "corpus-readable": CheckSpec("before", "dataset-ready", {"warn_share": 0.01, "fail_share": 0.10}, "★"),
    "corpus-size": CheckSpec(
        "before",
        "dataset-ready",
        {
            "warn_tokens_a_parameter": 0.025,
            "full_tokens_a_parameter": 20,
            "train_windows": 100,
            "validation_windows": 10,
        },
        "★",
    ),
    "corpus-text": CheckSpec(
        "before",
        "dataset-ready",
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
    "markup": CheckSpec("before", "dataset-ready", {"html": 0.2, "rtf": 0.1, "json": 0.3, "table": 0.5}, "★"),
    "column-odd": CheckSpec("before", "dataset-ready", {"share": 0.5}, "★"),
    "mojibake": CheckSpec("before", "dataset-ready", {"words": 3, "warn_share": 0.001, "fail_share": 0.05}, "★"),
    "duplicate-text": CheckSpec(
        "before", "dataset-ready", {"characters": 40, "warn_share": 0.10, "fail_share": 0.30}, "D, ★"
    ),
    "split-overlap": CheckSpec(
        "before",
        "validation-split",
        {"gram": 64, "gram_of_letters": 40, "warn_share": 0.05, "fail_share": 0.20},
        "D, ★",
    ),
    # Some passages occur in other texts too, as split-overlap allows; whole documents do not.
    "split-continued": CheckSpec(
        "before", "validation-split", {"warn_share": 0.01, "fail_share": 0.20, "gram": 64, "gram_share": 0.05}, "★"
    ),
    "split-alike": CheckSpec("before", "validation-split", {"nats": 0.3}, "★"),
    "unknown-characters": CheckSpec("before", "validation-split", {"warn_share": 0.001, "fail_share": 0.01}, "★"),
    # Built-in corpora: with 30 to 70 characters of text for each of 5,000 subwords 80 % of them occur fewer than ten times;
    # with 170 for each of 2,000 it is 20 to 45 %.
    "vocabulary-size": CheckSpec(
        "before", "dataset-ready", {"times": 10, "warn_rare": 0.5, "warn_untrained": 0.005, "characters": 170}, "★"
    ),
    "round-trip": CheckSpec("before", "dataset-ready", {}, "★"),
    "targets-shifted": CheckSpec("before", "hyperparameters-set", {}, "K"),
    "baselines": CheckSpec("before", "validation-split", {}, "K"),
    # Repeated passes: up to four teach nearly as much as new text, beyond sixteen hardly anything (Muennighoff et al., "Scaling
    # data-constrained language models", 2023). times: relative to all corpora together, otherwise no weights would help.
    "corpora-repeated": CheckSpec(
        "before", "dataset-ready", {"times": 2, "note_passes": 4, "warn_passes": 16}, "Muennighoff 2023, ★"
    ),
    "hyperparameters": CheckSpec(
        "before",
        "hyperparameters-set",
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
    "initial-loss": CheckSpec("before", "model-config", {"share": 0.05}, "K, CS"),
    "one-batch-overfit": CheckSpec(
        "before",
        "model-config",
        {"windows": 4, "length": 64, "rate": 3e-3, "steps": 200, "loss": 0.1, "large": 20e6, "large_steps": 20},
        "K, CS",
    ),
    "causality": CheckSpec("before", "model-config", {"gradient": 0.0}, "K"),
    "gradients-alive": CheckSpec("before", "model-config", {}, "K"),
    "parallel-equals-stepwise": CheckSpec("before", "model-config", {"difference": 1e-4}, "★"),
    "deterministic": CheckSpec("before", "model-config", {"steps": 3}, "K"),
    "memory-fits": CheckSpec("before", "model-config", {"share": USABLE}, "★"),
    "pretrained-loss": CheckSpec("before", "model-config", {}, "★"),
    "further-training": CheckSpec("before", "model-config", {"long_seconds": 3600}, "★"),
    "pretrained-trial": CheckSpec("before", "model-config", {"share": 0.02, "least_seconds": 1, "seconds": 10}, "★"),
    "disk-fits": CheckSpec("before", "model-config", {"beside_the_kept": 3}, "★"),
    "checkpoint-rehearsal": CheckSpec("before", "model-config", {}, "★"),
    # during
    "non-finite": CheckSpec("during", "loss-falling", {}, "T"),
    "loss-too-high": CheckSpec(
        "during",
        "loss-falling",
        {"settled_steps": 300, "above": 0.01, "early_steps": 20, "early_above": 0.10, "risen": 0.25},
        "★",
    ),
    "loss-spike": CheckSpec(
        "during", "loss-falling", {"deviations": 6, "factor": 1.5, "window": 100, "large_factor": 2.5, "near": 5}, "★"
    ),
    "loss-not-falling": CheckSpec(
        "during",
        "loss-falling",
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
    "overfitting": CheckSpec("during", "validation-below-training", {"above": 0.02, "evaluations": 3}, "P, ★"),
    "underfitting": CheckSpec("during", "loss-falling", {"apart": 0.02, "updates": 2000}, "CS, ★"),
    "clipping-always": CheckSpec("during", "loss-falling", {"share": 0.5, "window": 100, "exploding": 50}, "P, ★"),
    "update-ratio": CheckSpec(
        "during",
        "loss-falling",
        {"lowest": 1e-5, "highest": 0.06, "steps": 50, "settled_steps": 200, "rate": 0.5},
        "CS, ★",
    ),
    "out-of-memory": CheckSpec("during", "loss-falling", {}, "T"),
    "disk-unwritable": CheckSpec("during", "loss-falling", {}, "T"),
    "logger-failed": CheckSpec("during", "loss-falling", {}, "★"),
    "validation-below-training": CheckSpec(
        "during",
        "validation-below-training",
        {
            "below": 0.05,
            "wide": 0.05,
            "far": 0.10,
            "severe": 1.0,
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
    "perplexity-sane": CheckSpec("during", "perplexity-sane", {}, "★"),
    "accuracy-rising": CheckSpec(
        "during", "accuracy-rising", {"points": 0.005, "deviations": 2, "evaluations": 2}, "★"
    ),
    "early-stopping": CheckSpec("during", "early-stopping-works", {}, "G"),
    "first-evaluation-late": CheckSpec("during", "early-stopping-works", {"seconds": 1800}, "★"),
    # after
    "best-saved": CheckSpec("after", "best-saved", {}, "G"),
    "final-saved": CheckSpec("after", "final-saved", {}, "G"),
    "metrics-reported": CheckSpec("after", "metrics-reported", {"interval": 0.95}, "G"),
    "reload-same": CheckSpec("after", "model-testable", {}, "★"),
    "beats-baselines": CheckSpec(
        "after", "metrics-reported", {"updates": 2000, "settled_steps": 300}, "K, ★", "loss-falling"
    ),
    "continuations": CheckSpec("after", "metrics-reported", {}, "G"),
    "sample-sane": CheckSpec("after", "model-testable", {"distinct": 0.2, "copy": 0.5, "perplexity": 1.5}, "★"),
    "best-early": CheckSpec("after", "metrics-reported", {"share": 0.10}, "P"),
    "still-improving": CheckSpec("after", "metrics-reported", {"fall": 0.005}, "P, ★"),
    "final-worse": CheckSpec("after", "metrics-reported", {"share": 0.05}, "D"),
}


def numbers(check: str) -> dict[str, float]:
    """The thresholds of a check, for its findings."""
    return dict(CHECKS[check].numbers)
