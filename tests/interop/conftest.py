"""Small models with a tokenizer of each kind, as they are when a checkpoint is loaded; nothing is trained."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from mmrec_engine.evaluation.trained_model import Trained
from mmrec_engine.model.language_model import create_model
from mmrec_engine.settings import Settings
from mmrec_engine.settings.model_config import Architecture, ModelConfig
from mmrec_engine.tokenizer import LEARNT, CharacterTokenizer, Tokenizer
from mmrec_engine.tokenizer.vocabulary import UNKNOWN, special_ids
from tests.pretrained_models import folder_of


@pytest.fixture(scope="session")
def tokenizers_of_each_kind(prose: str) -> dict[str, Tokenizer]:
    special = special_ids(several=True, denoising=True)
    found: dict[str, Tokenizer] = {"char": CharacterTokenizer(set(prose), (UNKNOWN, *special))}
    return found | {name: kind.learnt([prose], 400, special) for name, kind in LEARNT.items()}


@pytest.fixture
def made(tmp_path: Path, tokenizers_of_each_kind: dict[str, Tokenizer]) -> Callable[..., Trained]:
    def make(architecture: Architecture, tokenizer: str = "bpe", **more: Any) -> Trained:
        ids = tokenizers_of_each_kind[tokenizer]
        config = ModelConfig(architecture, ids.vocab_size, 64, 2, 4, 64, **more)
        model = create_model(config, seed=1)
        generator = torch.Generator().manual_seed(2)
        with torch.no_grad():
            for parameter in model.parameters():
                if parameter.ndim == 1 or not parameter.any():
                    parameter.normal_(1.0 if parameter.ndim == 1 else 0.0, 0.2, generator=generator)
        settings = Settings(arch=architecture, tokenizer=tokenizer, **more).as_dict()
        return Trained(tmp_path / "best_model.pt", model.eval(), ids, settings, {"name": "prose", "documents": 6}, 3)

    return make


@pytest.fixture(scope="session")
def llama_folder(tmp_path_factory: pytest.TempPathFactory, prose: str) -> Path:
    """A small pretrained llama; copied by tests that change it."""
    return folder_of(tmp_path_factory.mktemp("pretrained") / "llama", prose, num_key_value_heads=2)
