"""The checks during training: a pure fold over the events of a run, which returns the findings of each event.

    event ──► Monitor.add ──► findings (contract: Events), usually none

Rules on steps are in `step_rules.py`, rules on validations in `validation_rules.py`. No torch, no clock, bounded memory. A
finding is reported when it begins, and again only after it has gone away or when it has become clearly worse; `updates` has
its newer figures at a validation and at the end. The guide's items are reported as passed once they can be judged. At
`run_finished`, record the findings before the event itself, which is the last of a record.
"""

from __future__ import annotations

from collections.abc import Iterable

from mmrec_engine import events
from mmrec_engine.checks.finding import Finding
from mmrec_engine.checks.monitor.run_state import FindingLog, Run, number_of
from mmrec_engine.checks.monitor.step_rules import StepRules
from mmrec_engine.checks.monitor.validation_rules import ValidationRules
from mmrec_engine.events import Event
from mmrec_engine.storage.run_files import EVENTS

_ENDED_WELL = ("completed", "early_stopped", "target_reached")


class Monitor:
    """started: the run's first event, if it is known already and will not be added."""

    def __init__(self, started: events.RunStarted | None = None) -> None:
        self._run = Run()
        self._log = FindingLog(self._run)
        self._steps = StepRules(self._run, self._log)
        self._validations = ValidationRules(self._run, self._log)
        self._failed_loggers: set[str] = set()
        self._logger_failures = 0
        self._is_update_due = False
        self._saving: events.Checkpoint | None = None  # its event was recorded, and the rename may still fail
        if started is not None:
            self._run.start(started)

    def add(self, event: Event) -> list[Finding]:
        """The findings that this event causes."""
        if isinstance(event, events.Step):
            if event.step <= self._run.step:
                return []
            self._run.step = event.step
            self._validations.add_step(event)
            self._steps.add(event)
        else:
            self._add_rare(event)
        self._is_update_due = isinstance(event, events.RunFinished | events.Validation)
        return self._log.new()

    def updates(self) -> list[Finding]:
        """The open findings whose figures are others by this event, which were reported already."""
        return self._log.updates() if self._is_update_due else []

    def fold(self, earlier: Iterable[Event]) -> list[Finding]:
        """Add the events recorded before a resume; returns the findings that the record lacks, which are to be recorded now.

        A record is cut at the event of the checkpoint that a resume continues from, and the findings that this event caused
        come after it.
        """
        missing: dict[str, Finding] = {}
        for event in earlier:
            missing |= {str(found["id"]): found for found in self.add(event)}
            self.updates()  # they are in the record, or outdated
            if isinstance(event, events.Finding):
                missing.pop(str(event.finding.get("id")), None)
        return list(missing.values())

    def _add_rare(self, event: Event) -> None:
        run = self._run
        match event:
            case events.RunStarted():
                run.start(event)
            case events.Resumed():
                run.planned = event.planned_steps or run.planned
            case events.SettingsChanged():
                run.planned = event.planned_steps or run.planned
                run.change(event.changes)
                if event.reason == "out-of-memory":
                    self._steps.add_out_of_memory(event)
            case events.Check():
                values = event.finding.get("values")
                if event.finding.get("id") == "baselines" and isinstance(values, dict):
                    run.know_baselines(values)
                if event.finding.get("id") == "split-alike" and isinstance(values, dict):
                    apart = number_of(values, "apart", 0.0)
                    run.between_splits = apart if event.finding.get("status") == "warn" and apart > 0 else None
            case events.Finding():
                self._log.known(event.finding)
            case events.Validation():
                self._validations.add(event)
            case events.Checkpoint():
                self._validations.add_checkpoint(event)
                self._saving = event
            case events.Unwritten():
                self._saving = None
                self._add_unwritten(event)
            case events.Logger():
                self._add_logger(event)
            case events.State() if self._saving is not None:
                self._log.over("disk-unwritable", {"step": self._saving.step, "path": self._saving.path})
                self._saving = None
            case events.RunFinished():
                self._finish(event)

    def _add_unwritten(self, event: events.Unwritten) -> None:
        values = {
            "variant": "record" if event.path == EVENTS else "checkpoint" if event.saved_step else "first-checkpoint"
        }
        details = {"path": event.path, "reason": event.reason, "step": event.step, "saved_step": event.saved_step}
        self._log.add("disk-unwritable", "warn", 1.0, {**values, **details})

    def _add_logger(self, event: events.Logger) -> None:
        """Each logger that fails is reported once, and once all work again that is reported too."""
        if event.state != "open":
            self._logger_failures += event.name not in self._failed_loggers
            self._failed_loggers.add(event.name)
            values = {"variant": event.state, "name": event.name, "reason": event.reason, "step": event.step}
            self._log.add("logger-failed", "warn", 2.0 ** min(64, self._logger_failures), values)
        elif event.name in self._failed_loggers:
            self._failed_loggers.remove(event.name)
            if not self._failed_loggers:
                self._log.over("logger-failed", {"step": event.step})

    def _finish(self, event: events.RunFinished) -> None:
        if event.status == "failed" and event.values.get("error") in ("training-non-finite", "training-weights-lost"):
            self._steps.refuse(event)
        if event.status == "failed" and event.values.get("error") == "training-no-memory":
            self._steps.end_without_memory(event)
        if event.status in _ENDED_WELL:
            self._steps.finish()
            self._validations.finish()
