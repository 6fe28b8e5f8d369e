"""The effect of the remedy for overfitting: runs of the installed command on very little text, as a Markdown table.

    python benchmarks/overfitting_remedy.py TEXT

The run overfits on the first 9,000 characters of TEXT. Three runs then continue from its best weights: with the remedy as it is
offered, with the remedy at the full learning rate, and with the lower rate alone; another starts from new weights with the
remedy.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import tempfile
from pathlib import Path
from typing import Any

CHARACTERS = 9000
FLAGS = (
    "--recipe fast --seq-len 64 --batch-size 8 --threads 1 --precision fp32 "
    "--val-split 0.3 --eval-every 25 --warmup-steps 20"
)
HELD_BACK = "--dropout 0.2 --weight-decay 0.2 --early-stopping-patience 3"
RATE = 0.04
FOLLOWING = {
    "the remedy": "--from first --remedy regularise",
    "at the full rate": f"--from first --remedy regularise --learning-rate {RATE}",
    "a tenth of the rate alone": f"--from first --learning-rate {RATE / 10}",
    "the remedy, anew": f"{FLAGS} --max-steps 700 --data-dir text.txt {HELD_BACK}",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[42, 1, 2, 3, 4])
    given = parser.parse_args()
    text = given.text.read_text(encoding="utf-8")[:CHARACTERS]
    print(f"| seed | that overfits | {' | '.join(FOLLOWING)} |")
    print(f"| --- |{' --- |' * (1 + len(FOLLOWING))}")
    rows = [row(text, seed) for seed in given.seeds]
    print(f"| median | {' | '.join(f'{statistics.median(column):.4f}' for column in zip(*rows, strict=True))} |")


def row(text: str, seed: int) -> list[float]:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "text.txt").write_text(text, encoding="utf-8")
        first = f"{FLAGS} --max-steps 700 --data-dir text.txt --dropout 0 --name first"
        ways = [first, *FOLLOWING.values()]
        losses = [train(folder, f"{way} --seed {seed}" if "--from" not in way else way) for way in ways]
    print(f"| {seed} | {' | '.join(f'{loss:.4f}' for loss in losses)} |", flush=True)
    return losses


def train(folder: str, flags: str) -> float:
    """The best validation loss."""
    command = ["mmrec-tui", "train", *flags.split(), "--no-check", "--quiet", "--json"]
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True, check=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return float(result["best"]["loss"])


if __name__ == "__main__":
    main()
