"""One trial: a training with a known fault, or a healthy one, checked by the whole checklist as any run is.

    text, settings, a planted fault ──► train(…, run_checks) ──► the findings of all three phases

Faults that are no settings are planted inside this process and taken out again; the product has no hooks for them.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmrec_engine import events, train
from mmrec_engine.checks.postrun.all_checks import checks_after
from mmrec_engine.errors import MmrecError
from mmrec_engine.run.checks_around_run import RunChecks
from mmrec_engine.runs.run_reader import RunReader
from mmrec_engine.settings import resolve

# One thread: two slow each other down if the machine has anything else to do.
SMALL: dict[str, Any] = {
    "seq_len": 64, "batch_size": 4, "threads": 1, "precision": "fp32", "warmup_steps": 20, "max_steps": 160,
    "eval_every": 40,
}  # fmt: skip
GRAVITY = ("pass", "skipped", "note", "warn", "fail", "error")


@dataclass(frozen=True)
class Trial:
    """write: puts the text into a new folder; None if the settings name a corpus. expected: ids, one of which is enough;
    none for a healthy run. least: the mildest status that counts. plant: sets the fault up in this
    process during the run; afterwards: changes the finished run, which is then checked again.
    """

    name: str
    expected: tuple[str, ...] = ()
    write: Callable[[Path], None] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    plant: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext
    afterwards: Callable[[Path], None] | None = None
    least: str = "warn"
    quick: bool = False


@dataclass(frozen=True)
class Reported:
    """A finding of a trial, with the time of its worst status."""

    id: str
    status: str
    phase: str
    step: int
    evidence: str

    @property
    def gravity(self) -> int:
        return GRAVITY.index(self.status)


@dataclass(frozen=True)
class Outcome:
    """found: for each id the most severe finding. ended: how the run ended, or the key of the error that refused it."""

    trial: Trial
    found: tuple[Reported, ...]
    ended: str
    steps: int
    seconds: float

    @property
    def worst(self) -> Reported | None:
        return max(self.found, key=lambda reported: reported.gravity, default=None)

    @property
    def grave(self) -> tuple[Reported, ...]:
        return tuple(reported for reported in self.found if reported.gravity >= GRAVITY.index("warn"))

    @property
    def named_by(self) -> tuple[str, ...]:
        """The expected ids that were found."""
        return _named_by(self.trial, self.found) or ((self.ended,) if self.ended in self.trial.expected else ())


def carry_out(trial: Trial, folder: Path, *, before: bool = True, until_named: bool = False) -> Outcome:
    """Train and check in `folder`, which must be new. A run that fails has an outcome too.

    before: run the checks before training. until_named: end the run as soon as an expected id is found.
    """
    began = time.monotonic()
    folder.mkdir(parents=True)
    chosen: dict[str, Any] = {**SMALL, **trial.settings, "output_dir": str(folder), "name": "run"}
    if trial.write is not None:
        (folder / "text").mkdir()
        trial.write(folder / "text")
        chosen["data_dir"] = str(folder / "text")
    reported: list[Reported] = []
    ended, step = "", 0
    try:
        with trial.plant():
            for event in train(resolve(chosen), run_checks=RunChecks(before)):
                step = max(step, event.step)
                if isinstance(event, events.Check | events.Finding):
                    reported.append(_reported(event.finding, event.step))
                    if until_named and _named_by(trial, reported):
                        break  # which closes the run
                elif isinstance(event, events.RunFinished):
                    ended = event.status
    except MmrecError as error:
        ended = error.key
    if trial.afterwards is not None:
        trial.afterwards(folder / "run")
        history = RunReader(folder / "run").first_view()
        reported += [_reported(finding, step) for finding in checks_after(folder / "run", history)]
    return Outcome(trial, _gravest(reported), ended, step, time.monotonic() - began)


def _named_by(trial: Trial, found: Iterable[Reported]) -> tuple[str, ...]:
    least = GRAVITY.index(trial.least)
    clear = (one for one in found if one.gravity >= least and one.status != "error")  # a failed check counts as nothing
    return tuple(one.id for one in clear if one.id in trial.expected)


def _reported(finding: Mapping[str, Any], step: int) -> Reported:
    return Reported(finding["id"], finding["status"], finding["phase"], step, finding["evidence"])


def _gravest(reported: list[Reported]) -> tuple[Reported, ...]:
    gravest: dict[str, Reported] = {}
    for one in reported:
        if one.id not in gravest or one.gravity > gravest[one.id].gravity:
            gravest[one.id] = one
    return tuple(gravest.values())
