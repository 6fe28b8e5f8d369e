"""Remedies for a finding: the guide's remedies, each one step beyond the current values, always valid."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmrec_engine.checks.remedies import remedies_for, restart_from
from mmrec_engine.checks.specs import CHECKS
from mmrec_engine.errors import RequestError
from mmrec_engine.locales.guide.problems import PROBLEMS
from mmrec_engine.locales.guide.remedies import REMEDIES, figures, what_it_does
from mmrec_engine.locales.messages import LANGUAGES
from mmrec_engine.run import follow_up
from mmrec_engine.run.follow_up import offers
from mmrec_engine.settings import Settings, can_change_while_running, resolve
from mmrec_engine.settings.presets import PRESETS, PROFILES, RECIPES
from tests.app.recorded import a_training, an_ending, record

FINDINGS = [id for id, check in CHECKS.items() if check.is_made_during]


def proposed(finding: str, **chosen: Any) -> dict[str, dict[str, Any]]:
    return {remedy["id"]: remedy["settings"] for remedy in remedies_for(finding, resolve(chosen).settings.as_dict())}


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.id)
def test_remedies_from_the_guides_settings_match_the_guide(problem: Any) -> None:
    """With values that are applied already: there the remedy goes one step further."""
    offered = proposed(problem.id)
    assert set(offered) - {"regularise"} == {remedy.id for remedy in problem.remedies}
    for remedy in problem.remedies:
        for name, value in remedy.settings.items():
            if getattr(Settings(), name) != value:
                assert offered[remedy.id][name] == value, remedy.id


def test_a_spike_lowers_no_rate_at_which_small_models_train_best() -> None:
    measured = {"recipe": "fast", "learning_rate": 0.04}
    assert proposed("loss-spike", **measured) == {}
    assert set(proposed("loss-spike", **measured, grad_clip=0.0)) == {"clip-gradients"}
    for other in ({"learning_rate": 0.08}, {"config": "small"}):
        assert "lower-learning-rate" in proposed("loss-spike", **{**measured, **other})


def test_applied_remedy_is_followed_by_the_next_until_none_is_left() -> None:
    seen: list[dict[str, Any]] = []
    chosen: dict[str, Any] = {}
    while changes := proposed("overfitting", **chosen).get("more-dropout"):
        seen.append(changes)
        chosen |= changes
    assert [changes["dropout"] for changes in seen] == [0.2, 0.3, 0.4, 0.5]


@pytest.mark.parametrize(
    ("finding", "remedy", "chosen", "changes"),
    [
        ("loss-too-high", "lower-learning-rate", {"learning_rate": 30.0}, {"learning_rate": 0.01}),
        ("update-ratio", "lower-learning-rate", {"recipe": "fast", "learning_rate": 0.3}, {"learning_rate": 0.04}),
        ("loss-too-high", "lower-learning-rate", {"learning_rate": 0.006}, {"learning_rate": 0.002}),
        ("loss-too-high", "lower-learning-rate", {"learning_rate": 2e-4}, {"learning_rate": 1e-4}),
        ("loss-too-high", "lower-learning-rate", {"learning_rate": 1e-4}, {"learning_rate": 5e-5}),
        ("loss-too-high", "lower-learning-rate", {"learning_rate": 1e-6}, None),
        ("loss-too-high", "lower-learning-rate", {"recipe": "fast"}, {"learning_rate": 0.013}),
        ("loss-too-high", "longer-warmup", {"warmup_steps": 0}, {"warmup_steps": 200}),
        ("loss-too-high", "longer-warmup", {"warmup_steps": 300}, {"warmup_steps": 600}),
        ("loss-too-high", "longer-warmup", {"max_steps": 300}, None),
        ("loss-too-high", "larger-batch", {"batch_size": 64}, {"accumulate": 2}),
        ("loss-too-high", "larger-batch", {"batch_size": 64, "accumulate": 4}, None),
        ("loss-too-high", "clip-gradients", {"grad_clip": 0.0}, {"grad_clip": 1.0}),
        ("loss-not-falling", "raise-learning-rate", {"learning_rate": 1e-7}, {"learning_rate": 3e-4}),
        ("loss-not-falling", "raise-learning-rate", {"learning_rate": 3e-3}, None),
        ("loss-not-falling", "larger-config", {"config": "mini"}, {"config": "small"}),
        ("loss-not-falling", "larger-config", {"config": "large"}, None),
        ("loss-not-falling", "larger-config", {"learning_rate": 1e-5}, None),
        ("loss-not-falling", "raise-learning-rate", {"learning_rate": 1e-5}, {"learning_rate": 3e-4}),
        ("update-ratio", "usual-weight-decay", {"weight_decay": 3.0}, {"weight_decay": 0.1}),
        ("update-ratio", "lower-learning-rate", {"weight_decay": 3.0}, None),
        ("loss-not-falling", "more-text", {}, {}),
        ("overfitting", "more-weight-decay", {"weight_decay": 0.2}, {"weight_decay": 0.4, "learning_rate": 3e-5}),
        ("overfitting", "more-weight-decay", {"learning_rate": 5e-5}, {"weight_decay": 0.2}),
        ("overfitting", "less-patience", {"early_stopping_patience": 3}, {"early_stopping_patience": 2}),
        ("overfitting", "less-patience", {"early_stopping_patience": 2}, None),
        ("underfitting", "longer-run", {}, {"epochs": 20}),
        ("underfitting", "longer-run", {"max_steps": 500}, {"max_steps": 1000}),
        ("out-of-memory", "smaller-batch", {"batch_size": 16}, {"microbatch": 8}),
        ("out-of-memory", "smaller-batch", {"batch_size": 16, "microbatch": 3}, {"microbatch": 1}),
        ("out-of-memory", "smaller-batch", {"batch_size": 1}, None),
        ("out-of-memory", "shorter-windows", {"seq_len": 1024, "stride": 1024}, {"seq_len": 256, "stride": 256}),
        ("out-of-memory", "shorter-windows", {"seq_len": 256}, {"seq_len": 128}),
        ("out-of-memory", "gradient-checkpointing", {"gradient_checkpointing": True}, None),
        ("first-evaluation-late", "evaluate-sooner", {}, {"eval_every": 100}),
        ("first-evaluation-late", "evaluate-sooner", {"eval_every": 50}, None),
    ],
)  # fmt: skip
def test_repeated_remedy_goes_further(
    finding: str, remedy: str, chosen: dict[str, Any], changes: dict[str, Any] | None
) -> None:
    assert proposed(finding, **chosen).get(remedy) == changes


@pytest.mark.parametrize(
    ("chosen", "limited_by", "changes"),
    [
        ({"time": 120}, "", {"time": 240}),
        ({"time": 120, "epochs": 3}, "", {"time": 240, "epochs": 6}),
        ({"time": 120, "epochs": 3}, "epochs", {"epochs": 6}),
        ({"time": 120, "max_steps": 60}, "max_steps", None),
    ],
)
def test_longer_run_of_a_given_time_is_not_ended_by_the_same_limit(
    chosen: dict[str, Any], limited_by: str, changes: dict[str, Any] | None
) -> None:
    settings = {**resolve(chosen).settings.as_dict(), "limited_by": limited_by}
    assert {one["id"]: one["settings"] for one in remedies_for("still-improving", settings)}.get(
        "longer-run"
    ) == changes


@pytest.mark.parametrize("finding", FINDINGS)
@given(
    config=st.sampled_from(list(PRESETS)), recipe=st.sampled_from(list(RECIPES)), optimizer=st.sampled_from(["adamw", "muon"]),
    learning_rate=st.floats(1e-9, 100), warmup_steps=st.integers(0, 10**6), batch_size=st.integers(1, 4096),
    accumulate=st.integers(1, 64), seq_len=st.integers(2, 4096), dropout=st.floats(0, 0.99), weight_decay=st.floats(0, 10),
    grad_clip=st.floats(0, 100), early_stopping_patience=st.integers(1, 100), epochs=st.integers(1, 10**6),
    variant=st.sampled_from(["", "low", "high", "still", "slow", "stuck", "hardly-fell", "above-unigram", "exploding"]),
)  # fmt: skip
def test_every_proposal_is_valid_and_a_change(finding: str, variant: str, **chosen: Any) -> None:
    given_settings = Settings(**chosen).as_dict()
    for remedy in remedies_for(finding, given_settings, variant):
        changed = resolve({**given_settings, **remedy["settings"]}).settings.as_dict()
        assert all(changed[name] == value != given_settings[name] for name, value in remedy["settings"].items())
        assert remedy["title"] and "None" not in remedy["title"]


def test_settings_of_another_version_get_no_proposals() -> None:
    assert remedies_for("overfitting", {"dropout": "much"}) == []
    assert remedies_for("overfitting", {**Settings().as_dict(), "mood": "calm"}) != []
    assert remedies_for("no-such-finding", {}) == []


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_has_a_remedy_for_overfitting(profile: str) -> None:
    assert proposed("overfitting", **PROFILES[profile])


@pytest.mark.parametrize(
    ("changes", "can_change"),
    [
        ({"learning_rate": 1e-4}, True),
        ({"dropout": 0.2, "weight_decay": 0.2}, True),
        ({"early_stopping_patience": 3}, True),
        ({"grad_clip": 1.0}, True),
        ({"batch_size": 8}, False),
        ({"config": "mini"}, False),
        ({"seq_len": 128}, False),
        ({"learning_rate": 1e-4, "batch_size": 8}, False),
        ({}, False),
    ],
)
def test_settings_that_keep_model_and_batches_can_change_in_a_running_training(
    changes: dict[str, Any], can_change: bool
) -> None:
    assert can_change_while_running(changes) is can_change


def test_longer_warmup_is_possible_only_during_the_warmup() -> None:
    assert not can_change_while_running({"warmup_steps": 200})
    assert can_change_while_running({"warmup_steps": 200}, warmup_ended=False)


def test_remedy_for_overfitting_starts_from_the_best_and_for_a_rate_from_scratch() -> None:
    assert restart_from("overfitting") == "best"
    assert {restart_from(id) for id in ("loss-too-high", "loss-not-falling", "non-finite", "underfitting")} == {"start"}


def test_remedy_title_has_its_values() -> None:
    before = Settings().as_dict()
    assert figures(before, {"dropout": 0.2}, "en") == "dropout 0.1 → 0.2"
    assert figures(before, {"learning_rate": 1e-4}, "tr") == "öğrenme oranı 3e-4 → 1e-4"
    assert figures({"learning_rate": 0.02}, {"learning_rate": 0.007}, "en") == ("learning rate 0.02 → 0.007")
    assert figures(before, {"eval_every": 100}, "tr") == "değerlendirme aralığı epoch'ta bir → 100"
    assert what_it_does("more-text", {}, "tr") == "Daha fazla metin ekle"


def test_every_remedy_has_words_in_both_languages() -> None:
    assert {remedy.id for problem in PROBLEMS for remedy in problem.remedies} <= REMEDIES.keys()
    offered = {remedy["id"] for id in FINDINGS for remedy in remedies_for(id, {"grad_clip": 0.0})}
    assert offered <= REMEDIES.keys()
    assert all(words[language] for words in REMEDIES.values() for language in LANGUAGES)


@pytest.mark.parametrize(("optimizer", "best"), [("adamw", 0.01), ("muon", 0.04)])
def test_clipping_alone_does_not_lower_an_already_low_rate(optimizer: str, best: float) -> None:
    for share in (0.03, 0.5, 1.0):
        settings = {"optimizer": optimizer, "learning_rate": share * best}
        assert remedies_for("clipping-always", settings) == []
    above = remedies_for("clipping-always", {"optimizer": optimizer, "learning_rate": 2 * best})
    assert [one["id"] for one in above] == ["lower-learning-rate"]
    exploding = remedies_for("clipping-always", {"optimizer": optimizer, "learning_rate": best}, "exploding")
    assert "lower-learning-rate" in [one["id"] for one in exploding]


@pytest.mark.parametrize("variant", ["", "midway", "above-five-gram", "above-unigram"])
def test_a_model_above_the_baselines_is_not_advised_to_become_larger(variant: str) -> None:
    """With the same compute a larger model makes fewer steps, and ends higher."""
    settings = resolve({"config": "tiny", "learning_rate": 3e-4}).settings.as_dict()
    offered = [remedy["id"] for remedy in remedies_for("beats-baselines", settings, variant)]
    assert "longer-run" in offered and "larger-config" not in offered


@pytest.mark.parametrize(("rate", "way"), [(0.3, "start"), (0.1, "now"), (0.04, "now")])
def test_a_run_at_a_rate_far_too_high_is_started_anew(rate: float, way: str) -> None:
    """A lower rate from then on gained a tenth of what a new run gained (docs/diagnosis.md)."""
    settings = resolve({"recipe": "fast", "learning_rate": rate}).settings.as_dict()
    remedies = remedies_for("update-ratio", settings, "high")
    found = {
        "id": "update-ratio",
        "status": "warn",
        "phase": "during",
        "values": {"variant": "high"},
        "remedies": remedies,
    }
    assert [(one.id, one.way) for one in offers([found], settings, live=True)] == [("lower-learning-rate", way)]


def test_what_only_changes_when_training_ends_is_offered_last() -> None:
    def found(id: str, status: str, **settings: Any) -> dict[str, Any]:
        remedies = [{"id": id, "settings": settings}]
        return {"id": id, "status": status, "phase": "before", "values": {}, "remedies": remedies}

    settings = resolve({"recipe": "fast"}).settings.as_dict()
    made = [
        found("hyperparameters", "note", early_stopping_patience=1),
        found("still-improving", "note", max_steps=900),
        found("batches", "warn", early_stopping_patience=2),
        found("overfitting", "fail", dropout=0.3),
    ]
    assert [list(one.changes) for one in offers(made, settings)] == [
        ["dropout"], ["early_stopping_patience"], ["max_steps"], ["early_stopping_patience"],
    ]  # fmt: skip


@pytest.mark.parametrize(("remedy", "known"), [("xyz", False), ("more-dropout", True), ("overfitting", True)])
def test_unknown_remedy_of_a_run_that_offers_none_is_named_with_those_that_exist(
    remedy: str, known: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = record(tmp_path / "q1", [*a_training(20), *an_ending(step=20)])
    monkeypatch.setattr(follow_up, "offers", lambda *_: [])
    with pytest.raises(RequestError) as refused:
        follow_up.follow(folder, remedy)
    assert refused.value.key == ("remedy-none" if known else "remedy-missing")
    for language in LANGUAGES:
        told = refused.value.text(language)
        assert f"--remedy {remedy}" in told and "q1" in told
        assert known or ("more-dropout" in told and "evaluate-sooner" in told)


def test_numbers_of_a_remedy_have_the_marks_of_their_language() -> None:
    change = ({"max_steps": 1000}, {"max_steps": 20_000})
    assert [figures(*change, language).rpartition(" ")[2] for language in ("en", "tr")] == ["20,000", "20.000"]


@pytest.mark.parametrize(
    ("changes", "kept"), [({"config": "mini"}, False), ({"vocab_size": 900}, False), ({"dropout": 0.2}, True)]
)
def test_remedy_that_needs_another_model_leaves_the_starting_weights(
    changes: dict[str, Any], kept: bool, tmp_path: Path
) -> None:
    folder = record(tmp_path / "run", [*a_training(20), *an_ending(step=20)], init_from="/earlier/best_model.pt")
    offer = follow_up.Offer({"id": "underfitting"}, "a-remedy", changes, {}, "start")
    resolved, _ = follow_up.follow(folder, "a-remedy", offer=offer)
    assert (resolved.settings.init_from is not None) is kept
    assert all(getattr(resolved.settings, name) == value for name, value in changes.items())
