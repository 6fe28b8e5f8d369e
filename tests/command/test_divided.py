"""Every rank runs the same loop: validation is divided, and what only rank 0 knows reaches all ranks."""

import sys
from pathlib import Path
from typing import Any

import pytest

from mmrec_engine.data.sources.builtin import sample_folder
from mmrec_engine.runs import checkpoints
from tests.command.faults import fault, one_line_of, planted
from tests.command.processes import losses_of
from tests.conftest import FAST, Command, events_of

RUN = [*FAST, "--batch-size", 5, "--dropout", 0.2, "--warmup-steps", 5]
SHARDINGS = pytest.mark.parametrize("sharding", ["none", "full"])
# The weights stay at their initial values, whose logits are not all zero: the embedding is the head.
STILL = ["--arch", "llama", "--tied", "--learning-rate", 1e-30, "--max-steps", 1, "--eval-every", 1]

# A stop is requested while the second batch of a validation is computed.
STOP = """
import os, signal
true_batch = module._figures_of_batch
def stopping(*values):
    stopping.batches += 1
    if stopping.batches == 2:
        os.kill(os.getpid(), signal.SIGINT)
    return true_batch(*values)
stopping.batches = 0
module._figures_of_batch = stopping
"""
# Rank 1 is killed while it computes a batch of a validation.
KILLED = """
import os, signal
module._figures_of_batch = lambda *values: os.kill(os.getpid(), signal.SIGKILL)
"""
IN_RANK_1 = planted(code=KILLED, after="mmrec_engine.evaluation.validation")
ELSEWHERE = planted(code=f"import os; os.environ.update({IN_RANK_1!r})")  # in the process that rank 0 starts
# By rank 0's clock, which the others do not have, eleven steps fit into the time; this is known after six.
CLOCK = "module.Deadline.decide = lambda self, step, planned, *rest: 11 if step == 6 else None"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.fault,
    pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX"),
]


@pytest.fixture
def longer_text(command: Command) -> Path:
    """Of which two fifths are six batches of an evaluation."""
    path = command.folder.parent / "longer.txt"
    texts = [one.read_text(encoding="utf-8") for one in sorted(sample_folder().glob("en-*.txt"))]
    path.write_text("\n".join(texts)[:60_000], encoding="utf-8")
    return path


def told_of(folder: Path, event: str) -> list[dict[str, Any]]:
    return [{**each, "time": None} for each in events_of(folder) if each["event"] == event]


@pytest.mark.extended
def test_divided_validation_matches_one_process_bit_for_bit(command: Command, longer_text: Path) -> None:
    words = ["train", "--data-dir", longer_text, *RUN, *STILL, "--val-split", 0.4]
    in_parts = ["--processes", 3, "--sharding", "full", "--weight-average", 0.2]
    for name, more in (("one", []), ("two", ["--processes", 2]), ("in-parts", in_parts)):
        result = command(*words, *more, "--name", name)
        assert result.code == 0, result.err
    one = command.run_folder("one")
    (alone,) = told_of(one, "validation")
    assert alone["batches"] > 3 and alone["training_loss"] != alone["loss"]
    for several in (command.run_folder("two"), command.run_folder("in-parts")):
        assert told_of(several, "validation") == [alone]
        assert told_of(several, "sample") == told_of(one, "sample")


@SHARDINGS
@pytest.mark.extended
def test_refused_checkpoint_stops_no_rank(command: Command, text_file: Path, sharding: str) -> None:
    words = ["train", "--data-dir", text_file, *RUN, "--max-steps", 12, "--eval-every", 12, "--checkpoint-every", 5]
    refused = planted(faults=[fault("ENOSPC", "fsync", "*checkpoint_step_5*")])
    result = command(*words, "--processes", 2, "--sharding", sharding, **refused)
    assert result.code == 0, result.err
    folder = command.run_folder()
    assert [each["path"] for each in told_of(folder, "unwritten")] == ["checkpoint_step_5.pt"]
    assert len(losses_of(folder)) == 12
    assert checkpoints.newest_usable(folder)[1]["progress"]["step"] == 12


@pytest.mark.extended
def test_stop_during_a_validation_ends_all_ranks_without_it(command: Command, longer_text: Path) -> None:
    words = ["train", "--data-dir", longer_text, *RUN, "--max-steps", 3, "--eval-every", 3, "--val-split", 0.4]
    stop = planted(code=STOP, after="mmrec_engine.evaluation.validation")
    result = command(*words, "--processes", 2, "--sharding", "full", **stop)
    assert result.code == 130, result.err
    folder = command.run_folder()
    assert told_of(folder, "validation") == []
    resumed = command("train", "--resume", "--no-check")
    assert resumed.code == 0, resumed.err
    assert [each["step"] for each in told_of(folder, "validation")] == [3]
    assert len(losses_of(folder)) == 3


@SHARDINGS
@pytest.mark.extended
def test_rank_lost_during_a_validation_ends_all_with_one_line(
    command: Command, longer_text: Path, sharding: str
) -> None:
    words = ["train", "--data-dir", longer_text, *RUN, "--max-steps", 9, "--eval-every", 3, "--val-split", 0.4]
    result = command(*words, "--processes", 2, "--sharding", sharding, **ELSEWHERE)
    assert result.code == 1
    assert "process 2 of 2 is gone (signal 9)" in one_line_of(result.err.partition("Training started")[2])
    folder = command.run_folder()
    assert told_of(folder, "validation") == []
    if sharding == "none":
        assert checkpoints.newest_usable(folder)[1]["progress"]["step"] == 3
        resumed = command("train", "--resume", "--no-check", "--processes", 1)
        assert resumed.code == 0, resumed.err
        assert [each["step"] for each in told_of(folder, "validation")] == [3, 6, 9]


@pytest.mark.extended
def test_how_many_steps_fit_into_the_time_is_rank_0s_to_say(command: Command, text_file: Path) -> None:
    words = [
        "train",
        "--data-dir",
        text_file,
        *RUN,
        "--config",
        "tiny",
        "--time",
        "2m",
        "--max-steps",
        40,
        "--name",
        "tiny",
    ]
    result = command(*words, "--processes", 2, **planted(code=CLOCK, after="mmrec_engine.training.deadline"))
    assert result.code == 0, result.err
    assert [each["changes"] for each in told_of(command.run_folder(), "replanned")] == [{"max_steps": 11}]
    assert len(losses_of(command.run_folder())) == 11
