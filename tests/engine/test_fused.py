"""The fused kernel of the recurrence: its inputs, and that nothing changes without the library.

On a GPU it is compared with the recurrence itself (tests/cuda/test_kernel.py). Here the library's own definition replaces it.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor

from mmrec_engine.model import fused
from mmrec_engine.model.multi_memory import MultiMemory
from mmrec_engine.model.naive import recur
from mmrec_engine.settings import Settings
from mmrec_engine.training.device import resolve_machine


def simple_gla(q: Tensor, k: Tensor, v: Tensor, *, g_gamma: Tensor, scale: float) -> tuple[Tensor, None]:
    """`naive_recurrent_simple_gla` of flash-linear-attention 0.6, with one decay a head. (batch, time, heads, head_width)."""
    assert q.shape == k.shape and q.dtype == k.dtype == v.dtype and g_gamma.shape == q.shape[2:3]
    state = torch.zeros(*q.shape[:1], *q.shape[2:], v.shape[-1])
    outputs = []
    for t in range(q.shape[1]):
        written = k[:, t].float().unsqueeze(-1) * v[:, t].float().unsqueeze(-2)
        state = state * g_gamma.exp()[:, None, None] + written
        outputs.append(scale * (q[:, t].float().unsqueeze(-1) * state).sum(-2))
    return torch.stack(outputs, dim=1).to(v.dtype), None


def filled(width: int = 32, heads: int = 4) -> MultiMemory:
    torch.manual_seed(3)
    mixer = MultiMemory(width, heads)
    for parameter in mixer.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return mixer.train()


@pytest.mark.parametrize("time", [1, 7, 64, 150])
def test_fused_kernel_matches_the_recurrence(time: int) -> None:
    mixer = filled()
    x = torch.randn(2, time, 32)
    expected, _ = recur(mixer, x)
    called: list[int] = []

    def kernel(*given: Tensor, **more: Any) -> tuple[Tensor, None]:
        called.append(1)
        return simple_gla(*given, **more)

    mixer.kernel = kernel
    with torch.autocast("cpu", torch.bfloat16):
        y = mixer(x)
        plain = filled()(x)
    assert called
    expected = expected.detach()
    assert float((y - expected).detach().norm() / expected.norm()) < 0.02
    assert float((y - plain).detach().norm() / expected.norm()) < 0.02


def test_evaluation_generation_and_float32_use_the_plain_form() -> None:
    mixer, x = filled(), torch.randn(2, 9, 32)
    mixer.kernel = lambda *given, **more: pytest.fail("it is for training in half precision")
    torch.testing.assert_close(mixer(x), filled()(x))
    mixer.eval()
    with torch.autocast("cpu", torch.bfloat16):
        mixer(x)
        mixer.advance(x, mixer.initial_state(2, x))


def test_missing_library_or_gpu_falls_back_to_the_plain_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fused, "load", lambda: pytest.fail("it is not to be imported for a CPU"))
    assert resolve_machine(Settings(kernel="fla", device="cpu")).kernel == "plain"
    monkeypatch.undo()
    broken = ModuleType("fla.ops.simple_gla")  # has no such kernel
    for name, module in (
        ("fla", ModuleType("fla")),
        ("fla.ops", ModuleType("fla.ops")),
        ("fla.ops.simple_gla", broken),
    ):
        monkeypatch.setitem(sys.modules, name, module)
    assert fused.load() is None
    broken.chunk_simple_gla = simple_gla  # type: ignore[attr-defined]
    assert fused.load() is simple_gla
