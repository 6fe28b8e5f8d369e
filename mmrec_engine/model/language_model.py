"""The language model: embedding, blocks of time mixing and MLP, head. The same frame for all architectures.

    x = dropout(embed(ids))
    x = x + dropout(mixer(norm(x)));  x = x + dropout(mlp(norm(x)))        per block
    logits = 15 tanh(head(norm(x)) / 15)

Head and the last matrix of every branch start at zero, so a new model predicts a uniform distribution with a loss of
ln(vocabulary). llama (`llama.py`) has norms with a gain, no soft cap, and, if tied, the embedding as its head, with a first
loss near that.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from mmrec_engine.model.attention import Attention, AttentionState
from mmrec_engine.model.dropout import Dropout
from mmrec_engine.model.fused import Kernel
from mmrec_engine.model.layers import INITIAL_STD, MLP, norm, zero_linear
from mmrec_engine.model.llama import LlamaBlock, RMSNorm
from mmrec_engine.model.multi_memory import MemoryState, MultiMemory
from mmrec_engine.settings.model_config import ModelConfig

MixerState = MemoryState | AttentionState
State = Sequence[MixerState]

# Logits stay within ±15, which keeps early steps at a high rate from diverging. Source: Gemma 2 (Gemma Team, 2024).
SOFT_CAP = 15.0


class Block(nn.Module):
    """One layer: time mixing, then an MLP, each on a normalised copy and added back."""

    def __init__(self, config: ModelConfig, index: int) -> None:
        super().__init__()
        self.mixer: MultiMemory | Attention = (
            MultiMemory(config.width, config.heads)
            if config.architecture == "mmrec"
            else Attention(config.width, config.heads, config.context)
        )
        self.mlp = MLP(config.width, config.mlp_width)
        self._sites = (2 * index + 1, 2 * index + 2)  # site 0 is the embedding's

    def forward(self, x: Tensor, dropout: Dropout | None) -> Tensor:
        x = x + self._drop(self.mixer(norm(x)), dropout, 0)
        return x + self._drop(self.mlp(norm(x)), dropout, 1)

    def advance(self, x: Tensor, state: MixerState) -> tuple[Tensor, MixerState]:
        mixed, state = self.mixer.advance(norm(x), state)  # type: ignore[arg-type]
        x = x + mixed
        return x + self.mlp(norm(x)), state

    def _drop(self, x: Tensor, dropout: Dropout | None, branch: int) -> Tensor:
        return x if dropout is None else dropout(x, self._sites[branch])


class LanguageModel(nn.Module):
    """Maps ids (batch, time), int64, to logits (batch, time, vocabulary), float32."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.recompute_activations = False  # gradient checkpointing: trade a second forward pass for memory
        self.embedding = nn.Embedding(config.vocabulary, config.width)
        block = LlamaBlock if config.architecture == "llama" else Block
        self.blocks = nn.ModuleList(block(config, index) for index in range(config.layers))
        self.norm = RMSNorm(config.width, config.norm_epsilon) if config.architecture == "llama" else None
        self.head = None if config.tied else zero_linear(config.width, config.vocabulary)

    def use_kernel(self, kernel: Kernel | None) -> None:
        """A fused kernel for the recurrence while training, on a GPU (`fused.py`)."""
        for block in self._layers():
            if isinstance(block.mixer, MultiMemory):
                block.mixer.kernel = kernel

    def train_last(self, layers: int | None) -> None:
        """Train only the last layers, the gain after them, and the head unless it is the embedding too; None: everything.

        The other weights are frozen: they get no gradient and no moments, and what is before the first trained layer keeps no
        activations.
        """
        if layers is None:
            return
        self.requires_grad_(False)
        for module in (*self.blocks[len(self.blocks) - layers :], self.norm, self.head):
            if module is not None:
                module.requires_grad_(True)

    def forward(self, ids: Tensor, dropout: Dropout | None = None) -> Tensor:
        x = self.embedding(ids)  # (batch, time, width)
        if dropout is not None:
            x = dropout(x, 0)
        for block in self.blocks:
            if self.recompute_activations and self.training:
                x = checkpoint(block, x, dropout, use_reentrant=False, preserve_rng_state=False)
            else:
                x = block(x, dropout)
        return self.logits(x)

    def initial_state(self, batch: int) -> State:
        """The recurrent state (or the empty key-value cache) before the first token."""
        weight = self.embedding.weight
        # A plain tensor, also with a sharded model.
        like = torch.empty(0, dtype=weight.dtype, device=weight.device)
        return [block.mixer.initial_state(batch, like) for block in self._layers()]

    def advance(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """Logits for further tokens `ids` (batch, time), continuing from `state`; and the state after them."""
        x = self.embedding(ids)
        after = []
        for block, before in zip(self._layers(), state, strict=True):
            x, mixer_state = block.advance(x, before)  # type: ignore[arg-type]
            after.append(mixer_state)
        return self.logits(x), after

    def _layers(self) -> list[Block | LlamaBlock]:
        return [block for block in self.blocks if isinstance(block, Block | LlamaBlock)]

    def logits(self, x: Tensor) -> Tensor:
        """Of the output of the last block, (batch, time, width)."""
        x = norm(x) if self.norm is None else self.norm(x)
        logits = functional.linear(x, self.embedding.weight) if self.head is None else self.head(x)
        logits = logits.float()
        return logits if self.norm is not None else SOFT_CAP * torch.tanh(logits / SOFT_CAP)


def create_model(config: ModelConfig, seed: int) -> LanguageModel:
    """A new model with weights drawn from `seed` alone; the global random state is unchanged."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LanguageModel(config)
        for name, parameter in model.named_parameters():
            if parameter.ndim == 2 and parameter.any():
                # Also for the head: so small that a token's own logit, width · std, is at most 1.
                of_embedding = 1.0 / config.width if config.tied else 1.0
                std = of_embedding if name == "embedding.weight" else _fan_in_std(parameter)
                nn.init.normal_(parameter, std=std)
    return model


def _fan_in_std(weight: Tensor) -> float:
    """Keeps the variance of a product at that of its normalised input (LeCun 1998), and never below GPT-2's 0.02."""
    return max(INITIAL_STD, 1.0 / math.sqrt(weight.shape[1]))
