"""The model card of an export: what the report of the run has, in the form of the Hugging Face hub, in one language."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mmrec_engine.evaluation.trained_model import Trained
from mmrec_engine.locales.catalogue import Language, Texts
from mmrec_engine.locales.numbers import in_language
from mmrec_engine.settings.pretrained import FOLDER
from mmrec_engine.storage.files import read_plain
from mmrec_engine.version import __version__

_SETTINGS = (
    "config", "arch", "kv_heads", "tied", "recipe", "tokenizer", "vocab_size", "seq_len", "batch_size", "accumulate",
    "optimizer", "learning_rate", "warmup_steps", "schedule", "weight_decay", "grad_clip", "dropout", "epochs",
    "max_steps", "precision", "seed",
)  # fmt: skip
_WORDS = Texts("model_card")
_ARCHITECTURES = Texts("model_card", "architectures")
_CORPUS = Texts("model_card", "corpus")


def model_card(trained: Trained, license: str | None, language: Language) -> str:
    """The text of README.md. license: an identifier, or None: then the card says that no licence was stated."""

    def say(key: str, **values: object) -> str:
        return _WORDS[key][language].format(**values)

    report, config = _report(trained), trained.model.config
    corpus = report.get("corpus") or trained.corpus
    remote = ", trust_remote_code=True" if config.architecture == "mmrec" else ""
    head = ["library_name: transformers", "pipeline_tag: text-generation", "tags:", "- mmrec"]
    base = str(trained.settings.get("init_from") or "")
    if base.startswith(FOLDER) and not Path(base.removeprefix(FOLDER)).is_absolute():
        head.append(f"base_model: {base.removeprefix(FOLDER).partition('@')[0]}")
    head = [f"license: {license}", *head] if license else head
    lines = [
        "---",
        *head,
        "---",
        "",
        f"# {_plain(report.get('run') or trained.settings.get('name') or 'model', language)}",
        "",
    ]
    lines += [
        say(
            "what",
            architecture=_ARCHITECTURES[config.architecture][language],
            parameters=_plain(config.parameters(), language),
            version=__version__,
            step=_plain(trained.step, language),
        ),
        "",
        say("license", license=license) if license else say("no-license"),
        "",
        f"## {say('load')}",
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
        lines += [say("remote-code"), ""]
    if trained.tokenizer.end_of_document is None:
        lines += [say("no-end"), ""]
    lines += [
        f"## {say('text')}",
        "",
        *_text(corpus, language),
        "",
        *_metrics(report, language),
        f"## {say('settings')}",
        "",
    ]
    lines += [
        f"- {name}: {_plain(trained.settings[name], language)}"
        for name in _SETTINGS
        if trained.settings.get(name) is not None
    ]
    sizes = {"layers": config.layers, "width": config.width, "heads": config.heads, "vocabulary": config.vocabulary}
    lines += [f"- {say('sizes', **sizes)}"]
    return "\n".join(lines) + "\n"


def _report(trained: Trained) -> dict[str, Any]:
    """report.json beside the checkpoint; empty if it is missing or damaged."""
    try:
        found = json.loads(read_plain(trained.path.parent / "report.json"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _text(corpus: dict[str, Any], language: Language) -> list[str]:
    known = {name: title[language] for name, title in _CORPUS.items() if corpus.get(name) is not None}
    return [f"- {title}: {_plain(corpus[name], language)}" for name, title in known.items()]


def _metrics(report: dict[str, Any], language: Language) -> list[str]:
    """The best validation against the n-gram baselines; empty if the report has none."""
    best, baselines = report.get("best"), report.get("baselines")
    if not isinstance(best, dict):
        return []
    this = _WORDS["this-model"][language].format(step=_plain(best.get("step"), language))
    rows = [f"| {this} | {_figure(best.get('loss'), language)} |"]
    if isinstance(baselines, dict):
        rows += [f"| {_plain(name, language)} | {_figure(loss, language)} |" for name, loss in baselines.items()]
    keys = {"perplexity": "perplexity", "bits": "bits_per_character", "accuracy": "accuracy"}
    figures = {name: _figure(best.get(key), language) for name, key in keys.items()}
    head = [f"## {_WORDS['validation'][language]}", "", f"| | {_WORDS['loss'][language]} |", "| --- | --- |"]
    return [*head, *rows, "", _WORDS["metrics"][language].format(**figures), ""]


def _figure(value: object, language: Language) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return in_language(f"{value:.4f}", language) if is_number else "–"


def _plain(value: object, language: Language) -> str:
    """On one line, without what Markdown would take for markup: names come from files."""
    is_count = isinstance(value, int) and not isinstance(value, bool)
    text = in_language(f"{value:,}", language) if is_count else str(value)
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    return "".join(f"\\{letter}" if letter in "`*_[]<>|#" else letter for letter in line)
