from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict

import pytest

from mmrec_engine.training.target_loss import CLOSE_SAMPLE_TOKENS, FIRST_LOOK, TargetEstimate

TARGET = 2.0


def looks(
    loss_at: Callable[[int], float], apart: float, until: int = 5000
) -> tuple[list[int], list[int], TargetEstimate]:
    """Steps of the samples and of the whole validations, in a training with these losses of the whole split.

    apart: how much higher the loss of the whole split is than that of a close sample; the error of a small one is twice as
    large.
    """
    estimate, sampled, whole = TargetEstimate(), [], []
    for step in range(1, until + 1):
        if step < estimate.next_step:
            continue
        sampled.append(step)
        tokens, others_too = estimate.sample(TARGET)
        off = apart if tokens == CLOSE_SAMPLE_TOKENS else 2 * apart
        estimate = estimate.after_sample(step, loss_at(step) - off, loss_at(step) - (0 if others_too else off), TARGET)
        if estimate.whole_step == step:
            whole.append(step)
            estimate = estimate.after_whole(step, loss_at(step), TARGET)
            if loss_at(step) <= TARGET:
                break
    return sampled, whole, estimate


def falls(step: int) -> float:
    return float(3.2 * step**-0.09)  # 2.0 at step 186


@pytest.mark.parametrize("apart", [0.0, 0.02, -0.02])
def test_target_is_found_with_few_samples_and_one_whole_validation(apart: float) -> None:
    sampled, whole, _ = looks(falls, apart)
    reached = next(step for step in range(1, 5000) if falls(step) <= TARGET)
    assert len(whole) == 1
    assert reached <= whole[0] <= 1.06 * reached
    assert len(sampled) <= 16
    assert sampled[0] == FIRST_LOOK


def test_sampling_interval_doubles_far_from_the_target() -> None:
    sampled, whole, _ = looks(lambda step: 4.0, 0.0)
    assert whole == []
    assert sampled == [16, 32, 64, 128, 256, 512, 1024, 2048, 4096], "it doubles"


def test_whole_validation_above_the_target_corrects_the_sample_error() -> None:
    estimate = TargetEstimate(next_step=100, loss=2.01, apart=0.0).after_sample(100, 1.99, 1.99, TARGET)
    assert estimate.whole_step == 100
    estimate = estimate.after_whole(100, 2.02, TARGET)
    assert estimate.apart == pytest.approx(0.03)
    assert estimate.after_sample(110, 1.98, 1.98, TARGET).whole_step == 100, "1.98 + 0.03 is not there yet"
    assert estimate.after_sample(110, 1.96, 1.96, TARGET).whole_step == 110


def test_nan_loss_is_far_from_the_target() -> None:
    estimate = TargetEstimate().after_sample(16, math.nan, math.nan, TARGET)
    assert (estimate.next_step, estimate.whole_step) == (32, 0)
    assert estimate.sample(TARGET)[0] < CLOSE_SAMPLE_TOKENS


def test_incomplete_stored_estimate_is_refused() -> None:
    stored = asdict(TargetEstimate(next_step=20, loss=2.5, apart=None, whole_step=3))
    assert asdict(TargetEstimate.of_stored(stored)) == stored
    for wrong in ({**stored, "loss": "2"}, {**stored, "next_step": 1.5}, {**stored, "more": 1}, {"loss": 1.0}):
        with pytest.raises(ValueError, match="outlook"):
            TargetEstimate.of_stored(wrong)
