"""Seconds a training step of llama against gpt at equal parameters: both at once with a thread each, under the same load.

    python benchmarks/baseline_steps.py --precision fp32 --batch-size 4

The arguments are flags of `mmrec-tui train`, each with a value. Prints a row of a table: medians, and the median of the
ratios.
"""

from __future__ import annotations

import statistics
import subprocess
import sys

ROUNDS = 7
ONE = """
import sys
from mmrec_engine.settings.declaration import flag
from mmrec_engine.settings import FIELDS, resolve
from mmrec_engine.planning.throughput import measure
names = {flag(name): name for name in FIELDS}
settings = resolve({names[name]: value for name, value in zip(sys.argv[1::2], sys.argv[2::2])}).settings
print(measure(settings, 66, seconds=4.0, stop=lambda: False).seconds_a_step)
"""


def main() -> None:
    words = sys.argv[1:]
    found: dict[str, list[float]] = {"gpt": [], "llama": []}
    for _ in range(ROUNDS):
        pair = {
            name: subprocess.Popen(
                [sys.executable, "-c", ONE, "--arch", name, "--threads", "1", *words], stdout=subprocess.PIPE, text=True
            )
            for name in found
        }
        for name, process in pair.items():
            found[name].append(float(process.communicate()[0]))
    gpt, llama = (1e3 * statistics.median(seconds) for seconds in found.values())
    ratio = statistics.median(new / old for old, new in zip(*found.values(), strict=True))
    print(f"| {' '.join(words)} | {gpt:.1f} ms | {llama:.1f} ms | {ratio:.2f} |")


if __name__ == "__main__":
    main()
