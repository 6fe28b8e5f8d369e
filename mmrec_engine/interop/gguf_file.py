"""A llama as one GGUF file, for llama.cpp and tools built on it. Needs the library `gguf`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from mmrec_engine.errors import RequestError
from mmrec_engine.evaluation.trained_model import Trained, into_new
from mmrec_engine.interop.tokenizer_json import special_names, unigram_pieces
from mmrec_engine.model.llama_names import gguf_name, interleaved, llama_weights
from mmrec_engine.pretrained.pre_tokenizers import name_of
from mmrec_engine.settings.model_config import ModelConfig
from mmrec_engine.system.optional_dependencies import library
from mmrec_engine.tokenizer import PretrainedTokenizer, Tokenizer

EXTRA = "gguf"
FILE = "model.gguf"
_KINDS = ("char", "bpe", "sentencepiece")
_SPACE = "▁"
_NEVER = -1e4  # the score of a token that is never produced


def export_to_gguf(trained: Trained, folder: Path) -> list[Path]:
    """Write `model.gguf`, in float32, into a new or empty folder. Raises RequestError, also without the library."""
    config = trained.model.config
    if config.architecture != "llama":
        raise RequestError(
            "export-architecture", format="gguf", architectures="llama", arch=config.architecture, nearest="llama"
        )
    gguf: Any = library("gguf", EXTRA)
    _require_form(trained.tokenizer)
    try:
        into_new(folder)
        writer = gguf.GGUFWriter(os.fspath(folder / FILE), "llama")
        _add_sizes(writer, gguf, config)
        _add_tokenizer(writer, gguf, trained.tokenizer)
        for name, weight in llama_weights(trained.model).items():
            values = weight.detach().float().cpu().contiguous()
            if "q_proj" in name or "k_proj" in name:
                values = interleaved(values, config.head_width)
            writer.add_tensor(gguf_name(name), values.numpy())
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
    except OSError as error:
        raise RequestError("export-unwritable", path=folder, reason=error.strerror or error) from None
    return [folder / FILE]


def _add_sizes(writer: Any, gguf: Any, config: ModelConfig) -> None:
    writer.add_context_length(config.context)
    writer.add_embedding_length(config.width)
    writer.add_block_count(config.layers)
    writer.add_feed_forward_length(config.mlp_width)
    writer.add_head_count(config.heads)
    writer.add_head_count_kv(config.key_heads)
    writer.add_layer_norm_rms_eps(config.norm_epsilon)
    writer.add_rope_dimension_count(config.head_width)
    writer.add_rope_freq_base(config.rotary_base)
    if config.head_size is not None:
        writer.add_key_length(config.head_width)
        writer.add_value_length(config.head_width)
    writer.add_vocab_size(config.vocabulary)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)


def _with_ascii(pieces: list[tuple[str, float, str]]) -> list[tuple[str, float, str]]:
    """The subwords, and each byte that is a character without a subword as that character: a line end is always one.

    llama.cpp's unigram tokenizer has no byte fallback. The score is sentencepiece's for characters without a subword.
    """
    known = {name for name, _, kind in pieces if kind == "normal"}
    unlikely = min(score for _, score, kind in pieces if kind == "normal") - 10.0

    def shown(piece: tuple[str, float, str]) -> tuple[str, float, str]:
        name, _, kind = piece
        letter = chr(int(name[3:5], 16)) if kind == "byte" else ""
        usable = letter.isascii() and letter not in known and letter not in ("", " ", "\0")
        return (letter, unlikely, "normal") if usable else piece

    return [shown(piece) for piece in pieces]


def _require_form(tokenizer: Tokenizer) -> None:
    """Raises RequestError for a tokenizer that llama.cpp has no form of."""
    if isinstance(tokenizer, PretrainedTokenizer):
        described = json.loads(tokenizer.model)
        plain = described["model"]["type"] == "BPE" and described.get("normalizer") is None
        if not plain or name_of(described.get("pre_tokenizer")) is None:
            raise RequestError("export-tokenizer", format="gguf", kind=tokenizer.kind)
    elif tokenizer.kind not in _KINDS:
        raise RequestError("export-tokenizer", format="gguf", kind=tokenizer.kind)


def _add_pretrained(writer: Any, kinds: Any, tokenizer: PretrainedTokenizer) -> None:
    described = json.loads(tokenizer.model)
    added = {one["id"]: one for one in described.get("added_tokens") or ()}

    def kind_of(index: int, name: str | None) -> Any:
        if name is None:
            return kinds.UNUSED
        if index not in added:
            return kinds.NORMAL
        return kinds.CONTROL if added[index]["special"] else kinds.USER_DEFINED

    names = tokenizer.names
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(name_of(described["pre_tokenizer"]))
    writer.add_token_list([f"<|unused {index}|>" if name is None else name for index, name in enumerate(names)])
    writer.add_token_types([kind_of(index, name) for index, name in enumerate(names)])
    writer.add_token_merges(_merges(described["model"]["merges"]))
    if tokenizer.end_of_document is not None:
        writer.add_eos_token_id(tokenizer.end_of_document)
    writer.add_add_bos_token(False)
    writer.add_add_eos_token(False)


def _merges(merges: list[Any]) -> list[str]:
    return [merge if isinstance(merge, str) else " ".join(merge) for merge in merges]


def _add_tokenizer(writer: Any, gguf: Any, tokenizer: Tokenizer) -> None:
    """bpe and a pretrained vocabulary as llama.cpp's own; characters and sentencepiece as a unigram model, called t5."""
    if isinstance(tokenizer, PretrainedTokenizer):
        _add_pretrained(writer, gguf.TokenType, tokenizer)
        return
    kinds, stored = gguf.TokenType, tokenizer.to_dict()
    # llama.cpp reads a space of a text as `▁`, so no text can spell a name with spaces.
    special = special_names(tokenizer, " " if tokenizer.kind == "sentencepiece" else "")
    types = [kinds.CONTROL] * len(special)
    if tokenizer.kind == "bpe":
        model = json.loads(stored["model"])["model"]
        pieces = sorted(model["vocab"], key=model["vocab"].get)
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre("gpt-2")
        writer.add_token_list([*special, *pieces])
        writer.add_token_merges(_merges(model["merges"]))
        types += [kinds.NORMAL] * len(pieces)
    else:
        if tokenizer.kind == "char":
            named = [(_SPACE if letter == " " else letter, -1.0, "normal") for letter in stored["characters"]]
            if (
                " " in stored["characters"]
            ):  # llama.cpp writes a space as that letter, which then has no token of its own
                named = [
                    (name, score, kind) if name != _SPACE or letter == " " else ("<|u+2581|>", _NEVER, "unused")
                    for letter, (name, score, kind) in zip(stored["characters"], named, strict=True)
                ]
            unknown = 0
            types[unknown] = kinds.UNKNOWN
        else:
            named = _with_ascii(unigram_pieces(stored))
            unknown = next(index for index, (_, _, kind) in enumerate(named) if kind == "unknown") + len(special)
        of_kind = {"normal": kinds.NORMAL, "byte": kinds.BYTE, "unknown": kinds.UNKNOWN, "unused": kinds.UNUSED}
        writer.add_tokenizer_model("t5")
        writer.add_tokenizer_pre("default")
        writer.add_token_list([*special, *(name for name, _, _ in named)])
        writer.add_token_scores([_NEVER] * len(special) + [score for _, score, _ in named])
        types += [of_kind[kind] for _, _, kind in named]
        writer.add_unk_token_id(unknown)
        writer.add_add_space_prefix(False)
        writer.add_remove_extra_whitespaces(False)
    writer.add_token_types(types)
    if tokenizer.end_of_document is not None:
        writer.add_eos_token_id(tokenizer.end_of_document)
    writer.add_add_bos_token(False)
    writer.add_add_eos_token(False)
