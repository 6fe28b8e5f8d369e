"""The cost of waiting threads: one training step of tiny on two threads, on a quiet machine and beside one busy process.

OpenMP threads spin while they wait for each other; if another process needs one of the cores, this wastes time. Each
row is a process of its own, interleaved, median of its steps.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time

SPIN_COUNTS = ("", "10000", "1000")
ROUNDS = 3


def main() -> None:
    if len(sys.argv) > 1:
        measure(int(sys.argv[1]))
        return
    for load, steps in (("quiet", "40"), ("beside a busy process", "10")):
        busy = subprocess.Popen([sys.executable, "-c", "while True: pass"]) if load != "quiet" else None
        times: dict[str, list[float]] = {count: [] for count in SPIN_COUNTS}
        for _ in range(ROUNDS):
            for count in SPIN_COUNTS:
                environment = {**os.environ, **({"GOMP_SPINCOUNT": count} if count else {})}
                output = subprocess.check_output([sys.executable, __file__, steps], env=environment, text=True)
                times[count].append(float(output))
        if busy is not None:
            busy.kill()
        for count, seconds in times.items():
            print(f"{load}, spin count {count or 'as usual'}: {1000 * statistics.median(seconds):.0f} ms a step")


def measure(steps: int) -> None:
    import torch

    from mmrec_engine.evaluation.metrics import token_losses
    from mmrec_engine.model.language_model import create_model
    from mmrec_engine.settings.presets import PRESETS

    torch.set_num_threads(2)
    model = create_model(PRESETS["tiny"].model("mmrec", 66, 256), seed=1)
    ids = torch.randint(0, 66, (4, 256))
    seconds = []
    for _ in range(steps):
        start = time.perf_counter()
        token_losses(model(ids), ids).backward()
        seconds.append(time.perf_counter() - start)
    print(statistics.median(seconds))


if __name__ == "__main__":
    main()
