"""This project on a GPU: its tests, tokens a second, the time to 1.4697, and the race against nanoGPT.

    bash benchmarks/gpu_check.sh [--dry] [--only tests speed target race]

Each part is a process with a budget of its own; its results are kept, and written to gpu_check.json, whatever happens to
it and to the others. gpu_check.sh says what the machine needs. --dry: all of it on the CPU, smaller.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import os
import platform
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
CARRIED = Path(os.environ.get("CARRIED", HERE / "carried"))
OUT = Path(os.environ.get("OUT") or Path.cwd())
BUDGETS = {
    "tests": 175.0,
    "speed": 95.0,
    "target": 65.0,
    "race": 135.0,
}  # seconds; the next parts may use what one leaves
DRY_PATIENCE = 5  # times that: a busy CPU has time
ROW = "gpu_check row: "  # before a line of JSON on a part's stdout
Row = dict[str, Any]
# What the engine and the command import, and the distribution that brings it.
NEEDED = {
    "numpy": "numpy", "typer": "typer", "rich": "rich", "platformdirs": "platformdirs", "safetensors": "safetensors",
    "ftfy": "ftfy", "charset_normalizer": "charset-normalizer", "bs4": "beautifulsoup4", "striprtf": "striprtf",
    "psutil": "psutil", "pytest": "pytest",
}  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dry", action="store_true", help="on the CPU, shrunken")
    parser.add_argument("--only", nargs="+", choices=BUDGETS, default=list(BUDGETS), help="these parts alone")
    parser.add_argument("--missing", action="store_true", help="tell which packages are missing, and end")
    given = parser.parse_args()
    if given.missing:
        print(*(package for module, package in NEEDED.items() if importlib.util.find_spec(module) is None))
        return 0
    return check(given.only, given.dry)


def check(parts: Sequence[str], dry: bool) -> int:
    """Run the parts one after the other; 0 if all of them ended well."""
    found: dict[str, Any] = {"machine": machine(dry), "dry": dry, "parts": {}}
    print(", ".join(f"{name} {value}" for name, value in found["machine"].items()), flush=True)
    if not dry and found["machine"]["card"] is None:
        print("gpu_check: PyTorch sees no CUDA card here; --dry runs all of it on the CPU")
        return 2
    spare = 0.0
    for part in parts:
        budget = BUDGETS[part] * (DRY_PATIENCE if dry else 1) + spare
        began = time.monotonic()
        command = [sys.executable, str(HERE / "gpu_check_parts.py"), part, *(["--dry"] if dry else [])]
        found["parts"][part] = run_part([*command, "--seconds", f"{budget - 10:.0f}"], budget)
        spare = max(0.0, budget - (time.monotonic() - began))
        write(found)
        print(f"\n{part}: {found['parts'][part]['ended']} after {found['parts'][part]['seconds']:.0f} s", flush=True)
        for line in table(found["parts"][part]["rows"]):
            print(line, flush=True)
    print(f"\nwritten to {OUT / 'gpu_check.json'}")
    return 0 if all(part["ended"] == "done" for part in found["parts"].values()) else 1


def run_part(command: Sequence[str], seconds: float) -> dict[str, Any]:
    """Run a part for at most so long. rows: its results until then; ended: done, out of time, or its error."""
    began = time.monotonic()
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        start_new_session=True,
    )  # fmt: skip
    lines: queue.Queue[str | None] = queue.Queue()
    assert process.stdout is not None
    threading.Thread(target=_pass_on, args=(process.stdout, lines), daemon=True).start()
    rows, last, ended = [], [], "out of time"
    try:
        while (left := began + seconds - time.monotonic()) > 0:
            line = lines.get(timeout=left)
            if line is None:
                code = process.wait()
                ended = "done" if code == 0 else f"broke, code {code}: {' | '.join(last[-3:])}"
                break
            if line.startswith(ROW):
                rows.append(json.loads(line.removeprefix(ROW)))
                print(" ", "  ".join(f"{value}" for value in rows[-1].values()), flush=True)
            elif line.strip():
                last.append(line.strip())
    except queue.Empty:
        pass
    finally:
        end_group(process)
    return {"ended": ended, "seconds": round(time.monotonic() - began, 1), "rows": rows}


def _pass_on(stream: Iterator[str], lines: queue.Queue[str | None]) -> None:
    for line in stream:
        lines.put(line)
    lines.put(None)


def end_group(process: subprocess.Popen[str]) -> None:
    """End a process that leads a session, and all that it has started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def table(rows: Sequence[Row]) -> list[str]:
    """Markdown, with one table for each kind of row, recognised by its columns."""
    lines: list[str] = []
    columns: list[str] = []
    for row in rows:
        if list(row) != columns:
            columns = list(row)
            lines += ["", f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}"]
        lines.append(f"| {' | '.join(str(value) for value in row.values())} |")
    return lines


def write(found: dict[str, Any]) -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "gpu_check.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def machine(dry: bool) -> dict[str, Any]:
    import torch

    there = torch.cuda.is_available() and not dry
    return {
        "card": torch.cuda.get_device_name(0) if there else None,
        "memory_gib": round(torch.cuda.get_device_properties(0).total_memory / 2**30, 1) if there else None,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "system": platform.platform(),
    }


if __name__ == "__main__":
    sys.exit(main())
