"""CUDA graphs on a CPU: operations are recorded with their tensors and numbers, and replayed on the same ones.

As with a graph, a replay reads and writes the same memory and does not run Python: a number that a step
computes in Python stays that of the recording. Recorded operations are not executed, as with a graph.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only

from mmrec_engine.training import graphs
from mmrec_engine.training.graphs import Work

Call = tuple[Any, tuple[Any, ...], dict[str, Any], list[Tensor]]


class _Recording(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Call] = []
        self._own: set[int] = set()  # storages allocated inside
        self._before: dict[int, tuple[Tensor, Tensor]] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        for one in _tensors((args, kwargs)):
            key = one.untyped_storage().data_ptr()
            if key not in self._own and key not in self._before:
                self._before[key] = (one.detach(), one.detach().clone())
        # Their present shapes: some operations change the shape of a tensor in place.
        args_now, kwargs_now = tree_map_only(Tensor, Tensor.detach, (args, kwargs))
        found = func(*args, **kwargs)
        outputs = _tensors(found)
        self._own |= {one.untyped_storage().data_ptr() for one in outputs} - set(self._before)
        self.calls.append((func, args_now, kwargs_now, [one.detach() for one in outputs]))
        return found

    def undo(self) -> None:
        for tensor, before in self._before.values():
            tensor.copy_(before)


def record(work: Work, device: torch.device, warm_ups: int) -> Work:
    for _ in range(warm_ups):
        work()
    recording = _Recording()
    with recording:
        work()
    with torch.no_grad():
        recording.undo()

    def replay() -> None:
        with torch.no_grad():
            for func, args, kwargs, outputs in recording.calls:
                for kept, new in zip(outputs, _tensors(func(*args, **kwargs)), strict=True):
                    if kept.data_ptr() != new.data_ptr():
                        kept.copy_(new)

    return replay


def _tensors(tree: Any) -> list[Tensor]:
    return [one for one in tree_leaves(tree) if isinstance(one, Tensor)]


def on_the_cpu(patched: pytest.MonkeyPatch) -> None:
    """Record the CPU's operations from now on."""
    patched.setattr(graphs, "can_record", lambda device: True)
    patched.setattr(graphs, "record", record)
