"""A missing or unwritable home folder is not an error; a removed working folder is reported in one line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mmrec_engine.storage import user_folders
from tests.command.faults import one_line_of
from tests.conftest import COMMAND, FAST, Command

NOBODY = 12345  # no entry in the list of users
as_root = pytest.mark.skipif(os.getuid() != 0 or shutil.which("setpriv") is None, reason="only root can become nobody")


@pytest.fixture(autouse=True)
def _forget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(user_folders, "_reported", [])
    monkeypatch.setattr(user_folders, "_listeners", [])
    user_folders._chosen.cache_clear()


def without_places(monkeypatch: pytest.MonkeyPatch, home: str, temporary: Path) -> None:
    for name in ("XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", home)
    monkeypatch.setattr(user_folders.tempfile, "tempdir", str(temporary))


def test_without_a_usable_home_a_private_folder_is_used_and_reported_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    without_places(monkeypatch, str(tmp_path / "file" / "home"), tmp_path)
    told: list[Path] = []
    user_folders.on_stand_in(told.append)
    folders = [user_folders.cache_folder(), user_folders.state_folder(), user_folders.config_folder()]
    private = tmp_path / f"mmrec-{os.getuid()}"
    assert folders == [private / "cache", private / "state", private / "config"]
    assert told == [private]
    assert private.stat().st_mode & 0o777 == 0o700


def test_private_folder_of_another_user_is_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    without_places(monkeypatch, str(tmp_path / "file" / "home"), tmp_path)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / f"mmrec-{os.getuid()}").symlink_to(tmp_path / "elsewhere")
    assert user_folders.state_folder().is_relative_to(tmp_path / "file")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_explicitly_named_folder_is_always_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert user_folders.cache_folder() == tmp_path / "file" / "mmrec"


def test_unknown_home_leaves_a_tilde_path_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    assert user_folders.expanded(Path("~no-such-user/text")) == Path("~no-such-user/text")


@as_root
@pytest.mark.slow
def test_user_without_home_or_passwd_entry_can_train_and_list(tmp_path: Path, prose: str) -> None:
    work, temporary = tmp_path / "work", tmp_path / "tmp"
    for folder in (work, temporary):
        folder.mkdir()
        folder.chmod(0o777)
    for parent in tmp_path.parents:
        if parent.stat().st_uid == os.getuid() and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o011)
    tmp_path.chmod(0o755)
    (work / "text.txt").write_text(prose)
    nobody = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups",
              "--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search"]  # fmt: skip
    environment = {"PATH": os.environ["PATH"], "TMPDIR": str(temporary), "LANG": "C.UTF-8"}

    def started(*words: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*nobody, str(COMMAND), *map(str, words)], cwd=work, env=environment, text=True, capture_output=True
        )

    trained = started("train", "--data-dir", "text.txt", *FAST, "--max-steps", 2)
    assert trained.returncode == 0, trained.stderr
    assert trained.stderr.count(f"mmrec-{NOBODY}") == 1
    listed = started("runs")
    assert listed.returncode == 0, listed.stderr
    assert "tiny" in listed.stdout


@pytest.mark.parametrize("words", [["runs"], ["evaluate", "tiny"], ["train"], []])
def test_removed_working_folder_is_one_line(command: Command, tmp_path: Path, words: list[str]) -> None:
    gone = tmp_path / "gone"
    start = f"os.execv({str(COMMAND)!r}, ['mmrec-tui', *{words!r}])"
    script = f"import os; os.chdir({str(gone)!r}); os.rmdir({str(gone)!r}); {start}"
    gone.mkdir()
    refused = subprocess.run(
        [sys.executable, "-c", script],
        env=command.environment,
        text=True,
        capture_output=True,
        stdin=subprocess.DEVNULL,
    )
    assert refused.returncode == 2
    assert "working folder is gone" in one_line_of(refused.stderr)
