"""Accuracy of the estimates of a run's time: `python -m benchmarks.estimates [CONFIG …] [--seconds 60] [--turns 2]`.

Each config is planned as the app does (the same measurement, the same arithmetic), then trained by the command line in its
own process. The plan's time is compared with the time of the run, and the time left that the screen
shows, at a quarter, a half and three quarters of the run, with the real one. Each run has two evaluations. The load
of the machine before and after each run is printed too, because times depend on it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

from mmrec_engine.data.prepare import prepare_corpus
from mmrec_engine.events import RunFinished, Step, result_of
from mmrec_engine.runs.catalog import read_events
from mmrec_engine.runs.history import History
from mmrec_engine.runs.run_time import Costs
from mmrec_engine.settings import resolve
from mmrec_tui.app.draft import estimate_run, windows_of

_MOMENTS = (0.25, 0.5, 0.75)
_PLANNED_SECONDS = 0.8  # of measuring, as in the app


@dataclass(frozen=True)
class Paired:
    """Seconds. left: (as shown, as it then was) at each of the moments. load: mean of the last minute, before and after."""

    planned: float
    taken: float
    process: float
    left: tuple[tuple[float, float], ...]
    load: tuple[float, float]


def measured(config: str, seconds: float) -> Paired:
    """Plan a run of about so many seconds, train it, and compare."""
    from mmrec_engine.planning.throughput import measure

    load = os.getloadavg()[0]
    settings = resolve({"config": config, "max_steps": 10**6, "epochs": 10**6}).settings
    corpus = result_of(prepare_corpus(settings))
    windows = windows_of(settings, corpus)[1]
    vocabulary = corpus.tokenizer.vocab_size
    found = [
        measure(settings, vocabulary, seconds=_PLANNED_SECONDS, stop=lambda: False, validation_windows=windows)
        for _ in range(2)
    ]
    costs = [one.costs for one in found if one is not None and one.costs is not None]
    least = costs[0].least(costs[1])
    beside = 2 * (least.validation + least.writing + least.saving)
    steps = max(20, int((seconds - beside) / least.step)) // 2 * 2
    planned = estimate_run(replace(settings, max_steps=steps, eval_every=steps // 2), corpus, least).seconds
    assert planned is not None
    with tempfile.TemporaryDirectory() as place:
        began = time.monotonic()
        flags = ["--config", config, "--max-steps", str(steps), "--epochs", "100000", "--eval-every", str(steps // 2)]
        command = [sys.executable, "-m", "mmrec_tui", "train", *flags, "--no-check", "--quiet"]
        subprocess.run(command, cwd=place, check=True, stdout=subprocess.DEVNULL)
        process = time.monotonic() - began
        taken, left = _followed(Path(place) / "checkpoints" / config, steps, least)
    return Paired(planned, taken, process, left, (load, os.getloadavg()[0]))


def _followed(folder: Path, steps: int, costs: Costs) -> tuple[float, tuple[tuple[float, float], ...]]:
    """The time of the run from its own record, and the time left at each moment with the time until its end."""
    history, shown, taken, ended = History(costs), [], 0.0, 0.0
    asked = [max(1, round(share * steps)) for share in _MOMENTS]
    for event in read_events(folder):
        history.add(event)
        if isinstance(event, Step) and event.step in asked:
            shown.append((history.eta_seconds() or 0.0, event.time))
        if isinstance(event, RunFinished):
            taken, ended = event.seconds, event.time
    return taken, tuple((eta, ended - at) for eta, at in shown)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("configs", nargs="*", default=["tiny", "mini", "small"])
    parser.add_argument("--seconds", type=float, default=60.0, help="about how long each run is")
    parser.add_argument("--turns", type=int, default=1)
    asked = parser.parse_args()
    print("| config | planned | taken | ratio | time left at ¼, ½, ¾: shown / was | start of the process | load |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for _ in range(asked.turns):
        for config in asked.configs:
            one = measured(config, asked.seconds)
            left = ", ".join(f"{eta:.0f} / {was:.0f} s ({eta / was:.2f})" for eta, was in one.left)
            print(
                f"| {config} | {one.planned:.1f} s | {one.taken:.1f} s | {one.planned / one.taken:.2f} | {left} "
                f"| {one.process - one.taken:.1f} s | {one.load[0]:.1f}–{one.load[1]:.1f} |",
                flush=True,
            )


if __name__ == "__main__":
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")  # as the program sets it, before torch is imported
    main()
