"""`bench race`: MM-Rec against a baseline of the same size, on the same text, to the same loss, by time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmrec_engine.errors import RequestError
from mmrec_engine.runs.history import History
from mmrec_engine.settings import Resolved
from mmrec_engine.storage.run_files import holds_run
from mmrec_tui.cli.bench import TITLES
from mmrec_tui.cli.find import prepared, printed
from mmrec_tui.cli.headless import recorded
from mmrec_tui.cli.options import as_flags
from mmrec_tui.locales import UsageText, Wording
from mmrec_tui.terminal import print_json


def race(resolved: Resolved, flags: list[str], overwrite: bool, wording: Wording, as_json: bool, quiet: bool) -> int:
    """Train MM-Rec, then the baseline, each in its own process with the same flags, to a loss; report which was faster.

    The baseline is llama with `--arch llama`, else gpt.

    The runs are kept, like any others; earlier ones are refused unless `overwrite`. Returns the exit code of a
    training that failed, else 0.
    """
    settings = resolved.settings
    of_llama = as_flags({"kv_heads": settings.kv_heads, "tied": settings.tied or None})
    if settings.target_loss is None:
        raise UsageText(wording("usage.race-target"))
    name = settings.name or "race"
    baseline = "llama" if settings.arch == "llama" else "gpt"
    folders = {
        architecture: Path(settings.output_dir) / f"{name}-{architecture}" for architecture in ("mmrec", baseline)
    }
    for folder in folders.values():
        if holds_run(folder) and not overwrite:
            raise RequestError("race-exists", path=folder)
    narration, _ = prepared(resolved, wording, as_json or quiet)  # once, for both
    racers: dict[str, History] = {}
    for architecture, folder in folders.items():
        narration.line(wording("race.starts", racer=TITLES[architecture]))
        words = [
            *flags,
            *(of_llama if architecture == "llama" else []),
            "--arch",
            architecture,
            "--name",
            folder.name,
            "--no-check",
            "--json",
        ]
        words += ["--overwrite"] if overwrite else []
        words += ["--quiet"] if quiet or as_json else []
        code = _trained([sys.executable, "-m", "mmrec_tui", "--lang", wording.language, "train", *words])
        if code:
            return code
        racers[architecture] = recorded(folder)
    results = {architecture: _result(history, settings.target_loss) for architecture, history in racers.items()}
    ratio = _ratio(results, baseline)
    if as_json:
        print_json({"target_loss": settings.target_loss, **results, "ratio": ratio})
        return 0
    print("\n".join([*_race_lines(racers, results, wording), _verdict(results, ratio, settings.target_loss, wording)]))
    return 0


def _trained(words: list[str]) -> int:
    """The exit code of a training; an interrupted one saves first."""
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    try:
        return process.wait()
    except BaseException:
        if sys.platform != "win32":  # there it would not save; it has got Ctrl+C as well
            process.terminate()
        process.wait()
        raise


def _result(history: History, target: float) -> dict[str, Any]:
    """seconds: from the run's start to its end, including preparation and validation."""
    finished, last, step = history.finished, history.last_validation, history.last_step
    loss = None if last is None else last.loss
    return {
        "reached": loss is not None and loss <= target,
        "seconds": 0.0 if finished is None else finished.seconds,
        "steps": 0 if step is None else step.step,
        "tokens": 0 if step is None else step.tokens,
        "loss": loss,
        "parameters": 0 if history.started is None else history.started.parameters,
        "tokens_per_second": round(history.tokens_per_second, 1),
    }


def _ratio(results: dict[str, dict[str, Any]], baseline: str) -> float | None:
    """MM-Rec's seconds relative to the baseline's; None if one of them did not reach the loss."""
    if not all(result["reached"] for result in results.values()) or not results[baseline]["seconds"]:
        return None
    return float(results["mmrec"]["seconds"] / results[baseline]["seconds"])


def _race_lines(racers: dict[str, History], results: dict[str, dict[str, Any]], say: Wording) -> Iterator[str]:
    if sys.stdout.isatty():
        from mmrec_tui.presentation.figures import View, overlay

        yield from printed(
            overlay([(TITLES[name], history) for name, history in racers.items()], View(x_axis="time"), say)
        )
    columns_of = "{:<8}{:>12}{:>9}{:>12}{:>11}{:>11}"
    heads = ("race.parameters", "race.time", "race.tokens", "race.speed", "race.loss")
    yield columns_of.format("", *map(say, heads))
    for name, result in results.items():
        yield columns_of.format(
            TITLES[name],
            say.short(result["parameters"]),
            f"{say.number(result['seconds'], 1)} s",
            say.number(result["tokens"]),
            say.number(result["tokens_per_second"]),
            "–" if result["loss"] is None else say.number(result["loss"], 4),
        )


def _verdict(results: dict[str, dict[str, Any]], ratio: float | None, target: float, say: Wording) -> str:
    loss = say.number(target, 4)
    if ratio is not None:
        return say("race.both", loss=loss, ratio=say.number(ratio, 2), racer=TITLES[list(results)[-1]])
    arrived = [TITLES[name] for name, result in results.items() if result["reached"]]
    return say("race.one", loss=loss, racer=arrived[0]) if arrived else say("race.none", loss=loss)
