"""The whole workflow of a new user, with the real engine on a little real text: by keyboard, and by mouse."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from mmrec_tui.app.session import Training
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
from tests.conftest import events_of

pytestmark = pytest.mark.slow
# Settings that no test changes here, as an earlier user would have left them.
REMEMBERED: dict[str, Any] = {"threads": 1, "precision": "fp32", "eval_every": 20, "epochs": 5}


async def click_on(pilot: Pilot[Any], words: str) -> None:
    """Click at the lowest place of these words, once they stay there: the bar is the last line."""
    place = None
    while True:
        await until_shown(pilot, words)
        before, place = place, place_of(pilot, words)
        if place is not None and place == before:
            break
    await pilot.click(offset=place)


def place_of(pilot: Pilot[Any], words: str) -> tuple[int, int] | None:
    app: Any = pilot.app
    for y, line in reversed(list(enumerate(screen_text(app).split("\n")))):
        if words in line:
            return line.index(words) + len(words) // 2, y
    return None


async def click_field(pilot: Pilot[Any], name: str) -> None:
    """Click on a field of the plan once it is where its middle is: the explanation of a field moves the others, and a click
    beside it can leave the plan by the bar."""
    app: Any = pilot.app
    field = app.screen.query_one(f"#field-{name}")

    def is_in_sight() -> bool:
        x, y = field.region.x + field.region.width // 2, field.region.y + field.region.height // 2
        return app.screen.region.contains(x, y) and app.screen.get_widget_at(x, y)[0] is field

    await until(pilot, is_in_sight)
    await pilot.click(field)
    await until(pilot, lambda: app.focused is field)


def ticked(folder: Path) -> set[str]:
    """What the person has ticked for this run, before it and after."""
    path = folder / "ticks.json"
    return {item for item, own in json.loads(path.read_text()).items() if own} if path.exists() else set()


async def test_whole_workflow_by_keyboard(small_text: Path) -> None:
    app = an_app(plan=REMEMBERED)
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await pilot.press("n")
        await until(pilot, lambda: table_of(app) == "plan")
        await pilot.press("2", "home", "enter")
        await until_shown(pilot, "Which text?")
        await pilot.press(*"../prose.txt", "enter")
        await until(pilot, lambda: table_of(app) == "plan")
        await pilot.press("1", "down", "enter")
        await until_shown(pilot, "● mini")
        await pilot.press("up", "enter")
        await until_shown(pilot, "● tiny")
        await pilot.press("3", "tab", "tab", *"40")  # most steps
        await pilot.press("tab", "tab", *"2")  # batch size, after the time
        await pilot.press("tab", "tab", "tab", *"32")  # windows
        await pilot.press(*["tab"] * 4, *"0,001")  # rate, with the comma of a Turkish keyboard
        await until(pilot, lambda: is_planned(app, 40))
        screen: Any = app.screen
        settings = screen._resolved.settings
        assert (settings.max_steps, settings.batch_size, settings.seq_len) == (40, 2, 32)
        assert settings.learning_rate == 0.001

        await until(pilot, lambda: screen._work.measuring.costs_with(settings) is not None)
        costs = screen._work.measuring.costs_with(settings)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: table_of(app) == "checklist")
        await pilot.press("space")
        await until_shown(pilot, "☑")
        (own,) = app.stage.ticks  # the cursor is on the item whose checks run at that moment
        await until_checked(pilot)
        assert len(app.screen._checks.found) == app.screen._checks.total == 22  # type: ignore[attr-defined]
        await pilot.press("s")
        await until(pilot, lambda: table_of(app) == "training")
        session: Any = app.stage.session
        assert session._parameters.costs == costs
        await until_shown(pilot, "FINISHED", TRAINED)
        assert "40/40" in screen_text(app)
        assert "◆" in screen_text(app)
        await until_shown(pilot, "The run has ended")

        folder = Path("checkpoints/tiny").absolute()
        recorded = events_of(folder)
        assert [event["step"] for event in recorded if event["event"] == "validation"] == [20, 40]
        assert recorded[-1]["state"] == "FINISHED"
        described = json.loads((folder / "run.json").read_text())
        assert described["settings"]["learning_rate"] == 0.001
        assert described["sources"]["learning_rate"] == "hand"

        await pilot.press("r")
        await until_shown(pilot, "Report: tiny")
        await until_shown(pilot, "finished")
        await pilot.press("space")
        await until(pilot, lambda: ticked(folder) == {own, "best-saved"})
        await pilot.press("slash", *"The ", "enter")
        await until_shown(pilot, "best_model.pt · ", TRAINED)
        written: Any = app.screen
        assert written._writer.written.prompt == "The "
        await until(pilot, lambda: not written._writer.writing, TRAINED)
        assert len(written._writer.written.text) >= 200
        drawn = written._seed
        await pilot.press("enter")
        await until(pilot, lambda: written._seed != drawn and not written._writer.writing, TRAINED)
        written.query_one("#sampling-seed", Input).value = "7"
        for _ in range(2):
            await pilot.press("enter")
            await until(pilot, lambda: written._seed == 7 and not written._writer.writing, TRAINED)
        await pilot.press("escape", "b")
        await until_shown(pilot, "final_checkpoint.pt")

        await pilot.press("c")
        await until_shown(pilot, "40 steps")
        await pilot.press("enter")
        await until_shown(pilot, "80/80", TRAINED)
        await until_shown(pilot, "FINISHED", TRAINED)
        assert [event["step"] for event in events_of(folder) if event["event"] == "validation"] == [20, 40, 60, 80]

        await pilot.press("escape")
        await until(pilot, lambda: table_of(app) == "start")
        await pilot.press("n")
        await until(pilot, lambda: table_of(app) == "plan")
        await pilot.press("3", "tab", "tab", *"20")
        await until(pilot, lambda: is_planned(app, 20))
        await until_shown(pilot, "checkpoints/tiny-2")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: table_of(app) == "checklist")
        await until_checked(pilot)
        await pilot.press("s")
        await until_shown(pilot, "FINISHED", TRAINED)
        await pilot.press("escape")
        await until(pilot, lambda: table_of(app) == "start")
        await until_shown(pilot, "tiny-2")

        await pilot.press("r")
        await until(pilot, lambda: table_of(app) == "runs" and "tiny-2" in screen_text(app))
        await pilot.press("o")
        await until_shown(pilot, "mark two runs or more")
        await pilot.press("space", "down", "space", "o")
        await until(pilot, lambda: table_of(app) == "compare")
        await until_shown(pilot, "Max steps")
        different = [line.split() for line in screen_text(app).split("\n") if "≠" in line]
        assert ["≠", "Max", "steps", "20", "80"] in different or ["≠", "Max", "steps", "80", "20"] in different
        assert {line[1] for line in different} == {"Max", "Epochs"}, "training on was asked for in steps alone"
        plot = next(line for line in screen_text(app).split("\n") if "Validation loss" in line)
        assert "tiny-2" in plot


@pytest.mark.extended
async def test_whole_workflow_by_mouse(small_text: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.app.conftest._LOOK_SECONDS", 0.05)  # as long as a hand needs: rows move below a pointer
    Path("prose.txt").write_text(small_text.read_text())
    app = an_app(plan=REMEMBERED)
    async with app.run_test(size=(160, 45), notifications=True) as pilot:
        await click_on(pilot, "Start a new run")
        await until(pilot, lambda: table_of(app) == "plan")
        await click_on(pilot, "a file or folder of your own")
        await until_shown(pilot, "Which text?")
        await click_on(pilot, "prose.txt")
        await until(pilot, lambda: table_of(app) == "plan")
        for name, value in (("max_steps", "20"), ("batch_size", "2"), ("seq_len", "32")):
            await click_field(pilot, name)
            await pilot.press("end", *["backspace"] * 4, *value)
        await until(pilot, lambda: is_planned(app, 20))
        await click_on(pilot, "^s next")
        await until(pilot, lambda: table_of(app) == "checklist")
        await until_checked(pilot)  # findings move the rows below them, also away from below a pointer
        await click_on(pilot, "Is a validation split set aside?")
        await click_on(pilot, "space tick")
        await until(pilot, lambda: app.stage.ticks == {"validation-split": True})
        await click_on(pilot, "s start")
        await until(pilot, lambda: table_of(app) == "training")
        await until_shown(pilot, "FINISHED", TRAINED)
        await click_on(pilot, "r report")
        await until_shown(pilot, "Report: tiny")
        await click_on(pilot, "Was the best model saved?")
        await click_on(pilot, "space tick")
        await until(pilot, lambda: ticked(Path("checkpoints/tiny")) == {"validation-split", "best-saved"})
        await click_on(pilot, "/ try it")
        prompt = app.screen.query_one("#prompt", Input)
        await until(pilot, lambda: app.focused is prompt)
        await pilot.press(*"A ", "enter")
        await until_shown(pilot, "best_model.pt · ", TRAINED)
        await click_on(pilot, "esc back")  # out of the field
        await until(pilot, lambda: app.focused is not prompt)
        await click_on(pilot, "esc back")
        await until(pilot, lambda: table_of(app) == "training")
        await click_on(pilot, "esc back")
        await until(pilot, lambda: table_of(app) == "start")
        await until(pilot, lambda: app.screen._runs)  # type: ignore[attr-defined]  # its rows are above those below
        await click_on(pilot, "All runs")
        await until(pilot, lambda: table_of(app) == "runs" and "finished" in screen_text(app))
        await pilot.click("#runs", offset=(10, 1))
        await pilot.press("enter")
        await until_shown(pilot, "Report: tiny")


def kinds(session: Training) -> list[str]:
    return [event["event"] for event in events_of(session.folder)]


async def test_keys_pause_resume_save_and_stop_the_training(small_text: Path) -> None:
    session = long_training(small_text)
    app = an_app(session=session)
    session.start()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_shown(pilot, "TRAINING", TRAINED)
        await pilot.press("p")
        await until_shown(pilot, "PAUSED")
        still = kinds(session).count("step")
        await pilot.pause(0.5)
        assert kinds(session).count("step") == still
        await pilot.press("k")
        await until(pilot, lambda: any(session.folder.glob("checkpoint_step_*.pt")))
        await until_shown(pilot, "PAUSED")
        assert kinds(session).count("step") == still, "saving does not end a pause"
        await pilot.press("p")
        await until_shown(pilot, "TRAINING")
        await until(pilot, lambda: kinds(session).count("step") > still)
        await pilot.press("t", "y")
        await until_shown(pilot, "STOPPED", TRAINED)
        await until_shown(pilot, "Go on from the newest checkpoint with c")
    recorded = [kind for kind in kinds(session) if kind in ("paused", "resumed", "run_finished")]
    assert recorded == ["paused", "resumed", "run_finished"]
    assert events_of(session.folder)[-1]["state"] == "STOPPED"
    stood = events_of(session.folder)[-1]["step"]
    assert (session.folder / f"checkpoint_step_{stood}.pt").exists()


async def test_stopped_run_is_continued_with_a_key(small_text: Path) -> None:
    session = long_training(small_text)
    app = an_app(session=session)
    session.start()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_shown(pilot, "TRAINING", TRAINED)
        await until(pilot, lambda: kinds(session).count("step") > 5)
        await pilot.press("t", "y")
        await until_shown(pilot, "STOPPED", TRAINED)
        stood = events_of(session.folder)[-1]["step"]
        await pilot.press("c")
        await until_shown(pilot, "TRAINING", TRAINED)
        again: Any = app.stage.session
        await until(pilot, lambda: kinds(again).count("step") > stood)
        steps = [event["step"] for event in events_of(session.folder) if event["event"] == "step"]
        assert steps == list(range(1, len(steps) + 1)), "no step is missing, and none is made twice"
        await pilot.press("t", "y")
        await until_shown(pilot, "STOPPED", TRAINED)


async def test_finished_run_is_extended_with_a_key(small_text: Path) -> None:
    session = long_training(small_text, max_steps=10, eval_every=5, checkpoint_every=5)
    app = an_app(session=session)
    session.start()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_shown(pilot, "FINISHED", TRAINED)
        await until(pilot, lambda: not session.live, TRAINED)
        await pilot.press("c")
        await until_shown(pilot, "was trained for 10 steps. How many more?")
        await pilot.press("5", "enter")
        further: Any = None
        await until(pilot, lambda: app.stage.session is not session, TRAINED)
        further = app.stage.session
        await until(pilot, lambda: not further.live and further.state == "FINISHED", TRAINED)
    assert [event["step"] for event in events_of(session.folder) if event["event"] == "step"] == list(range(1, 16))


@pytest.mark.extended
async def test_leaving_during_a_training_asks_first(small_text: Path) -> None:
    session = long_training(small_text)
    app = an_app(session=session)
    session.start()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_shown(pilot, "TRAINING", TRAINED)
        await pilot.press("ctrl+q")
        await until_shown(pilot, "Training is running")
        await pilot.press("escape")
        await until(pilot, lambda: table_of(app) == "training")
        assert session.live
        await pilot.press("escape")
        await until(pilot, lambda: table_of(app) == "start")
        assert session.live, "looking elsewhere ends nothing"
        await pilot.press("n")
        await until(pilot, lambda: table_of(app) == "plan")
        await pilot.press("q")
        await until_shown(pilot, "Training is running")
        await click_on(pilot, "Stop and save")
        await until(pilot, lambda: not app.is_running, TRAINED)
    assert session.join(TRAINED)
    assert events_of(session.folder)[-1]["state"] == "STOPPED"


@pytest.mark.extended
async def test_second_training_is_refused_during_the_first(small_text: Path) -> None:
    session = long_training(small_text)
    app = an_app(session=session, plan={**TINY, "data_dir": str(small_text)})
    session.start()
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_shown(pilot, "TRAINING", TRAINED)
        await pilot.press("escape", "n")
        await until(pilot, lambda: table_of(app) == "plan" and is_planned(app, 40))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: table_of(app) == "checklist")
        await until_checked(pilot)
        await pilot.press("s")
        await until_shown(pilot, "stop or detach it first")
        assert app.stage.training is session


@pytest.mark.extended
async def test_plan_shows_the_measured_duration(small_text: Path) -> None:
    app = an_app(plan={**TINY, "data_dir": str(small_text)})
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.press("n")
        await until(pilot, lambda: table_of(app) == "plan" and is_planned(app, 40))
        await until(pilot, lambda: re.search(r"about \d+:\d\d", screen_text(app)), TRAINED)
        await until(pilot, lambda: re.search(r"● tiny +\S+ +\S+ MiB +\d+:\d\d", screen_text(app)), TRAINED)
