"""Threads and refresh of the app while it trains: tokens a second by wall time, rounds interleaved, medians.

    python -m benchmarks.app_pace TEXT [ROUNDS]        # from the project's root, in its environment

Each run trains tiny in the app, 120×36, in a terminal made here. `curves` is how often they are drawn at most.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.test_app import Wire, speed, train_in
from tests.conftest import Command

STEPS = 120
CASES = [(2, 0.25), (2, 0.5), (2, 2.0), (1, 0.5)]  # threads, seconds between two drawings of the curves
APP = "import mmrec_tui.app.pacing as p; p.FASTEST = {0}; p.RedrawInterval.interval = {0}; from mmrec_tui.cli import run; run()"


def measure(text: Path, threads: int, curves: float) -> float:
    with tempfile.TemporaryDirectory() as folder:
        command = Command(Path(folder))
        config = Path(command.environment["XDG_CONFIG_HOME"]) / "mmrec"
        config.mkdir(parents=True)
        plan = {"data_dir": str(text.absolute()), "max_steps": STEPS, "eval_every": 10_000, "precision": "fp32"}
        (config / "app.json").write_text(json.dumps({"plan": {**plan, "threads": threads}}))
        with Wire(command, [sys.executable, "-c", APP.format(curves)]) as wire:
            train_in(wire)
            wire.wait_for("FINISHED")
        return speed(command.run_folder())


def main() -> None:
    text, rounds = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 3
    found: dict[tuple[int, float], list[float]] = {case: [] for case in CASES}
    for _ in range(rounds):
        for case in CASES:
            found[case].append(measure(text, *case))
    for (threads, curves), speeds in found.items():
        shown = ", ".join(f"{one:,.0f}" for one in speeds)
        print(f"{threads} threads, curves every {curves} s: {statistics.median(speeds):,.0f} tokens/s ({shown})")


if __name__ == "__main__":
    main()
