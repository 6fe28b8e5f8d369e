"""Advice in one list does not contradict itself."""

from __future__ import annotations

from typing import Any

import pytest

from mmrec_engine import events
from mmrec_engine.checks.agreement import agreeing, in_agreement
from mmrec_engine.checks.finding import finding
from mmrec_engine.checks.remedies import remedies_for
from mmrec_engine.run.auto_remedy import AutoRemedy
from mmrec_engine.run.follow_up import offers, sound_offer
from mmrec_engine.runs.history import History
from mmrec_engine.settings import Settings
from tests.app.recorded import a_training, recorded_settings


def found(id: str, status: str, variant: str = "", **chosen: Any) -> dict[str, Any]:
    settings = {**Settings().as_dict(), **chosen}
    phase = "after" if id in ("best-early", "still-improving", "beats-baselines") else "during"
    values = {"variant": variant} if variant else {}
    made = finding(id, phase, "pass", {})  # type: ignore[arg-type]
    return {**made, "status": status, "values": values, "remedies": remedies_for(id, settings, variant)}


def ids(findings: list[dict[str, Any]]) -> dict[str, list[str]]:
    return {one["id"]: [remedy["id"] for remedy in one["remedies"]] for one in findings}


@pytest.mark.parametrize(
    ("findings", "left_out"),
    [
        # raise the learning rate beside lower it: the spike was seen
        ([found("update-ratio", "warn", "low"), found("loss-spike", "warn")], ("update-ratio", "raise-learning-rate")),
        ([found("loss-spike", "warn"), found("update-ratio", "warn", "low")], ("update-ratio", "raise-learning-rate")),
        # train longer beside stop sooner
        ([found("overfitting", "warn"), found("still-improving", "note")], ("still-improving", "longer-run")),
        ([found("overfitting", "warn"), found("beats-baselines", "warn", "above-bigram")], ("beats-baselines", "longer-run")),
        # a larger model beside more dropout
        ([found("underfitting", "warn"), found("overfitting", "warn")], ("underfitting", "larger-config")),
        # the worse one decides
        (
            [found("best-early", "note"), found("beats-baselines", "fail", "above-unigram")],
            ("best-early", "lower-learning-rate"),
        ),
    ],
    ids=lambda value: "-".join(one["id"] for one in value) if isinstance(value, list) else "",
)  # fmt: skip
def test_the_less_certain_of_two_contradicting_remedies_is_left_out(
    findings: list[dict[str, Any]], left_out: tuple[str, str]
) -> None:
    before, after = ids(findings), ids(agreeing(findings))
    name, remedy = left_out
    assert remedy in before[name] and remedy not in after[name]
    certain = next(one for one in before if one != name)
    assert after[certain] == before[certain] != [], "the more certain one keeps its advice"
    offered = {(str(one.finding["id"]), one.id) for one in offers(findings, Settings().as_dict())}
    assert left_out not in offered
    assert {id for found_by, id in offered if found_by == certain} >= set(before[certain]) - {"more-text"}


def test_remedies_that_agree_are_kept() -> None:
    findings = [
        found("clipping-always", "warn", "exploding"),
        found("loss-spike", "warn"),
        found("out-of-memory", "warn"),
    ]
    assert agreeing(findings) == findings


def test_hints_of_a_run_that_overfits_do_not_ask_to_train_longer() -> None:
    """The hints of a run on screen: an older finding that is still open, and a newer one."""
    from mmrec_tui.app.widgets.finding_panels import open_problems
    from tests.engine.test_history import history_of

    history = history_of(*a_training(60))
    settings = recorded_settings()
    history.findings += [found("underfitting", "warn", **settings), found("overfitting", "warn", **settings)]
    shown = ids(open_problems(history))
    assert list(shown) == ["overfitting", "underfitting"], "the newest first"
    assert "regularise" in shown["overfitting"] and shown["underfitting"] == []


def test_hints_list_the_remedies_that_can_be_chosen() -> None:
    """Of the settings and the length that the run has now, whatever they were when the finding was made."""
    from mmrec_tui.app.widgets.finding_panels import open_problems
    from tests.engine.test_history import history_of

    settings = {**recorded_settings(), "warmup_steps": 10}
    made = {**found("loss-too-high", "fail", **settings), "phase": "during"}
    made["remedies"] = remedies_for("loss-too-high", {**settings, "planned_steps": 4000}, "")
    assert "longer-warmup" in {one["id"] for one in made["remedies"]}
    for planned in (4000, 300):
        history = history_of(*a_training(60))
        history.settings.update(settings)
        history.findings.append(made)
        history.planned_steps = planned
        (shown,) = open_problems(history)
        listed = [one.id for one in offers(history.findings, history.settings_now)]
        assert [one["id"] for one in shown["remedies"]] == listed
        assert ("longer-warmup" in listed) is (planned == 4000)


MEMORISED = {"loss": 3.1, "training": 1.2, "apart": 1.6, "times": 2.6, "best": 2.9, "step": 400}


@pytest.mark.parametrize(
    ("variant", "status", "is_over"),
    [("severe-risen", "warn", True), ("wide-risen", "note", True), ("severe", "warn", False), ("wide", "note", False)],
)
def test_no_longer_run_is_offered_where_validation_is_above_its_best(variant: str, status: str, is_over: bool) -> None:
    gap = found("validation-below-training", status, variant)
    gap["values"].update(MEMORISED)
    assert ("more-dropout" in {offer.id for offer in offers([gap], Settings().as_dict())}) is is_over
    longer = [
        found("beats-baselines", "fail", "above-bigram"),
        found("underfitting", "warn"),
        found("still-improving", "note"),
    ]
    for one in longer:
        for findings in ([gap, one], [one, gap]):
            ids_now = {offer.id for offer in offers(findings, Settings().as_dict())}
            assert ("longer-run" in ids_now) is not is_over
            assert ("longer-run" in ids(agreeing(findings))[one["id"]]) is not is_over
        assert ("longer-run" in ids([in_agreement(one, [gap])])[one["id"]]) is not is_over, "told as it is found"
    over = {**gap, "status": "pass", "values": {"variant": "above"}}
    assert "longer-run" in {offer.id for offer in offers([gap, longer[1], over], Settings().as_dict())}


def test_a_rise_that_may_pass_is_not_remedied_without_asking() -> None:
    gap = found("validation-below-training", "warn", "severe-risen")
    assert sound_offer(offers([gap], Settings().as_dict())) is None


def test_nothing_is_done_without_asking_against_a_finding_of_the_same_run() -> None:
    history, unasked = History(), AutoRemedy()
    for event in a_training(60):
        history.add(event)
    settings = recorded_settings()
    history.findings.append(found("overfitting", "warn", **settings))
    finding = found("beats-baselines", "warn", "midway", **settings)
    history.findings.append(finding)
    unasked.add(events.Finding(finding=finding), history)
    assert unasked.applied == 0
