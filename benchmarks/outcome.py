"""Results of trainings of a given length: texts × flags × seeds, each a whole process, as lines of JSON and as a table.

    python benchmarks/outcome.py --results outcome.jsonl --text TEXT --text corpus:sample --time 60 --time 180 \\
        --variant "" --variant "--recipe fast" --variant "--config mini --recipe fast --dropout 0.2"
    python benchmarks/outcome.py --results outcome.jsonl --text TEXT --variant "--recipe fast --max-steps 400"

A variant is the flags of one training; with `--time` each is given that much time (`train --time`), without it the flags
set its length. The empty variant is the planner's choice. Trainings that are in the results already are not run again, so
an interrupted series continues. Bits per character compare across tokenizers; `load` is the machine's load average at the
start, `over` how many seconds more than the time the whole process took. With `--busy 60` another process uses a core for a
minute in the middle of each training.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

KEY = ("text", "seconds", "variant", "seed")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, default=Path("outcome.jsonl"))
    parser.add_argument("--text", action="append", required=True, help="a file, a folder or corpus:NAME")
    parser.add_argument("--time", type=float, action="append", help="seconds")
    parser.add_argument("--variant", action="append", required=True, help="flags, in one word")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1337])
    parser.add_argument("--prefix", default="", help="put before each command, such as `nice`")
    parser.add_argument(
        "--busy", type=float, default=0, help="for so many seconds in the middle of --time another process uses a core"
    )
    given = parser.parse_args()
    known = read(given.results)
    for seed in given.seeds:
        for seconds in given.time or [None]:
            for text in given.text:
                for variant in given.variant:
                    key = {"text": Path(text).name, "seconds": seconds, "variant": variant, "seed": seed}
                    key |= {"busy": given.busy} if given.busy and seconds else {}
                    if any({name: row[name] for name in (*KEY, "busy") if name in row} == key for row in known):
                        continue
                    with (
                        busy(given.prefix.split(), (seconds - given.busy) / 2, given.busy)
                        if "busy" in key
                        else nullcontext()
                    ):
                        row = {**key, **outcome(text, seconds, variant, seed, given.prefix.split())}
                    known.append(row)
                    with given.results.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(row) + "\n")
                    print(json.dumps(row), file=sys.stderr, flush=True)
    print(table(known))


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


@contextmanager
def busy(prefix: list[str], after: float, seconds: float) -> Iterator[None]:
    """Another process uses a core, from `after` seconds on."""
    code = f"import time; time.sleep({after}); end = time.monotonic() + {seconds}\nwhile time.monotonic() < end: pass"
    other = subprocess.Popen([*prefix, sys.executable, "-c", code])
    try:
        yield
    finally:
        other.kill()
        other.wait()


def outcome(text: str, seconds: float | None, variant: str, seed: int, prefix: list[str]) -> dict[str, Any]:
    """One run in a temporary folder. Bits are those of the best weights."""
    kind, _, name = text.partition(":")
    of_text = ["--corpus", name] if kind == "corpus" else ["--data-dir", text]
    limit = [] if seconds is None else ["--time", f"{seconds:g}s"]
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        words = [
            sys.executable,
            "-m",
            "mmrec_tui",
            "train",
            "--json",
            "--quiet",
            "--output-dir",
            folder,
            "--name",
            "run",
        ]
        began = time.monotonic()
        done = subprocess.run(
            [*prefix, *words, *of_text, *limit, *variant.split(), "--seed", str(seed)], capture_output=True, text=True
        )
        took = time.monotonic() - began
        if not done.stdout.strip():
            return {
                "error": (done.stderr.strip().splitlines() or [""])[-1],
                "took": round(took, 1),
                "load": round(load, 1),
            }
        result = json.loads(done.stdout)
        settings = json.loads((Path(folder) / "run" / "run.json").read_text(encoding="utf-8"))["settings"]
    chosen = (
        "config", "tokenizer", "vocab_size", "batch_size", "seq_len", "eval_seq_len", "optimizer", "learning_rate", "dropout",
    )  # fmt: skip
    best, last = result["best"] or {}, result["final"] or {}
    return {
        "bits": best.get("bits_per_character"),
        "last_bits": last.get("bits_per_character"),
        "best_step": best.get("step"),
        "steps": result["steps"],
        "tokens": result["tokens"],
        "tokens_per_second": result["tokens_per_second"],
        "took": round(took, 1),
        "over": None if seconds is None else round(took - seconds, 1),
        "load": round(load, 1),
        "settings": {name: settings[name] for name in chosen},
    }


def table(rows: list[dict[str, Any]]) -> str:
    lines = [
        "| text | time | flags | bits a character | steps | whole process | load |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in sorted(
        rows, key=lambda row: (row["text"], row["seconds"] or 0, row.get("busy", 0), row.get("bits") or 99)
    ):
        limit = "–" if row["seconds"] is None else f"{row['seconds']:g} s"
        bits = row.get("error") if row.get("bits") is None else f"{row['bits']:.3f}"
        flags = f"`{row['variant']}`" if row["variant"] else "the planner's"
        if "busy" in row:
            limit += f", {row['busy']:g} s of them busy"
        cells = (row["text"], limit, flags, bits, f"{row.get('steps', 0):,}", f"{row['took']} s", row["load"])
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
