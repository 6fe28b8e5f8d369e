"""Seconds a step of this checkout against another one: the same settings in processes that take turns, as a Markdown table.

    python benchmarks/paired_steps.py OTHER_CHECKOUT -- --recipe fast --batch-size 4 --seq-len 256 --precision fp32

Everything after `--` are flags of `mmrec-tui train`, with numbers where a recipe of the other checkout may differ.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parents[1]
ROUNDS = 5
ONE = """
import sys
import mmrec_engine
from mmrec_engine.settings.declaration import flag
from mmrec_engine.settings import FIELDS, resolve
from mmrec_engine.planning.throughput import measure
names = {flag(name): name for name in FIELDS}
settings = resolve({names[name]: value for name, value in zip(sys.argv[1::2], sys.argv[2::2])}).settings
print(mmrec_engine.__file__, measure(settings, 66, seconds=4.0, stop=lambda: False).seconds_a_step)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("other", type=Path)
    place = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    given, words = parser.parse_args(sys.argv[1:place]), sys.argv[place + 1 :]
    found: dict[Path, list[float]] = {given.other.resolve(): [], HERE: []}
    for _ in range(ROUNDS):
        for checkout, seconds in found.items():
            seconds.append(step_of(checkout, words))
    before, after = (statistics.median(seconds) for seconds in found.values())
    ratio = statistics.median(new / old for old, new in zip(*found.values(), strict=True))
    print(f"| {' '.join(words)} | {1e3 * before:.1f} ms | {1e3 * after:.1f} ms | {ratio:.2f} |")


def step_of(checkout: Path, words: list[str]) -> float:
    environment = {**os.environ, "PYTHONPATH": str(checkout), "GOMP_SPINCOUNT": "1000"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", ONE, *words], env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    file, seconds = done.stdout.split()
    assert Path(file).is_relative_to(checkout), f"{file} was measured in place of {checkout}"
    return float(seconds)


if __name__ == "__main__":
    main()
