"""The fused kernel of the recurrence against the recurrence as written in the formulas: outputs and gradients."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mmrec_engine.model import fused
from mmrec_engine.model.multi_memory import MultiMemory
from mmrec_engine.model.naive import recur
from tests.engine.test_fused import filled, simple_gla


@pytest.fixture
def kernel(device: torch.device) -> fused.Kernel:
    if device.type == "cpu":
        return simple_gla  # the library has none for CPUs
    found = fused.load()
    if found is None:
        pytest.skip("flash-linear-attention is not installed (make fla)")
    return found


@pytest.mark.parametrize("time", [64, 200])
@pytest.mark.parametrize(("width", "heads"), [(128, 4), (512, 8)])
def test_fused_kernel_matches_the_recurrence(
    kernel: fused.Kernel, device: torch.device, width: int, heads: int, time: int
) -> None:
    mixer = filled(width, heads).to(device)
    x = torch.randn(2, time, width, generator=torch.Generator().manual_seed(1)).to(device)
    weights = torch.randn(2, time, width, generator=torch.Generator().manual_seed(2)).to(device)
    expected, _ = recur(mixer, x)
    (expected * weights).sum().backward()
    gradients = gradients_of(mixer)
    mixer.kernel = kernel
    with torch.autocast(device.type, torch.bfloat16):
        y = mixer(x)
    (y.float() * weights).sum().backward()
    assert near(y.detach().float(), expected.detach())
    for found, wanted in zip(gradients_of(mixer), gradients, strict=True):
        assert near(found, wanted)


def gradients_of(mixer: MultiMemory) -> list[Tensor]:
    found = [parameter.grad.clone() for parameter in mixer.parameters() if parameter.grad is not None]
    mixer.zero_grad()
    return found


def near(found: Tensor, wanted: Tensor) -> bool:
    """Within the rounding of bfloat16, with 8 digits, over several products."""
    return float((found - wanted).norm() / wanted.norm()) < 0.03
