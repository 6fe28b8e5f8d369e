"""The checks of the model before training: initial loss, gradients, causality, overfitting one batch, determinism."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from mmrec_engine.checks.finding import Check, Skip, Status, Values
from mmrec_engine.checks.preflight.model_context import (
    NOT_A_NUMBER,
    ModelContext,
    apart,
    backward,
    finite,
    largest,
    loss_of,
    masks_of,
    model_check,
    must_be_quick,
    must_fit,
    one_batch,
    small_batch,
    stepper_on,
)
from mmrec_engine.checks.preflight.resource_checks import ROOM_CHECKS
from mmrec_engine.checks.specs import numbers
from mmrec_engine.evaluation.metrics import evaluating, token_losses
from mmrec_engine.settings.model_config import CHUNK


@apart
def _initial_loss(context: ModelContext) -> Values:
    if context.warm_start:
        raise Skip("warm-start")
    must_fit(context)
    model, (inputs, labels) = context.model(), context.windows(4, 64 if context.large else 256)
    with evaluating(model):
        loss = float(token_losses(model(inputs), labels)) / labels.numel()
    expected, share = math.log(context.config.vocabulary), numbers("initial-loss")["share"]
    values = {"loss": finite(loss), "expected": expected, "vocabulary": context.config.vocabulary}
    if not math.isfinite(loss):
        return {**values, "variant": "non-finite"}
    if abs(loss - expected) > share * expected:
        return {**values, "variant": "above" if loss > expected else "below"}
    return values if model.head is None or model.head.weight.any() else {**values, "variant": "by-construction"}


def _judge_initial_loss(values: Values, limit: Mapping[str, float]) -> Status:
    return "pass" if abs(values["loss"] - values["expected"]) <= limit["share"] * values["expected"] else "fail"


@apart
def _one_batch_overfit(context: ModelContext) -> Values:
    must_be_quick(context)
    limit = numbers("one-batch-overfit")
    model, batch = context.model(), context.windows(int(limit["windows"]), int(limit["length"]))
    gentle = {"optimizer": "adamw", "weight_decay": 0.0, "dropout": 0.0, "grad_clip": 1.0}
    stepper = stepper_on(context, model, one_batch(batch), len(batch[0]), **gentle)
    most, target = int(limit["large_steps" if context.large else "steps"]), limit["loss"]
    losses: list[float] = []
    while len(losses) <= most:
        losses.append(loss_of(stepper, len(losses) + 1, limit["rate"], context.on))
        target = losses[0] / 2 if context.large else target
        if losses[-1] < target or losses[-1] == NOT_A_NUMBER:
            break
    first, loss, steps = losses[0], losses[-1], len(losses) - 1
    values = {"first": first, "loss": loss, "steps": steps, "target": target, "tokens": batch[0].numel()}
    return {**values, "variant": "halved" if loss < target else "not-halved"} if context.large else values


def _judge_overfit(values: Values, limit: Mapping[str, float]) -> Status:
    return "pass" if values["loss"] < values["target"] else "fail"


@apart
def _causality(context: ModelContext) -> Values:
    """How much outputs up to t change with inputs after t, and with another row; both by gradient and by changed inputs.

    The gradient is computed in training mode, where a batch norm would mix rows; changed ids also reveal a model that moves
    them before the embedding.
    """
    must_be_quick(context)
    length = CHUNK + 2 if context.large else 2 * CHUNK + 2  # across the borders of chunks
    ids, _ = context.windows(2, length)
    model, length = context.filled_model(), ids.shape[1]
    model.recompute_activations = False
    probe = torch.randn(context.config.vocabulary, generator=torch.Generator().manual_seed(1)).to(ids.device)
    embedded: list[Tensor] = []

    def watch(module: nn.Module, arguments: object, output: Tensor) -> Tensor:
        embedded.append(output.detach().requires_grad_())
        return embedded[-1]

    handle = model.embedding.register_forward_hook(watch)
    try:
        logits = model(ids)
    finally:
        handle.remove()
    model.eval()
    other = ids + 1 + torch.arange(ids.numel(), device=ids.device).view_as(ids) % max(1, context.config.vocabulary - 1)
    other %= context.config.vocabulary
    with torch.no_grad():
        before = model(ids)
    later, rows, changed, back = 0.0, 0.0, 0.0, 0.0
    for t in sorted({0, 1, length // 3, CHUNK - 1, CHUNK, length - 2} & set(range(length - 1))):
        read = (logits[0, : t + 1] @ probe).sum()
        (gradient,) = torch.autograd.grad(read, embedded[0], retain_graph=True)  # (2, length, width)
        later, rows = max(later, largest(gradient[0, t + 1 :])), max(rows, largest(gradient[1]))
        back = max(back, largest(gradient[0, : t + 1]))
        mixed = other.clone()
        mixed[0, : t + 1] = ids[0, : t + 1]
        with torch.no_grad():
            changed = max(changed, largest(model(mixed)[0, : t + 1] - before[0, : t + 1]))
    values = {"later": later, "rows": rows, "changed": changed, "back": back, "tokens": length}
    if later > 0:
        return {**values, "variant": "later"}
    if rows > 0:
        return {**values, "variant": "rows"}
    return values if back else {**values, "variant": "blind"}


def _judge_causality(values: Values, limit: Mapping[str, float]) -> Status:
    leaks = max(values["later"], values["rows"], values["changed"]) > limit["gradient"]
    return "fail" if leaks or not values["back"] else "pass"


@apart
def _gradients_alive(context: ModelContext) -> Values:
    must_be_quick(context)
    model, (inputs, labels) = context.filled_model(), context.windows(*small_batch(context))
    with context.on.autocast():
        logits = model(inputs, masks_of(context, 0, len(inputs)))
    backward(token_losses(logits, labels) / labels.numel(), model, context.on)
    found: dict[str, list[str]] = {"missing": [], "zero": [], "non-finite": []}
    for name, parameter in model.named_parameters():
        if parameter.grad is None:
            found["missing"].append(name)
        elif not parameter.grad.isfinite().all():
            found["non-finite"].append(name)
        elif not parameter.grad.any():
            found["zero"].append(name)
    dead = [name for names in found.values() for name in names]
    return {
        "tensors": len(list(model.parameters())),
        "dead": len(dead),
        "names": ", ".join(dead[:3]) + (", …" if len(dead) > 3 else ""),
        **{kind.replace("-", "_"): names for kind, names in found.items()},
    }


def _judge_gradients(values: Values, limit: Mapping[str, float]) -> Status:
    return "fail" if values["dead"] else "pass"


@apart
def _parallel_equals_stepwise(context: ModelContext) -> Values:
    """The largest difference of logits relative to the largest logit: token by token, and a prompt with a continuation."""
    must_be_quick(context)
    longest = CHUNK + 2 if context.settings.arch == "mmrec" else context.settings.seq_len  # a GPT drops older tokens
    ids, _ = context.windows(2, min(longest, CHUNK + 2))
    model = context.filled_model()
    difference, length = 0.0, ids.shape[1]
    with evaluating(model):
        parallel = model(ids)
        for pieces in ([1] * length, [length // 2, length - length // 2]):
            state, outputs = model.initial_state(2), []
            for part in torch.split(ids, pieces, dim=1):
                logits, state = model.advance(part, state)
                outputs.append(logits)
            difference = max(difference, largest(torch.cat(outputs, dim=1) - parallel))
        scale = largest(parallel)
    return {"difference": finite(difference / scale if scale else 0.0), "tokens": length}


def _judge_parallel(values: Values, limit: Mapping[str, float]) -> Status:
    return "pass" if values["difference"] <= limit["difference"] else "fail"


@apart
def _deterministic(context: ModelContext) -> Values:
    must_be_quick(context)
    steps = int(numbers("deterministic")["steps"])
    first, second = (_losses(context, steps) for _ in range(2))
    return {"steps": steps, "loss": first[-1], "again": second[-1], "same": first == second}


def _losses(context: ModelContext, steps: int) -> list[float]:
    """The loss before each of the first steps and after the last, with the run's own optimizer and dropout."""
    batch = context.windows(*small_batch(context))
    stepper = stepper_on(context, context.model(), one_batch(batch), len(batch[0]))
    return [loss_of(stepper, step, context.settings.learning_rate, context.on) for step in range(1, steps + 2)]


def _judge_same(values: Values, limit: Mapping[str, float]) -> Status:
    return "pass" if values["same"] else "fail"


MODEL_CHECKS: tuple[Check, ...] = (
    model_check("initial-loss", _initial_loss, _judge_initial_loss),
    model_check("one-batch-overfit", _one_batch_overfit, _judge_overfit),
    model_check("causality", _causality, _judge_causality),
    model_check("gradients-alive", _gradients_alive, _judge_gradients),
    model_check("parallel-equals-stepwise", _parallel_equals_stepwise, _judge_parallel),
    model_check("deterministic", _deterministic, _judge_same),
    *ROOM_CHECKS,
)
