"""The other runs on a run's text, among recorded ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mmrec_engine import events
from mmrec_engine.checks.verdict import verdict_of
from mmrec_engine.events.lines import to_line
from mmrec_engine.run.checks_around_run import RunChecks
from mmrec_engine.runs.comparison import differing_settings, same_text, same_tokens
from mmrec_engine.runs.other_runs import other_runs
from mmrec_engine.runs.run_reader import RunReader
from tests.app.recorded import a_training, an_ending, record

TEXT = {"fingerprint": "text", "split": "split", "validation_characters": 100, "tokenizer": "char", "vocabulary": 124}


def shifted(stream: list[events.Event], seconds: float, bits: float) -> Iterator[events.Event]:
    """The same run so much later, with validations that are larger by some bits."""
    for event in stream:
        if isinstance(event, events.Validation):
            event = replace(event, bits_per_character=event.bits_per_character + bits)
        yield replace(event, time=event.time + seconds)


def a_run(
    folder: Path, begins: float, bits: float, note: bool = True, status: str = "completed", **corpus: Any
) -> Path:
    record(folder, shifted([*a_training(100), *an_ending(status, step=100)], begins, bits), note=note, time=60 + begins)
    path = folder / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "corpus": {**TEXT, **corpus}}))
    return folder


def test_best_earlier_run_has_the_same_text_and_began_before(tmp_path: Path) -> None:
    a_run(tmp_path / "first", 0, 0.0)
    a_run(tmp_path / "second", 100, -0.5, note=False)  # beside the run, not in the list of runs
    a_run(tmp_path / "third", 200, -0.1)
    a_run(tmp_path / "other-text", 100, -1.0, fingerprint="other")
    a_run(tmp_path / "other-split", 100, -1.0, split="other")
    own = a_run(tmp_path / "own", 300, 0.0, tokenizer="bpe", vocabulary=2000)
    a_run(tmp_path / "later", 400, -2.0)
    a_run(tmp_path / "stopped", 500, -3.0, status="interrupted")
    found = other_runs(own)
    assert found.best is not None and found.best.name == "second" and found.best.seconds == pytest.approx(68, abs=5)
    assert sorted(bits for _, bits in found.reached)[0] == pytest.approx(found.best.bits) and len(found.reached) == 3
    assert sorted(seconds for seconds, _ in found.reached) == [60, 70.0, 70.0], "at most its given time"
    assert found.best.bits == pytest.approx(RunReader(tmp_path / "second").first_view().best.bits_per_character)  # type: ignore[union-attr]
    assert [run.name for run in found.later] == ["later"] and found.best.forecast is None
    assert other_runs(tmp_path / "first").best is None


def test_a_run_whose_weights_knew_its_validation_split_is_not_among_them(tmp_path: Path) -> None:
    a_run(tmp_path / "first", 0, 0.0)
    clean, knew = (a_run(tmp_path / name, begins, -0.5) for name, begins in (("clean", 100), ("knew", 200)))
    for folder, status in ((clean, "pass"), (knew, "fail")):
        path = folder / "run.json"
        stored = json.loads(path.read_text())
        path.write_text(json.dumps({**stored, "settings": {**stored["settings"], "init_from": "a.pt"}}))
        check = events.Check(step=0, finding={"id": "split-continued", "phase": "before", "status": status})
        lines = (folder / "events.jsonl").read_text().splitlines()
        (folder / "events.jsonl").write_text("\n".join([lines[0], to_line(check), *lines[1:], ""]))
    later = a_run(tmp_path / "own", 300, 0.0)
    found = other_runs(later)
    assert found.best is not None and found.best.name == "clean" and len(found.reached) == 2
    assert [one.name for one in other_runs(tmp_path / "first").later] == ["clean", "own"]


def test_run_that_was_extended_is_compared_with_those_made_in_the_meantime(tmp_path: Path) -> None:
    stream = [*a_training(100), *an_ending("completed", step=100)]
    own = a_run(tmp_path / "own", 0, 0.0)
    a_run(tmp_path / "between", 1000, 0.1)
    assert other_runs(own).best is None
    described = (own / "run.json").read_text()
    record(own, [*stream, *shifted([*a_training(150)][len([*a_training(100)]) :], 2000, -0.2)], time=60)
    (own / "run.json").write_text(described)
    found, of_between = other_runs(own), other_runs(tmp_path / "between")
    assert found.best is not None and found.best.name == "between" and not found.later
    assert of_between.best is not None and of_between.best.name == "own"


def test_report_of_a_run_compares_it_with_the_earlier_one(tmp_path: Path) -> None:
    a_run(tmp_path / "tiny", 0, 0.0)
    RunChecks().write_report(tmp_path / "tiny")
    report = json.loads((tmp_path / "tiny" / "report.json").read_text())
    report["verdict"] |= {"seconds": 160, "values": {"expected": 1.5}}
    (tmp_path / "tiny" / "report.json").write_text(json.dumps(report))
    own = a_run(tmp_path / "tiny-2", 100, 0.04)
    found = other_runs(own).best
    assert found is not None and found.forecast == (160.0, 1.5)
    RunChecks().write_report(own)
    assert "0.040 bits per character worse than tiny" in (own / "report.md").read_text()
    verdict = json.loads((own / "report.json").read_text())["verdict"]
    assert verdict["earlier"]["run"] == "tiny" and verdict["earlier"]["result"] == "worse"
    alone = verdict_of(RunReader(own).first_view())
    assert alone is not None and alone["earlier"] is None


def test_next_run_has_a_name_that_is_free_where_its_command_makes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    own = a_run(tmp_path / "elsewhere" / "own", 0, 0.0)
    a_run(tmp_path / "elsewhere" / "better", 0, 0.0)
    for name, command in (
        ("better", "--name better"),
        ("better-2", "--name better-2"),
        ("better-3", "--name better-3"),
    ):
        verdict = verdict_of(RunReader(own).first_view(), other_runs(own))
        assert verdict is not None and verdict["command"].endswith(command)
        a_run(tmp_path / "checkpoints" / name, 1000, 0.0, fingerprint="other")


def test_runs_are_comparable_only_on_a_known_text_and_split() -> None:
    assert same_text(TEXT, {**TEXT, "tokenizer": "bpe", "vocabulary": 9})
    assert not same_text(TEXT, {**TEXT, "split": "other"}) and not same_text({}, {})
    assert same_tokens(TEXT, dict(TEXT)) and not same_tokens(TEXT, {**TEXT, "vocabulary": 125})


def test_a_vocabulary_of_characters_has_no_size_to_differ_in() -> None:
    assert differing_settings({"tokenizer": "char", "vocab_size": 5000}, {"tokenizer": "char", "vocab_size": 400}) == []
    assert differing_settings({"tokenizer": "bpe", "vocab_size": 5000}, {"tokenizer": "bpe", "vocab_size": 400}) == [
        "vocab_size"
    ]
    assert differing_settings({"dropout": 0.1, "time": 60.0}, {"dropout": 0.2, "time": 120.0}) == ["dropout"]
