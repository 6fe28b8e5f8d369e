"""Settings against each other in the same time: each variant makes the steps that fit into it on this machine.

    python -m benchmarks.grid --results grid.jsonl --text TEXT --text TEXT --seconds 45 --shared "recipe=fast" \\
        --variant "config=tiny" --variant "config=mini dropout=0.1"

First the speed of every variant is measured, by turns, with the machine's threads; nothing else may run then. Then each
variant is trained for as many tokens as it makes in the time (evaluations not included), with one thread and two at once:
the load of the machine does not change a loss. The result is the lowest of five evaluations in bits per character, which
compare across tokenizers. With `--lengths` the best model is then evaluated in windows of these numbers of tokens too.
Results that are in the file already are not measured again; with `--speeds` neither are speeds.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from mmrec_engine import events, train
from mmrec_engine.errors import MmrecError
from mmrec_engine.evaluation.trained_model import load_trained
from mmrec_engine.evaluation.validation import validate
from mmrec_engine.planning.throughput import measure
from mmrec_engine.runs.run_text import text_of_new_run
from mmrec_engine.settings import Settings, resolve

ROUNDS, SECONDS_OF_A_ROUND = 3, 1.5
EVALUATIONS = 5
KEY = ("text", "seconds", "variant", "seed")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, default=Path("grid.jsonl"))
    parser.add_argument("--text", action="append", required=True, help="a file or folder")
    parser.add_argument("--seconds", type=float, action="append", required=True, help="of training steps")
    parser.add_argument("--shared", default="recipe=fast", help="settings of all variants, as name=value")
    parser.add_argument("--variant", action="append", required=True, help="settings of one variant, as name=value")
    parser.add_argument(
        "--speeds", type=Path, help="JSON, tokens a second by shape: read, and what is missing is added"
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[1337])
    parser.add_argument("--lengths", type=int, nargs="+", default=[], help="tokens a window of further evaluations")
    given = parser.parse_args()
    known = read(given.results)
    there = {tuple(row[name] for name in KEY) for row in known}
    wanted = [
        key
        for key in (
            (text, seconds, f"{given.shared} {variant}".strip(), seed)
            for seconds in given.seconds
            for text in given.text
            for seed in given.seeds
            for variant in given.variant
        )
        if (Path(key[0]).name, *key[1:]) not in there
    ]
    speeds = speeds_of({variant for _, _, variant, _ in wanted}, given.speeds)
    with (
        given.results.open("a", encoding="utf-8") as file,
        ProcessPoolExecutor(2, mp_context=get_context("spawn")) as workers,
    ):
        for row in workers.map(partial(result, lengths=given.lengths), wanted, [speeds[key[2]] for key in wanted]):
            known.append(row)
            print(json.dumps(row), file=file, flush=True)
            print(f"{row['text']} {row['variant']}: {row['bits']}", file=sys.stderr, flush=True)
    print(table(known))


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def as_settings(words: str) -> dict[str, Any]:
    """`name=value` words as settings; a later value replaces an earlier one."""
    return {name: _value(value) for name, _, value in (word.partition("=") for word in words.split())}


def _value(word: str) -> Any:
    try:
        return json.loads(word)
    except ValueError:
        return word


def speeds_of(variants: set[str], file: Path | None) -> dict[str, float]:
    """Tokens a second of each variant: the median of some rounds. Equal shapes are measured once."""
    known: dict[str, float] = json.loads(file.read_text(encoding="utf-8")) if file and file.exists() else {}
    shapes = {variant: _shape(variant) for variant in sorted(variants)}
    found: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for name, shape in {_name(shape): shape for shape in shapes.values()}.items():
            if name not in known:
                one = measure(shape, shape.vocab_size, seconds=SECONDS_OF_A_ROUND, stop=lambda: False)
                assert one is not None
                found.setdefault(name, []).append(one.tokens_per_second)
    known |= {name: round(statistics.median(speeds), 1) for name, speeds in found.items()}
    if file is not None:
        file.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    return {variant: known[_name(shape)] for variant, shape in shapes.items()}


_OF_SPEED = ("config", "arch", "optimizer", "batch_size", "seq_len", "accumulate", "precision", "weight_average")


def _shape(variant: str) -> Settings:
    """Only what decides about the speed; vocabularies of about the same size count as the same."""
    settings = resolve(as_settings(variant)).settings
    values = {name: getattr(settings, name) for name in _OF_SPEED}
    values["dropout"] = 0.1 if settings.dropout > 0 else 0.0
    values["vocab_size"] = 100 if settings.tokenizer == "char" else 2 ** max(9, settings.vocab_size.bit_length() - 1)
    return resolve(values).settings


def _name(shape: Settings) -> str:
    return " ".join(str(getattr(shape, name)) for name in (*_OF_SPEED, "dropout", "vocab_size"))


def result(key: tuple[str, float, str, int], tokens_per_second: float, lengths: Sequence[int] = ()) -> dict[str, Any]:
    text, seconds, variant, seed = key
    chosen = {**as_settings(variant), "data_dir": text, "seed": seed, "threads": 1}
    settings = resolve(chosen).settings
    a_step = settings.windows_a_step * settings.seq_len
    steps = max(1, int(seconds * tokens_per_second / a_step))
    with tempfile.TemporaryDirectory(prefix="mmrec-grid-") as folder:
        # With the sources of the settings: the fast recipe would choose a tokenizer that is given without one.
        resolved = resolve(
            {
                **chosen, "output_dir": folder, "name": "run", "max_steps": steps, "eval_every": -(-steps // EVALUATIONS),
                "checkpoint_every": 10**6, "early_stopping_patience": 100,
            }
        )  # fmt: skip
        curve: list[float] = []
        losses: list[float] = []
        error = None
        try:
            for event in train(resolved):
                if isinstance(event, events.Validation) and not event.sampled:
                    curve.append(round(event.bits_per_character, 4))
                    losses.append(round(event.loss, 4))
            by_length = evaluated(Path(folder) / "run", resolved.settings, lengths)
        except MmrecError as found:
            error, by_length = found.key, {}
    return {
        "text": Path(text).name, "seconds": seconds, "variant": variant, "seed": seed, "steps": steps,
        "tokens": steps * a_step, "tokens_per_second": round(tokens_per_second), "bits": min(curve, default=None),
        "curve": curve, "losses": losses, **({"by_length": by_length} if by_length else {}),
        **({"error": error} if error else {}),
    }  # fmt: skip


def evaluated(run: Path, settings: Settings, lengths: Sequence[int]) -> dict[str, float]:
    """Bits per character of the best model of a run, by the tokens of a window."""
    found = {}
    for length in lengths:
        corpus = events.result_of(text_of_new_run(replace(settings, seq_len=length, stride=None)))
        metrics = events.result_of(validate(load_trained(str(run)).model, corpus, length))
        assert metrics is not None  # there are no stop requests
        found[str(length)] = round(metrics.bits_per_character, 4)
    return found


def table(rows: list[dict[str, Any]]) -> str:
    lines = [
        "| text | seconds | settings | steps | tokens | bits per character |",
        "| --- | ---: | --- | ---: | ---: | ---: |",
    ]
    for row in sorted(rows, key=_by_result):
        counts = (f"{row['steps']:,}", f"{row['tokens']:,}")
        cells = (row["text"], f"{row['seconds']:g}", f"`{row['variant']}`", *counts, row["bits"])
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def _by_result(row: dict[str, Any]) -> tuple[str, float, float]:
    return row["text"], row["seconds"], row["bits"] or math.inf


if __name__ == "__main__":
    main()
