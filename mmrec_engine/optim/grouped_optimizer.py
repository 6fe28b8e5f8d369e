"""What the optimizers share: parameters in groups of equal treatment, and state by parameter.

Not PyTorch's `Optimizer`: making one imports its compiler, most of a second of every start, and nothing here compiles.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor


class GroupedOptimizer:
    """param_groups: each with "params", "lr", "weight_decay" and what else its update needs. state: by parameter."""

    def __init__(self, groups: list[dict[str, Any]]) -> None:
        self.param_groups = [{"lr": 0.0, "weight_decay": 0.0, **group} for group in groups]
        self.state: dict[Tensor, dict[str, Tensor]] = {}

    def step(self) -> None:
        """One update of every parameter that has a gradient."""
        raise NotImplementedError

    def drop_gradients(self) -> None:
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.grad = None
