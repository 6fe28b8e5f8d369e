"""The plan of a run with a given time: what fits at the present speed of a machine with other work, and how long the run takes
if it ends before its time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mmrec_engine.planning.budget import BudgetPlan, plan
from mmrec_engine.planning.expected_time import ends_early, expected_seconds
from mmrec_engine.planning.facts import MachineFacts, TextFacts
from mmrec_engine.planning.present_speed import steps_that_fit_now
from mmrec_engine.planning.speeds import Speed, Speeds
from mmrec_engine.runs.run_time import Costs
from mmrec_engine.settings import resolve
from mmrec_tui.app.draft import RunEstimate
from mmrec_tui.app.widgets.plan_summary import Room, summary_text
from mmrec_tui.cli.planning import plan_headless
from mmrec_tui.locales import Wording
from tests.app.conftest import an_app, screen_text, until

TEXT = TextFacts(train=400_000, validation=45_000, alphabet=80)
IDLE = 20_000.0


GIVEN = {"tokenizer": "char", "config": "tiny"}
MACHINE = MachineFacts(True, speeds={"tiny": IDLE})


def made(speed: float = IDLE, **given: Any) -> BudgetPlan:
    machine = MachineFacts(True, speeds={"tiny": speed})
    return plan(TEXT, machine, resolve({"time": 120, **GIVEN, **given}))


def planned(speed: float, **given: Any) -> dict[str, Any]:
    return dict(made(speed, **given).expected)


def test_steps_that_fit_are_those_of_a_plan_at_that_speed() -> None:
    expected = planned(IDLE)
    slow = planned(IDLE / 4)
    tokens = steps_that_fit_now(expected, IDLE / 4) * expected["tokens"] / expected["steps"]
    assert tokens == pytest.approx(slow["tokens"], rel=0.05)
    assert steps_that_fit_now(expected, 0.9 * IDLE) is None, "a short measurement scatters"
    assert steps_that_fit_now(expected, 2 * IDLE) is None
    assert steps_that_fit_now(expected, 1.0) == 1
    early = planned(IDLE, max_steps=50)
    assert steps_that_fit_now(early, IDLE / 2) is None, "all of them fit all the same"


@pytest.mark.parametrize("language", ["en", "tr"])
async def test_plan_of_the_app_says_what_fits_at_the_speed_of_its_time_of_an_epoch(
    language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    speeds = Speeds("was idle", lambda settings, vocabulary, seconds: Speed(IDLE))
    monkeypatch.setattr("mmrec_engine.planning.candidate_speed.speeds_here", lambda stopping: speeds)

    share, measured = [1 / 5], []

    def now(work: object, settings: Any, **_: Any) -> Costs:
        measured.append(settings.config)
        return Costs(settings.windows_a_step * settings.seq_len / (share[0] * IDLE))

    monkeypatch.setattr("mmrec_tui.app.measuring._measured", now)
    monkeypatch.setattr("mmrec_tui.app.measuring._AGAIN_SECONDS", 0.1)
    app = an_app(language, plan={"time": 120.0})
    async with app.run_test(size=(140, 40)) as pilot:
        await pilot.press("n")
        screen: Any = app.screen

        def busy() -> str:
            ahead = screen._work.planning.plan
            if ahead is None:
                return ""
            fitting = steps_that_fit_now(ahead.planned.expected, IDLE / 5)
            return f"! {app.say('plan.busy', steps=app.say.number(fitting))}"[:70]

        await until(pilot, lambda: bool(busy()) and busy() in screen_text(app), 60)
        summary = str(screen.query_one("#summary").render())
        assert "✓" not in summary and app.say("plan.speeds-doubtful") not in summary
        whole = app.say.number(screen._work.planning.plan.planned.expected["steps"])
        assert summary.index(whole) < summary.index(busy()[:20]), "the plan on an idle machine comes first"
        # twice on any machine: at first the app itself is starting
        await until(pilot, lambda: measured.count(screen._work.planning.plan.resolved.settings.config) > 2)
        share[0] = 1.0  # the other work has ended
        await until(pilot, lambda: "✓" in str(screen.query_one("#summary").render()))
        assert busy() not in screen_text(app)


@pytest.mark.parametrize(("language", "share"), [("en", 0.2), ("tr", 0.2), ("en", 1.0)])
def test_plan_of_the_command_says_what_fits_at_the_present_speed(
    language: str, share: float, small_text: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    speeds = Speeds("was idle", lambda settings, vocabulary, seconds: Speed(IDLE, present=share * IDLE))
    monkeypatch.setattr("mmrec_engine.planning.candidate_speed.speeds_here", lambda stopping: speeds)
    resolved = resolve({"time": 120, "data_dir": str(small_text), "learning_rate": 1e-3})
    wording = Wording(language)
    assert plan_headless(resolved, wording, as_json=True, quiet=True) == 0
    made = json.loads(capsys.readouterr().out)
    fitting = made["steps_at_present_speed"]
    assert fitting == steps_that_fit_now(made["expected"], share * IDLE)
    assert (fitting is None) is (share == 1.0)
    plan_headless(resolved, wording, as_json=False, quiet=True)
    told = capsys.readouterr().out
    assert ("! " in told) is (fitting is not None)
    if fitting is not None:
        assert wording("plan.busy", steps=wording.number(fitting)) in told


def test_length_of_a_run_is_its_time_unless_it_ends_before_it() -> None:
    whole, few = made(), made(max_steps=50)
    assert expected_seconds(whole.as_dict(), whole.expected, 10) == 120
    one = few.expected["validation_seconds"]
    lengths = [expected_seconds(few.as_dict(), few.expected, every) for every in (50, 10, None)]
    assert lengths[1] - lengths[0] == pytest.approx(4 * one)
    assert few.expected["seconds"] + one < lengths[0] < 60
    assert lengths[2] == lengths[0], "one evaluation after each begun epoch"
    repeated = plan(TextFacts(train=40_000, validation=4_500, alphabet=80), MACHINE, resolve({"time": 600, **GIVEN}))
    assert ends_early(repeated.as_dict(), repeated.expected)
    assert expected_seconds(repeated.as_dict(), repeated.expected, 100) < 600


@pytest.mark.parametrize("language", ["en", "tr"])
def test_plan_that_ends_before_its_time_says_how_long_it_takes(
    language: str, small_text: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    speeds = Speeds("was idle", lambda settings, vocabulary, seconds: Speed(IDLE))
    monkeypatch.setattr("mmrec_engine.planning.candidate_speed.speeds_here", lambda stopping: speeds)
    wording = Wording(language)
    for limit, is_early in (({"max_steps": 60}, True), ({}, False)):
        resolved = resolve({"time": 120, "data_dir": str(small_text), "learning_rate": 1e-3, **limit})
        assert plan_headless(resolved, wording, as_json=True, quiet=True) == 0
        length = json.loads(capsys.readouterr().out)["expected_seconds"]
        assert 9 < length < 60 if is_early else length == 120
        plan_headless(resolved, wording, as_json=False, quiet=True)
        told = capsys.readouterr().out.splitlines()[-1]
        assert wording.clock(length) in told
        assert (wording.clock(120) in told) is not is_early


@pytest.mark.parametrize("language", ["en", "tr"])
def test_plan_of_the_app_that_ends_before_its_time_says_how_long_it_takes(language: str) -> None:
    say, early = Wording(language), made(max_steps=50)
    ahead = RunEstimate(
        steps=50, steps_an_epoch=100, first_validation=10, parameters=10**6, disk_bytes=10**7, memory_bytes=10**8,
        seconds=None, seconds_an_epoch=None, seconds_to_validation=None, time=120.0,
    )  # fmt: skip
    room = Room(free_bytes=10**9, short=False)
    expected = {name: value for name, value in early.expected.items() if name != "limited_by"}
    for values in (early.expected, expected):
        words = summary_text(ahead, Path("run"), room, say, narrow=True, expected=values, took=41.0).plain
        assert "0:41" in words and "2:00" in words and words.startswith("✓")
    assert "0:41" not in summary_text(ahead, Path("run"), room, say, narrow=True, expected=expected).plain
