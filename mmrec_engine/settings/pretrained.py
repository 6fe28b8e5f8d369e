"""A pretrained model as a setting: how its source is named, and its sizes, which a run stores. Must not load torch."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path

from mmrec_engine.settings.model_config import ModelConfig

PRETRAINED = "pretrained"  # the config and the tokenizer of a run that begins with such a model
FOLDER = "hf:"  # before a folder or the id of a model on the hub
FILE = ".gguf"
# Of a run that begins with a pretrained model, unless given. AdamW with a low rate, a short warmup, cosine decay: the range in
# which language models are fine-tuned (nanoGPT's finetune_shakespeare.py 3e-5, the library transformers 5e-5). No dropout:
# Llama's models were trained without.
DEFAULTS: dict[str, object] = {"optimizer": "adamw", "learning_rate": 5e-5, "warmup_steps": 10, "dropout": 0.0}


def is_pretrained(source: str | None) -> bool:
    """Whether this value of `init_from` names a pretrained model, not a run or checkpoint."""
    return source is not None and (source.startswith(FOLDER) or source.lower().endswith(FILE))


def pretrained_name(source: str) -> str:
    """The name of a pretrained model, as the name of a run folder."""
    path = Path(source.removeprefix(FOLDER).partition("@")[0])
    name = path.stem if source.lower().endswith(FILE) else path.name
    return re.sub(r"[^\w.-]", "-", name).strip(".-")[:80] or PRETRAINED


def shape_text(config: ModelConfig) -> str:
    """The sizes as the value of a setting."""
    return json.dumps(config.as_dict())


@functools.lru_cache(maxsize=8)
def shape_of(text: str) -> ModelConfig:
    """The inverse of `shape_text`. Raises ValueError or TypeError for text that does not describe a llama."""
    found = ModelConfig(**json.loads(text))
    if found.architecture != "llama":
        raise ValueError(found.architecture)
    return found
