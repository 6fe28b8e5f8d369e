"""The recurrence of a whole text in one fused kernel on a GPU, if the library flash-linear-attention is installed.

Its `chunk_simple_gla` with a fixed decay a head computes S(t) = γ S(t-1) + k_t v_tᵀ and o_t = q_tᵀ S(t), in chunks, forward and
backward; the scale √(1-γ²) of `memory.py` goes into q. Source: Yang and Zhang, "FLA: a Triton-based library for
hardware-efficient implementations of linear attention mechanism", 2024.

The library measures which of its block sizes is fastest, and stores the result in Triton's cache: with another cache the same
run rounds differently. So this kernel is used only on request.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

Kernel = Callable[..., tuple[Tensor, Any]]
HALF = (torch.bfloat16, torch.float16)  # for float32 the kernel computes with fewer digits than PyTorch does here


def load() -> Kernel | None:
    """The library's kernel; None if it cannot be imported, for whatever reason."""
    try:
        kernel: Kernel = importlib.import_module("fla.ops.simple_gla").chunk_simple_gla
    except Exception:  # its import inspects Triton, drivers and GPUs
        return None
    return kernel


def read(kernel: Kernel, q: Tensor, k: Tensor, v: Tensor, log_decay: Tensor, scale: Tensor) -> Tensor:
    """Write k vᵀ into empty memories and read them with q, token after token.

    q, k, v: (batch, time, heads, head_width); log_decay: ln γ, scale: √(1-γ²), both (heads,), float32. Shaped like v.
    """
    asked = (q * scale[:, None]).to(v.dtype)
    found, _ = kernel(asked, k.to(v.dtype), v, g_gamma=log_decay, scale=1.0)
    return found
