"""Progress and end of a run: pure functions of counts and settings, including early stopping."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from mmrec_engine.errors import UnusableError
from mmrec_engine.events import Status
from mmrec_engine.settings import Settings

_MOST_COUNT = 2**63
UNLIMITED = 10**9  # steps


@dataclass(frozen=True)
class TrainingProgress:
    """Progress of a run, which is part of a checkpoint; all counts are since the start of the run.

    windows: training windows seen; validated_step: step of the last full validation; patience_used: validations since the
    best one; plateaus: how often `plateau_patience` validations in a row had no new best, so that a schedule may lower its
    rate.
    """

    step: int = 0
    windows: int = 0
    tokens: int = 0
    validated_step: int = 0
    last_loss: float | None = None
    best_loss: float | None = None
    best_step: int = 0
    patience_used: int = 0
    plateaus: int = 0

    @classmethod
    def of_stored(cls, stored: Mapping[str, Any]) -> TrainingProgress:
        """The stored progress. Raises ValueError if a count is missing, so that none silently starts from 0."""
        if set(stored) != {one.name for one in fields(cls)}:
            raise UnusableError("incomplete", what="progress")
        for name, value in stored.items():
            if not (_is_loss(value) if name.endswith("loss") else _is_count(value)):
                raise UnusableError("no-valid-value", what="progress", name=name)
        progress = cls(**stored)
        began, validated, found = progress.step > 0, progress.validated_step > 0, progress.best_step > 0
        true_of_every_run = (
            progress.best_step <= progress.validated_step <= progress.step
            and (progress.windows > 0) == (progress.tokens > 0) == began
            and (progress.last_loss is not None) == validated
            and (progress.best_loss is not None) == found
            and (progress.patience_used > 0) == (progress.best_step < progress.validated_step)
        )
        if not true_of_every_run:
            raise UnusableError("contradiction")
        return progress

    def after_validation(self, loss: float, plateau: int) -> TrainingProgress:
        """A loss that is not lower than the best (NaN is not) uses up one unit of patience; `plateau` of them are a
        plateau."""
        if not math.isnan(loss) and (self.best_loss is None or loss < self.best_loss):
            return replace(
                self, validated_step=self.step, last_loss=loss, best_loss=loss, best_step=self.step, patience_used=0
            )
        used = self.patience_used + 1
        plateaus = self.plateaus + (used % plateau == 0)
        return replace(self, validated_step=self.step, last_loss=loss, patience_used=used, plateaus=plateaus)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST_COUNT


def _is_loss(value: object) -> bool:
    return value is None or isinstance(value, float)


@dataclass(frozen=True)
class Plan:
    """Steps of a run: in total, and for each epoch e its last step ⌈e·n/B⌉ (n windows, B a step)."""

    planned_steps: int
    windows_an_epoch: int
    windows_a_step: int
    target_loss: float | None = None  # nats a token, at or below which the run ends

    @property
    def steps_an_epoch(self) -> int:
        return -(-self.windows_an_epoch // self.windows_a_step)

    def steps_of(self, epochs: int) -> int:
        """The last step of this many epochs."""
        return steps_of_epochs(epochs, self.windows_an_epoch, self.windows_a_step)

    def steps_between_validations(self, every: int | None) -> int:
        """every: as given; None: an epoch."""
        return self.steps_an_epoch if every is None else every

    def epoch_of(self, step: int) -> int:
        """The epoch, counted from 1, of a step's first window."""
        return (step - 1) * self.windows_a_step // self.windows_an_epoch + 1

    def ends_epoch(self, step: int) -> bool:
        return step > 0 and self.epoch_of(step + 1) != self.epoch_of(step)

    def validates(self, step: int, every: int | None) -> bool:
        due = self.ends_epoch(step) if every is None else step % every == 0
        return step > 0 and (due or step >= self.planned_steps)


def steps_of_epochs(epochs: int, windows_an_epoch: int, windows_a_step: int) -> int:
    return -(-epochs * windows_an_epoch // windows_a_step)


def make_plan(settings: Settings, windows_an_epoch: int, tokens_a_character: float | None = None) -> Plan:
    """Epochs and steps both limit a run; the earlier limit ends it. A limit in time is not yet known in steps.

    tokens_a_character: of the validation split, to convert a target in bits a character to nats a token; of two targets
    the one that is reached first counts.
    """
    limits = []
    if settings.epochs is not None:
        limits.append(steps_of_epochs(settings.epochs, windows_an_epoch, settings.windows_a_step))
    if settings.max_steps is not None:
        limits.append(settings.max_steps)
    targets = [] if settings.target_loss is None else [settings.target_loss]
    if settings.target_bits is not None and tokens_a_character:
        targets.append(settings.target_bits * math.log(2) / tokens_a_character)
    return Plan(min(limits, default=UNLIMITED), windows_an_epoch, settings.windows_a_step, max(targets, default=None))


def ending(progress: TrainingProgress, plan: Plan, settings: Settings) -> tuple[Status, dict[str, object]] | None:
    """Why the run ends now, with the values for the words of the reason; None to continue."""
    loss, target = progress.last_loss, plan.target_loss
    if loss is not None and target is not None and loss <= target:
        bits = {} if settings.target_bits is None else {"target_bits": settings.target_bits}
        return "target_reached", {"loss": loss, "target_loss": target, **bits}
    if progress.step >= plan.planned_steps:
        return "completed", {"steps": progress.step}
    if progress.patience_used >= settings.early_stopping_patience:
        return "early_stopped", {
            "patience": settings.early_stopping_patience,
            "best_loss": progress.best_loss,
            "best_step": progress.best_step,
        }
    return None
