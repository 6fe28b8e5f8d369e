"""A sharded model: PyTorch's FSDP2, for a model that is too large for each rank.

Each rank keeps a shard of every weight, gradient and moment. A block's weights are gathered when the block is computed, and
freed after it; gradients are summed and sharded in one operation. So a forward pass is a collective operation. If every rank
has memory for all weights, they are gathered once for an evaluation (`unsharded`), and the passes of each rank are independent;
else all make the same number.

Source: Zhao et al., "PyTorch FSDP: experiences on scaling fully sharded data parallel", 2023.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard, register_fsdp_forward_method

from mmrec_engine.model.language_model import LanguageModel


def shard(model: LanguageModel, device: torch.device, processes: int) -> None:
    """Shard the model over the ranks, moved to the device block by block. All ranks have the same model before.

    Its parameters are other objects afterwards, so create the optimizer after this.
    """
    mesh = init_device_mesh(device.type, (processes,))
    for module in (*model.blocks, model):
        fully_shard(module, mesh=mesh, reshard_after_forward=True)
        register_fsdp_forward_method(module, "advance")
        assert isinstance(module, FSDPModule)
        # Each rank has divided its losses by the tokens of all: gradients are summed, not averaged.
        module.set_gradient_divide_factor(1.0)
        module.set_force_sum_reduction_for_comms(True)  # gloo has no other sum


@contextmanager
def unsharded(model: LanguageModel) -> Iterator[None]:
    """Within the context, every rank has all weights, so that its passes are independent. All ranks enter this at once."""
    modules = _sharded_modules(model)
    try:
        for module in modules:
            module.set_reshard_after_forward(False, recurse=False)
            module.unshard()
        yield
    finally:
        for module in modules:
            module.reshard()
            module.set_reshard_after_forward(True, recurse=False)


def _sharded_modules(model: LanguageModel) -> list[FSDPModule]:
    return [module for module in model.modules() if isinstance(module, FSDPModule)]
