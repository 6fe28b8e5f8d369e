"""What this machine supports to launch fewer kernels: CUDA graphs, and PyTorch's compiler."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable

import torch

Work = Callable[[], None]


def can_record(device: torch.device) -> bool:
    """Whether kernels of this device can be recorded."""
    return device.type == "cuda"


def can_compile(device: torch.device) -> bool:
    """Whether PyTorch's compiler has what it needs: a C++ compiler, and for a GPU Triton, which needs a C compiler."""
    if device.type == "cuda":
        return importlib.util.find_spec("triton") is not None and _is_there("CC", "cc", "gcc", "clang")
    return device.type == "cpu" and _is_there("CXX", "g++", "clang++")


def is_possible(mode: str, device: torch.device) -> bool:
    """Whether steps can run in this mode: off, graphs or inductor."""
    return mode == "off" or (can_record if mode == "graphs" else can_compile)(device)


def record(work: Work, device: torch.device, warm_ups: int) -> Work:
    """Record the kernels that `work` launches, after some warm-up calls; returns a function that replays them.

    Its inputs and outputs are tensors at fixed addresses.
    """
    beside = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
    current = torch.cuda.current_stream(device)
    beside.wait_stream(current)
    with torch.cuda.stream(beside):
        for _ in range(warm_ups):
            work()
    current.wait_stream(beside)
    graph = torch.cuda.CUDAGraph()
    try:
        # Other threads may query the GPU's memory meanwhile: a screen does.
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):
            work()
    except RuntimeError as error:
        if isinstance(error.__context__, torch.OutOfMemoryError):  # ending the recording failed because of it
            raise error.__context__ from None
        raise
    return graph.replay


def _is_there(variable: str, *names: str) -> bool:
    return any(shutil.which(name) is not None for name in (os.environ.get(variable, ""), *names) if name)
