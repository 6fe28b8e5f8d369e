"""What is looked up in the background for the plan on screen: its text, the planner's choices, how long a step takes.

One after the other on the same processors: the planner measures speeds too, and comes before the times beside the configs.
"""

from __future__ import annotations

from typing import Any

from mmrec_engine.planning.present_speed import steps_that_fit_now
from mmrec_engine.settings import Resolved, Settings
from mmrec_tui.app.draft import windows_of
from mmrec_tui.app.measuring import Measuring
from mmrec_tui.app.planning_ahead import PlanningAhead
from mmrec_tui.app.preparing import Preparing
from mmrec_tui.app.reading_pretrained import ReadingPretrained
from mmrec_tui.app.session import Work


class PlanWork:
    """`want` the settings as they were given, `look` now and then."""

    def __init__(self) -> None:
        self.preparing = Preparing()
        self.measuring = Measuring()
        self.planning = PlanningAhead()
        self.pretrained = ReadingPretrained()
        self.text: dict[str, Any] | None = None  # the given values that decide which text is read
        self.searching: Work[Any] | None = None  # a search that was left; its last step may still be under way
        self._left: Work[Any] | None = None  # a measurement that was left for the planner's

    @property
    def seen(self) -> object:
        """Changes when there is something new to show."""
        return (self.preparing.seen, self.measuring.seen, self.planning.seen, self.pretrained.seen)

    def want(self, resolved: Resolved) -> None:
        """The planner works on these settings; their text is prepared once it is known how (`prepare`)."""
        self.planning.want(resolved)

    def prepare(self, settings: Settings) -> None:
        """settings: with the planner's choices. Nothing is prepared while these are unknown."""
        if not self.planning.is_under_way:
            self.preparing.want(settings)

    def look(self, settings: Settings | None, *, may_measure: bool, trains: bool = False) -> bool:
        """Continue. settings: with the planner's choices, none if there is nothing to measure. may_measure: whether the
        processors are free; trains: whether a training has them. Returns whether there is another plan."""
        self.preparing.look()
        self.pretrained.look()
        may_measure = may_measure and (self.searching is None or self.searching.done)
        before = self.planning.seen
        if self.planning.is_under_way:
            self._left = self.measuring.stop() or self._left
        self.planning.look(may_measure=may_measure and (self._left is None or self._left.done), trains=trains)
        corpus = self.preparing.corpus
        if settings is not None and corpus is not None and may_measure and not self.planning.is_under_way:
            self.measuring.want(settings, corpus.tokenizer.vocab_size, windows_of(settings, corpus)[1])
        is_busy = settings is not None and self.steps_that_fit_now(settings) is not None
        self.measuring.look(is_busy=may_measure and is_busy)
        return self.planning.seen != before

    def steps_that_fit_now(self, settings: Settings) -> int | None:
        """Steps that fit at the present speed, if clearly fewer than planned. It is the speed that the time of an epoch
        shows."""
        plan, costs = self.planning.plan, self.measuring.costs_with(settings)
        if plan is None or costs is None or costs.step <= 0:
            return None
        return steps_that_fit_now(plan.planned.expected, settings.windows_a_step * settings.seq_len / costs.step)

    def leave(self) -> Work[Any] | None:
        """Leave the processors to others. Returns the work whose last step is still under way."""
        return self.measuring.stop() or self.planning.stop() or self.searching

    def stop(self) -> None:
        self.preparing.stop()
        self.leave()
