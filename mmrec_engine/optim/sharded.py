"""Tensors that are sharded over the ranks (PyTorch's DTensor, as FSDP2 makes of parameters), and plain ones.

The local part of a plain tensor is the tensor itself, so callers need not distinguish. `torch.distributed` is loaded
only for a sharded tensor, so a run with one process does not load it.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor


def is_sharded(tensor: Tensor) -> bool:
    return hasattr(tensor, "full_tensor")


def local(tensor: Tensor) -> Tensor:
    """The part on this rank: a view, so that writing to it writes to the tensor."""
    if not is_sharded(tensor):
        return tensor
    part: Tensor = tensor.to_local()  # type: ignore[attr-defined]
    return part


def whole(part: Tensor, like: Tensor) -> Tensor:
    """Gather the parts, sharded as `like` is, into a whole tensor; all ranks call this, and get the same."""
    if not is_sharded(like):
        return part
    from torch.distributed.tensor import DTensor

    return _gathered(
        DTensor.from_local(part, like.device_mesh, like.placements, shape=like.shape, stride=like.stride())  # type: ignore[attr-defined]
    )


def cut(tensor: Tensor, like: Tensor) -> Tensor:
    """A whole tensor, which every rank has, sharded as `like` is, on its device. Nothing is sent."""
    if not is_sharded(like):
        return tensor.to(like.device)
    from torch.distributed.tensor import distribute_tensor

    mesh, placements = like.device_mesh, like.placements  # type: ignore[attr-defined]
    return distribute_tensor(tensor.to(like.device), mesh, placements, src_data_rank=None)


def gathered(content: Any, keep: bool) -> Any:
    """The same dicts with whole tensors on the CPU in place of sharded ones; all ranks call this with equal names.

    keep: whether this rank keeps them; another one holds one tensor at a time.
    """
    if isinstance(content, dict):
        return {name: gathered(value, keep) for name, value in content.items()}
    if isinstance(content, Tensor) and is_sharded(content):
        full = _gathered(content)
        return full.cpu() if keep else None
    return content


def _gathered(tensor: Any) -> Tensor:
    full: Tensor = tensor.full_tensor()
    return full
