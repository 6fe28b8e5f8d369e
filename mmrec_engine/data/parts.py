"""The splits of a corpus, and the parts of each when there are several corpora."""

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
    """One split. unknown: how many of its tokens are the unknown token."""

    tokens: Tokens
    characters: int
    unknown: int


@dataclass(frozen=True)
class Part:
    """One of several corpora. tag: the id that its windows begin with; share: of the windows, with a sum of 1 over all
    parts."""

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
    """The content of the splits of a corpus."""

    characters: dict[SplitName, int] = field(default_factory=_none)
    tokens: dict[SplitName, int] = field(default_factory=_none)
    unknown: dict[SplitName, int] = field(default_factory=_none)

    @classmethod
    def of(cls, parts: Sequence[Counts]) -> Counts:
        """All parts together."""
        names = [one.name for one in fields(cls)]
        return cls(*({split: sum(getattr(part, name)[split] for part in parts) for split in _none()} for name in names))


def parts_of(
    sources: Sequence[Source], counts: Sequence[Counts], splits: Mapping[SplitName, Split]
) -> tuple[Part, ...]:
    """The splits of each corpus, each with a share of 1 and no tag. Raises ValueError if the counts do not match."""
    parts = []
    places = dict.fromkeys(splits, 0)
    for source, here in zip(sources, counts, strict=True):
        own: dict[SplitName, Split] = {}
        for name, split in splits.items():
            start, places[name] = places[name], places[name] + here.tokens[name]
            own[name] = Split(split.tokens[start : places[name]], here.characters[name], here.unknown[name])
        parts.append(Part(source.name, None, 1.0, own["train"], own["validation"]))
    if any(places[name] != len(split.tokens) for name, split in splits.items()):
        raise ValueError("parts of another text")
    return tuple(parts)


def with_shares(
    parts: Sequence[Part], sources: Sequence[Source], temperature: float, tags: Mapping[str, int], tag: str | None
) -> tuple[Part, ...]:
    """The parts with their tags and shares; none for a single corpus without tags.

    tag: the name of one tag for all parts; None: each part has the tag of its name, or the first.
    """
    if len(parts) == 1 and not tags:
        return ()
    # If a text is only evaluated, all of it is the validation split.
    sizes = [len(part.train.tokens) or len(part.validation.tokens) for part in parts]
    first = next(iter(tags.values()), None)
    return tuple(
        replace(part, share=share, tag=tags.get(tag or part.name, tags.get(Path(part.name).name, first)))
        for part, share in zip(parts, shares_of(sources, sizes, temperature), strict=True)
    )
