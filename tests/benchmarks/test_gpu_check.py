"""The script for a machine with a GPU: results are kept whatever happens later; the dry mode runs all of it here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))
import gpu_check  # noqa: E402
import gpu_check_parts  # noqa: E402

SAYS = f"print({gpu_check.ROW!r} + '{{\"number\": 1}}', flush=True); "


@pytest.mark.parametrize(
    ("program", "ended"),
    [
        (SAYS, "done"),
        (SAYS + "import time; time.sleep(600)", "out of time"),
        (SAYS + "raise SystemExit('no kernel image')", "broke, code 1: no kernel image"),
        (SAYS + "import os; os.kill(os.getpid(), 9)", "broke, code -9: "),
    ],
)
def test_results_of_a_part_are_kept_however_it_ends(program: str, ended: str) -> None:
    found = gpu_check.run_part([sys.executable, "-c", program], 3.0)
    assert found["rows"] == [{"number": 1}]
    assert found["ended"] == ended
    assert found["seconds"] < 30


def test_all_budgets_together_leave_room_in_eight_minutes() -> None:
    assert sum(gpu_check.BUDGETS.values()) <= 470


def test_every_file_of_tests_for_a_gpu_is_run() -> None:
    there = {path.stem.removeprefix("test_") for path in (ROOT / "tests" / "cuda").glob("test_*.py")}
    assert sorted(name for group in gpu_check_parts.TEST_GROUPS for name in group) == sorted(there)


def test_rows_with_other_columns_start_a_new_table() -> None:
    lines = gpu_check.table([{"a": 1, "b": None}, {"a": 2, "b": 3}, {"c": 4}])
    assert lines == ["", "| a | b |", "| --- | --- |", "| 1 | None |", "| 2 | 3 |", "", "| c |", "| --- |", "| 4 |"]


def script(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "OUT": str(folder), "PYTHON": sys.executable, "CARRIED": str(folder / "carried")}
    command = ["bash", str(ROOT / "benchmarks" / "gpu_check.sh"), *words]
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a card here")
def test_missing_gpu_is_reported(tmp_path: Path) -> None:
    told = script(tmp_path)
    assert told.returncode == 2
    assert "no CUDA card" in told.stdout and "--dry" in told.stdout


@pytest.mark.extended
@pytest.mark.slow
def test_dry_mode_runs_each_part_and_reports_what_is_missing(tmp_path: Path) -> None:
    told = script(tmp_path, "--dry")
    assert told.returncode == 0, told.stdout + told.stderr
    found = json.loads((tmp_path / "gpu_check.json").read_text())
    assert set(found["parts"]) == {"tests", "speed", "target", "race"}
    assert all(part["ended"] == "done" for part in found["parts"].values())
    outcomes = [row["outcome"] for row in found["parts"]["tests"]["rows"]]
    assert len(outcomes) == 3 and set(outcomes) == {"passed"}
    speeds = [row["compile"] for row in found["parts"]["speed"]["rows"] if "compile" in row]
    assert speeds == ["off", "graphs"]
    for part in ("target", "race"):
        assert "missing" in str(found["parts"][part]["rows"])
