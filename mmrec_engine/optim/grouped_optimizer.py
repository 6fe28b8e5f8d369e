"""The base class of the optimizers: parameters in groups with the same settings, and state by parameter.

Not PyTorch's `Optimizer`, whose creation imports the compiler: most of a second of every start, and nothing here compiles.
"""

from __future__ import annotations

from typing import Any

from torch import Size, Tensor


class GroupedOptimizer:
    """param_groups: each with "params", "lr", "weight_decay" and further values of its update. state: by parameter."""

    def __init__(self, groups: list[dict[str, Any]]) -> None:
        self.param_groups = [{"lr": 0.0, "weight_decay": 0.0, **group} for group in groups]
        self.state: dict[Tensor, dict[str, Tensor]] = {}

    def step(self) -> None:
        """One update of every parameter that has a gradient."""
        raise NotImplementedError

    @staticmethod
    def state_shapes(parameter: Tensor) -> dict[str, Size]:
        """What `state` holds for a parameter, each in float32, and its shape."""
        raise NotImplementedError

    def drop_gradients(self) -> None:
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.grad = None
