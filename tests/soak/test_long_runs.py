"""Long runs: bounded memory, constant open files, the record readable all the time.

`make soak`. How long: SOAK_STEPS steps without a screen, SOAK_MINUTES minutes in the app.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil
import pytest

from mmrec_engine.runs.run_reader import RunReader
from tests.command.terminal import Screen, plan, start_training
from tests.conftest import Command

STEPS = int(os.environ.get("SOAK_STEPS", "200000"))
MINUTES = float(os.environ.get("SOAK_MINUTES", "30"))
MOST_GROWTH = 0.05
# The smallest model, with windows short enough for many steps a second.
SMALL = ["--arch", "gpt", "--seq-len", "16", "--batch-size", "1", "--threads", "1", "--precision", "fp32", "--dropout", "0",
         "--eval-every", "2000", "--checkpoint-every", "2000", "--early-stopping-patience", "1000000"]  # fmt: skip
LOOK_SECONDS = 2.0
KEYS = ("2", "3", "9", "1", "x", "l", "o", "?", "escape", "p", "p", "k")  # plots, axes, help, pause and continue, save

pytestmark = pytest.mark.soak


@dataclass(frozen=True)
class Look:
    """The resources of a process at one moment; memory in MiB."""

    step: int
    memory: float
    files: int
    threads: int


class Watched:
    """A training process and its record, read repeatedly. Every line must be complete JSON, every step occur once."""

    def __init__(self, process: int, folder: Path) -> None:
        self.looks: list[Look] = []
        self._process, self._events = psutil.Process(process), folder / "events.jsonl"
        self._folder, self._read = folder, 0
        self.step = 0

    def look(self) -> None:
        self._read_new_lines()
        with self._process.oneshot():
            memory, files = self._process.memory_info().rss / 2**20, self._process.num_fds()
            self.looks.append(Look(self.step, memory, files, self._process.num_threads()))

    def _read_new_lines(self) -> None:
        with self._events.open("rb") as file:
            file.seek(self._read)
            new = file.read()
        new = new[: new.rfind(b"\n") + 1]
        self._read += len(new)
        for line in new.splitlines():
            event = json.loads(line)
            if event["event"] == "step":
                assert event["step"] == self.step + 1
                self.step = event["step"]

    def _tenths(self) -> str:
        size = max(1, len(self.looks) // 10)
        return ", ".join(
            f"{max(one.memory for one in self.looks[n : n + size]):.0f}" for n in range(0, 10 * size, size)
        )

    def judge(self, name: str, limit: float = MOST_GROWTH) -> str:
        """One line of figures. The most memory held after the first tenth against the most held in it."""
        self._read_new_lines()
        last = RunReader(self._folder).first_view().last_step
        assert last is not None and last.step == self.step
        tenth = len(self.looks) // 10
        before, after = self.looks[1 : tenth + 1], self.looks[tenth + 1 :]
        files, threads = {look.files for look in after}, {look.threads for look in after}
        least, most = (max(look.memory for look in looks) for looks in (before, after))
        told = (
            f"{name}: {self.step:,} steps, {len(self.looks)} looks; memory {least:.0f} MiB in the first tenth, "
            f"{most:.0f} MiB after it ({most / least - 1:+.1%}), {self.looks[-1].memory:.0f} MiB at the end; "
            f"open files {min(files)} to {max(files)}, threads {min(threads)} to {max(threads)}; "
            f"record {self._read / 2**20:.0f} MiB, read whole; memory by tenths: {self._tenths()}"
        )
        print(f"\n{told}")
        assert most / least - 1 < limit, told
        # A checkpoint being written is one more for a moment.
        assert median(look.files for look in after) == median(look.files for look in before), told
        assert max(files) <= median(look.files for look in before) + 3, told
        assert max(threads) <= max(look.threads for look in before), told
        return told


def test_long_headless_run_has_bounded_memory(command: Command, text_file: Path) -> None:
    flags = ["train", "--data-dir", text_file, *SMALL, "--max-steps", STEPS, "--no-check", "--quiet"]
    process = command.start(*flags)
    watched = Watched(process.pid, command.run_folder())
    while not (command.run_folder() / "run.json").exists():  # written at the first step
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)
    while process.poll() is None and watched.step < STEPS - 100:  # the checks after training are no part of it
        time.sleep(LOOK_SECONDS)
        watched.look()
    _, err = process.communicate(timeout=600)
    assert process.returncode == 0, err[-2000:]
    watched.judge("without a screen")
    assert watched.step == STEPS


def test_long_app_session_has_bounded_memory(command: Command, text_file: Path) -> None:
    small = {
        name.removeprefix("--").replace("-", "_"): value for name, value in zip(SMALL[::2], SMALL[1::2], strict=True)
    }
    typed = {name: json.loads(value) if name not in ("arch", "precision") else value for name, value in small.items()}
    plan(command, text_file, **typed)
    screen = Screen(command)
    try:
        start_training(screen)
        watched = Watched(screen.process.pid, command.run_folder())
        until, presses = time.monotonic() + 60 * MINUTES, 0
        while time.monotonic() < until:
            time.sleep(LOOK_SECONDS)
            screen.press(KEYS[presses % len(KEYS)])
            presses += 1
            assert screen.process.poll() is None, screen.text()
            watched.look()
            screen.written = b""
        print(f"\n{presses} keys pressed")
        screen.press("ctrl+q")
        screen.wait_for("Stop")
        watched.judge("in the app")
    finally:
        screen.close()
