"""Small random models as folders of the library transformers, for the tests of pretrained models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

_SPECIAL = ("<|end|>", "<|other|>")


def folder_of(folder: Path, text: str, *, scale: float = 1.0, max_shard_size: str = "1GB", **shape: Any) -> Path:
    """A LlamaForCausalLM with a byte-level tokenizer learnt from the text, whose special tokens come first."""
    transformers = pytest.importorskip("transformers")
    tokenizers = pytest.importorskip("tokenizers")
    model = tokenizers.Tokenizer(tokenizers.models.BPE())
    digits = tokenizers.pre_tokenizers.Digits(individual_digits=True)
    letters = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    model.pre_tokenizer = tokenizers.pre_tokenizers.Sequence([digits, letters])
    model.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=320, initial_alphabet=letters.alphabet(), special_tokens=list(_SPECIAL), show_progress=False
    )
    model.train_from_iterator([text], trainer)
    sizes = {"vocab_size": 320, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2,
             "num_attention_heads": 4, "max_position_embeddings": 128}  # fmt: skip
    config = transformers.LlamaConfig(**{**sizes, "bos_token_id": 0, "eos_token_id": 0, **shape})
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        made = transformers.LlamaForCausalLM(config)
        with torch.no_grad():
            for parameter in made.parameters():
                parameter.normal_(1.0 if parameter.ndim == 1 else 0.0, 0.1 * scale)
    made.save_pretrained(folder, max_shard_size=max_shard_size)
    model.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": _SPECIAL[0]})
    )
    return folder
