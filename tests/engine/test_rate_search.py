"""The range test: its result for known curves, that it restores all state, and that its rate trains well."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mmrec_engine.data.prepare import Corpus, prepare_corpus
from mmrec_engine.errors import RequestError, TrainingError
from mmrec_engine.events import result_of
from mmrec_engine.planning import lr_finder
from mmrec_engine.planning.lr_finder import (
    RateSearch,
    has_learnt,
    rates_of,
    search_rates,
    smooth,
    smoothed_points,
)
from mmrec_engine.settings import Settings, resolve
from mmrec_engine.training.device import resolve_machine
from mmrec_engine.training.state import TrainingState, build_state

SMALL = Settings(seq_len=32, batch_size=4, threads=1, precision="fp32")


@pytest.fixture
def corpus(text_file: Path) -> Corpus:
    return prepared(SMALL, text_file)


def prepared(settings: Settings, text: Path) -> Corpus:
    return result_of(prepare_corpus(replace(settings, data_dir=str(text))))  # type: ignore[no-any-return]


def switches() -> tuple[Any, ...]:
    return (
        torch.get_num_threads(),
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
        torch.utils.deterministic.fill_uninitialized_memory,  # type: ignore[attr-defined]
        torch.backends.cuda.matmul.allow_tf32,
        torch.backends.cudnn.allow_tf32,
        torch.get_rng_state().tolist(),
    )


def bits(training: TrainingState) -> dict[str, bytes]:
    """Weights and optimizer state, to the bit."""
    tensors = dict(training.model.state_dict())
    tensors |= {
        f"{name}/{key}": value for name, kept in training.optimizers.state().items() for key, value in kept.items()
    }
    return {name: tensor.detach().numpy().tobytes() for name, tensor in tensors.items()}


@pytest.mark.parametrize("recipe", ["guide", "fast"])
def test_search_leaves_model_optimizer_and_random_state_unchanged(recipe: str, corpus: Corpus) -> None:
    small = {name: getattr(SMALL, name) for name in ("seq_len", "batch_size", "threads", "precision")}
    settings = resolve({**small, "recipe": recipe}).settings
    training, alone = (build_state(settings, resolve_machine(settings), corpus, Path("unused")) for _ in range(2))
    for one in (training, alone):
        for step in range(1, 4):
            one.stepper.make_step(step, 4 * (step - 1), 1e-3)
    torch.manual_seed(5)
    before, process_before = bits(training), switches()
    list(search_rates(settings, corpus, steps=20))
    assert bits(training) == before
    assert switches() == process_before
    for one in (training, alone):
        one.stepper.make_step(4, 12, 1e-3)
    assert bits(training) == bits(alone)


def test_search_restores_process_settings_even_after_errors(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    own = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    try:
        torch.set_num_threads(2)
        torch.use_deterministic_algorithms(False)
        before = switches()
        left = search_rates(SMALL, corpus, steps=20)
        next(left)
        assert torch.get_num_threads() == 1
        assert torch.are_deterministic_algorithms_enabled()
        left.close()
        assert switches() == before

        monkeypatch.setattr(lr_finder, "build_state", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            list(search_rates(SMALL, corpus, steps=20))
        assert switches() == before
    finally:
        torch.set_num_threads(own[0])
        torch.use_deterministic_algorithms(own[1])


def test_a_search_is_the_same_every_time_and_writes_nothing(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "place").mkdir()
    monkeypatch.chdir(tmp_path / "place")
    one, two = (list(search_rates(SMALL, corpus, steps=20))[-1] for _ in range(2))
    assert one == two
    assert list(Path().iterdir()) == []


def test_each_step_is_reported_and_rates_grow_by_a_constant_factor(corpus: Corpus) -> None:
    states = list(search_rates(SMALL, corpus, steps=24))
    assert [state.done for state in states] == [False] * (len(states) - 1) + [True]
    assert [len(state.points) for state in states[:-1]] == list(range(1, len(states)))
    rates = [point.rate for point in states[-1].points]
    assert rates[0] == pytest.approx(1e-6)
    factors = [b / a for a, b in itertools.pairwise(rates)]
    assert factors == pytest.approx([factors[0]] * len(factors))
    assert states[-1].points[0].loss == pytest.approx(math.log(corpus.tokenizer.vocab_size), rel=0.01)


def test_muon_rates_are_multiples_of_the_adamw_rates() -> None:
    adamw, muon = rates_of(SMALL, 50), rates_of(replace(SMALL, optimizer="muon"), 50)
    assert [0.3 * rate for rate in muon] == pytest.approx(adamw)
    assert adamw[-1] == pytest.approx(1.0)


def bowl(rate: float) -> float:
    """A loss that is flat at 4, falls from 1e-4 on, is lowest at 2e-2 and rises again."""
    return 4 - 2 * math.exp(-0.5 * ((math.log10(rate) - math.log10(2e-2)) / 0.6) ** 2)


def searched(losses: list[float]) -> RateSearch:
    """The result of a search for these losses, ended where the search would have ended."""
    rates = rates_of(SMALL, len(losses))
    for count in range(1, len(losses) + 1):
        points, diverged_at = smoothed_points(rates, losses[:count])
        if diverged_at is not None:
            break
    return RateSearch(3e-4, len(losses), points, diverged_at, done=True)


@pytest.mark.parametrize("noise", [0.0, 0.05, 0.15])
@pytest.mark.parametrize("seed", range(5))
def test_suggestion_lies_between_steepest_and_lowest_loss(noise: float, seed: int) -> None:
    draws = np.random.default_rng(seed).normal(0, 1, 100)
    found = searched([bowl(rate) + noise * float(draw) for rate, draw in zip(rates_of(SMALL, 100), draws, strict=True)])
    assert found.lowest is not None
    assert found.lowest == pytest.approx(2e-2, rel=0.8)
    assert found.suggestion is not None
    assert 4e-3 / 1.5 < found.suggestion < 2e-2 / 1.5
    assert found.diverged_at is not None
    assert 4e-2 < found.diverged_at < 0.2


@pytest.mark.parametrize("seed", range(10))
def test_pure_noise_gives_no_divergence_and_no_suggestion(seed: int) -> None:
    draws = np.random.default_rng(seed).normal(0, 0.3, 100)
    losses = [4 + float(draw) for draw in draws]
    found = searched(losses)
    assert found.diverged_at is None
    assert found.suggestion is None
    assert not has_learnt(losses, smooth(losses, 2.0))


def test_curve_that_still_falls_did_not_diverge() -> None:
    found = searched([4 - 0.02 * step for step in range(100)])
    assert found.diverged_at is None
    assert found.lowest == pytest.approx(1.0)


def test_there_is_no_suggestion_before_the_end() -> None:
    found = replace(searched([bowl(rate) for rate in rates_of(SMALL, 100)]), done=False)
    assert found.suggestion is None


def test_smoothing_keeps_constants_and_the_position_of_a_minimum() -> None:
    assert smooth([3.0] * 9, 2.0) == pytest.approx([3.0] * 9)
    turn = [abs(step - 20) / 10 for step in range(41)]
    smoothed = smooth(turn, 2.0)
    assert smoothed.index(min(smoothed)) == 20
    assert smooth([2.5], 2.0) == [2.5]


def test_non_finite_loss_is_divergence(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = lr_finder.build_state

    def breaking(*given: Any) -> TrainingState:
        training = whole(*given)
        make = training.stepper.make_step

        def step(number: int, first: int, rate: float, loss_scale: float) -> Any:
            if number == 6:
                raise TrainingError("training-non-finite", what="loss", value=math.nan, step=6, module="?")
            return make(number, first, rate, loss_scale)

        monkeypatch.setattr(training.stepper, "make_step", step)
        return training

    monkeypatch.setattr(lr_finder, "build_state", breaking)
    found = list(search_rates(SMALL, corpus, steps=20))[-1]
    assert found.done
    assert len(found.points) == 5
    assert found.diverged_at == pytest.approx(rates_of(SMALL, 20)[5])


def test_search_that_does_not_fit_is_refused_before_it_starts(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lr_finder, "fits", lambda *_: (81, 100))
    monkeypatch.setattr(lr_finder, "build_state", lambda *_: pytest.fail("it was tried"))
    with pytest.raises(RequestError) as refused:
        next(search_rates(SMALL, corpus, steps=20))
    assert refused.value.key == "search-memory"


def test_failed_allocation_is_reported_as_in_training(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> Any:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")

    monkeypatch.setattr(lr_finder, "build_state", fail)
    with pytest.raises(TrainingError) as failed:
        next(search_rates(SMALL, corpus, steps=20))
    assert failed.value.key == "training-no-memory"


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["guide", "fast"])
@pytest.mark.extended
def test_suggested_rate_trains_better_than_much_lower_and_higher_ones(recipe: str, text_file: Path) -> None:
    settings = resolve(
        {"recipe": recipe, "data_dir": str(text_file), "seq_len": 64, "batch_size": 4, "precision": "fp32",
         "dropout": 0.0, "threads": 1}
    ).settings  # fmt: skip
    corpus = prepared(settings, text_file)
    found = list(search_rates(settings, corpus, steps=60))[-1]
    assert found.suggestion is not None

    def trained(rate: float) -> float:
        training = build_state(settings, resolve_machine(settings), corpus, Path("unused"))
        losses = [
            training.stepper.make_step(step, 4 * (step - 1), rate * min(1.0, step / 10)).loss for step in range(1, 46)
        ]
        return sum(losses[-15:]) / 15

    suggested = trained(found.suggestion)
    assert suggested < trained(found.suggestion / 20) - 0.1
    assert suggested < trained(found.suggestion * 20) - 0.1
