"""The checks that `train` makes before and after a run, and their effect on codes, files and the record."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import FAST, QUICK, Command, events_of

SHORT = [*QUICK, "--max-steps", "30", "--warmup-steps", "3"]


def test_a_run_is_checked_before_and_after_and_leaves_a_report(command: Command, text_file: Path) -> None:
    done = command("train", "--data-dir", text_file, *SHORT, "--json")
    assert done.code == 0, done.err
    folder = command.run_folder()
    recorded = events_of(folder)
    kinds = [event["event"] for event in recorded]
    phases = [event["finding"]["phase"] for event in recorded if event["event"] == "check"]
    assert phases == ["before"] * 22 + ["after"] * 9
    started = recorded[kinds.index("run_started")]
    assert started["baselines"].keys() == {"unigram", "bigram", "5-gram"}
    assert kinds.index("run_started") > kinds.index("check")
    assert [
        event["finding"]["phase"] for event in recorded[kinds.index("run_started") :] if event["event"] == "check"
    ] == ["after"] * 9
    assert kinds[-2:] == ["run_finished", "state"]
    statuses = {event["finding"]["id"]: event["finding"]["status"] for event in recorded if event["event"] == "check"}
    assert statuses["reload-same"] == statuses["best-saved"] == statuses["final-saved"] == "pass"
    report = json.loads((folder / "report.json").read_text())
    assert report["status"] == "completed"
    assert report["baselines"] == started["baselines"]
    assert {one["phase"] for one in report["findings"]} == {"before", "during", "after"}
    assert "## After training" in (folder / "report.md").read_text()
    assert "no failures" in done.err or "to look at (above)" in done.err
    assert "unigram" in done.err


def test_a_failing_check_is_code_1_and_changes_nothing(command: Command) -> None:
    text = command.folder.parent / "one-line.txt"
    text.write_text("the same line again and again, for ever\n" * 2000)
    before = command.everything_on_disk()
    failed = command("train", "--data-dir", text, *SHORT, "--json")
    assert failed.code == 1
    assert command.everything_on_disk() == before
    assert failed.json["status"] == "failed"
    assert {"corpus-text", "duplicate-text"} & {f["id"] for f in failed.json["findings"] if f["status"] == "fail"}
    last = failed.err.strip().splitlines()[-1]
    assert "--no-check" in last and "--waive " in last
    assert command("train", "--data-dir", text, *FAST, "--max-steps", 3).code == 0


@pytest.mark.extended
def test_failed_check_before_training_is_fixed_by_auto_remedy(command: Command) -> None:
    from mmrec_engine.data.sources.builtin import sample_folder

    text = command.folder.parent / "damaged.txt"
    turkish = "\n".join(path.read_text(encoding="utf-8") for path in sorted(sample_folder().glob("tr-*.txt"))[:8])
    text.write_text(turkish.encode("utf-8").decode("cp1252", errors="ignore"), encoding="utf-8")
    refused = command("train", "--data-dir", text, *SHORT, "--json")
    assert refused.code == 1 and "mojibake" in {f["id"] for f in refused.json["findings"] if f["status"] == "fail"}
    assert refused.json["reason"]
    mended = command("train", "--data-dir", text, *SHORT, "--auto-remedy", "--json")
    assert mended.code == 0, mended.err
    assert [one["remedy"] for one in mended.json["remedies"]] == ["fix-encoding"]
    described = json.loads((command.run_folder() / "run.json").read_text())
    assert described["settings"]["fix_encoding"] is True and described["sources"]["fix_encoding"] == "remedy"


@pytest.mark.extended
def test_warnings_stop_only_a_strict_run(command: Command, text_file: Path) -> None:
    rash = ["--data-dir", text_file, *SHORT, "--learning-rate", "0.9"]
    strict = command("train", *rash, "--strict")
    assert strict.code == 1
    assert not command.run_folder().exists()
    assert command("train", *rash).code == 0
    late = command(
        "train", "--data-dir", text_file, *FAST, "--max-steps", 80, "--learning-rate", 5, "--strict", "--name", "b"
    )
    assert late.code == 1, "a finding during or after changes the code"
    assert "--strict" in late.err
    assert command.run_folder("b").exists()


@pytest.mark.extended
def test_record_has_each_check_once_after_a_resume(command: Command, text_file: Path) -> None:
    command("train", "--data-dir", text_file, *SHORT)
    longer = command("train", "--resume", "--max-steps", 40, "--json")
    assert longer.code == 0, longer.err
    recorded = events_of(command.run_folder())
    assert sum(event["event"] == "run_started" for event in recorded) == 1
    report = json.loads((command.run_folder() / "report.json").read_text())
    assert report["steps"] == 40
    assert all(len(entry["findings"]) == len(set(entry["findings"])) for entry in report["checklist"]["after"])


@pytest.mark.parametrize("language", ["tr"])
def test_report_is_in_the_selected_language(command: Command, text_file: Path, language: str) -> None:
    command("--lang", language, "train", "--data-dir", text_file, *FAST, "--max-steps", 10)
    assert "## Eğitimden sonra" in (command.run_folder() / "report.md").read_text()
