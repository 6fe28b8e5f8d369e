"""A run starts from its checklist as it was planned; one that failed before its first step leaves nothing to resume."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mmrec_engine.planning.speeds import Speed, Speeds
from mmrec_engine.settings import resolve
from mmrec_tui.app.session import StartParameters, Training
from tests.app.conftest import TINY, an_app, screen_text, table_of, until, until_shown

REPEATED = "Even the smallest model deserves quality training.\n" * 200


def events_of(folder: Path) -> list[dict[str, Any]]:
    record = folder / "events.jsonl"
    return [json.loads(line) for line in record.read_text().splitlines()] if record.exists() else []


async def test_timed_run_starts_with_the_steps_of_its_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the checks were made before: the speed that the plan measured is known to the run."""
    speeds = Speeds("a fast machine", lambda settings, vocabulary, seconds: Speed(40_000.0))
    monkeypatch.setattr("mmrec_engine.planning.candidate_speed.speeds_here", lambda stopping: speeds)
    monkeypatch.setattr("mmrec_tui.app.measuring._measured", lambda work, **_: None)
    app = an_app("en", plan={"time": 60.0})
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("n")
        await until_shown(pilot, "passes over the text", 60)
        await until_shown(pilot, "^s next")
        plan: Any = app.screen
        planned = plan._settings.max_steps
        await pilot.press("ctrl+s")
        await until_shown(pilot, "space ticks one")
        checklist: Any = app.screen
        await until(pilot, lambda: len(checklist._checks.found) > 2, 60)
        await pilot.press("s", "s")
        await until(pilot, lambda: table_of(app) == "training")
        session: Any = app.stage.training
        await until(pilot, lambda: any(one["event"] == "run_started" for one in events_of(session.folder)), 60)
        session.stop("test")
        assert session.join(60)
    happened = events_of(session.folder)
    started = next(one for one in happened if one["event"] == "run_started")
    assert started["planned_steps"] == pytest.approx(planned, rel=0.25)
    (choices,) = [one["choices"] for one in happened if one["event"] == "planned"]
    assert choices["learning_rate"]["reason"] == "rate-muon", "watching and the report tell why"


def test_run_that_was_started_before_its_checks_ended_is_not_stopped_by_one_that_fails(tmp_path: Path) -> None:
    (tmp_path / "repeated.txt").write_text(REPEATED)
    wanted = {**TINY, "data_dir": str(tmp_path / "repeated.txt"), "max_steps": 2, "output_dir": str(tmp_path)}
    session = Training(resolve(wanted), parameters=StartParameters())
    session.start()
    assert session.join(120) and session.error is None
    found = [one["finding"] for one in events_of(session.folder) if one["event"] == "check"]
    assert any(one["status"] == "fail" and one["phase"] == "before" for one in found)
    with session.reading() as history:
        assert history.last_step is not None and history.last_step.step == 2


async def test_run_that_failed_before_its_first_step_offers_no_resume(tmp_path: Path, without_torch: None) -> None:
    """It would begin another one, with the settings of nobody."""
    app = an_app("en")
    async with app.run_test(size=(120, 36)) as pilot:
        app.train(resolve({"data_dir": str(tmp_path / "absent"), "name": "never"}))
        await until_shown(pilot, "FAILED", 60)
        assert app.say("hint.stopped") not in screen_text(app)
        assert "go_on_run" not in [key.action for key in app.screen.shown_keys()]  # type: ignore[attr-defined]
        await pilot.press("c")
        await pilot.pause()
        assert app.stage.training is None and not Path("checkpoints/never").exists()
