"""The rules from measurements, as data: `measured.json`, made by `make outcome` (docs/performance.md)."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True)
class Rules:
    """subword_characters: training characters from which on subwords are better, if a run with characters as tokens would make
    at most passes_for_subwords passes over them; characters_a_subword: for each of the vocabulary.

    larger_from: characters, including repeated ones, that a larger config must see in the time to be better than the
    smaller one. It is also better if it makes fewest_passes over the text, and the smaller one more than
    repeated_passes. most_passes: more of them only memorise the text.

    window: tokens. step_tokens: tokens of a run, and from there on the best number of tokens a step. dropout_by_passes: passes
    over the text, and the best dropout for them.
    """

    subword_characters: int
    passes_for_subwords: float
    characters_a_subword: int
    fewest_subwords: int
    most_subwords: int
    larger_from: Mapping[str, float]
    window: int
    step_tokens: tuple[tuple[float, int], ...]
    repeated_passes: float
    fewest_passes: float
    most_passes: float
    dropout_by_passes: tuple[tuple[float, float], ...]
    characters_a_token: float

    def tokens_a_step(self, tokens: float) -> int:
        """For a run of so many tokens."""
        return [size for least, size in self.step_tokens if tokens >= least][-1]

    def subwords(self, characters: int) -> int:
        """The number of subwords for a text of so many training characters; 0: characters are better."""
        if characters < self.subword_characters:
            return 0
        wanted = characters / self.characters_a_subword
        return int(min(self.most_subwords, max(self.fewest_subwords, round(wanted / 100) * 100)))

    def dropout(self, passes: float) -> float:
        """Linear interpolation between the measurements."""
        points = self.dropout_by_passes
        if passes <= points[0][0]:
            return points[0][1]
        for (low, at_low), (high, at_high) in itertools.pairwise(points):
            if passes <= high:
                return round(at_low + (at_high - at_low) * (passes - low) / (high - low), 2)
        return points[-1][1]


@cache
def rules() -> Rules:
    text = resources.files("mmrec_engine.planning").joinpath("measured.json").read_text(encoding="utf-8")
    known = json.loads(text)["rules"]
    points = tuple((float(passes), float(share)) for passes, share in known.pop("dropout_by_passes"))
    sizes = tuple((float(least), int(size)) for least, size in known.pop("step_tokens"))
    return Rules(**known, dropout_by_passes=points, step_tokens=sizes)
