"""Whether there is room for the run: memory for its steps, disk for its checkpoints, and a test of writing and reading one."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import torch

from mmrec_engine.checks.finding import Check, Status, Values
from mmrec_engine.checks.preflight.model_context import (
    ModelContext,
    add_noise,
    apart,
    largest,
    loss_of,
    model_check,
    must_be_quick,
    small_batch,
    stepper_on,
)
from mmrec_engine.checks.specs import numbers
from mmrec_engine.data.batches import training_windows
from mmrec_engine.errors import RequestError
from mmrec_engine.evaluation.metrics import evaluating, token_losses
from mmrec_engine.model.memory_estimate import TOKENS_AN_EVALUATION, fitting_changes, needed_bytes
from mmrec_engine.runs import checkpoints
from mmrec_engine.system.memory import USABLE, ran_out
from mmrec_engine.training.device_memory import room

_LONGEST_TRIAL = 6e11  # multiply-adds that the step at full size may take on a CPU: some ten seconds on two cores
_GIB = 2**30


@apart
def _memory_fits(context: ModelContext) -> Values:
    """The memory estimate; then, if it fits and is quick, a step and an evaluation batch at full size."""
    device, settings, config = context.on.device, context.settings, context.config
    needed, free = needed_bytes(settings, config.vocabulary, context.on.sharded), room(settings, device)
    known = free < sys.maxsize
    values: Values = {
        "needed_gib": needed / _GIB,
        "available_gib": free / _GIB if known else None,
        "left_gib": (free - needed) / _GIB if known else None,
        "share": needed / max(1, free),
        "tried": False,
        "ran_out": False,
        "batch_size": settings.batch_size,
        "at_once": settings.windows_at_once,
    }
    if needed > USABLE * free:
        return {**values, "fitting": fitting_changes(settings, context.config.vocabulary, free, context.on.sharded)}
    tokens = 3 * settings.windows_at_once * settings.seq_len + max(TOKENS_AN_EVALUATION, settings.evaluated_length)
    if context.on.sharded or (device.type == "cpu" and config.parameters() * tokens > _LONGEST_TRIAL):
        return {**values, "variant": "estimated" if known else "unknown-room"}
    try:
        peak = _trial(context)
    except (RuntimeError, MemoryError) as error:
        if not ran_out(error):
            raise
        fitting = fitting_changes(settings, context.config.vocabulary, needed / 2, context.on.sharded)
        return {**values, "tried": True, "ran_out": True, "variant": "ran-out", "fitting": fitting}
    values["tried"] = True
    if settings.windows_at_once < settings.batch_size:
        return {**values, "variant": "pieces"}
    if peak is not None:
        return {**values, "peak_gib": peak / _GIB, "left_gib": (free - peak) / _GIB, "variant": "measured"}
    return values if known else {**values, "variant": "unknown-room"}


def _trial(context: ModelContext) -> int | None:
    """One training step and one evaluation batch at full size. Returns their peak in bytes if the device reports it."""
    device, settings = context.on.device, context.settings
    before = 0
    if device.type == "cuda":
        before = torch.cuda.memory_allocated(device)
        torch.cuda.reset_peak_memory_stats(device)
    model, evaluation = context.model(), context.evaluation_batch()
    model.train_last(settings.train_layers)
    windows = training_windows(settings, context.corpus)
    loss_of(stepper_on(context, model, windows, settings.windows_at_once), 1, settings.learning_rate, context.on)
    with evaluating(model):
        token_losses(model(evaluation[0]), evaluation[1]).item()
    return torch.cuda.max_memory_allocated(device) - before if device.type == "cuda" else None


def _judge_memory(values: Values, limit: Mapping[str, float]) -> Status:
    if values["ran_out"] or values["share"] > limit["share"]:
        return "fail"
    return "note" if values["at_once"] < values["batch_size"] else "pass"


def _disk_fits(context: ModelContext) -> Values:
    """Free space at the run folder, plus the checkpoints that are in it already."""
    place = context.folder.absolute()
    while not place.exists():
        place = place.parent
    there = sum(path.stat().st_size for path in context.folder.glob("*.pt")) if context.folder.is_dir() else 0
    free = shutil.disk_usage(place).free + there
    beside, keep = int(numbers("disk-fits")["beside_the_kept"]), context.settings.keep_checkpoints
    each = context.config.checkpoint_bytes(context.settings.train_layers)
    values = {"checkpoints": keep + beside, "needed_gib": (keep + beside) * each / _GIB, "free_gib": free / _GIB}
    fewer = int(free // each) - beside
    fitting = {"fewer-checkpoints": {"keep_checkpoints": fewer}} if 1 <= fewer < keep else {}
    return {**values, "folder": str(place), **({"fitting": fitting} if fitting else {})}


def _judge_disk(values: Values, limit: Mapping[str, float]) -> Status:
    return "pass" if values["needed_gib"] <= values["free_gib"] else "fail"


@apart
def _checkpoint_rehearsal(context: ModelContext) -> Values:
    """Write a changed model as the run would, read it into a new one, and compare their outputs."""
    must_be_quick(context)
    model, (ids, _) = context.filled_model(), context.windows(*small_batch(context))
    generator = torch.Generator().manual_seed(context.settings.seed)
    for parameter in model.parameters():
        add_noise(parameter, generator)
    with torch.no_grad():
        model(ids)  # in training mode, so that buffers change too
    with tempfile.TemporaryDirectory(
        prefix=".rehearsal-", dir=context.folder if context.folder.is_dir() else None
    ) as place:
        path = Path(place) / "rehearsal.pt"
        try:
            checkpoints.Pending.of_content(path, {"model": dict(context.saved(model))}).commit()
            size = path.stat().st_size
        except OSError as error:
            return {"same": False, "variant": "not-written", "reason": error.strerror or str(error)}
        loaded = context.model()
        try:
            loaded.load_state_dict(checkpoints.read(path)["model"])
        except (RequestError, RuntimeError, KeyError, TypeError) as error:
            return {"same": False, "variant": "not-loaded", "reason": str(error).splitlines()[-1].strip()[:200]}
    with evaluating(model), evaluating(loaded):
        before, after = model(ids), loaded(ids)
    return {
        "same": torch.equal(before, after),
        "difference": largest(before - after),
        "bytes": size,
        "tensors": len(list(model.parameters())),
    }


def _judge_rehearsal(values: Values, limit: Mapping[str, float]) -> Status:
    return "pass" if values["same"] else "fail"


ROOM_CHECKS: tuple[Check, ...] = (
    model_check("memory-fits", _memory_fits, _judge_memory),
    model_check("disk-fits", _disk_fits, _judge_disk),
    model_check("checkpoint-rehearsal", _checkpoint_rehearsal, _judge_rehearsal),
)
