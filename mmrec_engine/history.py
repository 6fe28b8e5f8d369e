"""Events folded into what views and results need. Pure: the same events give the same history, live or read from a file."""

from __future__ import annotations

from typing import Any

from mmrec_engine import events


class History:
    """What is known of a run after the events added so far, in memory that does not grow with their number."""

    def __init__(self) -> None:
        self.started: events.RunStarted | None = None
        self.finished: events.RunFinished | None = None
        self.state = "PREPARING"
        self.last_step: events.Step | None = None
        self.best: events.Validation | None = None
        self.last_validation: events.Validation | None = None
        self.findings: list[dict[str, Any]] = []
        self.checkpoints: dict[str, str] = {}
        self._epoch = 0
        self._epoch_losses = 0.0
        self._epoch_steps = 0
        self._tokens = 0
        self._seconds = 0.0

    def add(self, event: events.Event) -> None:
        match event:
            case events.State():
                self.state = event.state
                if event.state == "PREPARING":  # a new process looks at the text anew
                    self.findings = [finding for finding in self.findings if finding["phase"] != "before"]
            case events.RunStarted():
                self.started = event
            case events.Step():
                self._add_step(event)
            case events.Validation():
                self.last_validation = event
                if event.best:
                    self.best = event
            case events.Checkpoint():
                self.checkpoints[event.kind] = event.path
            case events.Check() | events.Finding():
                self.findings.append(event.finding)
            case events.RunFinished():
                self.finished = event

    @property
    def epoch_loss(self) -> float | None:
        """Mean training loss of the steps of the current epoch."""
        return self._epoch_losses / self._epoch_steps if self._epoch_steps else None

    @property
    def tokens_per_second(self) -> float:
        """Mean over all steps, pauses and evaluations left out."""
        return self._tokens / self._seconds if self._seconds else 0.0

    def _add_step(self, event: events.Step) -> None:
        if event.epoch != self._epoch:
            self._epoch, self._epoch_losses, self._epoch_steps = event.epoch, 0.0, 0
        self._epoch_losses += event.loss
        self._epoch_steps += 1
        tokens = event.tokens - (self.last_step.tokens if self.last_step else 0)
        if event.tokens_per_second > 0:
            self._tokens += tokens
            self._seconds += tokens / event.tokens_per_second
        self.last_step = event
