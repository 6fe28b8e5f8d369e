"""Several ranks train one model: each computes the gradients of its share of a step's windows, and all make the same update.

Every rank runs the same loop (`training/loop.py`), so that all make the same collective calls in the same order.
Gradients are summed, not averaged, because each rank has divided its own by the tokens of the whole step; so shares may be
uneven. If every rank has the whole model, DistributedDataParallel sums them (`ddp.py`); if the model is sharded, FSDP2 does
(`fsdp.py`).

The ranks communicate through `torch.distributed`: gloo on CPUs, NCCL on GPUs.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from mmrec_engine.distributed.process_group import OthersRanOutError, ProcessLostError, Value, share_of
from mmrec_engine.distributed.rank_process import RankProcess
from mmrec_engine.errors import TrainingError, first_line
from mmrec_engine.system.memory import ran_out

if TYPE_CHECKING:
    from mmrec_engine.distributed.ddp import DistributedModel
    from mmrec_engine.evaluation.ranks import Figures

_END_SECONDS = 20.0
_NOTICED_SECONDS = 2.0
_LOOK_SECONDS = 0.05
_WORDS_OF_A_CONNECTION = ("gloo", "nccl", "connection", "broken pipe")
_MEMORY, _OTHER = 1.0, 1000.0  # error codes of a rank, such that a sum identifies them


class MultiProcessGroup:
    """One of several ranks, once `torch.distributed` has joined them."""

    def __init__(self, device: torch.device, started: Sequence[RankProcess] = (), sharded: bool = False) -> None:
        """started: the other ranks, if this one has started them."""
        self._device = device
        self.sharded = sharded
        self._distributed: DistributedModel | None = None  # created at the first step
        self._broken = False  # within a collective call, so that nothing can be sent any more
        self.rank, self.size = dist.get_rank(), dist.get_world_size()
        self._started = started

    def share(self, windows: int) -> slice:
        return share_of(windows, self.rank, self.size)

    def broadcast(self, value: Value) -> Value:
        values: list[Any] = [value]
        with self._together():
            dist.broadcast_object_list(values, src=0)
        of_rank_0: Value = values[0]
        return of_rank_0

    def total(self, count: int) -> int:
        sum_of_counts = torch.tensor(count, device=self._device)
        self._reduce(sum_of_counts)
        return int(sum_of_counts)

    def total_figures(self, figures: Figures) -> Figures:
        sums = torch.from_numpy(figures).to(self._device)
        self._reduce(sums)
        total: Figures = sums.cpu().numpy()
        return total

    def begin_step(self, model: nn.Module) -> None:
        if self.sharded:
            return
        if self._distributed is None:
            from mmrec_engine.distributed.ddp import DistributedModel

            with self._together():
                self._distributed = DistributedModel(model)
        self._distributed.begin()

    def passing(self, model: nn.Module, last: bool) -> AbstractContextManager[nn.Module]:
        return nullcontext(model) if self._distributed is None else self._distributed.passing(last)

    def sum_loss(self, loss: Tensor) -> None:
        if self.sharded:
            self._reduce(loss)
        else:
            self._agree(loss, 0.0)

    def sum_of_shards(self, figures: Tensor) -> Tensor:
        if self.sharded:
            self._reduce(figures)
        return figures

    def report_failure(self, error: BaseException) -> None:
        """With a sharded model the others are in the middle of a pass, and notice when this process ends."""
        if self._distributed is None:  # sharded
            return
        with self._together():
            if _tells_of_a_connection(error):
                raise error
            self._distributed.give_up()
        self._agree(torch.zeros((), device=self._device), _MEMORY if ran_out(error) else _OTHER)

    def broken_by(self, error: BaseException) -> bool:
        if not self.sharded or isinstance(error, TrainingError) or not isinstance(error, RuntimeError | MemoryError):
            return False  # a TrainingError ends every rank
        self._broken = True
        return _tells_of_a_connection(error) or self._ended_one(_NOTICED_SECONDS) is not None

    def _agree(self, loss: Tensor, wrong: float) -> None:
        """Sum the loss, and learn whether another rank had an error."""
        loss_and_errors = torch.stack([loss, loss.new_tensor(wrong)])
        self._reduce(loss_and_errors)
        loss.copy_(loss_and_errors[0])
        if float(loss_and_errors[1]):
            self._distributed = None  # one rank is in the middle of a pass: all create theirs again
        elsewhere = float(loss_and_errors[1]) - wrong
        if elsewhere >= _OTHER:
            raise ProcessLostError
        if elsewhere and not wrong:
            raise OthersRanOutError

    @contextmanager
    def _together(self) -> Iterator[None]:
        """A collective operation. If it fails here, the others are still in it: for this rank they are lost."""
        try:
            yield
        except (RuntimeError, MemoryError) as error:
            self._broken = True
            raise ProcessLostError(str(error)) from error

    def _reduce(self, values: Tensor) -> None:
        with self._together():
            dist.all_reduce(values)

    def close(self, ended: bool) -> None:
        self._distributed = None  # which keeps the connections open
        dist.destroy_process_group()
        for other in self._started:
            other.end(_END_SECONDS if ended and not self._broken else 0.0)

    def lost(self, reason: str) -> TrainingError:
        """The error for the user, when a rank is lost."""
        if (other := self._ended_one(_NOTICED_SECONDS)) is not None:
            words = other.words(other.process.returncode)
            return TrainingError("process-lost", number=other.rank + 1, size=self.size, reason=words)
        first = first_line(reason, 200)
        return TrainingError("process-lost", number="?", size=self.size, reason=first)

    def _ended_one(self, seconds: float) -> RankProcess | None:
        """A rank that this one has started and that has ended, within so many seconds from now."""
        until = time.monotonic() + seconds
        while self._started and time.monotonic() < until:
            for other in self._started:
                if other.process.poll() is not None:
                    return other
            time.sleep(_LOOK_SECONDS)
        return None


def _tells_of_a_connection(error: BaseException) -> bool:
    words = str(error).lower()
    return any(name in words for name in _WORDS_OF_A_CONNECTION)
