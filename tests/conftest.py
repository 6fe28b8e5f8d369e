"""What the tests share: the installed command in a home of its own, and texts to train on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

COMMAND = Path(sys.executable).with_name("mmrec-tui")
SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"
QUICK = ["--seq-len", "32", "--batch-size", "2", "--threads", "1", "--precision", "fp32"]
FAST = [*QUICK, "--no-check"]  # the checks before training take some eight seconds


# What measures time, or waits for what a screen shows: never beside another test.
_ALONE = ("tests/app/", "tests/benchmarks/", *(f"tests/command/test_{name}" for name in (
    "app", "foreign_runs", "hostile", "terminal", "searches", "signals", "memory", "handover"
)), "tests/engine/test_batch_search", "tests/engine/test_rate_search", "tests/engine/test_calibration")  # fmt: skip


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.nodeid.startswith(_ALONE) or item.get_closest_marker("benchmark"):
            item.add_marker("alone")


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.out)
        return value


class Command:
    """The installed `mmrec-tui`, run as a process in an empty folder with a home of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "work"
        self.folder.mkdir()
        self._started: list[subprocess.Popen[str]] = []
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder / "home"),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "XDG_STATE_HOME": str(folder / "state"),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "LANG": "C.UTF-8",
        }

    def __call__(self, *words: object, timeout: float = 240, **environment: str) -> Result:
        process = self.start(*words, **environment)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        return Result(process.returncode, out, err)

    def start(self, *words: object, own_group: bool = False, **environment: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [str(COMMAND), *map(str, words)],
            cwd=self.folder,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            process_group=0 if own_group else None,
        )
        self._started.append(process)
        return process

    def end_all(self) -> None:
        """Let no process outlive its test."""
        for process in self._started:
            if process.poll() is None:
                process.kill()
                process.communicate()

    def run_folder(self, name: str = "tiny") -> Path:
        return self.folder / "checkpoints" / name

    def everything_on_disk(self) -> set[str]:
        return {path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*")}


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Command]:
    started = Command(tmp_path)
    yield started
    started.end_all()


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Caches, notes and preferences of in-process tests stay out of the person's home."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture(scope="session")
def shakespeare() -> Path:
    path = SHARED_DATA / "tinyshakespeare.txt"
    if not path.exists():
        pytest.skip(f"tiny Shakespeare is not at {path.parent}; it is not part of the project")
    return path


@pytest.fixture(scope="session")
def prose() -> str:
    """About 20 KB of real prose: part of the sample corpus."""
    from mmrec_engine.corpus.builtin import sample_folder

    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(sample_folder().glob("en-s*.txt"))[:6])


@pytest.fixture
def text_file(command: Command, prose: str) -> Path:
    path = command.folder.parent / "prose.txt"
    path.write_text(prose, encoding="utf-8")
    return path


def events_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "events.jsonl").read_text(encoding="utf-8").splitlines()]
