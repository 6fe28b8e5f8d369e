"""Whole commands of this checkout against those of another one, in processes that take turns, as a Markdown table.

    python benchmarks/paired_versions.py OTHER_CHECKOUT [--rounds 5]

Seconds from start to end and peak memory, medians; the ratio is the median of the ratios within the rounds, below 1 where this
checkout is faster or smaller. Both use the installed libraries of the interpreter that runs this.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
_TRAIN = ("train", "--use-sample-corpus", "--threads", "2", "--precision", "fp32", "--quiet", "--epochs", "1000")
# The flags are known to both checkouts. The first training writes the run that is evaluated and writes text.
COMMANDS: dict[str, tuple[str, ...]] = {
    "`--help`": ("--help",),
    "`train --help`": ("train", "--help"),
    "training, tiny, 120 steps, with all checks": (*_TRAIN, "--max-steps", "120", "--name", "run"),
    "training, mini, fast recipe, 60 steps, no checks": (
        *_TRAIN, "--config", "mini", "--recipe", "fast", "--max-steps", "60", "--no-check", "--name", "mini",
    ),
    "`evaluate`": ("evaluate", "run"),
    "`generate`, 400 tokens": ("generate", "run", "--prompt", "The ", "--tokens", "400", "--seed", "1"),
    "`check after`": ("check", "after", "run"),
    "`runs`": ("runs",),
}  # fmt: skip


def measured(checkout: Path, words: tuple[str, ...], folder: Path) -> tuple[float, float]:
    """Seconds and MiB of one command of a checkout."""
    if words[0] == "train" and "--name" in words:
        shutil.rmtree(folder / "checkpoints" / words[words.index("--name") + 1], ignore_errors=True)
    environment = {**os.environ, "PYTHONPATH": str(checkout), "XDG_CACHE_HOME": str(folder / "cache")}
    environment |= {"XDG_STATE_HOME": str(folder / "state"), "XDG_CONFIG_HOME": str(folder / "config")}
    began = time.monotonic()
    process = os.posix_spawn(
        sys.executable,
        [sys.executable, "-P", "-m", "mmrec_tui", *words],
        environment,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 1, str(folder / "out"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
            (os.POSIX_SPAWN_OPEN, 2, str(folder / "err"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
        ],
    )
    _, status, usage = os.wait4(process, 0)
    seconds = time.monotonic() - began
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"{checkout}: {' '.join(words)}: {(folder / 'err').read_text()[-500:]}")
    return seconds, usage.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("other", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    checkouts = (given.other.resolve(), HERE)
    print("| command | before | now | time, now / before | peak memory, now / before |")
    print("| --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as place:
        folders = [Path(place) / name for name in ("before", "now")]
        for name, words in COMMANDS.items():
            rounds: list[list[tuple[float, float]]] = []
            for number in range(given.rounds + 1):
                found = []
                for checkout, folder in zip(checkouts, folders, strict=True):
                    folder.mkdir(exist_ok=True)
                    os.chdir(folder)
                    found.append(measured(checkout, words, folder))
                if number:  # the first round fills caches
                    rounds.append(found)
            seconds = [statistics.median(pair[which][0] for pair in rounds) for which in (0, 1)]
            ratios = [statistics.median(pair[1][part] / pair[0][part] for pair in rounds) for part in (0, 1)]
            print(
                f"| {name} | {seconds[0]:.2f} s | {seconds[1]:.2f} s | {ratios[0]:.2f} | {ratios[1]:.2f} |", flush=True
            )
        os.chdir(HERE)


if __name__ == "__main__":
    main()
