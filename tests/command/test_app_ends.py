"""However the app ends (asked to, hung up, detached, failed, killed), the run is saved, continues, or can be resumed."""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mmrec_engine.runs.catalog import pid_of
from mmrec_engine.storage.folder_lock import is_live
from tests.command.terminal import (
    Screen,
    a_state_word,
    newest_step,
    plan,
    planted,
    start_training,
    wait_for_steps,
    wait_until,
)
from tests.command.test_handover import Watcher
from tests.conftest import Command, events_of, extended

Open = Callable[..., Screen]
ENDLESS = {"eval_every": 1_000_000, "checkpoint_every": 1_000_000}  # saves only on request
# The key x makes its own action fail, or the next timer, or the next drawing.
BREAKS = """
from mmrec_tui.app.screens.training import TrainingScreen
from mmrec_tui.app.widgets.plot import Plot

asked = []

def broken(screen):
    asked.append("WHERE")
    if "WHERE" == "key":
        raise RuntimeError("planted")
    for plot in screen.query(Plot):
        plot.refresh()

def breaking(name, kept):
    def called(*given):
        if asked[:1] == [name]:
            asked.clear()
            raise RuntimeError("planted")
        return kept(*given)
    return called

TrainingScreen.action_x_axis = broken
TrainingScreen._tick = breaking("timer", TrainingScreen._tick)
Plot.render_line = breaking("drawing", Plot.render_line)
"""
# A process that is to continue a run ends at once.
NO_HEIR = """
import os, sys

if "--resume" in sys.orig_argv:
    os._exit(3)
"""
NO_PROCESS = """
import errno, sys

def refuse(event, values):
    if event == "subprocess.Popen" and "--resume" in values[1]:
        raise OSError(errno.EAGAIN, "no process can start")

sys.addaudithook(refuse)
"""
OBSTACLES = {"the process dies": NO_HEIR, "no process can start": NO_PROCESS}

pytestmark = [pytest.mark.slow, pytest.mark.fault]


def kinds(folder: Path, kind: str) -> list[dict[str, object]]:
    return [event for event in events_of(folder) if event["event"] == kind]


def assert_saved(folder: Path) -> None:
    """The run was stopped properly, and its last step is in a checkpoint."""
    assert kinds(folder, "run_finished")[-1]["status"] == "interrupted"
    assert events_of(folder)[-1]["state"] == "STOPPED"
    assert (folder / f"checkpoint_step_{newest_step(folder)}.pt").exists()
    assert not is_live(folder)


def assert_each_step_once(folder: Path, steps: int) -> None:
    assert [event["step"] for event in kinds(folder, "step")] == list(range(1, steps + 1))


def quit_and_stop(screen: Screen) -> None:
    screen.press("ctrl+q")
    screen.wait_for("Training is running")
    screen.press("t")
    assert screen.wait_for_end() == 0
    assert screen.restored


# Asked to end


@pytest.mark.first(1)
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), extended(signal.SIGINT, 130)])
@pytest.mark.parametrize("paused", [False, True], ids=["training", "paused"])
def test_signal_saves_the_run_and_restores_the_terminal(
    command: Command, opened: Open, text_file: Path, number: signal.Signals, code: int, paused: bool
) -> None:
    plan(command, text_file, **ENDLESS)
    screen = opened()
    start_training(screen)
    wait_for_steps(command.run_folder())
    if paused:
        screen.press("p")
        screen.wait_for("PAUSED")
    screen.process.send_signal(number)
    assert screen.wait_for_end() == code
    assert screen.restored
    assert "train --resume" in screen.text()
    assert_saved(command.run_folder())


def test_signal_ends_an_idle_app_at_once(opened: Open) -> None:
    screen = opened()
    screen.wait_for("What now?")
    told = time.monotonic()
    screen.process.terminate()
    assert screen.wait_for_end() == 143
    assert time.monotonic() - told < 10
    assert screen.restored


@pytest.mark.parametrize("how", ["signal", extended("terminal lost")])
def test_written_text_is_saved_where_nobody_can_be_asked(opened: Open, made: Path, how: str) -> None:
    screen = opened("write", "made")
    screen.wait_for("temperature")
    screen.press("a", "b", "c")
    screen.wait_for("abc")
    saved = made / "writing-1.txt"
    if how == "signal":
        screen.process.terminate()
        assert screen.wait_for_end() == 143
        assert "text saved" in screen.text()
    else:
        screen.hang_up()
        wait_until(saved.exists, "the text was not saved")
    assert saved.read_text() == "abc\n"


@pytest.mark.extended
def test_leaving_while_training_asks_first(command: Command, opened: Open, text_file: Path) -> None:
    plan(command, text_file, **ENDLESS)
    screen = opened()
    start_training(screen)
    folder = command.run_folder()
    wait_for_steps(folder)
    screen.press("ctrl+q")
    screen.wait_for("Training is running")
    screen.press("escape")
    screen.wait_for(lambda shown: "Training is running" not in shown)
    wait_for_steps(folder)
    quit_and_stop(screen)
    assert_saved(folder)
    assert "train --resume" in screen.text()
    steps = newest_step(folder) + 20
    resumed = command("train", "--resume", "--name", "tiny", "--max-steps", steps)
    assert resumed.code == 0, resumed.err
    assert_each_step_once(folder, steps)


# The terminal is lost


@pytest.mark.parametrize("how", ["window closed", extended("signal only")])
def test_training_survives_a_lost_terminal(command: Command, opened: Open, text_file: Path, how: str) -> None:
    steps = 350
    plan(command, text_file, max_steps=steps, eval_every=150, checkpoint_every=150)
    screen = opened()
    start_training(screen)
    folder = command.run_folder()
    wait_for_steps(folder)
    if how == "window closed":
        screen.hang_up()
    else:
        screen.process.send_signal(signal.SIGHUP)
        wait_until(lambda: screen.restored, "the terminal is given back")
    wait_for_steps(folder)
    screen.process.send_signal(signal.SIGCONT)  # must not start an app that has ended
    wait_for_steps(folder)
    assert screen.process.poll() is None
    again = opened("watch", "tiny")
    again.wait_for("TRAINING")
    again.press("ctrl+q")
    assert again.wait_for_end() == 0  # a watched run gets no request
    assert screen.process.wait(120) == 0
    assert_each_step_once(folder, steps)
    assert kinds(folder, "run_finished")[-1]["status"] == "completed"
    assert (folder / "final_checkpoint.pt").exists()
    assert (folder / "best_model.pt").exists()


@pytest.mark.extended
def test_paused_run_saves_and_ends_when_its_terminal_is_lost(command: Command, opened: Open, text_file: Path) -> None:
    plan(command, text_file, **ENDLESS)
    screen = opened()
    start_training(screen)
    wait_for_steps(command.run_folder())
    screen.press("p")
    screen.wait_for("PAUSED")
    screen.hang_up()
    screen.process.wait(60)
    assert_saved(command.run_folder())


def test_lost_terminal_ends_an_idle_app(opened: Open) -> None:
    screen = opened()
    screen.wait_for("What now?")
    screen.hang_up()
    assert screen.process.wait(30) == 0


def test_app_that_was_stopped_by_a_signal_continues_and_restores_the_terminal(opened: Open) -> None:
    screen = opened()
    screen.wait_for("What now?")
    for _ in range(3):
        screen.process.send_signal(signal.SIGSTOP)
        time.sleep(0.1)
        screen.process.send_signal(signal.SIGCONT)
        time.sleep(0.3)
    screen.press("?")
    screen.wait_for("Enter or the key itself")
    screen.press("escape")
    screen.wait_for(lambda shown: "Enter or the key itself" not in shown)
    screen.press("ctrl+q")
    assert screen.wait_for_end() == 0
    assert screen.restored


# Detached


@pytest.mark.parametrize("after", [0.0, 0.5], ids=["at once", "soon"])
@pytest.mark.extended
def test_closing_the_terminal_while_detaching_changes_nothing(
    command: Command, opened: Open, text_file: Path, after: float
) -> None:
    plan(command, text_file, **ENDLESS)
    screen = opened()
    start_training(screen)
    folder = command.run_folder()
    wait_for_steps(folder)
    screen.press("d")
    screen.wait_for("handing over")
    time.sleep(after)
    screen.hang_up()
    assert screen.process.wait(60) == 0
    wait_for_steps(folder)
    assert is_live(folder)
    assert pid_of(folder) != screen.process.pid


@pytest.mark.parametrize("processes", [1, extended(2)])
def test_detached_run_continues_and_accepts_requests(
    command: Command, opened: Open, text_file: Path, processes: int
) -> None:
    plan(command, text_file, **ENDLESS, processes=processes)
    screen = opened()
    start_training(screen)
    folder = command.run_folder()
    wait_for_steps(folder)
    watcher = Watcher(folder)
    watcher.start()
    try:
        told = time.monotonic()
        screen.press("d")
        assert screen.wait_for_end() == 0
        seconds = time.monotonic() - told
        wait_for_steps(folder)
    finally:
        watcher.end()
    assert seconds < 45
    assert screen.restored
    assert "mmrec-tui watch tiny" in screen.text()
    assert watcher.asked > 100
    assert watcher.free_early == 0
    owner = pid_of(folder)
    assert owner is not None and owner != screen.process.pid
    assert os.getsid(owner) == owner

    screen = opened("watch", "tiny")
    screen.wait_for("TRAINING")
    screen.press("p")
    screen.wait_for("PAUSED")
    paused_at = newest_step(folder)
    screen.press("k")
    wait_until((folder / f"checkpoint_step_{paused_at}.pt").exists, "a checkpoint is saved")
    assert newest_step(folder) == paused_at
    screen.press("p")
    screen.wait_for("TRAINING")
    wait_for_steps(folder)
    screen.press("t")
    screen.wait_for("Yes, stop")
    screen.press("y")
    screen.wait_for("STOPPED")
    wait_until(lambda: not is_live(folder), "the run has ended")
    assert_saved(folder)
    asked = [json.loads(line) for line in (folder / "control.jsonl").read_text().splitlines()]
    assert [request["command"] for request in asked] == ["pause", "save", "resume", "stop"]
    assert [event["id"] for event in kinds(folder, "control")] == [request["id"] for request in asked]
    assert_each_step_once(folder, newest_step(folder))
    screen.press("ctrl+q")
    assert screen.wait_for_end() == 0


@pytest.mark.parametrize("obstacle", OBSTACLES)
@pytest.mark.extended
def test_failed_detach_keeps_training_in_the_app(
    command: Command, opened: Open, text_file: Path, obstacle: str
) -> None:
    plan(command, text_file, **ENDLESS)
    screen = opened(**planted(command, OBSTACLES[obstacle]))
    start_training(screen)
    folder = command.run_folder()
    wait_for_steps(folder)
    watcher = Watcher(folder)
    watcher.start()
    try:
        screen.press("d")
        screen.wait_for("goes on here")
        screen.wait_for(a_state_word)
        wait_for_steps(folder)
    finally:
        watcher.end()
    assert watcher.free_early == 0
    assert pid_of(folder) == screen.process.pid
    quit_and_stop(screen)
    assert_saved(folder)
    assert_each_step_once(folder, newest_step(folder))


@pytest.mark.extended
def test_run_of_a_killed_process_is_shown_as_died_and_can_be_resumed(
    command: Command, opened: Open, text_file: Path
) -> None:
    plan(command, text_file, checkpoint_every=20, eval_every=1_000_000)
    screen = opened()
    start_training(screen)
    folder = command.run_folder()
    wait_for_steps(folder)
    screen.press("d")
    assert screen.wait_for_end() == 0
    screen = opened("watch", "tiny")
    screen.wait_for("TRAINING")
    wait_for_steps(folder, 30)
    owner = pid_of(folder)
    assert owner is not None
    os.kill(owner, signal.SIGKILL)
    screen.wait_for(lambda shown: "DIED" in shown and "with c" in shown)
    screen.press("c")
    screen.wait_for("TRAINING")
    assert pid_of(folder) == screen.process.pid
    wait_for_steps(folder)
    quit_and_stop(screen)
    assert_saved(folder)
    assert_each_step_once(folder, newest_step(folder))


# A screen fails


@pytest.mark.extended
@pytest.mark.parametrize("where", [extended("key"), "timer", extended("drawing")])
def test_failing_screen_is_opened_again_and_training_continues(
    command: Command, opened: Open, text_file: Path, where: str
) -> None:
    steps = 150 if where == "key" else 1_000_000
    plan(command, text_file, max_steps=steps, eval_every=100)
    screen = opened(**planted(command, BREAKS.replace("WHERE", where)))
    start_training(screen)
    folder = command.run_folder()
    wait_for_steps(folder)
    screen.press("x")
    screen.wait_for(lambda shown: "the screen broke" in shown and "planted" in shown)
    log = Path(command.environment["XDG_STATE_HOME"]) / "mmrec" / "app.log"
    assert "planted" in log.read_text() + (folder / "log.txt").read_text()
    if where == "key":
        screen.wait_for("FINISHED")
        assert_each_step_once(folder, steps)
        screen.press("ctrl+q")
        assert screen.wait_for_end() == 0
        assert screen.restored
    else:
        screen.wait_for(a_state_word)
        wait_for_steps(folder)
        quit_and_stop(screen)
        assert_saved(folder)


@pytest.mark.extended
def test_repeatedly_failing_screen_does_not_stop_the_training(command: Command, opened: Open, text_file: Path) -> None:
    plan(command, text_file, **ENDLESS)
    screen = opened(**planted(command, BREAKS.replace("WHERE", "key")))
    start_training(screen)
    folder = command.run_folder()
    wait_for_steps(folder)
    for _ in range(2):
        screen.press("x")
        screen.wait_for(lambda shown: "TRAINING" not in shown)
        screen.wait_for(lambda shown: "TRAINING" in shown and "planted" in shown)
    screen.press("x")
    screen.wait_for("training goes on here")
    assert screen.restored
    wait_for_steps(folder)
    screen.press("\x03")  # the terminal is the shell's again: Ctrl+C is a signal
    assert screen.wait_for_end() == 130
    assert_saved(folder)
