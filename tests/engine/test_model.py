"""The fast forms against the plain recurrence, and causality: no output depends on a later input or on another row."""

import copy

import pytest
import torch
from torch import Tensor

from mmrec_engine.model.dropout import DropoutMasks
from mmrec_engine.model.language_model import LanguageModel, create_model
from mmrec_engine.model.layers import MLP, TokenShift
from mmrec_engine.model.multi_memory import MultiMemory, time_constants
from mmrec_engine.model.naive import recur
from mmrec_engine.settings.model_config import ARCHITECTURES, Architecture, ModelConfig
from mmrec_engine.settings.presets import PRESETS

PRECISIONS = [(torch.float64, 1e-10), (torch.float32, 1e-5)]
# (batch, time, width, heads, chunk): prime sizes, times shorter and longer than a chunk and not a multiple of it
SHAPES = [(2, 7, 13, 1, 3), (3, 29, 22, 2, 5), (1, 31, 39, 3, 31), (2, 23, 35, 5, 64), (1, 64, 16, 4, 16)]
SHAPES += [(1, 64, 15, 3, 4), (2, 71, 14, 2, 4), (1, 131, 15, 5, 4)]  # as many chunks as are made at once, and more


@pytest.fixture(autouse=True)
def _default_dtype():
    yield
    torch.set_default_dtype(torch.float32)


def mixer(dtype: torch.dtype, width: int, heads: int, chunk: int) -> MultiMemory:
    torch.set_default_dtype(dtype)
    torch.manual_seed(5)
    built = MultiMemory(width, heads, chunk)
    for parameter in built.parameters():
        torch.nn.init.normal_(parameter, std=0.4)
    return built


def relative(first: Tensor, second: Tensor) -> float:
    first, second = first.detach().double(), second.detach().double()
    return float((first - second).abs().max() / second.abs().max().clamp(min=1e-12))


@pytest.mark.parametrize(("dtype", "tolerance"), PRECISIONS)
@pytest.mark.parametrize("shape", SHAPES)
def test_chunked_form_matches_the_recurrence(dtype: torch.dtype, tolerance: float, shape: tuple[int, ...]) -> None:
    """Outputs, final states and all gradients. The recurrence always in float64, because in float32 it is less exact than the
    fast form."""
    batch, time, width, heads, chunk = shape
    built = mixer(dtype, width, heads, chunk)
    x = torch.randn(batch, time, width)
    probe = torch.randn(batch, time, width)
    results = []
    for form in ("fast", "oracle"):
        used, given = (built, x) if form == "fast" else (copy.deepcopy(built).double(), x.double())
        given = given.clone().requires_grad_()
        if form == "fast":
            y, state = used.advance(given, used.initial_state(batch, given))
            memory = state.memory
        else:
            torch.set_default_dtype(torch.float64)
            y, memory = recur(used, given)
        ((y * probe.to(y.dtype)).sum() + memory.square().sum()).backward()
        assert given.grad is not None
        gradients = [given.grad] + [p.grad for p in used.parameters() if p.grad is not None]
        results.append([y, memory, *(gradient.clone() for gradient in gradients)])
    assert len(results[0]) == 2 + 1 + len(list(built.parameters()))
    for fast, oracle in zip(*results, strict=True):
        assert relative(fast, oracle) < tolerance
    assert relative(built(x), results[1][0]) < tolerance


@pytest.mark.parametrize(("dtype", "tolerance"), PRECISIONS)
@pytest.mark.parametrize("pieces", [[1] * 23, [5, 1, 17], [22, 1], [3, 20]])
def test_carried_state_matches_one_pass(dtype: torch.dtype, tolerance: float, pieces: list[int]) -> None:
    built = mixer(dtype, 14, 2, chunk=6)
    x = torch.randn(2, sum(pieces), 14)
    whole, last = built.advance(x, built.initial_state(2, x))
    state, outputs = built.initial_state(2, x), []
    for part in x.split(pieces, dim=1):
        y, state = built.advance(part, state)
        outputs.append(y)
    assert relative(torch.cat(outputs, dim=1), whole) < tolerance
    assert relative(state.memory, last.memory) < tolerance


def test_time_constants_are_log_spaced_from_2_to_512() -> None:
    tau = time_constants(5)
    assert tau[0].item() == pytest.approx(2)
    assert tau[-1].item() == pytest.approx(512)
    assert torch.allclose(tau[1:] / tau[:-1], torch.full((4,), 4.0, dtype=torch.float64))


def filled_model(architecture: Architecture, context: int = 32) -> LanguageModel:
    """A small model with non-zero values in its zero-initialised matrices, which would hide a leak."""
    model = create_model(ModelConfig(architecture, 11, 24, 3, 2, context), seed=1)
    torch.manual_seed(3)
    for parameter in model.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.3)
    return model


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_outputs_are_causal_and_independent_of_other_rows(architecture: Architecture) -> None:
    model = filled_model(architecture)
    embedded = torch.randn(2, 20, 24, requires_grad=True)
    x = embedded
    for block in model.blocks:
        x = block(x, None)
    for time in (0, 7, 19):
        (gradient,) = torch.autograd.grad(x[0, time].sum(), embedded, retain_graph=True)
        assert gradient[0, : time + 1].abs().sum() > 0
        assert gradient[0, time + 1 :].abs().max() == 0 if time < 19 else True
        assert gradient[1].abs().max() == 0


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("pieces", [[1] * 20, [7, 13]])
def test_generation_logits_match_training_logits(architecture: Architecture, pieces: list[int]) -> None:
    model = filled_model(architecture)
    ids = torch.randint(0, 11, (2, 20))
    state, outputs = model.initial_state(2), []
    for part in ids.split(pieces, dim=1):
        logits, state = model.advance(part, state)
        outputs.append(logits)
    assert relative(torch.cat(outputs, dim=1), model(ids)) < 1e-4


def test_generation_state_size_is_constant_or_bounded_by_the_window() -> None:
    sizes = {}
    for architecture in ARCHITECTURES:
        model = filled_model(architecture, context=8)
        state = model.initial_state(1)
        counts = []
        for _ in range(30):
            _, state = model.advance(torch.zeros(1, 1, dtype=torch.int64), state)
            counts.append(sum(part.numel() for layer in state for part in layer if isinstance(part, Tensor)))
        sizes[architecture] = counts
    assert len(set(sizes["mmrec"])) == 1
    for architecture in ("gpt", "llama"):
        assert max(sizes[architecture]) == sizes[architecture][-1] == 3 * 2 * 8 * 24


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("preset", ["tiny", "mini", "small"])
def test_parameter_count_formula_matches_the_model(architecture: Architecture, preset: str) -> None:
    config = PRESETS[preset].model(architecture, 100, 256)
    model = LanguageModel(config)
    assert sum(parameter.numel() for parameter in model.parameters()) == config.parameters()


def test_architectures_have_equal_size_within_two_percent() -> None:
    for preset in PRESETS.values():
        sizes = [preset.model(architecture, 100, 256).parameters() for architecture in ARCHITECTURES]
        assert max(sizes) / min(sizes) - 1 < 0.02


def test_configs_have_their_documented_sizes() -> None:
    millions = [preset.model("mmrec", 100, 256).parameters() / 1e6 for preset in PRESETS.values()]
    for count, promised in zip(millions, [0.9, 5, 27, 150], strict=False):
        assert count == pytest.approx(promised, rel=0.1)
    assert millions == sorted(millions)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_new_model_predicts_a_uniform_distribution(architecture: Architecture) -> None:
    model = create_model(ModelConfig(architecture, 50, 32, 2, 2, 16), seed=1)
    assert model(torch.randint(0, 50, (1, 8))).abs().max() == 0


def test_initial_weights_depend_on_the_seed_only() -> None:
    config = ModelConfig("mmrec", 20, 32, 2, 2, 16)
    torch.manual_seed(1)
    first = create_model(config, seed=9)
    drawn = torch.rand(3)
    torch.manual_seed(1)
    assert torch.equal(drawn, torch.rand(3)), "building a model used up global random numbers"
    second, other = create_model(config, seed=9), create_model(config, seed=10)
    for a, b in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(a, b)
    assert not torch.equal(first.embedding.weight, other.embedding.weight)


def test_gradient_checkpointing_with_dropout_changes_nothing() -> None:
    gradients = []
    for recompute in (False, True):
        model = filled_model("mmrec").train()
        model.recompute_activations = recompute
        masks = DropoutMasks(0.3, seed=1, step=2, samples=[0, 1])
        model(torch.arange(32).view(2, 16) % 11, masks).square().sum().backward()
        gradients.append([parameter.grad for parameter in model.parameters()])
    for plain, recomputed in zip(*gradients, strict=True):
        assert torch.equal(plain, recomputed)


def test_dropout_mask_of_a_sample_does_not_depend_on_its_place() -> None:
    x = torch.ones(3, 10, 8)
    together = DropoutMasks(0.4, 1, 2, [5, 6, 7])(x, site=3)
    alone = torch.cat([DropoutMasks(0.4, 1, 2, [sample])(x[:1], site=3) for sample in (5, 6, 7)])
    assert torch.equal(together, alone)
    for other in (DropoutMasks(0.4, 2, 2, [5, 6, 7])(x, 3), DropoutMasks(0.4, 1, 3, [5, 6, 7])(x, 3)):
        assert not torch.equal(together, other)
    assert not torch.equal(together, DropoutMasks(0.4, 1, 2, [5, 6, 7])(x, site=4))


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_dropout_has_its_rate_and_keeps_the_mean(rate: float) -> None:
    dropped = DropoutMasks(rate, 1, 2, range(16))(torch.ones(16, 128, 64), site=0)
    assert float((dropped == 0).float().mean()) == pytest.approx(rate, abs=0.005)
    assert float(dropped.mean()) == pytest.approx(1, abs=0.01)
    untouched = torch.ones(1, 2, 3)
    assert DropoutMasks(0.0, 1, 2, [0])(untouched, 0) is untouched


@pytest.mark.parametrize("time", [1, 2, 7])
def test_manual_gradients_match_autograd(time: int) -> None:
    generator = torch.Generator().manual_seed(time)
    x = torch.randn(3, time, 5, dtype=torch.float64, generator=generator, requires_grad=True)
    shift = TokenShift(5).double()
    with torch.no_grad():
        shift.mix.uniform_(0.1, 0.9, generator=generator)
    assert torch.autograd.gradcheck(lambda x, mix: torch.func.functional_call(shift, {"mix": mix}, x), (x, shift.mix))
    mlp = MLP(5, 11).double()
    with torch.no_grad():
        mlp.project.weight.normal_(generator=generator)
    assert torch.autograd.gradcheck(mlp, (x,))
    previous = torch.cat((torch.zeros_like(x[:, :1]), x[:, :-1]), dim=1)
    assert torch.allclose(shift(x), x + shift.mix * (previous - x))
    assert torch.allclose(mlp(x), mlp.project(torch.relu(mlp.expand(x)) ** 2))
