import math

import numpy as np
import pytest

from mmrec_engine.checks.monitor.monitor import Monitor
from mmrec_engine.data.ngrams import window_losses
from mmrec_engine.data.transforms.curriculum import NO_PACING, PacedWindows, Pacing, paced
from mmrec_engine.data.windows import TrainingWindows
from mmrec_engine.events import Step
from mmrec_engine.randomness import hash64
from mmrec_engine.settings import resolve

LENGTH, A_STEP = 32, 4


def half_easy(count: int = 8000) -> np.ndarray:
    """The first half repeats a sentence, the second half is unpredictable."""
    easy = np.tile(np.arange(20, dtype=np.uint8), count // 40 + 1)[: count // 2]
    hard = np.array([hash64(3, place) % 60 for place in range(count // 2)], dtype=np.uint8)
    return np.concatenate([easy, hard])


def windows_of(kind: str, **given: object) -> PacedWindows:
    settings = resolve({"curriculum": kind, "batch_size": A_STEP, "curriculum_start": 0.3, **given}).settings
    found = paced(TrainingWindows(half_easy(), LENGTH, LENGTH, seed=1), settings, 400, 60)
    assert isinstance(found, PacedWindows)
    return found


def numbers_of(step: int) -> np.ndarray:
    return np.arange((step - 1) * A_STEP, step * A_STEP, dtype=np.int64)


@pytest.mark.parametrize(
    ("function", "at_half"), [("linear", 0.625), ("root", math.sqrt(0.0625 + 0.9375 / 2)), ("step", 0.625)]
)
def test_curriculum_share_grows_from_the_start_to_one(function: str, at_half: float) -> None:
    pacing = Pacing("ngram", function, 0.25, 100)
    shares = [pacing.share(step) for step in range(1, 140)]
    assert shares[0] == 0.25
    assert shares[50] == pytest.approx(at_half)
    assert shares == sorted(shares)
    assert shares[99] < 1 and shares[100:] == [1.0] * 39
    assert len(set(shares)) == (5 if function == "step" else 101)


def test_window_length_is_halved_to_fit_the_share() -> None:
    pacing = Pacing("length", "linear", 0.1, 90)
    lengths = [256 // pacing.pieces(step, 256) for step in range(1, 100)]
    assert (lengths[0], lengths[-1]) == (16, 256)
    assert sorted(set(lengths)) == [16, 32, 64, 128, 256]
    assert lengths == sorted(lengths)
    assert all(length <= max(16, 256 * pacing.share(step + 1)) for step, length in enumerate(lengths))
    assert Pacing("length", "linear", 0.001, 90).pieces(1, 50) == 2, "not through the middle of a token"
    assert Pacing("length", "linear", 0.001, 90).pieces(1, 48) == 4, "not below eight"
    assert Pacing("ngram", "linear", 0.1, 90).pieces(1, 256) == 1
    assert NO_PACING.pieces(1, 256) == 1 and NO_PACING.share(1) == 1


@pytest.mark.parametrize("kind", ["ngram", "compression"])
def test_easy_text_comes_first(kind: str) -> None:
    windows = windows_of(kind)
    half = windows.count // 2
    assert (np.sort(windows.ranking[: half - 1]) < half + 1).all()
    first = np.concatenate([windows.starts(numbers_of(step)) for step in range(1, 20)])
    assert (first < 4000).all(), "the first steps draw on the easiest third alone"
    late = np.concatenate([windows.starts(numbers_of(step)) for step in range(170, 200)])
    assert 0.3 < (late >= 4000).mean() < 0.6


def test_order_curriculum_extends_from_the_start_of_the_corpus() -> None:
    windows = windows_of("order")
    reach = [int(windows.starts(np.arange(40 * A_STEP) + 40 * A_STEP * part).max()) for part in range(5)]
    assert reach == sorted(reach)
    assert reach[0] < 0.5 * 8000 < reach[4]


@pytest.mark.parametrize("kind", ["ngram", "compression", "order"])
def test_after_the_curriculum_each_window_occurs_once_an_epoch(kind: str) -> None:
    windows = windows_of(kind, curriculum_share=0.1)
    through = np.arange(windows.count * 2, windows.count * 3, dtype=np.int64)
    assert (windows.starts(through) == windows.base.starts(through)).all()
    assert len(np.unique(windows.starts(through))) == windows.count


@pytest.mark.parametrize("kind", ["ngram", "compression", "order"])
def test_curriculum_window_is_a_function_of_its_number(kind: str) -> None:
    windows = windows_of(kind)
    numbers = np.array([3, 57, 500, 799, 805, 1400], dtype=np.int64)
    alone = np.concatenate([windows.starts(numbers[place : place + 1]) for place in range(len(numbers))])
    assert (windows.starts(numbers) == alone).all()
    inputs, labels = windows.batch(numbers)
    assert (inputs[:, 1:] == labels[:, :-1]).all()
    assert inputs.shape == (6, LENGTH)


def test_sampled_scores_represent_their_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mmrec_engine.data.transforms.curriculum._MOST_SCORED", 1000)
    windows = windows_of("ngram")
    assert windows.every == 8 and len(windows.ranking) == -(-windows.count // 8)
    half = windows.count // 2
    first = np.concatenate([windows.starts(numbers_of(step)) for step in range(1, 20)])
    assert (first < 4000 + 8 * LENGTH).all()
    assert len(np.unique(first // LENGTH)) > 0.25 * half, "those beside the scored ones are drawn too"
    late = np.arange(windows.count * 7, windows.count * 8, dtype=np.int64)
    assert len(np.unique(windows.starts(late))) == windows.count


def test_easy_windows_are_drawn_uniformly() -> None:
    windows = windows_of("ngram", curriculum_start=0.3, pacing="step", curriculum_share=1.0)
    drawn = windows.starts(np.arange(90 * A_STEP, dtype=np.int64)) // LENGTH
    _, often = np.unique(drawn[: windows.count], return_counts=True)
    assert often.min() >= 2 and often.max() <= 4


def test_ngram_score_excludes_the_token_itself() -> None:
    """Windows without common n-grams are as hard as possible, however small the text is, and repeated ones are easy."""
    apart = np.arange(6 * 40).reshape(6, 40)
    # Each of the 239 others occurred once: half of their weight goes to unseen tokens.
    assert window_losses(apart, 240) == pytest.approx([math.log(480)] * 6, rel=0.01)
    repeated = np.concatenate([apart, apart[:1]])
    losses = window_losses(repeated, 240)
    assert losses[0] == losses[6] < 0.8 < 5 < losses[1:6].min()


def test_no_and_length_curriculum_keep_the_windows() -> None:
    plain = TrainingWindows(half_easy(), LENGTH, LENGTH, seed=1)
    for kind in ("none", "length"):
        assert paced(plain, resolve({"curriculum": kind}).settings, 400, 60) is plain


def step(number: int, loss: float, curriculum: float | None) -> Step:
    return Step(step=number, loss=loss, learning_rate=1e-3, grad_norm=0.5, tokens_per_second=1000.0, tokens=number * 100,
                epoch=1, curriculum=curriculum)  # fmt: skip


@pytest.mark.parametrize("curriculum", [True, False])
def test_rising_loss_on_harder_text_is_no_divergence(curriculum: bool) -> None:
    during, told = Monitor(), []
    for number in range(1, 1001):
        loss = max(1.0, 4 - number / 50) if number < 300 else 1.0 + min(1.2, (number - 300) / 300)
        event = step(number, loss + 0.02 * (hash64(number) % 7), min(1.0, number / 900) if curriculum else None)
        told += [finding["id"] for finding in during.add(event) if finding["status"] in ("warn", "fail")]
    assert ("loss-too-high" in told) != curriculum
