"""Evaluations with windows of another length than those of training."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.command.faults import STOPPED, assert_same_end, wait_for_step
from tests.conftest import FAST, Command, events_of

LENGTH = 128
RUN = [*FAST, "--max-steps", 30, "--eval-every", 10, "--eval-seq-len", LENGTH]  # trained in windows of 32


@pytest.mark.first(1)
def test_evaluations_have_windows_of_their_own_length(command: Command, text_file: Path) -> None:
    trained = command("train", "--data-dir", text_file, *RUN, "--json")
    assert trained.code == 0, trained.err
    best, folder = trained.json["best"]["loss"], command.run_folder()
    events = events_of(folder)
    corpus = next(event["corpus"] for event in events if "corpus" in event)
    assert corpus["validation_windows"] == -(-(corpus["validation_tokens"] - 1) // LENGTH)
    statuses = {event["finding"]["id"]: event["finding"]["status"] for event in events if "finding" in event}
    assert statuses["reload-same"] == "pass", "an independent process finds the same loss"

    def loss(*words: object) -> float:
        return float(command("evaluate", "tiny", "--json", *words).json["loss"])

    assert loss() == loss("--seq-len", LENGTH) == pytest.approx(best, abs=5e-6)
    assert abs(loss("--seq-len", 32) - best) > 2e-5, "with less text to look back on it is another loss"


@pytest.mark.extended
def test_stopped_run_keeps_the_length_of_its_evaluations(command: Command, text_file: Path) -> None:
    flags = ["train", "--data-dir", text_file, *RUN]
    assert command(*flags, "--name", "whole").code == 0
    process = command.start(*flags, "--name", "stopped")
    wait_for_step(command.run_folder("stopped"), 12)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    resumed = command(*flags, "--name", "stopped", "--resume")
    assert resumed.code == 0, resumed.err
    assert_same_end(command.run_folder("stopped"), command.run_folder("whole"), left_out=STOPPED)
