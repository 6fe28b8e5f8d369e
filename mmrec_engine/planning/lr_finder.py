"""Learning-rate range test: the rates at which a model begins to learn, learns fastest, and diverges.

    for each of N steps: one real training step of a new model, at a rate that grows by the same factor from step to step
    ─► loss over rate: flat, falling, lowest, rising

Source: Smith, "Cyclical Learning Rates for Training Neural Networks", 2017, section 3.3, with the rate raised exponentially as
in fastai's `lr_find`. The steps are those of a run (`train_step.py`): its model, text, batch, dropout and clipping. Nothing is
written, and the process' switches and random state are restored; the search has a model of its own.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mmrec_engine.data.prepare import Corpus
from mmrec_engine.errors import TrainingError
from mmrec_engine.model.memory_estimate import fits
from mmrec_engine.optim.optimizers import ADAMW_SHARE_OF_MUON
from mmrec_engine.settings import Settings
from mmrec_engine.system.determinism import process_restored
from mmrec_engine.system.memory import USABLE, ran_out
from mmrec_engine.training.device import no_memory, resolve_device, resolve_machine
from mmrec_engine.training.device_memory import available
from mmrec_engine.training.state import build_state

_ADAMW_RATES = (1e-6, 1.0)  # Muon's are those of the AdamW used with it, divided by its share
_SMOOTHING_SHARE = 0.02  # of the planned steps: standard deviation of the smoothing
_NEVER_SHARE = 0.25  # of the planned steps, the first ones: so low a rate does not diverge
_LOST_AGAIN = 0.3  # of the loss' decrease: a rise by this is divergence
_LEAST_SHARE = 0.05  # of the first loss: a smaller change is not significant
_LEAST_NOISES = 5.0  # median deviations of the losses from the smoothed curve: a smaller change is not significant


@dataclass(frozen=True)
class RatePoint:
    """loss: of one step at this rate, nats a token, before the update; smoothed: mean over the steps around it."""

    rate: float
    loss: float
    smoothed: float


@dataclass(frozen=True)
class RateSearch:
    """The results so far. current: the rate in the settings; planned: steps, if it does not stop early.

    diverged_at: the rate at which the smoothed loss had risen by a large part of its decrease, or loss or gradient was
    not finite. done: the search has ended; only then there may be a suggestion.
    """

    current: float
    planned: int
    points: tuple[RatePoint, ...] = ()
    diverged_at: float | None = None
    done: bool = False

    @property
    def lowest(self) -> float | None:
        """The rate at which the smoothed loss is lowest."""
        return self.points[self._lowest_index()].rate if self.points else None

    @property
    def steepest(self) -> float | None:
        """The rate, below that of the lowest loss, at which the smoothed loss falls fastest with the logarithm of the rate."""
        smoothed = [point.smoothed for point in self.points[: self._lowest_index() + 1]]
        if len(smoothed) < 2:
            return None
        return self.points[int(np.argmin(np.gradient(smoothed)))].rate

    @property
    def suggestion(self) -> float | None:
        """A peak rate to train with, two digits; None during the search, or if no rate decreased the loss.

        The geometric mean of the rate where the loss falls fastest, which trains slowly, and of the one where it is lowest,
        which is the last before it rises. Of the compared rules it varied least and trained well (docs/performance.md).
        """
        losses, smoothed = [point.loss for point in self.points], [point.smoothed for point in self.points]
        if not self.done or self.lowest is None or self.steepest is None or not has_learnt(losses, smoothed):
            return None
        return float(f"{math.sqrt(self.lowest * self.steepest):.1e}")

    def _lowest_index(self) -> int:
        return min(range(len(self.points)), key=lambda index: self.points[index].smoothed, default=0)


def search_rates(settings: Settings, corpus: Corpus, *, steps: int) -> Generator[RateSearch, None, None]:
    """Search, and yield the results after each step, the last time with `done`. To stop, close the generator.

    corpus: prepared as the settings say. Sets threads and deterministic mode as a run does until it ends or is closed, so it
    must not run during a training. Raises RequestError if the steps need more memory than is safe, and for a device that does
    not exist; TrainingError if memory runs out nevertheless.
    """
    needed, free = fits(settings, corpus.tokenizer.vocab_size)
    device = resolve_device(settings.device)
    if device.type == "cuda":  # whose memory is not the machine's
        free = available(device)
    if needed > USABLE * free:
        raise no_memory(settings.batch_size, settings.seq_len, needed, free)
    with process_restored():
        try:
            yield from _search(settings, corpus, steps)
        except (RuntimeError, MemoryError) as error:
            if isinstance(error, TrainingError) or not ran_out(error):
                raise
            values = {"batch_size": settings.batch_size, "seq_len": settings.seq_len}
            raise TrainingError("training-no-memory", **values) from error


def rates_of(settings: Settings, steps: int) -> list[float]:
    """The rate of each step: evenly spaced logarithms over six powers of ten."""
    share = ADAMW_SHARE_OF_MUON if settings.optimizer == "muon" else 1.0
    low, high = (math.log(rate / share) for rate in _ADAMW_RATES)
    return [math.exp(low + (high - low) * step / (steps - 1)) for step in range(steps)]


def smooth(losses: Sequence[float], deviation: float) -> list[float]:
    """Mean of each loss and its neighbours, weighted by a Gaussian of this many steps, cut off at three deviations.

    Centred: a trailing mean would show the minimum of the curve at too high a rate.
    """
    reach = max(1, math.ceil(3 * deviation))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / deviation) ** 2)
    values = np.asarray(losses, dtype=np.float64)
    sums = np.convolve(values, kernel, mode="full")[reach : reach + len(values)]
    weights = np.convolve(np.ones_like(values), kernel, mode="full")[reach : reach + len(values)]
    return [float(value) for value in sums / weights]


def smoothed_points(rates: Sequence[float], losses: Sequence[float]) -> tuple[tuple[RatePoint, ...], float | None]:
    """The points of a search so far, and the rate at which it diverges. rates: of all its steps, losses: of those made."""
    deviation = max(0.5, _SMOOTHING_SHARE * len(rates))
    smoothed = smooth(losses, deviation)
    points = tuple(RatePoint(*point) for point in zip(rates, losses, smoothed, strict=False))
    last = len(losses) - math.ceil(deviation)  # later ones have neighbours on one side only, and vary more
    diverged = last > _NEVER_SHARE * len(rates) and diverges(losses[:last], smoothed[:last])
    return points, rates[last - 1] if diverged else None


def diverges(losses: Sequence[float], smoothed: Sequence[float]) -> bool:
    """Whether the last smoothed loss has clearly risen by a part of the decrease from the first to the lowest.

    The usual multiple of the lowest loss would never be reached: the model's logits are bounded, and so is its loss.
    """
    gained = smoothed[0] - min(smoothed)
    return smoothed[-1] > min(smoothed) + max(_LOST_AGAIN * gained, _least_change(losses, smoothed))


def has_learnt(losses: Sequence[float], smoothed: Sequence[float]) -> bool:
    """Whether the loss fell by more than it varies from step to step."""
    return smoothed[0] - min(smoothed) > _least_change(losses, smoothed)


def _least_change(losses: Sequence[float], smoothed: Sequence[float]) -> float:
    """The significance threshold of a change of the smoothed loss, estimated from half of the steps."""
    noise = float(np.median(np.abs(np.subtract(losses, smoothed))))
    return max(_LEAST_SHARE * smoothed[0], _LEAST_NOISES * noise)


def _search(settings: Settings, corpus: Corpus, steps: int) -> Generator[RateSearch, None, None]:
    machine = resolve_machine(settings)
    training = build_state(settings, machine, corpus, settings.run_folder)
    rates = rates_of(settings, steps)
    losses: list[float] = []
    found = RateSearch(settings.learning_rate, steps)
    for step, rate in enumerate(rates, start=1):
        try:
            loss = training.make_step(step, (step - 1) * settings.windows_a_step, rate).loss
        except TrainingError as error:
            if error.key != "training-non-finite":
                raise
            found = replace(found, diverged_at=rate)
            break
        losses.append(loss)
        points, diverged_at = smoothed_points(rates, losses)
        found = replace(found, points=points, diverged_at=diverged_at)
        if diverged_at is not None:
            break
        yield found
    yield replace(found, done=True)
