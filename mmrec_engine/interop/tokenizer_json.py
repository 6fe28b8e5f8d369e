"""A tokenizer as the `tokenizer.json` of the library `tokenizers`, with the same ids.

characters       byte-pair encoding without a merge: each character is looked up; one without an id is the unknown token
bpe              the library's own description, its ids after the special ones
pretrained       the description that the model came with
sentencepiece    the unigram model. The library adds scores in double precision, sentencepiece in single: if two ways to cut
                 a text are equally likely, as in long runs of one character, they may choose differently. Its space, `▁`, is
                 written as a space here, so that a `▁` in a text is another letter and is encoded as bytes, as in mmrec.

Special tokens come before all others. A text that spells one is treated as text (`split_special_tokens`).
"""

from __future__ import annotations

import base64
import json
from typing import Any

from mmrec_engine.errors import RequestError
from mmrec_engine.system.optional_dependencies import library
from mmrec_engine.tokenizer import PretrainedTokenizer, Tokenizer
from mmrec_engine.tokenizer.subwords import EXTRA

_SPACE = "▁"
_NEVER = -1e4  # the score of a token that is never produced


def token_names(tokenizer: Tokenizer) -> list[str]:
    """How special tokens are written in the library's vocabulary of texts.

    A unigram model would find them in a text that spells them. So they contain a letter that is never in a part of a text:
    `▁`, at which a text is cut, or in older tokenizers, which take that letter for a space, a space.
    """
    mark = "" if tokenizer.kind != "sentencepiece" else _SPACE if tokenizer.to_dict().get("exact") else " "
    return special_names(tokenizer, mark)


def special_names(tokenizer: Tokenizer, mark: str) -> list[str]:
    """The special tokens, each with the mark before and after its name."""
    return [f"<|{mark}{name}{mark}|>" for name in tokenizer.special]


def tokenizer_json(tokenizer: Tokenizer) -> dict[str, Any]:
    """Raises RequestError without the library that a learnt tokenizer needs, and for a kind that has no such form."""
    if isinstance(tokenizer, PretrainedTokenizer):
        own: dict[str, Any] = json.loads(tokenizer.model)
        return own
    if tokenizer.kind not in _OF_KIND:
        raise RequestError("export-tokenizer", format="hf", kind=tokenizer.kind)
    special = token_names(tokenizer)
    described = _OF_KIND[tokenizer.kind](tokenizer.to_dict(), special)
    added = [
        {"id": index, "content": name, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
         "special": True}
        for index, name in enumerate(special)
    ]  # fmt: skip
    empty = {"truncation": None, "padding": None, "normalizer": None, "pre_tokenizer": None, "post_processor": None}
    return {"version": "1.0", **empty, **described, "added_tokens": added}


def tokenizer_config(tokenizer: Tokenizer) -> dict[str, Any]:
    """The settings of the tokenizer; an end token only if the training text had ends of documents."""
    names = tokenizer.names if isinstance(tokenizer, PretrainedTokenizer) else token_names(tokenizer)
    ids = {"eos_token": tokenizer.end_of_document, "pad_token": _padding(tokenizer)}
    if not isinstance(tokenizer, PretrainedTokenizer):
        ids["unk_token"] = tokenizer.unknown
    named = {role: names[index] or "" for role, index in ids.items() if index is not None}
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        **named,
        "split_special_tokens": True,
        "clean_up_tokenization_spaces": False,
        "model_input_names": ["input_ids", "attention_mask"],
    }


def _padding(tokenizer: Tokenizer) -> int | None:
    """The id with which texts are padded to a batch: that of the end of a document, else of unknown text, if there is one."""
    return tokenizer.unknown if tokenizer.end_of_document is None else tokenizer.end_of_document


def _characters(stored: dict[str, Any], special: list[str]) -> dict[str, Any]:
    vocabulary = {token: index for index, token in enumerate([*special, *stored["characters"]])}
    return {"model": _bpe(vocabulary, [], unk_token=special[0]), "decoder": {"type": "Fuse"}}


def _byte_pairs(stored: dict[str, Any], special: list[str]) -> dict[str, Any]:
    found = json.loads(stored["model"])
    vocabulary = {name: index for index, name in enumerate(special)}
    vocabulary |= {name: index + len(special) for name, index in found["model"]["vocab"].items()}
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    return {
        "pre_tokenizer": found["pre_tokenizer"],
        "model": _bpe(vocabulary, found["model"]["merges"], unk_token=None),
        "decoder": byte_level,
    }


def _bpe(vocabulary: dict[str, int], merges: list[Any], unk_token: str | None) -> dict[str, Any]:
    return {
        "type": "BPE",
        "dropout": None,
        "unk_token": unk_token,
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": False,
        "byte_fallback": False,
        "ignore_merges": False,
        "vocab": vocabulary,
        "merges": merges,
    }


def unigram_pieces(stored: dict[str, Any]) -> list[tuple[str, float, str]]:
    """Each piece of a sentencepiece tokenizer with its score, and whether it is normal, a byte or the unknown one."""
    found = library("sentencepiece", EXTRA).SentencePieceProcessor(model_proto=base64.b64decode(stored["model"]))
    return [
        (found.id_to_piece(index), found.get_score(index),
         "byte" if found.is_byte(index) else "unknown" if found.is_unknown(index) else "normal")
        for index in range(found.vocab_size())
    ]  # fmt: skip


def _unigram(stored: dict[str, Any], special: list[str]) -> dict[str, Any]:
    pieces = unigram_pieces(stored)
    unknown = next(index for index, (_, _, kind) in enumerate(pieces) if kind == "unknown") + len(special)
    exact = bool(stored.get("exact"))
    scored = [[name, _NEVER] for name in special]
    scored += [
        [name.replace(_SPACE, " ") if exact else name, score if kind == "normal" else _NEVER]
        for name, score, kind in pieces
    ]
    # The library reads a text that spells a byte's token, <0x41>, as that byte; sentencepiece does not.
    cut = "<(?=0x[0-9A-F]{2}>)"
    to_mark = {"normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": _SPACE}}
    from_mark = [{"type": "Replace", "pattern": {"String": _SPACE}, "content": " "}]
    return {
        **({} if exact else to_mark),
        "pre_tokenizer": {
            "type": "Split",
            "pattern": {"Regex": f"{_SPACE}|{cut}" if exact else cut},
            "behavior": "Isolated",
            "invert": False,
        },
        "model": {"type": "Unigram", "unk_id": unknown, "vocab": scored, "byte_fallback": True},
        "decoder": {
            "type": "Sequence",
            "decoders": [*([] if exact else from_mark), {"type": "ByteFallback"}, {"type": "Fuse"}],
        },
    }


_OF_KIND = {"char": _characters, "bpe": _byte_pairs, "sentencepiece": _unigram}
