"""A real llama.cpp reads the exported file, and generates the same text."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from mmrec_engine.evaluation.generation import Sampling, continue_all
from mmrec_engine.evaluation.trained_model import Trained
from mmrec_engine.interop.gguf_file import export_to_gguf

Make = Callable[..., Trained]
FORMS: list[tuple[str, dict[str, Any]]] = [("bpe", {}), ("char", {"kv_heads": 2, "tied": True}), ("sentencepiece", {})]


@pytest.mark.slow
@pytest.mark.extended
@pytest.mark.parametrize(("tokenizer", "more"), FORMS, ids=lambda value: value if isinstance(value, str) else "")
def test_llama_cpp_generates_the_same_text(made: Make, tmp_path: Path, tokenizer: str, more: dict[str, Any]) -> None:
    llama_cpp = pytest.importorskip("xllamacpp")
    trained = made("llama", tokenizer, **more)
    if trained.model.head is not None:  # invalid bytes are shown differently by each
        for index in range(trained.tokenizer.vocab_size):
            if not trained.tokenizer.decode([index]).isprintable() or "\ufffd" in trained.tokenizer.decode([index]):
                trained.model.head.weight.data[index] = 0
    else:
        trained.model.embedding.weight.data.mul_(16)  # no two tokens with nearly equal probability
    (file,) = export_to_gguf(trained, tmp_path / "out")
    parameters = llama_cpp.CommonParams()
    parameters.model.path, parameters.n_ctx, parameters.n_parallel, parameters.warmup = str(file), 256, 1, False
    parameters.cache_type_k = parameters.cache_type_v = 0  # float32, as mmrec's own
    server, special = llama_cpp.Server(parameters), len(trained.tokenizer.special)
    for prompt in ("The water ", "Why is\n\n  it so?"):
        ids = torch.tensor([[int(index) for index in trained.tokenizer.encode(prompt)]])
        drawn = continue_all(trained.model, ids, range(special), 20, Sampling(temperature=0))
        expected = trained.tokenizer.decode(index for (index,) in drawn)
        forbidden = [[index, False] for index in range(special)]  # mmrec never samples them
        asked = {
            "prompt": prompt,
            "n_predict": 20,
            "temperature": 0,
            "top_k": 1,
            "ignore_eos": True,
            "logit_bias": forbidden,
        }
        answer = server.handle_completions(asked)
        answer = answer if isinstance(answer, dict) else json.loads(answer)
        assert answer["choices"][0]["text"] == expected
