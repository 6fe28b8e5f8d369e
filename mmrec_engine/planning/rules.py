"""The rules from measurements, as data: `measured.json`, made by `make outcome` (docs/performance.md)."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any


@dataclass(frozen=True)
class Rules:
    """Passes in dropout_by_passes are those over a text of the measured size (`settings.presets.passes_as_measured`).

    subword_characters: training characters from which on subwords are better, if a run with characters as tokens would make
    at most passes_for_subwords passes over them, or as many more as the text is longer; characters_a_subword: for each of the
    vocabulary.

    larger_from: characters, including repeated ones, that a larger config must see in the time to be better than the
    smaller one (at most `settings.presets.most_passes` over the text).

    share_of_larger: of the subwords, for a config of larger_from; its windows and steps have window_of_larger and
    step_tokens_of_larger tokens.

    window: tokens. step_tokens: tokens of a run, and from there on the best number of tokens a step. With fewer passes over the
    text than passes_of_new_text, larger steps of shorter windows are better. short_window_from: the dispersion
    (`data.text_measures.dispersion`) from which on short windows are better for any number of passes. window_of_evaluation: of
    MM-Rec, whose loss is lower with more text to look back on, also than in training. dropout_by_passes: passes, and the best
    dropout for them. characters_a_subword_by_ids: the mean length of a token by the size of the vocabulary.
    """

    subword_characters: int
    passes_for_subwords: float
    characters_a_subword: int
    fewest_subwords: int
    most_subwords: int
    larger_from: Mapping[str, float]
    share_of_larger: float
    window_of_larger: int
    step_tokens_of_larger: int
    window: int
    passes_of_new_text: float
    short_window: int
    short_window_of_larger: int
    short_window_from: float
    step_tokens_of_new_text: int
    window_of_evaluation: int
    step_tokens: tuple[tuple[float, int], ...]
    dropout_by_passes: tuple[tuple[float, float], ...]
    characters_a_subword_by_ids: tuple[tuple[float, float], ...]

    def tokens_a_step(self, config: str, tokens: float, passes: float | None) -> int:
        """For a run of so many tokens, and passes over the text; None: not known yet."""
        if config in self.larger_from:
            return self.step_tokens_of_larger
        size = [size for least, size in self.step_tokens if tokens >= least][-1]
        return max(size, self.step_tokens_of_new_text) if self._is_new(passes) else size

    def window_of(self, config: str, passes: float | None, dispersion: float | None) -> tuple[int, str]:
        """Tokens, and the reason. dispersion: of the text; None: not known."""
        larger = config in self.larger_from
        if self._is_new(passes):
            return self.short_window_of_larger if larger else self.short_window, "window-of-new-text"
        if larger:
            return self.window_of_larger, "window"
        if dispersion is not None and dispersion >= self.short_window_from:
            return self.short_window, "window-of-varied-text"
        return self.window, "window"

    def _is_new(self, passes: float | None) -> bool:
        return passes is not None and passes < self.passes_of_new_text

    def characters_each_subword(self, config: str) -> int:
        """Training characters for each subword of the vocabulary."""
        return round(self.characters_a_subword / (self.share_of_larger if config in self.larger_from else 1.0))

    def subwords(self, characters: int, config: str) -> int:
        """The number of subwords for a text of so many training characters; 0: characters are better."""
        if characters < self.subword_characters:
            return 0
        wanted = characters / self.characters_each_subword(config)
        return int(min(self.most_subwords, max(self.fewest_subwords, round(wanted / 100) * 100)))

    def most_passes_for_subwords(self, characters: float) -> float:
        """Over a text of so many training characters."""
        return self.passes_for_subwords * max(1.0, characters / self.subword_characters)

    def dropout(self, passes: float) -> float:
        return round(_between(self.dropout_by_passes, passes), 2)

    def characters_a_token(self, ids: int) -> float:
        """Of a vocabulary of so many subwords."""
        return _between(self.characters_a_subword_by_ids, ids)


def _between(points: tuple[tuple[float, float], ...], at: float) -> float:
    """Linear interpolation between the measurements; outside them the nearest one."""
    if at <= points[0][0]:
        return points[0][1]
    for (low, at_low), (high, at_high) in itertools.pairwise(points):
        if at <= high:
            return at_low + (at_high - at_low) * (at - low) / (high - low)
    return points[-1][1]


@cache
def rules() -> Rules:
    text = resources.files("mmrec_engine.planning").joinpath("measured.json").read_text(encoding="utf-8")
    known = json.loads(text)["rules"]
    curves: dict[str, Any] = {
        name: tuple((float(at), float(value)) for at, value in known.pop(name))
        for name in ("dropout_by_passes", "characters_a_subword_by_ids")
    }
    sizes = tuple((float(least), int(size)) for least, size in known.pop("step_tokens"))
    return Rules(**known, **curves, step_tokens=sizes)
