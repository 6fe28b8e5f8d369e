import math
import statistics
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from mmrec_engine import events
from mmrec_engine.runs.history import History
from mmrec_engine.runs.run_time import Costs
from mmrec_engine.runs.smoothing import DECAYS


def step(number: int, **values: Any) -> events.Step:
    """A step of 100 tokens in a tenth of a second."""
    fields = {"loss": 2.0, "learning_rate": 1e-3, "grad_norm": 0.5, "tokens_per_second": 1000.0, "epoch": 1, **values}
    return events.Step(step=number, **{"time": number / 10, "tokens": number * 100, **fields})


def validation(number: int, *, best: bool = False, loss: float = 3.0) -> events.Validation:
    return events.Validation(
        step=number, time=number / 10, loss=loss, perplexity=20.0, accuracy=0.3, bits_per_character=4.0, training_loss=2.9,
        batches=5, best=best, patience_used=0, patience=5, epoch=1,
    )  # fmt: skip


def started(planned: int = 1000, **settings: Any) -> events.RunStarted:
    return events.RunStarted(
        time=1.0, planned_steps=planned, steps_an_epoch=100, parameters=1, corpus={}, settings=settings
    )


def state(word: events.StateWord, time: float = 0.0) -> events.State:
    return events.State(state=word, time=time)


def history_of(*stream: events.Event) -> History:
    history = History()
    for event in stream:
        history.add(event)
    return history


def a_run() -> Iterator[events.Event]:
    yield state("PREPARING", 1.0)
    yield events.Progress(time=1.0, task="read", done=5, total=10)
    yield started(300, learning_rate=1e-3, dropout=0.0)
    yield state("TRAINING", 2.0)
    for number in range(1, 301):
        yield step(number, loss=math.nan if number == 250 else 3 - number / 200)
        if number % 50 == 0:
            yield state("VALIDATING", number / 10)
            yield validation(number, best=number == 150)
            yield events.Sample(step=number, time=number / 10, prompt="The", text="NaN")
            yield events.Checkpoint(step=number, time=number / 10, path=f"checkpoint_step_{number}.pt", kind="step")
            yield state("TRAINING", number / 10 + 0.5)
    yield events.SettingsChanged(step=300, time=40.0, changes={"dropout": 0.1}, reason="resume")
    yield events.Finding(step=300, time=40.0, finding={"id": "loss-falls", "phase": "during", "values": [1, 2]})
    yield events.RunFinished(step=300, time=41.0, status="completed", reason="", seconds=40.0)
    yield state("FINISHED", 41.0)


def test_live_and_recorded_events_give_the_same_history() -> None:
    live = history_of(*a_run())
    read = history_of(*(event for event in map(events.from_line, map(events.to_line, a_run())) if event is not None))
    assert repr(comparable(live)) == repr(comparable(read))


def comparable(history: History) -> dict[str, Any]:
    return {
        name: {key: curve.points() for key, curve in value.items()} if name in ("curves", "smoothed") else value
        for name, value in vars(history).items()
        if name not in ("_loss", "_emas", "_rate", "_norm", "_speed")
    }


def test_curves_hold_the_values_of_their_steps() -> None:
    history = history_of(
        step(1, loss=4.0), step(2, loss=2.0, learning_rate=5e-4, grad_norm=7.0, tokens_per_second=500.0)
    )
    assert {name: curve.points() for name, curve in history.curves.items()} == {
        "loss": [((1, 100, 0.1), 4.0), ((2, 200, pytest.approx(0.3)), 2.0)],
        "learning_rate": [((1, 100, 0.1), 1e-3), ((2, 200, pytest.approx(0.3)), 5e-4)],
        "grad_norm": [((1, 100, 0.1), 0.5), ((2, 200, pytest.approx(0.3)), 7.0)],
        "tokens_per_second": [((1, 100, 0.1), 1000.0), ((2, 200, pytest.approx(0.3)), 500.0)],
    }
    assert history.seconds == pytest.approx(0.3)


def a_falling_loss(number: int) -> float:
    return 1.6 + 2.9 * math.exp(-number / 90)


@pytest.mark.parametrize("decay", DECAYS)
@pytest.mark.parametrize("steps", [1, 10, 50, 200])
def test_smoothed_loss_follows_a_fast_falling_loss(decay: float, steps: int) -> None:
    history = history_of(*(step(number, loss=a_falling_loss(number)) for number in range(1, steps + 1)))
    apart = [abs(value - a_falling_loss(x[0])) for x, value in history.smoothed[decay].points()]
    assert max(apart) < 0.1, max(apart)


@pytest.mark.parametrize("decay", DECAYS)
def test_smoothed_curve_ends_at_the_last_step_with_the_shown_value(decay: float) -> None:
    history = history_of(*(step(number, loss=2.0 + number % 6 / 10) for number in range(1, 4_000)))
    place, value = history.smoothed[decay].points()[-1]
    assert place[0] == 3_999
    assert value == history.smoothed_loss(decay) == pytest.approx(2.25, abs=0.12)


def test_a_smoothed_loss_is_less_noisy_with_a_larger_decay() -> None:
    history = history_of(*(step(number, loss=2.0 + (-1) ** number / 2) for number in range(1, 3_001)))
    noise = [statistics.pstdev([value for _, value in history.smoothed[one].points()[-200:]]) for one in DECAYS]
    assert noise == sorted(noise, reverse=True)
    assert noise[-1] < 0.01


def test_smoothed_loss_of_a_partial_record_matches_the_full_one() -> None:
    every = history_of(*(step(number, loss=a_falling_loss(number)) for number in range(1, 1_001)))
    some = history_of(*(step(number, loss=a_falling_loss(number)) for number in range(1, 1_001, 37)))
    assert some.smoothed_loss() == pytest.approx(every.smoothed_loss(), abs=0.02)


def test_non_finite_loss_is_a_gap_and_not_in_the_smoothed_loss() -> None:
    history = history_of(step(1), step(2, loss=math.nan), step(3, grad_norm=math.inf), step(4))
    assert history.non_finite == [2, 3]
    assert [math.isnan(value) for _, value in history.curves["loss"].points()] == [False, True, False, False]
    assert history.smoothed_loss() == 2.0


def test_run_ended_by_a_non_finite_loss_notes_the_step() -> None:
    values = {"error": "training-non-finite", "value": "nan"}
    ending = events.RunFinished(step=7, status="failed", reason="", seconds=1.0, values=values)
    assert history_of(step(7), ending).non_finite == [8]
    other = events.RunFinished(step=7, status="failed", reason="", seconds=1.0, values={"error": "training-disk"})
    assert history_of(step(7), other).non_finite == []


def test_thinned_validations_keep_the_best_and_the_last() -> None:
    history = history_of(*(validation(number, best=number == 778) for number in range(1, 10_001)))
    kept = [event.step for _, event in history.validations]
    assert 512 <= len(kept) <= 1024
    assert 778 in kept and kept[-1] == 10_000 and kept == sorted(kept)
    assert history.best is not None and history.best.step == 778


def test_an_update_takes_the_place_of_the_finding_and_is_no_news() -> None:
    def found(id: str, figure: float) -> dict[str, Any]:
        return {"id": id, "phase": "during", "values": {"above": figure}}

    history = history_of(
        events.Finding(step=100, finding=found("overfitting", 0.024)),
        events.Finding(step=110, finding=found("loss-spike", 3.0)),
        events.FindingUpdate(step=200, finding=found("overfitting", 0.061)),
    )
    assert history.findings == [found("overfitting", 0.061), found("loss-spike", 3.0)]
    assert [event.step for event in history.log] == [100, 110]
    history.add(events.FindingUpdate(step=300, finding=found("underfitting", 1.0)))
    assert len(history.findings) == 2, "of a finding that is not known"


def test_history_of_a_long_run_is_bounded() -> None:
    history = History()
    for number in range(1, 3_001):
        history.add(step(number, loss=math.nan))
        history.add(events.Finding(step=number, finding={"id": number, "phase": "during"}))
        history.add(events.Sample(step=number, prompt="", text=str(number)))
    assert len(history.findings) == 500 and history.findings[-1]["id"] == 3_000
    assert len(history.samples) <= 40 and history.samples[0].text == "1" and history.samples[-1].text == "3000"
    assert history.sample is not None and history.sample.text == "3000"
    assert len(history.log) == 300
    assert len(history.non_finite) == 64 and history.non_finite[-1] == 3_000


def test_log_omits_steps_and_progress() -> None:
    history = history_of(*a_run())
    assert {event.event for event in history.log} == {
        "run_started", "validation", "sample", "checkpoint", "settings_changed", "finding", "run_finished",
    }  # fmt: skip
    assert (history.started_time, history.last_time) == (1.0, 41.0)


def test_progress_is_present_only_while_it_lasts() -> None:
    work = events.Progress(task="read", done=1, total=2)
    assert history_of(state("PREPARING"), work).progress == work
    assert history_of(work, state("TRAINING")).progress is None
    assert history_of(work, step(1)).progress is None


def test_settings_and_plan_are_updated_by_changes() -> None:
    change = events.SettingsChanged(changes={"dropout": 0.2}, reason="resume")
    first = started(100, dropout=0.1, seed=1)
    history = history_of(first, events.Resumed(planned_steps=250), change, events.Resumed())
    assert history.settings == {"dropout": 0.2, "seed": 1}
    assert history.planned_steps == 250
    assert first.settings == {"dropout": 0.1, "seed": 1}


def test_time_left_includes_steps_and_other_costs() -> None:
    begun = [started(100), state("TRAINING", 0.0), *(step(number) for number in range(1, 11))]
    assert history_of(*begun).eta_seconds() == pytest.approx(90 * 0.1)
    beside = [state("VALIDATING", 1.0), state("SAVING", 2.5), state("TRAINING", 3.0)]
    assert history_of(*begun, *beside).eta_seconds() == pytest.approx(90 * (0.1 + 2.0 / 10))


def test_time_left_counts_remaining_evaluations_and_checkpoints() -> None:
    settings = {"eval_every": 10, "checkpoint_every": 20, "seq_len": 25, "batch_size": 4, "accumulate": 1}
    begun = replace(started(100, **settings), corpus={"validation_windows": 16})
    steps = [step(number) for number in range(1, 11)]
    guessed = history_of(begun, state("TRAINING", 0.0), *steps).eta_seconds()
    assert guessed is not None and guessed > 90 * 0.1
    evaluated = [
        state("VALIDATING", 1.0),
        replace(validation(10), time=3.0),
        state("SAVING", 3.5),
        state("TRAINING", 4.5),
    ]
    known = history_of(begun, state("TRAINING", 0.0), *steps, *evaluated, step(11)).eta_seconds()
    # Steps; evaluations of 2 s and half a second of writing; best, regular and last checkpoints of 1 s; then checks.
    between = 89 * 0.1 + 9 * 2.5 + (9 + 5 + 1) * 1.0
    assert known is not None and between + 2 < known < between + 8
    # At a step that is validated, that evaluation is still ahead.
    more = [step(number) for number in range(11, 21)]
    due = history_of(begun, state("TRAINING", 0.0), *steps, *evaluated, *more).eta_seconds()
    done = history_of(
        begun, state("TRAINING", 0.0), *steps, *evaluated, *more, replace(validation(20), time=9.0)
    ).eta_seconds()
    assert due is not None and done is not None and due - done == pytest.approx(2.5)


def test_time_left_uses_the_costs_of_the_plan_until_an_evaluation_is_measured() -> None:
    settings = {"eval_every": 50, "checkpoint_every": 1000, "seq_len": 25, "batch_size": 4, "accumulate": 1}
    begun = replace(started(100, **settings), corpus={"validation_windows": 16})
    steps = [state("TRAINING", 0.0), *(step(number) for number in range(1, 11))]  # of 0.1 s

    def left(costs: Costs, *more: events.Event) -> float:
        history = History(costs)
        for event in (begun, *steps, *more):
            history.add(event)
        seconds = history.eta_seconds()
        assert seconds is not None
        return seconds

    cheap, dear = Costs(0.1, 1.0, 0.5, 0.25), Costs(0.1, 9.0, 0.5, 0.25)
    # Two evaluations, and after training the whole split (half of an evaluation) once more, and again by a new process.
    assert left(dear) - left(cheap) == pytest.approx(3 * 8.0)
    twice_as_fast = Costs(0.05, 4.5, 0.25, 0.25)
    assert left(twice_as_fast) == pytest.approx(left(dear))
    measured = [state("VALIDATING", 1.0), replace(validation(10), time=3.0), state("TRAINING", 3.5)]
    assert left(dear, *measured) == pytest.approx(left(cheap, *measured))


def test_the_time_left_follows_the_present_pace() -> None:
    slow = [step(number, tokens_per_second=100.0) for number in range(1, 101)]
    fast = [step(number, tokens_per_second=1000.0) for number in range(101, 151)]
    assert history_of(*slow, *fast).seconds_a_step == pytest.approx(0.1)
    far_apart = [step(1), step(1001)]
    assert history_of(*far_apart).seconds_a_step == pytest.approx(0.1)


def test_time_without_a_process_is_not_counted() -> None:
    killed_while_saving = [started(100), *(step(number) for number in range(1, 11)), state("SAVING", 1.0)]
    resumed = [state("PREPARING", 90_000.0), events.Resumed(step=10, planned_steps=100), state("TRAINING", 90_001.0)]
    assert history_of(*killed_while_saving, *resumed).eta_seconds() == pytest.approx(90 * 0.1)


def test_time_taken_is_that_of_all_processes() -> None:
    first = [state("PREPARING", 1.0), started(100), *(step(number) for number in range(1, 11)), state("SAVING", 61.0)]
    assert history_of(*first).took == pytest.approx(60)
    resumed = [
        state("PREPARING", 90_000.0),
        events.Resumed(time=90_001.0, step=10, checkpoint="a.pt", planned_steps=100),
    ]
    assert history_of(*first, *resumed, state("TRAINING", 90_005.0)).took == pytest.approx(65)
    end = events.RunFinished(step=10, time=90_030.0, status="completed", reason="", seconds=30.0)
    ended = history_of(*first, *resumed, end)
    assert ended.took == pytest.approx(90)
    longer = history_of(*first, *resumed, end, state("FINISHED", 90_030.0), state("PREPARING", 99_000.0))
    assert longer.took == pytest.approx(90) and longer.finished is None


def test_time_taken_is_without_pauses() -> None:
    first = [state("PREPARING", 1.0), started(100), *(step(number) for number in range(1, 11))]
    paused = [events.Paused(step=10, time=21.0), state("PAUSED", 21.0), state("SAVING", 51.0)]
    going = history_of(*first, *paused)
    assert going.took == pytest.approx(20)
    going.add(events.Resumed(step=10, time=121.0))
    going.add(state("TRAINING", 131.0))
    assert going.took == pytest.approx(30)
    killed_while_paused = [*first, *paused, state("PREPARING", 90_000.0)]
    again = history_of(*killed_while_paused, events.Resumed(step=10, time=90_001.0), state("TRAINING", 90_005.0))
    assert again.took == pytest.approx(25)
    again.add(events.RunFinished(step=10, time=90_030.0, status="completed", reason="", seconds=30.0))
    assert again.took == pytest.approx(50)


def test_findings_of_an_earlier_process_stay_unless_a_later_one_checks_again() -> None:
    def check(name: str, status: str, phase: str = "before") -> events.Check:
        return events.Check(finding={"id": name, "phase": phase, "status": status, "values": {}})

    first = [state("PREPARING"), check("rate", "warn"), check("skipped", "note"), check("skipped", "note")]
    later = [state("PREPARING"), check("skipped", "note"), check("skipped", "warn"), check("gap", "warn", "during")]
    found = history_of(*first, check("gap", "note", "during"), *later).findings
    assert [(one["id"], one["status"]) for one in found] == [
        ("rate", "warn"), ("gap", "note"), ("skipped", "note"), ("skipped", "warn"), ("gap", "warn"),
    ]  # fmt: skip


def test_time_left_is_unknown_at_first_and_zero_at_the_end() -> None:
    assert History().eta_seconds() is None
    assert history_of(started(100)).eta_seconds() is None
    assert history_of(step(1)).eta_seconds() is None
    assert history_of(*a_run()).eta_seconds() == 0.0


def test_step_out_of_order_keeps_the_curves_sorted() -> None:
    history = history_of(*(step(number) for number in range(1, 21)), step(11, loss=9.0))
    assert [x[0] for x, _ in history.curves["loss"].points()] == list(range(1, 21))
    assert history.last_step is not None and history.last_step.step == 11


def test_paused_run_stays_paused_while_it_saves() -> None:
    history = History()
    told: list[events.Event] = [
        events.Paused(step=3),
        events.State(step=3, state="PAUSED"),
        events.State(step=3, state="SAVING"),
    ]
    for event in told:
        history.add(event)
    assert history.state == "SAVING"
    assert history.paused
    history.add(events.Resumed(step=3))
    assert not history.paused


def test_sampled_validations_are_kept_separately() -> None:
    history = History()
    history.add(validation(1, best=True))
    history.add(replace(validation(2, loss=1.0), sampled=True))
    assert history.last_validation == history.best == history.validations[-1][1]
    assert [one.loss for _, one in history.sampled] == [1.0]
