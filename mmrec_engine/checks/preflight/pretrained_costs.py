"""What further training of a pretrained model takes here, told before it begins: memory, seconds a step, time of the run."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping

from mmrec_engine.checks.finding import Skip, Status, Values
from mmrec_engine.checks.preflight.model_context import (
    ModelContext,
    apart,
    model_check,
    one_batch,
    stepper_on,
)
from mmrec_engine.data.batches import training_windows, validation_windows
from mmrec_engine.model.memory_estimate import needed_bytes
from mmrec_engine.runs.run_time import guessed_costs, schedule_of
from mmrec_engine.system.memory import USABLE
from mmrec_engine.training.device_memory import room
from mmrec_engine.training.partial_step import partial_step
from mmrec_engine.training.plan import make_plan

_GIB = 2**30
_MINUTE, _HOUR = 60.0, 3600.0
_STEPS = 2  # the first allocates buffers and moments, the second is measured


@apart
def _further_training(context: ModelContext) -> Values:
    """The memory estimate against what is free, and the time of a step: of a part of one, where a whole one takes long."""
    settings, config = context.settings, context.config
    needed, free = memory_of_training(context)
    seconds_a_step = _seconds_a_step(context)
    values: Values = {
        "parameters": config.parameters(),
        "trained": config.trained_parameters(settings.train_layers),
        "needed_gib": needed / _GIB,
        "available_gib": None if free >= sys.maxsize else free / _GIB,
        "step_seconds": seconds_a_step,
        "pace": float(f"{seconds_a_step:.2g}"),
        "steps": 0,
        "run_seconds": None,
    }
    memory = "memory-unknown" if values["available_gib"] is None else "memory"
    memory += "" if settings.train_layers is None else "+trained"
    plan = make_plan(settings, training_windows(settings, context.corpus).count)
    windows = sum(one.count for one in validation_windows(context.corpus, settings.evaluated_length))
    schedule = schedule_of(plan.planned_steps, settings.as_dict(), plan.steps_an_epoch, windows)
    if settings.time is not None or schedule is None:
        return {**values, "variant": f"{memory}+step"}
    seconds = schedule.seconds_from(0, guessed_costs(seconds_a_step, schedule))
    units = (("hours", 2 * _HOUR, _HOUR), ("minutes", 2 * _MINUTE, _MINUTE), ("seconds", 0.0, 1.0))
    unit, _, each = next(one for one in units if seconds >= one[1])
    run = {"steps": plan.planned_steps, "run_seconds": seconds, "run": seconds / each}
    return {**values, **run, "variant": f"{memory}+step+{unit}"}


def memory_of_training(context: ModelContext) -> tuple[int, int]:
    """Bytes that the training needs, and those that are free. Raises Skip if they are too few."""
    settings, device = context.settings, context.on.device
    needed, free = needed_bytes(settings, context.config.vocabulary, context.on.sharded), room(settings, device)
    if context.on.sharded or needed > USABLE * free:
        raise Skip("does-not-fit")  # the check of the memory says what to do
    return needed, free


def _seconds_a_step(context: ModelContext) -> float:
    part = partial_step(context.settings, context.config, context.on.device.type)
    rows, length = part.settings.windows_a_step, part.settings.seq_len
    batch = context.windows(rows, length)
    model = context.model()
    model.train_last(context.settings.train_layers)
    stepper = stepper_on(context, model, one_batch(batch), len(batch[0]), seq_len=length, stride=None)
    seconds = 0.0
    for step in range(1, _STEPS + 1):
        began = time.perf_counter()
        made = stepper.make_step(step, 0, 0.0)
        seconds = part.seconds(time.perf_counter() - began, made.optimizer_seconds)
    return seconds


def _judge(values: Values, limit: Mapping[str, float]) -> Status:
    return "note" if (values["run_seconds"] or 0.0) > limit["long_seconds"] else "pass"


FURTHER_TRAINING = model_check("further-training", _further_training, _judge)
