"""The ranks of a run, as one of them sees them; and the usual case, in which there is but one.

`multi_process_group.py` is the one for several; it is loaded where there are several.
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
    """Another rank is gone."""


class OthersRanOutError(MemoryError):
    """Memory ran out in another rank."""


class ProcessGroup(Protocol):
    """All ranks of a run, as one of them sees them. Each makes the same calls in the same order."""

    @property
    def rank(self) -> int:
        """Of this process. Rank 0 alone has the run folder and hears what a person asks for."""

    @property
    def size(self) -> int: ...
    @property
    def sharded(self) -> bool:
        """Whether each rank holds a part of the model; otherwise each has all of it."""

    def share(self, windows: int) -> slice:
        """Which of a step's windows are this rank's."""

    def broadcast(self, value: Value) -> Value:
        """Rank 0's value, in every rank. Raises ProcessLostError."""

    def total(self, count: int) -> int:
        """The sum of a count over all ranks. Raises ProcessLostError."""

    def total_figures(self, figures: Figures) -> Figures:
        """The sum of an array over all ranks. Raises ProcessLostError."""

    def begin_step(self, model: nn.Module) -> None:
        """A step of this model begins. Raises ProcessLostError."""

    def passing(self, model: nn.Module, last: bool) -> AbstractContextManager[nn.Module]:
        """Inside, one pass through the module that is given, forward and backward. After the last one of a step the gradients
        are the sums over all passes of all ranks."""

    def sum_loss(self, loss: Tensor) -> None:
        """After the last pass: replace the loss by its sum over all ranks.

        Raises OthersRanOutError where memory ran out in another rank, ProcessLostError where one is gone.
        """

    def sum_of_shards(self, figures: Tensor) -> Tensor:
        """Figures that each rank has for its part of the model, added up; where each has all of it, as they are."""

    def report_failure(self, error: BaseException) -> None:
        """In place of `sum_loss`: a pass broke off here, because memory ran out, or something else went wrong.

        Raises ProcessLostError where that was the end of another rank.
        """

    def broken_by(self, error: BaseException) -> bool:
        """Whether an error of the model itself tells that another rank is gone: where all take part in its passes."""

    def lost(self, reason: str) -> TrainingError:
        """The word for a person, when another rank is gone."""

    def close(self, ended: bool) -> None:
        """The run is over. ended: in every rank, which need not be made to end."""


class SingleProcess:
    """One process is all ranks: nothing is shared, nothing is sent, nothing is paid."""

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
        """There is nobody."""

    def passing(self, model: nn.Module, last: bool) -> AbstractContextManager[nn.Module]:
        return nullcontext(model)

    def sum_loss(self, loss: Tensor) -> None:
        """It is the sum."""

    def sum_of_shards(self, figures: Tensor) -> Tensor:
        return figures

    def report_failure(self, error: BaseException) -> None:
        """There is nobody."""

    def broken_by(self, error: BaseException) -> bool:
        return False

    def lost(self, reason: str) -> TrainingError:
        return TrainingError("process-lost", number=1, size=1, reason=reason)

    def close(self, ended: bool) -> None:
        """There is nobody."""


def share_of(windows: int, rank: int, size: int) -> slice:
    """Consecutive windows, as evenly as can be: the lowest ranks have one more where they do not divide."""
    each, more = divmod(windows, size)
    start = rank * each + min(rank, more)
    return slice(start, start + each + (rank < more))


def launched() -> tuple[int, int]:
    """Rank and number of processes that `torchrun` has started; 0 and 1 where it has not."""
    try:
        return int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    except (KeyError, ValueError):
        return 0, 1


def meeting_place() -> str:
    """Where the processes of a run meet, if they are not started here."""
    return f"{os.environ.get('MASTER_ADDR', '127.0.0.1')}:{os.environ.get('MASTER_PORT', '')}".rstrip(":")


def as_launched(resolved: Resolved) -> Resolved:
    """The settings with as many processes as `torchrun` has started, where it has.

    Raises RequestError where others were asked for by hand, where there are more than windows in a step, or where one alone is
    to share its model.
    """
    _, size = launched()
    if size == 1 == resolved.settings.processes and resolved.settings.sharding == "full":
        raise RequestError("sharding-alone")
    if size == 1:
        return resolved
    if resolved.sources["processes"] == "hand" and resolved.settings.processes != size:
        raise RequestError("processes-differ", asked=resolved.settings.processes, launched=size)
    return resolved.with_values(processes=size)
