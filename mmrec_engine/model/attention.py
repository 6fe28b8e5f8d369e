"""Causal attention with rotary positions: the time mixing of the GPT baseline.

Sources: Vaswani et al. 2017; rotary positions, Su et al. 2021 ("RoFormer"); normalised queries and keys, Henry et al. 2020.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from mmrec_engine.model.layers import norm, zero_linear
from mmrec_engine.settings.model_config import ROTARY_BASE


class AttentionState(NamedTuple):
    """Keys and values of the last tokens, at most a training window of them, and the number of all tokens so far."""

    keys: Tensor  # (batch, heads, kept, head_width), rotated
    values: Tensor  # (batch, heads, kept, head_width)
    seen: int


class Attention(nn.Module):
    """Multi-head causal attention. Input and output: (batch, time, width)."""

    def __init__(self, width: int, heads: int, context: int) -> None:
        super().__init__()
        self.heads, self.context = heads, context
        self.project_in = nn.Linear(width, 3 * width, bias=False)
        self.project_out = zero_linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self._heads(x, first=0)
        return self._merge(functional.scaled_dot_product_attention(q, k, v, is_causal=True))

    def advance(self, x: Tensor, state: AttentionState) -> tuple[Tensor, AttentionState]:
        """Continue from `state` with further tokens, each seeing at most `context` tokens including itself."""
        q, k, v = self._heads(x, first=state.seen)
        keys, values = torch.cat((state.keys, k), dim=2), torch.cat((state.values, v), dim=2)
        query = torch.arange(keys.shape[2] - q.shape[2], keys.shape[2], device=x.device)[:, None]
        key = torch.arange(keys.shape[2], device=x.device)[None, :]
        visible = (key <= query) & (key > query - self.context)  # (time, kept + time)
        y = self._merge(functional.scaled_dot_product_attention(q, keys, values, attn_mask=visible))
        kept = slice(max(0, keys.shape[2] - self.context), None)
        return y, AttentionState(keys[:, :, kept], values[:, :, kept], state.seen + x.shape[1])

    def initial_state(self, batch: int, like: Tensor) -> AttentionState:
        width = self.project_out.weight.shape[0]
        empty = like.new_zeros(batch, self.heads, 0, width // self.heads)
        return AttentionState(empty, empty, 0)

    def _heads(self, x: Tensor, first: int) -> tuple[Tensor, Tensor, Tensor]:
        q, k, v = self.project_in(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4).unbind(0)
        return _rotate(norm(q), first), _rotate(norm(k), first), v  # (batch, heads, time, head_width) each

    def _merge(self, read: Tensor) -> Tensor:
        y: Tensor = self.project_out(read.transpose(1, 2).flatten(2))
        return y


def _rotate(x: Tensor, first: int) -> Tensor:
    """Rotate pairs of channels by their position, counted from `first`. x: (batch, heads, time, head_width)."""
    half = x.shape[-1] // 2
    rate = ROTARY_BASE ** (-torch.arange(half, device=x.device, dtype=torch.float32) / half)
    angle = torch.arange(first, first + x.shape[2], device=x.device, dtype=torch.float32)[:, None] * rate
    cos, sin = angle.cos().to(x.dtype), angle.sin().to(x.dtype)  # (time, half)
    left, right, rest = x[..., :half], x[..., half : 2 * half], x[..., 2 * half :]
    return torch.cat((left * cos - right * sin, left * sin + right * cos, rest), dim=-1)
