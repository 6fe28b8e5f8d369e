"""The ranks of a run as the training loop sees them; and the usual case of a single rank.

`multi_process_group.py` implements several ranks, and is loaded only for them.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Protocol, TypeVar

from mmrec_engine.errors import RequestError, TrainingError
from mmrec_engine.settings import Resolved

if TYPE_CHECKING:
    from torch import Tensor, nn

    from mmrec_engine.evaluation.ranks import Figures

Value = TypeVar("Value")


class ProcessLostError(Exception):
    """Another rank is lost."""


class OthersRanOutError(MemoryError):
    """Memory ran out in another rank."""


class ProcessGroup(Protocol):
    """All ranks of a run, from the point of view of one. Each makes the same calls in the same order."""

    @property
    def rank(self) -> int:
        """Of this process. Only rank 0 has the run folder and reads requests."""

    @property
    def size(self) -> int: ...
    @property
    def sharded(self) -> bool:
        """Whether each rank holds a shard of the model; otherwise each has all of it."""

    def share(self, windows: int) -> slice:
        """This rank's share of a step's windows."""

    def broadcast(self, value: Value) -> Value:
        """Rank 0's value, in every rank. Raises ProcessLostError."""

    def total(self, count: int) -> int:
        """The sum of a count over all ranks. Raises ProcessLostError."""

    def total_figures(self, figures: Figures) -> Figures:
        """The sum of an array over all ranks. Raises ProcessLostError."""

    def begin_step(self, model: nn.Module) -> None:
        """Begin a step of this model. Raises ProcessLostError."""

    def passing(self, model: nn.Module, last: bool) -> AbstractContextManager[nn.Module]:
        """Within the context, one pass through the yielded module, forward and backward. After the last one of a step the
        gradients are the sums over all passes of all ranks."""

    def sum_loss(self, loss: Tensor) -> None:
        """After the last pass: replace the loss by its sum over all ranks.

        Raises OthersRanOutError if memory ran out in another rank, ProcessLostError if one is lost.
        """

    def sum_of_shards(self, figures: Tensor) -> Tensor:
        """Figures of each rank's shard of the model, added up; if each has all of it, unchanged."""

    def report_failure(self, error: BaseException) -> None:
        """In place of `sum_loss`: a pass was aborted here, because memory ran out, or for another error.

        Raises ProcessLostError if the cause is another rank's end.
        """

    def broken_by(self, error: BaseException) -> bool:
        """Whether an error of the model itself means that another rank is lost: if all take part in its passes."""

    def lost(self, reason: str) -> TrainingError:
        """The error for the user, when another rank is lost."""

    def close(self, ended: bool) -> None:
        """End the run. ended: in every rank, which then need not be killed."""


class SingleProcess:
    """A single process: no communication, and no cost."""

    rank = 0
    size = 1
    sharded = False

    def share(self, windows: int) -> slice:
        return slice(0, windows)

    def broadcast(self, value: Value) -> Value:
        return value

    def total(self, count: int) -> int:
        return count

    def total_figures(self, figures: Figures) -> Figures:
        return figures

    def begin_step(self, model: nn.Module) -> None:
        """There are no other ranks."""

    def passing(self, model: nn.Module, last: bool) -> AbstractContextManager[nn.Module]:
        return nullcontext(model)

    def sum_loss(self, loss: Tensor) -> None:
        """The loss is the sum already."""

    def sum_of_shards(self, figures: Tensor) -> Tensor:
        return figures

    def report_failure(self, error: BaseException) -> None:
        """There are no other ranks."""

    def broken_by(self, error: BaseException) -> bool:
        return False

    def lost(self, reason: str) -> TrainingError:
        return TrainingError("process-lost", number=1, size=1, reason=reason)

    def close(self, ended: bool) -> None:
        """There are no other ranks."""


def share_of(windows: int, rank: int, size: int) -> slice:
    """Consecutive windows, as evenly as possible: the lowest ranks have one more if the number does not divide."""
    each, more = divmod(windows, size)
    start = rank * each + min(rank, more)
    return slice(start, start + each + (rank < more))


def launched() -> tuple[int, int]:
    """Rank and number of processes from `torchrun`; 0 and 1 without it."""
    try:
        return int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    except (KeyError, ValueError):
        return 0, 1


def meeting_place() -> str:
    """The address of the rendezvous of a run's ranks, if they are not started here."""
    return f"{os.environ.get('MASTER_ADDR', '127.0.0.1')}:{os.environ.get('MASTER_PORT', '')}".rstrip(":")


def as_launched(resolved: Resolved) -> Resolved:
    """The settings with the number of processes from `torchrun`, if it started this one.

    Raises RequestError if another number was given, if there are more ranks than windows in a step, or if a single rank is
    to shard its model.
    """
    _, size = launched()
    if size == 1 == resolved.settings.processes and resolved.settings.sharding == "full":
        raise RequestError("sharding-alone")
    if size == 1:
        return resolved
    if resolved.sources["processes"] == "hand" and resolved.settings.processes != size:
        raise RequestError("processes-differ", asked=resolved.settings.processes, launched=size)
    return resolved.with_values(processes=size)
