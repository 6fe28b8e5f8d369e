"""Denoised windows: their content, which windows are denoised, and that both are deterministic."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from mmrec_engine.data.batches import training_windows, validation_windows
from mmrec_engine.data.mixture import MixedWindows
from mmrec_engine.data.prepare import prepare_corpus
from mmrec_engine.data.transforms.denoising import DenoisedWindows, span_counts
from mmrec_engine.data.windows import IGNORED_LABEL, Batch, TrainingWindows
from mmrec_engine.errors import RequestError
from mmrec_engine.events import result_of
from mmrec_engine.settings import resolve
from mmrec_engine.tokenizer.character import CharacterTokenizer
from mmrec_engine.tokenizer.vocabulary import SENTINELS, SPANS, UNKNOWN, special_ids

TOKENIZER = CharacterTokenizer("abcdefghijklmnopqrstuvwxyz", (UNKNOWN, *special_ids(False, True)))
SEPARATOR = TOKENIZER.special.index(SPANS)
MARKS = range(SEPARATOR + 1, SEPARATOR + 1 + len(SENTINELS))


def text(length: int) -> np.ndarray:
    first = len(TOKENIZER.special)
    return np.random.default_rng(1).integers(first, TOKENIZER.vocab_size, length).astype(np.uint8)


def denoised(length: int = 64, share: float = 1.0, span: int = 8, seed: int = 5) -> DenoisedWindows:
    return DenoisedWindows(TrainingWindows(text(20 * length), length, length, seed), share, span, seed, TOKENIZER)


def put_back(example: list[int]) -> list[int]:
    """The text of an example, each span in the place of its sentinel."""
    first = example.index(SEPARATOR)
    assert example[-1] == SEPARATOR and example.count(SEPARATOR) == 2
    spans: dict[int, list[int]] = {}
    for token in example[first + 1 : -1]:
        if token in MARKS:
            assert token not in spans
            spans[token] = []
        else:
            spans[next(reversed(spans))].append(token)
    marks = [token for token in example[:first] if token in MARKS]
    assert marks == list(spans) == list(MARKS[: len(spans)])
    assert all(spans.values()), "no span is empty"
    return [token for place in example[:first] for token in spans.get(place, [place])]


@pytest.mark.parametrize(("length", "span"), [(16, 8), (17, 1), (64, 3), (64, 8), (256, 8), (1024, 8), (4096, 3)])
def test_example_keeps_the_first_token_and_the_window_length(length: int, span: int) -> None:
    windows = denoised(length, span=span)
    plain_inputs, plain_labels = windows.windows.batch(np.arange(12))
    inputs, _ = windows.batch(np.arange(12))
    spans, cut, kept = span_counts(length, span)
    for row in range(12):
        example = [*inputs[row].tolist(), SEPARATOR]
        assert len(example) == length + 1
        whole = [plain_inputs[row, 0], *plain_labels[row]]
        assert put_back(example) == whole[: cut + kept]
        assert inputs[row, 0] == plain_inputs[row, 0], "the first token stays: it may be a tag"
        told = [token for token in example[example.index(SEPARATOR) :] if token not in MARKS and token != SEPARATOR]
        assert len(told) == cut
    assert kept + cut + 2 * spans + 2 == length + 1
    assert cut / (cut + kept) == pytest.approx(0.15, abs=0.5 / (cut + kept)) or cut == spans


def test_spans_have_the_given_length_and_differ_between_windows() -> None:
    inputs, _ = denoised(256, span=8).batch(np.arange(100))
    lengths = []
    for row in inputs.tolist():
        marks = [place for place, token in enumerate(row) if token in MARKS and place > row.index(SEPARATOR)]
        lengths += [later - place - 1 for place, later in zip(marks, [*marks[1:], len(row)], strict=True)]
    assert np.mean(lengths) == pytest.approx(8, rel=0.1)
    assert {1, 16} <= {*lengths}, "short and long ones"


def test_all_tokens_except_sentinels_are_predicted() -> None:
    inputs, labels = denoised().batch(np.arange(30))
    for row in range(30):
        example = np.array([*inputs[row], SEPARATOR])
        first = int(np.flatnonzero(example == SEPARATOR)[0])
        marks = np.isin(example[1:], [*MARKS, SEPARATOR]) & (np.arange(1, len(example)) <= first)
        assert ((labels[row] == IGNORED_LABEL) == marks).all()
        assert (labels[row][~marks] == example[1:][~marks]).all()


def test_denoised_window_is_a_pure_function_of_seed_and_number() -> None:
    windows = denoised(share=0.5)
    inputs, labels = windows.batch(np.arange(1000, 1100))
    for row, number in enumerate(range(1000, 1100)):
        again = denoised(share=0.5).batch(np.array([number]))
        assert (again[0][0] == inputs[row]).all() and (again[1][0] == labels[row]).all()
    other = denoised(share=0.5, seed=6)
    assert [windows.is_denoised(k) for k in range(100)] != [other.is_denoised(k) for k in range(100)]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_given_share_is_denoised_and_other_windows_are_unchanged(share: float) -> None:
    windows = denoised(share=share)
    plain, (inputs, _) = windows.windows.batch(np.arange(4000)), windows.batch(np.arange(4000))
    changed = (inputs != plain[0]).any(1)
    assert changed.tolist() == [windows.is_denoised(number) for number in range(4000)]
    assert changed.mean() == pytest.approx(share, abs=0.025)


def test_each_corpus_has_the_same_share_of_denoising() -> None:
    parts = tuple(TrainingWindows(text(6400), 64, 64, seed) for seed in (1, 2))
    mixture = MixedWindows(parts, (0.5, 0.5), 3)
    windows = DenoisedWindows(mixture, 0.5, 8, 3, TOKENIZER)
    corpus, _ = mixture.places(np.arange(4000))
    chosen = np.array([windows.is_denoised(number) for number in range(4000)])
    for number in (0, 1):
        assert chosen[corpus == number].mean() == pytest.approx(0.5, abs=0.03)


@dataclass(frozen=True)
class Padded:
    """Windows whose second half is ignored."""

    count: int = 10

    def batch(self, numbers: np.ndarray) -> Batch:
        inputs = np.tile(text(64).astype(np.int64), (len(numbers), 1))
        return inputs, np.where(np.arange(64) < 32, inputs, IGNORED_LABEL)


def test_padded_window_is_not_denoised() -> None:
    numbers = np.arange(5)
    inputs, labels = DenoisedWindows(Padded(), 1.0, 8, 1, TOKENIZER).batch(numbers)
    plain = Padded().batch(numbers)
    assert (inputs == plain[0]).all() and (labels == plain[1]).all()


def test_sentinel_ids_exist_only_with_denoising(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("the quick brown fox jumps over the lazy dog " * 100)
    given = {"data_dir": str(tmp_path), "seq_len": 32}
    plain = result_of(prepare_corpus(resolve(given).settings))
    assert plain.tokenizer.special == (UNKNOWN,)
    settings = resolve({**given, "denoising": 0.5}).settings
    corpus = result_of(prepare_corpus(settings))
    assert corpus.tokenizer.special == (UNKNOWN, SPANS, *SENTINELS)
    assert corpus.fingerprint == plain.fingerprint
    assert min(corpus.train.tokens) >= len(corpus.tokenizer.special), "no text is taken for one"
    assert isinstance(training_windows(settings, corpus), DenoisedWindows)
    inputs, _ = validation_windows(corpus, 32)[0].batch(np.arange(3))
    assert inputs.min() >= len(corpus.tokenizer.special), "validation stays plain"


def test_too_short_window_is_refused() -> None:
    with pytest.raises(RequestError) as told:
        resolve({"denoising": 0.5, "seq_len": 15})
    assert told.value.key == "denoising-short"
