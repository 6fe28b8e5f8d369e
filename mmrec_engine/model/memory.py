"""Multi-memory recurrence: time mixing by several memories, each forgetting at its own fixed rate.

    S(t) = γ S(t-1) + k_t v_tᵀ              one memory a head: (head_width × head_width)
    o_t  = √(1-γ²) q_tᵀ S(t)

Training runs chunk by chunk as matrix products; generating runs the same code on chunks of one token. `reference.py` is the
recurrence as written, and the tests hold the two equal. Must not know: tokens, loss, optimizers.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from mmrec_engine.model.config import CHUNK
from mmrec_engine.model.layers import TokenShift, norm, zero_linear

SHORTEST_TIME_CONSTANT = 2.0
LONGEST_TIME_CONSTANT = 512.0
_SMALLEST_POWER = 1e-30  # smaller powers become 0: products with denormal numbers are slow


class MemoryState(NamedTuple):
    """All that the recurrence remembers of a text: the same size however long the text was."""

    last: Tensor  # (batch, width): the input before the next one, for the token shift
    memory: Tensor  # (batch, heads, head_width, head_width), float32


def time_constants(heads: int) -> Tensor:
    """Tokens after which a memory has faded to 1/e, log-spaced over the heads. Shape (heads,), float64."""
    if heads == 1:
        return torch.tensor([(SHORTEST_TIME_CONSTANT * LONGEST_TIME_CONSTANT) ** 0.5], dtype=torch.float64)
    return torch.logspace(
        torch.log10(torch.tensor(SHORTEST_TIME_CONSTANT, dtype=torch.float64)).item(),
        torch.log10(torch.tensor(LONGEST_TIME_CONSTANT, dtype=torch.float64)).item(),
        heads,
        dtype=torch.float64,
    )


class MultiMemory(nn.Module):
    """Gated time mixing by `heads` memories. Input and output: (batch, time, width)."""

    decay: Tensor
    read_scale: Tensor
    within: Tensor
    from_state: Tensor
    to_state: Tensor

    def __init__(self, width: int, heads: int, chunk: int = CHUNK) -> None:
        super().__init__()
        self.heads, self.chunk = heads, chunk
        self.shift = TokenShift(width)
        self.project_in = nn.Linear(width, 4 * width, bias=False)
        self.gain = nn.Parameter(torch.ones(width))
        self.project_out = zero_linear(width, width)
        self._build_powers(time_constants(heads))

    def _build_powers(self, tau: Tensor) -> None:
        """Constants of the decay: everything that depends on γ and a position within the chunk only."""
        log_decay = -1.0 / tau  # (heads,), ln γ
        scale = (1.0 - torch.exp(2.0 * log_decay)).sqrt()  # (heads,): fast and slow memories get one size
        position = torch.arange(self.chunk, dtype=torch.float64)
        distance = position[:, None] - position[None, :]  # (chunk, chunk): t - s
        within = _powers(log_decay[:, None, None], distance.clamp(min=0)) * (distance >= 0) * scale[:, None, None]
        constants = {
            "within": within,  # (heads, chunk, chunk): √(1-γ²) γ^(t-s), 0 above the diagonal
            "from_state": (_powers(log_decay[:, None], position + 1) * scale[:, None]).unsqueeze(
                -1
            ),  # (heads, chunk, 1)
            "to_state": _powers(log_decay[:, None], self.chunk - 1 - position).unsqueeze(-1),  # (heads, chunk, 1)
            "decay": log_decay.exp()[:, None, None],  # (heads, 1, 1)
        }
        for name, value in constants.items():
            self.register_buffer(name, value.to(torch.get_default_dtype()), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return self._mix(x, None, keep_state=False)[0]

    def advance(self, x: Tensor, state: MemoryState) -> tuple[Tensor, MemoryState]:
        """Go on from `state` with any number of further tokens; returns their outputs and the state after them."""
        y, memory = self._mix(x, state, keep_state=True)
        assert memory is not None
        return y, MemoryState(x[:, -1], memory)

    def initial_state(self, batch: int, like: Tensor) -> MemoryState:
        width = self.gain.shape[0]
        head_width = width // self.heads
        return MemoryState(
            like.new_zeros(batch, width), self.within.new_zeros(batch, self.heads, head_width, head_width)
        )

    def _mix(self, x: Tensor, state: MemoryState | None, keep_state: bool) -> tuple[Tensor, Tensor | None]:
        shifted = self.shift(x, None if state is None else state.last)
        gate, q, k, v = self.project_in(shifted).chunk(4, dim=-1)  # (batch, time, width) each
        q, k, v = (self._split(part) for part in (q, k, v))  # (batch, heads, time, head_width)
        read, memory = self._remember(norm(q), norm(k), v, None if state is None else state.memory, keep_state)
        merged = norm(read).transpose(1, 2).flatten(2)  # (batch, time, width)
        y: Tensor = self.project_out(merged * self.gain * functional.silu(gate))
        return y, memory

    def _split(self, x: Tensor) -> Tensor:
        batch, time, width = x.shape
        return x.view(batch, time, self.heads, width // self.heads).transpose(1, 2)

    def _remember(
        self, q: Tensor, k: Tensor, v: Tensor, memory: Tensor | None, keep_state: bool
    ) -> tuple[Tensor, Tensor | None]:
        """Write k vᵀ into the memories and read them with q, one chunk after the other.

        q, k, v: (batch, heads, time, head_width); memory: (batch, heads, head_width, head_width) or None where nothing
        was written yet. Returns the reads, shaped like v, and the memory after the last token (None unless asked for).
        """
        reads = []
        length = q.shape[2]
        for start in range(0, length, self.chunk):
            span = slice(start, start + self.chunk)
            q_c, k_c, v_c = q[:, :, span], k[:, :, span], v[:, :, span]
            size = q_c.shape[2]
            weights = (q_c @ k_c.transpose(-1, -2)) * self.within[:, :size, :size]  # (batch, heads, size, size)
            read = weights @ v_c  # (batch, heads, size, head_width)
            if memory is not None:
                read = read + self.from_state[:, :size] * (q_c @ memory)
            if keep_state or start + self.chunk < length:
                written = (k_c * self.to_state[:, self.chunk - size :]).transpose(-1, -2) @ v_c
                memory = written if memory is None else self.decay**size * memory + written
            reads.append(read)
        return torch.cat(reads, dim=2), memory


def _powers(log_base: Tensor, exponent: Tensor) -> Tensor:
    """base^exponent in log space, with what is too small to matter set to 0."""
    power = torch.exp(log_base * exponent)
    return torch.where(power < _SMALLEST_POWER, torch.zeros_like(power), power)
