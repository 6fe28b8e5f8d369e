"""Events folded into the state that views and results need. Pure: live and recorded events give the same history."""

from __future__ import annotations

import math
from collections import deque
from typing import Any

from mmrec_engine import events
from mmrec_engine.runs.curves import Curve, X
from mmrec_engine.runs.run_time import Costs, MeasuredCosts, schedule_of
from mmrec_engine.runs.smoothing import DECAYS, USUAL_DECAY, Ema
from mmrec_engine.settings import sound

_MOST_VALIDATIONS = 1024
_MOST_SAMPLED = 256
_MOST_FINDINGS = 500
_MOST_SAMPLES = 40
_MOST_NON_FINITE = 64


class History:
    """The state of a run after the events added so far, in bounded memory.

    curves: "loss", "learning_rate", "grad_norm", "tokens_per_second".
    smoothed: the loss as exponential moving averages, by decay.
    validations: each with its position (step, tokens, seconds); sampled: the last ones of a sample of windows.
    settings: at the start, with the changes since, as far as they are valid. choices: of the planner, as in `Planned`.
    log: the last events, without steps, progress and states. non_finite: steps with a loss or a gradient norm that is not
    finite. Times are seconds since the epoch, of the oldest and the newest event.
    planned_costs: measured before the run, for the time left until its own are known.
    """

    def __init__(self, planned_costs: Costs | None = None) -> None:
        self.started: events.RunStarted | None = None
        self.finished: events.RunFinished | None = None
        self.state: events.StateWord = "PREPARING"
        self.paused = False  # whatever the state word: while a paused run saves, that is SAVING
        self.planned_steps = 0
        self._passes_a_step = 0.0  # over the text, as the planner counts them; 0: it has planned nothing
        self.was_paused = False
        self.steps_before_replanning = 0  # planned steps that the run's own replanning has changed since; 0: it has not
        self.settings: dict[str, Any] = {}
        self.choices: dict[str, Any] = {}
        self.started_time: float | None = None
        self.last_time: float | None = None
        self.last_step: events.Step | None = None
        self.best: events.Validation | None = None
        self.last_validation: events.Validation | None = None
        self.validations: list[tuple[X, events.Validation]] = []
        self.sampled: deque[tuple[X, events.Validation]] = deque(maxlen=_MOST_SAMPLED)
        self.sample: events.Sample | None = None
        self.samples: list[events.Sample] = []  # from the first to the last; of a long run some in between
        self.progress: events.Progress | None = None  # the current progress event
        self.findings: list[dict[str, Any]] = []
        self.non_finite: list[int] = []
        self.curriculum_end: X | None = None  # the first step with the whole text
        self.checkpoints: dict[str, str] = {}
        self.log: deque[events.Event] = deque(maxlen=300)
        self._loss, self._rate, self._norm, self._speed = (Curve() for _ in range(4))
        self.curves = {
            "loss": self._loss,
            "learning_rate": self._rate,
            "grad_norm": self._norm,
            "tokens_per_second": self._speed,
        }
        self.smoothed = {decay: Curve() for decay in DECAYS}
        self._emas = tuple((Ema(decay), self.smoothed[decay]) for decay in DECAYS)
        self.first_place: X | None = None  # of the first step that is known, and of the last
        self.last_place: X | None = None
        self._epoch = 0
        self._epoch_losses = 0.0
        self._epoch_steps = 0
        self._tokens = 0
        self._seconds = 0.0
        self._costs = MeasuredCosts(planned_costs)
        self._earlier_seconds = 0.0  # of the processes before the present one, which began at `_began`
        self._began: float | None = None
        self._paused_seconds = 0.0  # of the present process, until the pause that began at `_paused_at`
        self._paused_at: float | None = None
        self._checked_again: set[str] = set()  # checks before training that the present process has made

    def add(self, event: events.Event) -> None:
        if isinstance(event, events.State) and event.state == "PREPARING":
            self._begin_process(event)
        self.last_time = event.time
        if isinstance(event, events.Step):
            self._add_step(event)
            return
        if self.started_time is None:
            self.started_time = event.time
        match event:
            case events.State():
                self._add_state(event)
                return
            case events.Progress():
                self.progress = event
                return
            case events.Planned():
                self.choices = event.choices
                self._passes_a_step = _passes_a_step(event)
                exact = "limited_by" not in event.expected  # else the plan has estimated the steps of the given epochs
                self.planned_steps = int(event.expected.get("steps") or 0) if exact else 0
            case events.RunStarted():
                if self.planned_steps not in (0, event.planned_steps):  # by versions that planned anew at the start
                    self.steps_before_replanning = self.planned_steps
                self.started, self.planned_steps, self.settings = event, event.planned_steps, sound(event.settings)
            case events.Paused():
                self.paused = self.was_paused = True
                self._paused_at = event.time
            case events.Resumed():
                self.paused = False
                if self._paused_at is not None:
                    self._paused_seconds, self._paused_at = self._paused_seconds + event.time - self._paused_at, None
                self._plan_steps(event.planned_steps)
            case events.Replanned():
                self.settings.update(sound(event.changes))
                self.steps_before_replanning = self.steps_before_replanning or self.planned_steps
                self.planned_steps = event.planned_steps or self.planned_steps
            case events.SettingsChanged():
                self.settings.update(sound(event.changes))
                self._plan_steps(event.planned_steps)
            case events.Validation():
                self._add_validation(event)
            case events.Sample():
                self.sample = event
                if len(self.samples) >= _MOST_SAMPLES:
                    self.samples[1:-1] = self.samples[2:-1:2]
                self.samples.append(event)
            case events.Checkpoint():
                self.checkpoints[event.kind] = event.path
            case events.Check() | events.Finding():
                self._replace_made_before(event.finding)
                self.findings.append(event.finding)
                del self.findings[:-_MOST_FINDINGS]
            case events.FindingUpdate():
                self._update_finding(event.finding)
                return
            case events.RunFinished():
                self.finished = event
                if event.status == "failed" and event.values.get("error") == "training-non-finite":
                    self._add_non_finite(event.step + 1)  # the update that was refused
        self.log.append(event)

    def _plan_steps(self, steps: int | None) -> None:
        """Another number of steps was asked for."""
        if steps and steps != self.planned_steps:
            self.planned_steps, self.steps_before_replanning = steps, 0

    @property
    def planned_passes(self) -> float | None:
        """Passes over the text that the planned steps make, as the planner counts them; None for a run that it did not plan."""
        return self._passes_a_step * self.planned_steps or None

    @property
    def is_replanned(self) -> bool:
        """Whether a run in a given time has changed its number of steps by more than a tenth, as the machine allowed."""
        before = self.steps_before_replanning
        return bool(before) and abs(self.planned_steps - before) > before / 10

    @property
    def limited_by(self) -> str:
        """The given limit, of epochs or steps, that ended a run with a given time before that; empty if none did."""
        values = self.finished.values if self.finished is not None and self.settings.get("time") else {}
        return next((name for name in ("epochs", "max_steps") if isinstance(values.get(name), int)), "")

    def warmup_has_ended(self, step: int | None = None) -> bool:
        """By this step; None: the last one that was recorded."""
        if step is None:
            step = self.last_step.step if self.last_step is not None else 0
        return step >= int(self.settings.get("warmup_steps") or 0)

    @property
    def settings_now(self) -> dict[str, Any]:
        """The settings, and what they do not tell of the run's length: what remedies are proposed for."""
        return {**self.settings, "planned_steps": self.planned_steps, "limited_by": self.limited_by}

    @property
    def epoch_loss(self) -> float | None:
        """Mean training loss of the steps of the current epoch."""
        return self._epoch_losses / self._epoch_steps if self._epoch_steps else None

    def smoothed_loss(self, decay: float = USUAL_DECAY) -> float | None:
        """The exponential moving average of the training loss at the last step, where its curve ends. decay: one of DECAYS."""
        return next((ema.value for ema, _ in self._emas if ema.decay == decay), None)

    @property
    def tokens_per_second(self) -> float:
        """Mean over all steps, without pauses and evaluations."""
        return self._tokens / self._seconds if self._seconds else 0.0

    @property
    def seconds(self) -> float:
        """Time of the steps, without pauses and evaluations."""
        return self._seconds

    @property
    def took(self) -> float:
        """Seconds from the run's beginning to its end, or to its newest event: those of all its processes, without the time
        between them and without pauses. With evaluations."""
        if self.finished is not None:
            return self._earlier_seconds + self.finished.seconds
        began, last = self._began if self._began is not None else self.started_time, self.last_time or 0.0
        pauses = self._paused_seconds + (0.0 if self._paused_at is None else last - self._paused_at)
        return self._earlier_seconds + max(0.0, last - (began or 0.0) - pauses)

    @property
    def work(self) -> float | None:
        """Tokens trained on × parameters, to which the training operations are about proportional; None before a step."""
        if self.last_step is None or self.started is None:
            return None
        return float(self.last_step.tokens) * self.started.parameters

    @property
    def seconds_a_step(self) -> float | None:
        """Mean of the last steps."""
        return self._costs.seconds_a_step

    def eta_seconds(self) -> float | None:
        """Seconds until the planned end, including the remaining evaluations, saving and checks; None while it is
        unknown."""
        if self.finished is not None:
            return 0.0
        if self.last_step is None or not self.planned_steps:
            return None
        started = self.started
        windows = started.corpus.get("validation_windows") if started is not None else None
        epoch = started.steps_an_epoch if started is not None else 0
        schedule = schedule_of(self.planned_steps, self.settings, epoch, windows)
        return self._costs.seconds_left(self.last_step.step, self.planned_steps, schedule)

    def _add_step(self, event: events.Step) -> None:
        if self.started_time is None:
            self.started_time = event.time
        last, self.last_step = self.last_step, event
        self.progress = None
        self._costs.end_part()
        if event.epoch != self._epoch:
            self._epoch, self._epoch_losses, self._epoch_steps = event.epoch, 0.0, 0
        self._epoch_losses += event.loss
        self._epoch_steps += 1
        tokens, steps = event.tokens, event.step
        if last is not None:
            tokens, steps = tokens - last.tokens, steps - last.step
            if steps <= 0:  # the record was cut and grew again: its reader starts again, and curves stay in order
                return
        if event.tokens_per_second > 0 and tokens > 0:
            seconds = tokens / event.tokens_per_second
            self._tokens += tokens
            self._seconds += seconds
            self._costs.add_pace(seconds / max(1, steps))
        if not (math.isfinite(event.loss) and math.isfinite(event.grad_norm)):
            self._add_non_finite(event.step)
        x = (event.step, event.tokens, self._seconds)
        self._loss.add(x, event.loss)
        if math.isfinite(event.loss):
            for ema, curve in self._emas:
                curve.add(x, ema.add(event.loss, event.step, steps))
        self.first_place = self.first_place or x
        self.last_place = x
        if self.curriculum_end is None and last is not None and last.curriculum is not None and event.curriculum == 1:
            self.curriculum_end = x
        self._rate.add(x, event.learning_rate)
        self._norm.add(x, event.grad_norm)
        self._speed.add(x, event.tokens_per_second)

    def _add_state(self, event: events.State) -> None:
        self._costs.add_state(event)
        self.state = event.state
        self.progress = None

    def _begin_process(self, event: events.State) -> None:
        if self.started_time is not None:
            self._earlier_seconds, self.finished = self.took, None
        self._began, self._paused_seconds, self._paused_at = event.time, 0.0, None
        self._checked_again = set()

    def _replace_made_before(self, finding: dict[str, Any]) -> None:
        """A check before training that a later process makes again replaces what an earlier one found; the others stay."""
        name = str(finding.get("id"))
        if finding.get("phase") == "before" and name not in self._checked_again:
            self._checked_again.add(name)
            same = ("before", name)
            self.findings = [one for one in self.findings if (one.get("phase"), str(one.get("id"))) != same]

    def _update_finding(self, finding: dict[str, Any]) -> None:
        """In the place of the newest one of the same check, so that the order stays."""
        name = str(finding.get("id"))
        places = [place for place, one in enumerate(self.findings) if str(one.get("id")) == name]
        if places:
            self.findings[places[-1]] = finding

    def _add_validation(self, event: events.Validation) -> None:
        self._costs.add_validation(event)
        place = (event.step, self.last_step.tokens if self.last_step else 0, self._seconds)
        if event.sampled:
            self.sampled.append((place, event))
            return
        if event.best:
            self.best = event
        if len(self.validations) >= _MOST_VALIDATIONS:
            kept = [pair for index, pair in enumerate(self.validations) if index % 2 == 0 or pair[1] is self.best]
            self.validations = kept
        self.validations.append((place, event))
        self.last_validation = event

    def _add_non_finite(self, step: int) -> None:
        self.non_finite.append(step)
        del self.non_finite[:-_MOST_NON_FINITE]


def _passes_a_step(event: events.Planned) -> float:
    steps, passes = (event.expected.get(name) for name in ("steps", "passes"))
    if not isinstance(steps, int | float) or not isinstance(passes, int | float) or steps <= 0:
        return 0.0
    return passes / steps if math.isfinite(passes) else 0.0
