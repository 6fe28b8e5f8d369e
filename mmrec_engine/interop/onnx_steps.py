"""One step of a model as a function of tensors alone, which PyTorch's exporter turns into an ONNX graph.

A step reads any number of further tokens and returns their logits and the state after them, as `LanguageModel.advance` does. A
graph has no lists of chunks and no state but its inputs, so time mixing is written anew here; all other layers are the model's.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from mmrec_engine.model.language_model import Block, LanguageModel
from mmrec_engine.model.layers import norm
from mmrec_engine.model.llama import LlamaBlock, rotary_rates, rotated
from mmrec_engine.model.multi_memory import MultiMemory, powers

States = Sequence[tuple[Tensor, Tensor]]  # a layer's two tensors


class RecurrenceStep(nn.Module):
    """A step of MM-Rec. State of a layer: the token before, (batch, width), and the memories, (batch, heads, head_width,
    head_width): its size is constant.

    All tokens of a step are one chunk, whose weights take (heads, time, time) values: read a long text in several steps.
    """

    def __init__(self, model: LanguageModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: Tensor, states: States) -> tuple[Tensor, ...]:
        """ids: (batch, time), int64. Returns logits (batch, time, vocabulary), then the tensors of the states."""
        x, after = self.model.embedding(ids), []
        for block, (last, memory) in zip(self.model.blocks, states, strict=True):
            assert isinstance(block, Block) and isinstance(block.mixer, MultiMemory)
            normalised = norm(x)
            mixed, memory = _recur(block.mixer, normalised, last, memory)
            x = x + mixed
            x = x + block.mlp(norm(x))
            after += [normalised[:, -1], memory]
        return (self.model.logits(x), *after)


def _recur(mixer: MultiMemory, x: Tensor, last: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
    """Write k vᵀ into the memories and read them with q, as one chunk (`multi_memory.py`). x: (batch, time, width)."""
    time = x.shape[1]
    gate, q, k, v = mixer.project_in(mixer.shift(x, last)).split(x.shape[2], dim=-1)
    q, k, v = (part.unflatten(-1, (mixer.heads, -1)).transpose(1, 2) for part in (q, k, v))
    q, k = norm(q), norm(k)  # (batch, heads, time, head_width)
    position = torch.arange(time, dtype=torch.float32, device=x.device)[:, None]
    distance = position - position.transpose(0, 1)  # (time, time): t - s
    log_decay = mixer.log_decay[:, None, None]
    scale = (1.0 - torch.exp(2.0 * log_decay)).sqrt()
    within = powers(log_decay, distance.clamp(min=0)) * (distance >= 0)
    read = scale * ((q @ k.transpose(-1, -2) * within) @ v + (q * powers(log_decay, position + 1)) @ memory)
    written = (k * powers(log_decay, time - 1 - position)).transpose(-1, -2) @ v
    memory = torch.exp(log_decay * time) * memory + written
    return mixer.merged(norm(read).transpose(1, 2).flatten(2), gate), memory


class AttentionStep(nn.Module):
    """A step of llama. State of a layer: keys and values of the last `context` tokens at most, each (batch, kv_heads, kept,
    head_width)."""

    rates: Tensor

    def __init__(self, model: LanguageModel) -> None:
        super().__init__()
        self.model = model
        rates = rotary_rates(model.config.head_width, model.config.rotary_base, model.embedding.weight.device)
        self.register_buffer("rates", rates, persistent=False)

    def forward(self, ids: Tensor, positions: Tensor, states: States) -> tuple[Tensor, ...]:
        """ids, positions: (batch, time), int64; positions count from 0. Returns logits (batch, time, vocabulary), then the
        tensors of the states."""
        x, after, context = self.model.embedding(ids), [], self.model.config.context
        angle = positions[..., None, None] * self.rates  # (batch, time, 1, head_width / 2)
        cos, sin = angle.cos(), angle.sin()
        kept = states[0][0].shape[2] + ids.shape[1]
        query = torch.arange(kept - ids.shape[1], kept, device=x.device)[:, None]
        key = torch.arange(kept, device=x.device)[None, :]
        visible = (key <= query) & (key > query - context)  # (time, kept)
        for block, (keys, values) in zip(self.model.blocks, states, strict=True):
            assert isinstance(block, LlamaBlock)
            mixer = block.mixer
            asked, v = mixer.projected(block.norm_before_mixer(x))
            q, k = torch.split(rotated(asked, cos, sin).transpose(1, 2), [mixer.heads, mixer.kv_heads], dim=1)
            keys, values = torch.cat((keys, k), dim=2), torch.cat((values, v.transpose(1, 2)), dim=2)
            read = functional.scaled_dot_product_attention(
                q, mixer.shared(keys), mixer.shared(values), attn_mask=visible
            )
            x = x + mixer.merged(read)
            x = x + block.mlp(block.norm_before_mlp(x))
            after += [keys[:, :, -context:], values[:, :, -context:]]
        return (self.model.logits(x), *after)
