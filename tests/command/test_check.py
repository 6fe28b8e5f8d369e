"""`check before` and `check after`: the checklist for users and scripts."""

import json
from pathlib import Path

import pytest

from mmrec_engine.checks.specs import CHECKS
from tests.conftest import FAST, Command

BEFORE_IDS = [
    "corpus-readable", "corpus-size", "corpus-text", "markup", "mojibake", "duplicate-text", "split-overlap",
    "split-alike",    "unknown-characters", "round-trip", "targets-shifted", "baselines", "hyperparameters", "initial-loss",
    "one-batch-overfit", "causality", "gradients-alive", "parallel-equals-stepwise", "deterministic", "memory-fits",
    "disk-fits", "checkpoint-rehearsal",
]  # fmt: skip
pytestmark = pytest.mark.slow


@pytest.mark.extended
def test_the_sample_corpus_passes_every_check_and_nothing_is_written(command: Command) -> None:
    checked = command("check", "before", "--threads", 1, "--json")
    assert checked.code == 0, checked.err
    assert checked.json["passed"]
    findings = {finding["id"]: finding for finding in checked.json["findings"]}
    assert list(findings) == BEFORE_IDS
    assert {finding["status"] for finding in findings.values()} <= {"pass", "note"}
    assert all(finding["evidence"] and finding["title"] for finding in findings.values())
    assert all(finding["threshold"] == dict(CHECKS[id].numbers) for id, finding in findings.items())
    assert command.everything_on_disk() == set()


@pytest.mark.extended
def test_repeated_line_fails_in_the_selected_language(command: Command) -> None:
    (command.folder / "same.txt").write_text("The same line stands here again and again and again.\n" * 4000)
    checked = command("check", "before", "--data-dir", "same.txt", "--threads", 1, "--json")
    assert checked.code == 1
    assert not checked.json["passed"]
    failed = {finding["id"] for finding in checked.json["findings"] if finding["status"] == "fail"}
    assert {"corpus-text", "duplicate-text", "split-overlap"} <= failed
    turkish = command("--lang", "tr", "check", "before", "--data-dir", "same.txt", "--threads", 1)
    assert turkish.code == 1
    assert "denetim başarısız" in turkish.out
    assert "✗" in turkish.out


def test_invalid_request_is_code_2(command: Command) -> None:
    for words in (["before", "--data-dir", "nowhere"], ["before", "--dropout", "2"], ["after", "nothing"], ["after"]):
        result = command("check", *words)
        assert result.code == 2, words
        assert len(result.err.splitlines()) <= 2, result.err
    assert command.everything_on_disk() == set()


@pytest.mark.extended
def test_ended_run_is_checked_and_gets_its_report(command: Command, text_file: Path) -> None:
    trained = command("train", "--data-dir", text_file, *FAST, "--max-steps", 30, "--eval-every", 10)
    assert trained.code == 0, trained.err
    checked = command("check", "after", "tiny", "--json")
    assert checked.code == 0, checked.err
    findings = {finding["id"]: finding for finding in checked.json["findings"]}
    for id in ("best-saved", "final-saved", "metrics-reported", "reload-same"):
        assert findings[id]["status"] == "pass", findings[id]
    assert findings["reload-same"]["values"]["reloaded"] == findings["reload-same"]["values"]["loss"]
    report = json.loads((command.run_folder() / "report.json").read_text())
    assert report["best"]["loss"] == findings["best-saved"]["values"]["loss"]
    assert [entry["status"] for entry in report["checklist"]["after"]][:2] == ["pass", "pass"]
    page = (command.run_folder() / "report.md").read_text()
    assert page.startswith("# Report: tiny\n")
    assert "best_model.pt" in page


@pytest.mark.extended
def test_damaged_best_model_is_reported(command: Command, text_file: Path) -> None:
    command("train", "--data-dir", text_file, *FAST, "--max-steps", 20, "--eval-every", 10)
    best = command.run_folder() / "best_model.pt"
    data = bytearray(best.read_bytes())
    data[len(data) // 2] ^= 1
    best.write_bytes(data)
    checked = command("check", "after", "tiny", "--json")
    assert checked.code == 1
    failed = {finding["id"]: finding for finding in checked.json["findings"] if finding["status"] in ("fail", "error")}
    assert failed["best-saved"]["values"]["variant"] == "damaged"
    unjudged = {one["id"] for one in checked.json["findings"] if one["values"].get("reason") == "not-loaded"}
    assert unjudged == {"metrics-reported", "sample-sane"}


@pytest.mark.extended
def test_missing_text_is_reported_and_is_no_failure(command: Command, text_file: Path) -> None:
    command("train", "--data-dir", text_file, *FAST, "--max-steps", 20, "--eval-every", 10)
    text_file.unlink()
    checked = command("check", "after", "tiny", "--json")
    assert checked.code == 0, checked.err
    skipped = {finding["id"] for finding in checked.json["findings"] if finding["status"] == "skipped"}
    assert "reload-same" in skipped


def test_best_model_with_another_loss_than_recorded_is_reported(command: Command, made: Path) -> None:
    path = made / "events.jsonl"
    events = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for event in events:
        if event["event"] == "validation":
            event["loss"], event["first_loss"] = event["loss"] - 1e-6, event["first_loss"] - 1e-6
    path.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
    checked = command("check", "after", "made", "--json")
    (found,) = [one for one in checked.json["findings"] if one["id"] == "reload-same"]
    assert (checked.code, found["status"], found["values"]["variant"]) == (1, "fail", "differs")
