"""The effect of settings: the same run with each variant, some seeds each, as a table in Markdown.

    python benchmarks/compare_settings.py --seeds 1337 1 2 \\
        --variant "--schedule cosine" --variant "--schedule wsd" -- --data-dir TEXT --recipe fast --max-steps 250

Everything after `--` are flags of `mmrec-tui train` for all variants. Seeds alternate, so that a slower machine slows
all variants. Compare by bits per character: losses are per token, and tokens may differ.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--variant", action="append", required=True, help="flags of one variant, in one word")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1337, 1, 2])
    place = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    given, shared = parser.parse_args(sys.argv[1:place]), sys.argv[place + 1 :]
    results: dict[str, list[dict[str, Any]]] = {variant: [] for variant in given.variant}
    for seed in given.seeds:
        for variant in given.variant:
            result = trained([*shared, *variant.split(), "--seed", str(seed)])
            results[variant].append(result)
            print(f"{variant} seed {seed}: {result['best']}", file=sys.stderr, flush=True)
    print("| variant | bits per character, each seed | median | loss | tokens | seconds |")
    print("| --- | --- | --- | --- | --- | --- |")
    for variant, runs in results.items():
        bits = [run["best"]["bits_per_character"] for run in runs]
        cells = [
            f"`{variant}`" if variant else "as shared",
            ", ".join(f"{one:.3f}" for one in bits),
            f"{statistics.median(bits):.3f}",
            f"{statistics.median(run['best']['loss'] for run in runs):.4f}",
            f"{runs[0]['tokens']:,}",
            f"{statistics.median(run['seconds'] for run in runs):.0f}",
        ]
        print(f"| {' | '.join(cells)} |")


def trained(flags: list[str]) -> dict[str, Any]:
    """The result of `train --json`, for a run in a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "-m", "mmrec_tui", "train", "--no-check", "--json", "--output-dir", folder, *flags]
        done = subprocess.run(words, capture_output=True, text=True, cwd=Path.cwd())
    if done.returncode:
        raise SystemExit(done.stderr.strip().splitlines()[-1])
    result: dict[str, Any] = json.loads(done.stdout)
    return result


if __name__ == "__main__":
    main()
