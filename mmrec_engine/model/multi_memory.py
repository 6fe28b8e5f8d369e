"""Multi-memory recurrence: time mixing by several memories, each forgetting at its own fixed rate.

    S(t) = γ S(t-1) + k_t v_tᵀ              one memory a head: (head_width × head_width)
    o_t  = √(1-γ²) q_tᵀ S(t)

Sources: RetNet's retention (Sun et al., "Retentive network", 2023: one fixed decay a head, chunkwise-parallel form,
normalisation a head, swish gate) with log-spaced time constants; the token shift of RWKV (Peng et al., 2023); normalised
queries and keys (Henry et al., 2020); no xPos. docs/model.md has the formulas and the differences.

Training computes matrix products: within chunks, between chunks, and from a memory to later chunks; generation computes the
recurrence token by token. `naive.py` is the recurrence as written, and tests compare the two.
Must not know: tokens, loss, optimizers.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from mmrec_engine.model import fused
from mmrec_engine.model.layers import TokenShift, norm, zero_linear
from mmrec_engine.settings.model_config import CHUNK

SHORTEST_TIME_CONSTANT = 2.0
LONGEST_TIME_CONSTANT = 512.0
_CHUNKS_AT_ONCE = 16  # chunks whose memories are computed by one product; its cost grows with their number
_SMALLEST_POWER = 1e-30  # smaller powers become 0: products with denormal numbers are slow


class MemoryState(NamedTuple):
    """The recurrent state: its size does not depend on the length of the text."""

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
    within: Tensor
    between: Tensor
    since: Tensor
    from_state: Tensor
    to_state: Tensor
    log_decay: Tensor

    def __init__(self, width: int, heads: int, chunk: int = CHUNK) -> None:
        super().__init__()
        self.heads, self.chunk = heads, chunk
        self.kernel: fused.Kernel | None = None  # fused, for training in half precision; None: the products below
        self.shift = TokenShift(width)
        self.project_in = nn.Linear(width, 4 * width, bias=False)
        self.gain = nn.Parameter(torch.ones(width))
        self.project_out = zero_linear(width, width)
        self._build_powers(time_constants(heads))

    def _build_powers(self, tau: Tensor) -> None:
        """Constants of the decay: everything that depends only on γ and a position within the chunk."""
        log_decay = -1.0 / tau  # (heads,), ln γ
        scale = (1.0 - torch.exp(2.0 * log_decay)).sqrt()  # (heads,): gives fast and slow memories equal size
        position = torch.arange(self.chunk, dtype=torch.float64)
        distance = position[:, None] - position[None, :]  # (chunk, chunk): t - s
        within = powers(log_decay[:, None, None], distance.clamp(min=0)) * (distance >= 0) * scale[:, None, None]
        chunk_decay = self.chunk * log_decay
        number = torch.arange(_CHUNKS_AT_ONCE, dtype=torch.float64)
        apart = number[:, None] - 1 - number[None, :]  # (chunks, chunks)
        constants = {
            "within": within,  # (heads, chunk, chunk): √(1-γ²) γ^(t-s), 0 above the diagonal
            "from_state": (powers(log_decay[:, None], position + 1) * scale[:, None]).unsqueeze(
                -1
            ),  # (heads, chunk, 1)
            "to_state": powers(log_decay[:, None], self.chunk - 1 - position).unsqueeze(-1),  # (heads, chunk, 1)
            "decay": log_decay.exp()[:, None, None],  # (heads, 1, 1)
            "log_decay": log_decay,  # (heads,)
            # (heads, chunks, chunks): γ^(chunk · (n-1-m)), from what chunk m wrote to where chunk n begins; 0 for m ≥ n
            "between": powers(chunk_decay[:, None, None], apart.clamp(min=0)) * (apart >= 0),
            "since": powers(chunk_decay[:, None], number)[..., None, None],  # (heads, chunks, 1, 1): γ^(chunk · n)
        }
        for name, value in constants.items():
            self.register_buffer(name, value.to(torch.get_default_dtype()), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return self._mix(x, None, keep_state=False)[0]

    def advance(self, x: Tensor, state: MemoryState) -> tuple[Tensor, MemoryState]:
        """Continue from `state` with any number of further tokens; returns their outputs and the state after them."""
        if x.shape[1] == 1:
            return self._advance_by_one(x[:, 0], state)
        y, memory = self._mix(x, state, keep_state=True)
        assert memory is not None
        return y, MemoryState(x[:, -1], memory)

    def initial_state(self, batch: int, like: Tensor) -> MemoryState:
        width = self.gain.shape[0]
        head_width = width // self.heads
        return MemoryState(
            like.new_zeros(batch, width), self.within.new_zeros(batch, self.heads, head_width, head_width)
        )

    def _advance_by_one(self, x: Tensor, state: MemoryState) -> tuple[Tensor, MemoryState]:
        """The recurrence as written above, in as few operations as possible, for generation. x: (batch, width)."""
        batch, width = x.shape
        shape = (batch, self.heads, width // self.heads)
        shifted = torch.lerp(x, state.last, self.shift.mix)
        gate, asked, v = self.project_in(shifted).split((width, 2 * width, width), dim=-1)
        q, k = norm(asked.view(batch, 2, *shape[1:])).unbind(1)  # (batch, heads, head_width)
        memory = torch.addcmul(self.decay * state.memory, k.unsqueeze(-1), v.view(shape).unsqueeze(-2))
        read = ((q * self.within[:, 0, :1]).unsqueeze(-2) @ memory).squeeze(-2)  # (batch, heads, head_width)
        merged = norm(read).view(batch, width)
        y: Tensor = self.project_out(merged * self.gain * functional.silu(gate))
        return y.unsqueeze(1), MemoryState(x, memory)

    def _mix(self, x: Tensor, state: MemoryState | None, keep_state: bool) -> tuple[Tensor, Tensor | None]:
        shifted = self.shift(x, None if state is None else state.last)
        batch, time, width = x.shape
        gate, asked, v = self.project_in(shifted).split((width, 2 * width, width), dim=-1)
        if self.kernel is not None and self.training and state is None and not keep_state and v.dtype in fused.HALF:
            q, k = norm(asked.view(batch, time, 2, self.heads, -1)).unbind(2)  # (batch, time, heads, head_width)
            read = fused.read(self.kernel, q, k, v.view(q.shape), self.log_decay, self.within[:, 0, 0])
            return self.merged(norm(read).flatten(2), gate), None
        # (2, batch, heads, time, head_width), both in one pass
        q, k = norm(asked.view(batch, time, 2, self.heads, -1).permute(2, 0, 3, 1, 4)).unbind()
        v = v.view(batch, time, self.heads, -1).transpose(1, 2).contiguous()  # (batch, heads, time, head_width)
        read, memory = self._recur(q, k, v, None if state is None else state.memory, keep_state)
        return self.merged(norm(read).transpose(1, 2).flatten(2), gate), memory

    def merged(self, read: Tensor, gate: Tensor) -> Tensor:
        """read, gate: (batch, time, width)."""
        y: Tensor = self.project_out(read * self.gain * functional.silu(gate))
        return y

    def _recur(
        self, q: Tensor, k: Tensor, v: Tensor, memory: Tensor | None, keep_state: bool
    ) -> tuple[Tensor, Tensor | None]:
        """Write k vᵀ into the memories and read them with q, group after group of chunks.

        q, k, v: (batch, heads, time, head_width); memory: (batch, heads, head_width, head_width) or None if
        it is empty. Returns the reads, shaped like v, and the memory after the last token (None unless requested).
        """
        shapes = self._pieces(q.shape[2])
        # Split, not sliced: the gradient of each slice would be as long as the whole.
        sizes = [chunks * size for chunks, size in shapes]
        pieces = zip(*(torch.split(part, sizes, dim=2) for part in (q, k, v)), strict=True)
        reads: list[Tensor] = []
        for shape, piece in zip(shapes, pieces, strict=True):
            q_c, k_c, v_c = (part.reshape(*part.shape[:2], *shape, part.shape[3]) for part in piece)
            read, memory = self._recur_chunks(q_c, k_c, v_c, memory, keep_state or len(reads) + 1 < len(shapes))
            reads.append(read.flatten(2, 3))
        return reads[0] if len(reads) == 1 else torch.cat(reads, dim=2), memory

    def _pieces(self, length: int) -> list[tuple[int, int]]:
        """Chunks and tokens a chunk of each group: the largest groups, the remaining chunks, a last shorter chunk."""
        chunks, rest = divmod(length, self.chunk)
        most, fewer = divmod(chunks, _CHUNKS_AT_ONCE)
        whole = [(_CHUNKS_AT_ONCE, self.chunk)] * most + ([(fewer, self.chunk)] if fewer else [])
        return whole + ([(1, rest)] if rest else [])

    def _recur_chunks(
        self, q: Tensor, k: Tensor, v: Tensor, memory: Tensor | None, keep_state: bool
    ) -> tuple[Tensor, Tensor | None]:
        """The same for chunks of equal size at once: q, k, v (batch, heads, chunks, size, head_width)."""
        chunks, size = q.shape[2:4]
        weights = q @ k.transpose(-1, -2)  # (…, chunks, size, size)
        # In the precision of the product: mixed precisions would be converted for every entry.
        weights = weights.mul_(self.within[:, None, :size, :size].to(weights.dtype))
        read = weights @ v
        if chunks == 1 and memory is None and not keep_state:
            return read, None
        written = (k * self.to_state[:, None, self.chunk - size :]).transpose(-1, -2) @ v  # (…, chunks, width, width)
        before = self._before(written, memory)
        if before is not None:
            asked = q * self.from_state[:, None, :size]
            read = torch.baddbmm(read.flatten(0, 2), asked.flatten(0, 2), before.flatten(0, 2)).view_as(read)
        if not keep_state:
            return read, None
        last = written[:, :, -1]
        return read, last if before is None else self.decay**size * before[:, :, -1] + last

    def _before(self, written: Tensor, memory: Tensor | None) -> Tensor | None:
        """The memories with which each chunk begins, shaped like `written`; None where they are empty."""
        chunks = written.shape[2]
        if chunks == 1:
            return None if memory is None else memory.unsqueeze(2)
        before = (self.between[:, :chunks, :chunks] @ written.flatten(3)).view_as(written)
        return before if memory is None else before + self.since[:, :chunks] * memory.unsqueeze(2)


def powers(log_base: Tensor, exponent: Tensor) -> Tensor:
    """base^exponent in log space, with negligible values set to 0."""
    power = torch.exp(log_base * exponent)
    return torch.where(power < _SMALLEST_POWER, torch.zeros_like(power), power)
