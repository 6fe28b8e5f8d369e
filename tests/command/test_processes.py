"""Several ranks by the command: the same run as with one, and a lost rank ends all with one line."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from mmrec_engine.runs import checkpoints
from tests.command.faults import ended, planted, wait_for_step
from tests.command.processes import OF_THREE, all_gone, ended_at_a_loss, losses_of, other_ranks_of
from tests.conftest import FAST, Command, events_of

# Five windows do not divide by two or four; dropout shows whether masks belong to the samples.
RUN = [*FAST, "--batch-size", 5, "--dropout", 0.2, "--eval-every", 25, "--checkpoint-every", 5, "--warmup-steps", 5]

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

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")]


@pytest.fixture
def flags(text_file: Path) -> list[object]:
    return ["train", "--data-dir", text_file, *RUN]


def test_training_with_two_and_four_ranks_matches_one(command: Command, flags: list[object]) -> None:
    for processes in (1, 2, 4):
        name = ["--processes", processes, "--name", f"of-{processes}"]
        result = command(*flags, "--max-steps", 30, *name, "--json")
        assert result.code == 0, result.err
        assert result.json["processes"] == processes
        assert (f"{processes} processes share each step" in result.err) == (processes > 1)
    alone = losses_of(command.run_folder("of-1"))
    assert len(alone) == 30 and alone[-1] < 0.9 * alone[0]
    for processes in (2, 4):
        assert losses_of(command.run_folder(f"of-{processes}")) == pytest.approx(alone, rel=1e-4)
    whole = checkpoints.read(command.run_folder("of-4") / "final_checkpoint.pt")["model"]
    for name, weights in checkpoints.read(command.run_folder("of-1") / "final_checkpoint.pt")["model"].items():
        assert whole[name].shape == weights.shape, "one file, as of one process"
    evaluated = command("evaluate", "of-4", "--json")
    assert evaluated.code == 0, evaluated.err


@pytest.mark.extended
def test_muon_with_accumulation_and_ema_matches(command: Command, text_file: Path) -> None:
    flags = ["train", "--data-dir", text_file, *FAST, "--recipe", "fast", "--batch-size", 3, "--accumulate", 2]
    flags += ["--weight-average", 0.2, "--max-steps", 10, "--eval-every", 10]
    losses = []
    for processes in (1, 2):
        folder = command.run_folder(f"of-{processes}")
        result = command(*flags, "--processes", processes, "--name", folder.name, "--json")
        assert result.code == 0, result.err
        losses.append([*losses_of(folder), result.json["best"]["loss"]])
    assert losses[1] == pytest.approx(losses[0], rel=1e-4)


@pytest.mark.fault
@pytest.mark.extended
@pytest.mark.fresh_process  # ranks that are forked from one process can linger in PyTorch's exit code
def test_killed_run_resumes_with_the_same_or_another_number_of_ranks(command: Command, flags: list[object]) -> None:
    flags = [*flags, "--max-steps", 14, "--processes", 3]  # with three ranks the order of summation matters
    assert command(*flags, "--name", "whole").code == 0
    whole = losses_of(command.run_folder("whole"))
    for processes in (3, 1, 2):
        folder = command.run_folder(f"killed-{processes}")
        process = command.start(*flags, "--name", folder.name)
        wait_for_step(folder, 7)
        others = other_ranks_of(process)
        process.kill()
        process.communicate()
        assert len(others) == 2 and all_gone(others), "nobody trains on alone"
        resumed = command("train", "--resume", "--name", folder.name, "--processes", processes, "--no-check")
        assert resumed.code == 0, resumed.err
        again = losses_of(folder)
        assert again == whole if processes == 3 else again == pytest.approx(whole, rel=1e-4)


@pytest.mark.extended
@pytest.mark.fault
def test_lost_rank_ends_all_with_one_line_after_saving(command: Command, flags: list[object]) -> None:
    folder = command.run_folder()
    finished = ended_at_a_loss(command.start(*flags, *OF_THREE, "--checkpoint-every", 100_000), folder)
    path, content, _ = checkpoints.newest_usable(folder)
    assert path is not None and content["progress"]["step"] == finished["step"] >= 8
    more = command("train", "--resume", "--max-steps", finished["step"] + 5, "--no-check", "--lang", "tr")
    assert more.code == 0, more.err


@pytest.mark.fault
@pytest.mark.parametrize("fault", [HERE, ELSEWHERE], ids=["in the first", "in another"])
@pytest.mark.extended
def test_out_of_memory_on_one_rank_reduces_all_micro_batches(command: Command, flags: list[object], fault: Any) -> None:
    flags = [*flags, "--processes", 3, "--max-steps", 14]
    assert command(*flags, "--name", "whole").code == 0
    result = command(*flags, "--name", "pieces", **fault)
    assert result.code == 0, result.err
    assert (command.folder / "ran-out").exists(), "the fault was not met"
    changes = [each for each in events_of(command.run_folder("pieces")) if each["event"] == "settings_changed"]
    assert [(each["step"], each["changes"], each["reason"]) for each in changes] == [
        (6, {"microbatch": 2}, "out-of-memory")
    ]
    whole, pieces = (losses_of(command.run_folder(name)) for name in ("whole", "pieces"))
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


@pytest.mark.fault
@pytest.mark.extended
def test_run_started_by_torchrun(command: Command, flags: list[object]) -> None:
    assert command(*flags, "--max-steps", 20, "--name", "alone").code == 0
    words = ["--nnodes", 1, "--nproc-per-node", 2, "--master-port", 29_517, "-m", "mmrec_tui"]
    program = [sys.executable, "-m", "torch.distributed.run", *map(str, words)]

    def torchrun(*more: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*program, *map(str, [*flags, *more])],
            cwd=command.folder, env={**command.environment, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip

    result = torchrun("--max-steps", 20, "--name", "launched", "--json")
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("\n") == 1 and result.stderr.count("Training completed") == 1, "the first alone speaks"
    assert losses_of(command.run_folder("launched")) == pytest.approx(losses_of(command.run_folder("alone")), rel=1e-4)
    differing = torchrun("--max-steps", 20, "--name", "differing", "--processes", 3)
    assert differing.returncode != 0
    assert "torchrun has started 2" in differing.stderr
    assert not command.run_folder("differing").exists()


@pytest.mark.extended
def test_initial_weights_are_the_same_on_all_ranks(command: Command, flags: list[object]) -> None:
    assert command(*flags, "--max-steps", 5, "--name", "first").code == 0
    for processes in (1, 2):
        more = ["--init-from", "checkpoints/first", "--processes", processes, "--name", f"of-{processes}"]
        assert command(*flags, "--max-steps", 5, *more).code == 0
    alone = losses_of(command.run_folder("of-1"))
    assert losses_of(command.run_folder("of-2")) == pytest.approx(alone, rel=1e-4)
    assert alone[0] < losses_of(command.run_folder("first"))[0]


def test_too_many_processes_are_code_2(command: Command, text_file: Path) -> None:
    result = command("train", "--data-dir", text_file, *FAST, "--processes", 3)
    assert result.code == 2
    assert "a step has 2 windows" in result.err
    assert not command.run_folder().exists()
