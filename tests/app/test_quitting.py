"""Leaving during background work: a real process in a terminal ends at once and cleanly."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command.terminal import Screen, end_all_in, plan
from tests.conftest import Command

pytestmark = pytest.mark.slow


@pytest.fixture
def screen(command: Command, text_file: Path) -> Iterator[Screen]:
    plan(command, text_file)
    opened = Screen(command)
    yield opened
    opened.close()
    end_all_in(command.folder)


@pytest.mark.extended
@pytest.mark.parametrize("seconds", [0.0, 0.4, 1.0])
def test_quitting_during_a_measurement_waits_for_its_thread(screen: Screen, seconds: float) -> None:
    screen.wait_for("What now?")
    screen.press("n")
    screen.wait_for(lambda shown: "unmeasured" in shown and "first validation at step" in shown)  # torch is loaded next
    screen.wait_for(lambda shown: any("● tiny" in line and ":" in line for line in shown.splitlines()))
    time.sleep(seconds)  # the others are measured now
    screen.press("ctrl+q")
    assert screen.wait_for_end() == 0
    assert b"terminate" not in screen.written
    assert screen.restored


def test_quitting_while_torch_loads_does_not_wait(screen: Screen) -> None:
    screen.wait_for("What now?")
    began = time.monotonic()
    screen.press("ctrl+q")
    assert screen.wait_for_end() == 0
    assert time.monotonic() - began < 10
    assert screen.restored
