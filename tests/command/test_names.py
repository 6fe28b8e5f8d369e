"""Unusual file names: not UTF-8, with line ends, links that lead out; modes by the umask; early refusals."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.command.faults import one_line_of, planted
from tests.conftest import FAST, Command

ODD = os.fsdecode(b"d\xff\xfe")


def test_run_of_a_folder_with_a_non_utf8_name_is_exported(command: Command, prose: str) -> None:
    folder = command.folder / ODD
    folder.mkdir()
    (folder / "text.txt").write_text(prose)
    trained = command("train", "--data-dir", folder, *FAST, "--max-steps", 2)
    assert trained.code == 0, trained.err
    exported = command("export", "tiny", "out")
    assert exported.code == 0, exported.err
    assert command("generate", "out", "--tokens", 3).code == 0
    into = command("export", "tiny", command.folder / (ODD + "out"))
    assert into.code == 0, into.err
    assert command("generate", command.folder / (ODD + "out"), "--tokens", 3).code == 0


def test_an_export_that_fails_leaves_nothing(command: Command, made: Path) -> None:
    full = planted(faults=[{"operation": "open", "name": "tokenizer.json", "nth": 1, "do": "ENOSPC"}])
    refused = command("export", "made", "a/out", **full)
    assert refused.code == 2
    one_line_of(refused.err)
    assert not (command.folder / "a").exists()


def test_line_end_in_a_file_name_is_printed_on_one_line(command: Command, prose: str) -> None:
    folder = command.folder / "texts"
    folder.mkdir()
    (folder / "text.txt").write_text(prose)
    (folder / "bad\nerror: a line of its own.txt").write_bytes(b"\0\1\2" * 100)
    trained = command("train", "--data-dir", folder, *FAST, "--max-steps", 1)
    assert trained.code == 0
    assert not [line for line in trained.err.splitlines() if line.startswith("error:")]
    assert "a line of its own.txt" in trained.err


def test_links_that_lead_out_are_reported_and_not_followed(command: Command, prose: str) -> None:
    folder, elsewhere = command.folder / "texts", command.folder / "elsewhere"
    for one in (folder, elsewhere):
        one.mkdir()
    (folder / "text.txt").write_text(prose)
    (elsewhere / "more.txt").write_text("more")
    (folder / "file-out.txt").symlink_to(elsewhere / "more.txt")
    (folder / "folder-out").symlink_to(elsewhere)
    (folder / "nowhere.txt").symlink_to("absent")
    (folder / "inside.txt").symlink_to("text.txt")
    trained = command("train", "--data-dir", folder, *FAST, "--max-steps", 1)
    assert trained.code == 0, trained.err
    for name in ("file-out.txt", "folder-out", "nowhere.txt"):
        [line] = [line for line in trained.err.splitlines() if name in line]
        assert "leads out" in line
    assert "inside.txt" not in trained.err


@pytest.mark.first(1)
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o002, 0o664), (0o077, 0o600)])
def test_file_modes_follow_the_umask(command: Command, text_file: Path, umask: int, mode: int) -> None:
    before = os.umask(umask)
    os.umask(before)
    environment = planted(code=f"import os; os.umask({umask})")
    assert command("train", "--data-dir", text_file, *FAST, "--max-steps", 2, **environment).code == 0
    assert command("export", "tiny", "out", **environment).code == 0
    files = [*command.run_folder().iterdir(), *(command.folder / "out").iterdir()]
    assert len(files) > 6
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in files} == {path.name: mode for path in files}


@pytest.mark.parametrize(
    "words",
    [
        ["evaluate", "absent", "--device", "toaster"],
        ["evaluate", "absent"],
        ["generate", "absent"],
        ["generate", "absent", "--device", "toaster"],
        ["export", "absent", "out"],
        ["train", "--device", "toaster"],
    ],
)
def test_invalid_request_is_refused_without_loading_torch(command: Command, words: list[str]) -> None:
    no_torch = planted(code="import sys; sys.modules['torch'] = None")
    refused = command(*words, **no_torch)
    assert refused.code == 2, refused.err
    assert "toaster" in one_line_of(refused.err) or "absent" in one_line_of(refused.err)
    assert command.everything_on_disk() == set()


@pytest.mark.extended
def test_resume_that_raises_the_learning_rate_reports_both_values(command: Command, text_file: Path) -> None:
    flags = ["--data-dir", text_file, *FAST, "--warmup-steps", 2]
    assert command("train", *flags, "--max-steps", 20).code == 0
    longer = command("train", "--resume", "--max-steps", 200)
    assert longer.code == 0, longer.err
    [line] = [line for line in longer.err.splitlines() if "rises again" in line]
    assert "3.00e-05" in line and "200 steps" in line
    same = command("train", "--resume", "--max-steps", 201)
    assert "rises again" not in same.err
