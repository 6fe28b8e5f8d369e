"""A model in a GGUF file, as llama.cpp uses it: sizes and vocabulary from its metadata, weights dequantised to float32."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmrec_engine.errors import RequestError, UnusableError
from mmrec_engine.pretrained.pre_tokenizers import IGNORING_MERGES, PRE_TOKENIZERS
from mmrec_engine.settings.model_config import ModelConfig
from mmrec_engine.system.optional_dependencies import library
from mmrec_engine.tokenizer import PretrainedTokenizer

if TYPE_CHECKING:
    from torch import Tensor

EXTRA = "gguf"
_CONTROL, _USER_DEFINED, _UNUSED = 3, 4, 5  # types of tokens
_MAGIC = b"GGUF"

Parts = tuple[ModelConfig, Callable[[], PretrainedTokenizer], Callable[[], "dict[str, Tensor]"]]


def read_file(path: Path) -> Parts:
    """Raises RequestError, OSError, ValueError, KeyError or TypeError."""
    gguf: Any = library("gguf", EXTRA)
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise UnusableError("no-gguf")
    reader = gguf.GGUFReader(path)
    config = _config(path, reader)
    return config, lambda: _tokenizer(path, reader, config.vocabulary), lambda: _weights(path, reader, config)


def _value(reader: Any, name: str, default: Any = None) -> Any:
    field = reader.get_field(name)
    return default if field is None else field.contents()


def _config(path: Path, reader: Any) -> ModelConfig:
    kind = _value(reader, "general.architecture")
    if kind != "llama":
        raise RequestError("pretrained-type", path=path, type=kind, types="llama")

    def size(name: str, default: Any = None) -> Any:
        found = _value(reader, f"llama.{name}", default)
        if found is None:
            raise UnusableError("no-field", name=f"llama.{name}")
        return found

    width, heads = int(size("embedding_length")), size("attention.head_count")
    shared, inner = size("attention.head_count_kv", heads), size("feed_forward_length")
    usual = width // int(heads) if isinstance(heads, int) else 0
    head = int(size("attention.key_length", usual))
    differing = {
        "llama.attention.head_count": None if isinstance(heads, int) and isinstance(shared, int) else heads,
        "llama.rope.scaling.type": _unless("none", size("rope.scaling.type", "none")),
        "llama.expert_count": size("expert_count", 0),
        "llama.attention.sliding_window": size("attention.sliding_window", 0),
        "llama.rope.dimension_count": _unless(head, int(size("rope.dimension_count", head))),
        "llama.attention.value_length": _unless(head, int(size("attention.value_length", head))),
    }
    for name, value in differing.items():
        if value:
            raise RequestError("pretrained-attribute", path=path, attribute=f"{name} {value}")
    tensors = {tensor.name: tensor for tensor in reader.tensors}
    if "rope_freqs.weight" in tensors:
        raise RequestError("pretrained-attribute", path=path, attribute="rope_freqs.weight")
    bias = next((name for name in tensors if name.endswith(".bias")), None)
    if bias is not None:
        raise RequestError("pretrained-attribute", path=path, attribute=bias)
    vocabulary = _value(reader, "tokenizer.ggml.tokens")
    return ModelConfig(
        "llama",
        vocabulary=int(size("vocab_size", len(vocabulary or ()))),
        width=width,
        layers=int(size("block_count")),
        heads=int(heads),
        context=int(size("context_length")),
        kv_heads=None if shared == heads else int(shared),
        tied="output.weight" not in tensors,
        head_size=None if head == usual else head,
        inner=None if inner == 3 * width else int(inner),
        rotary_base=_shortest(size("rope.freq_base", 10_000.0)),
        norm_epsilon=_shortest(size("attention.layer_norm_rms_epsilon")),
    )


def _shortest(value: Any) -> float:
    """A number stored in single precision as it was written."""
    return float(f"{float(value):.7g}")


def _unless(usual: Any, value: Any) -> Any:
    return None if value == usual else value


def _tokenizer(path: Path, reader: Any, size: int) -> PretrainedTokenizer:
    """The vocabulary and the merges as tokenizer.json."""
    kind, before = _value(reader, "tokenizer.ggml.model"), _value(reader, "tokenizer.ggml.pre", "gpt-2")
    if kind != "gpt2" or before not in PRE_TOKENIZERS:
        raise RequestError(
            "pretrained-gguf-tokenizer", path=path, kind=f"{kind}, {before}", kinds=", ".join(PRE_TOKENIZERS)
        )
    names: list[str] = _value(reader, "tokenizer.ggml.tokens")
    types: list[int] = _value(reader, "tokenizer.ggml.token_type") or [1] * len(names)
    merges: list[str] = _value(reader, "tokenizer.ggml.merges") or []
    added = [
        {"id": index, "content": name, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
         "special": of == _CONTROL}
        for index, (name, of) in enumerate(zip(names, types, strict=True)) if of in (_CONTROL, _USER_DEFINED)
    ]  # fmt: skip
    described = {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": None,
        "pre_tokenizer": PRE_TOKENIZERS[before], "post_processor": None,
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
            "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False,
            "ignore_merges": before in IGNORING_MERGES,
            "vocab": {name: index for index, name in enumerate(names) if types[index] != _UNUSED},
            "merges": [merge.split(" ", 1) for merge in merges],
        },
    }  # fmt: skip
    end = _value(reader, "tokenizer.ggml.eos_token_id")
    try:
        return PretrainedTokenizer(json.dumps(described, ensure_ascii=False), size, None if end is None else int(end))
    except UnusableError as error:
        raise RequestError("pretrained-tokenizer", path=path, reason=error.words) from None


def _weights(path: Path, reader: Any, config: ModelConfig) -> dict[str, Tensor]:
    import torch

    from mmrec_engine.model.llama_names import deinterleaved, gguf_name, own_weights

    quants: Any = library("gguf.quants", EXTRA)
    tensors = {tensor.name: tensor for tensor in reader.tensors}
    used = set()

    def tensor(name: str) -> Tensor:
        there = tensors.get(gguf_name(name))
        if there is None:
            raise UnusableError("no-tensor", name=gguf_name(name))
        used.add(there.name)
        try:
            values = torch.from_numpy(quants.dequantize(there.data, there.tensor_type).astype("float32"))
        except NotImplementedError:
            raise RequestError("pretrained-quantised", path=path, type=there.tensor_type.name) from None
        return deinterleaved(values, config.head_width) if "q_proj" in name or "k_proj" in name else values

    found = own_weights(config, tensor)
    left = sorted(tensors.keys() - used)
    if left:
        raise UnusableError("tensor-unknown", name=left[0])
    return found
