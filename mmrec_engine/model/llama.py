"""A layer with the shape of Llama, the baseline that other tools read: `LlamaForCausalLM` of the library `transformers`.

    x = x + W_o attention(rope(W_q n), rope(W_k n), W_v n),   n = gain ⊙ x / rms(x)
    x = x + W_down (silu(W_gate m) ⊙ W_up m),                 m = gain ⊙ x / rms(x)

W_q, W_k, W_v are one matrix here, and so are W_gate and W_up: one product is faster than several.
Sources: Touvron et al., "LLaMA", 2023; rotary positions, Su et al. 2021; RMS norm, Zhang and Sennrich 2019; SwiGLU, Shazeer
2020; grouped queries, Ainslie et al. 2023.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from mmrec_engine.model.attention import AttentionState
from mmrec_engine.model.dropout import Dropout
from mmrec_engine.model.layers import zero_linear
from mmrec_engine.settings.model_config import NORM_EPSILON, ROTARY_BASE, ModelConfig


class RMSNorm(nn.Module):
    """gain ⊙ x / √(mean(x²) + ε), over the last dimension. PyTorch's own is far slower on CPUs (docs/performance.md)."""

    def __init__(self, width: int, epsilon: float = NORM_EPSILON) -> None:
        super().__init__()
        self.epsilon = epsilon
        self.gain = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        if not torch.is_grad_enabled():
            return (x * _inverse_rms(x, self.epsilon)).mul_(self.gain)
        normalised: Tensor = _RMSNorm.apply(x, self.gain, self.epsilon)  # type: ignore[no-untyped-call]
        return normalised


def _inverse_rms(x: Tensor, epsilon: float) -> Tensor:
    """1 / √(mean(x²) + ε), with a last dimension of 1."""
    norm: Tensor = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
    return norm.square_().div_(x.shape[-1]).add_(epsilon).rsqrt_()


class _RMSNorm(torch.autograd.Function):
    """With a manual gradient. r = 1 / √(mean(x²) + ε), y = gain ⊙ x r:

    ∂x = r (gain ⊙ ∂y - x r² mean(x ⊙ gain ⊙ ∂y));  ∂gain = Σ r x ⊙ ∂y
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, gain: Tensor, epsilon: float) -> Tensor:
        inverse = _inverse_rms(x, epsilon)
        ctx.save_for_backward(x, inverse, gain)
        return (x * inverse).mul_(gain)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None]:
        x, inverse, gain = ctx.saved_tensors
        product = gradient * x
        of_gain = inverse.flatten() @ product.flatten(0, -2)
        along = (product @ gain).unsqueeze(-1).mul_(inverse.square()).div_(-x.shape[-1])
        return torch.mul(gradient, gain).addcmul_(x, along).mul_(inverse), of_gain, None


class _SwiGLU(torch.autograd.Function):
    """silu(gate) ⊙ up of a tensor that holds both, which alone is kept: silu is computed again in the backward pass."""

    @staticmethod
    def forward(ctx: Any, both: Tensor) -> Tensor:
        ctx.save_for_backward(both)
        gate, up = both.chunk(2, dim=-1)
        return functional.silu(gate).mul_(up)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (both,) = ctx.saved_tensors
        gate, up = both.chunk(2, dim=-1)
        result = torch.empty_like(both)
        of_gate, of_up = result.chunk(2, dim=-1)
        torch.mul(functional.silu(gate), gradient, out=of_up)
        of_gate.copy_(torch.ops.aten.silu_backward(gradient * up, gate))
        return result


class _Rotation(torch.autograd.Function):
    """x ⊙ cos + (−right, left) ⊙ sin, for the halves (left, right) of each head; its gradient is the inverse rotation."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        ctx.save_for_backward(cos, sin)
        return rotated(x, cos, sin)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        cos, sin = ctx.saved_tensors
        return rotated(gradient, cos, -sin), None, None


def rotated(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """x: (batch, time, heads, head_width); cos, sin: (time, 1, head_width / 2)."""
    left, right = x.chunk(2, dim=-1)
    return torch.cat((left * cos - right * sin, right * cos + left * sin), dim=-1)


def rotary_rates(head_width: int, base: float, device: torch.device) -> Tensor:
    """Radians a token by which each pair of channels is rotated: (head_width / 2,), float32."""
    half = head_width // 2
    return base ** (-torch.arange(half, device=device, dtype=torch.float32) / half)


def rotary_tables(
    first: int, length: int, head_width: int, like: Tensor, base: float = ROTARY_BASE
) -> tuple[Tensor, Tensor]:
    """cos and sin of positions `first` … `first + length - 1`, each (length, 1, head_width / 2), in `like`'s precision."""
    rates = rotary_rates(head_width, base, like.device)
    angle = torch.arange(first, first + length, device=like.device, dtype=torch.float32)[:, None, None] * rates
    return angle.cos().to(like.dtype), angle.sin().to(like.dtype)


class GroupedAttention(nn.Module):
    """Causal attention in which groups of queries share keys and values. Input and output: (batch, time, width)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.heads, self.kv_heads, self.context = config.heads, config.key_heads, config.context
        self.head_width, self.rotary_base = config.head_width, config.rotary_base
        self.project_in = nn.Linear(config.width, (self.heads + 2 * self.kv_heads) * self.head_width, bias=False)
        self.project_out = zero_linear(self.heads * self.head_width, config.width)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self._heads(x, first=0)
        read = functional.scaled_dot_product_attention(q, self.shared(k), self.shared(v), is_causal=True)
        return self.merged(read)

    def advance(self, x: Tensor, state: AttentionState) -> tuple[Tensor, AttentionState]:
        """Continue from `state` with further tokens, each seeing at most `context` tokens including itself."""
        q, k, v = self._heads(x, first=state.seen)
        keys, values = torch.cat((state.keys, k), dim=2), torch.cat((state.values, v), dim=2)
        length, kept = q.shape[2], keys.shape[2]
        query = torch.arange(kept - length, kept, device=x.device)[:, None]
        key = torch.arange(kept, device=x.device)[None, :]
        visible = (key <= query) & (key > query - self.context)  # (time, kept + time)
        read = functional.scaled_dot_product_attention(q, self.shared(keys), self.shared(values), attn_mask=visible)
        last = slice(max(0, kept - self.context), None)
        return self.merged(read), AttentionState(keys[:, :, last], values[:, :, last], state.seen + x.shape[1])

    def initial_state(self, batch: int, like: Tensor) -> AttentionState:
        empty = like.new_zeros(batch, self.kv_heads, 0, self.head_width)
        return AttentionState(empty, empty, 0)

    def projected(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Queries with keys, not rotated, (batch, time, heads + kv_heads, head_width); values, with kv_heads."""
        every = self.project_in(x).unflatten(-1, (-1, self.head_width))
        asked, v = every.split((self.heads + self.kv_heads, self.kv_heads), dim=2)
        return asked, v

    def _heads(self, x: Tensor, first: int) -> tuple[Tensor, Tensor, Tensor]:
        """Queries (batch, heads, time, head_width), keys and values (batch, kv_heads, time, head_width)."""
        asked, v = self.projected(x)
        cos, sin = rotary_tables(first, x.shape[1], self.head_width, asked, self.rotary_base)
        if torch.is_grad_enabled():
            turned = _Rotation.apply(asked, cos, sin)  # type: ignore[no-untyped-call]
        else:
            turned = rotated(asked, cos, sin)
        q, k = turned.transpose(1, 2).split((self.heads, self.kv_heads), dim=1)
        return q, k, v.transpose(1, 2)

    def shared(self, x: Tensor) -> Tensor:
        """Keys or values, repeated for each query head."""
        return x if self.kv_heads == self.heads else x.repeat_interleave(self.heads // self.kv_heads, dim=1)

    def merged(self, read: Tensor) -> Tensor:
        y: Tensor = self.project_out(read.transpose(1, 2).flatten(2))
        return y


class GatedMLP(nn.Module):
    """W_down (silu(W_gate x) ⊙ W_up x). The last matrix starts at zero, as in the other architectures."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.expand = nn.Linear(width, 2 * inner, bias=False)  # gate, then up
        self.project = zero_linear(inner, width)

    def forward(self, x: Tensor) -> Tensor:
        both: Tensor = self.expand(x)
        if torch.is_grad_enabled():
            gated = _SwiGLU.apply(both)  # type: ignore[no-untyped-call]
        else:
            gate, up = both.chunk(2, dim=-1)
            gated = functional.silu(gate).mul_(up)
        projected: Tensor = self.project(gated)
        return projected


class LlamaBlock(nn.Module):
    """One layer: attention, then the gated MLP, each on a normalised copy and added back."""

    def __init__(self, config: ModelConfig, index: int) -> None:
        super().__init__()
        self.norm_before_mixer = RMSNorm(config.width, config.norm_epsilon)
        self.mixer = GroupedAttention(config)
        self.norm_before_mlp = RMSNorm(config.width, config.norm_epsilon)
        self.mlp = GatedMLP(config.width, config.mlp_width)
        self._sites = (2 * index + 1, 2 * index + 2)  # site 0 is the embedding's

    def forward(self, x: Tensor, dropout: Dropout | None) -> Tensor:
        x = x + self._drop(self.mixer(self.norm_before_mixer(x)), dropout, 0)
        return x + self._drop(self.mlp(self.norm_before_mlp(x)), dropout, 1)

    def advance(self, x: Tensor, state: AttentionState) -> tuple[Tensor, AttentionState]:
        mixed, state = self.mixer.advance(self.norm_before_mixer(x), state)
        x = x + mixed
        return x + self.mlp(self.norm_before_mlp(x)), state

    def _drop(self, x: Tensor, dropout: Dropout | None, branch: int) -> Tensor:
        return x if dropout is None else dropout(x, self._sites[branch])
