"""A short trial before a pretrained model is trained further: would a small model that begins with random weights do better?

Both are trained on the text for the same few seconds, each with its own settings, then read the same passages of the
validation split. Bits per character compare them, because their tokens differ. A model that began with random weights gains far
more from a longer run than the pretrained one does, so if it is ahead after seconds, it stays ahead. The pretrained one counts
as it is if the first updates made it worse.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from mmrec_engine.checks.finding import Check, Status, Values
from mmrec_engine.checks.preflight.model_context import ModelContext, apart, finite, loss_of, stepper_on
from mmrec_engine.checks.preflight.pretrained_costs import memory_of_training
from mmrec_engine.checks.preflight.pretrained_loss import passages_of, pretrained_model
from mmrec_engine.checks.specs import numbers
from mmrec_engine.data.batches import training_windows
from mmrec_engine.data.ngrams import stretches
from mmrec_engine.data.text_measures import characters
from mmrec_engine.data.windows import Tokens, TrainingWindows
from mmrec_engine.evaluation.metrics import evaluating, token_losses
from mmrec_engine.locales.guide.remedies import remedy
from mmrec_engine.model.language_model import LanguageModel, create_model
from mmrec_engine.settings import Settings, resolve
from mmrec_engine.training.partial_step import partial_step
from mmrec_engine.training.plan import make_plan

_MOST_TRAINING = 400_000  # tokens of the pretrained model whose characters the other one is trained on
_STRETCHES = 16
_FEWEST_STEPS = 2  # of the pretrained model
_UNKNOWN = 0  # id of a character that the training split does not contain
# What the fast recipe decides in a run with random weights.
_REPLACED = ("config", "arch", "tokenizer", "vocab_size", "optimizer", "learning_rate", "warmup_steps", "schedule")


@apart
def _trial(context: ModelContext) -> Values:
    memory_of_training(context)
    corpus, passages = context.corpus, passages_of(context)
    model = pretrained_model(context)
    before = passages.bits_of(model)
    seconds, steps = _train_further(model, context)
    after = passages.bits_of(model)
    del model

    parts = [characters(part, corpus.tokenizer) for part in stretches(corpus.train.tokens, _MOST_TRAINING, _STRETCHES)]
    random = _from_random_weights(context, np.concatenate(parts), passages.texts, seconds)
    return {
        "before": before,
        "after": after,
        "random": finite(random),
        "seconds": seconds,
        "steps": steps,
        "variant": "pretrained" if min(before, after) <= random else "random",
        "changes": _to_random_weights(context.settings),
    }


def _train_further(model: LanguageModel, context: ModelContext) -> tuple[float, int]:
    """Some steps of the run on the pretrained model, their seconds and number."""
    settings, limit = context.settings, numbers("pretrained-trial")
    part = partial_step(settings, context.config, context.on.device.type)
    rows, length = part.settings.windows_a_step, part.settings.seq_len
    model.train_last(settings.train_layers)
    windows = TrainingWindows(context.corpus.train.tokens, length, length, settings.seed)
    stepper = stepper_on(context, model, windows, rows, seq_len=length, stride=None)
    planned = make_plan(settings, training_windows(settings, context.corpus).count).planned_steps
    began, steps, passed, enough = time.perf_counter(), 0, 0.0, math.inf
    while steps < _FEWEST_STEPS or passed < enough:
        warm = min(1.0, (steps + 1) / max(1, settings.warmup_steps))
        loss_of(stepper, steps + 1, settings.learning_rate * warm, context.on, steps * rows)
        steps, passed = steps + 1, time.perf_counter() - began
        if steps == 1:
            whole = settings.time or passed * part.times * planned
            enough = min(limit["seconds"], max(limit["least_seconds"], limit["share"] * whole))
    return passed, steps


def _from_random_weights(context: ModelContext, text: Tokens, passages: list[Tokens], seconds: float) -> float:
    """Bits per character of the fast recipe's smallest model on these passages after so many seconds of training."""
    kinds = np.unique(text)
    ids = _ids(text, kinds).astype(np.uint32)
    settings = _fast_recipe(context.settings)
    length = min(settings.seq_len, len(ids) - 1)
    model = create_model(settings.model(len(kinds) + 1), settings.seed).to(context.on.device).train()
    windows, rows = TrainingWindows(ids, length, length, settings.seed), settings.batch_size
    stepper = stepper_on(replace(context, settings=settings), model, windows, rows)
    began, steps, done = time.perf_counter(), 0, 0.0
    while done < 1.0:
        warm = min(1.0, (steps + 1) / settings.warmup_steps)
        loss_of(stepper, steps + 1, settings.learning_rate * warm * (1.0 - done), context.on, steps * rows)
        steps, done = steps + 1, (time.perf_counter() - began) / seconds
    nats, counted = 0.0, 0
    with evaluating(model):
        for passage in passages:
            read = torch.from_numpy(_ids(passage, kinds)).to(context.on.device).view(1, -1)
            if read.shape[1] > 1:
                nats += float(token_losses(model(read[:, :-1]), read[:, 1:]))
                counted += read.shape[1] - 1
    return nats / math.log(2) / max(1, counted)


def _ids(text: Tokens, kinds: Tokens) -> npt.NDArray[np.int64]:
    places = np.searchsorted(kinds, text).clip(max=len(kinds) - 1)
    return np.where(kinds[places] == text, places + 1, _UNKNOWN).astype(np.int64)


def _fast_recipe(settings: Settings) -> Settings:
    chosen = {"recipe": "fast", "config": "tiny", "tokenizer": "char", "seed": settings.seed}
    return resolve({**chosen, "threads": settings.threads, "precision": settings.precision}).settings


def _judge(values: Values, limit: Mapping[str, float]) -> Status:
    return "warn" if values["variant"] == "random" else "pass"


def _to_random_weights(settings: Settings) -> dict[str, Any]:
    """The settings that a run with random weights has instead."""
    fast = _fast_recipe(settings)
    wanted = {"init_from": None, "shape": None, "train_layers": None} | {
        name: getattr(fast, name) for name in _REPLACED
    }
    return {name: value for name, value in wanted.items() if getattr(settings, name) != value}


def _remedies(values: Values, status: Status) -> list[dict[str, Any]]:
    return [remedy("random-weights", **values["changes"])] if status == "warn" else []


PRETRAINED_TRIAL = Check("pretrained-trial", _trial, _judge, _remedies)
