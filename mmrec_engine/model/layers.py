"""Layers that the architectures share: norm, token shift, MLP."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

INITIAL_STD = 0.02


def norm(x: Tensor) -> Tensor:
    """Normalise the last dimension to mean 0 and variance 1, without learnt scale or shift.

    Layer norm rather than RMS norm: PyTorch has it as one fused operation on CPUs too, where `rms_norm` runs as a chain of
    element-wise ones (docs/performance.md).
    """
    return functional.layer_norm(x, x.shape[-1:])


class TokenShift(nn.Module):
    """x̃_t = x_t + μ ⊙ (x_{t-1} - x_t): lets each channel look one token back. μ starts at 0.5.

    Source: Peng et al., "RWKV: Reinventing RNNs for the Transformer era", 2023.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mix = nn.Parameter(torch.full((width,), 0.5))

    def forward(self, x: Tensor, before: Tensor | None = None) -> Tensor:
        """x: (batch, time, width); before: (batch, width), the token before the first one, zeros if there is none."""
        if before is None:
            shifted: Tensor = _Shift.apply(x, self.mix)  # type: ignore[no-untyped-call]
            return shifted
        previous = torch.cat((before.unsqueeze(1), x[:, :-1]), dim=1)  # (batch, time, width)
        return torch.lerp(x, previous, self.mix)


class _Shift(torch.autograd.Function):
    """The token shift of whole texts with a manual gradient: two passes over the tokens in each direction instead of seven.

    y_t = x_t + μ ⊙ (x_{t-1} - x_t)
    ∂x_t = (1 - μ) ⊙ ∂y_t + μ ⊙ ∂y_{t+1};  ∂μ = Σ_t ∂y_t ⊙ (x_{t-1} - x_t)          x_{-1} = 0
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, mix: Tensor) -> Tensor:
        ctx.save_for_backward(x, mix)
        y = torch.empty_like(x)
        torch.lerp(x[:, 1:], x[:, :-1], mix, out=y[:, 1:])
        torch.mul(x[:, 0], 1 - mix, out=y[:, 0])
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor]:
        x, mix = ctx.saved_tensors
        of_x = gradient * (1 - mix)
        of_x[:, :-1].addcmul_(gradient[:, 1:], mix)
        moved = (x[:, :-1] - x[:, 1:]).mul_(gradient[:, 1:])
        return of_x, moved.sum((0, 1)) - (gradient[:, 0] * x[:, 0]).sum(0)


class _ReluSquared(torch.autograd.Function):
    """relu(x)², for which only relu(x) is kept: its gradient is 2 relu(x)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        kept = x.relu()
        ctx.save_for_backward(kept)
        return kept * kept

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (kept,) = ctx.saved_tensors
        of_x: Tensor = (gradient * kept).mul_(2)
        return of_x


class MLP(nn.Module):
    """W₂ relu²(W₁ x), with W₂ zero at the start, so that a new block passes its input through unchanged.

    Source of relu²: So et al., "Primer: searching for efficient transformers", 2021.
    """

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.expand = nn.Linear(width, inner, bias=False)
        self.project = zero_linear(inner, width)

    def forward(self, x: Tensor) -> Tensor:
        expanded: Tensor = self.expand(x)
        if torch.is_grad_enabled():
            squared = _ReluSquared.apply(expanded)  # type: ignore[no-untyped-call]
        else:  # on a single token a custom autograd function takes three times as long
            squared = expanded.relu().square_()
        projected: Tensor = self.project(squared)
        return projected


def zero_linear(inputs: int, outputs: int) -> nn.Linear:
    """A linear layer that starts at zero."""
    layer = nn.Linear(inputs, outputs, bias=False)
    nn.init.zeros_(layer.weight)
    return layer
