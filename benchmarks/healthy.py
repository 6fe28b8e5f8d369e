"""Healthy runs for which the checklist must report nothing: sizes, recipes, architectures, corpora, lengths, seeds."""

from __future__ import annotations

from pathlib import Path

from benchmarks import faulty_texts as texts
from benchmarks.trials import Trial

_GUIDE = {"recipe": "guide", "warmup_steps": 30, "max_steps": 300, "eval_every": 100, "early_stopping_patience": 5}
_FAST = {"recipe": "fast", "seq_len": 128, "batch_size": 8, "max_steps": 150, "eval_every": 50}
_SHORT = {"max_steps": 90, "eval_every": 30}


def healthy_runs(text: Path | None) -> tuple[Trial, ...]:
    """text: a file of a megabyte or so of prose, such as tiny Shakespeare; without one its runs are left out."""
    of_text = {} if text is None else {"data_dir": str(text), "val_split": 0.03}
    always = (
        Trial("tiny, guide, sample", settings={**_GUIDE, "corpus": "sample"}, quick=True),
        Trial("tiny, fast, sample", settings={**_FAST, "corpus": "sample"}),
        Trial("tiny, guide, English, seed 7", write=texts.sound, settings={**_GUIDE, "seed": 7}),
        Trial("tiny, fast, Python documentation", settings={**_FAST, "corpus": "python-docs"}),
        Trial("tiny, guide, Python code, GPT", settings={**_GUIDE, "corpus": "python-code", "val_split": 0.004, "arch": "gpt"}),
        Trial("mini, fast, Python code", settings={**_FAST, "corpus": "python-code", "val_split": 0.004, "config": "mini", **_SHORT, "max_steps": 60}),
        Trial("tiny, fast, Turkish, GPT", write=texts.one(texts.prose("tr")), settings={**_FAST, "arch": "gpt", **_SHORT}, quick=True),
        Trial("rate 0.01, which is good for the tiny model", write=texts.sound, settings={**_GUIDE, "learning_rate": 0.01, **_SHORT}),
        Trial("two languages line by line", write=texts.two_languages, settings={**_FAST, **_SHORT}),
        Trial("numbered lines", write=texts.numbered_lines, settings={**_FAST, **_SHORT}),
        Trial("600 short documents cut within words", write=texts.truncated_documents, settings={**_FAST, **_SHORT}),
    )  # fmt: skip
    with_text = (
        Trial("tiny, guide, 1,000 steps", settings={**_GUIDE, **of_text, "max_steps": 1000, "eval_every": 250}),
        Trial("tiny, fast, 1,200 short steps, seed 3", settings={**_FAST, **of_text, "seq_len": 64, "batch_size": 4, "max_steps": 1200, "eval_every": 300, "seed": 3}),
        Trial("tiny, fast, GPT, batch of 16", settings={**_FAST, **of_text, "arch": "gpt", "batch_size": 16, "max_steps": 100}),
        Trial("mini, guide, window of 128", settings={**_GUIDE, **of_text, "config": "mini", "seq_len": 128, "batch_size": 4, "max_steps": 120, "warmup_steps": 12}),
    )  # fmt: skip
    return always if text is None else always + with_text
