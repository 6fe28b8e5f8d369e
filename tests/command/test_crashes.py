"""SIGKILL at any instant: a run that is killed repeatedly ends, bit for bit, as an uninterrupted one."""

from __future__ import annotations

import functools
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.command.faults import AT_THE_END, STAGES, Moment, assert_same_end, kill_at
from tests.conftest import QUICK, Command, events_of, extended

SEED = int(os.environ.get("SOAK_SEED", "7"))
# Long enough for as many processes of a run as it is killed, each of which makes a few checkpoints.
RUN = [*QUICK, "--no-check", "--max-steps", "300", "--checkpoint-every", "5", "--keep-checkpoints", "2",
       "--early-stopping-patience", "1000", "--warmup-steps", "20", "--quiet"]  # fmt: skip
OFTEN = ["--eval-every", "10"]
# As many checkpoints and validations for each kill, in fewer steps and with less text.
SHORT = ["--max-steps", "120", "--eval-every", "6", "--checkpoint-every", "3", "--warmup-steps", "12",
         "--val-split", "0.03"]  # fmt: skip
NEAR = ["--target-loss", "2.25"]  # reached after some 90 steps, which are too few for all moments
TO_A_TARGET = "fast, mmrec, averaged, to a target"  # near the end of the run: samples select the validations
FORMS = {
    "guide, mmrec": ["--accumulate", "2", "--learning-rate", "0.02"],
    "fast, gpt": ["--recipe", "fast", "--arch", "gpt", "--dropout", "0.2", "--learning-rate", "0.3"],
    TO_A_TARGET: ["--recipe", "fast", "--weight-average", "0.17", "--schedule", "constant", "--target-loss", "2.05"],
}
OTHER_FORMS = {
    "guide, gpt": ["--arch", "gpt", "--accumulate", "3", "--learning-rate", "0.02"],
    "fast, mmrec": ["--recipe", "fast", "--dropout", "0.2", "--microbatch", "1", "--learning-rate", "0.3"],
}


def every(rng: random.Random) -> list[Moment]:
    """All stages in a random order, and after them those that only the end has."""
    return [*rng.sample(STAGES, len(STAGES)), *AT_THE_END]


def half(number: int, rng: random.Random) -> list[Moment]:
    """Every second stage; the other half, number 1, has the others."""
    stages = STAGES[number::2]
    return [*rng.sample(stages, len(stages)), *AT_THE_END[number::2]]


def of_a_target(rng: random.Random) -> list[Moment]:
    """A run to a target has hardly an evaluation before its end."""
    return [*rng.sample(STAGES[:4], 2), *STAGES[8:12:2], AT_THE_END[0]]


@pytest.mark.slow
@pytest.mark.fault
@pytest.mark.parametrize(
    ("form", "moments"),
    [
        extended("guide, mmrec", functools.partial(half, 0)),
        extended("fast, gpt", functools.partial(half, 1)),
        extended(TO_A_TARGET, of_a_target),
        *(pytest.param(form, every, marks=pytest.mark.soak) for form in (*FORMS, *OTHER_FORMS)),
    ],
)
def test_run_killed_many_times_matches_uninterrupted_run(
    command: Command, text_file: Path, form: str, moments: Callable[[random.Random], list[Moment]]
) -> None:
    short, long = (NEAR, []) if form == TO_A_TARGET else (SHORT, OFTEN)
    how = long if moments is every else short
    flags = ["train", "--data-dir", text_file, *RUN, *{**FORMS, **OTHER_FORMS}[form], *how]
    whole = command(*flags, "--name", "whole")
    assert whole.code == 0, whole.err
    rng = random.Random(SEED)
    killed: list[str] = []
    # A run that does not exist cannot be cut.
    planned = [Moment("in a step", line='"event": "step"'), *moments(rng)]
    for moment in planned:
        code = kill_at(command, moment, rng, *flags, "--name", "killed", "--resume")
        assert code in (-9, 0), (moment, code)
        if code == -9:
            killed.append(moment.what)
    ended = command(*flags, "--name", "killed", "--resume")
    assert ended.code == 0, ended.err
    assert_same_end(command.run_folder("killed"), command.run_folder("whole"))
    recorded = events_of(command.run_folder("whole"))
    validations = [event for event in recorded if event["event"] == "validation"]
    if how == NEAR:
        assert [event["status"] for event in recorded if event["event"] == "run_finished"] == ["target_reached"]
    if form == TO_A_TARGET:
        assert sum(event["sampled"] for event in validations) >= 6, "there was hardly a look at the target"
    else:
        assert any(event["patience_used"] for event in validations), "the patience was never used"
    assert len(killed) >= len(planned) - 1, killed
