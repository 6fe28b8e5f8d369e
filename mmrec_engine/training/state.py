"""The state of a training: everything that the loop uses, built from the settings or from a checkpoint.

`SAVED` lists what a checkpoint contains for an exact resume; random numbers are pure functions of counts, so there is no
generator in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from mmrec_engine.data.batches import training_windows
from mmrec_engine.data.prepare import Corpus
from mmrec_engine.data.transforms.curriculum import Pacing
from mmrec_engine.distributed.process_group import ProcessGroup, SingleProcess
from mmrec_engine.errors import RequestError, UnusableError, reason_of
from mmrec_engine.evaluation.ranks import Ranks
from mmrec_engine.model import fused
from mmrec_engine.model.language_model import LanguageModel, create_model
from mmrec_engine.model.memory_estimate import BYTES_A_WEIGHT
from mmrec_engine.optim.ema import WeightAverage
from mmrec_engine.optim.lr_schedule import done_share, rate_factor
from mmrec_engine.optim.optimizers import Optimizers
from mmrec_engine.optim.sharded import gathered
from mmrec_engine.pretrained.source import read_pretrained
from mmrec_engine.randomness import hash64
from mmrec_engine.runs import checkpoints
from mmrec_engine.settings import WHOLE, Settings
from mmrec_engine.settings.model_config import ModelConfig
from mmrec_engine.settings.pretrained import is_pretrained
from mmrec_engine.system.memory import USABLE, keep_nothing
from mmrec_engine.training.deadline import Budget, Deadline
from mmrec_engine.training.device import Machine
from mmrec_engine.training.device_memory import room
from mmrec_engine.training.loss_scale import LossScale, Overflowed
from mmrec_engine.training.plan import Plan, TrainingProgress, make_plan
from mmrec_engine.training.target_loss import TargetEstimate
from mmrec_engine.training.train_step import Stepper, StepResult

SAVED = ("model", "optimizer", "progress", "outlook", "loss_scale", "budget")
LAST_WEIGHTS = "last_weights"  # if `model` is an average: the weights themselves


@dataclass
class TrainingState:
    """One run in this rank. `progress`, `target_estimate`, `loss_scale` and `budget` are replaced in all ranks alike.

    deadline: of a run with a given time, in rank 0; most_steps: limit in addition; limited_by: the setting that gives it, or
    none if it is not given.
    """

    settings: Settings
    machine: Machine
    corpus: Corpus
    folder: Path
    model: LanguageModel
    optimizers: Optimizers
    stepper: Stepper
    plan: Plan
    progress: TrainingProgress
    average: WeightAverage | None = None
    target_estimate: TargetEstimate = field(default_factory=TargetEstimate)
    loss_scale: LossScale = field(default_factory=LossScale)
    budget: Budget = field(default_factory=Budget)
    deadline: Deadline | None = None
    most_steps: int | None = None
    limited_by: str = ""
    group: ProcessGroup = field(default_factory=SingleProcess)
    saved_step: int = 0  # step of the newest checkpoint
    resumed_from: str | None = None  # name of the checkpoint that this process resumed from

    def join(self, group: ProcessGroup) -> None:
        """Become one rank of a group. Rank 0 sends its state to the others; `rank_worker` builds the same."""
        if group.size == 1:
            return
        self.group = group
        if group.rank == 0:
            self._send()
        if group.sharded:
            self._shard()
        self.stepper.join(group, self.optimizers)

    def _send(self) -> None:
        state: dict[str, Any] = {}  # new weights are drawn from the seed, in all ranks the same
        if self.progress.step:
            state = self.content()
        elif self.settings.init_from is not None:
            state = {"model": dict(self.model.state_dict())}
        record = self.corpus.earlier.record
        split = (
            None if record is None else replace(record, tokenizer=None)
        )  # a library's tokenizer is sent as its values
        text = (self.corpus.fingerprint, self.corpus.tokenizer.to_dict(), split)
        self.group.broadcast((self.settings.as_dict(), self.machine.as_dict(), text, state, self.resumed_from))

    def _shard(self) -> None:
        """Keep only this rank's shard of the model, of the optimizer's state and of the average."""
        from mmrec_engine.distributed.fsdp import shard

        state = self.optimizers.state()
        average = None if self.average is None else self.average.weights
        shard(self.model, self.machine.device, self.group.size)
        self.optimizers = Optimizers(self.model, self.settings, self.machine.products)
        if state:
            self.optimizers.load_state(state)
        if average is not None:
            self.average = WeightAverage(self.model, self.settings.weight_average)
            self.average.load(average)
        del state, average
        keep_nothing()

    def change_settings(self, settings: Settings) -> None:
        """Continue with other settings, which must be changeable in a running training."""
        self.settings = settings
        self.plan = make_plan(settings, self.plan.windows_an_epoch, tokens_a_character(self.corpus, settings))
        self.stepper.change_settings(settings)

    def rate(self, step: int) -> float:
        """The learning rate of a step."""
        planned, plateaus = self.plan.planned_steps, self.progress.plateaus
        return self.settings.learning_rate * rate_factor(
            step, planned=planned, settings=self.settings, plateaus=plateaus, anchor=self.budget.anchor
        )

    def replan(self, planned_steps: int) -> None:
        """Set the total number of steps; the rest of the schedule is spread over the remaining steps."""
        step, warmup = self.progress.step, self.settings.warmup_steps
        done = done_share(step, planned=self.plan.planned_steps, warmup=warmup, anchor=self.budget.anchor)
        self.budget = replace(self.budget, anchor_step=step, anchor_done=done)
        self.change_settings(replace(self.settings, max_steps=planned_steps))

    def make_step(self, step: int, first_window: int, learning_rate: float) -> StepResult:
        """One step of the stepper; if a scaled gradient overflows, the same step again with a smaller scale."""
        while True:
            try:
                result = self.stepper.make_step(step, first_window, learning_rate, self.loss_scale.factor)
            except Overflowed:
                self.stepper.drop_gradients()
                self.loss_scale = self.loss_scale.after_overflow()
            else:
                self.loss_scale = self.loss_scale.after_step()
                return result

    @contextmanager
    def eval_weights(self) -> Iterator[Ranks]:
        """Within the context, the model has the weights that are evaluated: their average (EMA), if there is one. All ranks
        enter this.

        With a sharded model every rank then has all weights, if all have memory for them; else the passes are collective.
        """
        self._swap_average()
        try:
            whole = self._has_room_for_all_weights()
            with self._unsharded() if self.group.sharded and whole else nullcontext():
                yield Ranks(self.group.rank, self.group.size, not whole, self.group.total_figures)
        finally:
            self._swap_average()

    def _has_room_for_all_weights(self) -> bool:
        """Whether every rank has; always true where each holds all of them."""
        if not self.group.sharded:
            return True
        needed = BYTES_A_WEIGHT * self.model.config.parameters()
        lacking = needed > USABLE * room(self.settings, self.machine.device)
        return self.group.total(int(lacking)) == 0

    def _unsharded(self) -> AbstractContextManager[None]:
        from mmrec_engine.distributed.fsdp import unsharded

        return unsharded(self.model)

    def _swap_average(self) -> None:
        if self.average is not None:
            self.average.swap()

    def tensors(self, keep: bool) -> dict[str, Any]:
        """Weights and optimizer state for a checkpoint. With a sharded model all ranks gather them.

        keep: whether this rank keeps the result.
        """
        weights = {name: parameter.detach() for name, parameter in self.model.named_parameters()}
        average = {} if self.average is None else {"model": self.average.weights, LAST_WEIGHTS: weights}
        found: dict[str, Any] = gathered({"model": weights, "optimizer": self.optimizers.state(), **average}, keep)
        return found

    def _budget_now(self) -> Budget:
        if self.deadline is None:
            return self.budget
        return replace(self.budget, used=self.deadline.used, seconds_a_step=self.deadline.seconds_a_step)

    def content(self) -> dict[str, Any]:
        """The content of a checkpoint: the state for a resume, and everything needed to use the model elsewhere.

        With a sharded model all ranks call this, and only rank 0 gets the tensors.
        """
        tensors = self.tensors(keep=self.group.rank == 0)
        state = {
            "model": tensors.pop("model"),
            "optimizer": tensors.pop("optimizer"),
            "progress": asdict(self.progress),
            "outlook": asdict(self.target_estimate),
            "loss_scale": asdict(self.loss_scale),
            "budget": asdict(self._budget_now()),
        }
        assert tuple(state) == SAVED
        return {
            **state,
            **tensors,
            "settings": self.settings.as_dict(),
            "model_config": self.model.config.as_dict(),
            "tokenizer": self.corpus.tokenizer.to_dict(),
            "corpus": self.corpus.describe(),
            "precision": self.machine.precision,
            "compile": self.machine.compile,
            "kernel": self.machine.kernel,
        }


def tokens_a_character(corpus: Corpus, settings: Settings) -> float | None:
    """Of the validation text that decides: all of it, or that of one corpus."""
    parts = [part for part in corpus.all_parts if settings.early_stopping_on in (WHOLE, part.name)]
    characters = sum(part.validation.characters for part in parts)
    return sum(len(part.validation.tokens) for part in parts) / characters if characters else None


def build_state(
    settings: Settings, machine: Machine, corpus: Corpus, folder: Path, stored: dict[str, Any] | None = None
) -> TrainingState:
    """The state of a new training, or of a resumed one from the `stored` content of a checkpoint.

    Raises ValueError if the checkpoint is of another model, RequestError if the initial weights are.
    """
    config = model_config(settings, corpus.tokenizer.vocab_size)
    model = create_model(config, hash64(settings.seed, 2) >> 1)
    model.recompute_activations = settings.gradient_checkpointing
    model.use_kernel(fused.load() if machine.kernel == "fla" else None)
    if stored is not None and stored["tokenizer"] != corpus.tokenizer.to_dict():
        raise RequestError("tokenizer-differs", path=folder)
    if stored is not None:
        _load_weights(model, stored[LAST_WEIGHTS if settings.weight_average else "model"])
    elif settings.init_from is not None:
        _begin_with(model, settings.init_from, corpus)
    model.train_last(settings.train_layers)
    if not machine.sharded:  # else each rank shards it there, once there are others
        model.to(machine.device)
    optimizers = Optimizers(model, settings, machine.products)
    average = WeightAverage(model, settings.weight_average) if settings.weight_average else None
    progress, target_estimate, loss_scale = TrainingProgress(), TargetEstimate(), LossScale.first(machine.precision)
    budget = Budget()
    if stored is not None:
        optimizers.load_state(stored["optimizer"])
        before_plateaus = {} if "plateau_patience" in stored["settings"] else {"plateaus": 0}  # in older checkpoints
        progress = TrainingProgress.of_stored({**before_plateaus, **stored["progress"]})
        if "outlook" in stored or "weight_average" in stored["settings"]:  # older ones have neither
            target_estimate = TargetEstimate.of_stored(stored["outlook"])
        if machine.precision == "fp16":
            loss_scale = LossScale.of_stored(stored["loss_scale"])
        if "budget" in stored or "time" in stored["settings"]:  # older ones have neither
            budget = Budget.of_stored(stored["budget"])
        if average is not None:
            average.load(stored["model"])
    plan = make_plan(settings, training_windows(settings, corpus).count, tokens_a_character(corpus, settings))
    pacing = Pacing.of(settings, plan.planned_steps)
    windows = training_windows(settings, corpus, plan.planned_steps)
    return TrainingState(
        settings,
        machine,
        corpus,
        folder,
        model,
        optimizers,
        Stepper(model, optimizers, windows, settings, machine, pacing),
        plan,
        progress,
        average,
        target_estimate,
        loss_scale,
        budget,
        saved_step=progress.step,
    )


def _load_weights(model: LanguageModel, weights: dict[str, Any]) -> None:
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        difference = str(error).splitlines()[-1].strip()
        raise UnusableError("weights-of-another-model", difference=difference) from None


def _begin_with(model: LanguageModel, checkpoint: str, corpus: Corpus) -> None:
    """The first weights are those of an earlier training on the same tokens, or of a pretrained model."""
    if is_pretrained(checkpoint):
        found = read_pretrained(checkpoint)
        if found.config != model.config or found.tokenizer().to_dict() != corpus.tokenizer.to_dict():
            raise RequestError("pretrained-changed", name=checkpoint)
        _load_weights(model, found.weights())
        return
    content = checkpoints.read(Path(checkpoint))
    try:
        if content["tokenizer"] != corpus.tokenizer.to_dict() or corpus.train.unknown > len(corpus.train.tokens) / 2:
            raise RequestError("init-vocabulary", path=checkpoint)
        _load_weights(model, content["model"])
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, RequestError):
            raise
        reason = reason_of(error)
        raise RequestError("init-model", path=checkpoint, reason=reason) from None


def model_config(settings: Settings, vocabulary: int) -> ModelConfig:
    return settings.model(vocabulary)
