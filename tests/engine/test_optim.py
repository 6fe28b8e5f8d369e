import copy

import pytest
import torch

from mmrec_engine.model.config import ModelConfig
from mmrec_engine.model.language_model import LanguageModel, create_model
from mmrec_engine.optim.adamw import BETAS
from mmrec_engine.optim.groups import Optimizers
from mmrec_engine.optim.muon import orthogonalised
from mmrec_engine.optim.schedule import rate_factor
from mmrec_engine.settings import resolve

CONFIG = ModelConfig("mmrec", 20, 32, 2, 2, 16)


def factors(schedule: str, floor: float = 0.1) -> list[float]:
    return [rate_factor(s, planned=100, warmup=10, schedule=schedule, floor=floor) for s in range(1, 101)]


@pytest.mark.parametrize(("schedule", "halfway"), [("cosine", 0.55), ("linear", 0.55), ("constant", 1.0)])
def test_a_schedule_warms_up_peaks_and_ends_where_it_should(schedule: str, halfway: float) -> None:
    rates = factors(schedule)
    assert rates[:10] == pytest.approx([step / 10 for step in range(1, 11)])
    assert rates[54] == pytest.approx(halfway)
    assert rates[-1] == pytest.approx(1.0 if schedule == "constant" else 0.1)
    assert max(rates) == 1.0


def test_a_warmup_longer_than_the_run_still_rises() -> None:
    assert rate_factor(5, planned=5, warmup=100, schedule="cosine", floor=0.1) == 0.05


def trained(optimizer: str, steps: int, model: LanguageModel, optimizers: Optimizers | None = None) -> Optimizers:
    optimizers = optimizers or Optimizers(model, resolve({"optimizer": optimizer}).settings)
    for step in range(steps):
        generator = torch.Generator().manual_seed(100 + step)
        ids = torch.randint(0, 20, (2, 16), generator=generator)
        (model(ids).square().sum() + model(ids)[..., 0].sum()).backward()
        optimizers.step(0.01)
    return optimizers


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_an_optimizer_that_was_stored_goes_on_as_if_never_stopped(optimizer: str) -> None:
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


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
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


def test_the_orthogonalised_update_has_singular_values_near_one() -> None:
    torch.manual_seed(0)
    for shape in ((3, 32, 32), (2, 16, 64), (2, 64, 16)):
        singular = torch.linalg.svdvals(orthogonalised(torch.randn(shape)))
        assert singular.min() > 0.4
        assert singular.max() < 1.4


def test_adamw_is_pytorchs() -> None:
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
def test_squares_alone_orthogonalise_as_the_iteration_on_the_whole_matrix(shape: tuple[int, ...], spread: int) -> None:
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
