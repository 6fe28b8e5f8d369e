"""What the checklist reports for runs with a known fault, and for healthy runs. Writes docs/diagnosis.md.

    python -m benchmarks.diagnosis [TEXT] [--quick] [--only WORD]

TEXT: a file of prose for a part of the healthy runs, such as tiny Shakespeare. --quick: a part of the trials, in a few minutes;
--only: those with this word in their name. Both print their results and do not change the document.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.advice import HEADING
from benchmarks.faults import FAULTS
from benchmarks.healthy import healthy_runs
from benchmarks.trials import Outcome, Reported, Trial, carry_out

DOCUMENT = Path(__file__).parents[1] / "docs" / "diagnosis.md"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text", nargs="?", type=Path, metavar="TEXT")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", metavar="WORD")
    asked = parser.parse_args()
    healthy = healthy_runs(asked.text.absolute() if asked.text else None)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mmrec-diagnosis-") as place:
        for name in ("CACHE", "STATE", "CONFIG"):  # the trials leave nothing in the user's home folder
            os.environ[f"XDG_{name}_HOME"] = str(Path(place) / name.lower())
        sound = [_tried(trial, Path(place)) for trial in _chosen(healthy, asked.quick, asked.only)]
        faulty = [_tried(trial, Path(place)) for trial in _chosen(FAULTS, asked.quick, asked.only)]
    words = "python -m benchmarks.diagnosis" + (" TEXT" if asked.text else "") + (" --quick" if asked.quick else "")
    document = report(faulty, sound, words, time.monotonic() - began)
    if asked.quick or asked.only:
        sys.stdout.write(document)
    else:
        remedies = DOCUMENT.read_text(encoding="utf-8").partition(HEADING)
        DOCUMENT.write_text("\n".join([document, *remedies[1:]]) if remedies[1] else document, encoding="utf-8")


def _chosen(trials: Iterable[Trial], quick: bool, only: str | None) -> list[Trial]:
    return [trial for trial in trials if (trial.quick or not quick) and (only is None or only in trial.name)]


def _tried(trial: Trial, place: Path) -> Outcome:
    outcome = carry_out(trial, place / f"trial-{time.monotonic_ns()}")
    reported = ", ".join(_in_short(one) for one in outcome.grave) or "nothing above a note"
    verdict = "" if not trial.expected else "named: " if outcome.named_by else "NOT NAMED: "
    print(f"{outcome.seconds:5.0f} s  {trial.name}: {verdict}{reported}", file=sys.stderr, flush=True)
    return outcome


def report(faulty: Sequence[Outcome], healthy: Sequence[Outcome], command: str, seconds: float) -> str:
    """The document: rates, then the findings of each run."""
    named = sum(bool(outcome.named_by) for outcome in faulty)
    failed = sum(any(one.status in ("fail", "error") for one in outcome.found) for outcome in healthy)
    warned = sum(any(one.status == "warn" for one in outcome.found) for outcome in healthy)
    lines = [
        "# Diagnosis",
        "",
        "What the checklist reports for runs with a known fault, and for healthy runs. Every run is a real training; its",
        "findings come from the checks before, during and after training, as a user would see them. If a check before",
        "training fails, the run makes no step.",
        "",
        f"Made by `{command}` in {seconds / 60:.0f} minutes (`make diagnosis TEXT=…`). The trials are in",
        "`benchmarks/faults.py` and `benchmarks/healthy.py`.",
        "",
        "| | |",
        "| --- | ---: |",
        f"| faults named by an expected id | {named} of {len(faulty)}{_share(named, len(faulty))} |",
        f"| healthy runs with a `fail` or `error` | {failed} of {len(healthy)} |",
        f"| healthy runs with a `warn` | {warned} of {len(healthy)} |",
        "",
        "## Faults",
        "",
        '"Found" lists findings above a note, with their phase and step; an expected note counts if the trial asks for',
        "no more. If several ids are expected, one of them is enough.",
        "",
        "| fault | found | expected | named |",
        "| --- | --- | --- | --- |",
        *(_fault_row(outcome) for outcome in faulty),
        "",
        "## Healthy runs",
        "",
        "| run | steps | ended | worst finding |",
        "| --- | ---: | --- | --- |",
        *(_healthy_row(outcome) for outcome in healthy),
        "",
    ]
    return "\n".join(lines)


def _share(part: int, whole: int) -> str:
    return f" ({part / whole:.0%})" if whole else ""


def _fault_row(outcome: Outcome) -> str:
    trial = outcome.trial
    reported = [one for one in outcome.found if one in outcome.grave or one.id in outcome.named_by]
    nothing = "nothing" if outcome.steps else f"refused: {outcome.ended}"
    found = "<br>".join(_in_short(one) for one in reported) or nothing
    named = f"yes: {', '.join(outcome.named_by)}" if outcome.named_by else "**no**"
    return f"| {trial.name} | {found} | {', '.join(trial.expected)} | {named} |"


def _healthy_row(outcome: Outcome) -> str:
    worst = outcome.worst
    reported = "–" if worst is None else "pass" if worst.gravity < 2 else _in_short(worst)
    return f"| {outcome.trial.name} | {outcome.steps} | {outcome.ended} | {reported} |"


def _in_short(reported: Reported) -> str:
    return (
        f"{reported.id} {reported.status} ({reported.phase}, step {reported.step})"
        if reported.step
        else f"{reported.id} {reported.status} ({reported.phase})"
    )


if __name__ == "__main__":
    main()
