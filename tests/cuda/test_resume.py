"""A run on a GPU that was stopped and resumed in another process matches an uninterrupted one, bit for bit."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch

from mmrec_engine.runs import checkpoints
from mmrec_engine.storage.run_files import FINAL, step_name
from mmrec_engine.training import graphs
from tests.command.faults import assert_same
from tests.conftest import events_of, extended
from tests.cuda.conftest import Mmrec

FLAGS = ["--seq-len", 64, "--batch-size", 4, "--no-check", "--recipe", "fast", "--schedule", "constant", "--dropout", 0.1,
         "--eval-every", 1000, "--quiet"]  # fmt: skip


@pytest.mark.fault
@pytest.mark.parametrize(
    ("arch", "precision", "mode"),
    [("mmrec", "bf16", "graphs"), ("llama", "fp16", "off"), extended("mmrec", "fp32", "inductor")],
)
def test_resumed_run_matches_uninterrupted_run_bit_for_bit(
    device: torch.device, arch: str, precision: str, mode: str, tmp_path: Path, text: Path, mmrec: Mmrec
) -> None:
    if not graphs.is_possible(mode, device):
        pytest.skip(f"{mode} is not possible on this {device}")
    if mode == "inductor" and device.type == "cpu":
        pytest.skip("tests/engine/test_recorded.py resumes compiled steps on a CPU")
    if device.type == "cpu" and precision == "fp16":
        precision = "fp32"  # which takes a CPU seconds, not minutes; tests/command/test_precision.py has float16
    flags = [*FLAGS, "--data-dir", text, "--seq-len", 64, "--batch-size", 4, "--device", device.type]
    flags += ["--arch", arch, "--precision", precision, "--compile", mode]
    mmrec("train", *flags, "--name", "whole", "--max-steps", 12, "--checkpoint-every", 7)
    folders = [tmp_path / "checkpoints" / name for name in ("whole", "halves")]
    # As a run that was stopped after its checkpoint.
    later = (FINAL, "best_model.pt", step_name(12))
    shutil.copytree(*folders, ignore=shutil.ignore_patterns(*later))
    assert [path.name for path in folders[1].glob("*.pt")] == [step_name(7)]
    mmrec("train", "--name", "halves", "--resume", "--no-check")
    whole, halves = (checkpoints.read(folder / FINAL) for folder in folders)
    for part in ("model", "optimizer", "loss_scale"):
        assert_same(halves[part], whole[part], part)
    steps = [event["step"] for event in events_of(folders[1]) if event["event"] == "step"]
    assert steps == list(range(1, 13))
    described = json.loads((folders[1] / "run.json").read_text())
    assert (described["compile"], halves["compile"]) == (mode, mode)
