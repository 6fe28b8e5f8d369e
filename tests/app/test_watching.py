"""Runs of other processes on screen: ended, died, or training now, and controlled through their folder."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from mmrec_engine import events
from mmrec_engine.locales.letters import folded
from mmrec_engine.locales.messages import Language
from mmrec_engine.runs.catalog import RunSummary
from mmrec_engine.runs.run_folder import RunFolder
from mmrec_engine.storage import file_lock
from mmrec_tui.app.launch import _farewell
from mmrec_tui.app.screens import runs
from mmrec_tui.app.session import Session, Watching
from mmrec_tui.app.stage import Stage
from mmrec_tui.app.widgets.run_rows import Row
from mmrec_tui.locales import Wording
from mmrec_tui.preferences import Preferences
from tests.app.conftest import an_app, screen_text, table_of, until, until_shown
from tests.app.recorded import BEGAN, a_training, an_ending, record
from tests.engine.test_history import history_of

pytestmark = pytest.mark.usefixtures("without_torch")


@pytest.fixture
def place() -> Path:
    return Path("checkpoints/tiny").absolute()


@pytest.fixture
def trained_elsewhere(place: Path) -> Iterator[Path]:
    """A run whose lock is held: as by another process, through an open file of its own."""
    record(place, a_training(120))
    lock = os.open(place / "lock", os.O_RDWR)
    file_lock.lock(lock)
    os.write(lock, f"{os.getpid()}\n".encode())
    yield place
    os.close(lock)


def asked(folder: Path) -> list[str]:
    path = folder / "control.jsonl"
    return [json.loads(line)["command"] for line in path.read_text().splitlines()] if path.exists() else []


def more(folder: Path, *stream: events.Event) -> None:
    with (folder / "events.jsonl").open("a", encoding="utf-8") as file:
        file.writelines(events.to_line(event) + "\n" for event in stream)


async def test_finished_run_is_shown_in_its_final_state(place: Path) -> None:
    record(place, [*a_training(), *an_ending()])
    app = an_app(session=Watching(place))
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_shown(pilot, "FINISHED")
        seen = screen_text(app)
        for words in (
            "420/600",
            "took 1:08",
            "1.850 (perplexity 6.36) at step 300",
            "2 of 5",
            "bigram",
            "Evin önünde",
            "r report",
        ):
            assert words in seen, words
        assert "pause" not in seen, "nothing can be paused"
        await pilot.press("p")
        await until_shown(pilot, "no process is training this run now")
    assert asked(place) == []


async def test_run_without_its_process_is_shown_as_died_with_a_way_to_resume(place: Path) -> None:
    record(place, a_training(120))
    app = an_app(session=Watching(place))
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_shown(pilot, "DIED")
        told = " ".join(screen_text(app).replace("│", " ").split())
        assert "nothing that was saved is lost" in told
        assert "with c" in told and "--resume" not in told


async def test_events_of_another_process_are_shown(trained_elsewhere: Path) -> None:
    app = an_app(session=Watching(trained_elsewhere))
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_shown(pilot, "TRAINING")
        assert "120/600" in screen_text(app)
        more(trained_elsewhere, *(event for event in a_training(133) if event.step > 120))
        await until_shown(pilot, "133/600")
        more(trained_elsewhere, events.State(step=133, time=BEGAN, state="PAUSED"))
        await until_shown(pilot, "PAUSED")


async def test_keys_send_requests_to_the_training_process(trained_elsewhere: Path) -> None:
    app = an_app(session=Watching(trained_elsewhere))
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_shown(pilot, "TRAINING")
        await pilot.press("p")
        await until_shown(pilot, "pausing after this step")
        more(trained_elsewhere, events.Paused(step=120), events.State(step=120, time=BEGAN, state="PAUSED"))
        await until_shown(pilot, "PAUSED")
        await pilot.press("p", "k", "t", "y")
        await until(pilot, lambda: len(asked(trained_elsewhere)) == 4)
    assert asked(trained_elsewhere) == ["pause", "resume", "save", "stop"]


async def test_watched_run_cannot_be_detached_and_continues_after_leaving(
    trained_elsewhere: Path,
) -> None:
    app = an_app(session=Watching(trained_elsewhere))
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_shown(pilot, "TRAINING")
        await pilot.press("d")
        await until_shown(pilot, "another process trains this run")
        await pilot.press("ctrl+q")
        await until(pilot, lambda: not app.is_running)
    assert asked(trained_elsewhere) == []


async def test_death_of_the_training_process_is_noticed(place: Path) -> None:
    record(place, a_training(120))
    lock = os.open(place / "lock", os.O_RDWR)
    file_lock.lock(lock)
    app = an_app(session=Watching(place))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_shown(pilot, "TRAINING")
        os.close(lock)
        await until_shown(pilot, "DIED")
        await until_shown(pilot, "The run has ended: died")


async def test_request_to_an_unwritable_folder_is_reported(trained_elsewhere: Path) -> None:
    (trained_elsewhere / "control.jsonl").mkdir()
    app = an_app(session=Watching(trained_elsewhere))
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_shown(pilot, "TRAINING")
        await pilot.press("p")
        await until_shown(pilot, "control.jsonl")
        assert app.failure is None


async def test_live_run_is_opened_from_the_first_screen(trained_elsewhere: Path) -> None:
    app = an_app()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_shown(pilot, "Watch tiny")
        await pilot.press("w")
        await until_shown(pilot, "TRAINING")
        await pilot.press("escape")
        await pilot.pause()
        assert table_of(app) == "start"


async def test_live_run_cannot_be_deleted(trained_elsewhere: Path) -> None:
    app = an_app()
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await pilot.press("r")
        await until_shown(pilot, "tiny")
        await pilot.press("x")
        await until_shown(pilot, "it cannot be deleted")
    assert trained_elsewhere.exists()


@pytest.mark.parametrize(("language", "no", "yes"), [("en", "n", "y"), ("tr", "h", "e")])
async def test_a_deletion_is_answered_with_letters(place: Path, language: str, no: str, yes: str) -> None:
    record(place, [*a_training(60), *an_ending(step=60)])
    app = an_app(language)
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await pilot.press("r")
        await until_shown(pilot, "tiny")
        await pilot.press("x")
        await until_shown(pilot, f"({yes})")
        await pilot.press("q", no)
        await until(pilot, lambda: f"({yes})" not in screen_text(app))
        assert place.exists() and app.is_running
        await pilot.press("x")
        await until_shown(pilot, f"({yes})")
        await pilot.press(yes)
        await until_shown(pilot, "cannot be brought back" if language == "en" else "geri getirilemez")
        await pilot.press(yes.upper())
        await until(pilot, lambda: not place.exists())


async def test_deleting_a_run_asks_with_no_as_the_default(place: Path) -> None:
    record(place, [*a_training(60), *an_ending(step=60)])
    app = an_app()
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await pilot.press("r")
        await until_shown(pilot, "finished")
        await pilot.press("x")
        await until_shown(pilot, "Delete tiny")
        await pilot.press("enter")
        await until(pilot, lambda: "Delete tiny" not in screen_text(app))
        assert place.exists()
        await pilot.press("x")
        await until_shown(pilot, "Delete tiny")
        await pilot.press("right", "enter")
        await until_shown(pilot, "cannot be brought back")
        await pilot.press("escape")
        await until(pilot, lambda: "cannot be brought back" not in screen_text(app))
        assert place.exists()
        await pilot.press("x")
        await until_shown(pilot, "Delete tiny")
        await pilot.press("right", "enter")
        await until_shown(pilot, "cannot be brought back")
        await pilot.press("right", "enter")
        await until_shown(pilot, "tiny is deleted")
        await until_shown(pilot, "no runs here")
    assert not place.exists()


async def test_run_deleted_during_listing_is_not_listed(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs are read in the background each time the screen is shown again, possibly just before one is deleted."""
    record(place, [*a_training(60), *an_ending(step=60)])
    read = runs.known_runs

    def slowly() -> list[RunSummary]:
        found = read()
        time.sleep(1.0)
        return found

    monkeypatch.setattr(runs, "known_runs", slowly)
    app = an_app()
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await pilot.press("r")
        await until_shown(pilot, "finished")
        await pilot.press("x")
        for question in ("Delete tiny", "cannot be brought back"):
            await until_shown(pilot, question)
            await pilot.press("right", "enter")
        await until_shown(pilot, "no runs here", seconds=10)
    assert not place.exists()


def test_filter_of_the_runs_finds_a_turkish_state_in_any_case() -> None:
    row = Row(RunSummary("tiny", Path("tiny"), "FINISHED", 1, None, 0.0), 0)
    assert all(row.matches(folded(typed), Wording("tr")) for typed in ("bitti", "BİTTİ", "Bitti"))


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ("name", "state", "text", "folder")), ("tr", ("ada", "duruma", "metne", "klasöre"))],
)
def test_filter_of_the_runs_says_what_it_finds(language: Language, words: tuple[str, ...]) -> None:
    say = Wording(language)
    row = Row(RunSummary("tiny", Path("here/tiny"), "FINISHED", 1, None, 0.0), 12_345, text="poems.txt")
    for typed in ("tiny", say("state.FINISHED"), "poems", "here"):
        assert row.matches(folded(typed), say), typed
    assert not row.matches("12", say)
    assert all(word in say("runs.filter") for word in words)


async def test_runs_are_filtered_sorted_and_opened(place: Path) -> None:
    record(place, [*a_training(60), *an_ending(step=60)])
    record(place.with_name("poems"), a_training(200))
    app = an_app()
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await pilot.press("r")
        await until_shown(pilot, "poems")
        await pilot.press("slash", *"died")
        await pilot.pause()
        table = screen_text(app)
        assert "poems" in table
        assert "tiny" not in table
        await pilot.press("enter", "enter")
        await until_shown(pilot, "DIED")
        await pilot.press("escape")
        await pilot.press("slash", *["backspace"] * 4, *"tiny", "enter", "enter")
        await until_shown(pilot, "Report: tiny")
        await until_shown(pilot, "0.91 worse than the bigram baseline")


@pytest.mark.extended
async def test_run_folder_is_live_while_locked(place: Path) -> None:
    held = RunFolder(place, "new")
    held.record(events.State(state="PREPARING"))
    app = an_app("tr", session=Watching(place))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_shown(pilot, "HAZIRLANIYOR")
        held.abandon()
        await until_shown(pilot, "artık yok")


async def test_closing_a_screen_while_it_opens_is_no_error(place: Path) -> None:
    record(place, [*a_training(60), *an_ending(step=60)])
    app = an_app()
    async with app.run_test(size=(120, 36)) as pilot:
        for turns in (0, 4, 6, 8, 10):
            app.watch_run(place)
            for _ in range(turns):
                await asyncio.sleep(0)
            app.pop_screen()
            await pilot.pause()
            assert app.failure is None, turns
        assert table_of(app) == "start"


@pytest.mark.parametrize("turns", [0, 2, 8])
async def test_leaving_while_a_run_opens_is_no_error(place: Path, turns: int) -> None:
    record(place, [*a_training(60), *an_ending(step=60)])
    app = an_app()
    async with app.run_test(size=(120, 36)):
        app.watch_run(place)
        for _ in range(turns):
            await asyncio.sleep(0)
        app.exit()
    assert app.failure is None


@pytest.mark.parametrize("size", [(100, 30), (80, 24)])
async def test_best_loss_is_shown_once_there_is_one(size: tuple[int, int], without_torch: None) -> None:
    session = Session(Path("checkpoints/tiny").absolute())
    session._history, session.live = history_of(*a_training(40)), True
    app = an_app(session=session)
    async with app.run_test(size=size) as pilot:
        await until_shown(pilot, "waiting for the first validation")
        session._history = history_of(*a_training(100))
        await until_shown(pilot, "2.672 (perplexity", 5)
        await until_shown(pilot, "at step 100", 5)


async def test_esc_ends_the_filter_of_the_runs(place: Path) -> None:
    record(place, [*a_training(60), *an_ending(step=60)])
    app = an_app()
    async with app.run_test(size=(120, 36)) as pilot:
        app.open_screen("runs")
        await until_shown(pilot, "tiny")
        await pilot.press("slash", *"nothing")
        await until_shown(pilot, "no run matches “nothing”")
        await pilot.press("escape")
        await until(pilot, lambda: "no run matches" not in screen_text(app) and "tiny" in screen_text(app))
        assert app.screen.query_one("#filter", Input).value == ""


@pytest.mark.parametrize(("language", "told"), [("en", "mmrec-tui watch tiny"), ("tr", "mmrec-tui watch tiny")])
def test_leaving_a_watched_live_run_tells_how_to_return(
    language: str, told: str, trained_elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stage = Stage(Wording(language), Preferences(), Watching(trained_elsewhere))  # type: ignore[arg-type]
    assert _farewell(stage) == 0
    assert told in capsys.readouterr().err


async def test_export_offers_a_free_name(place: Path) -> None:
    record(place, [*a_training(60), *an_ending(step=60)])
    (place / "best_model.pt").touch()
    for name in ("export-tiny", "export-tiny-2"):
        Path(name).mkdir()
    app = an_app()
    async with app.run_test(size=(120, 36)) as pilot:
        app.open_screen("report", folder=place)
        await until_shown(pilot, "Report: tiny")
        await pilot.press("e")
        await until(pilot, lambda: app.screen.query("#answer"))
        assert app.screen.query_one("#answer", Input).value == "export-tiny-3"


async def test_remedies_come_first_in_the_bar_of_a_training_with_a_hint(place: Path) -> None:
    record(place, a_training(420))
    app = an_app(session=Watching(place))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.screen.query("#hints"))
        screen: Any = app.screen
        await until(pilot, lambda: screen.session.loaded and screen._offers)
        await until(pilot, lambda: screen_text(app).splitlines()[-1].startswith(" a "))


@pytest.mark.parametrize("language", ["en", "tr"])
@pytest.mark.parametrize("ending", [[], an_ending("interrupted", 20)], ids=["died", "stopped"])
async def test_a_run_that_is_over_waits_for_nothing(place: Path, ending: list[events.Event], language: str) -> None:
    record(place, [*a_training(20), *ending])
    app = an_app(language, session=Watching(place))
    say = app.say
    async with app.run_test(size=(160, 45)) as pilot:
        await until_shown(pilot, say("plot.no-validation"))
        shown = screen_text(app)
        assert shown.count(say("plot.no-validation")) >= 2, "accuracy and gap"
        for words in ("plot.waiting", "patience.waiting", "sample.waiting", "item.none-yet"):
            assert say(words) not in shown
        assert say("item.none") in shown
