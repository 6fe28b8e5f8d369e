"""A run whose text was moved: it resumes if the text is the same, and a finished one needs none."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.command.faults import one_line_of
from tests.conftest import FAST, Command, events_of


@pytest.mark.extended
def test_run_resumes_with_moved_text(command: Command, text_file: Path) -> None:
    assert command("train", "--data-dir", text_file, *FAST, "--max-steps", 3, "--name", "half").code == 0
    shutil.copytree(command.run_folder("half"), command.run_folder("moved"))
    elsewhere = command.folder / "elsewhere.txt"
    text_file.rename(elsewhere)
    resumed = command("train", "--name", "moved", "--resume", "--max-steps", 6, "--data-dir", "elsewhere.txt")
    assert resumed.code == 0, resumed.err
    described = json.loads((command.run_folder("moved") / "run.json").read_text())
    assert described["settings"]["data_dir"] == str(elsewhere)
    losses = {
        name: [event["loss"] for event in events_of(command.run_folder(name)) if event["event"] == "step"]
        for name in ("half", "moved")
    }
    assert len(losses["moved"]) == 6
    assert losses["moved"][:3] == losses["half"]
    again = command("train", "--name", "moved", "--resume", "--max-steps", 7)
    assert again.code == 0, again.err


def test_different_text_at_the_new_place_is_refused(command: Command, text_file: Path) -> None:
    assert command("train", "--data-dir", text_file, *FAST, "--max-steps", 3).code == 0
    other = command.folder / "other.txt"
    other.write_text(text_file.read_text()[100:] + "more")
    before = {path.name: path.read_bytes() for path in command.run_folder().iterdir()}
    refused = command("train", "--resume", "--max-steps", 6, "--data-dir", other)
    assert refused.code == 2
    assert "has changed" in one_line_of(refused.err)
    assert {path.name: path.read_bytes() for path in command.run_folder().iterdir()} == before


@pytest.mark.parametrize("given", [["--data-dir", "two=0.5", "--data-dir", "one=0.5"], ["--data-dir", "one"]])
@pytest.mark.extended
def test_several_moved_texts_need_their_names_and_weights(command: Command, text_file: Path, given: list[str]) -> None:
    for name in ("one", "two"):
        (command.folder / name).write_text(text_file.read_text() + name)
    words = ["--data-dir", "one=0.7", "--data-dir", "two=0.3"]
    assert command("train", *words, *FAST, "--max-steps", 2).code == 0
    refused = command("train", "--resume", "--max-steps", 3, *given)
    assert refused.code == 2
    assert "--data-dir" in one_line_of(refused.err)
    (command.folder / "place").mkdir()
    for name in ("one", "two"):
        (command.folder / name).rename(command.folder / "place" / name)
    moved = ["--data-dir", "place/one=0.7", "--data-dir", "place/two=0.3"]
    resumed = command("train", "--resume", "--max-steps", 3, *moved)
    assert resumed.code == 0, resumed.err


def test_finished_run_without_its_text_is_code_0_and_unchanged(command: Command, text_file: Path) -> None:
    assert command("train", "--data-dir", text_file, *FAST, "--max-steps", 3).code == 0
    text_file.unlink()
    before = {path.name: path.read_bytes() for path in command.run_folder().iterdir()}
    again = command("train", "--resume", "--json")
    assert again.code == 0, again.err
    assert again.json["status"] == "completed"
    assert {path.name: path.read_bytes() for path in command.run_folder().iterdir()} == before
    longer = command("train", "--resume", "--max-steps", 5)
    assert longer.code == 2
    one_line_of(longer.err)
