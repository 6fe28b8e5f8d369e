"""MM-Rec against the GPT of the same size: paired runs of the installed command, as a Markdown table.

    python benchmarks/compare_architectures.py TEXT -- --recipe fast --max-steps 250

Everything after `--` goes to `mmrec-tui train`. Runs are in pairs, one thread each, under the same load.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from typing import Any

ARCHITECTURES = ("mmrec", "gpt")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text", help="file or folder of text")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1337, 1, 2])
    parser.add_argument("flags", nargs=argparse.REMAINDER, help="-- and flags of mmrec-tui train")
    given = parser.parse_args()
    flags = given.flags[1:] if given.flags[:1] == ["--"] else given.flags
    losses: dict[str, list[float]] = {architecture: [] for architecture in ARCHITECTURES}
    print("| architecture | seed | parameters | tokens | validation loss | accuracy | tokens/s, one thread |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for seed in given.seeds:
        with tempfile.TemporaryDirectory() as folder:
            pair = [start(given.text, architecture, seed, folder, flags) for architecture in ARCHITECTURES]
            for architecture, process in zip(ARCHITECTURES, pair, strict=True):
                result = finish(process)
                losses[architecture].append(result["final"]["loss"])
                print(
                    f"| {architecture} | {seed} | {result['parameters']:,} | {result['tokens']:,} | "
                    f"{result['final']['loss']:.4f} | {result['final']['accuracy']:.2%} | "
                    f"{result['tokens_per_second']:,.0f} |",
                    flush=True,
                )
    medians = {architecture: statistics.median(values) for architecture, values in losses.items()}
    print(f"\nMedian: mmrec {medians['mmrec']:.4f}, gpt {medians['gpt']:.4f}, ", end="")
    print(f"difference {medians['mmrec'] - medians['gpt']:+.4f} nats.")


def start(text: str, architecture: str, seed: int, folder: str, flags: list[str]) -> subprocess.Popen[str]:
    command = ["mmrec-tui", "train", "--data-dir", text, "--arch", architecture, "--seed", str(seed)]
    command += ["--precision", "fp32", "--threads", "1", "--output-dir", folder, "--name", f"{architecture}-{seed}"]
    return subprocess.Popen([*command, "--json", "--quiet", *flags], stdout=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str]) -> dict[str, Any]:
    output, _ = process.communicate()
    if process.returncode:
        sys.exit(f"a run ended with code {process.returncode}")
    result: dict[str, Any] = json.loads(output)
    return result


if __name__ == "__main__":
    main()
