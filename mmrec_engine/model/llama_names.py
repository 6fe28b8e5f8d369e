"""The weights of llama with the names and shapes of `LlamaForCausalLM`, and of llama.cpp's files."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from mmrec_engine.model.language_model import LanguageModel
from mmrec_engine.settings.model_config import ModelConfig

_OF_GGUF = {
    "model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output", "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
}  # fmt: skip


def llama_weights(model: LanguageModel) -> dict[str, Tensor]:
    """Matrices that are combined here (queries with keys and values, gate with up) are split. A tied head is omitted."""
    config, own = model.config, {name: value.detach() for name, value in model.named_parameters()}
    queries, keys = config.heads * config.head_width, config.key_heads * config.head_width
    found: dict[str, Tensor] = {"model.embed_tokens.weight": own["embedding.weight"]}
    for index in range(config.layers):
        here, there = f"blocks.{index}", f"model.layers.{index}"
        q, k, v = own[f"{here}.mixer.project_in.weight"].tensor_split((queries, queries + keys))
        gate, up = own[f"{here}.mlp.expand.weight"].chunk(2)
        found |= {
            f"{there}.input_layernorm.weight": own[f"{here}.norm_before_mixer.gain"],
            f"{there}.self_attn.q_proj.weight": q,
            f"{there}.self_attn.k_proj.weight": k,
            f"{there}.self_attn.v_proj.weight": v,
            f"{there}.self_attn.o_proj.weight": own[f"{here}.mixer.project_out.weight"],
            f"{there}.post_attention_layernorm.weight": own[f"{here}.norm_before_mlp.gain"],
            f"{there}.mlp.gate_proj.weight": gate,
            f"{there}.mlp.up_proj.weight": up,
            f"{there}.mlp.down_proj.weight": own[f"{here}.mlp.project.weight"],
        }
    found["model.norm.weight"] = own["norm.gain"]
    if not config.tied:
        found["lm_head.weight"] = own["head.weight"]
    return found


def own_weights(config: ModelConfig, tensor: Callable[[str], Tensor]) -> dict[str, Tensor]:
    """The inverse of `llama_weights`: the weights of a model of these sizes. tensor: returns one by its name there."""
    found = {"embedding.weight": tensor("model.embed_tokens.weight")}
    for index in range(config.layers):
        here, there = f"blocks.{index}", f"model.layers.{index}"
        attention = [tensor(f"{there}.self_attn.{name}_proj.weight") for name in "qkv"]
        found |= {
            f"{here}.norm_before_mixer.gain": tensor(f"{there}.input_layernorm.weight"),
            f"{here}.mixer.project_in.weight": torch.cat(attention),
            f"{here}.mixer.project_out.weight": tensor(f"{there}.self_attn.o_proj.weight"),
            f"{here}.norm_before_mlp.gain": tensor(f"{there}.post_attention_layernorm.weight"),
            f"{here}.mlp.expand.weight": torch.cat(
                [tensor(f"{there}.mlp.{name}_proj.weight") for name in ("gate", "up")]
            ),
            f"{here}.mlp.project.weight": tensor(f"{there}.mlp.down_proj.weight"),
        }
    found["norm.gain"] = tensor("model.norm.weight")
    if not config.tied:
        found["head.weight"] = tensor("lm_head.weight")
    return found


def gguf_name(name: str) -> str:
    """Maps model.layers.3.mlp.up_proj.weight to blk.3.ffn_up.weight."""
    stem = name.removesuffix(".weight")
    if not stem.startswith("model.layers."):
        return f"{_OF_GGUF[stem]}.weight"
    number, _, rest = stem.removeprefix("model.layers.").partition(".")
    return f"blk.{number}.{_OF_GGUF[rest]}.weight"


def interleaved(weight: Tensor, head_width: int) -> Tensor:
    """llama.cpp rotates neighbouring channels of a head, the model its halves: the rows are reordered for that."""
    return weight.view(-1, 2, head_width // 2, weight.shape[1]).transpose(1, 2).reshape(weight.shape)


def deinterleaved(weight: Tensor, head_width: int) -> Tensor:
    """The inverse of `interleaved`."""
    return weight.view(-1, head_width // 2, 2, weight.shape[1]).transpose(1, 2).reshape(weight.shape)
