"""The switches that make PyTorch deterministic. They apply to the whole process."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


def make_exact() -> None:
    """Deterministic kernels, and no silent float32 shortcuts on GPUs."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read by cuBLAS at its first use
    # Not `use_deterministic_algorithms`: the same switch, but it imports the compiler, most of a second of every start.
    torch.set_deterministic_debug_mode("error")
    # Filling new memory with NaN guards against reading it; nothing here reads it, and it costs a pass over every tensor.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False


@contextmanager
def process_restored() -> Iterator[None]:
    """Restores the process' threads, deterministic switches and random state at the end.

    For checks and searches, which are not the run: they may run between two steps of a caller's own model.
    """
    threads, drawn, drawn_by_numpy = torch.get_num_threads(), random.getstate(), np.random.get_state()
    deterministic = torch.get_deterministic_debug_mode()
    fills = torch.utils.deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
    shortcuts = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    workspace = os.environ.get("CUBLAS_WORKSPACE_CONFIG")
    try:
        in_use = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else []  # type: ignore[no-untyped-call]
        with torch.random.fork_rng(devices=in_use):
            yield
    finally:
        random.setstate(drawn)
        np.random.set_state(drawn_by_numpy)
        torch.set_num_threads(threads)
        torch.set_deterministic_debug_mode(deterministic)
        torch.utils.deterministic.fill_uninitialized_memory = fills  # type: ignore[attr-defined]
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = shortcuts
        if workspace is None:
            os.environ.pop("CUBLAS_WORKSPACE_CONFIG", None)
