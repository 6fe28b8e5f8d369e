"""The checklist on real trainings: each known fault is found under an expected id, and healthy runs have no findings.

A part of the trials of `make diagnosis`; docs/diagnosis.md has all of them. Wrong rates, overfitting and a block that does not
learn are in test_monitor_real.py and tests/command/test_remedies.py.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.diagnosis import report
from benchmarks.faults import FAULTS
from benchmarks.healthy import healthy_runs
from benchmarks.trials import GRAVITY, Outcome, Reported, Trial, carry_out
from mmrec_engine.checks.specs import CHECKS
from tests.conftest import extended

SHORTEST = ("validation text copied into training", "one line, repeated")
ENOUGH = 150  # steps for every check during a training: the last is judged after a hundred
_REFUSALS = {"corpus-nothing-usable", "corpus-not-usable", "corpus-undecodable"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "trial",
    [trial if trial.name in SHORTEST else extended(trial) for trial in FAULTS if trial.quick],
    ids=lambda trial: trial.name,
)
def test_planted_fault_is_found(tmp_path: Path, trial: Trial) -> None:
    """The checks before training are left out where they are not expected to find anything."""
    before = any(id in _REFUSALS or CHECKS[id].phase == "before" for id in trial.expected)
    outcome = carry_out(trial, tmp_path / "trial", before=before, until_named=True)
    assert outcome.named_by, outcome.grave


@pytest.mark.slow
@pytest.mark.extended
@pytest.mark.parametrize("trial", [trial for trial in healthy_runs(None) if trial.quick], ids=lambda trial: trial.name)
def test_healthy_run_has_no_findings(tmp_path: Path, trial: Trial) -> None:
    steps = min(trial.settings["max_steps"], ENOUGH)
    shortened = replace(trial, settings={**trial.settings, "max_steps": steps, "eval_every": steps // 3})
    outcome = carry_out(shortened, tmp_path / "trial")
    assert outcome.ended == "completed"
    assert {told.phase for told in outcome.found} == {"before", "during", "after"}
    assert outcome.grave == ()


def test_faults_expect_existing_ids_and_have_unique_names() -> None:
    for trial in FAULTS:
        assert trial.expected
        assert set(trial.expected) <= CHECKS.keys() | _REFUSALS
        assert trial.least in GRAVITY
    names = [trial.name for trial in (*FAULTS, *healthy_runs(None), *healthy_runs(Path("text.txt")))]
    assert len(set(names)) == len(names) - len(healthy_runs(None))
    assert not any(trial.expected for trial in healthy_runs(Path("text.txt")))


def test_fault_counts_as_found_only_by_an_expected_id_and_severity() -> None:
    trial = Trial("a fault", ("loss-spike",))

    def outcome(id: str, status: str, least: str = "warn") -> Outcome:
        return Outcome(replace(trial, least=least), (Reported(id, status, "during", 9, ""),), "completed", 60, 1.0)

    assert outcome("loss-spike", "warn").named_by == ("loss-spike",)
    assert outcome("loss-spike", "note", least="note").named_by == ("loss-spike",)
    for missed in (outcome("loss-spike", "note"), outcome("loss-too-high", "fail"), outcome("loss-spike", "error")):
        assert missed.named_by == ()
    document = report(
        [outcome("loss-spike", "warn"), outcome("mojibake", "fail")], [outcome("overfitting", "warn")], "it", 60
    )
    assert "| 1 of 2 (50%) |" in document
    assert "| a fault | mojibake fail (during, step 9) | loss-spike | **no** |" in document
    assert "| healthy runs with a `warn` | 1 of 1 |" in document
