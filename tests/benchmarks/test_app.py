"""Speed of the app, compared with an empty Textual app, `import typer`, and headless training.

Pairs alternate and medians are compared, because machines are noisy. Figures are printed (`make benchmark`). The
assertions are looser, and of start-up times the fastest count: a busy machine only adds to them.
"""

import contextlib
import fcntl
import json
import os
import pty
import random
import statistics
import struct
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path
from types import TracebackType

import pytest

from tests.conftest import COMMAND, Command, events_of

EMPTY = """
from textual.app import App
from textual.widgets import Static
class Empty(App):
    def compose(self):
        yield Static("ready to type")
Empty().run()
"""
_ROUNDS = 10
_STEPS = 100
_MOST_SECONDS = 240


class Wire:
    """A program in a terminal of which only the bytes are kept: emulating the screen would take a core from it."""

    def __init__(self, command: Command, words: list[str], columns: int = 120, lines: int = 36) -> None:
        self.written = b""
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        environment = {**command.environment, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            words,
            cwd=command.folder,
            env=environment,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self._came = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> "Wire":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait()
        # Its read ends with the process. A descriptor that is closed earlier gets the number of the next terminal's, from which
        # this thread would then take what is written.
        self._reader.join(10)
        os.close(self._ours)

    def press(self, key: str) -> None:
        os.write(self._ours, key.encode())

    def wait_for(self, text: str, after: int = 0) -> float:
        """Wait until these letters have been written after byte `after`; the time at which they were."""
        with self._came:
            seen = self._came.wait_for(lambda: text.encode() in self.written[after:], _MOST_SECONDS)
        assert seen, f"{text!r} was never written"
        return time.perf_counter()

    def answer(self, key: str, text: str) -> float:
        """Seconds from a key to the letters that answer it."""
        after, began = len(self.written), time.perf_counter()
        self.press(key)
        return self.wait_for(text, after) - began

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while data := os.read(self._ours, 2**16):
                with self._came:
                    self.written += data
                    self._came.notify_all()


def first_paint(command: Command, words: list[str], text: str) -> float:
    """Seconds from the start of a process to this text on its terminal."""
    with Wire(command, words, 80, 24) as wire:
        return wire.wait_for(text) - wire.began


def train_in(wire: Wire) -> None:
    """From the first screen to a run that trains, by keys."""
    wire.wait_for("Start a new run")
    wire.press("n")
    wire.wait_for("first validation at step")
    wire.press("\x13")
    wire.wait_for("Ready:")
    wire.press("s")
    wire.wait_for("TRAINING")


@pytest.mark.benchmark
def test_first_frame_is_as_fast_as_an_empty_app(command: Command, tmp_path: Path) -> None:
    """Promise: within 1.3 times."""
    empty = tmp_path / "empty.py"
    empty.write_text(EMPTY)
    ours, theirs = [], []
    for _ in range(_ROUNDS):
        ours.append(first_paint(command, [str(COMMAND)], "Start a new run"))
        theirs.append(first_paint(command, [sys.executable, str(empty)], "ready to type"))
    ratio = statistics.median(ours) / statistics.median(theirs)
    print(f"\nfirst frame: {statistics.median(ours):.3f} s, empty app {statistics.median(theirs):.3f} s, {ratio:.2f}")
    assert min(ours) / min(theirs) < 1.4


@pytest.mark.benchmark
def test_help_is_as_fast_as_importing_the_parser(command: Command) -> None:
    """Promise: within 1.5 times `import typer`."""
    ours, theirs = [], []
    for _ in range(2 * _ROUNDS):
        ours.append(seconds_of([str(COMMAND), "--help"], command))
        theirs.append(seconds_of([sys.executable, "-c", "import typer"], command))
    ratio = statistics.median(ours) / statistics.median(theirs)
    print(f"\n--help: {statistics.median(ours):.3f} s, import typer {statistics.median(theirs):.3f} s, {ratio:.2f}")
    assert min(ours) / min(theirs) < 1.6


def seconds_of(words: list[str], command: Command) -> float:
    began = time.perf_counter()
    subprocess.run(words, env=command.environment, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def plan(command: Command, shakespeare: Path) -> dict[str, object]:
    settings = {
        "data_dir": str(shakespeare),
        "max_steps": _STEPS,
        "eval_every": 10_000,
        "checkpoint_every": 10_000,
        "precision": "fp32",
    }
    folder = Path(command.environment["XDG_CONFIG_HOME"]) / "mmrec"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "app.json").write_text(json.dumps({"plan": settings}))
    return settings


def speed(folder: Path) -> float:
    """Tokens a second by the clock, from step 20 to the last."""
    steps = [event for event in events_of(folder) if event["event"] == "step" and event["step"] >= 20]
    return (steps[-1]["tokens"] - steps[0]["tokens"]) / (steps[-1]["time"] - steps[0]["time"])


@pytest.mark.benchmark
def test_training_in_the_app_is_as_fast_as_without_a_screen(command: Command, shakespeare: Path) -> None:
    """Promise: at most 5 % fewer tokens a second, tiny, two cores, at the default refresh."""
    settings = plan(command, shakespeare)
    flags = [part for name, value in settings.items() for part in (f"--{name.replace('_', '-')}", str(value))]
    ratios = []
    for number in range(3):  # the third decides if the first two do not agree
        if number == 2 and len({ratio > 0.85 for ratio in ratios}) == 1:
            break
        with Wire(command, [str(COMMAND)]) as wire:
            train_in(wire)
            wire.wait_for("FINISHED")
        in_app = speed(command.run_folder("tiny" if number == 0 else f"tiny-{number + 1}"))
        assert command("train", *flags, "--no-check", "--name", f"headless-{number}").code == 0
        ratios.append(in_app / speed(command.run_folder(f"headless-{number}")))
    shown = ", ".join(f"{ratio:.3f}" for ratio in ratios)
    print(f"\ntokens/s in the app against headless: {shown}; median {statistics.median(ratios):.3f}")
    assert statistics.median(ratios) > 0.85


@pytest.mark.benchmark
def test_key_response_time_while_training(command: Command, shakespeare: Path) -> None:
    """Promise: 95 of 100 within 100 ms."""
    plan(command, shakespeare)
    delays = []
    with Wire(command, [str(COMMAND)]) as wire:
        train_in(wire)
        time.sleep(1)
        for number in range(80):
            time.sleep(random.uniform(0.05, 0.15))
            key, words = (("2", "2 Perplexity"), ("9", "9 Log"))[number % 2]
            delays.append(wire.answer(key, words))
        assert wire.process.poll() is None
    delays.sort()
    p95 = delays[int(0.95 * len(delays))]
    print(f"\nkey to screen: median {statistics.median(delays) * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms")
    assert p95 < 0.25
