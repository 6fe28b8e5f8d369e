"""The checks during training, on simulated runs: each rule reports a fault in time, once, and nothing on a healthy run."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmrec_engine import events
from mmrec_engine.checks.finding import finding
from mmrec_engine.checks.monitor.monitor import Monitor
from mmrec_engine.checks.specs import CHECKS
from mmrec_engine.locales.guide.findings import advice, evidence, texts, title
from mmrec_engine.locales.messages import LANGUAGES
from mmrec_engine.settings import Settings

VOCABULARY = 65
UNIFORM = math.log(VOCABULARY)
UNIGRAM, BIGRAM = 3.35, 2.49
MADE_DURING = {id for id, check in CHECKS.items() if check.is_made_during}
PASSED = {"loss-not-falling", "validation-below-training", "perplexity-sane", "accuracy-rising", "early-stopping"}

Found = list[tuple[int, dict[str, Any]]]
Curve = Callable[[int], float]


def healthy_loss(step: int) -> float:
    """A guide run on tiny Shakespeare, roughly: from ln V through the unigram at step 150 to 1.6."""
    return 1.6 + (UNIFORM - 1.6) * math.exp(-step / 180)


def healthy_gap(step: int) -> float:
    return 0.02 + 0.02 * min(1.0, step / 1000)


def a_run(
    steps: int = 1000,
    loss: Curve = healthy_loss,
    *,
    planned: int | None = None,
    evaluate_every: int = 100,
    validation: Curve | None = None,
    training: Curve | None = None,
    accuracy: Curve | None = None,
    bits: Curve | None = None,
    norm: Curve = lambda step: 0.6,
    ratio: Curve = lambda step: 1.5e-3,
    noise: float = 0.05,
    baselines: dict[str, float] | None = None,
    seconds_a_step: float = 0.1,
    ended: events.Status | None = "completed",
    saves: bool = True,
    steps_an_epoch: int = 10_000,
    checks: tuple[events.Check, ...] = (),
    **chosen: Any,
) -> Iterator[events.Event]:
    """The events of a simulated run. Curves are functions of the step; `validation` defaults to a little above `training`."""
    made = Settings(eval_every=evaluate_every, **chosen)
    planned = planned or steps
    known = {"unigram": UNIGRAM, "bigram": BIGRAM, "5-gram": 1.9} if baselines is None else baselines
    fair = training or loss
    judged = validation or (lambda step: fair(step) + healthy_gap(step))
    accurate = accuracy or (lambda step: max(0.0, 0.72 - 0.15 * judged(step)))
    dice = random.Random(7)
    yield events.State(state="PREPARING", time=0.0)
    yield from checks
    yield events.RunStarted(
        time=0.0, planned_steps=planned, steps_an_epoch=steps_an_epoch, parameters=870_000, baselines=known,
        corpus={"vocabulary": VOCABULARY, "validation_characters": 100_000}, settings=made.as_dict(),
    )  # fmt: skip
    best, used = math.inf, 0
    for step in range(1, steps + 1):
        rate = made.learning_rate * min(1.0, step / max(1, made.warmup_steps))
        scatter = 0.0 if step == 1 else dice.gauss(0, noise)
        yield events.Step(
            step=step, time=step * seconds_a_step, loss=loss(step) + scatter, learning_rate=rate, grad_norm=norm(step),
            tokens_per_second=1024 / seconds_a_step, tokens=step * 1024, epoch=1,
            update_ratio=ratio(step) if step % 50 == 0 else None,
        )  # fmt: skip
        if step % evaluate_every and step != planned:
            continue
        value = judged(step)
        is_best = value < best
        best, used = min(best, value), 0 if is_best else used + 1
        yield events.Validation(
            step=step, time=step * seconds_a_step, loss=value, perplexity=math.exp(min(value, 700)), accuracy=accurate(step),
            bits_per_character=bits(step) if bits else value / math.log(2), training_loss=fair(step), batches=25, best=is_best,
            patience_used=used, patience=made.early_stopping_patience, epoch=1,
        )  # fmt: skip
        if is_best and saves:
            yield events.Checkpoint(step=step, path="best_model.pt", kind="best", time=0.0)
        if used >= made.early_stopping_patience:
            ended = "early_stopped"
            break
    if ended is not None:
        yield events.RunFinished(step=step, status=ended, reason="", seconds=1.0, time=0.0)


def found_in(stream: Iterable[events.Event], during: Monitor | None = None) -> Found:
    during = during or Monitor()
    return [(event.step, found) for event in stream for found in during.add(event)]


def ids(found: Found, *statuses: str) -> list[str]:
    statuses = statuses or ("warn", "fail", "error")
    return [str(finding["id"]) for _, finding in found if finding["status"] in statuses]


def of(found: Found, id: str, *statuses: str) -> Found:
    return [(step, one) for step, one in found if one["id"] == id and (not statuses or one["status"] in statuses)]


def the_one(found: Found, id: str, status: str) -> tuple[int, dict[str, Any]]:
    told = of(found, id, status)
    assert len(told) == 1, [(step, one["id"], one["status"], one["evidence"]) for step, one in found]
    return told[0]


def test_healthy_run_passes_all_five_items_without_findings() -> None:
    found = found_in(a_run(2500, weight_decay=0.1))
    assert {one["id"] for _, one in found if one["status"] == "pass"} == PASSED
    assert len(found) == 5
    assert {one["item"] for _, one in found} == {
        "loss-falling", "validation-below-training", "perplexity-sane", "accuracy-rising", "early-stopping-works",
    }  # fmt: skip


@pytest.mark.parametrize("steps", [1, 12, 60, 150, 399, 401, 1000, 6000])
@pytest.mark.parametrize("baselines", [None, {}], ids=["baselines", "no-baselines"])
def test_healthy_run_of_any_length_has_no_findings(steps: int, baselines: dict[str, float] | None) -> None:
    found = found_in(a_run(steps, baselines=baselines, evaluate_every=max(1, steps // 7)))
    assert ids(found, "note", "warn", "fail", "error") == []


def test_items_of_a_too_short_run_are_skipped() -> None:
    found = found_in(a_run(30, evaluate_every=30))
    skipped = {one["id"]: one["evidence"] for _, one in found if one["status"] == "skipped"}
    assert {"validation-below-training", "accuracy-rising"} <= skipped.keys()
    assert "too short" in skipped["accuracy-rising"]
    assert found_in(a_run(30, evaluate_every=30, ended="interrupted")) == []


def test_a_single_accuracy_is_not_told_as_rising() -> None:
    once, twice = (found_in(a_run(1600, evaluate_every=every)) for every in (1600, 800))
    assert [one["status"] for _, one in of(once, "accuracy-rising")] == ["skipped"]
    assert [one["status"] for _, one in of(twice, "accuracy-rising")] == ["pass"]


def test_loss_and_accuracy_that_rise_and_fall_clearly_are_answered_long_before_a_short_run_ends() -> None:
    found = found_in(a_run(300, lambda step: 1.4 + (UNIFORM - 1.4) * math.exp(-step / 60)))
    assert of(found, "loss-not-falling", "pass")[0][0] <= 150
    step, one = of(found, "accuracy-rising", "pass")[0]
    assert step == 200 and one["values"]["variant"] == "rising"
    assert len(found) == 5 and not ids(found, "skipped")


def test_loss_at_the_unigram_and_accuracy_within_chance_are_not_answered_early() -> None:
    found = found_in(a_run(300, lambda step: max(UNIGRAM, healthy_loss(step)), accuracy=lambda step: 0.2 + step * 1e-5))
    assert not of(found, "loss-not-falling", "pass")
    assert [one["status"] for _, one in of(found, "accuracy-rising")] == ["skipped"]


def test_early_answer_is_taken_back_when_the_loss_stops_falling() -> None:
    stuck = lambda step: max(0.94 * UNIGRAM, healthy_loss(step))  # noqa: E731
    found = found_in(a_run(3000, stuck, noise=0.0))
    assert [one["status"] for _, one in of(found, "loss-not-falling")] == ["pass", "warn"]


def test_late_plateau_below_the_bigram_is_no_finding() -> None:
    stream = a_run(
        8000,
        lambda step: max(1.65, healthy_loss(step)),
        validation=lambda step: max(1.7, healthy_loss(step) + 0.03),
    )
    assert ids(found_in(stream)) == []


def test_stalled_validation_before_early_stopping_is_no_finding() -> None:
    stalls = lambda step: max(1.80 + 0.004 * ((step // 100) % 3), healthy_loss(step) + 0.03)  # noqa: E731
    found = found_in(a_run(4000, validation=stalls))
    assert ids(found) == []


def test_noisy_healthy_run_has_no_findings() -> None:
    assert ids(found_in(a_run(3000, noise=0.25))) == []


def test_warm_start_that_barely_improves_has_no_findings() -> None:
    found = found_in(a_run(1500, lambda step: 1.62 - step / 50_000, noise=0.08))
    assert ids(found) == []
    assert of(found, "loss-not-falling", "pass")


def test_non_finite_number_is_reported_at_once() -> None:
    step, one = the_one(
        found_in(a_run(60, lambda step: math.nan if step >= 50 else healthy_loss(step))), "non-finite", "fail"
    )
    assert step == 50
    assert "nan" in one["evidence"]
    assert one["remedies"][0]["settings"] == {"learning_rate": 1e-4}


def test_refused_update_names_the_module() -> None:
    failed = events.RunFinished(
        step=99, status="failed", reason="", seconds=1.0,
        values={"error": "training-non-finite", "what": "loss", "value": math.nan, "step": 100, "module": "blocks.0.mlp"},
    )  # fmt: skip
    _, one = the_one(found_in([*a_run(99, ended=None), failed]), "non-finite", "fail")
    assert "step 100" in one["evidence"] and "blocks.0.mlp" in one["evidence"]


def test_other_failures_are_not_reported_as_non_finite() -> None:
    failed = events.RunFinished(step=9, status="failed", reason="", seconds=1.0, values={"error": "training-disk"})
    assert ids(found_in([*a_run(9, ended=None), failed])) == []


def test_exploding_loss_is_reported_before_the_warmup_ends() -> None:
    step, one = the_one(found_in(a_run(200, lambda step: UNIFORM + min(3.0, step / 10))), "loss-too-high", "fail")
    assert step <= 40
    assert one["remedies"][0]["id"] == "lower-learning-rate"


def test_loss_slightly_above_its_first_value_is_reported_after_the_warmup() -> None:
    step, _ = the_one(
        found_in(a_run(500, lambda step: UNIFORM * (1 + min(0.05, step / 1000)))), "loss-too-high", "fail"
    )
    assert 100 <= step <= 110


def test_noisy_loss_above_the_unigram_is_too_high() -> None:
    """Fell to 3.4, rose back to 3.7 and stays there: a rate far too high."""
    found = found_in(a_run(600, lambda step: max(3.4, 4.17 - step / 100) if step < 150 else 3.7))
    step, one = the_one(found, "loss-too-high", "fail")
    assert step == 400 and one["values"]["variant"] == "above-unigram"
    assert "loss-not-falling" not in ids(found)


def test_falling_loss_above_random_guessing_is_too_high() -> None:
    found = found_in(a_run(500, lambda step: 4.4 + 15 * math.exp(-step / 100)))
    step, one = the_one(found, "loss-too-high", "fail")
    assert step == 400 and one["values"]["variant"] == "above-uniform"


def test_lasting_loss_increase_is_reported() -> None:
    found = found_in(a_run(1500, lambda step: healthy_loss(step) + max(0.0, min(0.7, (step - 700) / 400))))
    step, one = the_one(found, "loss-too-high", "fail")
    assert 900 <= step <= 1150 and one["values"]["variant"] == "risen"


def test_higher_loss_after_a_run_was_extended_is_no_rise() -> None:
    """The longer schedule raises the rate again, and the loss with it."""
    level = lambda step: 1.4 if 500 < step < 700 else 1.8  # noqa: E731
    of_schedule = lambda step: 1e-4 if step < 700 else 3e-4  # noqa: E731
    extended = [
        replace(event, learning_rate=of_schedule(event.step)) if isinstance(event, events.Step) else event
        for event in a_run(1200, level)
    ]
    assert "loss-too-high" not in ids(found_in(extended))
    assert "loss-too-high" in ids(found_in(a_run(1200, level))), "with a constant rate it is one"


def test_loss_spike_is_reported_once() -> None:
    jump = lambda step: healthy_loss(step) * (3.0 if 600 <= step < 605 else 1.0)  # noqa: E731
    step, _ = the_one(found_in(a_run(900, jump)), "loss-spike", "warn")
    assert step == 600


def test_small_lasting_spike_is_a_warning() -> None:
    jump = lambda step: healthy_loss(step) * (1.8 if 600 <= step < 603 else 1.0)  # noqa: E731
    step, _ = the_one(found_in(a_run(900, jump)), "loss-spike", "warn")
    assert step == 601


def test_single_outlier_batch_is_a_note() -> None:
    found = found_in(a_run(900, lambda step: healthy_loss(step) * (1.8 if step == 600 else 1.0)))
    assert ids(found) == []
    assert ids(found, "note") == ["loss-spike"]


def test_repeated_spikes_are_reported_less_and_less_often() -> None:
    jumps = lambda step: healthy_loss(step) * (3.0 if step > 300 and step % 120 == 0 else 1.0)  # noqa: E731
    assert 2 <= len(of(found_in(a_run(5000, jumps)), "loss-spike", "warn")) <= 7


@pytest.mark.parametrize(("steps", "by"), [(150, 150), (300, 300), (1000, 400)])
def test_barely_falling_loss_is_reported_after_warmup_and_300_steps(steps: int, by: int) -> None:
    step, one = the_one(
        found_in(a_run(steps, lambda step: UNIFORM - step * 1e-5, noise=0.0)), "loss-not-falling", "fail"
    )
    assert step == by and one["values"]["variant"] == "hardly-fell"


def test_remedy_for_a_tiny_learning_rate_is_the_usual_rate() -> None:
    found = found_in(a_run(500, lambda step: UNIFORM - step * 1e-5, noise=0.0, learning_rate=1e-7))
    for _, one in of(found, "loss-not-falling", "fail") + of(found, "perplexity-sane", "warn"):
        assert one["remedies"][0]["settings"] == {"learning_rate": 3e-4}


def test_loss_stuck_at_the_unigram_is_reported() -> None:
    """Shuffled labels, or random text: only the frequencies are learnt."""
    found = found_in(a_run(700, lambda step: UNIGRAM - 0.03 + (UNIFORM - UNIGRAM) * math.exp(-step / 60)))
    step, one = the_one(found, "loss-not-falling", "warn")
    assert step <= 410 and one["values"]["variant"] == "at-unigram"


def test_short_run_stuck_at_the_unigram_is_reported_at_its_end() -> None:
    rests = lambda step: UNIGRAM - 0.03 + (UNIFORM - UNIGRAM) * math.exp(-step / 20)  # noqa: E731
    step, one = the_one(found_in(a_run(220, rests)), "loss-not-falling", "warn")
    assert step == 220 and one["values"]["variant"] == "at-unigram"
    passes_by = lambda step: 2.9 + (UNIFORM - 2.9) * math.exp(-step / 180)  # noqa: E731
    assert abs(passes_by(220) - UNIGRAM) < 0.1
    assert ids(found_in(a_run(220, passes_by))) == []


def test_loss_falling_below_the_unigram_is_not_stuck() -> None:
    counted = {"unigram": UNIGRAM, "bigram": BIGRAM}
    slowly = lambda step: 1.6 + (UNIFORM - 1.6) * math.exp(-step / 550)  # noqa: E731
    assert ids(found_in(a_run(1200, slowly, baselines=counted))) == []


def test_falling_loss_above_the_unigram_is_slow_not_too_high() -> None:
    found = found_in(a_run(500, lambda step: UNIFORM - 0.0011 * step, noise=0.02, learning_rate=1e-5))
    _, one = the_one(found, "loss-not-falling", "warn")
    assert one["values"]["variant"] == "slow"
    assert "loss-too-high" not in ids(found)


def test_plateau_above_the_bigram_is_reported_and_later_withdrawn() -> None:
    stuck = lambda step: max(2.8, healthy_loss(step)) if step < 1000 else max(1.8, 2.8 - (step - 1000) / 200)  # noqa: E731
    found = found_in(a_run(1400, stuck, planned=1500, early_stopping_patience=50))
    step, one = the_one(found, "loss-not-falling", "warn")
    assert 500 <= step <= 800 and "2.8" in one["evidence"]
    told = [(one["status"], step) for step, one in of(found, "loss-not-falling")]
    assert told[-1][0] == "pass" and told[-1][1] > 1000


def test_stuck_run_ended_by_early_stopping_is_reported_at_its_end() -> None:
    found = found_in(a_run(1400, lambda step: max(2.8, healthy_loss(step)), planned=5000))
    assert found[-1][0] < 1000
    assert the_one(found, "loss-not-falling", "warn")[1]["values"]["variant"] == "stuck"


def test_without_baselines_loss_stuck_near_random_guessing_is_reported() -> None:
    found = found_in(a_run(900, lambda step: max(3.4, healthy_loss(step)), baselines={}))
    assert "loss-not-falling" in ids(found)


def overfits(from_step: int) -> Curve:
    return lambda step: healthy_loss(min(step, from_step)) + 0.03 + 0.0006 * max(0, step - from_step)


def test_overfitting_is_reported_at_the_third_evaluation_above_the_best() -> None:
    found = found_in(a_run(1500, validation=overfits(600)))
    step, one = of(found, "overfitting", "warn")[0]
    assert step == 900
    assert [remedy["settings"] for remedy in one["remedies"]] == [
        {"dropout": 0.2, "weight_decay": 0.2, "early_stopping_patience": 3, "learning_rate": 3e-5},
        {"dropout": 0.2, "learning_rate": 3e-5}, {"weight_decay": 0.2, "learning_rate": 3e-5},
        {"early_stopping_patience": 3},
    ]  # fmt: skip
    assert len(of(found, "overfitting", "warn")) <= 2


def test_overfitting_is_reported_with_a_short_patience() -> None:
    assert "overfitting" in ids(found_in(a_run(1500, validation=overfits(600), early_stopping_patience=2)))


def test_rising_validation_with_rising_training_is_no_overfitting() -> None:
    rises = lambda step: healthy_loss(min(step, 600)) + 0.0003 * max(0, step - 600)  # noqa: E731
    assert "overfitting" not in ids(found_in(a_run(1000, training=rises)))


def test_overfitting_that_ends_is_reported_once_and_withdrawn() -> None:
    bump = lambda step: healthy_loss(step) + 0.03 + (0.4 if 600 < step <= 1000 else 0.0)  # noqa: E731
    found = of(found_in(a_run(1400, validation=bump)), "overfitting")
    assert [one["status"] for _, one in found] == ["warn", "pass"]


def test_equal_losses_above_the_bigram_after_2000_updates_is_underfitting() -> None:
    slow = lambda step: 2.6 + (UNIFORM - 2.6) * math.exp(-step / 400)  # noqa: E731
    step, _ = the_one(found_in(a_run(2600, slow, planned=10_000)), "underfitting", "warn")
    assert step == 2000
    assert "underfitting" not in ids(found_in(a_run(2600)))


def test_clipping_of_most_updates_is_noted_once() -> None:
    found = found_in(a_run(1500, norm=lambda step: 1.4))
    step, _ = the_one(found, "clipping-always", "note")
    assert step == 400
    assert ids(found) == []
    assert of(found_in(a_run(1500, norm=lambda step: 1.4, grad_clip=0.0)), "clipping-always") == []


def test_exploding_gradients_are_a_warning() -> None:
    found = found_in(a_run(600, norm=lambda step: 10 ** min(4, step / 100)))
    assert ids(found) == ["clipping-always"]
    found = found_in(a_run(600, norm=lambda step: 10 ** min(4, step / 100), grad_clip=0.0))
    assert of(found, "clipping-always", "warn")[0][1]["remedies"][0]["settings"] == {"grad_clip": 1.0}


@pytest.mark.parametrize(("ratio", "variant", "by"), [(0.3, "high", 150), (3e-6, "low", 350), (0.0, "still", 200)])
def test_bad_update_ratio_is_reported_after_50_steps(ratio: float, variant: str, by: int) -> None:
    step, one = the_one(found_in(a_run(800, ratio=lambda step: ratio)), "update-ratio", "warn")
    assert step == by and one["values"]["variant"] == variant


def test_single_bad_update_ratio_is_ignored() -> None:
    assert ids(found_in(a_run(800, ratio=lambda step: 0.3 if step == 400 else 1e-3))) == []


def test_small_updates_at_the_end_of_a_schedule_are_ignored() -> None:
    late = (
        replace(event, learning_rate=1e-5, update_ratio=5e-6)
        if isinstance(event, events.Step) and event.step >= 500
        else event
        for event in a_run(800)
    )
    assert ids(found_in(late)) == []


def test_validation_far_below_training_twice_is_reported_as_leak() -> None:
    found = found_in(a_run(900, validation=lambda step: healthy_loss(step) * 0.9))
    step, one = the_one(found, "validation-below-training", "warn")
    assert step == 200 and one["values"]["variant"] == "leak"


def test_validation_slightly_below_training_passes() -> None:
    _, one = the_one(
        found_in(a_run(900, validation=lambda step: healthy_loss(step) * 0.965)), "validation-below-training", "pass"
    )
    assert "3.5% below" in one["evidence"]


def test_comparison_of_losses_is_reported_again_when_it_changes() -> None:
    def widening(step: int) -> float:
        return healthy_loss(step) * (1.01 if step < 300 else 1.08 if step < 500 else 1.12 if step % 200 else 1.09)

    found = found_in(a_run(900, validation=widening, steps_an_epoch=100))
    told = [*of(found, "validation-below-training", "pass"), *of(found, "validation-below-training", "note")]
    assert [(one["values"]["variant"], one["status"]) for _, one in told] == [
        ("above", "pass"), ("wide", "pass"), ("wide", "note"), ("wide-risen", "note"),
    ]  # fmt: skip
    assert "close, no overfitting" in told[0][1]["evidence"]
    assert told[1][1]["evidence"].startswith("8.0% above the training loss: memorising has begun")


def test_a_wide_gap_is_no_memorising_before_text_was_trained_on_twice() -> None:
    wide = lambda step: 1.3 * healthy_loss(step)  # noqa: E731
    found = found_in(a_run(900, validation=wide, steps_an_epoch=450))
    told = of(found, "validation-below-training", "note")
    assert [one["values"]["variant"] for _, one in told] == ["wide-first-pass", "wide", "wide-ended"]
    assert [one["values"]["step"] for _, one in told] == [200, 500, 900]
    assert "no text was trained on twice" in told[0][1]["evidence"] and "memorising" not in told[0][1]["evidence"]


def test_a_wide_gap_is_not_told_at_the_end_where_another_finding_has_replaced_it() -> None:
    """As far above training first, then below it, as where the text has changed."""
    leaks = lambda step: (1.3 if step < 450 else 0.8) * healthy_loss(step)  # noqa: E731
    told = [one for _, one in found_in(a_run(900, validation=leaks)) if one["id"] == "validation-below-training"]
    assert [one["values"]["variant"] for one in told] == ["wide-first-pass", "leak"]
    assert told[-1]["status"] == "warn"


@pytest.mark.parametrize("last", [math.nan, math.inf])
def test_a_wide_gap_is_not_told_of_a_last_validation_that_is_not_finite(last: float) -> None:
    broken = lambda step: last if step == 900 else 1.3 * healthy_loss(step)  # noqa: E731
    told = [one for _, one in found_in(a_run(900, validation=broken)) if one["id"] == "validation-below-training"]
    assert [one["values"]["variant"] for one in told] == ["wide-first-pass"]


def test_a_wide_gap_is_not_told_of_a_last_training_loss_of_nothing() -> None:
    fair = lambda step: 0.0 if step == 900 else healthy_loss(step)  # noqa: E731
    wide = lambda step: 1.3 * healthy_loss(step)  # noqa: E731
    told = [
        one
        for _, one in found_in(a_run(900, training=fair, validation=wide))
        if one["id"] == "validation-below-training"
    ]
    assert [one["values"]["variant"] for one in told] == ["wide-first-pass"]


def test_a_wide_gap_between_unlike_splits_is_said_to_come_from_them() -> None:
    values = {"under_training": 3.0, "under_own": 2.48, "apart": 0.52}
    wide = lambda step: 1.3 * healthy_loss(step)  # noqa: E731
    for status, variant in (("warn", "wide-unlike"), ("pass", "wide")):
        check = events.Check(finding=finding("split-alike", "before", status, values))
        told = of(
            found_in(a_run(900, validation=wide, steps_an_epoch=100, checks=(check,))),
            "validation-below-training",
            "note",
        )
        ended = {"wide-ended"} if variant == "wide" else set()
        assert {one["values"]["variant"] for _, one in told} == {variant} | ended
        assert ("0.52 loss per character apart" in told[-1][1]["evidence"]) == (variant == "wide-unlike")


def test_a_wide_gap_is_not_told_to_help_where_the_validation_loss_has_risen() -> None:
    risen = lambda step: 2.13 - step / 10_000 if step <= 600 else 2.09  # noqa: E731
    found = found_in(a_run(900, loss=lambda step: 2.0 - step / 10_000, validation=risen))
    told = of(found, "validation-below-training", "note")
    assert [one["values"]["variant"] for _, one in told] == ["wide-risen", "wide-risen"]
    assert [one["values"]["step"] for _, one in told] == [700, 900]  # when it begins, and with the last values
    assert "above its best of 2.070" in told[0][1]["evidence"] and "still helps" not in told[0][1]["evidence"]


def test_step_losses_far_below_the_training_split_loss_are_reported() -> None:
    """Labels in the loop that are not the next token: the loss of steps falls, that of evaluations does not."""
    stays = lambda step: 3.2  # noqa: E731
    found = found_in(a_run(600, training=stays, validation=stays, early_stopping_patience=50))
    step, one = the_one(found, "validation-below-training", "warn")
    assert step <= 300 and one["values"]["variant"] == "other-task"
    with_dropout_off = lambda step: 0.93 * healthy_loss(step)  # noqa: E731
    a_little_above = lambda step: 1.07 * healthy_loss(step)  # noqa: E731
    for fair in (with_dropout_off, a_little_above):
        assert "validation-below-training" not in ids(found_in(a_run(600, training=fair)))


def test_implausibly_low_validation_loss_is_reported() -> None:
    collapses = lambda step: 0.15 + (UNIFORM - 0.15) * math.exp(-step / 60)  # noqa: E731
    found = found_in(a_run(600, collapses))
    assert of(found, "validation-below-training", "warn")[0][1]["values"]["variant"] == "too-good"
    assert ids(found_in(a_run(600, collapses, baselines={}))) == ["validation-below-training"]


def test_validation_far_below_the_5_gram_is_reported_except_after_a_warm_start() -> None:
    sees_ahead = lambda step: 1.15 + (UNIFORM - 1.15) * math.exp(-step / 60)  # noqa: E731
    assert of(found_in(a_run(600, sees_ahead)), "validation-below-training", "warn")[0][0] <= 400
    knows = lambda step: 1.15 + 0.5 * math.exp(-step / 60)  # noqa: E731
    assert ids(found_in(a_run(600, knows))) == []
    slow = lambda step: 1.15 + (UNIFORM - 1.15) * math.exp(-step / 400)  # noqa: E731
    assert ids(found_in(a_run(4000, slow, evaluate_every=1000))) == []


def test_memorised_validation_split_is_a_leak_for_simple_text() -> None:
    """Low losses late in many passes over little text always have a gap, unless both splits have the same text."""
    learns = lambda step: 0.55 + (UNIFORM - 0.55) * math.exp(-step / 150)  # noqa: E731

    def late(gap: float) -> Found:
        stream = a_run(
            1000, learns, validation=lambda step: learns(step) * gap, baselines={"unigram": 3.3, "5-gram": 0.9}
        )
        return found_in(
            replace(event, epoch=1 + event.step // 100) if isinstance(event, events.Validation) else event
            for event in stream
        )

    assert of(late(1.01), "validation-below-training", "warn")[0][1]["values"]["variant"] == "too-good"
    assert ids(late(1.3)) == []


def test_a_perplexity_above_the_vocabulary_fails() -> None:
    found = found_in(a_run(600, validation=lambda step: UNIFORM + 0.3, early_stopping_patience=50))
    step, one = of(found, "perplexity-sane", "fail")[0]
    assert step == 200 and one["values"]["variant"] == "above-vocabulary"


def test_perplexity_above_the_unigram_is_reported_after_the_first_steps() -> None:
    found = found_in(a_run(900, validation=lambda step: 3.5, early_stopping_patience=50))
    assert the_one(found, "perplexity-sane", "warn")[0] == 400


def test_falling_accuracy_is_reported_at_the_second_evaluation() -> None:
    falls = lambda step: 0.45 - 0.0001 * max(0, step - 600)  # noqa: E731
    found = found_in(a_run(1500, accuracy=falls))
    step, one = of(found, "accuracy-rising", "warn")[0]
    assert step == 800
    assert "points below its best" in one["evidence"]


def test_varying_accuracy_passes() -> None:
    assert ids(found_in(a_run(1500, accuracy=lambda step: 0.45 + 0.004 * (step // 100 % 2)))) == []


def test_small_validation_split_allows_more_variation() -> None:
    wavers = lambda step: 0.45 - 0.02 * (step > 700)  # noqa: E731
    small = (
        replace(event, corpus={**event.corpus, "validation_characters": 2000})
        if isinstance(event, events.RunStarted)
        else event
        for event in a_run(1500, accuracy=wavers)
    )
    assert ids(found_in(small)) == []
    assert ids(found_in(a_run(1500, accuracy=wavers))) == ["accuracy-rising"]


def test_unsaved_best_model_fails() -> None:
    found = found_in(a_run(300, saves=False))
    assert the_one(found, "early-stopping", "fail")[0] == 101
    assert ids(found_in(a_run(300, saves=False, save_best_model=False))) == []


def test_training_after_patience_is_used_up_fails() -> None:
    stream = list(a_run(1500, validation=overfits(300)))
    stopped = stream[-1].step
    more = list(a_run(stopped + 20, ended=None, evaluate_every=10_000))[-20:]
    found = found_in([*stream[:-1], *more, stream[-1]])
    assert "patience" in of(found, "early-stopping", "fail")[0][1]["evidence"]
    assert "early-stopping" not in ids(found_in(stream))


@pytest.mark.parametrize(
    ("change", "variant"),
    [({"best": True}, "wrong-best"), ({"best": False}, "missed-best"), ({"patience_used": 3}, "miscounted")],
)
def test_wrong_best_or_patience_fails(change: dict[str, Any], variant: str) -> None:
    at = 700 if variant == "wrong-best" else 300
    wrong = (
        replace(event, **change) if isinstance(event, events.Validation) and event.step == at else event
        for event in a_run(800, validation=overfits(600))
    )
    assert of(found_in(wrong), "early-stopping", "fail")[0][1]["values"]["variant"] == variant


def test_late_first_evaluation_is_a_note() -> None:
    step, one = the_one(
        found_in(a_run(60, planned=3000, evaluate_every=1000, seconds_a_step=5.0)), "first-evaluation-late", "note"
    )
    assert step == 20 and "step 1,000" in one["evidence"] and "82 minutes" in one["evidence"]
    assert one["remedies"][0]["settings"] == {"eval_every": 100}
    assert of(found_in(a_run(60, planned=3000, evaluate_every=1000)), "first-evaluation-late") == []


def test_sampled_validation_is_ignored() -> None:
    odd = events.Validation(
        step=450, loss=9.0, perplexity=8000.0, accuracy=0.0, bits_per_character=13.0, batches=1, best=False,
        patience_used=0, patience=5, epoch=1, sampled=True,
    )  # fmt: skip
    stream = list(a_run(900))
    place = next(index for index, event in enumerate(stream) if isinstance(event, events.Step) and event.step == 451)
    assert found_in([*stream[:place], odd, *stream[place:]]) == found_in(stream)


def test_findings_are_not_repeated_after_a_resume() -> None:
    stream = list(a_run(1500, validation=overfits(600)))
    recorded: list[events.Event] = []
    whole = Monitor()
    for event in stream[:-1]:
        recorded.append(event)
        recorded += [events.Finding(step=event.step, finding=found) for found in whole.add(event)]
    again = Monitor()
    assert again.fold(recorded) == []
    assert again.add(stream[-1]) == whole.add(stream[-1])


def updates_in(stream: Iterable[events.Event], during: Monitor | None = None) -> Found:
    during = during or Monitor()
    found: Found = []
    for event in stream:
        during.add(event)
        found += [(event.step, one) for one in during.updates()]
    return found


def test_an_open_finding_has_newer_figures_at_each_validation_that_moves_them() -> None:
    stream = list(a_run(1500, validation=overfits(600), early_stopping_patience=9))
    told = [step for step, _ in of(found_in(stream), "overfitting", "warn")]
    updates = of(updates_in(stream), "overfitting", "warn")
    assert updates and sorted([*told, *(step for step, _ in updates)]) == list(range(told[0], 1501, 100))
    for step, one in updates:
        at = next(event for event in stream if isinstance(event, events.Validation) and event.step == step)
        assert one["values"]["step"] == step and one["values"]["loss"] == at.loss
        assert one["remedies"], "what is offered comes with it"


def test_figures_that_hardly_move_and_findings_that_are_over_have_no_updates() -> None:
    rests = list(a_run(1500, validation=lambda step: 1.7 if step == 300 else 2.3, training=healthy_loss))
    moved = of(updates_in(rests), "overfitting")
    assert len({one["values"]["evaluations"] for _, one in moved}) == len(moved), "nothing else has moved"
    assert updates_in(a_run(2500, weight_decay=0.1)) == []


def test_updates_of_a_record_are_not_made_again_at_a_resume() -> None:
    stream = list(a_run(1500, validation=overfits(600), early_stopping_patience=9, ended=None))
    during = Monitor()
    during.fold(stream)
    assert during.updates() == []


def test_findings_lost_from_the_record_are_reported_at_the_resume() -> None:
    stream = list(a_run(420, ended=None))
    assert [found["id"] for found in Monitor().fold(stream) if found["id"] == "loss-not-falling"] == [
        "loss-not-falling"
    ]


def test_repeated_steps_count_once() -> None:
    stream = list(a_run(600))
    doubled = [event for event in stream for _ in range(2)]
    assert found_in(doubled) == [(step, one) for step, one in found_in(stream)]


def test_changed_learning_rate_changes_the_remedies() -> None:
    changed = events.SettingsChanged(step=0, changes={"learning_rate": 1e-4}, reason="control")
    stream = list(a_run(200, lambda step: UNIFORM + min(3.0, step / 10)))
    _, one = of(found_in([*stream[:2], changed, *stream[2:]]), "loss-too-high")[0]
    assert one["remedies"][0]["settings"] == {"learning_rate": 5e-5}


def test_baselines_may_come_as_a_check() -> None:
    check = events.Check(finding={"id": "baselines", "values": {"unigram": UNIGRAM, "bigram": BIGRAM}})
    stream = list(a_run(700, lambda step: max(3.34, healthy_loss(step)), baselines={}))
    assert "at-unigram" in [one["values"].get("variant") for _, one in found_in([check, *stream])]


def test_every_id_has_words_and_an_item() -> None:
    assert set(texts()) >= MADE_DURING


FAULTS: dict[str, Callable[[], Iterator[events.Event]]] = {
    "blow-up": lambda: a_run(500, lambda step: UNIFORM + step / 100, norm=lambda step: 500.0, ratio=lambda step: 0.5),
    "flat": lambda: a_run(500, lambda step: UNIFORM, noise=0.0, ratio=lambda step: 0.0),
    "overfit": lambda: a_run(1500, validation=overfits(600), accuracy=lambda step: 0.5 - 0.0001 * max(0, step - 500)),
    "jumps": lambda: a_run(
        900, lambda step: healthy_loss(step) * (3.0 if step % 150 == 0 else 1.0), norm=lambda step: 2.0
    ),
    "leak": lambda: a_run(900, validation=lambda step: 0.5 * healthy_loss(step), saves=False),
    "slow": lambda: a_run(2500, lambda step: max(2.6, UNIFORM - step / 1000), seconds_a_step=9.0, evaluate_every=500),
    "healthy": lambda: a_run(900),
    "short": lambda: a_run(30),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_findings_have_words_and_numbers_in_both_languages(fault: str, language: Any) -> None:
    for _, one in found_in(FAULTS[fault]()):
        words = evidence({**one, "evidence": ""}, language)
        assert words and "{" not in words, one["id"]
        assert title(one, language)


_ANY = st.floats() | st.integers(-(10**6), 10**6).map(float) | st.just(1.0)
_SMALL = st.integers(-3, 500)
_NAMES = st.sampled_from([*Settings().as_dict(), "mood"])
_VALUES = _ANY | st.none() | st.booleans() | st.text(max_size=3) | _SMALL
_EVENTS = st.one_of(
    st.builds(
        events.Step, step=_SMALL, loss=_ANY, learning_rate=_ANY, grad_norm=_ANY, tokens_per_second=_ANY, tokens=_SMALL,
        epoch=_SMALL, update_ratio=st.none() | _ANY,
    ),
    st.builds(
        events.Validation, step=_SMALL, loss=_ANY, perplexity=_ANY, accuracy=_ANY, bits_per_character=_ANY,
        training_loss=_ANY, batches=_SMALL, best=st.booleans(), patience_used=_SMALL, patience=_SMALL, epoch=_SMALL,
    ),
    st.builds(
        events.RunStarted, planned_steps=_SMALL, steps_an_epoch=_SMALL, parameters=_SMALL,
        corpus=st.dictionaries(st.sampled_from(["vocabulary", "validation_characters"]), _VALUES),
        settings=st.dictionaries(_NAMES, _VALUES),
        baselines=st.dictionaries(st.sampled_from(["unigram", "bigram", "5-gram"]), _ANY),
    ),
    st.builds(events.SettingsChanged, changes=st.dictionaries(_NAMES, _VALUES), reason=st.just("")),
    st.builds(
        events.Finding,
        finding=st.dictionaries(
            st.sampled_from(["id", "status"]), st.sampled_from([*sorted(MADE_DURING), "warn", "pass", "?"]) | _VALUES
        ),
    ),
    st.builds(
        events.Check,
        finding=st.fixed_dictionaries({"id": st.just("baselines"), "values": st.none() | st.dictionaries(_NAMES, _ANY)}),
    ),
    st.builds(events.Resumed, step=_SMALL, planned_steps=_SMALL),
    st.builds(events.Checkpoint, step=_SMALL, path=st.text(), kind=st.sampled_from(["step", "best", "final"])),
    st.builds(
        events.RunFinished, step=_SMALL, status=st.sampled_from(["completed", "early_stopped", "failed", "interrupted"]),
        reason=st.text(), seconds=_ANY,
        values=st.dictionaries(
            st.sampled_from(["error", "what", "module", "step", "value"]), st.just("training-non-finite") | _VALUES
        ),
    ),
)  # fmt: skip


@pytest.mark.extended
@settings(max_examples=300, deadline=None)
@given(st.lists(_EVENTS, max_size=40), st.lists(_ANY, max_size=200))
def test_checks_accept_any_stream_of_events(stream: list[events.Event], losses: list[float]) -> None:
    """Any events in any order, then a run of any losses: findings that can be written, never an exception."""
    steps = [
        events.Step(
            step=1000 + place, loss=loss, learning_rate=1e-3, grad_norm=abs(loss), tokens_per_second=1.0, tokens=place, epoch=1,
            update_ratio=abs(loss),
        )
        for place, loss in enumerate(losses)
    ]  # fmt: skip
    for step, one in found_in([*stream, *steps]):
        assert events.from_line(events.to_line(events.Finding(step=step, finding=one))) is not None


@pytest.mark.benchmark
def test_a_step_costs_less_than_20_microseconds() -> None:
    stream = [event for event in a_run(20_000, evaluate_every=50_000) if isinstance(event, events.Step)]
    best = math.inf
    for _ in range(3):
        during = Monitor(next(event for event in a_run(1) if isinstance(event, events.RunStarted)))
        began = time.perf_counter()
        for event in stream:
            during.add(event)
        best = min(best, (time.perf_counter() - began) / len(stream))
    print(f"\n{1e6 * best:.1f} µs a step")
    assert best < 20e-6


def test_loss_above_the_5_gram_at_half_time_warns_with_the_learning_rate() -> None:
    slow = lambda step: 1.95 + (UNIFORM - 1.95) * math.exp(-step / 300)  # noqa: E731
    found = found_in(a_run(2000, slow))
    step, told = the_one(found, "beats-baselines", "warn")
    assert step == 1000
    assert "5-gram" in told["evidence"]
    assert told["remedies"][0]["settings"] == {"learning_rate": 0.01}
    assert "AdamW" in advice(told, "en")
    below = found_in(a_run(2000, lambda step: slow(step) - (0.4 if step > 1500 else 0)))
    assert [one["status"] for _, one in of(below, "beats-baselines")] == ["warn", "pass"], "it went away"
