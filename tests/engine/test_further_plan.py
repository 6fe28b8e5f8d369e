"""The plan of a run that begins with the weights of an earlier one: what it keeps, and what is planned anew."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mmrec_engine.checks.specs import numbers
from mmrec_engine.data.split_record import Earlier
from mmrec_engine.locales.messages import LANGUAGES
from mmrec_engine.planning.budget import BudgetPlan, plan, was_limited
from mmrec_engine.planning.facts import MachineFacts, TextFacts
from mmrec_engine.planning.first_weights import Before, characters_of_its_tokens, seen_before
from mmrec_engine.planning.free_settings import is_free
from mmrec_engine.planning.reasons import reason_of
from mmrec_engine.run import follow_up
from mmrec_engine.settings import Resolved, Settings, resolve
from mmrec_engine.storage.run_files import BEST
from tests.app.recorded import EPOCH, a_training, an_ending, record

TEXT = TextFacts(train=400_000, validation=45_000, alphabet=80)
SMALL = TextFacts(train=20_000, validation=2_200, alphabet=80)
TINY = MachineFacts(True, speeds={"tiny": 30_000.0})
PLANNED = {"seq_len": 512, "batch_size": 2, "optimizer": "muon", "dropout": 0.3, "max_steps": 900, "eval_every": 300}


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    """A run with a given time, whose text was long: its planner chose most of its settings, and a person the weight decay."""
    folder = record(tmp_path / "run", [*a_training(20), *an_ending(step=20)])
    stored = {**PLANNED, "time": 40.0, "epochs": None, "weight_decay": 0.3}
    described_as(folder, stored, {**dict.fromkeys(PLANNED, "planner"), "time": "hand", "weight_decay": "hand"})
    return folder


def described_as(folder: Path, settings: dict[str, Any], sources: dict[str, str]) -> None:
    """With these settings in its run.json, the others as the defaults that they are, and best weights."""
    described = json.loads((folder / "run.json").read_text())
    described["settings"].update(settings)
    described["sources"] = {**dict.fromkeys(described["settings"], "default"), **sources}
    (folder / "run.json").write_text(json.dumps(described))
    (folder / BEST).touch()


def followed(folder: Path, **given: Any) -> Resolved:
    return follow_up.follow(folder, None, given)[0]


def test_what_a_planner_chose_is_planned_again_and_what_a_person_chose_is_kept(earlier: Path) -> None:
    resolved = followed(earlier, time=60)
    assert all(is_free(name, resolved) for name in PLANNED)
    assert resolved.settings.weight_decay == 0.3 and resolved.sources["weight_decay"] == "run"
    assert is_free("dropout", followed(earlier)), "it has the earlier run's time"
    kept = followed(earlier, max_steps=100)
    assert kept.settings.time is None, "a given length replaces the earlier one"
    assert kept.settings.dropout == 0.3 and kept.settings.seq_len == 512


def test_remedy_is_the_only_change_of_a_run(earlier: Path) -> None:
    offer = follow_up.Offer({"id": "overfitting"}, "more-dropout", {"dropout": 0.4}, {"dropout": 0.3}, "best")
    resolved, origin = follow_up.follow(earlier, "more-dropout", offer=offer)
    assert resolved.settings.dropout == 0.4 and origin.changes == {"dropout": (0.3, 0.4)}
    assert not is_free("seq_len", resolved) and is_free("max_steps", resolved)


@pytest.mark.parametrize(
    ("finding", "remedy", "changes", "is_again", "is_kept"),
    [
        # It sees the text again from trained weights: the rate of new ones would undo what they have learnt.
        ("still-improving", "longer-run", {"time": 80.0}, {"learning_rate", "dropout", "seq_len", "max_steps"}, set()),
        ("loss-spike", "clip-gradients", {"grad_clip": 1.0}, {"learning_rate", "max_steps"}, {"dropout", "seq_len"}),
        ("overfitting", "more-dropout", {"dropout": 0.4, "learning_rate": 0.004}, {"max_steps"}, {"learning_rate", "seq_len"}),
    ],
)  # fmt: skip
def test_rate_of_a_remedy_that_goes_on_from_trained_weights_is_planned_for_them(
    earlier: Path, finding: str, remedy: str, changes: dict[str, Any], is_again: set[str], is_kept: set[str]
) -> None:
    described_as(
        earlier,
        {**PLANNED, "time": 40.0, "epochs": None, "learning_rate": 0.04},
        {**dict.fromkeys((*PLANNED, "learning_rate"), "planner"), "time": "hand"},
    )
    offer = follow_up.Offer({"id": finding}, remedy, changes, {}, "best")
    resolved, origin = follow_up.follow(earlier, offer=offer)
    assert all(is_free(name, resolved) for name in is_again)
    assert not any(is_free(name, resolved) for name in is_kept)
    assert resolved.settings.time == changes.get("time", 40.0) and origin.weights == "best"
    known = replace(TEXT, before=Before(3.0, 3 * TEXT.train))
    planned_rate = plan(known, TINY, resolved).applied_to(resolved).settings.learning_rate
    assert planned_rate < 0.04
    anew, _ = follow_up.follow(earlier, offer=replace(offer, way="start"))
    assert is_free("learning_rate", anew) is (remedy == "longer-run"), (
        "new weights need no other rate, but a longer run a plan"
    )


@pytest.mark.parametrize("source", ["default", "hand"])
def test_length_of_the_earlier_run_does_not_limit_one_with_a_given_time(source: str, tmp_path: Path) -> None:
    folder = record(tmp_path / "run", [*a_training(20), *an_ending(step=20)])
    described_as(folder, {"epochs": 10 if source == "default" else 3}, {"epochs": source})
    resolved = followed(folder, time=600)
    assert resolved.settings.epochs is None
    made = plan(TEXT, TINY, resolved)
    assert "limited_by" not in made.expected
    assert made.choices["optimizer"].value == "muon", (
        "the defaults of a run without a time are not kept for one with a time"
    )


def test_window_of_the_earlier_run_is_shortened_for_a_short_text() -> None:
    resolved = resolve({"time": 60, "init_from": "run"}, None, {"seq_len": 512, "batch_size": 4})
    assert "seq_len" not in plan(TEXT, TINY, resolved).choices, "it fits into this text"
    made = plan(SMALL, TINY, resolved)
    choice = made.choices["seq_len"]
    needed = numbers("corpus-size")
    assert choice.value < 512 and choice.reason == "window-of-the-text"
    assert SMALL.train >= needed["train_windows"] * choice.value
    assert SMALL.validation >= needed["validation_windows"] * choice.value
    assert all(reason_of(choice.as_dict(), language) for language in LANGUAGES)
    assert made.applied_to(resolved).settings.seq_len == choice.value
    assert "seq_len" not in plan(SMALL, TINY, resolve({"time": 60, "init_from": "run", "seq_len": 512})).choices


def test_weights_that_know_the_text_get_a_gentle_rate_and_dropout_for_all_passes() -> None:
    def made(passes: float, characters: int | None = None, **given: Any) -> BudgetPlan:
        text = replace(TEXT, before=Before(passes, round(passes * TEXT.train) if characters is None else characters))
        return plan(text, TINY, resolve({"time": 60, "tokenizer": "char", "init_from": "run", **given}))

    new, known, short = made(0.0), made(8.0), made(0.5)
    assert new.choices["learning_rate"].value == 0.04 and new.choices["dropout"].reason == "dropout-by-passes"
    assert known.choices["learning_rate"].value == 0.004
    assert made(8.0, optimizer="adamw").choices["learning_rate"].value == 0.001
    assert known.choices["dropout"].value > new.choices["dropout"].value
    assert known.choices["dropout"].values["before"] == 8.0
    assert short.choices["learning_rate"].value == 0.04, (
        "a long run with the full rate is better than a short one before it"
    )
    text = replace(TEXT, before=Before(0.4, round(0.4 * TEXT.train), seconds=30.0))
    for time, rate in ((60, 0.01), (61, 0.04)):
        resolved = resolve({"time": time, "tokenizer": "char", "init_from": "run"})
        assert plan(text, TINY, resolved).choices["learning_rate"].value == rate, (
            "on a busy machine few passes were made"
        )
    longer = made(2.0)
    assert longer.expected["passes"] > 2 and longer.choices["learning_rate"].value == 0.01, (
        "it would undo what they know"
    )
    assert all(reason_of(longer.choices["learning_rate"].as_dict(), language) for language in LANGUAGES)
    for language in LANGUAGES:
        for name in ("learning_rate", "dropout"):
            assert reason_of(known.choices[name].as_dict(), language) != reason_of(
                new.choices[name].as_dict(), language
            )
    with_choices = known.applied_to(resolve({"time": 60, "tokenizer": "char"}))
    assert was_limited(with_choices), "also if the machine turns out to be faster than planned"


def test_passes_of_all_earlier_runs_over_the_same_text_count(tmp_path: Path) -> None:
    def run(name: str, fingerprint: str, first: Path | None) -> Path:
        folder = record(tmp_path / name, [*a_training(420, overfit_from=0), *an_ending(step=420)])
        described_as(folder, {"init_from": None if first is None else str(first / BEST), "time": 40.0}, {})
        described = json.loads((folder / "run.json").read_text())
        described["corpus"] = {"fingerprint": fingerprint, "train_characters": 3000, "train_tokens": 2000}
        (folder / "run.json").write_text(json.dumps(described))
        return folder

    first = run("a", "this", None)
    third = run("c", "this", run("b", "another", first))
    corpus: Any = SimpleNamespace(fingerprint="this", record=None, earlier=Earlier())
    once, twice = (seen_before(corpus, Settings(init_from=str(folder / BEST))) for folder in (first, third))
    assert 0 < once.passes < 420 / EPOCH + 0.1 and once.characters == round(3000 * once.passes)
    assert twice.passes == pytest.approx(2 * once.passes), "the second run had another text"
    assert twice.characters == pytest.approx(3 * once.characters, abs=2)
    assert once.seconds == 40.0 and twice.seconds == 80.0
    assert seen_before(corpus, Settings(init_from=str(tmp_path / "gone"))) == Before()
    assert characters_of_its_tokens(Settings(init_from=str(first / BEST))) == 1.5
    assert characters_of_its_tokens(Settings(init_from="hf:model")) is None


def test_windows_are_no_shorter_than_a_given_stride() -> None:
    resolved = resolve({"time": 60, "stride": 128})
    assert plan(SMALL, TINY, resolved).applied_to(resolved).settings.seq_len == 128


def test_plan_counts_the_tokens_of_the_tokenizer_that_the_weights_have() -> None:
    def made(each: float | None, **given: Any) -> BudgetPlan:
        text = TextFacts(400_000, 45_000, 80, characters_a_token=each)
        return plan(text, TINY, resolve({"time": 60, "tokenizer": "bpe", "vocab_size": 2000, **given}))

    usual, own = made(None), made(1.3)
    assert own.expected["passes"] == pytest.approx(own.expected["tokens"] * 1.3 / 400_000, abs=0.01)
    assert own.expected["passes"] < 0.6 * usual.expected["passes"]
    assert own.choices["dropout"].value < usual.choices["dropout"].value
    limited = [made(each, epochs=2).expected["steps"] for each in (None, 1.3)]
    assert limited[1] == pytest.approx(2 * limited[0], rel=0.05), "an epoch has twice as many tokens"
