"""Counts in words: "1 document", "2 documents". One place fills all templates in which a count stands before its noun.

English has a singular after 1; Turkish has none after any number ("1 belge", "2 belge").
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from typing import Any

from mmrec_engine.locales.messages import Language

_PLURALS = {
    "batches": "batch", "continuations": "continuation", "copies": "copy", "memories": "memory", "processes": "process",
    **{f"{noun}s": noun for noun in (
        "character", "check", "core", "document", "epoch", "evaluation", "file", "finding", "layer", "line", "parameter",
        "passage", "point", "run", "sequence", "step", "tensor", "thread", "token", "trigram", "update", "window", "word",
    )},
}  # fmt: skip
# What may stand between the count and its noun.
_BETWEEN = "training|validation|different|distinct|weight|micro"
_COUNTED = re.compile(rf"^( (?:(?:{_BETWEEN})[ -])?)({'|'.join(_PLURALS)})\b")
_ANY = re.compile(rf"\}} (?:(?:{_BETWEEN})[ -])?(?:{'|'.join(_PLURALS)})\b")
_PLAIN = string.Formatter()


def fill(template: str, values: Mapping[str, Any], language: Language, formatter: string.Formatter = _PLAIN) -> str:
    """A template with its values; a noun after the count 1 in the singular. Values themselves are left as they are."""
    if language != "en" or not _ANY.search(template):
        return formatter.vformat(template, (), values)
    parts: list[str] = []
    after_one = False
    for literal, field, spec, conversion in formatter.parse(template):
        parts.append(_COUNTED.sub(lambda found: found[1] + _PLURALS[found[2]], literal) if after_one else literal)
        if field is None:  # a brace that stands for itself, or the end
            after_one = False
            continue
        whole = f"{{{field}{f'!{conversion}' if conversion else ''}{f':{spec}' if spec else ''}}}"
        parts.append(formatter.vformat(whole, (), values))
        after_one = parts[-1] == "1"
    return "".join(parts)
