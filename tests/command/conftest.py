"""Fixtures that the tests of the command share."""

import functools
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.command.processes import RUN
from tests.command.terminal import Screen, end_all_in
from tests.conftest import FAST, Command, Result
from tests.fork_server import ForkServer


@pytest.fixture
def opened(command: Command) -> Iterator[Callable[..., Screen]]:
    """Opens `mmrec-tui WORDS` in a terminal; all processes end with the test."""
    screens: list[Screen] = []

    def open_one(*words: object, **how: object) -> Screen:
        screens.append(Screen(command, *words, **how))  # type: ignore[arg-type]
        return screens[-1]

    yield open_one
    for screen in screens:
        screen.close()
    end_all_in(command.folder)


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory, prose: str, fork_server: ForkServer | None) -> Path:
    """The folder of a run of three steps, with its text."""
    command = Command(tmp_path_factory.mktemp("made"), fork_server)
    (command.folder / "text.txt").write_text(prose, encoding="utf-8")
    flags = ["--max-steps", "3", "--checkpoint-every", "2", "--name", "made"]
    result = command("train", "--data-dir", "text.txt", *FAST, *flags)
    assert result.code == 0, result.err
    return command.run_folder("made")


@pytest.fixture
def made(command: Command, made_once: Path) -> Path:
    """A copy of that run, where the command looks for runs: it is called `made`."""
    shutil.copytree(made_once, command.run_folder("made"))
    return command.run_folder("made")


@dataclass(frozen=True)
class Trained:
    folder: Path
    result: Result


Train = Callable[..., Trained]


@pytest.fixture(scope="session")
def trained_with(tmp_path_factory: pytest.TempPathFactory, prose: str, fork_server: ForkServer | None) -> Train:
    """Trains `processes.RUN` with so many processes and further flags, with a fault if one is given; each run is made once."""
    command = Command(tmp_path_factory.mktemp("ranks"), fork_server)
    (command.folder / "text.txt").write_text(prose, encoding="utf-8")

    @functools.cache
    def trained(processes: int, *more: object, **fault: str) -> Trained:
        name = f"run-{len(list(command.folder.glob('checkpoints/*')))}"
        words = ["--data-dir", "text.txt", *RUN, "--processes", processes, *more, "--name", name, "--json"]
        result = command("train", *words, **fault)
        assert result.code == 0, result.err
        return Trained(command.run_folder(name), result)

    return trained
