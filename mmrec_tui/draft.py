"""A run being planned: what was chosen by hand, what follows from it, what it will cost. Pure: asks no machine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mmrec_engine.corpus.batches import training_windows
from mmrec_engine.corpus.hub_source import anchored
from mmrec_engine.corpus.prepare import Corpus, too_short
from mmrec_engine.corpus.windows import EvaluationWindows
from mmrec_engine.errors import RequestError
from mmrec_engine.plan import make_plan
from mmrec_engine.presets import PRESETS
from mmrec_engine.settings import CORPUS_CHOICE, FIELDS, Resolved, Settings, resolve, value_type

# The settings that the plan shows, under their headings.
GROUPS: dict[str, tuple[str, ...]] = {
    "length": ("epochs", "max_steps", "batch_size", "accumulate", "microbatch", "seq_len", "stride"),
    "optimizer": ("recipe", "learning_rate", "warmup_steps", "schedule", "decay_share", "cycles", "plateau_factor",
                  "plateau_patience", "learning_rate_floor", "weight_average", "weight_decay", "grad_clip", "dropout",
                  "optimizer"),
    "text": ("tokenizer", "vocab_size", "val_split", "max_corpus_bytes", "encoding", "fix_encoding"),
    "judging": ("early_stopping_patience", "eval_every", "target_loss", "metrics"),
    "model": ("arch", "seed", "precision", "threads", "gradient_checkpointing"),
    "saving": ("name", "checkpoint_every", "keep_checkpoints"),
}  # fmt: skip
# What counts for nothing unless another setting has one of these values: not shown otherwise.
ONLY_WITH: dict[str, tuple[str, tuple[str, ...]]] = {
    "decay_share": ("schedule", ("wsd",)),
    "cycles": ("schedule", ("cosine-restarts",)),
    "plateau_factor": ("schedule", ("plateau",)),
    "plateau_patience": ("schedule", ("plateau",)),
}
# What the curve of the learning rate is made of.
RATE_SETTINGS = ("epochs", "max_steps", "learning_rate", "warmup_steps", "schedule", "learning_rate_floor", *ONLY_WITH)
# What decides the prepared corpus, and what decides how long a step takes.
CORPUS_SETTINGS = (
    *CORPUS_CHOICE,
    "encoding",
    "fix_encoding",
    "val_split",
    "vocab_size",
    "tokenizer",
    "max_corpus_bytes",
)
SPEED_SETTINGS = ("config", "arch", "batch_size", "accumulate", "microbatch", "seq_len", "optimizer", "precision", "threads",
                  "device", "gradient_checkpointing")  # fmt: skip
_BYTES_A_PARAMETER = 12  # weight and two moments, as a checkpoint holds them
_BESIDE_THE_KEPT = 3  # best, final, and the one being written


@dataclass(frozen=True)
class Draft:
    """given: values by hand, by setting."""

    given: dict[str, Any]

    def with_value(self, name: str, value: Any) -> Draft:
        """One value set, or none: back to where it comes from without the hand."""
        given = {key: kept for key, kept in self.given.items() if key != name}
        return Draft(given if value is None else {**given, name: value})

    def with_corpus(self, choice: dict[str, Any]) -> Draft:
        kept = {
            name: value
            for name, value in self.given.items()
            if name not in (*CORPUS_CHOICE, "encoding", "fix_encoding")
        }
        return Draft({**kept, **choice})

    def with_profile(self, values: dict[str, Any]) -> Draft:
        """A starting profile takes the place of all that was set by hand but the model, the text and the name."""
        kept = {
            name: self.given[name]
            for name in (*CORPUS_CHOICE, "encoding", "fix_encoding", "config", "name")
            if name in self.given
        }
        return Draft({**kept, **values})

    def resolved(self) -> Resolved:
        """Raises RequestError where the values cannot be."""
        return resolve(self.given)


def known_settings(values: dict[str, Any]) -> dict[str, Any]:
    """Of remembered values those that are settings still and hold; a remembered plan must never be in the way."""
    kept: dict[str, Any] = {}
    for name, value in values.items():
        if name in FIELDS:
            try:
                resolve({**kept, name: value})
            except ValueError:
                continue
            kept[name] = value
    return kept


def typed(name: str, text: str) -> Any:
    """What was typed into a field: none where it is empty; a comma is a decimal point."""
    text = text.strip()
    if not text:
        return None
    return text.replace(",", ".") if value_type(name) in (int, float) else text


def key_of(settings: Settings, names: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(getattr(settings, name) for name in names)


@dataclass(frozen=True)
class Outlook:
    """What a run will be. seconds: of its steps, validations left out; none where no speed is known."""

    steps: int
    steps_an_epoch: int
    first_validation: int
    parameters: int
    disk_bytes: int
    memory_bytes: int
    seconds: float | None
    seconds_an_epoch: float | None
    seconds_to_validation: float | None


def windows_of(settings: Settings, corpus: Corpus) -> tuple[int, int]:
    """Whole windows of the two sides; 0 where a side is shorter than one."""
    train = training_windows(settings, corpus).count
    whole = len(corpus.validation.tokens) > settings.seq_len
    return train, EvaluationWindows(corpus.validation.tokens, settings.seq_len).count if whole else 0


def outlook(settings: Settings, corpus: Corpus, seconds_a_step: float | None) -> Outlook:
    """corpus: prepared as the settings say, with a whole window on each side."""
    windows, _ = windows_of(settings, corpus)
    plan = make_plan(settings, windows)
    model = PRESETS[settings.config].model(settings.arch, corpus.tokenizer.vocab_size, settings.seq_len)
    first = min(plan.planned_steps, settings.eval_every or plan.steps_an_epoch)
    kept = settings.keep_checkpoints + _BESIDE_THE_KEPT

    def lasting(steps: int) -> float | None:
        return None if seconds_a_step is None else steps * seconds_a_step

    return Outlook(
        steps=plan.planned_steps,
        steps_an_epoch=plan.steps_an_epoch,
        first_validation=first,
        parameters=model.parameters(),
        disk_bytes=kept * _BYTES_A_PARAMETER * model.parameters(),
        memory_bytes=model.training_bytes(settings.windows_at_once, settings.seq_len),
        seconds=lasting(plan.planned_steps),
        seconds_an_epoch=lasting(plan.steps_an_epoch),
        seconds_to_validation=lasting(first),
    )


def named(resolved: Resolved, name: str) -> Resolved:
    """The same run in a folder of this name, its text by a path that holds from anywhere."""
    settings = replace(resolved.settings, name=name)
    if settings.data_dir is not None:
        settings = replace(settings, data_dir=str(Path(settings.data_dir).expanduser().absolute()))
    settings = replace(settings, corpus=anchored(settings.corpus))
    return replace(resolved, settings=settings, sources={**resolved.sources, "name": "hand"})


def short_side(settings: Settings, corpus: Corpus) -> RequestError | None:
    """Why the text is too short for these windows."""
    for label, side in (("training", corpus.train), ("validation", corpus.validation)):
        if len(side.tokens) < settings.seq_len + 1:
            return too_short(label, len(side.tokens), settings.seq_len)
    return None
