"""A curriculum by the command: its pace is in the events, and a killed run continues with the same windows."""

from itertools import pairwise
from pathlib import Path

import pytest

from tests.command.faults import assert_a_killed_run_ends_the_same
from tests.conftest import FAST, Command, events_of

RUN = [*FAST, "--max-steps", 24, "--curriculum-share", 0.5, "--eval-every", 12]


def paces_of(folder: Path) -> list[float]:
    return [event.get("curriculum") for event in events_of(folder) if event["event"] == "step"]


@pytest.mark.first(1)
@pytest.mark.parametrize("kind", ["ngram", "compression", "order"])
def test_curriculum_share_grows_during_the_run(command: Command, text_file: Path, kind: str) -> None:
    result = command("train", "--data-dir", text_file, *RUN, "--curriculum", kind)
    assert result.code == 0, result.err
    paces = paces_of(command.run_folder())
    assert paces[:13] == pytest.approx([0.25 + 0.75 * step / 12 for step in range(12)] + [1.0])
    assert paces[13:] == [1.0] * 11
    assert f"Curriculum {kind}: starts with 25%; the whole text from 50% of the steps on" in result.err
    assert "Curriculum complete at step 13" in result.err


@pytest.mark.extended
def test_length_curriculum_lengthens_windows(command: Command, text_file: Path) -> None:
    flags = ["--curriculum", "length", "--curriculum-start", 0.25, "--pacing", "step", "--lang", "tr"]
    result = command("train", "--data-dir", text_file, *RUN, "--seq-len", 32, *flags)
    assert result.code == 0, result.err
    assert paces_of(command.run_folder()) == [0.25] * 6 + [0.5] * 6 + [1.0] * 12
    steps = [event for event in events_of(command.run_folder()) if event["event"] == "step"]
    assert len({after["tokens"] - before["tokens"] for before, after in pairwise(steps)}) == 1
    assert "Curriculum 13. adımda bitti" in result.err


def test_run_without_curriculum_does_not_mention_it(command: Command, text_file: Path) -> None:
    result = command("train", "--data-dir", text_file, *FAST, "--max-steps", 3)
    assert set(paces_of(command.run_folder())) == {None}
    said = result.err.replace(str(text_file), "").replace(
        str(command.folder), ""
    )  # the name of this test stands in them
    assert "urriculum" not in said


@pytest.mark.fault
@pytest.mark.parametrize("kind", ["length", "ngram"])
@pytest.mark.extended
def test_killed_run_repeats_the_same_curriculum(command: Command, text_file: Path, kind: str) -> None:
    flags = ["train", "--data-dir", text_file, *RUN, "--curriculum", kind, "--pacing", "root", "--checkpoint-every", 4]
    assert_a_killed_run_ends_the_same(command, flags, 9)


@pytest.mark.extended
def test_extended_run_stretches_the_remaining_curriculum(command: Command, text_file: Path) -> None:
    (command.folder / "run.toml").write_text('curriculum = "order"\ncurriculum_share = 1.0\n')
    assert command("train", "--data-dir", text_file, *FAST, "--max-steps", 10, "--settings", "run.toml").code == 0
    assert command("train", "--resume", "--max-steps", 20, "--no-check").code == 0
    paces = paces_of(command.run_folder())
    assert paces[9] == pytest.approx(0.25 + 0.75 * 9 / 10)
    assert paces[10] == pytest.approx(0.25 + 0.75 * 10 / 20)


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--curriculum", "hardest"], "--curriculum"),
        (["--curriculum-share", 0], "--curriculum-share"),
        (["--curriculum-start", 1.1], "--curriculum-start"),
        (["--pacing", "fast"], "--pacing"),
    ],
)
def test_invalid_curriculum_is_code_2(command: Command, flags: list[object], told: str) -> None:
    result = command("train", *FAST, *flags)
    assert result.code == 2
    assert told in result.err
    assert command.everything_on_disk() == set()
