"""A waived check still runs and is recorded and reported, and its findings stop nothing."""

import json
from pathlib import Path

import pytest

from mmrec_engine.data import text_measures
from tests.conftest import QUICK, Command, events_of


@pytest.fixture
def leaking(command: Command, prose: str) -> Path:
    folder = command.folder / "leaking"
    folder.mkdir()
    (folder / "train.txt").write_text(prose, encoding="utf-8")
    (folder / "val.txt").write_text(prose[-6000:], encoding="utf-8")
    return folder


@pytest.mark.extended
def test_waived_failure_lets_a_run_start_and_is_recorded(command: Command, leaking: Path) -> None:
    flags = ["--data-dir", leaking, *QUICK, "--max-steps", 2, "--warmup-steps", 1]
    assert command("train", *flags).code == 1
    assert not command.run_folder().exists()
    result = command("train", *flags, "--waive", "split-overlap", "--waive", "corpus-size", "--json")
    assert result.code == 0, result.err
    described = json.loads((command.run_folder() / "run.json").read_text(encoding="utf-8"))
    assert described["waived"] == ["corpus-size", "split-overlap"]
    found = [event["finding"] for event in events_of(command.run_folder()) if event["event"] == "check"]
    overlap = next(one for one in found if one["id"] == "split-overlap")
    assert overlap["status"] == "fail" and overlap["waived"] is True
    assert not any(one.get("waived") for one in found if one["status"] == "pass")
    report = json.loads((command.run_folder() / "report.json").read_text(encoding="utf-8"))
    assert "split-overlap" in report["waived"]
    assert "(waived)" in (command.run_folder() / "report.md").read_text(encoding="utf-8")


def test_unknown_check_id_is_refused(command: Command, leaking: Path) -> None:
    for words in (["train"], ["check", "before"]):
        refused = command(*words, "--data-dir", leaking, "--waive", "split-overlp")
        assert refused.code == 2 and "split-overlp" in refused.err and "split-overlap" in refused.err
    assert not (command.folder / "checkpoints").exists()


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("12+3=15\n7 * 8 = 56\n", 1.0),
        ("√16 = 4 | 2^3 → 8\n", 1.0),
        ("0.84 0.13\n0.77 0.99\n", 0.0),
        ("*** --- ***\n", 0.0),
    ],
)
def test_equations_are_distinguished_from_other_numbers(text: str, share: float) -> None:
    assert text_measures.arithmetic_share(text * 20) == share
