"""The multi-memory recurrence as written in the formulas, token by token: the reference for the fast form.

Slow on purpose. Tests compare its outputs, states and gradients with `MultiMemory`; nothing else uses it.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from mmrec_engine.model.layers import norm
from mmrec_engine.model.multi_memory import MultiMemory, time_constants


def recur(mixer: MultiMemory, x: Tensor) -> tuple[Tensor, Tensor]:
    """Outputs (batch, time, width) and the last memories (batch, heads, head_width, head_width) for input x."""
    gamma = torch.exp(-1.0 / time_constants(mixer.heads)).to(x)  # (heads,)
    scale = torch.sqrt(1.0 - gamma**2)
    batch, time, width = x.shape
    shape = (batch, mixer.heads, width // mixer.heads)
    memory = x.new_zeros(*shape, width // mixer.heads)
    before = x.new_zeros(batch, width)
    outputs = []
    for t in range(time):
        shifted = x[:, t] + mixer.shift.mix * (before - x[:, t])
        before = x[:, t]
        gate, q, k, v = mixer.project_in(shifted).chunk(4, dim=-1)
        q, k, v = norm(q.view(shape)), norm(k.view(shape)), v.view(shape)
        memory = gamma[:, None, None] * memory + k.unsqueeze(-1) * v.unsqueeze(-2)
        read = scale[:, None] * torch.einsum("bhi,bhij->bhj", q, memory)
        merged = norm(read).reshape(batch, width)
        outputs.append(mixer.project_out(merged * mixer.gain * functional.silu(gate)))
    return torch.stack(outputs, dim=1), memory
