"""The training loop: steps, validations and checkpoints, as a stream of events (in the order that events/kinds.py describes).

This file is the whole of training from top to bottom; the parts are in their own files. It also writes checkpoints (`saving`),
because their order relative to their events makes a resume exact; all other output is written by the consumer of the events.

Every rank runs this loop, and decides by values that are equal in all of them. Rank 0 broadcasts what only it knows:
requests, the number of steps that fit into the time, whether a checkpoint was written. Only rank 0 writes, and only its events
are read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from mmrec_engine import events
from mmrec_engine.errors import RequestError
from mmrec_engine.evaluation.metrics import bits_per_character, perplexity
from mmrec_engine.evaluation.validation import sample_text, training_loss, validate, validate_sample
from mmrec_engine.events import Event, Status, relayed
from mmrec_engine.settings import can_change_while_running, resolve
from mmrec_engine.storage import run_files
from mmrec_engine.system.memory import ran_out
from mmrec_engine.training.control import Control, Request
from mmrec_engine.training.device_memory import used_bytes
from mmrec_engine.training.plan import ending
from mmrec_engine.training.saving import repair_best, save, save_best, save_final, save_if_possible
from mmrec_engine.training.state import TrainingState
from mmrec_engine.training.train_step import RATIO_EVERY

Result = TypeVar("Result")
Ending = tuple[Status, dict[str, object]]
_INTERRUPTED: Status = "interrupted"


def run_steps(training: TrainingState, control: Control) -> Generator[Event, None, Ending]:
    """Train until the plan, patience, a target or a request ends the run. Returns how it ended."""
    yield from save_if_possible(training, run_files.BEST, repair_best(training))
    ended = ending(training.progress, training.plan, training.settings)
    if (
        ended is not None and training.resumed_from == run_files.FINAL
    ):  # killed between its last checkpoint and its last event
        return ended
    yield events.State(step=training.progress.step, state="TRAINING")
    while True:
        step = training.progress.step
        yield from _keep_to_the_time(training)
        yield from _look_at_sample(training, control)
        due = (
            training.plan.validates(step, training.settings.eval_every)
            or training.target_estimate.whole_step == step > 0
        )
        if due and training.progress.validated_step < step:
            improved = yield from _validation(training, control)
            if improved and training.settings.save_best_model:
                yield from save_if_possible(training, run_files.BEST, save_best(training))
            yield events.State(step=step, state="TRAINING")
        undone = due and training.progress.validated_step < step
        end = None if undone else _reached(training, ending(training.progress, training.plan, training.settings))
        if step and step % training.settings.checkpoint_every == 0 and training.saved_step != step and not undone:
            yield from save_if_possible(training, run_files.step_name(step), save(training))
            yield events.State(step=step, state="TRAINING")
        if end is not None:
            yield from save_final(training)
            return end
        stop = yield from _obey(training, control)
        if stop is not None:
            if step and training.saved_step != step:
                yield from save(training)
            return _INTERRUPTED, {"by": stop}
        yield (yield from _timed_step(training))


def _reached(training: TrainingState, end: Ending | None) -> Ending | None:
    """The end, with the given limit that a run with a given time has reached."""
    limit, most = training.limited_by, training.most_steps
    if end is None or end[0] != "completed" or not limit or most is None or training.progress.step < most:
        return end
    return end[0], {**end[1], limit: training.settings.epochs if limit == "epochs" else most}


def _timed_step(training: TrainingState) -> Generator[Event, None, events.Step]:
    began = time.monotonic()
    made = yield from _step(training)
    if training.deadline is not None:
        training.deadline.add_step(time.monotonic() - began)
    return made


def _keep_to_the_time(training: TrainingState) -> Iterator[Event]:
    """In a run with a given time: plan as many steps as fit into the remaining time. A checkpoint stores the plan at once."""
    step, planned = training.progress.step, training.plan.planned_steps
    if training.settings.time is None or not step:
        return
    fitting, left, seconds = training.group.broadcast(_fitting(training))
    if fitting == planned:
        return
    training.replan(fitting)
    yield events.Replanned(
        step=step,
        changes={"max_steps": fitting},
        before={"max_steps": planned},
        reason="time",
        planned_steps=fitting,
        seconds_left=round(left, 2),
        seconds_a_step=round(seconds, 4),
    )
    yield from save_if_possible(training, run_files.step_name(step), save(training))
    yield events.State(step=step, state="TRAINING")


def _fitting(training: TrainingState) -> tuple[int, float, float]:
    """The number of steps by rank 0's clock; remaining seconds, and those of a step."""
    settings, deadline, planned = training.settings, training.deadline, training.plan.planned_steps
    if deadline is None:  # another rank
        return planned, 0.0, 0.0
    every = training.plan.steps_between_validations(settings.eval_every)
    fitting = deadline.decide(training.progress.step, planned, every, settings.checkpoint_every, training.most_steps)
    return planned if fitting is None else fitting, deadline.left, deadline.seconds_a_step


def _step(training: TrainingState) -> Generator[Event, None, events.Step]:
    """One update, and the progress after it. If memory runs out, the same windows are computed with a smaller micro-batch."""
    settings, step = training.settings, training.progress.step + 1
    rate = training.rate(step)
    while True:
        began = time.perf_counter()
        try:
            result = training.make_step(step, training.progress.windows, rate)
            break
        except (RuntimeError, MemoryError) as error:
            if not ran_out(error) or training.settings.windows_at_once == 1 or training.group.sharded:
                raise
        # After the handler, in which the exception would keep the step's tensors alive.
        training.stepper.drop_gradients()
        yield from _change(training, {"microbatch": training.settings.windows_at_once // 2}, "out-of-memory")
    if training.average is not None:
        training.average.add(step)
    training.progress = replace(
        training.progress,
        step=step,
        windows=training.progress.windows + settings.windows_a_step,
        tokens=training.progress.tokens + result.tokens,
    )
    return events.Step(
        step=step,
        loss=result.loss,
        learning_rate=rate,
        grad_norm=result.grad_norm,
        tokens_per_second=round(result.tokens / (time.perf_counter() - began), 1),
        tokens=training.progress.tokens,
        epoch=training.plan.epoch_of(step),
        update_ratio=result.update_ratio,
        memory_bytes=_memory(training, step),
        curriculum=result.curriculum,
        loss_scale=result.loss_scale if training.machine.precision == "fp16" else None,
    )


def _memory(training: TrainingState, step: int) -> float | None:
    """For logs alone: it is the only value of a step that differs between two processes with the same steps."""
    measured = training.settings.log is not None and (step == 1 or step % RATIO_EVERY == 0)
    return used_bytes(training.machine.device) if measured else None


def _validation(training: TrainingState, control: Control) -> Generator[Event, None, bool]:
    """Validate, and return whether this is the best so far. A stop request interrupts it; it is repeated on resume."""
    step, length, model = training.progress.step, training.settings.evaluated_length, training.model
    began = time.monotonic()
    stopped, precision = _stopped(training, control), training.machine.autocast
    yield events.State(step=step, state="VALIDATING")
    with training.eval_weights() as ranks:
        metrics = yield from _at(step, validate(model, training.corpus, length, stopped, ranks))
        if metrics is None:
            return False
        beside = yield from _at(step, training_loss(model, training.corpus, length, stopped, precision, ranks))
        if beside is None:
            return False
    if training.deadline is not None:
        training.deadline.add_validation(time.monotonic() - began)
    deciding = metrics.deciding_loss(training.settings.early_stopping_on)
    training.progress = training.progress.after_validation(deciding, training.settings.plateau_patience)
    if training.plan.target_loss is not None:
        training.target_estimate = training.target_estimate.after_whole(step, deciding, training.plan.target_loss)
    improved = training.progress.best_step == step
    yield events.Validation(
        step=step,
        loss=metrics.loss,
        perplexity=metrics.perplexity,
        accuracy=metrics.accuracy,
        bits_per_character=metrics.bits_per_character,
        training_loss=beside,
        batches=metrics.batches,
        best=improved,
        patience_used=training.progress.patience_used,
        patience=training.settings.early_stopping_patience,
        epoch=training.plan.epoch_of(step),
        first_loss=metrics.first_loss,
        standard_error=metrics.standard_error,
        plateaus=training.progress.plateaus if training.settings.schedule == "plateau" else None,
        parts=metrics.parts or None,
    )
    # After the event above, so that the record has the time of both.
    with training.eval_weights() as ranks:
        written = sample_text(model, training.corpus, training.settings.seed) if ranks.generates else None
    if written is not None:
        yield events.Sample(step=step, prompt=written[0], text=written[1])
    return improved


def _stopped(training: TrainingState, control: Control) -> Callable[[], bool]:
    """Whether a stop was requested: rank 0's answer, in all ranks."""
    return lambda: training.group.broadcast(control.stop_asked)


def _look_at_sample(training: TrainingState, control: Control) -> Iterator[Event]:
    """Evaluate a sample of the validation split, if the target loss may be near.

    A stop request interrupts the evaluation; the resumed run then repeats it.
    """
    settings, step, target = training.settings, training.progress.step, training.plan.target_loss
    looks = target is not None and settings.samples_on_the_way and step >= training.target_estimate.next_step
    if target is None or not looks or training.plan.validates(step, settings.eval_every):
        return
    yield events.State(step=step, state="VALIDATING")
    with training.eval_weights() as ranks:
        tokens, all_of_them = training.target_estimate.sample(target)
        looking = validate_sample(
            training.model, training.corpus, settings.evaluated_length, tokens, all_of_them, _stopped(training, control),
            training.machine.autocast, settings.early_stopping_on, ranks,
        )  # fmt: skip
        found = yield from _at(step, looking)
    if found is not None:
        sample, all_seen = found
        training.target_estimate = training.target_estimate.after_sample(step, sample.loss, all_seen.loss, target)
        yield events.Validation(
            step=step,
            loss=sample.loss,
            perplexity=perplexity(sample.loss),
            accuracy=sample.accuracy,
            bits_per_character=bits_per_character(sample.loss, sample.tokens, sample.characters),
            batches=sample.batches,
            best=False,
            patience_used=training.progress.patience_used,
            patience=settings.early_stopping_patience,
            epoch=training.plan.epoch_of(step),
            sampled=True,
        )
    yield events.State(step=step, state="TRAINING")


def _at(step: int, work: Generator[events.Progress, None, Result]) -> Generator[Event, None, Result]:
    """Set the step of progress events."""
    return relayed(work, lambda progress: (replace(progress, step=step),))


def _change(training: TrainingState, changes: Mapping[str, Any], reason: str) -> Iterator[Event]:
    """Change settings from the next step on. A checkpoint stores them at once, so that a resume changes them at this step
    too."""
    step, before = training.progress.step, {name: getattr(training.settings, name) for name in changes}
    if "microbatch" in before:
        before["microbatch"] = training.settings.windows_at_once
    settings = resolve({**training.settings.as_dict(), **changes}).settings
    training.change_settings(settings)
    made = {name: getattr(settings, name) for name in changes}
    yield events.SettingsChanged(
        step=step, changes=made, before=before, reason=reason, planned_steps=training.plan.planned_steps
    )
    if step:
        yield from save_if_possible(training, run_files.step_name(step), save(training))


def _refusal(training: TrainingState, request: Request) -> str | None:
    """Why a request is refused; None if it is not."""
    if not request.known:
        return str(RequestError("command-unknown", command=request.command))
    if request.command != "change":
        return None
    unsound = [
        name
        for name in request.settings
        if not can_change_while_running({name: 0}, training.progress.step >= training.settings.warmup_steps)
    ]
    if unsound or not request.settings:
        return str(RequestError("change-unsound", names=", ".join(unsound) or "settings"))
    try:
        resolve({**training.settings.as_dict(), **request.settings})
    except RequestError as error:
        return str(error)
    return None


def _obey(training: TrainingState, control: Control) -> Generator[Event, None, str | None]:
    """Carry out rank 0's requests in all ranks; while paused, wait here. Returns the reason of a stop."""
    step, paused = training.progress.step, False
    while True:
        requests = training.group.broadcast(list(control.take()))
        for request in requests:
            if request.id:
                refused = _refusal(training, request)
                yield events.Control(
                    step=step, id=request.id, command=request.command, accepted=refused is None, refused=refused
                )
            match request.command:
                case "change" if _refusal(training, request) is None:
                    yield from _change(training, request.settings, request.reason)
                    yield events.State(step=step, state="PAUSED" if paused else "TRAINING")
                case "stop":
                    return request.reason or "control"
                case "save" if step:
                    yield from save_if_possible(training, run_files.step_name(step), save(training))
                    yield events.State(step=step, state="PAUSED" if paused else "TRAINING")
                case "pause" if not paused:
                    paused = True
                    yield events.Paused(step=step)
                    yield events.State(step=step, state="PAUSED")
                case "resume" if paused:
                    paused = False
                    yield events.Resumed(step=step)
                    yield events.State(step=step, state="TRAINING")
        if not requests and not paused:
            return None
        if not requests:
            moment = control.wait()
            if training.deadline is not None:
                training.deadline.add_pause(moment)
