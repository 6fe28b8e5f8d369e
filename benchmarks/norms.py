"""Forward and backward of layer norm and RMS norm on this CPU, interleaved, median of 30: why the model has layer norm."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

TOKENS, WIDTH, ROUNDS = 4096, 128, 30


def main() -> None:
    x = torch.randn(TOKENS, WIDTH, requires_grad=True)
    norms: dict[str, Callable[[], Tensor]] = {
        "layer norm": lambda: functional.layer_norm(x, (WIDTH,)),
        "RMS norm": lambda: functional.rms_norm(x, (WIDTH,)),
    }
    times: dict[str, list[float]] = {name: [] for name in norms}
    for _ in range(ROUNDS):
        for name, norm in norms.items():
            start = time.perf_counter()
            norm().sum().backward()
            times[name].append(time.perf_counter() - start)
    for name, seconds in times.items():
        print(f"{name}: {1000 * statistics.median(seconds):.2f} ms for {TOKENS} × {WIDTH}")


if __name__ == "__main__":
    main()
