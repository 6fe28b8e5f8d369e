"""How a byte-level vocabulary in a GGUF file cuts text into words, by the name in `tokenizer.ggml.pre`.

Names and patterns are those of llama.cpp (src/llama-vocab.cpp), as pre-tokenizers of the library `tokenizers`.
"""

from __future__ import annotations

import json
from typing import Any

_LLAMA_3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_QWEN_2 = _LLAMA_3.replace(r"\p{N}{1,3}", r"\p{N}")
_LETTERS = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}


def _sequence(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Sequence", "pretokenizers": list(parts)}


def _pattern(regex: str) -> dict[str, Any]:
    split = {"type": "Split", "pattern": {"Regex": regex}, "behavior": "Isolated", "invert": False}
    return _sequence(split, {**_LETTERS, "use_regex": False})


_DIGITS = _sequence({"type": "Digits", "individual_digits": True}, _LETTERS)
PRE_TOKENIZERS: dict[str, dict[str, Any]] = {
    "gpt-2": _LETTERS, "olmo": _LETTERS, "phi-2": _LETTERS,
    "smollm": _DIGITS, "starcoder": _DIGITS, "refact": _DIGITS,
    "llama-bpe": _pattern(_LLAMA_3), "llama3": _pattern(_LLAMA_3), "llama-v3": _pattern(_LLAMA_3),
    "qwen2": _pattern(_QWEN_2),
}  # fmt: skip
IGNORING_MERGES = frozenset({"llama-bpe", "llama3", "llama-v3"})  # a word that is a token is one, whatever the merges


def name_of(pre_tokenizer: Any) -> str | None:
    """The name of a pre-tokenizer of tokenizer.json; None if llama.cpp has no such one. The words that are cut decide."""
    wanted = _comparable(pre_tokenizer)
    return next((name for name, known in PRE_TOKENIZERS.items() if _comparable(known) == wanted), None)


def _comparable(pre_tokenizer: Any) -> str:
    parts = pre_tokenizer.get("pretokenizers", [pre_tokenizer]) if isinstance(pre_tokenizer, dict) else []
    plain = [{name: value for name, value in one.items() if name != "trim_offsets"} for one in parts]
    return (
        json.dumps(plain, sort_keys=True)
        .replace("(?i:'s|'t|'re|'ve|'m|'ll|'d)", "")
        .replace(json.dumps("(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])")[1:-1], "")
    )
