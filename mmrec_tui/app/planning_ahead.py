"""What the planner would choose for a run with a given time, found in the background while the plan is on screen."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

from mmrec_engine.errors import Interrupted, MmrecError, RequestError, TrainingError, first_line
from mmrec_engine.events import Planned
from mmrec_engine.settings import Resolved
from mmrec_tui.app.session import Work

_SETTLED_SECONDS = 0.8  # a value that is being typed is not planned with digit by digit
# After a plan with doubtful speeds, until they are measured again: twice as long each time, up to some minutes.
_AGAIN_SECONDS, _MOST_DOUBLINGS = 20.0, 4


@dataclass(frozen=True)
class PlanAhead:
    """resolved: all settings, with the choices of the planner. planned: each choice with its reason, and what is expected.
    doubtful: whether its speeds were measured while the machine had other work."""

    resolved: Resolved
    planned: Planned
    doubtful: bool = False


class PlanningAhead:
    """`want` the settings as they were given, `look` now and then, and read `plan` or `error`."""

    def __init__(self) -> None:
        self._plans: dict[object, PlanAhead | MmrecError] = {}
        self._key: object = None
        self._last: PlanAhead | None = None
        self._resolved: Resolved | None = None
        self._since = 0.0
        self._work: Work[PlanAhead | None] | None = None
        self._work_key: object = None
        self._unmeasured: object = None  # the settings for which the cache lacks a speed
        self._made = 0  # plans
        self._ended_at = 0.0  # the last attempt at one
        self._again = 0  # how often speeds were measured again

    @property
    def plan(self) -> PlanAhead | None:
        """For the settings that are wanted; none where no time is given, or it is not known yet."""
        found = self._plans.get(self._key)
        return found if isinstance(found, PlanAhead) else None

    def shown(self, resolved: Resolved) -> Resolved:
        """What to show of these settings: with the plan, or with what the last one chose until there is a new one."""
        if self.plan is not None:
            return self.plan.resolved
        if self._last is None or not self.is_under_way:
            return resolved
        kept = [
            name
            for name, source in self._last.resolved.sources.items()
            if source == "planner" and resolved.sources[name] != "hand"
        ]
        values = {name: getattr(self._last.resolved.settings, name) for name in kept}
        try:
            settings = replace(resolved.settings, **values)
        except RequestError:
            return resolved  # what was given rules out what was chosen before
        return Resolved(settings, {**resolved.sources, **dict.fromkeys(kept, "planner")})

    def forget(self) -> None:
        """Another text was chosen: what was planned for this one is not shown until the new plan is known."""
        self._last = None

    @property
    def error(self) -> MmrecError | None:
        found = self._plans.get(self._key)
        return found if isinstance(found, MmrecError) else None

    @property
    def is_under_way(self) -> bool:
        """Whether a plan is wanted that is not known yet."""
        return self._key is not None and self._key not in self._plans

    @property
    def is_unknown(self) -> bool:
        """Whether a plan is wanted that is not known yet, and none is known that may be shown meanwhile."""
        return self.is_under_way and self._last is None

    @property
    def seen(self) -> object:
        """Changes when there is something new to show."""
        return (self._key, self._made, self.waits)

    @property
    def waits(self) -> bool:
        """Whether speeds have to be measured first, and the processors were not free for that."""
        return self.is_under_way and self._unmeasured == self._key

    def want(self, resolved: Resolved | None) -> None:
        """resolved: as given; none, or without a time, for no plan at all."""
        if resolved is None or resolved.settings.time is None:
            self._key = self._resolved = None
            return
        key = (resolved.settings, tuple(resolved.sources.items()))
        if key != self._key:
            self._since = time.monotonic() if self._key is not None else 0.0
            self._key, self._resolved, self._again = key, resolved, 0

    def look(self, *, may_measure: bool, trains: bool = False) -> None:
        """may_measure: whether the processors are free for the steps that the planner measures. trains: whether a training has
        them, which may take long; speeds that were measured before are used meanwhile."""
        work = self._work
        if work is not None:
            if not work.done:
                if self._work_key != self._key:
                    work.stop()
                return
            self._work = None
            if not work.stopping():
                error = work.error
                if error is not None and not isinstance(error, MmrecError):
                    error = TrainingError("training-broke-early", reason=first_line(error, 200, typed=True))
                found, self._ended_at = error or work.result, time.monotonic()
                if isinstance(found, PlanAhead) or (found is not None and self._work_key not in self._plans):
                    self._plans[self._work_key] = found
                    self._made += 1
                    self._last = found if isinstance(found, PlanAhead) else self._last
                elif found is None:
                    self._unmeasured = self._work_key
        resolved = self._resolved
        settled = time.monotonic() - self._since >= _SETTLED_SECONDS
        may_plan = may_measure or (trains and not self.waits)
        again = may_measure and self._is_to_measure_again
        if may_plan and settled and (self.is_under_way or again) and resolved is not None:
            self._again += again
            self._work_key, self._unmeasured = self._key, None
            self._work = Work(lambda work: _planned(work, resolved, measures=may_measure))

    @property
    def _is_to_measure_again(self) -> bool:
        """Whether the plan's speeds are doubtful, and some time has passed in which other work may have ended."""
        if self.plan is None or not self.plan.doubtful:
            return False
        return time.monotonic() - self._ended_at >= _AGAIN_SECONDS * (1 << min(self._again, _MOST_DOUBLINGS))

    def stop(self) -> Work[Any] | None:
        """Leave the machine to others. Returns the work whose last step is still under way."""
        work = self._work
        if work is not None:
            work.stop()
        return work


def _planned(work: Work[PlanAhead | None], resolved: Resolved, *, measures: bool) -> PlanAhead | None:
    """None if it was stopped, or if a speed is not in the cache and may not be measured."""
    from mmrec_engine.planning.candidate_speed import cached_speeds, speeds_here
    from mmrec_engine.planning.planner import planned

    speeds = speeds_here(work.stopping) if measures else cached_speeds()
    planning = planned(resolved, speeds)
    while not work.stopping():
        try:
            next(planning)
        except StopIteration as finished:
            with_choices, event = finished.value
            return PlanAhead(with_choices, event, speeds.doubtful)
        except Interrupted:
            return None
    planning.close()
    return None
