"""Tensors of which each process of a run holds a part (PyTorch's DTensor, as FSDP2 makes of parameters), beside plain ones.

A plain tensor is its own only part, so who works part by part need not ask. Nothing here loads `torch.distributed`: a run of
one process does not pay for others.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor


def is_sharded(tensor: Tensor) -> bool:
    return hasattr(tensor, "full_tensor")


def local(tensor: Tensor) -> Tensor:
    """The part that this process holds: a view, so that what is written into it is written into the tensor."""
    if not is_sharded(tensor):
        return tensor
    part: Tensor = tensor.to_local()  # type: ignore[attr-defined]
    return part


def whole(part: Tensor, like: Tensor) -> Tensor:
    """The tensor whose parts lie as those of `like`, put together; all processes call this, and get the same."""
    if not is_sharded(like):
        return part
    from torch.distributed.tensor import DTensor

    return _gathered(
        DTensor.from_local(part, like.device_mesh, like.placements, shape=like.shape, stride=like.stride())  # type: ignore[attr-defined]
    )


def cut(tensor: Tensor, like: Tensor) -> Tensor:
    """A whole tensor, which every process has, cut as `like` is, on its device. Nothing is sent."""
    if not is_sharded(like):
        return tensor.to(like.device)
    from torch.distributed.tensor import distribute_tensor

    mesh, placements = like.device_mesh, like.placements  # type: ignore[attr-defined]
    return distribute_tensor(tensor.to(like.device), mesh, placements, src_data_rank=None)


def gathered(content: Any, keep: bool) -> Any:
    """The same dicts with whole tensors on the CPU in place of sharded ones; all processes call this with equal names.

    keep: whether this process wants them; one that does not holds one at a time.
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
