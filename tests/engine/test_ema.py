from __future__ import annotations

import pytest
import torch
from torch import nn

from mmrec_engine.optim.ema import WeightAverage

STEPS = 40


def moved(share: float) -> tuple[nn.Linear, WeightAverage]:
    """A model whose weights after step i are all i, and their average."""
    model = nn.Linear(3, 2)
    average = WeightAverage(model, share)
    for step in range(1, STEPS + 1):
        for parameter in model.parameters():
            parameter.data.fill_(float(step))
        average.add(step)
    return model, average


@pytest.mark.parametrize("share", [0.5, 1 / 3, 1 / 6])
def test_average_has_the_given_mean_age(share: float) -> None:
    _, average = moved(share)
    mean = float(average.weights["weight"].mean())
    assert (STEPS - mean) / STEPS == pytest.approx(share, abs=0.6 / STEPS)


def test_mean_age_of_one_half_is_the_plain_mean() -> None:
    _, average = moved(0.5)
    assert float(average.weights["bias"][0]) == pytest.approx(sum(range(1, STEPS + 1)) / STEPS, rel=1e-5)


def test_swapping_puts_the_average_in_and_the_weights_back() -> None:
    model, average = moved(1 / 6)
    before = average.weights["weight"].clone()
    average.swap()
    assert torch.equal(model.weight, before)
    average.swap()
    assert torch.equal(average.weights["weight"], before)
    assert bool((model.weight == STEPS).all())
    model.weight.data.zero_()
    assert bool((average.weights["weight"] > 30).all()), "what trains on does not reach into the average"


def test_stored_average_is_resumed_and_another_models_is_refused() -> None:
    model, average = moved(1 / 6)
    other = WeightAverage(model, 1 / 6)
    other.load(average.weights)
    for one in (average, other):
        one.add(STEPS + 1)
    assert torch.equal(average.weights["weight"], other.weights["weight"])
    for wrong in ({}, {"weight": torch.zeros(3, 2), "bias": torch.zeros(2)}):
        with pytest.raises(ValueError, match="other weights"):
            other.load(wrong)
