"""The training loop: steps, validations and checkpoints, as a stream of events (events.py tells the order).

Top to bottom this is the whole of training; what each part does stands in its own file. It writes checkpoints, because their
order against their events is what makes a resume exact; all else that leaves the process is the consumer's business.

Every rank runs this loop, and decides by values that are equal in all of them. What only rank 0 can know it broadcasts: what a
person asked for, how many steps fit into the time, whether a checkpoint was written. Rank 0 alone writes, and its events alone
are looked at.
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
from mmrec_engine.runs import checkpoints
from mmrec_engine.settings import can_change_while_running, resolve
from mmrec_engine.storage import run_files
from mmrec_engine.system.memory import ran_out
from mmrec_engine.training.control import Control, Request
from mmrec_engine.training.plan import ending
from mmrec_engine.training.state import LAST_WEIGHTS, TrainingState

Result = TypeVar("Result")
Ending = tuple[Status, dict[str, object]]
_INTERRUPTED: Status = "interrupted"


def run_steps(training: TrainingState, control: Control) -> Generator[Event, None, Ending]:
    """Train until the plan, the patience, the target or a person says stop. Returns how the run ended."""
    yield from _if_it_can(training, run_files.BEST, _mend_best(training))
    ended = ending(training.progress, training.plan, training.settings)
    if (
        ended is not None and training.resumed_from == run_files.FINAL
    ):  # killed between its last checkpoint and its last word
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
                yield from _if_it_can(training, run_files.BEST, _save_best(training))
            yield events.State(step=step, state="TRAINING")
        undone = due and training.progress.validated_step < step
        end = None if undone else ending(training.progress, training.plan, training.settings)
        if step and step % training.settings.checkpoint_every == 0 and training.saved_step != step and not undone:
            yield from _if_it_can(training, run_files.step_name(step), _save(training))
            yield events.State(step=step, state="TRAINING")
        if end is not None:
            yield from _save_final(training)
            return end
        stop = yield from _obey(training, control)
        if stop is not None:
            if step and training.saved_step != step:
                yield from _save(training)
            return _INTERRUPTED, {"by": stop}
        yield (yield from _timed_step(training))


def _timed_step(training: TrainingState) -> Generator[Event, None, events.Step]:
    began = time.monotonic()
    made = yield from _step(training)
    if training.deadline is not None:
        training.deadline.add_step(time.monotonic() - began)
    return made


def _keep_to_the_time(training: TrainingState) -> Iterator[Event]:
    """In a run that has a given time: take as many steps as fit into what is left of it. A checkpoint holds that at once."""
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
    yield from _if_it_can(training, run_files.step_name(step), _save(training))
    yield events.State(step=step, state="TRAINING")


def _fitting(training: TrainingState) -> tuple[int, float, float]:
    """How many steps the run is to have, by rank 0's clock; seconds that are left, and those of a step."""
    settings, deadline, planned = training.settings, training.deadline, training.plan.planned_steps
    if deadline is None:  # another rank
        return planned, 0.0, 0.0
    fitting = deadline.decide(training.progress.step, planned, settings.eval_every, settings.checkpoint_every)
    if fitting is not None:
        fitting = min(fitting, training.most_steps or fitting)
    return planned if fitting is None else fitting, deadline.left, deadline.seconds_a_step


def _step(training: TrainingState) -> Generator[Event, None, events.Step]:
    """One update, and the progress after it. Where memory runs out the same windows go through the model in smaller pieces."""
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
        # Past the handler, where the error no longer holds on to what the step had made.
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
        curriculum=result.curriculum,
        loss_scale=result.loss_scale if training.machine.precision == "fp16" else None,
    )


def _validation(training: TrainingState, control: Control) -> Generator[Event, None, bool]:
    """Validate, and return whether this is the best so far. A stop asked meanwhile leaves it undone, to be done on resume."""
    step, length, model = training.progress.step, training.settings.seq_len, training.model
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
    # After the event above, so that the record tells how long each of the two takes.
    with training.eval_weights() as ranks:
        written = sample_text(model, training.corpus, training.settings.seed) if ranks.generates else None
    if written is not None:
        yield events.Sample(step=step, prompt=written[0], text=written[1])
    return improved


def _stopped(training: TrainingState, control: Control) -> Callable[[], bool]:
    """Whether a person wants the run to stop: rank 0's answer, in all ranks."""
    return lambda: training.group.broadcast(control.stop_asked)


def _look_at_sample(training: TrainingState, control: Control) -> Iterator[Event]:
    """Look at a sample of the validation split, where the target may be near. A stop asked meanwhile leaves it undone."""
    settings, step, target = training.settings, training.progress.step, training.plan.target_loss
    looks = target is not None and settings.samples_on_the_way and step >= training.target_estimate.next_step
    if target is None or not looks or training.plan.validates(step, settings.eval_every):
        return
    yield events.State(step=step, state="VALIDATING")
    with training.eval_weights() as ranks:
        tokens, all_of_them = training.target_estimate.sample(target)
        looking = validate_sample(
            training.model, training.corpus, settings.seq_len, tokens, all_of_them, _stopped(training, control),
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
    """Put the step on the progress events of a piece of work."""
    return relayed(work, lambda progress: (replace(progress, step=step),))


def _if_it_can(training: TrainingState, name: str, saving: Iterator[Event]) -> Iterator[Event]:
    """Save, or tell that the disk does not take it, and go on: what was saved before stays good, and the next one is tried."""
    try:
        yield from saving
    except OSError as error:
        if isinstance(error, FileNotFoundError):  # the folder itself is gone
            raise
        reason = error.strerror or str(error)
        yield events.Unwritten(step=training.progress.step, path=name, reason=reason, saved_step=training.saved_step)


def save_after_loss(training: TrainingState) -> Iterator[Event]:
    """Another rank is gone in the middle of a step. This one still is what it was before it, unless it has only a part."""
    training.stepper.drop_gradients()
    if not training.group.sharded and training.progress.step and training.saved_step != training.progress.step:
        name = run_files.step_name(training.progress.step)
        yield from _if_it_can(training, name, _write(training, training.content(), name, "step"))


def _save(training: TrainingState, name: str = "", kind: events.CheckpointKind = "step") -> Iterator[Event]:
    """Write a checkpoint, which is rank 0's part. All ranks learn whether it was written, and so go on alike."""
    step, began = training.progress.step, time.monotonic()
    yield events.State(step=step, state="SAVING")
    content = training.content()
    written = False
    try:
        if training.group.rank == 0:
            yield from _write(training, content, name or run_files.step_name(step), kind)
            written = True
    finally:
        if training.group.broadcast(written):
            training.saved_step = step
    if training.deadline is not None:
        training.deadline.add_saving(time.monotonic() - began)


def _write(training: TrainingState, content: dict[str, Any], name: str, kind: events.CheckpointKind) -> Iterator[Event]:
    """Write a checkpoint. Its event is recorded before the file gets its name, so a file never lacks its event."""
    step, path = training.progress.step, training.folder / name
    training.stepper.check_weights(step, content.get(LAST_WEIGHTS, content["model"]))
    with checkpoints.Pending.of_content(path, content) as pending:
        yield events.Checkpoint(step=step, path=name, kind=kind)
        pending.commit()
    run_files.prune(training.folder, training.settings.keep_checkpoints)


def _save_best(training: TrainingState) -> Iterator[Event]:
    """The best so far is a step checkpoint first, so that a crash between the two leaves nothing to guess."""
    yield from _save(training)
    yield from _copy_to_best(training, training.progress.step)


def _save_final(training: TrainingState) -> Iterator[Event]:
    yield from _save(training, run_files.FINAL, "final")


def _copy_to_best(training: TrainingState, step: int) -> Iterator[Event]:
    if training.group.rank != 0:
        return
    source = training.folder / run_files.step_name(step)
    with checkpoints.Pending.copy_of(training.folder / run_files.BEST, source) as pending:
        yield events.Checkpoint(step=training.progress.step, path=run_files.BEST, kind="best")
        pending.commit()


def _mend_best(training: TrainingState) -> Iterator[Event]:
    """After a crash the best file may lag behind the state that was resumed, or be damaged: copy it again if it can be."""
    best_step = training.progress.best_step
    if not best_step or not training.settings.save_best_model or training.group.rank != 0:
        return
    if training.resumed_from == run_files.step_name(best_step):
        # The record was cut after this step checkpoint's event; the copy and its event come after it.
        yield from _copy_to_best(training, best_step)
        return
    lags = checkpoints.stored_step(training.folder / run_files.BEST) != best_step
    if lags and checkpoints.stored_step(training.folder / run_files.step_name(best_step)) == best_step:
        yield from _copy_to_best(training, best_step)


def _change(training: TrainingState, changes: Mapping[str, Any], reason: str) -> Iterator[Event]:
    """Other settings from the next step on. A checkpoint holds them at once, so that a resume changes them at this step too."""
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
        yield from _if_it_can(training, run_files.step_name(step), _save(training))


def _refusal(training: TrainingState, request: Request) -> str | None:
    """Why a request cannot be met; none where it can."""
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
    """Do what was asked of rank 0, in all ranks; while paused, wait here. Returns the reason of a stop."""
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
                    yield from _if_it_can(training, run_files.step_name(step), _save(training))
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
            control.wait()
