"""One model that several processes hold in parts: PyTorch's FSDP2, for a model that is too large for each of them.

Of every weight, gradient and moment a process keeps a part. A block's weights are put together when the block computes, and
forgotten after it; gradients are summed and cut in one. So a forward pass is everybody's business: where the first process
evaluates or writes text, the others go through the same blocks with a single token, and what comes out is forgotten.

Source: Zhao et al., "PyTorch FSDP: experiences on scaling fully sharded data parallel", 2023.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard, register_fsdp_forward_method

from mmrec_engine.evaluation.metrics import evaluating
from mmrec_engine.model.language_model import LanguageModel

FORWARD, ADVANCE = "forward", "advance"  # what the others are told when the first one evaluates


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


def announce(model: LanguageModel, tell: Callable[[str], None]) -> None:
    """From now on the first process tells the others of every pass through the model that is not a training step's."""

    def before_forward(module: Any, args: Any) -> None:
        if not module.training:
            tell(FORWARD)

    model.register_forward_pre_hook(before_forward, prepend=True)  # before the weights are put together
    advance = model.advance

    def announced(*args: Any) -> Any:
        tell(ADVANCE)
        return advance(*args)

    model.advance = announced  # type: ignore[method-assign, assignment]


def accompany(model: LanguageModel, what: str) -> None:
    """Another process' part in such a pass."""
    token = torch.zeros(1, 1, dtype=torch.int64, device=model.embedding.weight.device)
    with evaluating(model):
        if what == FORWARD:
            model(token)
        else:
            model.advance(token, model.initial_state(1))
