"""Steps a second of training with loggers against without: runs that take turns, as a row of a Markdown table.

    python benchmarks/loggers.py --rounds 5 -- --use-sample-corpus --config tiny --max-steps 400 --eval-every 200

Everything after `--` are flags of `mmrec-tui train`. The speed of a run is that of its steps by their times in the record, from
the first step on, when the loggers start. Beside it: the ratio of the whole process's time, and the seconds of the processor
that the loggers take. The last one hardly depends on how busy the machine is.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ALL = "tensorboard,wandb,trackio,mlflow,csv"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--log", default=ALL)
    place = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    given, words = parser.parse_args(sys.argv[1:place]), sys.argv[place + 1 :]
    pairs = []
    for number in range(given.rounds):
        kinds = ([], ["--log", given.log])
        order = kinds if number % 2 == 0 else kinds[::-1]
        measured = {bool(log): speed_of([*words, *log]) for log in order}
        pairs.append((measured[False], measured[True]))
        print(f"{measured}, load {os.getloadavg()[0]:.1f}", file=sys.stderr)
    speeds = [statistics.median(pair[log][0] for pair in pairs) for log in (0, 1)]
    ratio, whole = (statistics.median(with_[part] / without[part] for without, with_ in pairs) for part in (0, 1))
    used = statistics.median(with_[2] - without[2] for without, with_ in pairs)
    print(f"| {' '.join(words)} | {speeds[0]:.2f} | {speeds[1]:.2f} | {ratio:.3f} | {whole:.3f} | {used:.1f} s |")


def speed_of(words: list[str]) -> tuple[float, float, float]:
    """Steps a second, seconds of the process, and seconds of the processor with all that it started."""
    with tempfile.TemporaryDirectory() as folder:
        began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        where = ["--no-check", "--quiet", "--output-dir", folder, "--name", "run"]
        subprocess.run([sys.executable, "-m", "mmrec_tui", "train", *words, *where], check=True)
        seconds, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        lines = (Path(folder) / "run" / "events.jsonl").read_text(encoding="utf-8").splitlines()
    times = [event["time"] for event in map(json.loads, lines) if event["event"] == "step"]
    return (len(times) - 1) / (times[-1] - times[0]), seconds, used


if __name__ == "__main__":
    main()
