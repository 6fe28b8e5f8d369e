"""A running average of the weights: the evaluated model of a training with a constant learning rate.

With weights w(t) after step t and a power γ, the weight of each step in the average grows with its number:

    a(t) = β a(t-1) + (1 - β) w(t),   β = (1 - 1/t)^(γ+1)          so that w(i) weighs about i^γ

The mean age of the averaged weights is t / (γ+2), a constant share of the training at any length, and only t has to
be known. Source: Karras et al., "Analyzing and improving the training dynamics of diffusion models", 2024, section 3.1.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from mmrec_engine.errors import UnusableError
from mmrec_engine.optim.sharded import cut, local


class WeightAverage:
    """share: the mean age of the averaged weights as a share of the steps so far, above 0, at most 0.5 (equal weights)."""

    def __init__(self, model: nn.Module, share: float) -> None:
        self._parameters = dict(model.named_parameters())
        self._power = 1.0 / share - 1.0  # γ + 1
        self.weights = {name: parameter.detach().clone() for name, parameter in self._parameters.items()}

    @torch.no_grad()
    def add(self, step: int) -> None:
        """Add the weights after `step`, counted from 1."""
        weight = 1.0 - (1.0 - 1.0 / step) ** self._power
        averaged, latest = (list(map(local, parts.values())) for parts in (self.weights, self._parameters))
        torch._foreach_lerp_(averaged, latest, weight)

    @torch.no_grad()
    def load(self, weights: Mapping[str, Tensor]) -> None:
        """Continue from an earlier average. Raises ValueError if it is of another model."""
        if {name: value.shape for name, value in weights.items()} != {
            name: value.shape for name, value in self.weights.items()
        }:
            raise UnusableError("average-of-other-weights")
        for name, value in self.weights.items():
            local(value).copy_(local(cut(weights[name], value)))

    @torch.no_grad()
    def swap(self) -> None:
        """Exchange the model's weights with the average; calling it again restores them.

        In place, because a sharded model keeps views of its weights.
        """
        for name, parameter in self._parameters.items():
            mine, weights = local(self.weights[name]), local(parameter)
            kept = weights.clone()
            weights.copy_(mine)
            mine.copy_(kept)
