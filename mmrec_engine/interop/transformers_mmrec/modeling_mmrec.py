"""MM-Rec for the library `transformers`: a multi-memory recurrence that generates with constant memory a token.

    S_t = γ S_{t-1} + k_t v_tᵀ;  o_t = √(1-γ²) q_tᵀ S_t          one memory a head, γ fixed, log-spaced over the heads

RetNet's retention (Sun et al. 2023) with log-spaced time constants, the token shift of RWKV (Peng et al. 2023) and normalised
queries and keys. This file needs torch and transformers alone.
"""

import functools

import torch
from torch import nn
from torch.nn import functional
from transformers import GenerationMixin, PreTrainedModel
from transformers.cache_utils import DynamicCache
from transformers.modeling_outputs import CausalLMOutputWithPast

from .configuration_mmrec import MMRecConfig

SHORTEST_TIME_CONSTANT, LONGEST_TIME_CONSTANT = 2.0, 512.0
SMALLEST_POWER = 1e-30


def norm(x):
    """Mean 0 and variance 1 over the last dimension."""
    return functional.layer_norm(x, x.shape[-1:])


def powers(log_base, exponent):
    power = torch.exp(log_base * exponent)
    return torch.where(power < SMALLEST_POWER, torch.zeros_like(power), power)


@functools.lru_cache(maxsize=16)
def decays(heads, size, device, dtype):
    """Of a chunk of `size` tokens: within (heads, size, size), from_memory, to_memory (heads, size, 1), whole (heads, 1, 1).

    Computed when used, not stored as buffers: a model created without memory for them would have to fill them afterwards.
    """
    steps = torch.linspace(0, 1, heads, dtype=torch.float64) if heads > 1 else torch.tensor([0.5], dtype=torch.float64)
    tau = SHORTEST_TIME_CONSTANT * (LONGEST_TIME_CONSTANT / SHORTEST_TIME_CONSTANT) ** steps
    log_decay = (-1.0 / tau)[:, None]
    scale = (1.0 - torch.exp(2.0 * log_decay)).sqrt()
    position = torch.arange(size, dtype=torch.float64)
    distance = position[:, None] - position[None, :]
    within = powers(log_decay[..., None], distance.clamp(min=0)) * (distance >= 0) * scale[..., None]
    from_memory = (powers(log_decay, position + 1) * scale).unsqueeze(-1)
    to_memory = powers(log_decay, size - 1 - position).unsqueeze(-1)
    whole = powers(log_decay, torch.tensor(float(size), dtype=torch.float64)).unsqueeze(-1)
    return tuple(value.to(device, dtype) for value in (within, from_memory, to_memory, whole))


class TokenShift(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.mix = nn.Parameter(torch.full((width,), 0.5))

    def forward(self, x, before):
        return torch.lerp(x, torch.cat((before.unsqueeze(1), x[:, :-1]), dim=1), self.mix)


class MultiMemory(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.heads, self.chunk = config.num_attention_heads, config.chunk
        width = config.hidden_size
        self.shift = TokenShift(width)
        self.project_in = nn.Linear(width, 4 * width, bias=False)
        self.gain = nn.Parameter(torch.ones(width))
        self.project_out = nn.Linear(width, width, bias=False)

    def forward(self, x, before, memory):
        """x: (batch, time, width); before: (batch, width); memory: (batch, heads, head_width, head_width), float32."""
        batch, time, width = x.shape
        gate, q, k, v = self.project_in(self.shift(x, before)).split(width, dim=-1)
        q, k, v = (part.view(batch, time, self.heads, -1).transpose(1, 2).float() for part in (q, k, v))
        q, k = norm(q), norm(k)
        reads = []
        for start in range(0, time, self.chunk):
            part = slice(start, min(time, start + self.chunk))
            q_c, k_c, v_c = q[:, :, part], k[:, :, part], v[:, :, part]
            within, from_memory, to_memory, whole = decays(self.heads, q_c.shape[2], x.device, torch.float32)
            read = (q_c @ k_c.transpose(-1, -2) * within) @ v_c + (q_c * from_memory) @ memory
            memory = whole * memory + (k_c * to_memory).transpose(-1, -2) @ v_c
            reads.append(read)
        merged = norm(torch.cat(reads, dim=2)).transpose(1, 2).flatten(2).to(x.dtype)
        return self.project_out(merged * self.gain * functional.silu(gate)), x[:, -1], memory


class MLP(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.expand = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.project = nn.Linear(config.intermediate_size, config.hidden_size, bias=False)

    def forward(self, x):
        return self.project(self.expand(x).relu().square())


class Block(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.mixer = MultiMemory(config)
        self.mlp = MLP(config)


class MMRecForCausalLM(PreTrainedModel, GenerationMixin):
    config_class = MMRecConfig
    main_input_name = "input_ids"
    _no_split_modules = ["Block"]  # noqa: RUF012
    _is_stateful = True  # tokens cannot be removed from the state, so no assisted generation

    def __init__(self, config):
        super().__init__(config)
        self.embedding = nn.Embedding(config.vocab_size, config.hidden_size)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.num_hidden_layers))
        self.head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        self.post_init()

    def get_input_embeddings(self):
        return self.embedding

    def set_input_embeddings(self, value):
        self.embedding = value

    def get_output_embeddings(self):
        return self.head

    def set_output_embeddings(self, value):
        self.head = value

    def forward(
        self,
        input_ids=None,
        attention_mask=None,
        cache=None,
        inputs_embeds=None,
        labels=None,
        use_cache=None,
        logits_to_keep=0,
        **others,
    ):
        x = self.embedding(input_ids) if inputs_embeds is None else inputs_embeds
        use_cache = (not self.training) if use_cache is None else use_cache
        cache = others.pop("past_key_values", None) if cache is None else cache  # its earlier name
        if use_cache and cache is None:
            cache = DynamicCache(config=self.config)
        batch, time, width = x.shape
        seen = (
            None if attention_mask is None or attention_mask.ndim != 2 else attention_mask[:, -time:, None].to(x.dtype)
        )
        heads = self.config.num_attention_heads
        for index, block in enumerate(self.blocks):
            layer = None if cache is None else cache.layers[index]
            if layer is not None and layer.has_previous_state[0]:
                before, memory = layer.conv_states[0][..., -1], layer.recurrent_states[0]
            else:
                before = x.new_zeros(batch, width)
                memory = torch.zeros(batch, heads, width // heads, width // heads, device=x.device)
            # Nothing is written at padding, so a padded text gives the same result as the text alone.
            mixed = norm(x) if seen is None else norm(x) * seen
            mixed, last, memory = block.mixer(mixed, before, memory)
            if layer is not None:
                cache.update_conv_state(last.unsqueeze(-1), index)
                cache.update_recurrent_state(memory, index)
            x = x + mixed
            x = x + block.mlp(norm(x))
        kept = slice(-logits_to_keep, None) if isinstance(logits_to_keep, int) else logits_to_keep
        logits = self.head(norm(x[:, kept])).float()
        logits = self.config.soft_cap * torch.tanh(logits / self.config.soft_cap)
        loss = None
        if labels is not None:
            loss = self.loss_function(logits=logits, labels=labels, vocab_size=self.config.vocab_size, **others)
        return CausalLMOutputWithPast(loss=loss, logits=logits, cache=cache if use_cache else None)
