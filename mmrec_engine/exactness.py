"""The switches that make PyTorch give the same numbers every time. They hold for the whole process."""

from __future__ import annotations

import os

import torch


def make_exact() -> None:
    """The same numbers every time: deterministic kernels, and no silent float32 shortcuts on GPUs."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read at cuBLAS' first use
    torch.use_deterministic_algorithms(True)
    # Filling fresh memory with NaN guards against reading it; nothing here does, and it costs a pass over every tensor.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
