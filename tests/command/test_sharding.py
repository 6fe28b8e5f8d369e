"""A sharded model, by the command: the same run, a share of the memory, one line when a rank is lost."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from mmrec_engine.runs import checkpoints
from tests.command.conftest import Train
from tests.command.faults import ended, one_line_of, planted, wait_for_step
from tests.command.processes import (
    IN_PARTS,
    OF_THREE,
    RUN,
    all_gone,
    ended_at_a_loss,
    figures_of,
    killed_at,
    losses_of,
    other_ranks_of,
    told_of,
)
from tests.conftest import FAST, Command

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")]

# A gradient that is not finite, only in the rank with the affected rows of a matrix.
NOT_FINITE = """
import mmrec_engine.training.train_step as step
true_pass = step.Stepper._pass
def broken(self, number, *rest):
    loss = true_pass(self, number, *rest)
    if number == 7:
        step.local(dict(self._model.named_parameters())["blocks.1.mlp.expand.weight"].grad).mul_(float("nan"))
    return loss
step.Stepper._pass = broken
"""


# No memory for the whole model, so that each pass of an evaluation is collective.
NO_ROOM = planted(
    code="import mmrec_engine.training.state as state; assert state.room; state.room = lambda settings, device: 0",
    after="mmrec_engine.training.state",
)
SHARDED = [*IN_PARTS, "--processes", 2]


@pytest.fixture
def flags(text_file: Path) -> list[object]:
    return ["train", "--data-dir", text_file, *RUN]


@pytest.mark.extended
def test_sharded_training_matches_unsharded_training(trained_with: Train, command: Command) -> None:
    alone, sharded = trained_with(1).folder, trained_with(3, *IN_PARTS, **NO_ROOM)
    folder = sharded.folder
    assert "hold the model in parts" in sharded.result.err
    assert told_of(folder, "run_started")[0]["machine"]["sharding"] == "full"
    assert figures_of(folder) == pytest.approx(figures_of(alone), rel=1e-4)
    assert [each["text"] for each in told_of(folder, "sample")] == [each["text"] for each in told_of(alone, "sample")]
    gathered = checkpoints.read(folder / "final_checkpoint.pt")["model"]
    for name, whole in checkpoints.read(alone / "final_checkpoint.pt")["model"].items():
        torch.testing.assert_close(gathered[name], whole, rtol=1e-3, atol=1e-4)
    evaluated = command("evaluate", folder, "--json")
    assert evaluated.code == 0, evaluated.err
    assert evaluated.json["loss"] == pytest.approx(told_of(alone, "validation")[-1]["loss"], rel=1e-4)


@pytest.mark.fault
@pytest.mark.extended
def test_killed_sharded_run_resumes_sharded_or_whole(
    command: Command, flags: list[object], trained_with: Train
) -> None:
    whole = figures_of(trained_with(2, *IN_PARTS).folder)
    killed = command.run_folder("killed")
    killed_at(command.start(*flags, *SHARDED, "--name", killed.name), killed, 8, others=1)
    for number, more in enumerate((["--processes", 2], ["--processes", 1, "--sharding", "auto"])):
        folder = command.run_folder(f"again-{number}")
        shutil.copytree(killed, folder)
        resumed = command("train", "--resume", "--name", folder.name, *more, "--no-check")
        assert resumed.code == 0, resumed.err
        again = figures_of(folder)
        assert again == whole if not number else again == pytest.approx(whole, rel=1e-4)


@pytest.mark.fault
@pytest.mark.extended
def test_lost_rank_ends_all_with_one_line(command: Command, flags: list[object]) -> None:
    folder = command.run_folder()
    ended_at_a_loss(command.start(*flags, *OF_THREE, *IN_PARTS), folder)
    path, content, _ = checkpoints.newest_usable(folder)
    assert path is not None and content["progress"]["step"] >= 5


@pytest.mark.fault
@pytest.mark.extended
def test_requests_are_carried_out_by_all_ranks(command: Command, flags: list[object]) -> None:
    process = command.start(*flags, *SHARDED, "--max-steps", 100_000, own_group=True)
    folder = command.run_folder()
    wait_for_step(folder, 3)
    others = other_ranks_of(process)
    wishes = ('"save"', '"change", "settings": {"weight_decay": 0.3}, "reason": "test"', '"pause"', '"resume"')
    with (folder / "control.jsonl").open("a") as file:
        for number, wish in enumerate(wishes):
            file.write(f'{{"id": "{number}", "time": {time.time()}, "command": {wish}}}\n')
    wait_for_step(folder, 15)
    os.killpg(process.pid, signal.SIGINT)
    code, _, told = ended(process)
    assert code == 130, told
    assert all_gone(others)
    assert [each["accepted"] for each in told_of(folder, "control")] == [True] * len(wishes)
    assert checkpoints.newest_usable(folder)[1]["settings"]["weight_decay"] == 0.3


@pytest.mark.fault
@pytest.mark.extended
def test_non_finite_gradient_ends_all_ranks_with_its_module(command: Command, flags: list[object]) -> None:
    result = command(*flags, *SHARDED, **planted(code=NOT_FINITE, after="mmrec_engine.training.train_step"))
    assert result.code == 1
    assert "blocks.1.mlp.expand.weight" in one_line_of(result.err)


@pytest.mark.fault
@pytest.mark.extended
def test_run_started_by_torchrun_is_sharded_and_the_same(
    command: Command, flags: list[object], trained_with: Train
) -> None:
    words = ["--nnodes", 1, "--nproc-per-node", 2, "--master-port", 29_519, "-m", "mmrec_tui"]
    words += [*flags, *IN_PARTS, "--name", "launched", "--json"]
    result = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", *map(str, words)],
        cwd=command.folder, env={**command.environment, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("\n") == 1 and result.stderr.count("Training completed") == 1, "the first alone speaks"
    folder = command.run_folder("launched")
    assert told_of(folder, "run_started")[0]["machine"]["sharding"] == "full"
    assert losses_of(folder) == pytest.approx(losses_of(trained_with(1).folder), rel=1e-4)


@pytest.mark.extended
def test_each_rank_holds_its_share_of_the_model(command: Command, text_file: Path) -> None:
    if not Path("/proc/self/status").exists():
        pytest.skip("needs /proc")
    flags = ["train", "--data-dir", text_file, *FAST, "--config", "small", "--batch-size", 2, "--seq-len", 64]
    peaks = {}
    for sharding in ("none", "full"):
        process = command.start(
            *flags, "--max-steps", 100, "--processes", 2, "--sharding", sharding, "--name", sharding
        )
        wait_for_step(command.run_folder(sharding), 2)
        peaks[sharding] = max(each.memory_info().rss for each in other_ranks_of(process)) / 2**20
        process.send_signal(signal.SIGINT)
        assert ended(process)[0] == 130
    print(f"\nsmall, two processes: {peaks['none']:.0f} MiB whole, {peaks['full']:.0f} MiB in parts")
    # Weights, gradients and moments are 418 MiB (docs/scaling.md), of which half are in the other rank.
    assert peaks["full"] < peaks["none"] - 150


@pytest.mark.extended
def test_model_too_large_for_one_rank_is_sharded_automatically(trained_with: Train) -> None:
    little = "import mmrec_engine.training.device_memory as memory; memory.available_bytes = lambda: 90 * 2**20"
    trained = trained_with(4, **planted(code=little, after="mmrec_engine.training.device_memory"))
    assert "4 processes share each step and hold the model in parts" in trained.result.err
    assert losses_of(trained.folder) == pytest.approx(losses_of(trained_with(1).folder), rel=1e-4)


def test_sharding_with_one_process_is_refused(command: Command, flags: list[object]) -> None:
    result = command(*flags, *IN_PARTS)
    assert result.code == 2
    assert "--sharding full: a single process has no other" in one_line_of(result.err)
    assert not command.run_folder().exists()


@pytest.mark.extended
def test_memory_check_uses_the_size_of_a_shard(command: Command, text_file: Path) -> None:
    flags = ["--data-dir", text_file, "--config", "base", "--seq-len", 32, "--batch-size", 4, "--precision", "fp32"]
    little = "import mmrec_engine.training.device_memory as memory; memory.available_bytes = lambda: 6 * 2**30"
    fault = planted(code=little, after="mmrec_engine.training.device_memory")
    states = {}
    for sharding in ("none", "auto"):
        words = ["check", "before", *flags, "--processes", 4, "--sharding", sharding, "--json"]
        found = {one["id"]: one for one in command(*words, **fault).json["findings"]}
        states[sharding] = found["memory-fits"]["status"]
    assert states == {"none": "fail", "auto": "pass"}
