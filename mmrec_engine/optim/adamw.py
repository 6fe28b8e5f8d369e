"""AdamW in PyTorch's fused kernel. Source: Loshchilov and Hutter, "Decoupled weight decay regularization", 2019."""

from __future__ import annotations

from typing import Any

import torch
from torch.optim import adamw

from mmrec_engine.optim.grouped_optimizer import GroupedOptimizer
from mmrec_engine.optim.sharded import local

BETAS = (0.9, 0.99)
_EPSILON = 1e-8


class AdamW(GroupedOptimizer):
    """A group may have "betas": the decay of both moments.

    State of a parameter: `step` (scalar), `exp_avg` and `exp_avg_sq` (its shape), in float32.
    """

    def __init__(self, groups: list[dict[str, Any]]) -> None:
        super().__init__([{"betas": BETAS, **group} for group in groups])

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            parameters = [parameter for parameter in group["params"] if parameter.grad is not None]
            states = [self._state_of(parameter) for parameter in parameters]
            adamw.adamw(
                [local(parameter) for parameter in parameters],
                [local(parameter.grad) for parameter in parameters],
                [local(state["exp_avg"]) for state in states],
                [local(state["exp_avg_sq"]) for state in states],
                [],
                [state["step"] for state in states],
                fused=True,
                amsgrad=False,
                beta1=group["betas"][0],
                beta2=group["betas"][1],
                lr=group["lr"],
                weight_decay=group["weight_decay"],
                eps=_EPSILON,
                maximize=False,
            )

    @staticmethod
    def state_shapes(parameter: torch.Tensor) -> dict[str, torch.Size]:
        return {"step": torch.Size(), "exp_avg": parameter.shape, "exp_avg_sq": parameter.shape}

    def _state_of(self, parameter: torch.Tensor) -> dict[str, Any]:
        if parameter not in self.state:
            self.state[parameter] = {
                "step": torch.zeros((), dtype=torch.float32, device=parameter.device),
                "exp_avg": torch.zeros_like(parameter, memory_format=torch.preserve_format),
                "exp_avg_sq": torch.zeros_like(parameter, memory_format=torch.preserve_format),
            }
        return self.state[parameter]
