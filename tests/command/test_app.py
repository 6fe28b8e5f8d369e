"""The app as a user meets it: the installed command in a real terminal, its keys, its sizes, its languages."""

import fcntl
import json
import re
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil
import pytest

from mmrec_engine import events
from tests.app.recorded import an_ending
from tests.command.faults import torch_kib
from tests.command.terminal import Screen, a_state_word, newest_step, plan, planted, start_training, wait_for_steps
from tests.conftest import Command, events_of, extended
from tests.engine.test_run_reader import long_run

Open = Callable[..., Screen]
SIZES = [(60, 16), (80, 24), (120, 36), (200, 60)]
BELOW = [(50, 14), (40, 10), (30, 8)]
COLOUR = re.compile(rb"\x1b\[(?:[\d;]*;)?(?:3[0-8]|4[0-8]|9\d|10[0-7])(?:;[\d;]*)?m")
# Prints to both descriptors repeatedly, as a library does with its warnings.
NOISE = """
import os, threading, time

def warn():
    while True:
        os.write(1, b"torn by a library\\n")
        os.write(2, b"torn by a library\\n")
        time.sleep(0.05)

threading.Thread(target=warn, daemon=True).start()
"""


def has_line(shown: str) -> bool:
    """Whether a curve is drawn: by the quadrants of a cell, or by dots."""
    return any("\u2801" <= one <= "\u28ff" or "\u2596" <= one <= "\u259f" or one in "▀▄▌▐" for one in shown)


def write_run(folder: Path, stream: Iterable[events.Event]) -> None:
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps({"settings": {}}))
    with (folder / "events.jsonl").open("w") as file:
        file.writelines(events.to_line(event) + "\n" for event in stream)


# Opening and leaving


@pytest.mark.fresh_process
@pytest.mark.parametrize("terminal", ["xterm-256color", "screen-256color"])
def test_app_opens_and_restores_the_terminal(opened: Open, terminal: str) -> None:
    screen = opened(TERM=terminal)
    screen.wait_for("What now?")
    assert not screen.restored
    screen.press("ctrl+q")
    assert screen.wait_for_end() == 0
    assert screen.restored
    assert screen.lines_of_text() == []


def test_ctrl_c_names_the_quit_key(opened: Open) -> None:
    screen = opened()
    screen.wait_for("What now?")
    screen.press("ctrl+c")
    screen.wait_for("Ctrl+Q leaves the app")
    screen.press("q")
    assert screen.wait_for_end() == 0


def test_keys_act_after_input_that_is_not_utf8(opened: Open) -> None:
    screen = opened()
    screen.wait_for("What now?")
    for damaged in ("ş".encode("iso8859-9"), b"\x1b[200~\xff\x1b[201~"):
        screen.send(damaged)
        time.sleep(0.5)  # read before the key is
        screen.press("g")
        screen.wait_for("Guide")
        screen.press("escape")
        screen.wait_for("What now?")
    screen.send("ç".encode("iso8859-9") + b"?")  # the first byte of a longer character in UTF-8
    screen.wait_for("Enter or the key itself")
    screen.press("escape")
    screen.wait_for(lambda shown: "Enter or the key itself" not in shown)
    for part in (b"\x1b[200~", b"x" * 4000, b"\xff", *[b"g" * 4000] * 3, b"\x1b[201~"):
        screen.send(part)
    screen.press("?")
    screen.wait_for("Enter or the key itself")
    screen.press("escape")
    screen.wait_for(lambda shown: "Enter or the key itself" not in shown and "What now?" in shown)
    screen.press("q")
    assert screen.wait_for_end() == 0


@pytest.mark.parametrize("terminal", ["dumb", "", None])
def test_dumb_terminal_gets_an_alternative(opened: Open, terminal: str | None) -> None:
    screen = opened(TERM=terminal)
    assert screen.wait_for_end() == 2
    assert len(screen.lines_of_text()) == 1
    assert "train" in screen.text()
    assert b"\x1b" not in screen.written


def test_app_does_not_start_without_a_keyboard(opened: Open) -> None:
    screen = opened(redirected={"stdin": subprocess.DEVNULL})
    assert screen.wait_for_end() == 2
    assert len(screen.lines_of_text()) == 1
    assert "train" in screen.text()


def test_app_does_not_start_without_a_terminal(opened: Open) -> None:
    screen = opened(redirected={"stdout": subprocess.PIPE, "stderr": subprocess.PIPE})
    out, told = screen.process.communicate(timeout=60)
    assert screen.process.returncode == 2
    assert (out, told.count(b"\n")) == (b"", 1)
    assert b"train" in told
    assert screen.written == b""


@pytest.mark.parametrize(
    ("command_name", "told"),
    [("write", "continue a text with `mmrec-tui generate made --prompt"), ("watch", "`mmrec-tui runs` lists the runs")],
)
def test_command_that_needs_a_terminal_names_the_one_that_does_not(
    command: Command, made: Path, command_name: str, told: str
) -> None:
    result = command(command_name, "made")
    assert (result.code, result.out) == (2, "")
    assert told in result.err and "mmrec-tui train" not in result.err


@pytest.mark.parametrize("away", ["stdout", "stderr"])
def test_app_opens_with_one_redirected_stream(opened: Open, away: str) -> None:
    screen = opened(redirected={away: subprocess.DEVNULL})
    screen.wait_for("What now?")
    screen.press("ctrl+q")
    assert screen.wait_for_end() == 0
    assert screen.restored


# Languages


@pytest.mark.parametrize(("words", "environment"), [((), {"MMREC_LANG": "tr"}), (("--lang", "tr"), {})])
def test_app_is_in_turkish_with_lang_tr(opened: Open, words: tuple[str, ...], environment: dict[str, str]) -> None:
    screen = opened(*words, **environment)
    shown = screen.wait_for("Ne yapalım?")
    assert "What now?" not in shown
    screen.press("ctrl+q")
    assert screen.wait_for_end() == 0


def test_chosen_language_is_kept_for_the_next_start(opened: Open) -> None:
    screen = opened()
    screen.wait_for("What now?")
    screen.press("f2")
    screen.wait_for("Ne yapalım?")
    screen.press("ctrl+q")
    assert screen.wait_for_end() == 0
    assert screen.restored
    screen = opened()
    screen.wait_for("Ne yapalım?")
    screen.press("ctrl+q")
    assert screen.wait_for_end() == 0
    opened(MMREC_LANG="en").wait_for("What now?")


# Sizes


@pytest.mark.first(1)
@pytest.mark.parametrize(("columns", "lines"), [*SIZES[:2], *(extended(*size) for size in SIZES[2:])])
def test_screens_fit_the_terminal(command: Command, opened: Open, text_file: Path, columns: int, lines: int) -> None:
    plan(command, text_file)
    screen = opened(columns=columns, lines=lines)
    for key, wanted in [
        ("", "What now?"),
        ("n", "first validation"),
        ("ctrl+s", "Ready:"),
        ("g", "search the guide"),
    ]:
        screen.press(key)
        screen.wait_for(wanted)
        assert screen.spilled() == []
    screen.press("ctrl+q")
    assert screen.wait_for_end() == 0


@pytest.mark.slow
@pytest.mark.extended
def test_run_state_is_visible_at_any_size_and_during_resize(command: Command, opened: Open, text_file: Path) -> None:
    plan(command, text_file, eval_every=1_000_000)
    screen = opened()
    start_training(screen)
    for columns, lines in [*SIZES, *BELOW, *reversed(SIZES)]:
        screen.resize(columns, lines)
        screen.wait_for(a_state_word)
        wait_for_steps(command.run_folder())
        screen.forget_spilled()
        screen.press("g")
        screen.wait_for(lambda shown: not a_state_word(shown))  # the guide, which redraws the whole screen
        screen.press("escape")
        screen.wait_for(lambda shown, lines=lines: a_state_word(shown) and (has_line(shown) or lines < 24))
        assert screen.spilled() == [], (columns, lines)
    for columns in range(40, 130, 2):  # as a window is dragged
        screen.resize(columns, columns // 3)
        time.sleep(0.01)
    screen.wait_for(a_state_word)
    screen.press("f2")
    screen.wait_for("EĞİTİLİYOR")
    screen.press("f2")
    screen.wait_for(a_state_word)
    wait_for_steps(command.run_folder())
    screen.press("ctrl+q")
    screen.wait_for("Training is running")
    screen.press("t")
    assert screen.wait_for_end() == 0


@pytest.mark.slow
@pytest.mark.extended
def test_no_color_removes_colours_only(command: Command, opened: Open, text_file: Path) -> None:
    plan(command, text_file, max_steps=100, eval_every=20)
    screen = opened(NO_COLOR="1")
    start_training(screen)
    screen.wait_for(lambda shown: "FINISHED" in shown and has_line(shown) and shown.count("◆") > 1 < shown.count("★"))
    screen.press("f3", "r")
    screen.wait_for("bits/char")
    screen.press("ctrl+q")
    assert screen.wait_for_end() == 0
    assert COLOUR.findall(screen.written) == []


# The whole workflow


@pytest.mark.slow
@pytest.mark.extended
def test_whole_workflow_by_keys_while_a_library_prints(command: Command, opened: Open, text_file: Path) -> None:
    plan(command, text_file, max_steps=120, eval_every=40, checkpoint_every=50)
    screen = opened(**planted(command, NOISE))
    start_training(screen, checked=True)
    whole = [screen.text(), screen.wait_for("FINISHED")]
    screen.press("r")
    whole.append(screen.wait_for(lambda shown: "Report: tiny" in shown and "bits/char" in shown))
    assert not any("torn by" in shown for shown in whole)
    screen.press("ctrl+q")
    assert screen.wait_for_end() == 0
    assert screen.restored
    folder = command.run_folder()
    recorded = events_of(folder)
    assert [event["step"] for event in recorded if event["event"] == "step"] == list(range(1, 121))
    assert [event["status"] for event in recorded if event["event"] == "run_finished"] == ["completed"]
    assert (folder / "best_model.pt").exists()
    assert (folder / "final_checkpoint.pt").exists()
    assert "torn by a library" in (folder / "log.txt").read_text()
    assert "torn by a library" in (Path(command.environment["XDG_STATE_HOME"]) / "mmrec" / "app.log").read_text()


# Watching


def test_watching_a_missing_run_is_refused(opened: Open) -> None:
    for words in (("watch", "nothing"), ("watch",)):
        screen = opened(*words)
        assert screen.wait_for_end() == 2
        assert len(screen.lines_of_text()) == 1
        assert b"\x1b" not in screen.written
    assert "mmrec-tui runs" in screen.text()


@pytest.mark.slow
@pytest.mark.extended
def test_run_of_another_process_is_watched_to_its_end(command: Command, opened: Open, text_file: Path) -> None:
    words = ["--data-dir", text_file, "--seq-len", 32, "--batch-size", 2, "--threads", 1, "--precision", "fp32"]
    command.start("train", *words, "--max-steps", 250, "--eval-every", 50, "--processes", 2)
    screen = None
    while screen is None:
        # Only a live run is enough for `watch` without a name.
        screen = opened("watch") if newest_step(command.run_folder()) else None
    screen.wait_for("TRAINING")
    screen.wait_for(lambda shown: "FINISHED" in shown and "step 250/250" in shown and "★" in shown)
    screen.wait_for(lambda shown: "r report" in shown and "pause" not in shown)
    screen.press("r")
    screen.wait_for("Report: tiny")
    screen.press("ctrl+q")
    assert screen.wait_for_end() == 0


@pytest.mark.extended
def test_esc_leads_from_a_watched_run_to_the_first_screen_and_does_not_end_the_app(
    command: Command, opened: Open
) -> None:
    write_run(command.run_folder(), [*long_run(200), *an_ending()])
    screen = opened("watch", "tiny")
    screen.wait_for(lambda shown: "FINISHED" in shown and "? keys" in shown)
    screen.press("g")
    screen.wait_for("search the guide")
    screen.press("escape", "escape", "escape")
    screen.wait_for("What now?")
    screen.press("q")
    assert screen.wait_for_end() == 0


@pytest.mark.extended
def test_ended_run_is_reported_before_its_process_exits(command: Command, opened: Open) -> None:
    folder = command.run_folder()
    write_run(folder, [*long_run(2000), *an_ending()])
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        screen = opened("watch", "tiny")
        screen.wait_for(lambda shown: "FINISHED" in shown and "? keys" in shown)
        screen.press("r")
        screen.wait_for("Report: tiny")
        screen.press("escape")
        screen.wait_for("FINISHED")
    screen.wait_for(lambda shown: "r report" in shown and "pause" not in shown)


@pytest.mark.extended
@pytest.mark.slow
@pytest.mark.fresh_process
def test_long_run_is_shown_at_once_in_little_memory(command: Command, opened: Open) -> None:
    """A longer one is in tests/engine/test_run_reader.py."""
    steps, folder = 200_000, command.run_folder("long")
    write_run(folder, long_run(steps))
    screen = opened("watch", folder)
    screen.wait_for(f"{steps:,}/{2 * steps:,}")
    seconds = time.monotonic() - screen.began
    process = psutil.Process(screen.process.pid)
    most = process.memory_info().rss
    until = time.monotonic() + 6  # the whole record is read meanwhile
    while time.monotonic() < until:
        most = max(most, process.memory_info().rss)
        time.sleep(0.2)
    screen.press("ctrl+q")
    assert screen.wait_for_end() == 0
    print(f"{steps:,} steps: first view after {seconds:.2f} s, {most / 2**20:.0f} MiB")
    assert seconds < 5
    assert most < torch_kib() * 2**10 + 80 * 2**20
