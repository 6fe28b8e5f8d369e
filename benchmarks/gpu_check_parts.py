"""The parts of gpu_check.py, each a process: `python benchmarks/gpu_check_parts.py speed --seconds 90 [--dry]`."""

from __future__ import annotations

import argparse
import contextlib
import gc
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from gpu_check import CARRIED, OUT, ROOT, ROW

TEXT = CARRIED / "tinyshakespeare.txt"
NANOGPT = CARRIED / "nanoGPT"
VOCABULARY = 66
TARGET = 1.4697  # nats a character: nanoGPT's figure for a GPU
RACE_SECONDS = 90.0
# docs/performance.md, the longer run.
LONG_RUN = [
    "--recipe",
    "fast",
    "--config",
    "mini",
    "--seq-len",
    2048,
    "--batch-size",
    2,
    "--dropout",
    0.35,
    "--max-steps",
    2400,
]
DRY_RUN = ["--recipe", "fast", "--config", "tiny", "--max-steps", 12, "--threads", 1, "--max-corpus-bytes", 100_000]
TEST_GROUPS = (("steps", "memory", "kernel"), ("resume",), ("commands",))  # files of tests/cuda, by process
COMPILED_GROUPS = (
    ("steps", "memory"),
    ("resume",),
)  # the same for tests marked extended: compiled steps take a minute
NO_TESTS = 5  # pytest's code where all of a group is left out
# Some quick tests of tests/cuda, on the CPU.
DRY_TESTS = "cpu and (fp32 and adamw and llama or kernel and 128-4-64 or does_not_fit and off)"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("part", choices=("tests", "speed", "target", "race"))
    parser.add_argument("--dry", action="store_true")
    parser.add_argument("--seconds", type=float, required=True)
    given = parser.parse_args()
    until = time.monotonic() + given.seconds
    try:
        return {"tests": tests, "speed": speed, "target": target, "race": race}[given.part](given.dry, until)
    except Exception as error:
        print(f"{type(error).__name__}: {error}"[:300], flush=True)
        return 1


def tell(**row: Any) -> None:
    sys.stdout.write(ROW + json.dumps(row) + "\n")  # in one write, because several threads report
    sys.stdout.flush()


def tests(dry: bool, until: float) -> int:
    """The tests marked `cuda`, or on the CPU some of the same. Several processes at once, because most wait for starts."""
    chosen = ["-m", "extended", "-k", DRY_TESTS] if dry else ["-m", "cuda and not extended"]
    runs = [("", group, chosen) for group in TEST_GROUPS]
    runs += [] if dry else [("compiled_", group, ["-m", "cuda and extended"]) for group in COMPILED_GROUPS]
    OUT.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(len(runs)) as pool:
        codes = list(pool.map(lambda run: _pytest(*run), runs))
    print(f"see {OUT}/gpu_check_tests_*.txt; codes {codes}")
    return max(0 if code == NO_TESTS else code for code in codes)


def _pytest(name: str, group: Sequence[str], chosen: Sequence[str]) -> int:
    """Run these files, report each test, and keep pytest's output under this name. Returns its code."""
    files = [f"tests/cuda/test_{one}.py" for one in group]
    command = [sys.executable, "-m", "pytest", *files, "-vv", "--tb=short", "-p", "no:cacheprovider", *chosen]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    with (OUT / f"gpu_check_tests_{name}{group[0]}.txt").open("w", encoding="utf-8") as file:
        for line in process.stdout:
            file.write(line)
            file.flush()
            if found := re.match(r"(tests/cuda/\S+::.+) (PASSED|FAILED|ERROR|SKIPPED)", line):
                tell(test=found[1].removeprefix("tests/cuda/"), outcome=found[2].lower())
    return process.wait()


def speed(dry: bool, until: float) -> int:
    """Tokens a second of the configs in each mode, and the share of the fastest matrix product."""
    from mmrec_engine.model import fused
    from mmrec_engine.planning.machine_speed import fastest_product
    from mmrec_engine.settings import Settings
    from mmrec_engine.training import graphs
    from mmrec_engine.training.device import resolve_machine

    if dry:  # a CPU's steps are recorded by a stand-in
        import pytest

        from tests import capture

        capture.on_the_cpu(pytest.MonkeyPatch())
    name = "cpu" if dry else "cuda"
    base = Settings(
        device=name, precision="fp32" if dry else "bf16", dropout=0.0, seq_len=64 if dry else 256, compile="off"
    )
    base = replace(base, batch_size=2 if dry else 64, threads=1 if dry else None)
    machine = resolve_machine(base)
    peak = fastest_product(machine, 0.5 if dry else 2.0)
    tell(product=machine.precision, teraflops=round(peak / 1e12, 2))
    modes = [mode for mode in ("off", "graphs") if graphs.is_possible(mode, machine.device)]
    kernels = ["plain"] + ["fla"] * (not dry and fused.load() is not None)
    ways = [(mode, kernel) for mode in modes for kernel in kernels]
    configs = ("tiny",) if dry else ("tiny", "mini", "small", "base")
    for config in configs:
        for mode, kernel in ways:
            if not _measured(replace(base, config=config, compile=mode, kernel=kernel), peak, until):
                return 0
    if graphs.can_compile(machine.device) and not dry:
        for config in configs:  # the compiler takes a minute for each
            if not _measured(replace(base, config=config, compile="inductor"), peak, until):
                break
    return 0


def _measured(settings: Any, peak: float, until: float) -> bool:
    """Report one config; false if the time is over."""
    import torch

    from mmrec_engine.planning.throughput import measure
    from mmrec_engine.training.state import model_config

    if time.monotonic() > until - 3:
        return False
    way = {"config": settings.config, "compile": settings.compile, "kernel": settings.kernel}
    began = time.monotonic()
    try:
        found = measure(
            settings,
            VOCABULARY,
            seconds=1.0 if settings.device == "cuda" else 0.1,
            stop=lambda: time.monotonic() > until,
        )
    except Exception as error:
        tell(
            **way,
            ms_a_step=None,
            tokens_a_second=None,
            share_of_peak=None,
            start_s=None,
            error=f"{type(error).__name__}: {error}"[:200],
        )
        return True
    finally:
        gc.collect()
        if settings.device == "cuda":
            torch.cuda.empty_cache()
    if found is None:
        return False
    flops = model_config(settings, VOCABULARY).training_flops(settings.seq_len)
    tell(
        **way,
        ms_a_step=round(1e3 * found.seconds_a_step, 3),
        tokens_a_second=round(found.tokens_per_second),
        share_of_peak=round(found.tokens_per_second * flops / peak, 4),
        start_s=round(time.monotonic() - began - found.seconds_a_step * found.steps_measured, 1),
    )
    return True


def target(dry: bool, until: float) -> int:
    """Time to 1.4697 on tiny Shakespeare, with the settings of docs/performance.md for a CPU."""
    if not TEXT.exists():
        tell(run="1.4697", seconds=None, steps=None, loss=None, reached=f"not run: {TEXT} is missing")
        return 0
    flags = DRY_RUN if dry else LONG_RUN
    seconds, summary = _trained([*flags, "--eval-every", 12 if dry else 2400], dry, until)
    loss = summary["final"]["loss"]
    tell(run="1.4697", seconds=round(seconds, 1), steps=summary["steps"], loss=round(loss, 4), reached=loss <= TARGET)
    return 0


def race(dry: bool, until: float) -> int:
    """nanoGPT's recipe for a GPU, stopped after 90 s, and MM-Rec to the loss of its best checkpoint, both as whole
    processes."""
    if missing := [str(path) for path in (TEXT, NANOGPT / "train.py") if not path.exists()]:
        tell(trainer="nanoGPT", seconds=None, steps=None, loss=None, note=f"not run: missing {', '.join(missing)}")
        return 0
    seconds, loss, step, note = _nanogpt(dry)
    tell(trainer="nanoGPT", seconds=round(seconds, 1), steps=step, loss=round(loss, 4), note=note)
    flags = [*DRY_RUN, "--eval-every", 4] if dry else [*LONG_RUN, "--eval-every", 200]
    ours, summary = _trained([*flags, "--target-loss", f"{loss:.4f}"], dry, until)
    reached = summary["final"]["loss"]
    note = f"{seconds / ours:.2f} times as fast" if reached <= loss else "not reached"
    tell(trainer="MM-Rec", seconds=round(ours, 1), steps=summary["steps"], loss=round(reached, 4), note=note)
    return 0


def _nanogpt(dry: bool) -> tuple[float, float, int, str]:
    """Seconds to its best checkpoint, the loss of that over the whole validation split, its step, and how it was run."""
    import race_nanogpt
    import torch

    from mmrec_engine.training.graphs import can_compile

    device = torch.device("cpu" if dry else "cuda")
    corpus = race_nanogpt.prepared(["--data-dir", str(TEXT)])
    compiles = not dry and can_compile(device) and importlib.util.find_spec("torch._inductor") is not None
    recipe: dict[str, Any] = {"device": device.type, "compile": compiles, "dataset": "race", "out_dir": "out-race"}
    if dry:
        recipe |= {**race_nanogpt.RECIPE, "max_iters": 20, "eval_interval": 10, "eval_iters": 2}
    race_nanogpt.write_data(NANOGPT, corpus)
    checkpoint = NANOGPT / "out-race" / "ckpt.pt"
    checkpoint.unlink(missing_ok=True)
    began, on_the_wall = time.perf_counter(), time.time()
    process = race_nanogpt.start(NANOGPT, recipe, 1337)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=RACE_SECONDS)
    process.kill()
    process.wait()
    ran = time.perf_counter() - began
    if not checkpoint.exists():
        raise RuntimeError("nanoGPT has written no checkpoint")
    loss, step = race_nanogpt.loss_of(NANOGPT, corpus, device)
    note = f"best checkpoint of {ran:.0f} s, compile {compiles}"
    return checkpoint.stat().st_mtime - on_the_wall, loss, step, note


def _trained(flags: list[Any], dry: bool, until: float) -> tuple[float, dict[str, Any]]:
    """Seconds of `mmrec-tui train` as a whole process with an empty cache, and its result."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["train", *flags, "--no-check", "--data-dir", TEXT, "--device", "cpu" if dry else "cuda"]
        words += ["--output-dir", folder, "--json", "--quiet"]
        homes = {f"XDG_{kind}_HOME": f"{folder}/{kind.lower()}" for kind in ("CACHE", "STATE", "CONFIG")}
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "mmrec_tui", *map(str, words)],
            cwd=ROOT, env={**os.environ, **homes}, stdout=subprocess.PIPE, text=True,
            timeout=max(1.0, until - time.monotonic()),
        )  # fmt: skip
        seconds = time.perf_counter() - began
    if done.returncode:
        raise RuntimeError(f"mmrec-tui train ended with code {done.returncode}")
    summary: dict[str, Any] = json.loads(done.stdout)
    return seconds, summary


if __name__ == "__main__":
    sys.exit(main())
