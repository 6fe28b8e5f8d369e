"""A run starts from its checklist as it was planned; one that failed before its first step leaves nothing to resume."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mmrec_engine import events
from mmrec_engine.checks.preflight import all_checks
from mmrec_engine.planning.speeds import Speed, Speeds
from mmrec_engine.run import checks_around_run
from mmrec_engine.runs import catalog
from mmrec_engine.settings import resolve
from mmrec_tui.app.session import StartParameters, Training
from tests.app.conftest import TINY, an_app, is_planned, screen_text, table_of, until, until_shown
from tests.app.every_screen import OPENERS
from tests.app.recorded import a_training, an_ending, record

REPEATED = "Even the smallest model deserves quality training.\n" * 200


def events_of(folder: Path) -> list[dict[str, Any]]:
    record = folder / "events.jsonl"
    return [json.loads(line) for line in record.read_text().splitlines()] if record.exists() else []


@pytest.mark.extended
async def test_run_that_is_started_before_its_checks_have_ended_has_its_baselines(
    tmp_path: Path, prose: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, made = threading.Event(), all_checks.checks_before

    def slow(*of: Any) -> Iterator[dict[str, Any]]:
        for number, one in enumerate(made(*of)):
            if number == 2:
                begun.wait(60)
            yield one

    monkeypatch.setattr(all_checks, "checks_before", slow)  # for the checklist; the run has its own
    assert checks_around_run.checks_before is made
    (tmp_path / "prose.txt").write_text(prose[:60_000])
    app = an_app(
        "en", plan={**TINY, "data_dir": str(tmp_path / "prose.txt"), "max_steps": 4, "output_dir": str(tmp_path)}
    )
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("n")
        await until(pilot, lambda: table_of(app) == "plan" and is_planned(app, 4))
        await pilot.press("ctrl+s")
        await until_shown(pilot, "space ticks one")
        checklist: Any = app.screen
        await until(pilot, lambda: len(checklist._checks.found) == 2, 60)
        assert "baselines" not in {one["id"] for one in checklist._checks.found}
        await pilot.press("s", "s")
        await until(pilot, lambda: table_of(app) == "training")
        begun.set()
        session: Any = app.stage.training or app.stage.session
        await until(pilot, lambda: not session.live, 120)
    assert session.error is None
    started = next(one for one in events_of(session.folder) if one["event"] == "run_started")
    assert set(started["baselines"]) == {"unigram", "bigram", "5-gram"}
    report = json.loads((session.folder / "report.json").read_text())
    assert report["verdict"]["baselines"]
    (compared,) = [one for one in report["findings"] if one["id"] == "beats-baselines" and one["phase"] == "after"]
    assert compared["status"] != "skipped"


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
    assert started["planned_steps"] == planned, "one first number of steps"
    assert started["baselines"], "counted although the checks had not ended"
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


async def test_name_that_another_process_has_taken_since_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[Any] = []
    app = an_app()
    monkeypatch.setattr(app, "begin", lambda resolved, *_: begun.append(resolved.settings.name))
    async with app.run_test(size=(120, 36)) as pilot:
        await OPENERS["ChecklistScreen"](app, pilot)
        Path("checkpoints/tiny-9").mkdir(parents=True)
        Path("checkpoints/tiny-9/lock").touch()
        await pilot.press("s")
        await until(pilot, lambda: begun or app.screen._asks)  # type: ignore[attr-defined]
        await pilot.press(*([] if begun else ["s"]))
        await until(pilot, lambda: begun)
    assert begun == ["tiny-9-2"]


@pytest.mark.parametrize(
    ("language", "told", "again"),
    [
        ("en", "tiny-2 is training: both will be slower", "press s again to start anyway"),
        ("tr", "tiny-2 şu anda eğitiliyor: ikisi de yavaşlar", "yine de başlatmak için bir daha s"),
    ],
)
async def test_start_beside_another_training_is_told_and_confirmed(
    language: str, told: str, again: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[Any] = []
    app = an_app(language)
    monkeypatch.setattr(app, "begin", lambda resolved, *_: begun.append(resolved.settings.name))
    monkeypatch.setattr(catalog, "is_live", lambda folder: folder.name in ("tiny-2", "tiny-3"))
    for name, state in (("tiny-2", "TRAINING"), ("tiny-3", "PAUSED"), ("tiny-4", "TRAINING")):
        record(Path("checkpoints", name), [*a_training(20), events.State(step=20, state=state)])
    async with app.run_test(size=(120, 36)) as pilot:
        await OPENERS["ChecklistScreen"](app, pilot)
        checklist: Any = app.screen
        checklist._checks.done = True
        await pilot.press("s")
        await until_shown(pilot, told)
        await until_shown(pilot, again)
        assert "tiny-3" not in screen_text(app) and not begun
        await pilot.press("s")
        await until(pilot, lambda: begun)


async def test_start_is_refused_at_once_while_a_run_is_trained_here(
    monkeypatch: pytest.MonkeyPatch, without_torch: None
) -> None:
    """It asked for a confirmation of failures first, and refused that."""
    app = an_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await OPENERS["ChecklistScreen"](app, pilot)
        folder = Path("checkpoints", "of-this-app")
        monkeypatch.setattr(type(app.stage), "training", SimpleNamespace(folder=folder), raising=False)
        await pilot.press("s")
        await until_shown(pilot, app.say("app.trains-already", name="of-this-app")[:40])
        assert app.screen._asked is None and table_of(app) == "checklist"  # type: ignore[attr-defined]
        monkeypatch.undo()


@pytest.mark.parametrize(
    ("language", "asked", "no", "yes"),
    [
        ("en", "other is training: both will be slower. Resume tiny beside it?", "n", "y"),
        ("tr", "other şu anda eğitiliyor: ikisi de yavaşlar. tiny yine de sürdürülsün mü?", "h", "e"),
    ],
)
async def test_run_is_resumed_beside_another_training_only_if_confirmed(
    language: str, asked: str, no: str, yes: str, monkeypatch: pytest.MonkeyPatch, without_torch: None
) -> None:
    """From the start screen, and from the report of a finished run, which asks for how much longer before."""
    resumed: list[tuple[str, bool]] = []
    app = an_app(language)
    monkeypatch.setattr(app, "train", lambda resolved, *, resume: resumed.append((resolved.settings.name, resume)))
    monkeypatch.setattr(catalog, "is_live", lambda folder: folder.name == "other")
    limit: dict[str, Any] = {"epochs": None, "max_steps": 20}
    folder = record(Path("checkpoints", "tiny").absolute(), [*a_training(20, **limit), *an_ending(step=20)], **limit)
    record(Path("checkpoints", "other"), [*a_training(20), events.State(step=20, state="TRAINING")])
    async with app.run_test(size=(80, 24)) as pilot:
        for answer, expected in ((no, []), (yes, [("tiny", True)])):
            app.resume(resolve({"output_dir": str(folder.parent), "name": "tiny"}))
            await until(pilot, lambda: app.screen.is_modal)
            assert asked in " ".join(screen_text(app).replace("│", " ").split())
            assert len({button.region.y for button in app.screen.query("#choices Button")}) == 1
            await pilot.press(answer)
            await until(pilot, lambda: not app.screen.is_modal)
            assert resumed == expected
        app.continue_run(folder, finished=True)
        await until_shown(pilot, "20")
        await pilot.press("enter")
        await until(pilot, lambda: bool(app.screen.query("#yes")))
        await pilot.press(no)
        await until(pilot, lambda: not app.screen.is_modal)
        assert resumed == [("tiny", True)]


async def test_check_that_fails_after_the_first_press_is_told_and_confirmed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before, the confirmation that the checks had not ended was also that of failures, which were not named."""
    first, last = threading.Event(), threading.Event()

    def failed(id: str) -> dict[str, Any]:
        return {"id": id, "item": "dataset-ready", "phase": "before", "status": "fail", "values": {}}

    def two_failures(*of: Any) -> Iterator[dict[str, Any]]:
        first.wait(60)
        yield failed("corpus-size")
        last.wait(60)
        yield failed("corpus-text")

    monkeypatch.setattr(all_checks, "checks_before", two_failures)
    app = an_app("en", plan={**TINY, "max_steps": 4, "output_dir": str(tmp_path)})
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("n")
        await until(pilot, lambda: table_of(app) == "plan" and is_planned(app, 4))
        await pilot.press("ctrl+s")
        await until_shown(pilot, "space ticks one")
        await pilot.press("s")
        await until_shown(pilot, "the checks are not finished; press s again")
        first.set()
        await until_shown(pilot, "Failed: Dataset size")
        await until(pilot, lambda: "press s again" not in screen_text(app))
        await pilot.press("s")  # of what has failed since, nobody had been asked
        await until_shown(pilot, "Failed: Dataset size · the checks are not finished; press s again")
        assert table_of(app) == "checklist"
        last.set()
        await until_shown(pilot, "Failed checks: 2. s twice starts")
        await pilot.press("s")
        await until_shown(pilot, "Failed checks: Dataset size, Text content; press s again")
        await pilot.press("s")
        await until(pilot, lambda: table_of(app) == "training")
        session: Any = app.stage.training or app.stage.session
        session.stop("test")
        assert session.join(60)


async def test_run_that_is_stopped_while_it_prepares_has_no_report_and_nothing_to_go_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mmrec_engine.errors import Interrupted

    def stopped(*_: Any, **__: Any) -> Iterator[Any]:
        raise Interrupted("test")
        yield

    monkeypatch.setattr("mmrec_engine.run.train.train", stopped)
    app = an_app("en")
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        resolved = resolve({**TINY, "max_steps": 4, "output_dir": str(tmp_path), "name": "early"})
        app.train(resolved, parameters=StartParameters())
        await until_shown(pilot, "STOPPED")
        await until_shown(pilot, "Stopped before the first step:")
        assert "waiting for the first validation" not in screen_text(app)
        screen: Any = app.screen
        actions = {key.action for key in screen.shown_keys()}
        assert not actions & {"report", "go_on_run", "save", "stop"} and "new_run" in actions
        await pilot.press("r")
        await pilot.pause(0.3)
        assert table_of(app) == "training"
