"""The training loop: steps, validations and checkpoints, as a stream of events (events.py tells the order).

Top to bottom this is the whole of training; what each part does stands in its own file. It writes checkpoints, because their
order against their events is what makes a resume exact; all else that leaves the process is the consumer's business.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import TypeVar

from mmrec_engine import checkpoints, events, run_files
from mmrec_engine.evaluation.validation import sample_text, training_loss, validate
from mmrec_engine.events import Event, Status
from mmrec_engine.optim.schedule import rate_factor
from mmrec_engine.training.control import Control
from mmrec_engine.training.job import Job
from mmrec_engine.training.plan import ending

Result = TypeVar("Result")
Ending = tuple[Status, dict[str, object]]
_INTERRUPTED: Status = "interrupted"


def run_steps(job: Job, control: Control) -> Generator[Event, None, Ending]:
    """Train until the plan, the patience, the target or a person says stop. Returns how the run ended."""
    settings, plan = job.settings, job.plan
    yield from _mend_best(job)
    yield events.State(step=job.progress.step, state="TRAINING")
    while True:
        step = job.progress.step
        if plan.validates(step, settings.eval_every) and job.progress.validated_step < step:
            improved = yield from _validation(job, control)
            if improved and settings.save_best_model:
                yield from _save_best(job)
            yield events.State(step=step, state="TRAINING")
        undone = plan.validates(step, settings.eval_every) and job.progress.validated_step < step
        end = None if undone else ending(job.progress, plan, settings)
        if step and step % settings.checkpoint_every == 0 and job.saved_step != step and not undone:
            yield from _save(job)
            yield events.State(step=step, state="TRAINING")
        if end is not None:
            yield from _save_final(job)
            return end
        stop = yield from _obey(job, control)
        if stop is not None:
            if step and job.saved_step != step:
                yield from _save(job)
            return _INTERRUPTED, {"by": stop}
        yield _step(job)


def _step(job: Job) -> events.Step:
    """One update, and the progress after it."""
    settings, step = job.settings, job.progress.step + 1
    rate = settings.learning_rate * rate_factor(
        step,
        planned=job.plan.planned_steps,
        warmup=settings.warmup_steps,
        schedule=settings.schedule,
        floor=settings.learning_rate_floor,
    )
    began = time.perf_counter()
    result = job.stepper.make(step, job.progress.windows, rate)
    job.progress = replace(
        job.progress,
        step=step,
        windows=job.progress.windows + settings.windows_a_step,
        tokens=job.progress.tokens + result.tokens,
    )
    return events.Step(
        step=step,
        loss=result.loss,
        learning_rate=rate,
        grad_norm=result.grad_norm,
        tokens_per_second=round(result.tokens / (time.perf_counter() - began), 1),
        tokens=job.progress.tokens,
        epoch=job.plan.epoch_of(step),
        update_ratio=result.update_ratio,
    )


def _validation(job: Job, control: Control) -> Generator[Event, None, bool]:
    """Validate, and return whether this is the best so far. A stop asked meanwhile leaves it undone, to be done on resume."""
    step, length = job.progress.step, job.settings.seq_len
    yield events.State(step=step, state="VALIDATING")
    metrics = yield from _at(step, validate(job.model, job.corpus, length, lambda: control.stop_asked))
    if metrics is None:
        return False
    beside = yield from _at(step, training_loss(job.model, job.corpus, length, lambda: control.stop_asked))
    if beside is None:
        return False
    job.progress = job.progress.after_validation(metrics.loss)
    improved = job.progress.best_step == step
    yield events.Validation(
        step=step,
        loss=metrics.loss,
        perplexity=metrics.perplexity,
        accuracy=metrics.accuracy,
        bits_per_character=metrics.bits_per_character,
        training_loss=beside,
        batches=metrics.batches,
        best=improved,
        patience_used=job.progress.patience_used,
        patience=job.settings.early_stopping_patience,
        epoch=job.plan.epoch_of(step),
    )
    prompt, text = sample_text(job.model, job.corpus, job.settings.seed)
    yield events.Sample(step=step, prompt=prompt, text=text)
    return improved


def _at(step: int, work: Generator[events.Progress, None, Result]) -> Generator[Event, None, Result]:
    """Put the step on the progress events of a piece of work."""
    while True:
        try:
            progress = next(work)
        except StopIteration as finished:
            result: Result = finished.value
            return result
        yield replace(progress, step=step)


def _save(job: Job, name: str = "", kind: events.CheckpointKind = "step") -> Iterator[Event]:
    """Write a checkpoint. Its event is recorded before the file gets its name, so a file never lacks its event."""
    step = job.progress.step
    path = job.folder / (name or run_files.step_name(step))
    yield events.State(step=step, state="SAVING")
    pending = checkpoints.Pending.of_content(path, job.content())
    yield events.Checkpoint(step=step, path=path.name, kind=kind)
    pending.commit()
    run_files.prune(job.folder, job.settings.keep_checkpoints)
    job.saved_step = step


def _save_best(job: Job) -> Iterator[Event]:
    """The best so far is a step checkpoint first, so that a crash between the two leaves nothing to guess."""
    yield from _save(job)
    yield from _copy_to_best(job, job.progress.step)


def _save_final(job: Job) -> Iterator[Event]:
    yield from _save(job, run_files.FINAL, "final")


def _copy_to_best(job: Job, step: int) -> Iterator[Event]:
    pending = checkpoints.Pending.copy_of(job.folder / run_files.BEST, job.folder / run_files.step_name(step))
    yield events.Checkpoint(step=job.progress.step, path=run_files.BEST, kind="best")
    pending.commit()


def _mend_best(job: Job) -> Iterator[Event]:
    """After a crash the best file may lag behind the state that was resumed, or be damaged: copy it again if it can be."""
    best_step = job.progress.best_step
    if not best_step or not job.settings.save_best_model:
        return
    if job.resumed_from == run_files.step_name(best_step):
        # The record was cut after this step checkpoint's event; the copy and its event come after it.
        yield from _copy_to_best(job, best_step)
        return
    lags = checkpoints.stored_step(job.folder / run_files.BEST) != best_step
    if lags and checkpoints.stored_step(job.folder / run_files.step_name(best_step)) == best_step:
        yield from _copy_to_best(job, best_step)


def _obey(job: Job, control: Control) -> Generator[Event, None, str | None]:
    """Do what was asked; while paused, wait here. Returns the reason of a stop."""
    step, paused = job.progress.step, False
    while True:
        for request in control.take():
            if request.id:
                yield events.Control(step=step, id=request.id, command=request.command, accepted=request.known)
            match request.command:
                case "stop":
                    return request.reason or "control"
                case "save" if step:
                    yield from _save(job)
                    yield events.State(step=step, state="PAUSED" if paused else "TRAINING")
                case "pause" if not paused:
                    paused = True
                    yield events.Paused(step=step)
                    yield events.State(step=step, state="PAUSED")
                case "resume" if paused:
                    paused = False
                    yield events.Resumed(step=step)
                    yield events.State(step=step, state="TRAINING")
        if not paused:
            return None
        control.wait()
