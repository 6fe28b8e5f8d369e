"""The small parts that both architectures share: norm, token shift, MLP."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

INITIAL_STD = 0.02


def norm(x: Tensor) -> Tensor:
    """Normalise the last dimension to mean 0 and variance 1, without learnt scale or shift.

    Layer norm rather than RMS norm: PyTorch has it as one fused operation on CPUs too, where `rms_norm` runs as a chain of
    element-wise ones (docs/performance.md).
    """
    return functional.layer_norm(x, x.shape[-1:])


class TokenShift(nn.Module):
    """x̃_t = x_t + μ ⊙ (x_{t-1} - x_t): lets each channel look one token back. μ starts at 0.5."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mix = nn.Parameter(torch.full((width,), 0.5))

    def forward(self, x: Tensor, before: Tensor | None = None) -> Tensor:
        """x: (batch, time, width); before: (batch, width), the token before the first one, zeros where there is none."""
        first = torch.zeros_like(x[:, :1]) if before is None else before.unsqueeze(1)
        previous = torch.cat((first, x[:, :-1]), dim=1)  # (batch, time, width)
        return torch.lerp(x, previous, self.mix)


class MLP(nn.Module):
    """W₂ relu²(W₁ x), W₂ zero at the start, so that a new block passes its input through unchanged.

    Source of relu²: So et al., "Primer: searching for efficient transformers", 2021.
    """

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.expand = nn.Linear(width, inner, bias=False)
        self.project = zero_linear(inner, width)

    def forward(self, x: Tensor) -> Tensor:
        projected: Tensor = self.project(functional.relu(self.expand(x)).square())
        return projected


def zero_linear(inputs: int, outputs: int) -> nn.Linear:
    """A linear layer that starts at zero."""
    layer = nn.Linear(inputs, outputs, bias=False)
    nn.init.zeros_(layer.weight)
    return layer
