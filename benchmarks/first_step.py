"""Time to the first step of a training, relative to importing torch: processes in turn, medians.

    python benchmarks/first_step.py tinyshakespeare.txt -- --recipe fast --precision fp32

The installed command trains without the checks before it, on a prepared text. Everything after `--` are flags
of `mmrec-tui train`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text")
    place = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    given, words = parser.parse_args(sys.argv[1:place]), sys.argv[place + 1 :]
    first_step(given.text, words)  # prepares the text
    imports, steps = [], []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import torch"], check=True)
        imports.append(time.perf_counter() - began)
        steps.append(first_step(given.text, words))
    torch, step = statistics.median(imports), statistics.median(steps)
    print(f"import torch {torch:.2f} s, first step {step:.2f} s: {step / torch:.2f} times")


def first_step(text: str, words: list[str]) -> float:
    """Seconds from the start of the process until its first step was made."""
    with tempfile.TemporaryDirectory() as folder:
        command = [str(Path(sys.executable).with_name("mmrec-tui")), "train", "--data-dir", text, *words]
        began = time.time()
        subprocess.run(
            [*command, "--max-steps", "1", "--no-check", "--no-save-best-model", "--output-dir", folder, "--name", "run"],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        recorded = (json.loads(line) for line in (Path(folder) / "run" / "events.jsonl").read_text().splitlines())
        return float(next(event["time"] for event in recorded if event["event"] == "step")) - began


if __name__ == "__main__":
    main()
