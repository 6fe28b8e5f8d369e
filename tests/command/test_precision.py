"""Mixed precision by the command: its loss scale is in the events, and a killed run continues with it."""

import json
from pathlib import Path

import pytest

from tests.command.faults import assert_a_killed_run_ends_the_same
from tests.conftest import Command, events_of, extended

RUN = ["--seq-len", 32, "--batch-size", 2, "--threads", 1, "--no-check", "--max-steps", 6, "--checkpoint-every", 2,
       "--eval-every", 3, "--val-split", 0.02]  # fmt: skip


@pytest.mark.extended
@pytest.mark.fault
@pytest.mark.parametrize("precision", [extended("bf16"), "fp16"])
def test_killed_half_precision_run_matches_uninterrupted_run(command: Command, text_file: Path, precision: str) -> None:
    flags = ["train", "--data-dir", text_file, *RUN, "--recipe", "fast", "--precision", precision]
    whole = assert_a_killed_run_ends_the_same(command, flags, 3)
    assert json.loads((whole / "run.json").read_text())["precision"] == precision
    scales = [event.get("loss_scale") for event in events_of(whole) if event["event"] == "step"]
    if precision == "fp16":
        assert all(scale >= 2 and scale.is_integer() for scale in scales)
    else:
        assert scales == [None] * 6


@pytest.mark.extended
def test_checklist_passes_in_float16(command: Command, text_file: Path) -> None:
    flags = ["--data-dir", text_file, "--seq-len", 32, "--batch-size", 2, "--precision", "fp16", "--max-steps", 500]
    result = command("check", "before", *flags, "--json")
    statuses = {finding["id"]: finding["status"] for finding in result.json["findings"]}
    for id in ("one-batch-overfit", "gradients-alive", "deterministic", "memory-fits", "initial-loss"):
        assert statuses[id] in ("pass", "note"), (id, statuses[id])


def test_an_unknown_precision_is_code_2(command: Command) -> None:
    result = command("train", "--precision", "fp8")
    assert result.code == 2
    assert "fp16" in result.err
    assert command.everything_on_disk() == set()
