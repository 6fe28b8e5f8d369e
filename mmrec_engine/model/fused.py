"""The recurrence of a whole text in one fused kernel of a GPU, where the library flash-linear-attention is there.

Its `chunk_simple_gla` with a fixed decay a head computes S(t) = γ S(t-1) + k_t v_tᵀ and o_t = q_tᵀ S(t), in chunks, forward and
backward; the scale √(1-γ²) of `memory.py` goes into q. Source: Yang and Zhang, "FLA: a Triton-based library for
hardware-efficient implementations of linear attention mechanism", 2024.

Which of its block sizes is fastest the library finds by measuring, and remembers in Triton's cache: with another cache the same
run rounds otherwise. So this kernel is taken only where it is asked for.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

Kernel = Callable[..., tuple[Tensor, Any]]
HALF = (torch.bfloat16, torch.float16)  # in float32 the kernel multiplies in fewer digits than PyTorch does here


def load() -> Kernel | None:
    """The library's kernel; none where it cannot be imported, for whatever reason."""
    try:
        kernel: Kernel = importlib.import_module("fla.ops.simple_gla").chunk_simple_gla
    except Exception:  # it looks at Triton, drivers and cards while it is imported
        return None
    return kernel


def read(kernel: Kernel, q: Tensor, k: Tensor, v: Tensor, log_decay: Tensor, scale: Tensor) -> Tensor:
    """Write k vᵀ into empty memories and read them with q, token after token.

    q, k, v: (batch, time, heads, head_width); log_decay: ln γ, scale: √(1-γ²), both (heads,), float32. Shaped like v.
    """
    asked = (q * scale[:, None]).to(v.dtype)
    found, _ = kernel(asked, k.to(v.dtype), v, g_gamma=log_decay, scale=1.0)
    return found
