"""The command on a system like Windows (tests/other_systems): no fcntl, no fork, no signals of POSIX, other rules for files."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mmrec_engine.runs.catalog import ask
from mmrec_engine.storage import file_lock
from mmrec_engine.storage.folder_lock import is_live
from tests.command.faults import ended, one_line_of, wait_for_step
from tests.conftest import FAST, Command, events_of

# Without LANG the default encoding of Python is ASCII, so that text without a given encoding fails.
WINDOWS = {
    "PYTHONPATH": str(Path(__file__).parents[1] / "other_systems"), "MMREC_TEST_SYSTEM": "windows",
    "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LANG": "",
}  # fmt: skip

# As a person watches: the app on a run of another process, then the run handed over, ended and deleted.
WATCHED = """
import asyncio, sys
from pathlib import Path
from mmrec_tui.app.app import MmrecApp
from mmrec_tui.app.session import Watching
from mmrec_tui.app.stage import Stage
from mmrec_tui.locales import Wording
from mmrec_tui.preferences import Preferences

async def main():
    stage = Stage(Wording("en"), Preferences(), session=Watching(Path(sys.argv[1])))
    app = MmrecApp(stage)
    async with app.run_test(size=(120, 40)) as pilot:
        for _ in range(600):
            await pilot.pause(0.1)
            with stage.session.reading() as history:
                if stage.session.live and history.last_step is not None:
                    break
        print(type(app.screen).__name__, stage.session.live, history.last_step.step > 0)
        stage.session.close()
        app.exit()

if __name__ == "__main__":
    asyncio.run(main())
"""

DETACHED = """
import sys, time
from pathlib import Path
from mmrec_engine.runs.catalog import ask, delete_run, pid_of
from mmrec_engine.settings import resolve
from mmrec_engine.storage.folder_lock import is_live
from mmrec_engine.storage.run_files import holds_run
from mmrec_tui.app.detach import detach
from mmrec_tui.app.session import Training

if __name__ == "__main__":
    import os
    folder = Path(sys.argv[1])
    place = {"output_dir": str(folder.parent), "name": folder.name}
    session = Training(resolve({**place, "max_steps": 100000, "epochs": 100000}), resume=True)
    session.start()
    while True:
        time.sleep(0.05)
        with session.reading() as history:
            if history.last_step is not None and session.live:
                break
    print(detach(session), pid_of(folder) not in (None, os.getpid()))
    ask(folder, "stop")
    while is_live(folder):
        time.sleep(0.05)
    delete_run(folder)
    print(holds_run(folder))
"""

APPENDING = """
import sys
from pathlib import Path
from mmrec_engine.storage import file_lock

for _ in range(200):
    file_lock.append(Path(sys.argv[1]), sys.argv[2].encode() * 50 + b"\\n")
"""


def script(command: Command, text: str, *words: object) -> list[str]:
    """The words that a script printed on such a system."""
    path = command.folder.parent / "script.py"
    path.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(path), *map(str, words)], cwd=command.folder, env={**command.environment, **WINDOWS},
        capture_output=True, encoding="utf-8", timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def kinds(folder: Path) -> str:
    """The kinds of the run's events, in their order."""
    return " ".join(event["event"] for event in events_of(folder))


@pytest.mark.extended
@pytest.mark.fault
def test_run_is_trained_locked_watched_killed_resumed_detached_and_deleted_without_posix(
    command: Command, text_file: Path
) -> None:
    many = ["--max-steps", 100_000, "--epochs", 100_000]
    flags = ["train", "--data-dir", text_file, *FAST, *many, "--processes", 2, "--log", "csv"]
    first = command.start(*flags, "--checkpoint-every", 2, **WINDOWS)
    folder = command.run_folder()
    wait_for_step(folder, 3)
    assert is_live(folder)
    second = command(*flags, "--resume", "--lang", "en", **WINDOWS)
    assert (second.code, "another process" in one_line_of(second.err)) == (2, True)
    assert script(command, WATCHED, folder) == ["TrainingScreen", "True", "True"]
    first.send_signal(signal.SIGKILL)
    first.communicate()
    assert not is_live(folder), "a lock ends with its process"

    again = command.start("train", "--resume", **WINDOWS)
    while again.poll() is None and "step" not in kinds(folder).partition("resumed")[2]:
        time.sleep(0.1)
    ask(folder, "stop")
    code, _, told = ended(again)
    assert code == 130, told
    assert "sürdürmek için" in told, "the language of the system, in UTF-8"
    assert (kinds(folder).count("resumed"), kinds(folder).count("run_finished")) == (1, 1)
    logged = [int(line.split(",")[0]) for line in (folder / "logs/csv/steps.csv").read_text("utf-8").split()[1:]]
    assert logged == [*range(1, len(logged) + 1)], "each step once, in its order"
    evaluated = command("evaluate", folder, "--json", **WINDOWS)
    assert evaluated.json["loss"] > 0, evaluated.err

    assert script(command, DETACHED, folder) == ["None", "True", "False"]


def test_lines_that_several_processes_append_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "control.jsonl"
    words = [sys.executable, "-c", APPENDING, str(path)]
    for writer in [subprocess.Popen([*words, letter], env={**os.environ, **WINDOWS}) for letter in "abc"]:
        assert writer.wait() == 0
    lines = path.read_text(encoding="utf-8").split()
    assert sorted(lines) == [one * 50 for one in "abc" for _ in range(200)]
    (tmp_path / "link").symlink_to(path)
    with pytest.raises(OSError, match="link"):
        file_lock.append(tmp_path / "link", b"outside")


def test_shared_locks_go_together_and_an_exclusive_one_is_alone(tmp_path: Path) -> None:
    descriptors = [os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT) for _ in range(3)]
    reader, other_reader, writer = descriptors
    file_lock.lock(reader, shared=True)
    file_lock.lock(other_reader, shared=True)
    with pytest.raises(BlockingIOError):
        file_lock.lock(writer)
    file_lock.close(reader)
    file_lock.close(other_reader)
    file_lock.lock(writer)
    file_lock.close(writer)
