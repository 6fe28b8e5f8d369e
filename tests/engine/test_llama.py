"""The baseline with Llama's shape: equal to the library `transformers`, with its manual gradients."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch.nn import functional

from mmrec_engine.errors import RequestError
from mmrec_engine.model import llama
from mmrec_engine.model.language_model import LanguageModel, create_model
from mmrec_engine.settings import Settings
from mmrec_engine.settings.model_config import ModelConfig

FORMS: list[dict[str, Any]] = [{}, {"kv_heads": 2}, {"kv_heads": 1, "tied": True}]


def filled(**more: Any) -> LanguageModel:
    model = create_model(ModelConfig("llama", 31, 48, 2, 4, 32, **more), seed=1)
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(1.0 if parameter.ndim == 1 else 0.0, 0.3, generator=generator)
    return model.eval()


@pytest.mark.parametrize("form", FORMS)
def test_generation_logits_match_training_logits(form: dict[str, Any]) -> None:
    model = filled(**form)
    ids = torch.arange(40).view(2, 20) % 31
    whole = model(ids)
    state, outputs = model.initial_state(2), []
    for part in ids.split([7, 1, 12], dim=1):
        logits, state = model.advance(part, state)
        outputs.append(logits)
    torch.testing.assert_close(torch.cat(outputs, dim=1), whole, rtol=1e-4, atol=1e-4)
    with torch.no_grad():
        torch.testing.assert_close(model(ids), whole, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("form", FORMS)
def test_parameter_count_formula_matches_the_model(form: dict[str, Any]) -> None:
    model = filled(**form)
    assert sum(parameter.numel() for parameter in model.parameters()) == model.config.parameters()


def test_manual_gradients_match_autograd() -> None:
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(2, 3, 8, dtype=torch.float64, generator=generator, requires_grad=True)
    norm = llama.RMSNorm(8).double()
    with torch.no_grad():
        norm.gain.normal_(generator=generator)
    assert torch.autograd.gradcheck(lambda x, gain: torch.func.functional_call(norm, {"gain": gain}, x), (x, norm.gain))
    expected = functional.rms_norm(x, (8,), norm.gain, llama.NORM_EPSILON)
    torch.testing.assert_close(norm(x), expected)
    assert torch.autograd.gradcheck(llama._SwiGLU.apply, (x,))
    gate, up = x.chunk(2, dim=-1)
    torch.testing.assert_close(llama._SwiGLU.apply(x), functional.silu(gate) * up)
    heads = torch.randn(2, 3, 2, 4, dtype=torch.float64, generator=generator, requires_grad=True)
    cos, sin = llama.rotary_tables(5, 3, 4, heads)
    assert torch.autograd.gradcheck(lambda x: llama._Rotation.apply(x, cos, sin), (heads,))


def test_tied_head_starts_near_the_uniform_loss() -> None:
    for vocabulary, width in ((50, 128), (5000, 128), (100, 512)):
        model = create_model(ModelConfig("llama", vocabulary, width, 2, 4, 32, tied=True), seed=1)
        ids = torch.randint(vocabulary, (4, 33), generator=torch.Generator().manual_seed(1))
        loss = functional.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())
        assert float(loss.detach()) == pytest.approx(math.log(vocabulary), rel=0.02)


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"kv_heads": 2}, "setting-llama"),
        ({"arch": "gpt", "tied": True}, "setting-llama"),
        ({"arch": "llama", "kv_heads": 3}, "setting-kv-heads"),
    ],
)
def test_settings_of_other_architectures_are_refused(settings: dict[str, Any], key: str) -> None:
    with pytest.raises(RequestError) as refused:
        Settings(**settings)
    assert refused.value.key == key


@pytest.mark.parametrize("sizes", [{"kv_heads": 3}, {"kv_heads": 0}, {"width": 12, "heads": 4}, {"tied": 1}])
def test_invalid_model_sizes_are_refused(sizes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        ModelConfig(
            **{"architecture": "llama", "vocabulary": 9, "width": 48, "layers": 1, "heads": 4, "context": 8} | sizes
        )
