"""The key that applies a remedy: on the checklist, in a running training, after a run."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Any

import pytest

from mmrec_engine import events
from mmrec_engine.checks.finding import finding
from mmrec_engine.locales.guide.remedies import figures
from mmrec_engine.run.follow_up import Offer
from mmrec_engine.settings import FIELDS
from mmrec_tui.app.session import Work
from tests.app.conftest import (
    TINY,
    TRAINED,
    an_app,
    is_planned,
    long_training,
    screen_text,
    table_of,
    until,
    until_checked,
    until_shown,
)
from tests.app.recorded import a_training, an_ending, record
from tests.conftest import events_of


def words_of(app: Any) -> str:
    """The text, however its lines are broken in the dialog."""
    lines = screen_text(app).split("\n")
    return " ".join(re.sub(r".*?│  │ (.*?) │  │.*", r"\1", line).strip() for line in lines if "│  │ " in line)


def a_spike(step: int) -> events.Finding:
    values = {"step": step, "loss": 4.0, "median": 2.0, "factor": 2.0}
    return events.Finding(step=step, finding=finding("loss-spike", "during", "warn", values))


@pytest.mark.extended
async def test_remedy_changes_the_running_training(small_text: Path) -> None:
    session = long_training(small_text)
    app = an_app(session=session)
    session.start()
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await until_shown(pilot, "TRAINING", TRAINED)
        await until(pilot, lambda: (session.folder / "run.json").exists(), TRAINED)
        await pilot.press("a")
        await until_shown(pilot, "no finding can be fixed")
        with session.reading() as history:
            history.add(a_spike(5))
        await pilot.press("a")
        await until_shown(pilot, "Which remedy?")
        assert "learning rate 3e-4 → 1e-4" in screen_text(app)
        assert "at once, in this training" in words_of(app)
        await pilot.press("escape")
        assert [event for event in events_of(session.folder) if event["event"] == "settings_changed"] == []
        await pilot.press("a", "enter")
        await until(pilot, lambda: any(e["event"] == "settings_changed" for e in events_of(session.folder)), TRAINED)
        (change,) = [event for event in events_of(session.folder) if event["event"] == "settings_changed"]
        assert change["changes"] == {"learning_rate": 1e-4} and change["before"] == {"learning_rate": 3e-4}
        assert change["reason"] == "remedy lower-learning-rate"
        session.ask("stop")
        await until(pilot, lambda: not session.live, TRAINED)


@pytest.mark.slow
@pytest.mark.extended
async def test_remedy_of_a_stopped_run_starts_a_follow_up_run(small_text: Path) -> None:
    session = long_training(small_text)
    app = an_app(session=session)
    session.start()
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await until(pilot, lambda: (session.folder / "best_model.pt").exists(), TRAINED)
        with session.reading() as history:
            values = {"step": 60, "loss": 3.0, "best": 2.9, "best_step": 30, "above": 0.03, "evaluations": 3}
            values |= {"training": 2.0, "training_before": 2.5}
            one = finding("overfitting", "during", "warn", values)
            history.add(events.Finding(step=60, finding=one))
        await pilot.press("a")
        await until_shown(pilot, "Which remedy?")
        assert "(dropout 0.1 → 0.2, weight decay 0.1 → 0.2, patience 5 → 3, learning rate" in words_of(app)
        await pilot.press("enter")
        await until(pilot, lambda: table_of(app) == "checklist", TRAINED)
        await until_checked(pilot)
        checklist: Any = app.screen
        found = next(one for one in checklist._checks.found if one["id"] == "hyperparameters")
        assert found["values"]["learning_rate"] == 3e-5, "what is found is found of this run, not of the earlier one"
        await pilot.press("s")
        further = session.folder.with_name(f"{session.folder.name}-2")
        await until(pilot, lambda: app.stage.session is not session and app.stage.training is not None, TRAINED)
        training: Any = app.stage.training
        assert training.folder.name == further.name
        await until(pilot, lambda: (further / "run.json").exists(), TRAINED)
        await until_shown(pilot, further.name)
        (change,) = [event for event in events_of(further) if event["event"] == "settings_changed"]
        assert change["changes"] == {
            "dropout": 0.2,
            "weight_decay": 0.2,
            "early_stopping_patience": 3,
            "learning_rate": 3e-5,
        }
        ended = events_of(session.folder)[-1]
        assert ended["state"] == "STOPPED", "the earlier run was saved and left"
        training.ask("stop")
        await until(pilot, lambda: not training.live, TRAINED)


async def test_remedy_on_the_checklist_changes_the_plan_and_checks_again(small_text: Path) -> None:
    app = an_app(plan={**TINY, "data_dir": str(small_text), "learning_rate": 0.9})
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("n")
        await until(pilot, lambda: table_of(app) == "plan" and is_planned(app, 40))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: table_of(app) == "checklist")
        await until_checked(pilot)
        screen: Any = app.screen
        assert {one["id"]: one["status"] for one in screen._checks.found}["hyperparameters"] == "warn"
        await pilot.press("a")
        await until_shown(pilot, "changes the plan and checks again")
        await until_shown(pilot, "Use the usual learning rate")
        dialog: Any = app.screen
        wanted = [offer.id for offer in dialog._offers].index("usual-learning-rate")
        await pilot.press(*["down"] * wanted, "enter")
        await until(pilot, lambda: table_of(app) == "checklist")
        await until(pilot, lambda: "changed: learning rate 0.9 → 0.01" in screen_text(app).split("\n")[-1])
        await until_checked(pilot)
        assert screen._checks.resolved.settings.learning_rate == 0.01
        assert screen._checks.resolved.sources["learning_rate"] == "remedy"
        found = next(one for one in screen._checks.found if one["id"] == "hyperparameters")
        assert found["values"]["learning_rate"] == 0.01
        await pilot.press("escape")
        await until(pilot, lambda: table_of(app) == "plan")
        plan: Any = app.screen
        assert plan._resolved.settings.learning_rate == 0.01


async def test_ended_run_offers_remedies_for_a_follow_up_run(small_text: Path) -> None:
    folder = record(Path("checkpoints/tiny").absolute(), [*a_training(), a_spike(400), *an_ending()])
    app = an_app()
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        app.open_screen("report", folder=folder)
        report: Any = app.screen
        await until(pilot, lambda: report._history is not None)
        await pilot.press("a")
        await until_shown(pilot, "a new run")
        assert "at once" not in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: table_of(app) == "checklist")
        await until_shown(pilot, "Follows from tiny: ")
        assert app.stage.training is None, "nothing starts without the checklist"


async def test_checklist_of_a_follow_up_run_is_left_to_the_report_that_it_was_asked_for_in(
    without_torch: None,
) -> None:
    folder = record(Path("checkpoints/tiny").absolute(), [*a_training(), a_spike(400), *an_ending()])
    app = an_app()
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        app.open_screen("runs")
        await until_shown(pilot, "tiny")
        app.open_screen("report", folder=folder)
        report: Any = app.screen
        await until(pilot, lambda: report._history is not None)
        await pilot.press("a")
        await until_shown(pilot, "a new run")
        await pilot.press("enter")
        await until(pilot, lambda: table_of(app) == "checklist")
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is report)
        await pilot.press("escape")
        await until(pilot, lambda: table_of(app) == "runs")


@pytest.mark.extended
async def test_remedy_on_the_checklist_of_a_follow_up_run_leaves_an_open_plan_alone(
    small_text: Path, without_torch: None
) -> None:
    stream = [*a_training(), a_spike(400), *an_ending()]
    folder = record(Path("checkpoints/tiny").absolute(), stream, data_dir=str(small_text), learning_rate=0.9)
    app = an_app(plan={**TINY, "data_dir": str(small_text)})
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("n")
        await until(pilot, lambda: table_of(app) == "plan")
        plan: Any = app.screen
        given = dict(plan._draft.given)
        app.open_screen("report", folder=folder)
        report: Any = app.screen
        await until(pilot, lambda: report._history is not None)
        await pilot.press("a")
        await until_shown(pilot, "a new run")
        await pilot.press("enter")
        await until(pilot, lambda: table_of(app) == "checklist")
        checklist: Any = app.screen
        found = {"id": "hyperparameters", "status": "warn"}
        checklist._apply(Offer(found, "usual-learning-rate", {"learning_rate": 0.01}, {"learning_rate": 0.9}, "start"))
        await until(pilot, lambda: checklist._checks.resolved.settings.learning_rate == 0.01)
        assert plan._draft.given == given


async def test_checklist_of_a_follow_up_run_waits_for_what_an_open_plan_computes(
    small_text: Path, without_torch: None
) -> None:
    """Both at once would disturb each other, and the times that the plan measures. The plan's ticks are of another run."""
    stream = [*a_training(), a_spike(400), *an_ending()]
    folder = record(Path("checkpoints/tiny").absolute(), stream, data_dir=str(small_text), learning_rate=0.9)
    app = an_app(plan={**TINY, "data_dir": str(small_text)})
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("n")
        await until(pilot, lambda: table_of(app) == "plan")
        plan: Any = app.screen
        app.stage.ticks["dataset-ready"] = True
        ended = threading.Event()
        computing: Work[Any] = Work(lambda work: ended.wait(60))
        plan._work.measuring._work = computing
        app.open_screen("report", folder=folder)
        report: Any = app.screen
        await until(pilot, lambda: report._history is not None)
        await pilot.press("a")
        await until_shown(pilot, "a new run")
        await pilot.press("enter")
        await until(pilot, lambda: table_of(app) == "checklist")
        assert computing.stopping(), "the plan leaves the processors"
        checklist: Any = app.screen
        assert checklist._ticks == {}
        await pilot.pause(0.3)
        assert checklist._checks.total == 0 and not checklist._checks.done, "it waits"
        ended.set()
        await until(pilot, lambda: checklist._checks.total > 0 or checklist._checks.done)


def test_changed_settings_have_the_titles_of_their_fields() -> None:
    before = {"max_steps": 120, "vocab_size": 5000, "config": "tiny"}
    after = {"max_steps": 240, "vocab_size": 2000, "config": "mini"}
    assert figures(before, after, "en") == "max steps 120 → 240, vocabulary size 5,000 → 2,000, config tiny → mini"
    assert figures({"time": 120}, {"time": 240.0}, "en") == "time 2:00 → 4:00"
    assert figures({"time": 1800.0}, {"time": 3600.0}, "tr") == "süre 30:00 → 1:00:00"
    assert figures(before, after, "tr") == "en çok adım 120 → 240, sözlük boyutu 5.000 → 2.000, config tiny → mini"
    for name in FIELDS:
        assert "_" not in figures({name: 1}, {name: 2}, "tr")
