"""The weights of llama with the names and shapes of `LlamaForCausalLM`."""

from __future__ import annotations

from torch import Tensor

from mmrec_engine.model.language_model import LanguageModel


def llama_weights(model: LanguageModel) -> dict[str, Tensor]:
    """Matrices that are combined here (queries with keys and values, gate with up) are split. A tied head is omitted."""
    config, own = model.config, {name: value.detach() for name, value in model.named_parameters()}
    keys = config.key_heads * config.head_width
    found: dict[str, Tensor] = {"model.embed_tokens.weight": own["embedding.weight"]}
    for index in range(config.layers):
        here, there = f"blocks.{index}", f"model.layers.{index}"
        q, k, v = own[f"{here}.mixer.project_in.weight"].tensor_split((config.width, config.width + keys))
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
