"""The plan that is made in the background while the plan's screen is open."""

from __future__ import annotations

import itertools
from types import SimpleNamespace
from typing import Any

import pytest

from mmrec_engine.errors import RequestError
from mmrec_engine.events import Planned
from mmrec_engine.settings import Resolved, resolve
from mmrec_tui.app import planning_ahead
from mmrec_tui.app.planning_ahead import PlanAhead, PlanningAhead


def test_a_plan_that_cannot_be_made_again_is_not_tried_all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where its text was removed while the plan is open."""
    now, made = [1000.0], list[float]()

    def planned(_: Any, resolved: Resolved, *, measures: bool) -> PlanAhead:
        made.append(now[0])
        if len(made) > 1:
            raise RequestError("corpus-missing", path="gone.txt")
        return PlanAhead(resolved, Planned(choices={}), doubtful=True)

    monkeypatch.setattr(planning_ahead, "_planned", planned)
    monkeypatch.setattr(planning_ahead, "time", SimpleNamespace(monotonic=lambda: now[0]))
    planning = PlanningAhead()
    planning.want(resolve({"time": 60.0}))
    for _ in range(400):
        planning.look(may_measure=True)
        if planning._work is not None:
            planning._work.join()
        now[0] += 5.0
    gaps = [after - before for before, after in itertools.pairwise(made)]
    assert planning.plan is not None, "the plan that was made stays"
    assert len(gaps) >= 5 and gaps == sorted(gaps) and gaps[0] >= 20.0
