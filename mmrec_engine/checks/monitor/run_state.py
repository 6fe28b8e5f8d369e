"""State shared by the rules during training: the run so far, and the open findings.

Both are folds without I/O. Settings may come from a file of another version, so no type is assumed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from mmrec_engine import events
from mmrec_engine.checks.finding import Finding, Status, Values, finding
from mmrec_engine.checks.remedies import remedies_for
from mmrec_engine.checks.specs import CHECKS, numbers
from mmrec_engine.settings import Settings
from mmrec_engine.settings.presets import OPTIMIZERS

SETTLED = int(numbers("loss-too-high")["settled_steps"])  # steps after the warmup

_WORSE = {"pass": 0, "skipped": 0, "note": 1, "warn": 2, "fail": 3, "error": 3}
_CLEARLY_WORSE = 2.0
_NOTICEABLE = 0.01  # share
_DEFAULTS = Settings()


class Run:
    """The run so far: settings with their changes, baselines (nats), progress."""

    def __init__(self) -> None:
        self.started = False
        self.planned = 0
        self.steps_an_epoch = 0
        self.step = 0
        self.settings: dict[str, Any] = {}
        self.uniform: float | None = None  # loss of random guessing, ln V
        self.vocabulary = 0
        self.validation_tokens = 0
        self.baselines: dict[str, float] = {}
        self.between_splits: float | None = None  # nats a character, if they are of different kinds (`split-alike`)
        self._read_settings()

    def start(self, event: events.RunStarted) -> None:
        self.started = True
        self.planned, self.steps_an_epoch = event.planned_steps, event.steps_an_epoch
        self.settings = dict(event.settings)
        self.vocabulary = int(number_of(event.corpus, "vocabulary", 0))
        self.uniform = math.log(self.vocabulary) if self.vocabulary > 1 else None
        self.validation_tokens = int(number_of(event.corpus, "validation_characters", 0))
        self.know_baselines(event.baselines)
        self._read_settings()

    def change(self, changes: Mapping[str, Any]) -> None:
        self.settings.update(changes)
        self._read_settings()

    def know_baselines(self, values: Mapping[str, Any]) -> None:
        for name in ("unigram", "bigram", "5-gram"):
            if (nats := number_of(values, name, 0.0)) > 0:
                self.baselines[name] = nats

    @property
    def settled(self) -> int:
        """The step from which most rules apply."""
        return self.warmup + SETTLED

    @property
    def first_evaluation(self) -> int:
        every = int(number_of(self.settings, "eval_every", 0)) or self.steps_an_epoch
        return min(every, self.planned) if every and self.planned else every or self.planned

    def _read_settings(self) -> None:
        def number(name: str) -> float:
            return number_of(self.settings, name, float(getattr(_DEFAULTS, name)))

        self.warmup = max(0, int(number("warmup_steps")))
        self.clip = number("grad_clip")
        self.rate = number("learning_rate")
        self.patience = max(1, int(number("early_stopping_patience")))
        self.saves_best = self.settings.get("save_best_model", True) is not False
        known = str(self.settings.get("optimizer"))
        self.optimizer = known if known in OPTIMIZERS else _DEFAULTS.optimizer
        # Intended: text in another form, or from several corpora with other shares than in the whole text.
        changed = any(number_of(self.settings, name, 0.0) > 0 for name in ("recased", "denoising"))
        mixed = any(isinstance(self.settings.get(name), list | tuple) for name in ("data_dir", "corpus"))
        self.shows_other_text = changed or mixed


class FindingLog:
    """The open findings, and the new ones. A finding is reported when it begins, and again when it is clearly worse; in
    between `updates` has its figures."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._standing: dict[str, tuple[Status, float]] = {}
        self._news: list[Finding] = []
        self._told: dict[str, Values] = {}  # of the open findings, as they were reported
        self._now: dict[str, Values] = {}  # of those that were found again since, as they are now

    def new(self) -> list[Finding]:
        """The findings since the last call."""
        news, self._news = self._news, []
        return news

    def updates(self) -> list[Finding]:
        """The open findings whose figures have changed noticeably since they were reported, or since the last call."""
        found, self._now = self._now, {}
        moved = [id for id, values in found.items() if self.stands(id) and _has_moved(self._told[id], values)]
        self._told |= {id: found[id] for id in moved}
        return [self._finding(id, self._standing[id][0], found[id]) for id in moved]

    def stands(self, id: str) -> bool:
        """Whether there is an open finding of this id."""
        return _WORSE[self._standing.get(id, ("pass", 0.0))[0]] > 0

    def status(self, id: str) -> Status | None:
        """Of the last finding of this id; None without one."""
        return self._standing[id][0] if id in self._standing else None

    def is_known(self, id: str) -> bool:
        return id in self._standing and self._standing[id][0] != "skipped"

    def add(self, id: str, status: Status, severity: float, values: Values) -> bool:
        """severity: any measure that grows as it gets worse; reported again when it has doubled, or at a worse status.
        Returns whether it was reported."""
        before = self._standing.get(id)
        if before is not None and before[0] != "skipped":
            worse = _WORSE[status] > _WORSE[before[0]]
            grown = status == before[0] and severity >= _CLEARLY_WORSE * before[1] > 0
            if not (worse or grown):
                if status == before[0] and id in self._told:
                    self._now[id] = values
                return False
        self._standing[id] = (status, severity)
        self._told[id] = values
        self._now.pop(id, None)
        self._news.append(self._finding(id, status, values))
        return True

    def _finding(self, id: str, status: Status, values: Values) -> Finding:
        settings = {**self._run.settings, "planned_steps": self._run.planned}
        return finding(id, "during", status, values, remedies_for(id, settings, str(values.get("variant", ""))))

    def note(self, id: str, severity: float, values: Values, again: bool = False) -> bool:
        """Less than a warning, which it closes. severity: as for `add`. again: reported even if it is open already."""
        if again or self.status(id) not in (None, "pass", "note", "skipped"):
            self._standing.pop(id, None)
        return self.add(id, "note", severity, values)

    def warn(self, id: str, severity: float, values: Values, again: bool = False) -> bool:
        """A warning that is reported again, in other words or with other values, if `again` is set."""
        if again:
            self._standing.pop(id, None)
        return self.add(id, "warn", severity, values)

    def well(self, id: str, values: Values, again: bool = False) -> None:
        """The check of this id passes: reported once, after an open finding, and if `again` is set."""
        before = self._standing.get(id)
        if again or before is None or before[0] != "pass":
            self._standing[id] = ("pass", 0.0)
            self._news.append(finding(id, "during", "pass", values))

    def over(self, id: str, values: Values) -> None:
        """Close the open finding of this id, if there is one."""
        if self.stands(id):
            self.well(id, {"variant": "over", **values})

    def skipped(self, id: str, reason: str) -> None:
        if id not in self._standing:
            self._standing[id] = ("skipped", 0.0)
            self._news.append(finding(id, "during", "skipped", {"reason": reason}))

    def known(self, stored: Mapping[str, Any]) -> None:
        """A finding of the record, which need not be reported again."""
        id, status = stored.get("id"), stored.get("status")
        if not isinstance(id, str) or id not in CHECKS or not CHECKS[id].is_made_during:
            return
        if status in _WORSE and id not in self._standing:
            self._standing[id] = (status, 0.0)


def _has_moved(before: Values, after: Values) -> bool:
    """Whether figures differ by more than rounding and chance, apart from the step at which they were taken."""

    def differ(name: str) -> bool:
        one, other = before.get(name), after.get(name)
        if isinstance(one, int | float) and isinstance(other, int | float):
            return abs(one - other) > _NOTICEABLE * max(abs(one), abs(other))
        return one != other

    return any(differ(name) for name in {*before, *after} - {"step"})


def number_of(values: Mapping[str, Any], name: str, default: float) -> float:
    """One of these values if it is a finite number, else the default."""
    value = values.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return default
    return value if -1e18 < value < 1e18 else default
