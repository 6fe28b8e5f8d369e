import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmrec_engine.settings import resolve
from mmrec_engine.training.plan import Plan, TrainingProgress, ending, make_plan

SETTINGS = resolve({"early_stopping_patience": 2}).settings


@given(st.integers(1, 500), st.integers(1, 64), st.integers(1, 12))
def test_epoch_ends_at_the_rounded_up_step(windows: int, a_step: int, epochs: int) -> None:
    plan = Plan(10**6, windows, a_step)
    ends = {step for step in range(1, math.ceil(epochs * windows / a_step) + 1) if plan.ends_epoch(step)}
    assert {math.ceil(epoch * windows / a_step) for epoch in range(1, epochs + 1)} == ends


def test_earlier_of_two_limits_ends_the_run() -> None:
    assert make_plan(resolve({"epochs": 2, "batch_size": 4}).settings, 10).planned_steps == 5
    assert make_plan(resolve({"epochs": 2, "max_steps": 3}).settings, 10).planned_steps == 3
    assert make_plan(resolve({"max_steps": 300}).settings, 10).planned_steps == 300


def test_validation_steps_by_epoch_by_eval_every_and_at_the_end() -> None:
    plan = Plan(11, windows_an_epoch=10, windows_a_step=4)
    assert [step for step in range(12) if plan.validates(step, None)] == [3, 5, 8, 10, 11]
    assert [step for step in range(12) if plan.validates(step, 4)] == [4, 8, 11]
    assert plan.validates(13, 4), "a run whose limit was lowered ends without a validation"


def test_new_best_resets_patience() -> None:
    plan, progress = Plan(1000, 10, 1), TrainingProgress(step=1)
    for loss, used in [(3.0, 0), (3.0, 1), (2.9, 0), (3.1, 1), (math.nan, 2)]:
        progress = progress.after_validation(loss, 2)
        assert progress.patience_used == used
    assert progress.best_loss == 2.9
    first_nan = TrainingProgress(step=1).after_validation(math.nan, 2)
    assert first_nan.after_validation(5.0, 2).best_loss == 5.0
    end = ending(progress, plan, SETTINGS)
    assert end is not None
    assert end[0] == "early_stopped"


def test_plateau_after_the_given_validations_without_a_best() -> None:
    progress, met = TrainingProgress(step=1), []
    for loss in (3.0, 3.1, 3.1, 3.1, 3.1, 2.9, 3.0, math.nan):
        progress = progress.after_validation(loss, 2)
        met.append(progress.plateaus)
    assert met == [0, 0, 1, 1, 2, 2, 2, 3]


@pytest.mark.parametrize(("loss", "status"), [(1.49, "target_reached"), (1.5, "target_reached"), (1.51, None)])
def test_reached_target_loss_ends_the_run(loss: float, status: str | None) -> None:
    settings = resolve({"target_loss": 1.5}).settings
    end = ending(TrainingProgress(step=3).after_validation(loss, 2), make_plan(settings, 1000), settings)
    assert (end[0] if end else None) == status
