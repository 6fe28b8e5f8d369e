import itertools

import pytest

from mmrec_engine.optim.lr_schedule import rate_factor
from mmrec_engine.settings import SCHEDULES, resolve


def factors(schedule: str, floor: float = 0.1, **settings: object) -> list[float]:
    given = {"warmup_steps": 10, "schedule": schedule, "learning_rate_floor": floor, **settings}
    resolved = resolve(given).settings
    return [rate_factor(s, planned=100, settings=resolved) for s in range(1, 101)]


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_schedule_warms_up_and_stays_between_floor_and_peak(schedule: str) -> None:
    rates = factors(schedule)
    assert rates[:10] == pytest.approx([step / 10 for step in range(1, 11)])
    assert max(rates) == 1.0
    assert min(rates[10:]) >= 0.1


@pytest.mark.parametrize(
    ("schedule", "halfway", "last"),
    [("cosine", 0.55, 0.1), ("linear", 0.55, 0.1), ("constant", 1.0, 1.0), ("wsd", 1.0, 0.1), ("plateau", 1.0, 1.0),
     ("inverse-sqrt", (10 / 55) ** 0.5, (10 / 100) ** 0.5), ("cosine-restarts", 1.0, 0.1)],
)  # fmt: skip
def test_schedule_matches_its_formula(schedule: str, halfway: float, last: float) -> None:
    rates = factors(schedule)
    assert rates[54] == pytest.approx(halfway)
    assert rates[-1] == pytest.approx(last)


def test_wsd_decays_as_one_minus_square_root() -> None:
    rates = factors("wsd", decay_share=0.4)
    assert rates[9:64] == [1.0] * 55
    assert rates[72] == pytest.approx(0.1 + 0.9 * (1 - 0.5), abs=1e-9), "a quarter of the fall is half of the way"
    assert all(later < earlier for earlier, later in itertools.pairwise(rates[64:]))


def test_cosine_restarts_the_given_number_of_times() -> None:
    rates = factors("cosine-restarts", cycles=3)
    rises = [step for step, (before, after) in enumerate(itertools.pairwise(rates[9:])) if after > before]
    assert rises == [29, 59]
    assert rates[39] == rates[69] == pytest.approx(1.0)


def test_each_plateau_lowers_the_rate_to_the_floor() -> None:
    settings = resolve({"schedule": "plateau", "plateau_factor": 0.3, "learning_rate_floor": 0.05}).settings
    rates = [rate_factor(500, planned=1000, settings=settings, plateaus=met) for met in range(5)]
    assert rates == pytest.approx([1.0, 0.3, 0.09, 0.05, 0.05])


def test_a_warmup_longer_than_the_run_still_rises() -> None:
    assert rate_factor(5, planned=5, settings=resolve({"warmup_steps": 100}).settings) == 0.05
