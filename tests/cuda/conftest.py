"""The same tests on a GPU and on the CPU, so that only the device can make the difference (docs/testing.md)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from mmrec_engine.settings import Settings, resolve
from tests import capture
from tests.fork_server import ForkedProcess, ForkServer

Mmrec = Callable[..., str]
ROOT = Path(__file__).parents[2]
SMALL: dict[str, Any] = {
    "seq_len": 64,
    "batch_size": 4,
    "threads": 1,
    "dropout": 0.0,
    "precision": "fp32",
    "warmup_steps": 5,
}


@pytest.fixture(params=[pytest.param("cuda", marks=pytest.mark.cuda), pytest.param("cpu", marks=pytest.mark.extended)])
def device(request: pytest.FixtureRequest) -> torch.device:
    if request.param == "cuda" and not torch.cuda.is_available():
        pytest.skip("no CUDA device here")
    return torch.device(request.param)


@pytest.fixture
def recordable(device: torch.device, monkeypatch: pytest.MonkeyPatch) -> torch.device:
    """The device, whose steps can be recorded; on the CPU by a stand-in."""
    if device.type == "cpu":
        capture.on_the_cpu(monkeypatch)
    return device


@pytest.fixture
def text(tmp_path: Path, prose: str) -> Path:
    path = tmp_path / "prose.txt"
    path.write_text(prose, encoding="utf-8")
    return path


def settings_on(device: torch.device, **changes: Any) -> Settings:
    """Of a short run without anything but steps."""
    return resolve({**SMALL, "compile": "off", "device": device.type, **changes}).settings


@pytest.fixture
def mmrec(device: torch.device, fork_server: ForkServer | None, tmp_path: Path) -> Mmrec:
    """Runs the command from this clone in the test's folder, which has to succeed; its stdout. A process that has been forked
    cannot use a GPU."""
    homes = {f"XDG_{kind}_HOME": str(tmp_path / kind.lower()) for kind in ("CACHE", "STATE", "CONFIG")}
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]

    def run(*words: object) -> str:
        process: subprocess.Popen[str] | ForkedProcess
        if fork_server is not None and device.type == "cpu":
            inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
            process = fork_server.start([*map(str, words)], tmp_path, {**inherited, **homes})
        else:
            process = subprocess.Popen(
                [sys.executable, "-m", "mmrec_tui", *map(str, words)],
                cwd=tmp_path,
                env={**os.environ, **homes, "PYTHONPATH": os.pathsep.join(paths)},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        out, err = process.communicate()
        assert process.returncode == 0, err
        return out

    return run


@pytest.fixture(autouse=True)
def _memory_given_back() -> Iterator[None]:
    yield
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
