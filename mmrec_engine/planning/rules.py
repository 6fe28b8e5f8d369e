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
    """subword_characters: training characters from which on subwords are better; characters_a_subword: for each of the
    vocabulary.

    mini_seen, small_seen: characters, including repeated ones, that a larger config must see in the time to be
    better than the smaller one. dropout_by_passes: passes over the text, and the best dropout for them.
    """

    subword_characters: int
    characters_a_subword: int
    fewest_subwords: int
    most_subwords: int
    larger_from: Mapping[str, float]
    long_window_seconds: float
    dropout_by_passes: tuple[tuple[float, float], ...]
    characters_a_token: float

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
    return Rules(**known, dropout_by_passes=points)
