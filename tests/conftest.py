"""Fixtures of all tests: the installed command with a home folder of its own, and texts to train on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.fork_server import WHOLE_SAMPLE, ForkedProcess, ForkServer

# Threads of two tests that wait for each other on the same cores take three times the CPU. So tests that run beside others have
# one thread, unless they set another number. torch reads the variable when it is loaded.
BESIDE_OTHERS = "PYTEST_XDIST_WORKER" in os.environ
if BESIDE_OTHERS:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

COMMAND = Path(sys.executable).with_name("mmrec-tui")
PLANTED = Path(__file__).parent / "planted"
SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"
QUICK = ["--seq-len", "32", "--batch-size", "2", "--threads", "1", "--precision", "fp32"]
FAST = [*QUICK, "--no-check"]  # the checks before training take some eight seconds


# With other variables than these a command gets a new process that starts with them, because Python, torch and the terminal's
# libraries read theirs while they are loaded.
_FORKED_WITH = {
    "PATH", "HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "LANG", "MMREC_LANG", "MMREC_LOCK_FD",
    "HTTPS_PROXY", "HTTP_PROXY", "HF_HUB_OFFLINE", WHOLE_SAMPLE,
}  # fmt: skip
_LANG = "C.UTF-8"

Process = subprocess.Popen[str] | ForkedProcess


def extended(*values: Any) -> Any:
    """Values of a parametrized test that only `make test-all` tries."""
    return pytest.param(*values, marks=pytest.mark.extended)


@pytest.hookimpl(tryfirst=True)  # before pytest deselects by marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of a test marked `first(count)`, mark the parameters after that many `extended`."""
    seen: Counter[str] = Counter()
    for item in items:
        mark = item.get_closest_marker("first")
        if mark is not None:
            test = item.nodeid.partition("[")[0]
            seen[test] += 1
            if seen[test] > mark.args[0]:
                item.add_marker(pytest.mark.extended)


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
    """The installed `mmrec-tui`, run as a process in an empty folder with a home folder of its own.

    fork_server: starts the process unless a fresh one is required (docs/testing.md); None: each is fresh.
    """

    def __init__(self, folder: Path, fork_server: ForkServer | None = None) -> None:
        self.folder = folder / "work"
        self.folder.mkdir()
        self.fork_server = fork_server
        self._started: list[Process] = []
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder / "home"),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "XDG_STATE_HOME": str(folder / "state"),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "LANG": _LANG,
        }

    def __call__(self, *words: object, timeout: float = 240, **environment: str) -> Result:
        process = self.start(*words, **environment)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        return Result(process.returncode, out, err)

    def start(self, *words: object, own_group: bool = False, **environment: str) -> Process:
        variables = {**self.environment, **environment}
        if self.fork_server is not None and may_be_forked(variables):
            self._started.append(
                self.fork_server.start([*map(str, words)], self.folder, variables, own_group=own_group)
            )
            return self._started[-1]
        process = subprocess.Popen(
            [str(COMMAND), *map(str, words)],
            cwd=self.folder,
            env=variables,
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
        """End all processes of the test."""
        for process in self._started:
            if process.poll() is None:
                process.kill()
                process.communicate()

    def run_folder(self, name: str = "tiny") -> Path:
        return self.folder / "checkpoints" / name

    def everything_on_disk(self) -> set[str]:
        return {path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*")}


def may_be_forked(variables: Mapping[str, str | None]) -> bool:
    """Not for code planted in a library: the process that forks has loaded it already, unlike the project's packages, which
    are loaded again after the code."""
    if variables.get("PYTHONPATH") == str(PLANTED):
        planted = json.loads(variables["MMREC_PLANTED"] or "")
        if planted.get("fresh") or not planted.get("after", "mmrec").startswith("mmrec"):
            return False
        variables = {name: value for name, value in variables.items() if name not in ("PYTHONPATH", "MMREC_PLANTED")}
    return variables["LANG"] == _LANG and _FORKED_WITH.issuperset(variables)


@pytest.fixture(scope="session")
def fork_server() -> Iterator[ForkServer | None]:
    """Starts commands; None where torch does not support forking, or with MMREC_TESTS_FRESH=1."""
    if sys.platform != "linux" or os.environ.get("MMREC_TESTS_FRESH"):
        yield None
        return
    server = ForkServer()
    yield server
    server.close()


@pytest.fixture
def command(tmp_path: Path, fork_server: ForkServer | None, request: pytest.FixtureRequest) -> Iterator[Command]:
    fresh = request.node.get_closest_marker("fresh_process") is not None
    started = Command(tmp_path, None if fresh else fork_server)
    yield started
    started.end_all()


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Caches, notes and preferences of in-process tests are not in the user's home folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    """A run in this process sets its own number of threads, which stays."""
    torch = sys.modules.get("torch")
    if BESIDE_OTHERS and torch is not None:
        torch.set_num_threads(1)


@pytest.fixture(scope="session")
def shakespeare() -> Path:
    path = SHARED_DATA / "tinyshakespeare.txt"
    if not path.exists():
        pytest.skip(f"tiny Shakespeare is not at {path.parent}; it is not part of the project")
    return path


@pytest.fixture(scope="session")
def prose() -> str:
    """About 20 KB of real prose: part of the sample corpus."""
    from mmrec_engine.data.sources.builtin import sample_folder

    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(sample_folder().glob("en-s*.txt"))[:6])


@pytest.fixture
def text_file(command: Command, prose: str) -> Path:
    path = command.folder.parent / "prose.txt"
    path.write_text(prose, encoding="utf-8")
    return path


def events_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "events.jsonl").read_text(encoding="utf-8").splitlines()]
