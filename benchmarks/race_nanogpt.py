"""The race against nanoGPT on this machine: its own recipe for CPUs, then `mmrec-tui train --recipe fast` to its loss.

    git clone https://github.com/karpathy/nanoGPT
    python benchmarks/race_nanogpt.py nanoGPT -- --data-dir tinyshakespeare.txt
    python benchmarks/race_nanogpt.py nanoGPT --seeds 1337 1 -- --corpus python-docs
    python benchmarks/race_nanogpt.py nanoGPT --time 60 -- --data-dir tinyshakespeare.txt

Everything after `--` are flags of `mmrec-tui train`: the text, and further flags for both. Both see the same tokens and the
same split; both losses are means over the whole validation split, each with its own context. Times are of whole processes, with
imports and evaluations; MM-Rec's includes preparing the text, with an empty cache. `--flags` are for MM-Rec alone. Losses are
nats a character, also if these flags select other tokens.

With `--time` both get so many seconds instead: nanoGPT its recipe with as many steps as fit, its schedule ending with them,
and MM-Rec `train --time`. The results are bits per character.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import pickle
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mmrec_engine.data.prepare import Corpus, prepare_corpus
from mmrec_engine.data.windows import IGNORED_LABEL, EvaluationWindows
from mmrec_engine.events import result_of
from mmrec_engine.settings import FIELDS, resolve
from mmrec_engine.settings.declaration import flag

# The README of nanoGPT, "I only have a macbook": four layers, 128 wide, 2,000 steps of 12 × 64 tokens, with its
# schedule (lr_decay_iters) and dropout.
RECIPE = {
    "device": "cpu", "compile": "False", "eval_iters": 20, "log_interval": 1, "block_size": 64, "batch_size": 12, "n_layer": 4,
    "n_head": 4, "n_embd": 128, "max_iters": 2000, "lr_decay_iters": 2000, "dropout": 0.0, "dataset": "race",
    "out_dir": "out-race",
}  # fmt: skip
FLAGS = {flag(name): name for name in FIELDS}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("nanogpt", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1337])
    parser.add_argument("--flags", default="", help="further flags of ours, in one word")
    parser.add_argument("--target", type=float, help="the loss to arrive at; as it stands, that of nanoGPT")
    parser.add_argument("--time", type=float, help="seconds for each of both, instead of the race to a loss")
    place = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    given, words = parser.parse_args(sys.argv[1:place]), sys.argv[place + 1 :]
    corpus = prepared(words)
    if given.time is not None:
        for seed in given.seeds:
            compare_in_time(given.nanogpt.resolve(), corpus, [*words, *given.flags.split()], seed, given.time)
        return
    ratios = []
    for seed in given.seeds:
        theirs, loss = run_nanogpt(given.nanogpt.resolve(), corpus, seed)
        target = given.target or loss
        ours, reached, steps = run_ours([*words, *given.flags.split(), "--seed", str(seed)], target)
        ratios.append(theirs / ours)
        print(
            f"{corpus.name} seed {seed}: nanoGPT {theirs:.1f} s to {loss:.4f}; MM-Rec {ours:.1f} s to {reached:.4f} in "
            f"{steps} steps (target {target:.4f}); {theirs / ours:.1f} times as fast",
            flush=True,
        )
    print(f"median {statistics.median(ratios):.1f}")


def compare_in_time(place: Path, corpus: Corpus, words: list[str], seed: int, seconds: float) -> None:
    """Print the bits per character of both after the same time. The text must have characters as tokens for nanoGPT."""
    short, long = (run_nanogpt(place, corpus, seed, steps)[0] for steps in (200, 400))  # its warm-up takes 100
    steps = max(200, 200 + 8 * round(25 * (seconds - short) / (long - short)))
    theirs, loss = run_nanogpt(place, corpus, seed, steps)
    summary, ours = timed([*words, "--time", f"{seconds:g}s", "--seed", str(seed)])
    bits, other = summary["best"]["bits_per_character"], loss / math.log(2)
    print(
        f"{corpus.name} seed {seed}: nanoGPT {steps} steps, {theirs:.1f} s, {other:.3f}; MM-Rec {ours:.1f} s, {bits:.3f} "
        f"bits per character, {other - bits:.3f} less",
        flush=True,
    )


def run_nanogpt(place: Path, corpus: Corpus, seed: int, steps: int = 2000) -> tuple[float, float]:
    """Seconds of its training, and the loss of its last checkpoint over the whole validation split."""
    write_data(place, corpus)
    # It saves its model at evaluations alone, of which the recipe makes eight.
    recipe = {**RECIPE, "max_iters": steps, "lr_decay_iters": steps, "eval_interval": steps // 8}
    began = time.perf_counter()
    code = start(place, recipe, seed).wait()
    seconds = time.perf_counter() - began
    if code:
        raise SystemExit(f"nanoGPT ended with code {code}")
    return seconds, loss_of(place, corpus, torch.device("cpu"))[0]


def write_data(place: Path, corpus: Corpus) -> None:
    """Both splits in the form that nanoGPT reads."""
    data = place / "data" / "race"
    data.mkdir(exist_ok=True, parents=True)
    for name, side in (("train", corpus.train), ("val", corpus.validation)):
        np.asarray(side.tokens).astype(np.uint16).tofile(data / f"{name}.bin")
    with (data / "meta.pkl").open("wb") as file:
        pickle.dump({"vocab_size": corpus.tokenizer.vocab_size}, file)


def start(place: Path, recipe: Mapping[str, object], seed: int) -> subprocess.Popen[str]:
    """Start its training. recipe: over its config for the characters of Shakespeare."""
    source = (place / "train.py").read_text()
    seeded = place / "train_seeded.py"  # its seed is no setting of its own
    seeded.write_text(re.sub(r"manual_seed\(1337 \+ seed_offset\)", f"manual_seed({seed} + seed_offset)", source))
    config = ["config/train_shakespeare_char.py", *(f"--{name}={value}" for name, value in recipe.items())]
    quiet: Any = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen([sys.executable, seeded.name, *config], cwd=place, text=True, **quiet)


def loss_of(place: Path, corpus: Corpus, device: torch.device) -> tuple[float, int]:
    """Loss of its last checkpoint over the whole validation split, nats a token, and the step of it."""
    sys.path.insert(0, str(place))
    from model import GPT, GPTConfig  # type: ignore[import-not-found]

    stored = torch.load(
        place / "out-race" / "ckpt.pt", map_location="cpu", weights_only=False
    )  # made a moment ago, above
    model = GPT(GPTConfig(**stored["model_args"]))
    model.load_state_dict({name.removeprefix("_orig_mod."): value for name, value in stored["model"].items()})
    model.to(device).eval()
    windows = EvaluationWindows(corpus.validation.tokens, stored["model_args"]["block_size"])
    total, count = 0.0, 0
    with torch.no_grad():
        for numbers in np.array_split(np.arange(windows.count), max(1, windows.count // 64)):
            inputs, labels = (torch.from_numpy(part).to(device) for part in windows.batch(numbers))
            logits, _ = model(inputs, labels.clamp(min=0))  # with labels it gives all logits
            flat = torch.nn.functional.cross_entropy(
                logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORED_LABEL, reduction="sum"
            )
            total, count = total + float(flat), count + int((labels != IGNORED_LABEL).sum())
    return total / count, int(stored["iter_num"])


def run_ours(words: list[str], target: float) -> tuple[float, float, int]:
    """Seconds, validation loss (nats a character) and steps of `mmrec-tui train`, in an empty folder with an empty cache."""
    a_token = characters_a_token(words)
    flags = ["--recipe", "fast", "--config", "tiny", "--no-check", *words, "--target-loss", f"{target * a_token:.4f}"]
    summary, seconds = timed(flags)
    return seconds, summary["final"]["loss"] / a_token, summary["steps"]


def timed(flags: list[str]) -> tuple[dict[str, Any], float]:
    """The result of `mmrec-tui train` in an empty folder with an empty cache, and the seconds of its process."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "mmrec_tui", "train", *flags, "--output-dir", folder, "--json", "--quiet"]
        began = time.perf_counter()
        done = subprocess.run(
            command,
            env={**os.environ, "XDG_CACHE_HOME": f"{folder}/cache"},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        seconds = time.perf_counter() - began
    return json.loads(done.stdout), seconds


def characters_a_token(words: list[str]) -> float:
    """The mean number of validation characters a token, with these flags."""
    side = prepared(words).validation
    return (side.characters - 1) / (len(side.tokens) - 1)


def prepared(words: list[str]) -> Corpus:
    flags = {FLAGS[name]: value for name, value in zip(words[::2], words[1::2], strict=True)}
    return result_of(prepare_corpus(resolve({"recipe": "fast", **flags}).settings))


if __name__ == "__main__":
    main()
