"""The processes of a run, as one of them sees them; and the usual case, in which there is but one.

How several speak stands in `processes.py`, which is loaded where there are several.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from mmrec_engine.errors import RequestError, TrainingError
from mmrec_engine.settings import Resolved

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class ProcessLostError(Exception):
    """A process that trains along is gone."""


class OthersRanOutError(MemoryError):
    """Memory ran out in another process."""


class Group(Protocol):
    """All processes of a run."""

    @property
    def size(self) -> int: ...

    def share(self, windows: int) -> slice:
        """Which of a step's windows are this process'."""

    def total(self, tokens: int) -> int:
        """Those of all processes together. Raises ProcessLostError."""

    def sum(self, gradients: Sequence[Tensor], loss: Tensor) -> None:
        """Replace gradients and loss by their sums over all processes.

        Raises OthersRanOutError where memory ran out in another process, ProcessLostError where one is gone.
        """

    def fail(self, memory: bool) -> None:
        """In place of `sum`: this process has no gradients, because memory ran out, or something else went wrong."""

    def tell(self, *command: object) -> None:
        """To the others, what comes next. Raises ProcessLostError."""

    def lost(self, reason: str) -> TrainingError:
        """The word for a person, when a process is gone."""

    def close(self) -> None:
        """The run is over: the others end."""


class Alone:
    """One process: nothing is shared, nobody is told, nothing is paid."""

    size = 1

    def share(self, windows: int) -> slice:
        return slice(0, windows)

    def total(self, tokens: int) -> int:
        return tokens

    def sum(self, gradients: Sequence[Tensor], loss: Tensor) -> None:
        """They are the sums."""

    def fail(self, memory: bool) -> None:
        """There is nobody."""

    def tell(self, *command: object) -> None:
        """There is nobody."""

    def lost(self, reason: str) -> TrainingError:
        return TrainingError("process-lost", number=1, size=1, reason=reason)

    def close(self) -> None:
        """There is nobody."""


def open_group(processes: int, device: torch.device) -> Group:
    """Join the other processes of a run, if there are any. For the first of them. Raises as `processes.joined`."""
    if processes == 1:
        return Alone()
    from mmrec_engine.training.processes import joined

    return joined(processes, device)


def share_of(windows: int, rank: int, size: int) -> slice:
    """Consecutive windows, as evenly as can be: the first processes have one more where they do not divide."""
    each, more = divmod(windows, size)
    start = rank * each + min(rank, more)
    return slice(start, start + each + (rank < more))


def launched() -> tuple[int, int]:
    """Rank and number of processes that `torchrun` has started; 0 and 1 where it has not."""
    try:
        return int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    except (KeyError, ValueError):
        return 0, 1


def processes_here(processes: int) -> int:
    """How many of the run's processes share this machine."""
    try:
        return max(1, int(os.environ["LOCAL_WORLD_SIZE"]))
    except (KeyError, ValueError):
        return processes


def as_launched(resolved: Resolved) -> Resolved:
    """The settings with as many processes as `torchrun` has started, where it has.

    Raises RequestError where others were asked for by hand, or where there are more than windows in a step.
    """
    _, size = launched()
    if size == 1:
        return resolved
    if resolved.sources["processes"] == "hand" and resolved.settings.processes != size:
        raise RequestError("processes-differ", asked=resolved.settings.processes, launched=size)
    return resolved.with_values(processes=size)
