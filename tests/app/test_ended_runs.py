"""Runs that have ended, opened from the first screen, also while another one is trained here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mmrec_tui.app.session import Session
from mmrec_tui.locales import Wording
from tests.app.conftest import an_app, screen_text, table_of, until, until_shown
from tests.app.recorded import a_training, an_ending, record

TEXT: dict[str, Any] = {"data_dir": "poems.txt"}


class TrainedHere(Session):
    """A run that this process trains."""

    owned = True

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.live = self.welcomed = True


@pytest.fixture
def going_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, without_torch: None) -> TrainedHere:
    training = TrainedHere(tmp_path / "going-on")
    monkeypatch.setattr(
        "mmrec_tui.app.stage.Stage.training", property(lambda stage: training if training.live else None)
    )
    return training


async def test_report_of_an_ended_run_opens_from_the_first_screen(without_torch: None) -> None:
    record(Path("checkpoints/done").absolute(), [*a_training(200), *an_ending(step=200)])
    app = an_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await until_shown(pilot, "done  ")
        await pilot.press("tab", "down", "enter")
        await until(pilot, lambda: table_of(app) == "report")
        await until_shown(pilot, "v curves")
        await pilot.press("v")
        await until(pilot, lambda: table_of(app) == "training")
        await pilot.press("escape")
        await until(pilot, lambda: table_of(app) == "start")


async def test_beside_a_training_only_a_run_that_another_process_trains_is_refused(
    going_on: TrainedHere, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = record(Path("checkpoints/done").absolute(), [*a_training(200), *an_ending(step=200)])
    died = record(Path("checkpoints/died").absolute(), a_training(100))
    app = an_app()
    async with app.run_test(size=(100, 30)) as pilot:
        app.stage.session = going_on
        await until_shown(pilot, "done  ")
        for folder in (done, died):
            app.watch_run(folder)
            await until(pilot, lambda: table_of(app) == "report")
            await until_shown(pilot, folder.name)
            assert app.stage.session is going_on
            await pilot.press("escape")
            await until(pilot, lambda: table_of(app) == "start")
        monkeypatch.setattr("mmrec_engine.storage.folder_lock.is_live", lambda folder: True)
        app.watch_run(died)
        await until_shown(pilot, "going-on is being trained here")
        assert table_of(app) == "start"


@pytest.mark.parametrize("language", ["en", "tr"])
@pytest.mark.parametrize("status", ["completed", "interrupted"])
async def test_report_beside_a_training_says_when_its_next_steps_are_possible(
    language: str, status: Any, going_on: TrainedHere, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mmrec_tui.app.screens.report.needs_checks", lambda *_: False)
    stream = [*a_training(300, learning_rate=0.01, **TEXT), *an_ending(status, step=300)]
    folder = record(Path("checkpoints/tiny").absolute(), stream, **TEXT)
    app = an_app(language)  # type: ignore[arg-type]
    later = Wording(language)("report.once-ended", words="", name="going-on")  # type: ignore[arg-type]
    keys = [f"c {app.say('key.go_on_run')}", *([f"n {app.say('key.plan_next')}"] if status == "completed" else [])]
    async with app.run_test(size=(200, 40)) as pilot:
        app.stage.session = going_on
        app.open_screen("report", folder=folder)

        def words() -> list[str]:
            return [str(app.screen.query_one(name).render()) for name in ("#numbers", "#next")]

        await until(pilot, lambda: app.screen.query("#next"))
        await until(pilot, lambda: all(one.count(later) == 1 for one in words()))
        assert not any(key in screen_text(app).splitlines()[-1] for key in keys)
        told: list[str] = []
        monkeypatch.setattr(app, "warn", lambda key, **_: told.append(key))
        await pilot.press("c")
        await until(pilot, lambda: told == ["app.trains-already"])
        assert table_of(app) == "report"
        going_on.live = False
        await until(pilot, lambda: not any(later in one for one in words()))
        await until(pilot, lambda: all(key in screen_text(app).splitlines()[-1] for key in keys))
