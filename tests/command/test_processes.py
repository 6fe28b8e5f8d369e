"""Several ranks by the command: the same run as with one, and a lost rank ends all with one line."""

import os
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from mmrec_engine.runs import checkpoints
from tests.command.conftest import Train
from tests.command.faults import ended, one_line_of, planted, wait_for_step
from tests.command.processes import (
    MUON,
    OF_THREE,
    RUN,
    all_gone,
    ended_at_a_loss,
    figures_of,
    killed_at,
    losses_of,
    other_ranks_of,
    place_of,
)
from tests.conftest import FAST, Command, events_of
from tests.fork_server import ForkServer

# Memory that runs out once in the middle of a backward pass, after some gradients have been summed.
RAN_OUT = """
import os
import mmrec_engine.training.train_step as step
true_pass = step.Stepper._pass
def short(gradient):
    raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
def broken(self, number, *rest):
    if number != 7 or os.path.exists("ran-out"):
        return true_pass(self, number, *rest)
    open("ran-out", "w").close()
    hook = self._model.blocks[0].mixer.project_in.weight.register_hook(short)
    try:
        return true_pass(self, number, *rest)
    finally:
        hook.remove()
step.Stepper._pass = broken
"""
HERE = planted(code=RAN_OUT, after="mmrec_engine.training.train_step")
ELSEWHERE = planted(code=f"import os; os.environ.update({HERE!r})")  # in the processes that this one starts

TWO = ("--processes", 2)

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")]


@pytest.fixture
def flags(text_file: Path) -> list[object]:
    return ["train", "--data-dir", text_file, *RUN]


def test_training_with_three_ranks_matches_one(trained_with: Train, command: Command) -> None:
    """With two and with four ranks in test_sharding.py."""
    alone, several = trained_with(1), trained_with(3)
    for processes, trained in ((1, alone), (3, several)):
        assert trained.result.json["processes"] == processes
        assert (f"{processes} processes share each step" in trained.result.err) == (processes > 1)
    losses = losses_of(alone.folder)
    assert len(losses) == 14 and losses[-1] < 0.9 * losses[0]
    assert figures_of(several.folder) == pytest.approx(figures_of(alone.folder), rel=1e-4)
    whole = checkpoints.read(several.folder / "final_checkpoint.pt")["model"]
    for name, weights in checkpoints.read(alone.folder / "final_checkpoint.pt")["model"].items():
        assert whole[name].shape == weights.shape, "one file, as of one process"
    evaluated = command("evaluate", several.folder, "--json")
    assert evaluated.code == 0, evaluated.err
    assert evaluated.json["loss"] == several.result.json["best"]["loss"]


@pytest.mark.extended
def test_muon_with_accumulation_and_ema_matches(command: Command, text_file: Path) -> None:
    figures = []
    for name, more in (("one", ()), ("two", TWO), ("parts", (*TWO, "--sharding", "full"))):
        result = command("train", "--data-dir", text_file, *MUON, *more, "--name", name, "--json")
        assert result.code == 0, result.err
        figures.append([*figures_of(command.run_folder(name)), result.json["best"]["loss"]])
    assert figures[1] == pytest.approx(figures[0], rel=1e-4)
    assert figures[2] == pytest.approx(figures[0], rel=1e-4)


@pytest.mark.fault
@pytest.mark.extended
@pytest.mark.fresh_process  # ranks that are forked from one process can linger in PyTorch's exit code
def test_killed_run_resumes_with_the_same_or_another_number_of_ranks(
    command: Command, flags: list[object], trained_with: Train, fork_server: ForkServer | None
) -> None:
    whole = trained_with(3).folder  # with three ranks the order of summation matters
    killed = command.run_folder("killed")
    killed_at(command.start(*flags, "--processes", 3, "--name", killed.name), killed, 7, others=2)
    command.fork_server = fork_server
    for processes in (3, 2):  # by one in test_sharding.py
        folder = command.run_folder(f"by-{processes}")
        shutil.copytree(killed, folder)
        resumed = command("train", "--resume", "--name", folder.name, "--processes", processes, "--no-check")
        assert resumed.code == 0, resumed.err
        again = figures_of(folder)
        assert again == figures_of(whole) if processes == 3 else again == pytest.approx(figures_of(whole), rel=1e-4)


@pytest.mark.extended
@pytest.mark.fault
def test_lost_rank_ends_all_with_one_line_after_saving(command: Command, flags: list[object]) -> None:
    folder = command.run_folder()
    finished = ended_at_a_loss(command.start(*flags, *OF_THREE, "--checkpoint-every", 100_000), folder)
    path, content, _ = checkpoints.newest_usable(folder)
    assert path is not None and content["progress"]["step"] == finished["step"] >= 8
    more = command("train", "--resume", "--max-steps", finished["step"] + 3, "--no-check", "--lang", "tr")
    assert more.code == 0, more.err


@pytest.mark.fault
@pytest.mark.parametrize("fault", [HERE, ELSEWHERE], ids=["in the first", "in another"])
@pytest.mark.extended
def test_out_of_memory_on_one_rank_reduces_all_micro_batches(
    command: Command, flags: list[object], trained_with: Train, fault: Any
) -> None:
    result = command(*flags, "--processes", 3, "--name", "pieces", **fault)
    assert result.code == 0, result.err
    assert (command.folder / "ran-out").exists(), "the fault was not met"
    changes = [each for each in events_of(command.run_folder("pieces")) if each["event"] == "settings_changed"]
    assert [(each["step"], each["changes"], each["reason"]) for each in changes] == [
        (6, {"microbatch": 2}, "out-of-memory")
    ]
    whole, pieces = losses_of(trained_with(3).folder), losses_of(command.run_folder("pieces"))
    assert pieces[:6] == whole[:6]
    assert pieces == pytest.approx(whole, rel=1e-4)


@pytest.mark.fault
@pytest.mark.extended
def test_stop_request_ends_all_ranks(command: Command, flags: list[object]) -> None:
    flags = [*flags, "--max-steps", 100_000, "--processes", 2]
    process = command.start(*flags, own_group=True)
    folder = command.run_folder()
    wait_for_step(folder, 5)
    others = other_ranks_of(process)
    with (folder / "control.jsonl").open("a") as file:
        file.write(f'{{"id": "a", "time": {time.time()}, "command": "save"}}\n')
    os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does
    code, _, told = ended(process)
    assert code == 130, told
    assert "Stopped at step" in told
    assert all_gone(others)
    assert checkpoints.newest_usable(folder)[0] is not None
    assert events_of(folder)[-2]["status"] == "interrupted"
    shown = command("runs")
    assert "tiny" in shown.out


@pytest.mark.extended
def test_other_number_of_processes_than_torchrun_started_is_refused(command: Command, flags: list[object]) -> None:
    refused = command(*flags, "--processes", 3, **place_of(0, port=9))
    assert refused.code == 2
    assert "torchrun has started 2" in one_line_of(refused.err)
    assert not command.run_folder().exists()


@pytest.mark.extended
def test_initial_weights_are_the_same_on_all_ranks(command: Command, flags: list[object], trained_with: Train) -> None:
    first = trained_with(1).folder
    for processes in (1, 2):
        more = ["--init-from", first, "--max-steps", 3, "--processes", processes, "--name", f"of-{processes}"]
        assert command(*flags, *more).code == 0
    alone = losses_of(command.run_folder("of-1"))
    assert losses_of(command.run_folder("of-2")) == pytest.approx(alone, rel=1e-4)
    assert alone[0] < losses_of(first)[0]


def test_too_many_processes_are_code_2(command: Command, text_file: Path) -> None:
    result = command("train", "--data-dir", text_file, *FAST, "--processes", 3)
    assert result.code == 2
    assert "a step has 2 windows" in result.err
    assert not command.run_folder().exists()
