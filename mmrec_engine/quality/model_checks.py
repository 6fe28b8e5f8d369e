"""The rules about the model before it is trained: does it start right, learn, look back only, repeat itself, fit, and save?

Every check builds models of its own from the context's factory, works on copies of the data it needs, and leaves torch as it
found it: random state, threads, deterministic switches. Must not know: the loop, the run's own model, screens.
"""

from __future__ import annotations

import contextlib
import functools
import math
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from mmrec_engine import checkpoints
from mmrec_engine.corpus.prepare import Corpus
from mmrec_engine.corpus.windows import EvaluationWindows, TrainingWindows
from mmrec_engine.errors import RequestError
from mmrec_engine.evaluation.metrics import evaluating, token_losses
from mmrec_engine.exactness import make_exact
from mmrec_engine.guide.findings_model import REMEDIES
from mmrec_engine.machine_memory import available_bytes, fits
from mmrec_engine.model.config import CHUNK, ModelConfig
from mmrec_engine.model.dropout import DropoutMasks
from mmrec_engine.model.language_model import LanguageModel, create_model
from mmrec_engine.model.layers import INITIAL_STD
from mmrec_engine.optim.groups import Optimizers
from mmrec_engine.presets import PRESETS
from mmrec_engine.quality.checks import Check, Skip, Status, Values
from mmrec_engine.quality.thresholds import numbers
from mmrec_engine.randomness import hash64
from mmrec_engine.settings import Settings

_LARGE = numbers("one-batch-overfit")["large"]  # parameters above which every check takes a smaller form
_TOO_LARGE = {"cpu": 1e8, "mps": 4e8, "cuda": 4e8}  # parameters above which a check is no longer quick
_LONGEST_TRIAL = 6e11  # multiply-adds that the step at full size may take on a CPU: some ten seconds on two cores
_TOKENS_AN_EVALUATION = 4096  # as in a run's validation
_NOT_A_NUMBER = torch.finfo(torch.float32).max  # in place of inf and nan, which JSON has not
_GIB = 2**30
_MEMORY_SHARE = numbers("memory-fits")["share"]
_SHORTEST_WINDOW = 64


class Machine(Protocol):
    """Where the run computes; `training.machine.Machine` is one."""

    @property
    def device(self) -> torch.device: ...
    @property
    def threads(self) -> int: ...
    def autocast(self) -> AbstractContextManager[None]: ...


@dataclass(frozen=True)
class PlainMachine:
    """The CPU in float32 with as many threads as torch has now."""

    device: torch.device
    threads: int

    def autocast(self) -> AbstractContextManager[None]:
        return contextlib.nullcontext()


def weights(model: LanguageModel) -> dict[str, Tensor]:
    """What a checkpoint keeps of a model."""
    return {name: parameter.detach() for name, parameter in model.named_parameters()}


@dataclass(frozen=True)
class ModelContext:
    """One run before its first step.

    machine: none takes the CPU in float32; folder: the run's, which need not exist yet; make_model: a new model with its first
    weights, the same at each call, none for the one that the settings describe; saved: the weights that a checkpoint keeps;
    warm_start: the first weights come from a trained model.
    """

    settings: Settings
    corpus: Corpus
    machine: Machine | None
    folder: Path
    make_model: Callable[[], LanguageModel] | None = None
    saved: Callable[[LanguageModel], Mapping[str, Tensor]] = weights
    warm_start: bool = False

    @property
    def on(self) -> Machine:
        return self.machine or PlainMachine(torch.device("cpu"), torch.get_num_threads())

    @property
    def config(self) -> ModelConfig:
        settings = self.settings
        return PRESETS[settings.config].model(settings.arch, self.corpus.tokenizer.vocab_size, settings.seq_len)

    @property
    def large(self) -> bool:
        return self.config.parameters() > _LARGE

    def model(self) -> LanguageModel:
        """A new model on the machine's device, ready to train."""
        model = self.make_model() if self.make_model else create_model(self.config, hash64(self.settings.seed, 2) >> 1)
        model.recompute_activations = self.settings.gradient_checkpointing
        return model.to(self.on.device).train()

    def filled_model(self) -> LanguageModel:
        """A new model whose zero-initialised parameters are filled: behind a zero matrix no fault would show."""
        model = self.model()
        generator = torch.Generator().manual_seed(self.settings.seed)
        for parameter in model.parameters():
            if not parameter.any():
                _add_noise(parameter, generator)
        return model

    def windows(self, count: int, length: int) -> tuple[Tensor, Tensor]:
        """The run's first windows cut at this length, or at what the text has: inputs and labels (count, length)."""
        tokens, length = self.corpus.train.tokens, min(length, len(self.corpus.train.tokens) - 1)
        return self._batch(TrainingWindows(tokens, length, length, self.settings.seed), count)

    def _batch(self, windows: TrainingWindows | EvaluationWindows, count: int) -> tuple[Tensor, Tensor]:
        inputs, labels = (torch.from_numpy(part).to(self.on.device) for part in windows.batch(np.arange(count)))
        return inputs, labels

    def full_batches(self) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
        """A batch of training and one of evaluation, as large as the run's."""
        settings = self.settings
        training = TrainingWindows(self.corpus.train.tokens, settings.seq_len, settings.window_stride, settings.seed)
        evaluation = EvaluationWindows(self.corpus.validation.tokens, settings.seq_len)
        at_once = min(evaluation.count, max(1, _TOKENS_AN_EVALUATION // settings.seq_len))
        return self._batch(training, settings.batch_size), self._batch(evaluation, at_once)


Measure = Callable[[ModelContext], Values]


def _apart(measure: Measure) -> Measure:
    """The measure with torch set as in a run, and set back afterwards."""

    @functools.wraps(measure)
    def inside(context: ModelContext) -> Values:
        with _as_in_a_run(context.on):
            return measure(context)

    return inside


@contextlib.contextmanager
def _as_in_a_run(machine: Machine) -> Iterator[None]:
    matmul, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    fresh: Any = torch.utils.deterministic
    exact, warn_only = (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )
    threads, fill = torch.get_num_threads(), fresh.fill_uninitialized_memory
    tf32 = matmul.allow_tf32, cudnn.allow_tf32
    drawn, drawn_by_numpy = random.getstate(), np.random.get_state()
    devices = [torch.cuda.current_device()] if machine.device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices), torch.enable_grad():
        try:
            torch.set_num_threads(machine.threads)
            make_exact()
            yield
        finally:
            torch.set_num_threads(threads)
            torch.use_deterministic_algorithms(exact, warn_only=warn_only)
            fresh.fill_uninitialized_memory = fill
            matmul.allow_tf32, cudnn.allow_tf32 = tf32
            random.setstate(drawn)
            np.random.set_state(drawn_by_numpy)


def _must_be_quick(context: ModelContext) -> None:
    """Raises Skip where a model of this size cannot be tried quickly, or not at all."""
    if context.config.parameters() > _TOO_LARGE.get(context.on.device.type, _TOO_LARGE["cpu"]):
        raise Skip("too-large")
    _must_fit(context)


def _must_fit(context: ModelContext) -> None:
    """Raises Skip where even a small batch may not fit: a kernel would kill the process."""
    if context.config.training_bytes(4, 64) > _MEMORY_SHARE * _available(context.on.device):
        raise Skip("does-not-fit")


@_apart
def _initial_loss(context: ModelContext) -> Values:
    if context.warm_start:
        raise Skip("warm-start")
    _must_fit(context)
    model, (inputs, labels) = context.model(), context.windows(4, 64 if context.large else 256)
    with evaluating(model):
        loss = float(token_losses(model(inputs), labels)) / labels.numel()
    expected, share = math.log(context.config.vocabulary), numbers("initial-loss")["share"]
    values = {"loss": _finite(loss), "expected": expected, "vocabulary": context.config.vocabulary}
    if not math.isfinite(loss):
        return {**values, "variant": "non-finite"}
    if abs(loss - expected) > share * expected:
        return {**values, "variant": "above" if loss > expected else "below"}
    return values if model.head.weight.any() else {**values, "variant": "by-construction"}


def _judge_initial_loss(values: Values, limit: Mapping[str, float]) -> Status:
    return "pass" if abs(values["loss"] - values["expected"]) <= limit["share"] * values["expected"] else "fail"


@_apart
def _one_batch_overfit(context: ModelContext) -> Values:
    _must_be_quick(context)
    limit = numbers("one-batch-overfit")
    model, batch = context.model(), context.windows(int(limit["windows"]), int(limit["length"]))
    optimizers = Optimizers(model, replace(context.settings, optimizer="adamw", weight_decay=0.0))
    most, target = int(limit["large_steps" if context.large else "steps"]), limit["loss"]
    losses: list[float] = []
    while len(losses) <= most:
        losses.append(_finite(_step(model, optimizers, batch, None, limit["rate"], 1.0, context.on)))
        target = losses[0] / 2 if context.large else target
        if losses[-1] < target or losses[-1] == _NOT_A_NUMBER:
            break
    first, loss, steps = losses[0], losses[-1], len(losses) - 1
    values = {"first": first, "loss": loss, "steps": steps, "target": target, "tokens": batch[0].numel()}
    return {**values, "variant": "halved" if loss < target else "not-halved"} if context.large else values


def _judge_overfit(values: Values, limit: Mapping[str, float]) -> Status:
    return "pass" if values["loss"] < values["target"] else "fail"


@_apart
def _causality(context: ModelContext) -> Values:
    """How much outputs up to t change with inputs after t, and with another row; both by gradient and by trying.

    The gradient is taken in training mode, where a batch norm would mix rows; changed ids also tell of a model that moves them
    before they are embedded.
    """
    _must_be_quick(context)
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
        later, rows = max(later, _largest(gradient[0, t + 1 :])), max(rows, _largest(gradient[1]))
        back = max(back, _largest(gradient[0, : t + 1]))
        mixed = other.clone()
        mixed[0, : t + 1] = ids[0, : t + 1]
        with torch.no_grad():
            changed = max(changed, _largest(model(mixed)[0, : t + 1] - before[0, : t + 1]))
    values = {"later": later, "rows": rows, "changed": changed, "back": back, "tokens": length}
    if later > 0:
        return {**values, "variant": "later"}
    if rows > 0:
        return {**values, "variant": "rows"}
    return values if back else {**values, "variant": "blind"}


def _judge_causality(values: Values, limit: Mapping[str, float]) -> Status:
    leaks = max(values["later"], values["rows"], values["changed"]) > limit["gradient"]
    return "fail" if leaks or not values["back"] else "pass"


@_apart
def _gradients_alive(context: ModelContext) -> Values:
    _must_be_quick(context)
    model, (inputs, labels) = context.filled_model(), context.windows(*_small_batch(context))
    with context.on.autocast():
        logits = model(inputs, _masks(context, 0, len(inputs)))
    (token_losses(logits, labels) / labels.numel()).backward()  # type: ignore[no-untyped-call]
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


@_apart
def _parallel_equals_stepwise(context: ModelContext) -> Values:
    """The largest difference of logits, as a share of the largest logit: token by token, and a prompt with a rest."""
    _must_be_quick(context)
    longest = CHUNK + 2 if context.settings.arch == "mmrec" else context.settings.seq_len  # a GPT forgets what is older
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
            difference = max(difference, _largest(torch.cat(outputs, dim=1) - parallel))
        largest = _largest(parallel)
    return {"difference": _finite(difference / largest if largest else 0.0), "tokens": length}


def _judge_parallel(values: Values, limit: Mapping[str, float]) -> Status:
    return "pass" if values["difference"] <= limit["difference"] else "fail"


@_apart
def _deterministic(context: ModelContext) -> Values:
    _must_be_quick(context)
    steps = int(numbers("deterministic")["steps"])
    first, second = (_losses(context, steps) for _ in range(2))
    return {"steps": steps, "loss": first[-1], "again": second[-1], "same": first == second}


def _losses(context: ModelContext, steps: int) -> list[float]:
    """The loss before each of the first steps and after the last, with the run's own optimizer and dropout."""
    settings, model, batch = context.settings, context.model(), context.windows(*_small_batch(context))
    optimizers, losses = Optimizers(model, settings), []
    for step in range(steps + 1):
        masks = _masks(context, step, len(batch[0]))
        loss = _step(model, optimizers, batch, masks, settings.learning_rate, settings.grad_clip, context.on)
        losses.append(_finite(loss))
    return losses


def _judge_same(values: Values, limit: Mapping[str, float]) -> Status:
    return "pass" if values["same"] else "fail"


@_apart
def _memory_fits(context: ModelContext) -> Values:
    """Memory by estimate; then, where that allows it and it is quick, a step and an evaluation batch at full size."""
    device, settings, config = context.on.device, context.settings, context.config
    needed, available = _needed(settings, config.vocabulary), _available(device)
    known = available < sys.maxsize
    values: Values = {
        "needed_gib": needed / _GIB,
        "available_gib": available / _GIB if known else None,
        "left_gib": (available - needed) / _GIB if known else None,
        "share": needed / max(1, available),
        "tried": False,
        "ran_out": False,
    }
    if needed > _MEMORY_SHARE * available:
        return {**values, "fitting": _fitting_settings(settings, config.vocabulary, available)}
    tokens = 3 * settings.batch_size * settings.seq_len + max(_TOKENS_AN_EVALUATION, settings.seq_len)
    if device.type == "cpu" and config.parameters() * tokens > _LONGEST_TRIAL:
        return {**values, "variant": "estimated" if known else "unknown-room"}
    try:
        peak = _trial(context)
    except (RuntimeError, MemoryError) as error:
        if not _is_out_of_memory(error):
            raise
        fitting = _fitting_settings(settings, config.vocabulary, needed / 2)
        return {**values, "tried": True, "ran_out": True, "variant": "ran-out", "fitting": fitting}
    values["tried"] = True
    if peak is not None:
        return {**values, "peak_gib": peak / _GIB, "left_gib": (available - peak) / _GIB, "variant": "measured"}
    return values if known else {**values, "variant": "unknown-room"}


def _trial(context: ModelContext) -> int | None:
    """One training step and one evaluation batch at full size. Returns their peak in bytes where the device tells it."""
    device, settings = context.on.device, context.settings
    before = 0
    if device.type == "cuda":
        before = torch.cuda.memory_allocated(device)
        torch.cuda.reset_peak_memory_stats(device)
    model, (training, evaluation) = context.model(), context.full_batches()
    masks = _masks(context, 0, settings.batch_size)
    rate = settings.learning_rate
    _step(model, Optimizers(model, settings), training, masks, rate, settings.grad_clip, context.on)
    with evaluating(model):
        token_losses(model(evaluation[0]), evaluation[1]).item()
    return torch.cuda.max_memory_allocated(device) - before if device.type == "cuda" else None


def _judge_memory(values: Values, limit: Mapping[str, float]) -> Status:
    return "fail" if values["ran_out"] or values["share"] > limit["share"] else "pass"


def _needed(settings: Settings, vocabulary: int) -> int:
    """Estimated bytes of the run's peak: the larger of a training step and an evaluation batch."""
    config = PRESETS[settings.config].model(settings.arch, vocabulary, settings.seq_len)
    training, _ = fits(settings, vocabulary)
    if settings.gradient_checkpointing:  # one layer's activations at a time, and the input of each
        one = replace(config, layers=1)
        kept = 4 * settings.batch_size * settings.seq_len * config.width * config.layers
        training = one.training_bytes(settings.batch_size, settings.seq_len) + kept
        training += 16 * (config.parameters() - one.parameters())
    tokens = max(_TOKENS_AN_EVALUATION, settings.seq_len)
    reach = min(settings.seq_len, CHUNK) if settings.arch == "mmrec" else settings.seq_len
    layer = 8 * config.width + 2 * config.mlp_width + 2 * config.heads * reach
    return max(training, config.training_bytes(0, 0) + 4 * tokens * (3 * vocabulary + layer))


def _fitting_settings(settings: Settings, vocabulary: int, available: float) -> dict[str, dict[str, Any]]:
    """Changes of the settings, by remedy, with each of which alone the run would fit, nearest first."""

    def first_that_fits(changes: Iterator[dict[str, Any]]) -> dict[str, Any] | None:
        for change in changes:
            if _needed(replace(settings, **change), vocabulary) <= _MEMORY_SHARE * available:
                return change
        return None

    windows, length, stride = settings.windows_a_step, settings.seq_len, settings.stride
    sizes = _halvings(settings.batch_size, 1)
    batches = ({"batch_size": size, "accumulate": -(-windows // size)} for size in sizes)
    lengths = (
        {"seq_len": size, **({} if stride is None else {"stride": min(stride, size)})}
        for size in _halvings(length, _SHORTEST_WINDOW)
    )
    names = list(PRESETS)
    smaller = ({"config": name} for name in reversed(names[: names.index(settings.config)]))
    recomputing = iter(() if settings.gradient_checkpointing else ({"gradient_checkpointing": True},))
    ways: dict[str, Iterator[dict[str, Any]]] = {
        "smaller-batch": batches,
        "shorter-windows": lengths,
        "gradient-checkpointing": recomputing,
        "smaller-config": smaller,
    }
    found = {remedy: first_that_fits(changes) for remedy, changes in ways.items()}
    return {remedy: change for remedy, change in found.items() if change is not None}


def _halvings(size: int, least: int) -> Iterator[int]:
    while size // 2 >= least:
        size //= 2
        yield size


def _disk_fits(context: ModelContext) -> Values:
    """Room where the run folder will stand, the checkpoints that lie in it already counted as room."""
    place = context.folder.absolute()
    while not place.exists():
        place = place.parent
    there = sum(path.stat().st_size for path in context.folder.glob("*.pt")) if context.folder.is_dir() else 0
    free = shutil.disk_usage(place).free + there
    beside, keep = int(numbers("disk-fits")["beside_the_kept"]), context.settings.keep_checkpoints
    each = 12 * context.config.parameters()  # weights and two moments; Muon has one moment less
    values = {"checkpoints": keep + beside, "needed_gib": (keep + beside) * each / _GIB, "free_gib": free / _GIB}
    fewer = int(free // each) - beside
    fitting = {"fewer-checkpoints": {"keep_checkpoints": fewer}} if 1 <= fewer < keep else {}
    return {**values, "folder": str(place), **({"fitting": fitting} if fitting else {})}


def _judge_disk(values: Values, limit: Mapping[str, float]) -> Status:
    return "pass" if values["needed_gib"] <= values["free_gib"] else "fail"


@_apart
def _checkpoint_rehearsal(context: ModelContext) -> Values:
    """Write a changed model as the run would, read it into a new one, and compare what both say."""
    _must_be_quick(context)
    model, (ids, _) = context.filled_model(), context.windows(*_small_batch(context))
    generator = torch.Generator().manual_seed(context.settings.seed)
    for parameter in model.parameters():
        _add_noise(parameter, generator)
    with torch.no_grad():
        model(ids)  # in training mode: whatever a model keeps beside its weights changes too
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
        "difference": _largest(before - after),
        "bytes": size,
        "tensors": len(list(model.parameters())),
    }


def _step(
    model: LanguageModel,
    optimizers: Optimizers,
    batch: tuple[Tensor, Tensor],
    masks: DropoutMasks | None,
    rate: float,
    clip: float,
    machine: Machine,
) -> float:
    """One update on one batch. Returns the loss before it, nats a token."""
    inputs, labels = batch
    with machine.autocast():
        logits = model(inputs, masks)
    loss = token_losses(logits, labels) / labels.numel()
    loss.backward()  # type: ignore[no-untyped-call]
    if clip:
        nn.utils.clip_grad_norm_(model.parameters(), clip)
    optimizers.step(rate)
    return float(loss.detach())


def _small_batch(context: ModelContext) -> tuple[int, int]:
    """Windows and length."""
    return (2, 64) if context.large else (4, min(128, max(64, context.settings.seq_len)))


def _masks(context: ModelContext, step: int, windows: int) -> DropoutMasks:
    return DropoutMasks(context.settings.dropout, context.settings.seed, step, range(windows))


def _add_noise(parameter: Tensor, generator: torch.Generator) -> None:
    with torch.no_grad():
        parameter += (INITIAL_STD * torch.randn(parameter.shape, generator=generator)).to(parameter)


def _largest(x: Tensor) -> float:
    """The largest absolute value; 0 of nothing; the largest float32 where any is not finite."""
    return float(x.detach().abs().nan_to_num(_NOT_A_NUMBER, _NOT_A_NUMBER).max()) if x.numel() else 0.0


def _finite(x: float) -> float:
    return x if math.isfinite(x) else _NOT_A_NUMBER


def _available(device: torch.device) -> int:
    """Bytes that this process can still take on the device."""
    if device.type != "cuda":
        return available_bytes()
    free, _ = torch.cuda.mem_get_info(device)
    return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)


def _is_out_of_memory(error: BaseException) -> bool:
    # On CPUs PyTorch words a failed allocation in a RuntimeError.
    words = str(error)
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or ("alloc" in words and "memory" in words)


def _remedies(values: Values, status: Status) -> list[dict[str, Any]]:
    fitting = values.get("fitting", {}) if status == "fail" else {}
    return [
        {"id": remedy, "title": REMEDIES[remedy]["en"], "settings": settings} for remedy, settings in fitting.items()
    ]


def _check(id: str, measure: Measure, judge: Callable[[Values, Mapping[str, float]], Status]) -> Check:
    return Check(id=id, phase="before", item="model-config", measure=measure, judge=judge, remedies=_remedies)


MODEL_CHECKS: tuple[Check, ...] = (
    _check("initial-loss", _initial_loss, _judge_initial_loss),
    _check("one-batch-overfit", _one_batch_overfit, _judge_overfit),
    _check("causality", _causality, _judge_causality),
    _check("gradients-alive", _gradients_alive, _judge_gradients),
    _check("parallel-equals-stepwise", _parallel_equals_stepwise, _judge_parallel),
    _check("deterministic", _deterministic, _judge_same),
    _check("memory-fits", _memory_fits, _judge_memory),
    _check("disk-fits", _disk_fits, _judge_disk),
    _check("checkpoint-rehearsal", _checkpoint_rehearsal, _judge_same),
)
