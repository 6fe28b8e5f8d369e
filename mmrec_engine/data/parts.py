"""The splits of a corpus, and of several corpora the part that each is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from mmrec_engine.data.document_table import SplitName
from mmrec_engine.data.mixture import Source, shares_of
from mmrec_engine.data.windows import Tokens


@dataclass(frozen=True)
class Split:
    """One side of the split. unknown: how many of its tokens are the unknown one."""

    tokens: Tokens
    characters: int
    unknown: int


@dataclass(frozen=True)
class Part:
    """One of several corpora. tag: the id that its windows begin with; share: of the windows, all parts together 1."""

    name: str
    tag: int | None
    share: float
    train: Split
    validation: Split

    def describe(self) -> dict[str, Any]:
        """Its entry in run.json."""
        return {
            "name": self.name,
            "share": self.share,
            "train_characters": self.train.characters,
            "validation_characters": self.validation.characters,
            "train_tokens": len(self.train.tokens),
            "validation_tokens": len(self.validation.tokens),
        }


def _none() -> dict[SplitName, int]:
    return {"train": 0, "validation": 0}


@dataclass(frozen=True)
class Counts:
    """What the sides of a corpus hold."""

    characters: dict[SplitName, int] = field(default_factory=_none)
    tokens: dict[SplitName, int] = field(default_factory=_none)
    unknown: dict[SplitName, int] = field(default_factory=_none)

    @classmethod
    def of(cls, parts: Sequence[Counts]) -> Counts:
        """All parts together."""
        names = [one.name for one in fields(cls)]
        return cls(*({side: sum(getattr(part, name)[side] for part in parts) for side in _none()} for name in names))


def parts_of(sources: Sequence[Source], counts: Sequence[Counts], sides: Mapping[SplitName, Split]) -> tuple[Part, ...]:
    """What of the sides is whose, each with a share of 1 and no tag. Raises ValueError where the counts are not theirs."""
    parts = []
    places = dict.fromkeys(sides, 0)
    for source, here in zip(sources, counts, strict=True):
        own: dict[SplitName, Split] = {}
        for name, side in sides.items():
            start, places[name] = places[name], places[name] + here.tokens[name]
            own[name] = Split(side.tokens[start : places[name]], here.characters[name], here.unknown[name])
        parts.append(Part(source.name, None, 1.0, own["train"], own["validation"]))
    if any(places[name] != len(side.tokens) for name, side in sides.items()):
        raise ValueError("parts of another text")
    return tuple(parts)


def with_shares(
    parts: Sequence[Part], sources: Sequence[Source], temperature: float, tags: Mapping[str, int], tag: str | None
) -> tuple[Part, ...]:
    """The parts with their tags and shares; none where a corpus is the only one and there are no tags.

    tag: the name of the one that all get; none: each that of its name, or the first.
    """
    if len(parts) == 1 and not tags:
        return ()
    # Of a text that only is to be evaluated all is the validation split.
    sizes = [len(part.train.tokens) or len(part.validation.tokens) for part in parts]
    first = next(iter(tags.values()), None)
    return tuple(
        replace(part, share=share, tag=tags.get(tag or part.name, tags.get(Path(part.name).name, first)))
        for part, share in zip(parts, shares_of(sources, sizes, temperature), strict=True)
    )
