"""Commands on a run that was trained on a GPU: evaluation, generation, export, searches."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from tests.cuda.conftest import Mmrec

SIZE = ["--seq-len", 64, "--batch-size", 4]


@pytest.fixture
def trained(device: torch.device, tmp_path: Path, text: Path, mmrec: Mmrec) -> Path:
    flags = ["--data-dir", text, *SIZE, "--recipe", "fast", *SIZE, "--max-steps", 60, "--no-check", "--quiet"]
    mmrec("train", *flags, "--device", device.type, "--name", "run")
    return tmp_path


def test_a_run_is_evaluated_continued_and_exported(trained: Path, device: torch.device, mmrec: Mmrec) -> None:
    here, on_cpu = (json.loads(mmrec("evaluate", "run", "--json", "--device", name)) for name in (device.type, "cpu"))
    assert here["loss"] == pytest.approx(on_cpu["loss"], rel=1e-4)
    told = json.loads((trained / "checkpoints" / "run" / "run.json").read_text())
    assert told["device"].startswith(device.type)
    greedy = ["generate", "run", "--prompt", "The ", "--tokens", 20, "--temperature", 0, "--json"]
    texts = [json.loads(mmrec(*greedy, "--device", name))["text"] for name in (device.type, "cpu")]
    assert texts[0][:8] == texts[1][:8]
    drawn = [
        "generate",
        "run",
        "--prompt",
        "The ",
        "--tokens",
        20,
        "--top-k",
        5,
        "--top-p",
        0.9,
        "--repetition-penalty",
        1.1,
    ]
    assert mmrec(*drawn, "--device", device.type).strip()
    mmrec("export", "run", "exported")
    assert (trained / "exported" / "model.safetensors").stat().st_size > 100_000


def test_checks_and_searches_work(device: torch.device, text: Path, mmrec: Mmrec) -> None:
    flags = ["--data-dir", text, *SIZE, "--device", device.type, "--json"]
    rates = json.loads(mmrec("find-lr", *flags, "--steps", 60))
    assert rates["points"] and rates["lowest"] > 0
    batches = json.loads(mmrec("find-batch", *flags, "--seconds", 10))
    assert batches["suggestion"] >= 1
    checked = json.loads(mmrec("check", "before", *flags, "--max-steps", 200))
    failed = [finding["id"] for finding in checked["findings"] if finding["status"] == "fail"]
    assert failed == []
