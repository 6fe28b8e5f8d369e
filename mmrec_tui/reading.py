"""How a corpus was read, in lines for a person. A function of the `corpus` entry of run.json, which may come from anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mmrec_tui.terminal import one_line
from mmrec_tui.text import Wording

_MOST = 3  # names


def reading_lines(corpus: Mapping[str, Any], say: Wording) -> Iterator[str]:
    """The split that the text came with."""
    for split in corpus.get("splits", ()):
        yield say("corpus.split", train=_names(split["train"]), validation=_names(split["validation"]))


def _names(names: list[str]) -> str:
    told = [one_line(str(name)) for name in names]
    return ", ".join(told[:_MOST]) + (", …" if len(told) > _MOST else "")
