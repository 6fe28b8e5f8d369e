"""Seconds of a step and of a validation with one and with several processes, in turn, under the same load.

    python benchmarks/processes.py tinyshakespeare.txt [--processes 1 2] [--steps 40] [--rounds 3] [--against FOLDER]

The command trains, without checks, each process with one thread. A validation is that of the whole validation split and of as
many training windows beside it. --against: another version's working tree, measured in turn with this one.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parents[1]


def run(source: Path, folder: Path, flags: list[str]) -> tuple[float, float]:
    """Median seconds of a step, whose first are left out, and of a validation."""
    command = [sys.executable, "-m", "mmrec_tui", "train", *flags, "--output-dir", str(folder)]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": str(source)})
    lines = next(folder.glob("*/events.jsonl")).read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    steps = [one for one in events if one["event"] == "step"]
    tokens = steps[-1]["tokens"] - steps[-2]["tokens"]
    times = [tokens / one["tokens_per_second"] for one in steps[5:]]
    return statistics.median(times), statistics.median(_validations(events))


def _validations(events: list[dict[str, Any]]) -> list[float]:
    began, found = 0.0, []
    for one in events:
        if one["event"] == "state" and one["state"] == "VALIDATING":
            began = one["time"]
        elif one["event"] == "validation":
            found.append(one["time"] - began)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text")
    parser.add_argument("--config", default="tiny")
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--against", type=Path)
    given = parser.parse_args()
    sources = {"this version": HERE} | ({} if given.against is None else {"the other": given.against.resolve()})
    found: dict[tuple[str, int], list[tuple[float, float]]] = {}
    for _ in range(given.rounds):
        for processes in given.processes:
            for name, source in sources.items():
                flags = {
                    "--data-dir": given.text, "--config": given.config, "--seq-len": 256, "--batch-size": 4, "--threads": 1,
                    "--precision": "fp32", "--processes": processes, "--max-steps": given.steps,
                    "--eval-every": max(1, given.steps // 2), "--checkpoint-every": 10_000,
                }  # fmt: skip
                words = [str(word) for pair in flags.items() for word in pair]
                with tempfile.TemporaryDirectory() as folder:
                    times = run(source, Path(folder), [*words, "--no-check", "--no-save-best-model", "--quiet"])
                found.setdefault((name, processes), []).append(times)
    for (name, processes), rounds in found.items():
        steps, validations = (sorted(values) for values in zip(*rounds, strict=True))
        print(
            f"{name}, {processes} processes: a step {1000 * statistics.median(steps):.0f} ms ({1000 * steps[0]:.0f} to"
            f" {1000 * steps[-1]:.0f}), a validation {statistics.median(validations):.2f} s ({validations[0]:.2f} to"
            f" {validations[-1]:.2f})"
        )


if __name__ == "__main__":
    main()
