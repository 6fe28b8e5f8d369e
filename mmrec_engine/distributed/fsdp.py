"""One model that several processes hold in parts: PyTorch's FSDP2, for a model that is too large for each of them.

Of every weight, gradient and moment a process keeps a part. A block's weights are put together when the block computes, and
forgotten after it; gradients are summed and cut in one. So a forward pass is everybody's business: where rank 0
evaluates or writes text, the others hand over their parts once, if it has room for the whole model; else they go through the
same blocks with a single token, and what comes out is forgotten.

Source: Zhao et al., "PyTorch FSDP: experiences on scaling fully sharded data parallel", 2023.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard, register_fsdp_forward_method

from mmrec_engine.evaluation.metrics import evaluating
from mmrec_engine.model.language_model import LanguageModel

FORWARD, ADVANCE, ASSEMBLE = "forward", "advance", "assemble"  # what the others are told when the first one evaluates


def shard(model: LanguageModel, device: torch.device, processes: int) -> None:
    """Leave to each process its part of the model, moved to the device block by block. All have the same model before.

    Its parameters are other objects afterwards, so an optimizer is made after this.
    """
    mesh = init_device_mesh(device.type, (processes,))
    for module in (*model.blocks, model):
        fully_shard(module, mesh=mesh, reshard_after_forward=True)
        register_fsdp_forward_method(module, ADVANCE)
        assert isinstance(module, FSDPModule)
        # Each process has divided its losses by the tokens of all: gradients are summed, not averaged.
        module.set_gradient_divide_factor(1.0)
        module.set_force_sum_reduction_for_comms(True)  # gloo has no other sum


class Announcer:
    """Rank 0's passes through the model that are not a training step's: it tells the others of each before it.

    Inside `assembled` it has all of the model, and they are left in peace.
    """

    def __init__(self, model: LanguageModel, tell: Callable[[str], None]) -> None:
        self._model, self._tell = model, tell
        self._assembled = False
        model.register_forward_pre_hook(self._before_forward, prepend=True)  # before the weights are put together
        self._advance = model.advance
        model.advance = self._announced  # type: ignore[method-assign, assignment]

    @contextmanager
    def assembled(self) -> Iterator[None]:
        """Put all layers together once, and hold them: text is written token by token, and each token is a pass."""
        self._tell(ASSEMBLE)
        modules = _sharded_modules(self._model)
        try:
            for module in modules:
                module.set_reshard_after_forward(False, recurse=False)
                module.unshard()
            self._assembled = True
            yield
        finally:
            self._assembled = False
            for module in modules:
                module.reshard()
                module.set_reshard_after_forward(True, recurse=False)

    def _before_forward(self, module: Any, args: Any) -> None:
        if not module.training and not self._assembled:
            self._tell(FORWARD)

    def _announced(self, *args: Any) -> Any:
        if not self._assembled:
            self._tell(ADVANCE)
        return self._advance(*args)


def join_forward(model: LanguageModel, what: str) -> None:
    """Another process' part in what the first one tells of."""
    if what == ASSEMBLE:
        for module in _sharded_modules(model):
            module.unshard()
            module.reshard()
        return
    token = torch.zeros(1, 1, dtype=torch.int64, device=model.embedding.weight.device)
    with evaluating(model):
        if what == FORWARD:
            model(token)
        else:
            model.advance(token, model.initial_state(1))


def _sharded_modules(model: LanguageModel) -> list[FSDPModule]:
    return [module for module in model.modules() if isinstance(module, FSDPModule)]
