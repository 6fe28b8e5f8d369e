"""What a run began with, in lines for the user: how its corpus was read, and whose weights it has at first.

Functions of the entries of run.json, which may come from anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mmrec_engine.settings.pretrained import is_pretrained, pretrained_name
from mmrec_tui.locales import Wording
from mmrec_tui.terminal import one_line

_MOST = 3  # names


def short_name(corpus: Mapping[str, Any]) -> str:
    """Of a path the last part."""
    return one_line(str(corpus.get("name", ""))).rstrip("/").rpartition("/")[2]


def weights_name(first: str) -> str:
    """Whose weights these are: the name of a run, or of a pretrained model. first: as for `init_from`."""
    path = Path(first)
    name = path.parent.name if path.suffix == ".pt" else path.name
    return one_line(pretrained_name(first) if is_pretrained(first) else name or first)


def begun_from(settings: Mapping[str, Any], say: Wording) -> str:
    """Whose weights a run begins with, in a few words; empty for random ones."""
    first = settings.get("init_from")
    return say("weights.from", name=weights_name(first)) if isinstance(first, str) and first else ""


def reading_lines(corpus: Mapping[str, Any], say: Wording) -> Iterator[str]:
    """The given split, the fields that hold the text, what was converted and what was skipped."""
    for split in corpus.get("splits", ()):
        yield say("corpus.split", train=_names(split["train"]), validation=_names(split["validation"]))
    for field in corpus.get("text_fields", ()):
        others = [repr(str(name)) for name in field["others"]]
        shown = repr(str(field["field"]))
        yield (
            say("corpus.field-beside", field=shown, others=_names(others))
            if others
            else say("corpus.field", field=shown)
        )
    for kind, count in corpus.get("converted", {}).items():
        yield say("corpus.converted", kind=str(kind).upper(), count=say.number(count))
    if corpus.get("dropped_bytes"):
        yield say("corpus.dropped", count=say.number(corpus["dropped_bytes"]))


def _names(names: list[str]) -> str:
    shown = [one_line(str(name)) for name in names]
    return ", ".join(shown[:_MOST]) + (", …" if len(shown) > _MOST else "")
