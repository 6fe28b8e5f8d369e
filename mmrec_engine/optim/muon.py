"""Muon: momentum with an orthogonalised update, for the hidden matrices.

Source: Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024. Matrices of equal shape are
iterated as one batch, in the precision of the training: if bfloat16 is faster for the model, it is faster here too.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from mmrec_engine.optim.grouped_optimizer import GroupedOptimizer
from mmrec_engine.optim.sharded import cut, is_sharded, local, whole

# Quintic Newton–Schulz coefficients that move singular values to about 0.7 … 1.2 in five steps.
_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
STEPS = 5
_STEPS_TO_A_RENEWAL = (3, 2)  # steps on one X in bfloat16: as accurate as one each, in 2/3 of the time
# Lower than the usual 0.95: better after 150, 250 and 700 steps (docs/performance.md).
MOMENTUM = 0.85


class Muon(GroupedOptimizer):
    """Nesterov momentum, orthogonalised, scaled by √max(1, rows/columns), with decoupled weight decay. Matrices only.

    State of a parameter: `momentum`, of its shape. precision: of the iteration's products.
    """

    def __init__(self, groups: list[dict[str, Any]], precision: torch.dtype = torch.float32) -> None:
        super().__init__(groups)
        self._precision = precision

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            same_shape: dict[torch.Size, list[Tensor]] = {}
            for parameter in group["params"]:
                if parameter.grad is not None:
                    same_shape.setdefault(parameter.shape, []).append(parameter)
            for parameters in same_shape.values():
                if is_sharded(parameters[0]):  # whole matrices, one at a time
                    for parameter in parameters:
                        self._update([parameter], group)
                else:
                    self._update(parameters, group)

    @staticmethod
    def state_shapes(parameter: Tensor) -> dict[str, torch.Size]:
        return {"momentum": parameter.shape}

    def _update(self, parameters: list[Tensor], group: dict[str, Any]) -> None:
        directions = []
        for parameter in parameters:
            if parameter not in self.state:
                self.state[parameter] = {"momentum": torch.zeros_like(parameter)}
            assert parameter.grad is not None
            gradient = local(parameter.grad)
            momentum = local(self.state[parameter]["momentum"]).lerp_(gradient, 1 - MOMENTUM)
            directions.append(whole(gradient.lerp(momentum, MOMENTUM), parameter))
        rows, columns = parameters[0].shape
        updates = orthogonalised(torch.stack(directions), self._precision) * max(1.0, rows / columns) ** 0.5
        for parameter, update in zip(parameters, updates, strict=True):
            rate, step = group["lr"], local(cut(update, parameter))
            weights = local(parameter).mul_(1 - rate * group["weight_decay"])
            if isinstance(rate, Tensor):
                weights.sub_(step * rate)
            else:
                weights.add_(step, alpha=-rate)


def orthogonalised(matrices: Tensor, precision: torch.dtype = torch.float32) -> Tensor:
    """Approximately the nearest semi-orthogonal matrices: singular values near 1. (batch, rows, columns), float32.

    Newton–Schulz: X ← p(X Xᵀ) X with p(G) = a + b G + c G², five times. Every factor is a polynomial of the first G = X Xᵀ, so
    they commute, and until the end only squares of the shorter dimension are multiplied:

        G ← p(G) G p(G),  Q ← p(G) Q;  the result is Q X

    An updated G has lost more digits than the G of a new X: in bfloat16, which has few, X is recomputed in between.
    """
    x: Tensor = matrices.float()
    x = (x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)).to(precision)  # small numbers underflow in float16
    tall = x.shape[1] > x.shape[2]
    if tall:
        x = x.transpose(1, 2)
    for steps in (STEPS,) if precision == torch.float32 else _STEPS_TO_A_RENEWAL:
        x = _polynomials(x @ x.transpose(1, 2), steps) @ x
    x = x.float()
    return x.transpose(1, 2) if tall else x


def _polynomials(gram: Tensor, steps: int) -> Tensor:
    """The product of the factors of the given number of steps, for the first G. (batch, short, short)."""
    a, b, c = _COEFFICIENTS
    product: Tensor | None = None
    for step in range(1, steps + 1):
        factor = torch.baddbmm(gram, gram, gram, beta=b, alpha=c)
        factor.diagonal(dim1=1, dim2=2).add_(a)
        product = factor if product is None else factor @ product
        if step < steps:
            gram = factor @ gram @ factor
    assert product is not None
    return product
