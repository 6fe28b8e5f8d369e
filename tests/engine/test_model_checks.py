"""The checks of the model: healthy models pass them all, a planted fault fails only its own check."""

import json
import random
import string
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from mmrec_engine.checks.finding import Check, Finding, run
from mmrec_engine.checks.preflight import model_context, resource_checks
from mmrec_engine.checks.preflight.model_checks import MODEL_CHECKS
from mmrec_engine.checks.preflight.model_context import ModelContext, weights
from mmrec_engine.data import windows
from mmrec_engine.data.prepare import Corpus, prepare_corpus
from mmrec_engine.events import result_of
from mmrec_engine.locales.guide.findings import texts
from mmrec_engine.locales.guide.remedies import REMEDIES
from mmrec_engine.model.language_model import LanguageModel, create_model
from mmrec_engine.settings import Settings
from mmrec_engine.settings.model_config import ARCHITECTURES, Architecture, ModelConfig
from mmrec_engine.training import device_memory
from mmrec_engine.training.device import Machine
from tests.conftest import extended

IDS = (
    "initial-loss",
    "one-batch-overfit",
    "causality",
    "gradients-alive",
    "parallel-equals-stepwise",
    "deterministic",
    "memory-fits",
    "disk-fits",
    "checkpoint-rehearsal",
)
ONE_THREAD = Machine(torch.device("cpu"), 1, "fp32")
Fault = Callable[[LanguageModel], None]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory, prose: str) -> Corpus:
    folder = tmp_path_factory.mktemp("text")
    (folder / "prose.txt").write_text(prose, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        return result_of(prepare_corpus(Settings(data_dir=str(folder), seq_len=128)))


@pytest.fixture
def context(corpus: Corpus, tmp_path: Path) -> ModelContext:
    return ModelContext(Settings(seq_len=128), corpus, ONE_THREAD, tmp_path / "runs" / "tiny")


def with_fault(context: ModelContext, fault: Fault, architecture: Architecture = "mmrec") -> ModelContext:
    """The context of a model of two layers with this fault in it."""

    def make() -> LanguageModel:
        config = ModelConfig(architecture, context.config.vocabulary, 128, 2, 4, context.settings.seq_len)
        model = create_model(config, seed=1)
        fault(model)
        return model

    return replace(context, make_model=make)


def check(id: str) -> Check:
    return next(item for item in MODEL_CHECKS if item.id == id)


def findings(context: ModelContext, left_out: Collection[str] = ()) -> dict[str, Finding]:
    return {item.id: run(item, context) for item in MODEL_CHECKS if item.id not in left_out}


def failed(found: dict[str, Finding]) -> set[str]:
    assert not [finding for finding in found.values() if finding["status"] not in ("pass", "fail")]
    return {id for id, finding in found.items() if finding["status"] == "fail"}


def test_model_checks_match_the_checklist() -> None:
    assert tuple(item.id for item in MODEL_CHECKS) == IDS
    assert set(IDS) <= set(texts())
    assert {(item.phase, item.item) for item in MODEL_CHECKS} == {("before", "model-config")}


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize(
    "more", [{}, extended({"optimizer": "muon", "dropout": 0.0}), extended({"gradient_checkpointing": True})]
)
def test_healthy_model_passes_every_check(context: ModelContext, architecture: Architecture, more: Any) -> None:
    found = findings(replace(context, settings=replace(context.settings, arch=architecture, **more)))
    assert [finding["id"] for finding in found.values() if finding["status"] != "pass"] == []
    json.dumps(list(found.values()), allow_nan=False)
    assert all(finding["evidence"] for finding in found.values())
    assert not list(context.folder.parent.parent.iterdir()), "something was left behind"


def looks_ahead(model: LanguageModel) -> None:
    mixer = model.blocks[1].mixer
    mix = mixer.forward
    mixer.forward = lambda x: mix(x) + 0.1 * x.roll(-1, dims=1)


def looks_ahead_before_embedding(model: LanguageModel) -> None:
    embed = model.embedding.forward
    model.embedding.forward = lambda ids: embed(ids.roll(-1, dims=1))  # type: ignore[method-assign]


def looks_ahead_at_one_place(model: LanguageModel) -> None:
    """The last token of the first chunk sees the next chunk."""
    mixer = model.blocks[0].mixer
    mix = mixer.forward

    def forward(x: torch.Tensor) -> torch.Tensor:
        y = mix(x)
        return torch.cat((y[:, :63], y[:, 63:64] + 0.1 * y[:, 64:65], y[:, 64:]), dim=1) if x.shape[1] > 64 else y

    mixer.forward = forward


def mixes_rows(model: LanguageModel) -> None:
    mlp = model.blocks[0].mlp
    work = mlp.forward
    mlp.forward = lambda x: work(x) + 0.1 * x.mean(0, keepdim=True)


def mixes_rows_in_training_only(model: LanguageModel) -> None:
    mlp = model.blocks[0].mlp
    work = mlp.forward
    mlp.forward = lambda x: work(x - 0.1 * x.mean(0, keepdim=True)) if mlp.training else work(x)


def has_a_layer_cut_off(model: LanguageModel) -> None:
    mlp = model.blocks[1].mlp
    work = mlp.forward
    mlp.forward = lambda x: work(x).detach()


def has_a_layer_multiplied_by_nothing(model: LanguageModel) -> None:
    mlp = model.blocks[1].mlp
    work = mlp.forward
    mlp.forward = lambda x: 0 * work(x)


def is_frozen_in_part(model: LanguageModel) -> None:
    model.embedding.weight.requires_grad_(False)


def starts_too_sure(model: LanguageModel) -> None:
    nn.init.normal_(model.head.weight, std=0.2, generator=torch.Generator().manual_seed(1))


def knows_too_much(model: LanguageModel) -> None:
    """As if weights of this text had leaked in: at step 0 it predicts the training text's frequencies."""
    likelier = torch.zeros(model.config.vocabulary)
    likelier[1:12] = 2.5  # the most frequent characters have the smallest ids
    score = model.head.forward
    model.head.forward = lambda x: score(x) + likelier  # type: ignore[method-assign]


def cannot_be_sure(model: LanguageModel) -> None:
    score = model.logits
    model.logits = lambda x: torch.tanh(score(x))  # type: ignore[method-assign]


def forgets_when_writing(model: LanguageModel) -> None:
    mixer = model.blocks[1].mixer
    advance = mixer.advance

    def forgetful(x: torch.Tensor, state: Any) -> Any:
        return advance(x, mixer.initial_state(x.shape[0], x))[0], advance(x, state)[1]

    mixer.advance = forgetful


def fades_a_little_faster_when_writing(model: LanguageModel) -> None:
    mixer = model.blocks[0].mixer
    advance = mixer.advance
    mixer.advance = lambda x, state: advance(x, state._replace(memory=0.99 * state.memory))


def draws_without_the_seed(model: LanguageModel) -> None:
    mlp = model.blocks[0].mlp
    work = mlp.forward
    mlp.forward = lambda x: work(x) * (1 + 0.1 * torch.rand(())) if mlp.training else work(x)


def keeps_a_state_beside_its_weights(model: LanguageModel) -> None:
    score, seen = model.head.forward, torch.ones(())

    def forward(x: torch.Tensor) -> torch.Tensor:
        if model.training:
            seen.add_(0.01)
        return score(x) * seen

    model.head.forward = forward  # type: ignore[method-assign]


FAULTS: list[tuple[Fault, set[str]]] = [
    (looks_ahead, {"causality", "parallel-equals-stepwise"}),  # step by step no model can use later tokens
    (looks_ahead_before_embedding, {"causality", "parallel-equals-stepwise"}),
    (looks_ahead_at_one_place, {"causality", "parallel-equals-stepwise"}),
    (mixes_rows, {"causality"}),
    (mixes_rows_in_training_only, {"causality"}),
    (has_a_layer_cut_off, {"gradients-alive"}),
    (has_a_layer_multiplied_by_nothing, {"gradients-alive"}),
    (is_frozen_in_part, {"gradients-alive"}),
    (starts_too_sure, {"initial-loss"}),
    (knows_too_much, {"initial-loss"}),
    (cannot_be_sure, {"one-batch-overfit"}),
    (forgets_when_writing, {"parallel-equals-stepwise"}),
    (fades_a_little_faster_when_writing, {"parallel-equals-stepwise"}),
    (draws_without_the_seed, {"deterministic"}),
    (keeps_a_state_beside_its_weights, {"checkpoint-rehearsal"}),
]
# One for each check; `make test-all` tries the others, and each in one of the other architectures.
FIRST = {looks_ahead, mixes_rows, has_a_layer_cut_off, starts_too_sure, cannot_be_sure, forgets_when_writing,
         draws_without_the_seed, keeps_a_state_beside_its_weights}  # fmt: skip
OF_MMREC = {fades_a_little_faster_when_writing, cannot_be_sure}
GENERAL = [(fault, ids) for fault, ids in FAULTS if fault not in OF_MMREC]
OF_ALL = [("mmrec", *entry) if entry[0] in FIRST else extended("mmrec", *entry) for entry in FAULTS] + [
    extended("gpt" if number % 2 else "llama", *entry) for number, entry in enumerate(GENERAL)
]


@pytest.mark.first(2)
@pytest.mark.slow
@pytest.mark.parametrize(("architecture", "fault", "ids"), OF_ALL, ids=lambda value: getattr(value, "__name__", None))
def test_planted_fault_fails_only_its_own_check(
    context: ModelContext, architecture: Architecture, fault: Fault, ids: set[str]
) -> None:
    """The check that trains a model, which takes longest, is tried with the faults of one architecture."""
    left_out = () if architecture == "mmrec" else ("one-batch-overfit",)
    assert failed(findings(with_fault(context, fault, architecture), left_out)) == ids


@pytest.mark.slow
def test_unshifted_labels_fail_only_their_own_check(context: ModelContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """`targets-shifted` reports them; the model itself is healthy."""
    monkeypatch.setattr(windows, "_cut", lambda *arguments, cut=windows._cut: (cut(*arguments)[0], cut(*arguments)[0]))
    assert failed(findings(with_fault(context, lambda model: None))) == set()


def test_checkpoint_without_a_tensor_is_reported(context: ModelContext) -> None:
    def lossy(model: LanguageModel) -> dict[str, torch.Tensor]:
        return {name: value for name, value in weights(model).items() if name != "blocks.2.mixer.gain"}

    found = run(check("checkpoint-rehearsal"), replace(context, saved=lossy))
    assert found["status"] == "fail" and "blocks.2.mixer.gain" in found["evidence"]


def test_checkpoint_that_rounds_is_reported(context: ModelContext) -> None:
    found = run(
        check("checkpoint-rehearsal"),
        replace(context, saved=lambda model: {name: value.bfloat16() for name, value in weights(model).items()}),
    )
    assert found["status"] == "fail" and 0 < found["values"]["difference"] < 0.1


def test_unwritable_checkpoint_is_reported(context: ModelContext, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, content: object) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(resource_checks.checkpoints.Pending, "of_content", full)
    found = run(check("checkpoint-rehearsal"), context)
    assert found["status"] == "fail" and "No space left" in found["evidence"]


def test_nan_weights_pass_no_check(context: ModelContext) -> None:
    def spoil(model: LanguageModel) -> None:
        with torch.no_grad():
            model.head.weight[0, 0] = torch.nan

    broken = with_fault(context, spoil)
    for id in ("initial-loss", "one-batch-overfit", "causality", "gradients-alive", "parallel-equals-stepwise"):
        found = run(check(id), broken)
        assert found["status"] == "fail", found
        json.dumps(found, allow_nan=False)


def test_checks_restore_the_torch_state(context: ModelContext) -> None:
    threads, exact = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    try:
        torch.set_num_threads(2)
        torch.use_deterministic_algorithms(False)
        torch.utils.deterministic.fill_uninitialized_memory = True  # type: ignore[attr-defined]
        torch.manual_seed(3)

        def state() -> list[object]:
            return [
                torch.get_rng_state().tolist(),
                torch.get_num_threads(),
                torch.are_deterministic_algorithms_enabled(),
                torch.utils.deterministic.fill_uninitialized_memory,  # type: ignore[attr-defined]
                torch.is_grad_enabled(),
                torch.get_default_dtype(),
                random.getstate(),
                np.random.get_state()[1].tolist(),  # type: ignore[index,union-attr]
            ]

        def messy(model: LanguageModel) -> None:
            draws_without_the_seed(model)
            torch.manual_seed(9)
            random.seed(9)
            np.random.seed(9)

        before = state()
        for id in ("initial-loss", "gradients-alive", "deterministic", "checkpoint-rehearsal", "memory-fits"):
            run(check(id), with_fault(context, messy))
            assert state() == before, id
        with torch.no_grad():
            assert run(check("gradients-alive"), context)["status"] == "pass"
            assert not torch.is_grad_enabled()
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(exact)
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]


def test_too_little_memory_fails_without_a_trial(context: ModelContext, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = replace(context.settings, batch_size=64, accumulate=3, stride=100)
    needed = resource_checks.needed_bytes(settings, context.config.vocabulary)
    monkeypatch.setattr(resource_checks, "room", lambda settings, device: needed)
    monkeypatch.setattr(resource_checks, "_trial", lambda context: pytest.fail("it was tried"))
    found = run(check("memory-fits"), replace(context, settings=settings))
    assert found["status"] == "fail" and not found["values"]["tried"]
    ways = found["values"]["fitting"]
    assert ways["smaller-batch"] == {"microbatch": 32}
    assert ways["gradient-checkpointing"] == {"gradient_checkpointing": True}
    assert ways["shorter-windows"]["stride"] <= ways["shorter-windows"]["seq_len"]
    assert [(remedy["id"], remedy["settings"]) for remedy in found["remedies"]] == list(ways.items())
    for way, change in ways.items():
        assert way in REMEDIES
        assert resource_checks.needed_bytes(replace(settings, **change), context.config.vocabulary) <= 0.8 * needed


def test_applied_remedy_is_not_offered_again(context: ModelContext, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = replace(context.settings, config="small", batch_size=1, seq_len=64, gradient_checkpointing=True)
    monkeypatch.setattr(resource_checks, "room", lambda settings, device: 2**28)
    values = run(check("memory-fits"), replace(context, settings=settings))["values"]
    assert set(values["fitting"]) == {"smaller-config"}


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (MemoryError(), "fail"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"), "fail"),
        (torch.OutOfMemoryError("CUDA out of memory"), "fail"),
        (RuntimeError("shapes differ"), "error"),
    ],
)
def test_out_of_memory_in_the_trial_is_distinguished_from_other_errors(
    context: ModelContext, monkeypatch: pytest.MonkeyPatch, error: Exception, status: str
) -> None:
    def fail(context: ModelContext) -> None:
        raise error

    monkeypatch.setattr(resource_checks, "_trial", fail)
    assert run(check("memory-fits"), context)["status"] == status


def test_no_model_is_built_if_nothing_fits(context: ModelContext, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (model_context, device_memory):
        monkeypatch.setattr(module, "available", lambda device: 2**20)
    broken = replace(context, make_model=lambda: pytest.fail("a model was built"))
    found = findings(broken)
    skipped = {id: finding["values"]["reason"] for id, finding in found.items() if finding["status"] == "skipped"}
    assert skipped == dict.fromkeys(set(IDS) - {"memory-fits", "disk-fits"}, "does-not-fit")
    assert found["memory-fits"]["status"] == "fail"


def test_large_model_has_a_short_trial(context: ModelContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource_checks, "room", lambda settings, device: 2**40)
    base = replace(context, settings=replace(context.settings, config="base"))
    base = replace(base, make_model=lambda: pytest.fail("a model was built"))
    for id in set(IDS) - {"initial-loss", "memory-fits", "disk-fits"}:
        found = run(check(id), base)
        assert (found["status"], found["values"]["reason"]) == ("skipped", "too-large")
    found = run(check("memory-fits"), base)
    assert (found["status"], found["values"]["variant"]) == ("pass", "estimated")


def test_disk_needs_space_for_kept_checkpoints_and_three_more(
    context: ModelContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    each = 12 * context.config.parameters()
    free = 6 * each
    monkeypatch.setattr(resource_checks.shutil, "disk_usage", lambda place: SimpleNamespace(free=free))
    assert run(check("disk-fits"), context)["status"] == "pass"
    free -= 1
    found = run(check("disk-fits"), context)
    assert found["status"] == "fail"
    assert found["values"]["fitting"] == {"fewer-checkpoints": {"keep_checkpoints": 2}}
    context.folder.mkdir(parents=True)
    (context.folder / "checkpoint_step_1.pt").write_bytes(b"x")
    assert run(check("disk-fits"), context)["status"] == "pass", "what lies there already is room for what replaces it"


def test_initial_loss_of_a_warm_start_is_not_checked(context: ModelContext) -> None:
    assert run(check("initial-loss"), replace(context, warm_start=True))["status"] == "skipped"


def test_model_checks_have_words_in_both_languages() -> None:
    def placeholders(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    for entry in (texts()[id] for id in IDS):
        for words in (entry.title, *entry.evidence.values(), entry.why, entry.do):
            assert words["en"] != words["tr"]
            assert placeholders(words["en"]) == placeholders(words["tr"]), words
    assert all(words["en"] and words["tr"] for words in REMEDIES.values())
