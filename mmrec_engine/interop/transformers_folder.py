"""A folder for `AutoModelForCausalLM` and `AutoTokenizer` of the library `transformers`. Written without that library."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

from mmrec_engine.errors import RequestError
from mmrec_engine.evaluation.trained_model import Trained, into_new, save_weights
from mmrec_engine.interop.model_card import model_card
from mmrec_engine.interop.tokenizer_json import tokenizer_config, tokenizer_json
from mmrec_engine.locales.catalogue import DEFAULT_LANGUAGE, Language
from mmrec_engine.model.language_model import SOFT_CAP
from mmrec_engine.model.llama_names import llama_weights
from mmrec_engine.settings.model_config import CHUNK, ModelConfig

_CODE = ("configuration_mmrec.py", "modeling_mmrec.py")


def export_to_transformers(
    trained: Trained, folder: Path, license: str | None = None, language: Language = DEFAULT_LANGUAGE
) -> list[Path]:
    """Write it into a new or empty folder; returns the files. Raises RequestError.

    license: identifier of the licence that the model card names; none is invented. language: of the model card.
    """
    config = trained.model.config
    if config.architecture == "gpt":
        raise RequestError(
            "export-architecture", format="hf", architectures="mmrec, llama", arch=config.architecture, nearest="llama"
        )
    if license is not None and (not license.isascii() or not license.replace("-", "").replace(".", "").isalnum()):
        raise RequestError("export-license-name", value=license)
    tokens = {
        "bos_token_id": None,
        "eos_token_id": trained.tokenizer.end_of_document,
        "pad_token_id": trained.tokenizer.end_of_document,
    }
    texts = {
        "tokenizer.json": _json(tokenizer_json(trained.tokenizer)),
        "tokenizer_config.json": _json(tokenizer_config(trained.tokenizer)),
        "config.json": _json({**_sizes(config), **tokens, "dtype": "float32"}),
        "generation_config.json": _json({**tokens, "max_new_tokens": 256, "do_sample": True, "temperature": 0.8}),
        "README.md": model_card(trained, license, language),
    }
    if config.architecture == "mmrec":
        code = resources.files("mmrec_engine.interop.transformers_mmrec")
        texts |= {name: code.joinpath(name).read_text(encoding="utf-8") for name in _CODE}
    weights = dict(trained.model.named_parameters()) if config.architecture == "mmrec" else llama_weights(trained.model)
    try:
        into_new(folder)
        save_weights(weights, folder / "model.safetensors")
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise RequestError("export-unwritable", path=folder, reason=error.strerror or error) from None
    return [folder / name for name in ("model.safetensors", *texts)]


def _json(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def _sizes(config: ModelConfig) -> dict[str, Any]:
    shared = {
        "vocab_size": config.vocabulary,
        "hidden_size": config.width,
        "intermediate_size": config.mlp_width,
        "num_hidden_layers": config.layers,
        "num_attention_heads": config.heads,
        "max_position_embeddings": config.context,
        "tie_word_embeddings": config.tied,
    }
    if config.architecture == "mmrec":
        code = {
            "AutoConfig": "configuration_mmrec.MMRecConfig",
            "AutoModelForCausalLM": "modeling_mmrec.MMRecForCausalLM",
        }
        named = {"architectures": ["MMRecForCausalLM"], "model_type": "mmrec", "auto_map": code}
        return {**named, **shared, "chunk": CHUNK, "soft_cap": SOFT_CAP}
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        **shared,
        "num_key_value_heads": config.key_heads,
        "head_dim": config.head_width,
        "hidden_act": "silu",
        "rms_norm_eps": config.norm_epsilon,
        "rope_theta": config.rotary_base,  # where versions before 5 of the library expected it
        "rope_parameters": {"rope_type": "default", "rope_theta": config.rotary_base},
        "attention_bias": False,
        "mlp_bias": False,
    }
