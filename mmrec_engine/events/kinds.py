"""The events of a run, as typed, immutable values. A run is the stream of them; everything shown is a function of it.

state PREPARING
progress …                                      reading the text, encoding tokens
planned                                         the planner's choices, in a run with a given time
run_started                                     planned steps, model, corpus, the settings
state TRAINING
for each step:
    step                                        loss, rate, gradient norm
    if an evaluation is due:
        state VALIDATING; validation; sample; state TRAINING
    if a target loss may be near:
        state VALIDATING; validation (sampled); and, if it is, as above
    if a checkpoint is due, or the best so far:
        checkpoint                              recorded before the file is renamed
        unwritten                               the disk refused it, and the run goes on
    logger                                      one was opened, or failed, and the run goes on
    paused … resumed, control                   on request
    replanned                                   a run with a given time makes more or fewer steps
checkpoint final
run_finished                                    completed, early_stopped, target_reached, interrupted, failed
state FINISHED | STOPPED | FAILED
"""

from __future__ import annotations

import math
import time as clock
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

Status = Literal["completed", "early_stopped", "target_reached", "interrupted", "failed"]
StateWord = Literal["PREPARING", "TRAINING", "VALIDATING", "SAVING", "PAUSED", "FINISHED", "STOPPED", "FAILED"]
CheckpointKind = Literal["step", "best", "final"]
LoggerState = Literal["open", "broken", "silent", "slow", "ended"]


@dataclass(frozen=True, kw_only=True)
class Event:
    """Fields of all events. step counts from 1; 0 is before the first one."""

    event: ClassVar[str]
    # Fields that a line omits while they are unknown: None or NaN.
    unwritten: ClassVar[frozenset[str]] = frozenset()
    step: int = 0
    time: float = field(default_factory=clock.time)


@dataclass(frozen=True, kw_only=True)
class State(Event):
    event = "state"
    state: StateWord


@dataclass(frozen=True, kw_only=True)
class Progress(Event):
    """Progress of work outside the steps: `done` of `total` units (bytes of text, evaluation batches).

    total: 0 if unknown.
    """

    event = "progress"
    task: str
    done: int
    total: int

    @property
    def share(self) -> float:
        """From 0 to 1; 0 if unknown."""
        return min(1.0, max(0.0, self.done / self.total)) if self.total else 0.0


@dataclass(frozen=True, kw_only=True)
class RunStarted(Event):
    event = "run_started"
    planned_steps: int
    steps_an_epoch: int
    parameters: int
    corpus: dict[str, Any]
    settings: dict[str, Any]
    machine: dict[str, Any] = field(default_factory=dict)  # device, threads, precision
    baselines: dict[str, float] = field(default_factory=dict)  # n-gram baselines, nats a token
    origin: dict[str, Any] = field(default_factory=dict)  # of a follow-up run that a remedy started: run/auto_remedy.py


@dataclass(frozen=True, kw_only=True)
class Step(Event):
    """One update. loss: mean cross-entropy of the step's tokens, nats; tokens: seen so far; epoch counts from 1.

    update_ratio: |update| / |weight|, measured from time to time: that of the hidden matrix farthest from the usual 1e-3.
    memory_bytes: of rank 0's process, or the most that it has used on its GPU, from time to time in a run with loggers.
    loss_scale: the factor of the loss, in float16. curriculum: the share of the text, or of the windows' length, at
    the step; None without one.
    """

    event = "step"
    unwritten = frozenset({"update_ratio", "memory_bytes", "loss_scale", "curriculum"})
    loss: float
    learning_rate: float
    grad_norm: float
    tokens_per_second: float
    tokens: int
    epoch: int
    update_ratio: float | None = None
    memory_bytes: float | None = None
    loss_scale: float | None = None
    curriculum: float | None = None


@dataclass(frozen=True, kw_only=True)
class Validation(Event):
    """The whole validation split, dropout off. loss: nats a token; accuracy: 0–1; training_loss: of as many training
    windows, at most 65,536 tokens; standard_error: of the loss, if there are enough batches;
    plateaus: how often the rate was lowered so far, with such a schedule; parts: with several corpora the loss of each,
    while `loss` weights them by their shares.

    sampled: a sample of the windows, for a target loss; it has no training loss, and best and patience are unchanged.
    first_loss: of the first windows, at most `validation.FIRST_TOKENS`, for comparison with a reloaded model.
    """

    event = "validation"
    unwritten = frozenset({"training_loss", "first_loss", "standard_error", "plateaus", "parts"})
    loss: float
    perplexity: float
    accuracy: float
    bits_per_character: float
    training_loss: float = math.nan
    batches: int
    best: bool
    patience_used: int
    patience: int
    epoch: int
    sampled: bool = False
    first_loss: float | None = None
    standard_error: float | None = None
    plateaus: int | None = None
    parts: dict[str, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Sample(Event):
    event = "sample"
    prompt: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Checkpoint(Event):
    """A checkpoint file (`path`, relative to the run folder) is complete and about to be renamed."""

    event = "checkpoint"
    path: str
    kind: CheckpointKind


@dataclass(frozen=True, kw_only=True)
class Unwritten(Event):
    """A file of the run (`path`, relative to its folder) could not be written, and the run goes on. reason: the system's
    message.

    A checkpoint is tried again when the next one is due; lines of the record are kept in memory, and tried again.
    """

    event = "unwritten"
    path: str
    reason: str
    saved_step: int  # step of the newest checkpoint that is on disk; 0 if there is none


@dataclass(frozen=True, kw_only=True)
class Logger(Event):
    """A logger, or a function that gets the events (`name`): opened at `place`, or what went wrong with it. The run goes on.

    state: open; broken (it raised, and gets nothing more); silent (no sign of life); slow (behind when the run
    ended); ended (its process, by itself).
    reason: the text of the error, or the exit code.
    """

    event = "logger"
    name: str
    state: LoggerState
    reason: str = ""
    place: str = ""


@dataclass(frozen=True, kw_only=True)
class Waiting(Event):
    """Other ranks have not connected for a minute. missing: their numbers, from 1; place: the address of the rendezvous."""

    event = "waiting"
    missing: tuple[int, ...]
    processes: int
    place: str


@dataclass(frozen=True, kw_only=True)
class Check(Event):
    """A finding before or after training, as contract and checklist define it."""

    event = "check"
    finding: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Finding(Event):
    """A finding during training."""

    event = "finding"
    finding: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class FindingUpdate(Event):
    """A finding during training that still holds, with its figures as they are now. It is told already: views show it in
    place of the earlier one of the same id."""

    event = "finding_update"
    finding: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class SettingsChanged(Event):
    """Settings that change from the next step on. before: the old values; planned_steps: of the run with the new ones."""

    event = "settings_changed"
    changes: dict[str, Any]
    reason: str  # "resume", "out-of-memory", "control", "time", or "remedy" and its id
    before: dict[str, Any] = field(default_factory=dict)
    planned_steps: int = 0


@dataclass(frozen=True, kw_only=True)
class Planned(Event):
    """The planner's choices for this text, this machine and this time, before the text is encoded.

    choices: by setting, each with `value`, `reason` (a key of `planning.reasons`) and `values` (for the words of the reason).
    expected: the expected results, as far as they are known: `steps`, `tokens`, `passes`, `seconds`.
    """

    event = "planned"
    choices: dict[str, Any]
    expected: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Replanned(SettingsChanged):
    """The number of steps that fit into the remaining time, because the machine is slower or faster than planned.

    seconds_left: of the run's time; seconds_a_step: as they are now. The clock has an effect only through these events: a
    resume makes the same change at the same step.
    """

    event = "replanned"
    seconds_left: float
    seconds_a_step: float


@dataclass(frozen=True, kw_only=True)
class Control(Event):
    """A request from outside was read: acknowledges a line of `control.jsonl` by its id. refused: why it was refused."""

    event = "control"
    unwritten = frozenset({"refused"})
    id: str
    command: str
    accepted: bool
    refused: str | None = None


@dataclass(frozen=True, kw_only=True)
class Paused(Event):
    event = "paused"


@dataclass(frozen=True, kw_only=True)
class Resumed(Event):
    """Training continues: after a pause (planned_steps 0), or in a new process from `checkpoint`; None: from the beginning.

    skipped: damaged checkpoints. learning_rate_before, learning_rate: of the last step and the next one, if new
    limits stretch the schedule so that the rate rises again.
    """

    event = "resumed"
    unwritten = frozenset({"learning_rate_before", "learning_rate"})
    checkpoint: str | None = None
    planned_steps: int = 0
    skipped: tuple[str, ...] = ()
    learning_rate_before: float | None = None
    learning_rate: float | None = None


@dataclass(frozen=True, kw_only=True)
class RunFinished(Event):
    """The end of a run, the last event of a record. seconds: that its last process took, without pauses."""

    event = "run_finished"
    status: Status
    reason: str
    seconds: float
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def state_word(self) -> StateWord:
        return "FAILED" if self.status == "failed" else "STOPPED" if self.status == "interrupted" else "FINISHED"


KINDS: dict[str, type[Event]] = {
    event_type.event: event_type
    for event_type in (
        State, Progress, RunStarted, Step, Validation, Sample, Checkpoint, Unwritten, Logger, Waiting, Check, Finding,
        FindingUpdate, SettingsChanged, Planned, Replanned, Control, Paused, Resumed, RunFinished,
    )
}  # fmt: skip
