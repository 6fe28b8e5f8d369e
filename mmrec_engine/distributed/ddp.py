"""A whole model in every rank: PyTorch's DistributedDataParallel sums its gradients during the backward pass.

Only the last pass of a step sums, including the gradients of the passes before it: so each rank sums once a step, whatever its
number of windows and micro-batches.

DistributedDataParallel assigns gradients to buckets, which determine the rounding, by the order of the first gradients. Two
passes that do not count fix the buckets before the first step, so that they are the same after a resume. They also show what a
rank has to send if its own pass is aborted, for example because memory runs out: zeros, so that no rank waits, and all get the
error.

Source: Li et al., "PyTorch distributed: experiences on accelerating data parallel training", 2020.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

_SETTLING_PASSES = 2  # the first records the order, the second is the first one in that order
_SETTLING_TOKENS = 2


class _Buckets:
    """Buckets of gradients in the order in which they are summed. Must not know: the model, because the reducer keeps a
    reference to this."""

    def __init__(self) -> None:
        self.entries: list[int] = []  # of each bucket that was summed since `clear`

    # DistributedDataParallel reads these annotations, and does not accept strings.
    def sum(self, state: None, bucket: dist.GradBucket) -> torch.futures.Future[Tensor]:  # type: ignore[name-defined]
        """Not averaged: each rank has divided its losses by the tokens of all."""
        gradients = bucket.buffer()
        self.entries.append(gradients.numel())
        work: Any = dist.all_reduce(gradients, async_op=True)
        summed: torch.futures.Future[Tensor] = work.get_future().then(lambda done: done.value()[0])
        return summed


class DistributedModel:
    """This rank's wrapper of the model. All ranks create theirs at once, and again once a pass was aborted in one."""

    def __init__(self, model: nn.Module) -> None:
        # The same in all ranks, and constant.
        constants = [name for name, _ in model.named_buffers()]
        DistributedDataParallel._set_params_and_buffers_to_ignore_for_model(model, constants)  # type: ignore[no-untyped-call]
        self._parallel = DistributedDataParallel(model, gradient_as_bucket_view=True)
        self._buckets = _Buckets()
        self._parallel.register_comm_hook(None, self._buckets.sum)
        self._owed = self._settle(model)

    def begin(self) -> None:
        """Begin a step."""
        self._buckets.entries.clear()

    @contextmanager
    def passing(self, last: bool) -> Iterator[nn.Module]:
        """Within the context, a pass through the yielded module; the last one of a step leaves the sums over all ranks."""
        if last:
            yield self._parallel
        else:
            with self._parallel.no_sync():
                yield self._parallel

    def give_up(self) -> None:
        """This rank's pass was aborted: send zeros for the sums that the other ranks wait for."""
        for entries in self._owed[len(self._buckets.entries) :]:
            dist.all_reduce(torch.zeros(entries, device=self._parallel.device))

    def _settle(self, model: nn.Module) -> list[int]:
        """Entries of each bucket of a step from now on."""
        model.eval()  # no dropout and no gradient checkpointing: both would change the order
        for _ in range(_SETTLING_PASSES):
            self._buckets.entries.clear()
            tokens = torch.zeros(1, _SETTLING_TOKENS, dtype=torch.int64, device=self._parallel.device)
            self._parallel(tokens).sum().backward()
            model.zero_grad()
        return list(self._buckets.entries)
