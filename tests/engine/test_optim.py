import copy

import pytest
import torch

from mmrec_engine.model.language_model import LanguageModel, create_model
from mmrec_engine.optim.adamw import BETAS
from mmrec_engine.optim.muon import orthogonalised
from mmrec_engine.optim.optimizers import Optimizers
from mmrec_engine.settings import resolve
from mmrec_engine.settings.model_config import ModelConfig
from mmrec_engine.settings.presets import OPTIMIZERS

CONFIG = ModelConfig("mmrec", 20, 32, 2, 2, 16)


def trained(optimizer: str, steps: int, model: LanguageModel, optimizers: Optimizers | None = None) -> Optimizers:
    optimizers = optimizers or Optimizers(model, resolve({"optimizer": optimizer}).settings)
    for step in range(steps):
        generator = torch.Generator().manual_seed(100 + step)
        ids = torch.randint(0, 20, (2, 16), generator=generator)
        (model(ids).square().sum() + model(ids)[..., 0].sum()).backward()
        optimizers.step(0.01)
    return optimizers


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_stored_optimizer_resumes_exactly(optimizer: str) -> None:
    whole = create_model(CONFIG, 1)
    trained(optimizer, 2, whole)
    stored_model, stored = copy.deepcopy(whole), None
    first = create_model(CONFIG, 1)
    optimizers = trained(optimizer, 2, first)
    stored = copy.deepcopy(optimizers.state())
    assert set(stored) == {name for name, _ in first.named_parameters()}
    fresh = Optimizers(stored_model, resolve({"optimizer": optimizer}).settings)
    fresh.load_state(stored)
    trained(optimizer, 1, stored_model, fresh)
    trained(optimizer, 1, first, optimizers)
    for a, b in zip(stored_model.parameters(), first.parameters(), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_weight_decay_acts_on_matrices_only(optimizer: str) -> None:
    model = create_model(CONFIG, 1)
    optimizers = Optimizers(model, resolve({"optimizer": optimizer, "weight_decay": 0.5}).settings)
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizers.step(0.1)
    for name, parameter in model.named_parameters():
        shrunk = bool((parameter.abs() < before[name].abs()).any())
        if parameter.ndim < 2:
            assert not shrunk, name
        elif name.startswith("blocks") and before[name].any():
            assert shrunk, name


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_the_orthogonalised_update_has_singular_values_near_one(precision: torch.dtype) -> None:
    torch.manual_seed(0)
    for shape in ((3, 32, 32), (2, 16, 64), (2, 64, 16)):
        update = orthogonalised(torch.randn(shape), precision)
        singular = torch.linalg.svdvals(update)
        assert update.dtype == torch.float32
        assert singular.min() > 0.4
        assert singular.max() < 1.4


def test_adamw_matches_pytorch() -> None:
    ours, theirs = create_model(CONFIG, 1), create_model(CONFIG, 1)
    optimizers = Optimizers(ours, resolve({"optimizer": "adamw", "weight_decay": 0.1}).settings)
    named = dict(theirs.named_parameters())
    matrices = {"params": [one for one in named.values() if one.ndim > 1], "weight_decay": 0.1}
    vectors = {"params": [one for one in named.values() if one.ndim < 2], "weight_decay": 0.0}
    reference = torch.optim.AdamW([matrices, vectors], lr=0.01, betas=BETAS, fused=True)
    trained("adamw", 4, ours, optimizers)
    for step in range(4):
        ids = torch.randint(0, 20, (2, 16), generator=torch.Generator().manual_seed(100 + step))
        (theirs(ids).square().sum() + theirs(ids)[..., 0].sum()).backward()
        reference.step()
        reference.zero_grad()
    for name, parameter in ours.named_parameters():
        assert torch.equal(parameter, named[name]), name


@pytest.mark.parametrize("shape", [(3, 16, 16), (2, 40, 8), (2, 8, 40)])
@pytest.mark.parametrize("spread", [0, 4, 40])
def test_newton_schulz_on_squares_matches_the_full_iteration(shape: tuple[int, ...], spread: int) -> None:
    """spread: decades between the largest and the smallest singular value; at 40 most of them are 0 in float32."""
    matrices = torch.randn(shape, generator=torch.Generator().manual_seed(spread))
    left, values, right = torch.linalg.svd(matrices, full_matrices=False)
    matrices = (left * torch.logspace(0, -spread, values.shape[-1])) @ right
    a, b, c = 3.4445, -4.7750, 2.0315
    x = (matrices / matrices.norm(dim=(1, 2), keepdim=True)).double()
    for _ in range(5):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    found = orthogonalised(matrices)
    assert torch.allclose(found.double(), x, atol=1e-3)
    assert torch.equal(orthogonalised(torch.zeros(shape)), torch.zeros(shape))


@pytest.mark.parametrize("shape", [(2, 128, 128), (2, 512, 128), (2, 128, 512)])
@pytest.mark.parametrize("spread", [0, 2, 4])
def test_bfloat16_update_is_bounded_and_close_to_float32(shape: tuple[int, ...], spread: int) -> None:
    """Digits lost in a square of a square would give singular values of 20 for nearly singular matrices."""
    matrices = torch.randn(shape, generator=torch.Generator().manual_seed(spread))
    left, values, right = torch.linalg.svd(matrices, full_matrices=False)
    matrices = (left * torch.logspace(0, -spread, values.shape[-1])) @ right
    exact, found = orthogonalised(matrices), orthogonalised(matrices, torch.bfloat16)
    assert torch.linalg.svdvals(found).max() < 1.3
    assert (found - exact).norm() < 0.15 * exact.norm()
    assert torch.equal(orthogonalised(torch.zeros(shape), torch.bfloat16), torch.zeros(shape))
