"""The time of the checks: those before and after training in seconds, those on events as a share of a step."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from mmrec_engine import events
from mmrec_engine.checks.monitor.monitor import Monitor
from mmrec_engine.runs.catalog import read_events
from tests.conftest import Command

BEFORE_SECONDS, AFTER_SECONDS, DURING_SHARE = 20, 20, 0.02
FLAGS = ["--precision", "fp32", "--max-steps", "120", "--warmup-steps", "12", "--eval-every", "40"]


def seconds_of(command: Command, checks: int, *words: object) -> float:
    """Seconds of the whole command."""
    began = time.perf_counter()
    checked = command("check", *words, "--json")
    seconds = time.perf_counter() - began
    assert len(checked.json["findings"]) == checks, checked.err
    return seconds


@pytest.mark.benchmark
@pytest.mark.slow
def test_checks_stay_within_their_time_limits(
    command: Command, shakespeare: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = seconds_of(command, 22, "before", "--data-dir", shakespeare)
    trained = command("train", "--data-dir", shakespeare, *FLAGS, "--no-check", "--json")
    assert trained.code == 0, trained.err
    after = seconds_of(command, 9, "after", "tiny")
    recorded = list(read_events(command.run_folder()))
    steps = [event for event in recorded if isinstance(event, events.Step)]
    a_step = sorted(1024 / event.tokens_per_second for event in steps)[len(steps) // 2]
    rounds = []
    for _ in range(5):
        during = Monitor()
        began = time.perf_counter()
        for event in recorded:
            during.add(event)
        rounds.append((time.perf_counter() - began) / len(steps))
    share = min(rounds) / a_step
    with capsys.disabled():
        print(
            f"\nchecks before {before:.1f} s, after {after:.1f} s (commands, whole); "
            f"during {1e6 * min(rounds):.1f} µs a step of {1e3 * a_step:.1f} ms: {share:.3%}"
        )
    assert before < BEFORE_SECONDS
    assert after < AFTER_SECONDS
    assert share < DURING_SHARE
