"""How far the validation loss is above the training loss: what is said of it, and how grave it is taken to be."""

from __future__ import annotations

from typing import Any

import pytest

from mmrec_engine import events
from mmrec_engine.checks.finding import finding
from mmrec_engine.checks.report import markdown, report_of
from mmrec_engine.checks.verdict import verdict_of
from mmrec_engine.locales.guide import ITEMS
from mmrec_engine.locales.guide.findings import advice, evidence
from mmrec_engine.locales.messages import LANGUAGES, Language
from mmrec_tui.app.widgets.finding_panels import items_text, open_problems
from mmrec_tui.locales import Wording
from tests.engine.test_history import history_of
from tests.engine.test_monitor import Found, a_run, found_in, of, the_one
from tests.engine.test_verdict import run

ID = "validation-below-training"


def falling(step: int) -> float:
    return 2.4 - step / 5000


def memorised(times: float, **how: Any) -> Found:
    """A run of nine passes over its text: the validation loss falls, and is at last so many times the training loss."""
    return found_in(
        a_run(
            900,
            loss=lambda step: falling(step) / (1 + (times - 1) * step / 900),
            validation=how.pop("validation", falling),
            steps_an_epoch=100,
            early_stopping_patience=50,
            baselines={},
            **how,
        )
    )


def test_a_severe_gap_is_a_warning_that_says_how_large_it_is_and_that_training_may_go_on() -> None:
    step, one = of(memorised(4.0), ID)[-2]
    assert step < 900 and (one["status"], one["values"]["variant"]) == ("warn", "severe")
    assert "times the training loss: much of the training text is memorised" in one["evidence"]
    assert "no reason to stop" in one["evidence"] and "may go on" in advice(one, "en")
    assert "kat fark" in evidence(one, "tr") and "durmak gerekmez" in evidence(one, "tr")


@pytest.mark.parametrize(("times", "variant"), [(4.0, "severe-ended"), (1.9, "wide-ended")])
def test_a_gap_at_the_end_of_a_run_says_nothing_of_training_on(times: float, variant: str) -> None:
    """The report says beside it what to do next."""
    step, one = of(memorised(times), ID)[-1]
    assert (step, one["values"]["variant"]) == (900, variant)
    told = evidence(one, "en") + advice(one, "en") + evidence(one, "tr") + advice(one, "tr")
    assert not any(
        words in told for words in ("no reason to stop", "training on", "may go on", "sürdürmek", "sürebilir")
    )
    start = "4.0 times the training loss" if times == 4.0 else "90.0% above the training loss"
    assert one["evidence"].startswith(f"{start} at the end")


def test_a_gap_below_twice_the_training_loss_is_a_note() -> None:
    assert {one["status"] for _, one in of(memorised(1.9), ID)} == {"note"}
    assert "memorising has begun" in of(memorised(1.9), ID)[-2][1]["evidence"]


def test_a_severe_gap_of_a_validation_loss_that_has_risen_is_not_told_to_be_harmless() -> None:
    risen = lambda step: falling(step) if step <= 600 else falling(600) * 1.01  # noqa: E731
    _, one = of(memorised(4.0, validation=risen), ID)[-1]
    assert (one["status"], one["values"]["variant"]) == ("warn", "severe-risen")
    assert "above its best of 2.280" in one["evidence"] and "no reason" not in one["evidence"]
    assert "no longer helps" in advice(one, "en")


def test_a_severe_gap_that_closes_is_a_note_again() -> None:
    closes = lambda step: falling(step) / (3.0 if step < 600 else 1.3)  # noqa: E731
    found = found_in(a_run(900, loss=closes, validation=falling, steps_an_epoch=100))
    told = [(one["status"], one["values"]["variant"]) for _, one in of(found, ID)]
    assert ("warn", "severe") in told and told[-1] == ("note", "wide-ended")


def test_a_severe_gap_of_text_that_was_trained_on_once_is_not_called_memorised() -> None:
    apart = lambda step: falling(step) / 3.0  # noqa: E731
    from_nothing = lambda step: 4.2 if step == 1 else apart(step)  # noqa: E731
    found = found_in(a_run(900, loss=from_nothing, training=apart, validation=falling))
    assert {one["values"].get("variant") for _, one in of(found, ID)} == {"wide-first-pass"}


@pytest.mark.parametrize(("times", "variant"), [(2.2, "wide-unlike"), (4.0, "severe-ended")])
def test_unlike_splits_explain_a_part_of_a_gap(times: float, variant: str) -> None:
    values = {"under_training": 3.0, "under_own": 2.48, "apart": 0.52}
    check = events.Check(finding=finding("split-alike", "before", "warn", values))
    assert of(memorised(times, checks=(check,)), ID)[-1][1]["values"]["variant"] == variant


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_question_is_not_ticked_while_the_gap_is_severe(language: Language) -> None:
    """Neither on the screen nor in the report, also after the finding of overfitting is over."""
    over = {"variant": "over", "step": 900, "loss": 2.2, "best": 2.2, "best_step": 900}
    found = [*(one for _, one in memorised(4.0)), finding("overfitting", "during", "pass", over)]
    question = next(item for item in ITEMS if item.id == ID).question[language]
    shown = items_text(found, {ID: True}, "during", Wording(language), short=False).plain
    assert f"! {question}" in shown
    history = history_of(*(events.Finding(step=900, finding=one) for one in found))
    assert [one["id"] for one in open_problems(history)] == [ID]
    assert f"- ! **{question}**" in markdown(report_of(history, "tiny", {}), language)


def test_a_severe_gap_is_memorising_for_the_verdict_also_between_unlike_splits() -> None:
    history = run([(2.4, 0.8), (2.395, 0.6), (2.395, 0.5)])
    history.add(events.Check(finding=finding("split-alike", "before", "warn", {"apart": 0.4})))
    before = verdict_of(history)
    _, severe = the_one([of(memorised(4.0), ID)[-1]], ID, "warn")
    history.add(events.Finding(step=300, finding=severe))
    after = verdict_of(history)
    assert before is not None and after is not None
    assert before["lever"] not in ("dropout", "text") and after["lever"] == "dropout"
