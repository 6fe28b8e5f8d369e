"""N-gram baselines: the usual figures, the formula computed independently, and bounded work."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest

from mmrec_engine.data import ngrams
from mmrec_engine.data.ngrams import baselines, cross_entropies, stretches


def by_hand(train: list[int], validation: list[int], vocabulary: int, longest: int) -> float:
    """Interpolated Witten–Bell as in the papers, with a dictionary for each history."""
    followers: dict[tuple[int, ...], Counter[int]] = defaultdict(Counter)
    for length in range(longest):
        for end in range(length, len(train)):
            followers[tuple(train[end - length : end])][train[end]] += 1

    def probability(history: tuple[int, ...], token: int) -> float:
        shorter = 1 / vocabulary if not history else probability(history[1:], token)
        seen = followers.get(history)
        if seen is None:
            return shorter
        return (seen[token] + len(seen) * shorter) / (seen.total() + len(seen))

    ends = range(longest - 1, len(validation))
    return -sum(
        math.log(probability(tuple(validation[end - longest + 1 : end]), validation[end])) for end in ends
    ) / len(ends)


def test_tiny_shakespeare_has_the_known_baselines(shakespeare: Path) -> None:
    text = np.frombuffer(shakespeare.read_bytes(), dtype=np.uint8)
    _, ids = np.unique(text, return_inverse=True)
    tokens = (ids + 1).astype(np.uint8)
    cut = int(len(tokens) * 0.9)
    found = baselines(tokens[:cut], tokens[cut:], 66)
    assert list(found) == ["unigram", "bigram", "5-gram"]
    assert found == pytest.approx({"unigram": 3.347, "bigram": 2.486, "5-gram": 1.669}, abs=5e-4)


@pytest.mark.parametrize("longest", [1, 2, 5])
def test_estimate_matches_the_witten_bell_formula(longest: int) -> None:
    generator = np.random.default_rng(3)
    train = (generator.integers(0, 4, 600) * generator.integers(0, 3, 600)).astype(np.uint8)
    validation = (generator.integers(0, 4, 200) * generator.integers(0, 3, 200) + 1).astype(np.uint8)  # and unseen ids
    expected = by_hand(train.tolist(), validation.tolist(), 9, longest)
    assert cross_entropies([train], [validation], 9, longest)[-1] == pytest.approx(expected, rel=1e-12)


def test_large_vocabulary_loses_only_rare_histories() -> None:
    generator = np.random.default_rng(3)
    words = np.minimum(generator.zipf(1.3, 60_000), 39_999).astype(np.uint16)
    exact = cross_entropies([words[:50_000]], [words[50_000:]], 40_000, longest=2)
    longer = cross_entropies([words[:50_000]], [words[50_000:]], 40_000, longest=5)
    assert longer[:2] == pytest.approx(exact, rel=1e-2)


def test_long_text_is_sampled_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = np.arange(1000, dtype=np.uint16)
    assert [len(part) for part in stretches(tokens, 1000, 4)] == [1000]
    parts = stretches(tokens, 100, 4)
    assert [len(part) for part in parts] == [25] * 4
    assert [int(part[0]) for part in parts] == [0, 325, 650, 975]
    monkeypatch.setattr(ngrams, "MOST_TRAINING", 5_000)
    monkeypatch.setattr(ngrams, "MOST_VALIDATION", 1_000)
    text = np.resize(np.random.default_rng(0).integers(0, 9, 997).astype(np.uint8), 50_000)
    assert baselines(text, text, 9) == baselines(text, text, 9)
    assert baselines(text, text, 9)["5-gram"] < 0.5, "the text repeats itself, and a sample of it shows that"


def test_split_without_a_history_is_refused() -> None:
    with pytest.raises(ValueError, match="no stretch of 5 tokens"):
        baselines(np.zeros(4, dtype=np.uint8), np.zeros(100, dtype=np.uint8), 2)
