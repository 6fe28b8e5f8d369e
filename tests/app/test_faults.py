"""A failing panel, run, record or screen affects nothing else: the user is informed, and training goes on."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mmrec_engine import events
from mmrec_engine.settings import resolve
from mmrec_engine.training.train_step import Stepper, StepResult
from mmrec_tui.app.app import MmrecApp
from mmrec_tui.app.screens.start import StartScreen
from mmrec_tui.app.session import Training, Watching
from mmrec_tui.app.widgets.panels import Patience
from tests.app.conftest import TINY, TRAINED, an_app, long_training, screen_text, table_of, until, until_shown
from tests.app.recorded import BEGAN, a_training, an_ending, opening, record
from tests.conftest import events_of


class Planted(Exception):
    """An unexpected error."""


def broken(*_: object, **__: object) -> None:
    raise Planted("planted by a test")


@pytest.fixture
def finished() -> Path:
    return record(Path("checkpoints/tiny").absolute(), [*a_training(), *an_ending()])


@pytest.fixture
def training(small_text: Path) -> Training:
    session = Training(resolve({**TINY, "data_dir": str(small_text), "max_steps": 30, "eval_every": 10}))
    session.start()
    return session


# In the engine


@pytest.mark.slow
async def test_exception_in_a_step_ends_the_run_and_the_app_stays(
    monkeypatch: pytest.MonkeyPatch, small_text: Path
) -> None:
    make = Stepper.make_step

    def raising_at_five(self: Stepper, step: int, first_window: int, *rest: Any) -> StepResult:
        if step == 5 and first_window > 0:  # the steps of a check begin at window 0
            raise Planted("planted by a test")
        return make(self, step, first_window, *rest)

    monkeypatch.setattr(Stepper, "make_step", raising_at_five)
    session = Training(resolve({**TINY, "data_dir": str(small_text)}))
    app = an_app(session=session)
    session.start()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_shown(pilot, "FAILED", 60)
        assert "Planted: planted by a test" in screen_text(app)
        assert "step 4/40" in screen_text(app)
        await pilot.press("g")
        await until(pilot, lambda: table_of(app) == "guide")
        await pilot.press("escape", "r")
        await until_shown(pilot, "Report: tiny")
        await until_shown(pilot, "Planted")  # "failed" stands in the last line before the report is read
        assert "failed" in screen_text(app)
    recorded = events_of(session.folder)
    assert recorded[-1]["state"] == "FAILED"
    assert recorded[-2]["status"] == "failed"
    assert "Planted" in recorded[-2]["reason"]
    assert "planted by a test" in (session.folder / "log.txt").read_text()


@pytest.mark.slow
async def test_request_refused_at_the_start_of_training_is_reported(small_text: Path) -> None:
    session = Training(resolve({**TINY, "data_dir": str(small_text) + "-gone"}))
    app = an_app("tr", session=session)
    session.start()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_shown(pilot, "BAŞARISIZ", 60)
        assert "prose.txt-gone" in re.sub(r"[│\s]", "", screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: table_of(app) == "start")
    assert not session.folder.exists()


# In a panel


@pytest.mark.extended
@pytest.mark.slow
async def test_failing_panel_reports_it_and_training_continues(
    monkeypatch: pytest.MonkeyPatch, training: Training
) -> None:
    monkeypatch.setattr(Patience, "look", broken)
    app = an_app(session=training)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_shown(pilot, "this panel broke")
        await until_shown(pilot, "FINISHED", 60)
        assert "checkpoint" in (training.folder / "events.jsonl").read_text()
        assert "30/30" in screen_text(app)
        assert len(app.broken) == 1, "told once, not four times a second"
        assert isinstance(app.broken[0], Planted)
    assert events_of(training.folder)[-1]["state"] == "FINISHED"


@pytest.mark.slow
@pytest.mark.extended
async def test_failing_plots_report_it_and_training_continues(
    monkeypatch: pytest.MonkeyPatch, training: Training
) -> None:
    monkeypatch.setattr("mmrec_tui.app.screens.training.figure_of", broken)
    app = an_app(session=training)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_shown(pilot, "this panel broke")
        await until_shown(pilot, "FINISHED", 60)
    assert events_of(training.folder)[-1]["state"] == "FINISHED"


@pytest.mark.extended
async def test_plot_that_fails_while_drawn_reports_it(
    monkeypatch: pytest.MonkeyPatch, finished: Path, without_torch: None
) -> None:
    monkeypatch.setattr("mmrec_tui.app.widgets.plot.draw", broken)
    app = an_app(session=Watching(finished))
    async with app.run_test(size=(160, 45)) as pilot:
        await until_shown(pilot, "this panel broke")
        await pilot.resize_terminal(80, 24)
        await until_shown(pilot, "this panel broke")
        assert "2 of 5 without a new best" in screen_text(app)
        assert all(isinstance(error, Planted) for error in app.broken)


async def test_recovered_panel_is_shown_again(
    monkeypatch: pytest.MonkeyPatch, finished: Path, without_torch: None
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("mmrec_tui.app.screens.training.figure_of", broken)
        patched.setattr(Patience, "look", broken)
        app = an_app(session=Watching(finished))
        async with app.run_test(size=(80, 24)) as pilot:
            await until_shown(pilot, "this panel broke")
            patched.undo()
            await pilot.press("l")
            await until(pilot, lambda: "this panel broke" not in screen_text(app))
            assert "2 of 5 without a new best" in screen_text(app)
            assert "★" in screen_text(app).split("\n")[3]


# In a record


def hostile_record() -> Iterator[str]:
    yield "this is no JSON at all"
    yield '{"event": "step", "step": "many", "loss": {}}'
    yield '{"event": "from-the-future", "step": 3}'
    yield "[1, 2, 3]"
    yield "null"
    yield '{"event": "validation", "step": 1, "time": null}'
    yield "[" * 50_000
    for event in a_training(60):
        yield events.to_line(event)
    escape = "\x1b[2J\x1b]0;owned\x07\x9b31m\x00\r\b[red]not markup[/red]"
    yield events.to_line(events.Sample(step=60, time=BEGAN, prompt=f"a{escape}", text=f"b{escape}\u202e"))
    yield events.to_line(events.Checkpoint(step=60, time=BEGAN, path=escape, kind="best"))
    finding: dict[str, Any] = {"id": escape, "status": escape, "title": escape, "evidence": escape, "values": [escape]}
    yield events.to_line(events.Finding(step=60, time=BEGAN, finding={**finding, "remedies": [{"title": escape}, 7]}))
    yield events.to_line(
        events.Finding(step=60, time=BEGAN, finding={"id": "corpus-readable", "values": {"reason": 1}})
    )
    yield events.to_line(
        events.Finding(step=60, time=BEGAN, finding={"item": ["x"], "remedies": "none", "status": None})
    )
    yield events.to_line(events.SettingsChanged(step=60, time=BEGAN, changes={escape: escape}, reason=escape))
    for number, value in enumerate((math.nan, math.inf, -math.inf, 1e308, -1e308, 0.0), start=61):
        yield events.to_line(
            events.Step(
                step=number, time=BEGAN, loss=value, learning_rate=value, grad_norm=value, tokens_per_second=value,
                tokens=number * 1024, epoch=1,
            )
        )  # fmt: skip
        yield events.to_line(
            events.Validation(
                step=number, time=BEGAN, loss=value, perplexity=value, accuracy=value, bits_per_character=value,
                training_loss=value, batches=1, best=True, patience_used=10**6, patience=0, epoch=1,
            )
        )  # fmt: skip
    yield events.to_line(events.RunFinished(step=66, time=BEGAN, status="failed", reason=escape, seconds=math.inf))
    yield events.to_line(events.State(step=66, time=BEGAN, state="FAILED"))
    yield '{"event": "step", "step": 67, "loss"'


@pytest.fixture
def hostile() -> Path:
    folder = record(Path("checkpoints/tiny").absolute(), [])
    (folder / "events.jsonl").write_bytes(b"\xff\xfe\n" + "\n".join(hostile_record()).encode())
    return folder


def assert_harmless(text: str) -> None:
    acting = {letter for letter in text if (ord(letter) < 32 and letter != "\n") or 0x7F <= ord(letter) < 0xA0}
    assert not acting, acting
    assert "\u202e" not in text, "the text's direction is turned"


@pytest.mark.first(1)
@pytest.mark.parametrize(
    "size",
    [(80, 24), pytest.param((160, 45), marks=pytest.mark.slow), pytest.param((50, 14), marks=pytest.mark.slow)],
    ids=str,
)
async def test_damaged_record_is_shown_as_far_as_possible(
    hostile: Path, size: tuple[int, int], without_torch: None
) -> None:
    app = an_app(session=Watching(hostile))
    async with app.run_test(size=size) as pilot:
        await until_shown(pilot, "FAILED")
        for key in ("1", "2", "3", "4", "5", "6", "7", "8", "9", "l", "x", "x", "x", "o"):
            await pilot.press(key)
            await pilot.pause(0.05)
            assert_harmless(screen_text(app))
        assert app.failure is None
        assert app.broken == []
        assert "66/600" in screen_text(app)


async def test_damaged_report_is_shown_as_far_as_possible(hostile: Path, without_torch: None) -> None:
    (hostile / "ticks.json").write_text('{"best-saved": "yes", "metrics-reported": true')
    app = an_app()
    async with app.run_test(size=(160, 100)) as pilot:
        app.open_screen("report", folder=hostile)
        await until_shown(pilot, "failed")
        assert_harmless(screen_text(app))
        assert "[red]not markup[/red]" in screen_text(app)
        assert app.failure is None


async def test_folders_without_a_run_are_not_listed(hostile: Path, without_torch: None) -> None:
    (hostile / "run.json").write_text("[" * 100_000)
    record(hostile.with_name("\x1b[31mred"), [*a_training(40), *an_ending(step=40)])
    app = an_app()
    async with app.run_test(size=(160, 45)) as pilot:
        await until_shown(pilot, "tiny")
        assert_harmless(screen_text(app))
        await pilot.press("r")
        await until_shown(pilot, "[31mred")
        assert_harmless(screen_text(app))
        await pilot.press("space", "down", "space", "o")
        await until(pilot, lambda: table_of(app) == "compare")
        await pilot.pause(0.5)
        assert_harmless(screen_text(app))
        assert app.failure is None


@pytest.mark.extended
async def test_brackets_in_names_are_not_markup() -> None:
    folders = [Path("checkpoints", name).absolute() for name in ("[bold]one", "[", "]red] [@click=app.quit]two")]
    for folder in folders:
        record(folder, [*a_training(60), *an_ending(step=60)])
    app = an_app(plan={**TINY, "name": "[bold]one"})
    async with app.run_test(size=(160, 45), notifications=True) as pilot:
        for folder in folders:
            await until_shown(pilot, f"{folder.name} ")
        app.open_screen("compare", folders=folders)
        await until_shown(pilot, "best loss")
        assert "━ [bold]one  ╍ [  ┅ ]red] [@click=app.quit]two" in "".join(screen_text(app).split("\n")[:3])
        await pilot.press("escape")
        app.open_screen("report", folder=folders[2])
        await until_shown(pilot, "Report: ]red] [@click=app.quit]two")
        await pilot.press("escape")
        app.watch_run(folders[0])
        await until_shown(pilot, "[bold]one · sample")
        await pilot.press("escape", "n")
        await until_shown(pilot, "checkpoints/[bold]one-2")
        await until(pilot, lambda: "✓" in screen_text(app))
        await pilot.press("ctrl+s")
        await until_shown(pilot, "starts [bold]one-2 in checkpoints/[bold]one-2", 120)


async def test_replaced_record_of_a_watched_run_is_read_again(finished: Path, without_torch: None) -> None:
    app = an_app(session=Watching(finished))
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "420/600")
        record(finished, [*opening(), *list(a_training(30))[3:]])
        await until_shown(pilot, "30/600")


async def test_removed_folder_of_a_watched_run_is_not_an_end(finished: Path, without_torch: None) -> None:
    app = an_app(session=Watching(finished))
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "FINISHED")
        for path in finished.iterdir():
            path.unlink()
        finished.rmdir()
        await pilot.pause(1.0)
        await pilot.press("r")
        await until(pilot, lambda: table_of(app) == "report")
        assert app.failure is None


# In a screen


async def press(app: MmrecApp, shown: str, key: str, seconds: float = 30.0) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, shown, seconds)
        await pilot.press(key)
        await pilot.pause()


async def test_failing_screen_closes_the_app_cleanly(monkeypatch: pytest.MonkeyPatch, without_torch: None) -> None:
    monkeypatch.setattr(StartScreen, "action_new_run", broken)
    app = an_app()
    with pytest.raises(Planted):  # raised again by the pilot; the launcher finds it in `failure`
        await press(app, "Start a new run", "n")
    assert isinstance(app.failure, Planted)
    assert not app.is_running


@pytest.mark.slow
async def test_failing_screen_does_not_stop_training_and_can_be_opened_again(
    monkeypatch: pytest.MonkeyPatch, small_text: Path
) -> None:
    from mmrec_tui.app.screens.training import TrainingScreen

    training = long_training(small_text)
    training.start()
    first = an_app(session=training)
    with monkeypatch.context() as patched:
        patched.setattr(TrainingScreen, "action_x_axis", broken)
        with pytest.raises(Planted):
            await press(first, "TRAINING", "x", TRAINED)
    assert isinstance(first.failure, Planted)
    so_far = len(events_of(training.folder))
    second = an_app(session=training)
    async with second.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "TRAINING")
        await until(pilot, lambda: len(events_of(training.folder)) > so_far)
        training.stop("by a test")
        await until_shown(pilot, "STOPPED", 60)
    assert events_of(training.folder)[-1]["state"] == "STOPPED"
