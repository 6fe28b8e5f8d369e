"""One model that every process of a run has whole: PyTorch's DistributedDataParallel sums its gradients as they come.

Only the last pass of a step sums, what the passes before it have left included: so each process sums once a step, however many
windows it has and however many of them go through the model at once.

What is summed together, and so how it is rounded, DistributedDataParallel settles by the order of the first gradients. Two
passes that count for nothing settle it before the first step: it is the same after a resume. They also tell what a process owes
the others whose own pass breaks off, say because its memory runs out: zeros, so that nobody waits, and all can be told.

Source: Li et al., "PyTorch distributed: experiences on accelerating data parallel training", 2020.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

_SETTLING_PASSES = 2  # the first shows the order, the second is the first in that order
_SETTLING_TOKENS = 2


class _Buckets:
    """Gradients that are summed together, in the order in which they are. Knows no model: the reducer holds on to this."""

    def __init__(self) -> None:
        self.entries: list[int] = []  # of each bucket that was summed since `clear`

    # DistributedDataParallel reads these annotations, and does not take them as words.
    def sum(self, state: None, bucket: dist.GradBucket) -> torch.futures.Future[Tensor]:  # type: ignore[name-defined]
        """Not averaged: each process has divided its losses by the tokens of all."""
        gradients = bucket.buffer()
        self.entries.append(gradients.numel())
        work: Any = dist.all_reduce(gradients, async_op=True)
        summed: torch.futures.Future[Tensor] = work.get_future().then(lambda done: done.value()[0])
        return summed


class DistributedModel:
    """This process' copy of the model. All processes make theirs at once, and again once a pass has broken off in one."""

    def __init__(self, model: nn.Module) -> None:
        # The same in all, and constant.
        constants = [name for name, _ in model.named_buffers()]
        DistributedDataParallel._set_params_and_buffers_to_ignore_for_model(model, constants)  # type: ignore[no-untyped-call]
        self._parallel = DistributedDataParallel(model, gradient_as_bucket_view=True)
        self._buckets = _Buckets()
        self._parallel.register_comm_hook(None, self._buckets.sum)
        self._owed = self._settle(model)

    def begin(self) -> None:
        """A step begins."""
        self._buckets.entries.clear()

    @contextmanager
    def passing(self, last: bool) -> Iterator[nn.Module]:
        """Inside, a pass through the module that is given; the last one of a step leaves the sums over all processes."""
        if last:
            yield self._parallel
        else:
            with self._parallel.no_sync():
                yield self._parallel

    def give_up(self) -> None:
        """This process' pass has broken off: what the others wait for in theirs is zeros."""
        for entries in self._owed[len(self._buckets.entries) :]:
            dist.all_reduce(torch.zeros(entries, device=self._parallel.device))

    def _settle(self, model: nn.Module) -> list[int]:
        """Entries of each bucket of a step from now on."""
        model.eval()  # nothing is dropped, nor computed again: both would change the order
        for _ in range(_SETTLING_PASSES):
            self._buckets.entries.clear()
            tokens = torch.zeros(1, _SETTLING_TOKENS, dtype=torch.int64, device=self._parallel.device)
            self._parallel(tokens).sum().backward()
            model.zero_grad()
        return list(self._buckets.entries)
