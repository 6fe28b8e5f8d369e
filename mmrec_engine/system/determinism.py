"""The switches that make PyTorch give the same numbers every time. They hold for the whole process."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


def make_exact() -> None:
    """The same numbers every time: deterministic kernels, and no silent float32 shortcuts on GPUs."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read at cuBLAS' first use
    # Not `use_deterministic_algorithms`: the same switch, and it imports the compiler, most of a second of every start.
    torch.set_deterministic_debug_mode("error")
    # Filling fresh memory with NaN guards against reading it; nothing here does, and it costs a pass over every tensor.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False


@contextmanager
def process_restored() -> Iterator[None]:
    """Whatever is switched meanwhile, the process has its threads, its exactness and its random state back afterwards.

    For checks and searches, which are not the run: they may stand between a person's own model and its next step.
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
