"""The checks after training: whether the saved files are usable and the figures right, and what the curves suggest for the
next run.

`checks_after` reads what a run has written; each check is a function of that context.
"""

from __future__ import annotations

import contextlib
import json
import math
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from mmrec_engine.checks.agreement import in_agreement
from mmrec_engine.checks.finding import Check, Finding, Skip, Status, Values, run
from mmrec_engine.checks.postrun.curve_checks import COURSE_CHECKS
from mmrec_engine.checks.postrun.reload import WHOLE
from mmrec_engine.checks.remedies import remedies_for
from mmrec_engine.data.batches import validation_windows
from mmrec_engine.data.prepare import Corpus
from mmrec_engine.errors import MmrecError, RequestError
from mmrec_engine.evaluation.continuations import measure
from mmrec_engine.evaluation.generation import BETWEEN, Sampling, generate
from mmrec_engine.evaluation.metrics import student_95
from mmrec_engine.evaluation.trained_model import Trained, load_trained
from mmrec_engine.evaluation.validation import prompt_of, window_losses
from mmrec_engine.events import result_of
from mmrec_engine.locales.catalogue import DEFAULT_LANGUAGE
from mmrec_engine.runs import checkpoints
from mmrec_engine.runs.catalog import read_description
from mmrec_engine.runs.history import History
from mmrec_engine.runs.run_text import is_described, text_of_run
from mmrec_engine.runs.run_time import FINAL_SAMPLE_TOKENS
from mmrec_engine.settings import FIELDS, Settings, metrics_of
from mmrec_engine.storage.run_files import BEST, FINAL
from mmrec_engine.system.processes import OWN_SESSION

_ENOUGH_BATCHES = 8  # of a validation, which give the variation of their losses to a quarter
_SCATTER_WINDOWS = 96  # which give the variation of the windows' losses to 7 %
_LEAST_WINDOWS = 3  # two say nearly nothing about the variation
_COPY_CHARACTERS = 4 * 2**20  # of the training text that is searched for copies
_GRAM = 3
_RELOAD_SECONDS = 600
_ENDED_WELL = ("completed", "early_stopped", "target_reached")


@dataclass(frozen=True)
class AfterContext:
    """A run that has ended. corpus: its text; None if it is missing or has changed. ended_well: not stopped, not failed."""

    folder: Path
    history: History
    corpus: Corpus | None
    ended_well: bool

    @property
    def settings(self) -> dict[str, Any]:
        return self.history.settings

    @cached_property
    def best(self) -> Trained:
        """The best model, or the final one if no best is kept. Raises RequestError."""
        return load_trained(str(self.folder / (BEST if (self.folder / BEST).exists() else FINAL)))

    @property
    def usable(self) -> Trained:
        """The same for a check that is not about the file: `best-saved` reports damage. Raises Skip."""
        try:
            return self.best
        except MmrecError:
            raise Skip("not-loaded") from None

    @cached_property
    def half_interval(self) -> float | None:
        """Of the loss that is reported: half its 95 % confidence interval; None if there are too few windows. Raises Skip."""
        best = self.history.best or self.history.last_validation
        if best is not None and best.standard_error is not None and best.batches >= _ENOUGH_BATCHES:
            return student_95(best.batches - max(1, len(best.parts or ()))) * best.standard_error
        return _half_by_windows(self)

    @cached_property
    def reloading(self) -> subprocess.Popen[str] | None:
        """An independent process that evaluates the best model once it gets a line; None without one."""
        if self.corpus is None or self.history.best is None or not (self.folder / BEST).exists():
            return None
        words = [sys.executable, "-m", "mmrec_engine.checks.postrun.reload", str(self.folder.resolve())]
        # In a session of its own, because an interrupt from the terminal is handled by the run.
        return subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            **OWN_SESSION,
        )


def _best_saved(context: AfterContext) -> Values:
    if not context.settings.get("save_best_model", True):
        raise Skip("not-saved")
    if context.history.best is None:
        raise Skip("no-evaluation")
    best = context.history.best
    values = {"step": best.step, "loss": best.loss, "file": BEST}
    return {**values, **_stored(context.folder / BEST, "best_loss", best.loss)}


def _final_saved(context: AfterContext) -> Values:
    if not context.ended_well:
        raise Skip("interrupted")
    step = context.history.last_step
    return {"step": step.step if step else 0, "file": FINAL, **_stored(context.folder / FINAL, None, None)}


def _stored(path: Path, name: str | None, expected: float | None) -> Values:
    """Whether a checkpoint exists, is complete, and has the value in the record."""
    if not path.exists():
        return {"variant": "missing"}
    try:
        content = checkpoints.read(path)
    except MmrecError as error:
        return {"variant": "damaged", "reason": error.reason(DEFAULT_LANGUAGE)}
    stored = content.get("progress", {}).get(name) if name is not None else None
    if expected is not None and stored != expected:
        return {"variant": "differs", "stored": stored}
    return {}


def _fails_with_variant(values: Values, limits: Mapping[str, float]) -> Status:
    return "fail" if "variant" in values else "pass"


def _metrics(context: AfterContext) -> Values:
    history = context.history
    best = history.best or history.last_validation
    if best is None:
        raise Skip("no-evaluation")
    values: Values = {
        "step": best.step,
        "loss": best.loss,
        "perplexity": best.perplexity,
        "accuracy": best.accuracy,
        "bits_per_character": best.bits_per_character,
        "variant": "plain",
    }
    half = context.half_interval
    if half is None:
        return values
    return {**values, "variant": "interval", "low": best.loss - half, "high": best.loss + half}


def _half_by_windows(context: AfterContext) -> float | None:
    """Half the confidence interval of the loss from the variation of windows: for short text, or a record of an older
    version."""
    if context.corpus is None:
        return None
    length = int(context.settings.get("eval_seq_len") or context.settings["seq_len"])
    losses = window_losses(context.usable.model, context.corpus, length, _SCATTER_WINDOWS)
    if len(losses) < _LEAST_WINDOWS:
        return None
    count = sum(windows.count for windows in validation_windows(context.corpus, length))  # the loss is a mean over all
    return student_95(len(losses) - 1) * float(losses.std(ddof=1)) / math.sqrt(count)


def _always_passes(values: Values, limits: Mapping[str, float]) -> Status:
    return "pass"


def _reload(context: AfterContext) -> Values:
    """The best model's loss on the first windows of validation text, computed by an independent process."""
    if context.corpus is None:
        raise Skip("text-gone")
    best, process = context.history.best, context.reloading
    if best is None or process is None:
        raise Skip("no-evaluation")
    whole = best.first_loss is None  # a record of an older version
    out, err = process.communicate(f"{WHOLE if whole else 'first'}\n", timeout=_RELOAD_SECONDS)
    if process.returncode:
        lines = err.strip().splitlines() or ["?"]
        return {"variant": "broke", "reason": lines[-1][:200]}
    reloaded, recorded = json.loads(out)["loss"], best.loss if whole else best.first_loss
    values = {"step": best.step, "loss": recorded, "reloaded": reloaded}
    return values if reloaded == recorded else {**values, "variant": "differs"}


def _sample(context: AfterContext) -> Values:
    """Generated text: does it repeat itself, or copy the training text?"""
    if context.corpus is None:
        raise Skip("text-gone")
    trained, corpus = context.usable, context.corpus
    text = "".join(
        generate(trained.model, trained.tokenizer, prompt_of(corpus), FINAL_SAMPLE_TOKENS, Sampling(), between=BETWEEN)
    )
    grams = [text[start : start + _GRAM] for start in range(len(text) - _GRAM + 1)]
    distinct = len(set(grams)) / max(1, len(grams))
    copy = _longest_copy(text, corpus)
    best = context.history.best or context.history.last_validation
    perplexity = best.perplexity if best is not None else math.nan
    return {"distinct": distinct, "copy": copy, "copy_share": copy / max(1, len(text)), "characters": len(text),
              "perplexity": perplexity, "text": text[:200]}  # fmt: skip


def _continuations(context: AfterContext) -> Values:
    """The requested metrics of generated text."""
    if context.corpus is None:
        raise Skip("text-gone")
    metrics = str(context.settings["metrics"])
    try:
        values = result_of(measure(context.usable.model, context.corpus, metrics, int(context.settings["seed"])))
    except RequestError as error:
        if error.key != "metrics-too-short":
            raise
        raise Skip("too-short") from None
    return {**values, "variant": "+".join(metrics_of(metrics))}


def _longest_copy(text: str, corpus: Corpus) -> int:
    """Characters of the longest stretch of `text` that occurs in the training text (in its beginning, if it is long)."""
    tokens = corpus.train.tokens[:_COPY_CHARACTERS]
    known = corpus.tokenizer.decode(np.asarray(tokens).tolist())
    longest = 0
    for start in range(len(text)):
        while start + longest < len(text) and text[start : start + longest + 1] in known:
            longest += 1
    return longest


def _judge_sample(values: Values, limits: Mapping[str, float]) -> Status:
    if values["perplexity"] < limits["perplexity"]:
        values["variant"] = "too-good"
        return "warn"
    if values["distinct"] < limits["distinct"]:
        values["variant"] = "repeats"
        return "warn"
    if values["copy_share"] > limits["copy"]:
        values["variant"] = "copies"
        return "warn"
    return "pass"


AFTER_CHECKS: tuple[Check, ...] = (
    Check("best-saved", _best_saved, _fails_with_variant),
    Check("final-saved", _final_saved, _fails_with_variant),
    Check("metrics-reported", _metrics, _always_passes),
    *COURSE_CHECKS,
    Check("sample-sane", _sample, _judge_sample),
    Check("continuations", _continuations, _always_passes),
    # Last: its process loads in the meantime.
    Check("reload-same", _reload, _fails_with_variant),
)


def checks_of(settings: Mapping[str, Any]) -> tuple[Check, ...]:
    """The checks of a run with these settings; metrics of generated text take time and libraries, and are computed on
    request."""
    return tuple(one for one in AFTER_CHECKS if one.id != "continuations" or settings.get("metrics"))


def checks_after(
    folder: Path, history: History, corpus: Corpus | None = None, ended_well: bool | None = None
) -> Iterator[Finding]:
    """All checks of a run that has ended, on its text if that is unchanged.

    corpus: the text, if it is loaded already; ended_well: how the run ended, if its record does not contain it yet.
    """
    if ended_well is None:
        ended_well = history.finished is not None and history.finished.status in _ENDED_WELL
    context = AfterContext(folder, history, corpus or _corpus_of(folder), ended_well)
    try:
        with contextlib.suppress(OSError):  # reported by the check itself
            _ = context.reloading  # it imports torch while the others run, and computes after them
        for check in checks_of(history.settings):
            yield _with_remedies(run(check, context), history)
    finally:
        reloading = vars(context).get("reloading")
        if reloading is not None and reloading.poll() is None:
            reloading.kill()
            reloading.communicate()


def _with_remedies(finding: Finding, history: History) -> Finding:
    """What a next run could change, in agreement with what was found during the run."""
    if finding["status"] not in ("note", "warn", "fail"):
        return finding
    variant = str(finding["values"].get("variant", ""))
    found = {**finding, "remedies": remedies_for(finding["id"], history.settings_now, variant)}
    return in_agreement(found, history.findings)


def _corpus_of(folder: Path) -> Corpus | None:
    """The text that the run was trained on; None if it is missing or changed."""
    try:
        described = read_description(folder) or {}
        known = {name: value for name, value in described.get("settings", {}).items() if name in FIELDS}
        corpus = result_of(text_of_run(replace(Settings(**known), stride=None), folder))
    except (MmrecError, TypeError):
        return None
    return corpus if is_described(corpus, described.get("corpus", {})) else None
