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
from mmrec_engine.tokenizer import Tokenizer

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
    # No length: `max_new_tokens` here would go before the `max_length` that a program asks for, as lm_eval does.
    sampling = {"do_sample": True, "temperature": 0.8}
    texts = {
        **tokenizer_files(trained.tokenizer),
        "config.json": as_json({**configuration(trained), **_auto_map(config)}),
        "generation_config.json": as_json({**_token_ids(trained.tokenizer), **sampling}),
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


def tokenizer_files(tokenizer: Tokenizer) -> dict[str, str]:
    """The texts of the tokenizer's files, by name. Raises RequestError for a kind without such a form."""
    return {
        "tokenizer.json": as_json(tokenizer_json(tokenizer)),
        "tokenizer_config.json": as_json(tokenizer_config(tokenizer)),
    }


def configuration(trained: Trained) -> dict[str, Any]:
    """Sizes, end token and data type with the library's names, for config.json."""
    return {**_sizes(trained.model.config), **_token_ids(trained.tokenizer), "dtype": "float32"}


def _token_ids(tokenizer: Tokenizer) -> dict[str, int | None]:
    # Without an end nothing is padding: the library would mask such tokens in a prompt that comes without a mask.
    end = tokenizer.end_of_document
    return {"bos_token_id": None, "eos_token_id": end, "pad_token_id": end}


def _auto_map(config: ModelConfig) -> dict[str, Any]:
    """Where the library finds the code of a model that is not its own."""
    if config.architecture != "mmrec":
        return {}
    code = {"AutoConfig": "configuration_mmrec.MMRecConfig", "AutoModelForCausalLM": "modeling_mmrec.MMRecForCausalLM"}
    return {"auto_map": code}


def as_json(content: dict[str, Any]) -> str:
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
        named = {"architectures": ["MMRecForCausalLM"], "model_type": "mmrec"}
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
