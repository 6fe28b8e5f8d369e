"""Files of version 0.1.0 (tests/fixtures/0.1.0) are read, evaluated and resumed."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.command.faults import planted
from tests.conftest import Command, events_of

WRITTEN = Path(__file__).parents[1] / "fixtures" / "0.1.0"
WHOLE: dict[str, Any] = json.loads((WRITTEN / "whole.json").read_text())
SMALL = planted(
    after="mmrec_engine.settings.presets",
    code="module.PRESETS['tiny'] = module.Preset(width=32, layers=2, heads=2)",
)


@pytest.fixture
def old(command: Command) -> Path:
    """The killed run and its text, in the working folder."""
    shutil.copy(WRITTEN / "letters.txt", command.folder)
    return Path(shutil.copytree(WRITTEN / "killed", command.run_folder("killed")))


def test_killed_0_1_0_run_resumes_to_the_losses_of_0_1_0(command: Command, old: Path) -> None:
    result = command("train", "--name", "killed", "--resume", "--data-dir", "letters.txt", "--json", **SMALL)
    assert (result.code, result.json["steps"], result.json["status"]) == (0, 40, "completed"), result.err
    losses = {str(event["step"]): event["loss"] for event in events_of(old) if event["event"] == "step"}
    assert losses.keys() == WHOLE["losses"].keys()
    # Within the rounding of another processor, not to the bit
    assert losses == pytest.approx(WHOLE["losses"], rel=1e-4)
    assert result.json["final"]["loss"] == pytest.approx(WHOLE["validation_loss"], rel=1e-4)


@pytest.mark.extended
def test_0_1_0_run_is_evaluated_and_generates(command: Command, old: Path) -> None:
    best = min(event["loss"] for event in events_of(old) if event["event"] == "validation")
    evaluated = command("evaluate", "killed", "--data-dir", "letters.txt", "--json", **SMALL)
    assert evaluated.code == 0, evaluated.err
    assert evaluated.json["loss"] == pytest.approx(best, rel=1e-4)
    written = command("generate", "killed", "--tokens", 20, "--json", **SMALL)
    assert (written.code, written.json["tokens"]) == (0, 20), written.err


@pytest.mark.extended
def test_0_1_0_export_is_evaluated(command: Command, old: Path) -> None:
    shutil.copytree(WRITTEN / "exported", command.folder / "exported")
    result = command("evaluate", "exported", "--data-dir", "letters.txt", "--json", **SMALL)
    assert result.code == 0, result.err
    assert result.json["loss"] > 0
