"""The effect of sharding: the peak memory of a rank and the time of a step, sharded and whole in turn.

    python benchmarks/sharding.py tinyshakespeare.txt --config base --processes 2 [--steps 6]

The installed command trains, without checks or checkpoints in between. Memory is that of the ranks other than 0:
rank 0 also generates text and saves. Needs Linux, whose /proc reports a process' peak.
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

import psutil


def run(folder: Path, flags: list[str]) -> tuple[float, float]:
    """The highest peak of a rank in MiB, and the median seconds of a step; the first step, which sets up, left out."""
    command = [str(Path(sys.executable).with_name("mmrec-tui")), "train", *flags, "--output-dir", str(folder)]
    peak = 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            peak = max([peak, *(_peak_of(child) for child in _other_ranks(process.pid))])
            time.sleep(0.1)
    if process.returncode:
        sys.exit(process.returncode)
    events = [json.loads(line) for line in next(folder.glob("*/events.jsonl")).read_text().splitlines()]
    steps = [one for one in events if one["event"] == "step"][1:]
    tokens = steps[-1]["tokens"] - steps[-2]["tokens"]
    return peak / 1024, statistics.median(tokens / one["tokens_per_second"] for one in steps)


def _other_ranks(pid: int) -> list[int]:
    try:
        children = psutil.Process(pid).children(recursive=True)
        return [one.pid for one in children if "rank_worker" in " ".join(one.cmdline())]
    except psutil.Error:
        return []


def _peak_of(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text")
    parser.add_argument("--config", default="small")
    parser.add_argument("--optimizer", default="adamw")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--batch-size", type=int, default=4)
    given = parser.parse_args()
    for sharding in ("none", "full"):
        with tempfile.TemporaryDirectory() as folder:
            flags = {
                "--data-dir": given.text, "--config": given.config, "--optimizer": given.optimizer, "--precision": "fp32",
                "--processes": given.processes, "--sharding": sharding, "--batch-size": given.batch_size,
                "--max-steps": given.steps, "--eval-every": 10_000, "--checkpoint-every": 10_000, "--val-split": 0.005,
            }  # fmt: skip
            words = [str(word) for pair in flags.items() for word in pair]
            peak, seconds = run(Path(folder), [*words, "--no-check", "--no-save-best-model", "--quiet"])
        print(
            f"{given.config}, {given.processes} processes, sharding {sharding}: {peak:,.0f} MiB, {seconds:.2f} s a step"
        )


if __name__ == "__main__":
    main()
