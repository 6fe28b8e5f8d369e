"""What happens at a checkpoint: its file is written and synced, its event is recorded, it is renamed, old ones are removed.

`TrainingState.content` has what a checkpoint holds, `runs/checkpoints.py` the files. Every rank calls these functions, because
the content of a sharded model is gathered from all ranks; rank 0 alone writes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from mmrec_engine import events
from mmrec_engine.events import Event
from mmrec_engine.runs import checkpoints
from mmrec_engine.storage import run_files
from mmrec_engine.training.state import LAST_WEIGHTS, TrainingState


def save(training: TrainingState, name: str = "", kind: events.CheckpointKind = "step") -> Iterator[Event]:
    """Write a checkpoint in rank 0. All ranks learn whether it was written, so that they continue alike."""
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
    """Write a checkpoint. Its event is recorded before the file is renamed, so every file has its event."""
    step, path = training.progress.step, training.folder / name
    training.stepper.check_weights(step, content.get(LAST_WEIGHTS, content["model"]))
    with checkpoints.Pending.of_content(path, content) as pending:
        yield events.Checkpoint(step=step, path=name, kind=kind)
        pending.commit()
    run_files.prune(training.folder, training.settings.keep_checkpoints)


def save_best(training: TrainingState) -> Iterator[Event]:
    """A new best is a step checkpoint first, so that a crash between the two is unambiguous."""
    yield from save(training)
    yield from _copy_to_best(training, training.progress.step)


def save_final(training: TrainingState) -> Iterator[Event]:
    """The last checkpoint of a run; that it cannot be written ends the run."""
    yield from save(training, run_files.FINAL, "final")


def _copy_to_best(training: TrainingState, step: int) -> Iterator[Event]:
    if training.group.rank != 0:
        return
    source = training.folder / run_files.step_name(step)
    with checkpoints.Pending.copy_of(training.folder / run_files.BEST, source) as pending:
        yield events.Checkpoint(step=training.progress.step, path=run_files.BEST, kind="best")
        pending.commit()


def repair_best(training: TrainingState) -> Iterator[Event]:
    """After a crash the best file may be outdated or damaged: copy it again if possible."""
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


def save_if_possible(training: TrainingState, name: str, saving: Iterator[Event]) -> Iterator[Event]:
    """Save, or report that the disk refuses it, and go on: earlier checkpoints stay, and the next one is tried."""
    try:
        yield from saving
    except OSError as error:
        if isinstance(error, FileNotFoundError):  # the folder itself is gone
            raise
        reason = error.strerror or str(error)
        yield events.Unwritten(step=training.progress.step, path=name, reason=reason, saved_step=training.saved_step)


def save_after_loss(training: TrainingState) -> Iterator[Event]:
    """Another rank was lost in the middle of a step. This rank has the state before the step, unless the model is sharded."""
    training.stepper.drop_gradients()
    if not training.group.sharded and training.progress.step and training.saved_step != training.progress.step:
        name = run_files.step_name(training.progress.step)
        yield from save_if_possible(training, name, _write(training, training.content(), name, "step"))
