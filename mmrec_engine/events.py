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

JSON form: one object a line with "event", "time" (seconds since the epoch), "step" and the fields below. Numbers that are not
finite are written as the strings "NaN", "Infinity" and "-Infinity", so every line is valid JSON.
"""

from __future__ import annotations

import json
import math
import time as clock
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, ClassVar, Literal, TypeVar, get_args, get_origin, get_type_hints

Result = TypeVar("Result")
Item = TypeVar("Item")
Shown = TypeVar("Shown")
Status = Literal["completed", "early_stopped", "target_reached", "interrupted", "failed"]
StateWord = Literal["PREPARING", "TRAINING", "VALIDATING", "SAVING", "PAUSED", "FINISHED", "STOPPED", "FAILED"]
CheckpointKind = Literal["step", "best", "final"]
LoggerState = Literal["open", "broken", "silent", "slow", "ended"]

_MOST_COUNT = 2**63
_PARTS_OF_A_FINDING = {"remedies": list, **dict.fromkeys(("id", "phase", "item", "status", "title", "evidence"), str)}
_PARTS_OF_A_REMEDY = {"id": str, "title": str, "settings": dict}
_NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


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
    """The number of steps that fit into the remaining time, after the machine became slower or faster.

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
        SettingsChanged, Planned, Replanned, Control, Paused, Resumed, RunFinished,
    )
}  # fmt: skip


def to_line(event: Event) -> str:
    """The event as one line of JSON, without the line end."""
    values = {item.name: getattr(event, item.name) for item in fields(event)}
    own = {
        name: value
        for name, value in values.items()
        if name not in ("step", "time") and not (name in event.unwritten and (value is None or value != value))
    }
    head = {"event": event.event, "time": round(event.time, 3), "step": event.step}
    return json.dumps(finite({**head, **own}), ensure_ascii=False, allow_nan=False)


def from_line(line: str | bytes) -> Event | None:
    """The event of one line; None for an incomplete line, an unknown kind or fields that do not fit."""
    try:
        values = json.loads(line)
        event_type, types = _reading(values["event"])
        fitting = {}
        for name, value in values.items():
            if (declared := types.get(name)) is not None:
                # Nearly all values have their type as they come from JSON; an integer may still be too large for a float.
                fitting[name] = value if value.__class__ is declared and declared is not int else _fit(value, declared)
        if "finding" in fitting and not _is_finding(fitting["finding"]):
            return None
        return event_type(**fitting)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return None


def finite(value: Any) -> Any:
    """The value with non-finite floats written as strings."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value


@cache
def _reading(kind: str) -> tuple[type[Event], dict[str, Any]]:
    """The class of this kind and the declared types of its fields."""
    event_type = KINDS[kind]
    hints = get_type_hints(event_type)
    plain = {item.name: hints[item.name] for item in fields(event_type)}
    return event_type, {name: dict if hint == dict[str, Any] else hint for name, hint in plain.items()}


def _fit(value: Any, declared: Any) -> Any:
    """A JSON value as the declared type. Raises TypeError or KeyError if it is not one."""
    if declared is float:
        return value if type(value) is float else float(value) if type(value) is int else _NON_FINITE[value]
    if declared in (float | None, dict[str, float] | None):
        return None if value is None else _fit(value, get_args(declared)[0])
    if declared is int:
        if type(value) is int and -_MOST_COUNT < value < _MOST_COUNT:
            return value
    elif get_origin(declared) is Literal:
        if value in get_args(declared):
            return value
    elif get_origin(declared) is dict:  # of numbers
        if type(value) is dict:
            return {name: _fit(item, float) for name, item in value.items()}
    elif get_origin(declared) is tuple:
        if type(value) is list and all(type(item) is str for item in value):
            return tuple(value)
    elif isinstance(value, declared):  # text or null
        return value
    raise TypeError(f"{declared}: {value!r}")


def _is_finding(value: dict[str, Any]) -> bool:
    """Whether each existing part has its type; another version's may lack some or have more."""
    remedies = value.get("remedies", [])
    return _has_parts(value, _PARTS_OF_A_FINDING) and all(
        isinstance(remedy, dict) and _has_parts(remedy, _PARTS_OF_A_REMEDY) for remedy in remedies
    )


def _has_parts(value: dict[str, Any], parts: Mapping[str, type]) -> bool:
    return all(isinstance(value[name], kind) for name, kind in parts.items() if name in value)


def result_of(work: Generator[Item, None, Result], each: Callable[[Item], object] = lambda item: None) -> Result:
    """Run a generator to its end and return its result. each: called with what it yields; None: the values are dropped."""
    while True:
        try:
            each(next(work))
        except StopIteration as finished:
            result: Result = finished.value
            return result


def relayed(
    work: Generator[Item, None, Result], each: Callable[[Item], Iterable[Shown]]
) -> Generator[Shown, None, Result]:
    """Run a generator to its end, yield the items that `each` returns for its values, and return its result. It is closed if
    `each` raises, or if this one is closed."""
    try:
        while True:
            try:
                item = next(work)
            except StopIteration as finished:
                result: Result = finished.value
                return result
            yield from each(item)
    finally:
        work.close()
