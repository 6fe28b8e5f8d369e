"""The model card of an export: the content of the run's report in the form of the Hugging Face hub; in English."""

from __future__ import annotations

import json
from typing import Any

from mmrec_engine.evaluation.trained_model import Trained
from mmrec_engine.storage.files import read_plain
from mmrec_engine.version import __version__

_SETTINGS = (
    "config", "arch", "kv_heads", "tied", "recipe", "tokenizer", "vocab_size", "seq_len", "batch_size", "accumulate",
    "optimizer", "learning_rate", "warmup_steps", "schedule", "weight_decay", "grad_clip", "dropout", "epochs",
    "max_steps", "precision", "seed",
)  # fmt: skip
_NAMES = {"mmrec": "MM-Rec, a multi-memory recurrence", "llama": "a Llama decoder"}


def model_card(trained: Trained, license: str | None) -> str:
    """The text of README.md. license: an identifier, or None: then the card says that no licence was stated."""
    report, config = _report(trained), trained.model.config
    corpus = report.get("corpus") or trained.corpus
    remote = ", trust_remote_code=True" if config.architecture == "mmrec" else ""
    head = ["library_name: transformers", "pipeline_tag: text-generation", "tags:", "- mmrec"]
    head = [f"license: {license}", *head] if license else head
    lines = ["---", *head, "---", "", f"# {_plain(report.get('run') or trained.settings.get('name') or 'model')}", ""]
    lines += [
        f"A language model ({_NAMES[config.architecture]}) of {config.parameters():,} parameters, "
        f"trained with mmrec {__version__}, step {trained.step:,}.",
        "",
        f"License: {license}." if license else "License: nobody has stated one.",
        "",
        "## How to load it",
        "",
        "```python",
        "from transformers import AutoModelForCausalLM, AutoTokenizer",
        "",
        'tokenizer = AutoTokenizer.from_pretrained("PATH"' + remote + ")",
        f'model = AutoModelForCausalLM.from_pretrained("PATH"{remote})',
        'written = model.generate(**tokenizer("TEXT", return_tensors="pt"), max_new_tokens=100)',
        "print(tokenizer.decode(written[0]))",
        "```",
        "",
    ]
    if remote:
        lines += [
            "`trust_remote_code` runs `modeling_mmrec.py` of this folder: the library has no MM-Rec; from version 5.24 on.",
            "",
        ]
    if trained.tokenizer.end_of_document is None:
        lines += ["It has no end token: its text was a single document.", ""]
    lines += ["## Text", "", *_text(corpus), "", *_metrics(report), "## Settings", ""]
    lines += [
        f"- {name}: {_plain(trained.settings[name])}" for name in _SETTINGS if trained.settings.get(name) is not None
    ]
    lines += [
        f"- layers: {config.layers}, width: {config.width}, heads: {config.heads}, vocabulary: {config.vocabulary}"
    ]
    return "\n".join(lines) + "\n"


def _report(trained: Trained) -> dict[str, Any]:
    """report.json beside the checkpoint; empty if it is missing or damaged."""
    try:
        found = json.loads(read_plain(trained.path.parent / "report.json"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _text(corpus: dict[str, Any]) -> list[str]:
    named = {"name": "Name", "documents": "Documents", "train_characters": "Characters of the training split",
             "validation_characters": "Characters of the validation split"}  # fmt: skip
    return [f"- {title}: {_plain(corpus[name])}" for name, title in named.items() if corpus.get(name) is not None]


def _metrics(report: dict[str, Any]) -> list[str]:
    """The best validation against the n-gram baselines; empty if the report has none."""
    best, baselines = report.get("best"), report.get("baselines")
    if not isinstance(best, dict):
        return []
    rows = [f"| this model, step {_plain(best.get('step'))} | {_figure(best.get('loss'))} |"]
    if isinstance(baselines, dict):
        rows += [f"| {_plain(name)} | {_figure(loss)} |" for name, loss in baselines.items()]
    more = [f"Perplexity {_figure(best.get('perplexity'))}, bits per character {_figure(best.get('bits_per_character'))}, "
            f"accuracy {_figure(best.get('accuracy'))}."]  # fmt: skip
    return ["## Validation", "", "| | loss, nats a token |", "| --- | --- |", *rows, "", *more, ""]


def _figure(value: object) -> str:
    return f"{value:.4f}" if isinstance(value, int | float) and not isinstance(value, bool) else "–"


def _plain(value: object) -> str:
    """On one line, with Markdown escaped: names come from files."""
    text = f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    return "".join(f"\\{letter}" if letter in "`*_[]<>|#" else letter for letter in line)
