"""A model in the form of the library `transformers`: config.json, tokenizer.json, *.safetensors.

Only values are read: no code of the folder is run, and pickled weights are refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmrec_engine.errors import RequestError, UnusableError
from mmrec_engine.settings.model_config import ModelConfig
from mmrec_engine.storage.files import read_plain
from mmrec_engine.tokenizer import PretrainedTokenizer

if TYPE_CHECKING:
    from torch import Tensor

_TYPES = ("llama", "mistral")
_WEIGHTS, _INDEX = "model.safetensors", "model.safetensors.index.json"
_PICKLED = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")

Parts = tuple[ModelConfig, Callable[[], PretrainedTokenizer], Callable[[], "dict[str, Tensor]"]]


def read_folder(folder: Path) -> Parts:
    """Raises RequestError, OSError, ValueError, KeyError or TypeError."""
    described = _json(folder / "config.json")
    config = llama_config(folder, described)
    files = _files_of_weights(folder)
    return config, lambda: _tokenizer(folder, described, config.vocabulary), lambda: _weights(config, files)


def _json(path: Path) -> dict[str, Any]:
    if not path.exists():
        raise UnusableError("no-file", name=path.name)
    found = json.loads(read_plain(path.resolve()))  # the hub's folders consist of links
    if not isinstance(found, dict):
        raise UnusableError("no-named-values", name=path.name)
    return found


def llama_config(folder: Path, described: dict[str, Any]) -> ModelConfig:
    """The sizes in config.json. Raises RequestError for a model with an attribute that mmrec's llama has not."""
    kind = described.get("model_type")
    if kind not in _TYPES:
        raise RequestError("pretrained-type", path=folder, type=kind, types=", ".join(_TYPES))
    rotary = described.get("rope_parameters") or {}
    scaling = described.get("rope_scaling") or {}
    context = described.get("max_position_embeddings", 2048)
    window = described.get("sliding_window")
    differing = {
        "rope_scaling": scaling if _scales(scaling) else None,
        "rope_parameters": rotary if _scales(rotary) else None,
        "attention_bias": described.get("attention_bias"),
        "mlp_bias": described.get("mlp_bias"),
        "hidden_act": None if described.get("hidden_act", "silu") in ("silu", "swish") else described["hidden_act"],
        "sliding_window": window if window is not None and window < context else None,
        "quantization_config": described.get("quantization_config"),
    }
    for name, value in differing.items():
        if value:
            raise RequestError("pretrained-attribute", path=folder, attribute=f"{name} {json.dumps(value)[:80]}")
    width, heads = described["hidden_size"], described["num_attention_heads"]
    shared = described.get("num_key_value_heads") or heads
    head, inner = described.get("head_dim") or width // heads, described["intermediate_size"]
    return ModelConfig(
        "llama",
        vocabulary=described["vocab_size"],
        width=width,
        layers=described["num_hidden_layers"],
        heads=heads,
        context=context,
        kv_heads=None if shared == heads else shared,
        tied=bool(described.get("tie_word_embeddings", False)),
        head_size=None if head * heads == width else head,
        inner=None if inner == 3 * width else inner,
        rotary_base=float(rotary.get("rope_theta") or described.get("rope_theta") or 10_000.0),
        norm_epsilon=float(described.get("rms_norm_eps", 1e-6)),
    )


def _scales(rotary: dict[str, Any]) -> bool:
    """Whether rotary positions are other than the usual ones."""
    kind = rotary.get("rope_type", rotary.get("type", "default"))
    return bool(kind != "default" or rotary.get("partial_rotary_factor", 1.0) != 1.0)


def _files_of_weights(folder: Path) -> dict[str, Path]:
    """The file of each tensor, or of all ("")."""
    if (folder / _INDEX).exists():
        names = _json(folder / _INDEX)["weight_map"]
        for name in names.values():
            if not isinstance(name, str) or Path(name).name != name or name in ("", ".", ".."):
                raise RequestError("pretrained-outside", path=folder / _INDEX, name=name)
            if not name.endswith(".safetensors"):
                raise RequestError("pretrained-pickled", path=folder, name=name)
            if not (folder / name).is_file():
                raise UnusableError("no-file", name=name)
        return {tensor: folder / name for tensor, name in names.items()}
    if (folder / _WEIGHTS).is_file():
        return {"": folder / _WEIGHTS}
    pickled = next((path.name for pattern in _PICKLED for path in sorted(folder.glob(pattern))), None)
    if pickled is not None:
        raise RequestError("pretrained-pickled", path=folder, name=pickled)
    raise UnusableError("no-file", name=_WEIGHTS)


def _weights(config: ModelConfig, files: dict[str, Path]) -> dict[str, Tensor]:
    from safetensors import SafetensorError, safe_open

    from mmrec_engine.model.llama_names import own_weights

    opened: dict[Path, Any] = {}
    used: set[str] = set()

    def tensor(name: str) -> Tensor:
        path = files.get(name, files.get(""))
        if path is None:
            raise UnusableError("no-tensor", name=name)
        if path not in opened:
            opened[path] = safe_open(path, framework="pt")
        if name not in {*opened[path].keys()}:
            raise UnusableError("no-tensor", name=name)
        used.add(name)
        found: Tensor = opened[path].get_tensor(name).float()
        return found

    try:
        found = own_weights(config, tensor)
        names: set[str] = set()
        for path in {*files.values()}:
            names.update((opened.get(path) or safe_open(path, framework="pt")).keys())
    except SafetensorError as error:
        raise UnusableError("no-safetensors", error=error) from None
    left = sorted(
        name for name in names - used if not name.endswith("rotary_emb.inv_freq") and name != "lm_head.weight"
    )
    if left:
        raise UnusableError("tensor-unknown", name=left[0])
    return found


def _tokenizer(folder: Path, described: dict[str, Any], size: int) -> PretrainedTokenizer:
    path = folder / "tokenizer.json"
    if not path.exists():
        raise RequestError("pretrained-tokenizer", path=folder, reason=UnusableError("no-file", name=path.name).words)
    text = read_plain(path.resolve()).decode("utf-8")
    ends = [described.get("eos_token_id")]
    if (folder / "generation_config.json").exists():
        ends.append(_json(folder / "generation_config.json").get("eos_token_id"))
    flat = [one for end in ends for one in (end if isinstance(end, list) else [end])]
    end = next((one for one in flat if isinstance(one, int) and 0 <= one < size), None)
    try:
        return PretrainedTokenizer(text, size, end)
    except UnusableError as error:
        raise RequestError("pretrained-tokenizer", path=folder, reason=error.words) from None
