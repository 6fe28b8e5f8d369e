"""The output says what a checkpoint was evaluated on: the run's own validation split, or all of another text."""

import json
from pathlib import Path

import pytest

from tests.conftest import Command


@pytest.fixture
def text(made: Path) -> str:
    described = json.loads((made / "run.json").read_text(encoding="utf-8"))
    return Path(described["settings"]["data_dir"]).read_text(encoding="utf-8")


def test_moved_text_is_evaluated_on_its_validation_split(command: Command, made: Path, text: str) -> None:
    own = command("evaluate", "made", "--json").json
    (command.folder / "elsewhere.txt").write_text(text, encoding="utf-8")
    moved = command("evaluate", "made", "--data-dir", "elsewhere.txt", "--json")
    assert {name: moved.json[name] for name in own} == own
    assert moved.json["split"] == "validation"
    told = command("evaluate", "made", "--data-dir", "elsewhere.txt").err
    assert "its validation split" in told and "tokens predicted)" in told, (
        "the first token of the split is not predicted"
    )


@pytest.mark.extended
def test_share_of_trained_text_is_reported(command: Command, made: Path, text: str) -> None:
    """One more sentence makes it another text, although the model was trained on nearly all of it."""
    (command.folder / "more.txt").write_text(text + "\nAnd so it went.\n", encoding="utf-8")
    result = command("evaluate", "made", "--data-dir", "more.txt", "--json")
    assert result.json["split"] == "all" and 0.8 < result.json["trained_on"] < 1
    assert "was trained on about" in command("evaluate", "made", "--data-dir", "more.txt").err


def test_share_outside_the_vocabulary_is_reported(command: Command, made: Path) -> None:
    (command.folder / "other.txt").write_text("道可道非常名無天地之始" * 50, encoding="utf-8")
    result = command("evaluate", "made", "--data-dir", "other.txt")
    assert result.code == 0 and "100.00% of this text is not in the vocabulary" in result.err
    told = command("evaluate", "made", "--data-dir", "other.txt", "--json").json
    assert told["unknown_characters"] == 1.0 and told["trained_on"] == 0.0
