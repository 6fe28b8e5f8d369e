"""Where a plan leads: to its checklist, at once or as soon as the plan is ready, and to searches for its settings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mmrec_engine.data.prepare import Corpus
from mmrec_engine.settings import Resolved
from mmrec_tui.app.draft import Draft, named
from mmrec_tui.app.plan_in_work import PlanInWork
from mmrec_tui.app.plan_work import PlanWork
from mmrec_tui.app.screens.base import MmrecScreen
from mmrec_tui.app.session import Work
from mmrec_tui.app.widgets.plan_summary import free_run_name


class PlanNextScreen(MmrecScreen):
    """The plan's screen (`plan.py`) makes the plan and shows it."""

    _made: PlanInWork | None

    def _take(self, draft: Draft, *, typing: str = "") -> None:
        raise NotImplementedError

    def _show_summary(self) -> None:
        raise NotImplementedError

    @property
    def _plan(self) -> PlanInWork:
        assert self._made is not None
        return self._made

    @property
    def _draft(self) -> Draft:
        return self._plan.draft

    @property
    def _work(self) -> PlanWork:
        return self._plan.work

    @property
    def _is_ready(self) -> bool:
        return self._plan.ready is not None

    def _ready(self) -> tuple[Resolved, Corpus] | None:
        """The run as planned and its text; None, with a message, if something is missing or invalid."""
        ready = self._plan.ready
        if ready is None and self._work.planning.waits and self._trained:
            self.own_app.warn("plan.waits", name=self._trained)
        elif ready is None:
            self.own_app.warn("plan.not-ready")
        return ready

    def action_find(self, what: str) -> None:
        """Search for a learning rate, or for a batch size; the result may be applied."""
        ready = self._ready()
        if ready is None:
            return
        if not self.own_app.may_train():
            return
        before = self._work.leave()
        self._work.searching = self.own_app.search(what, self._found, ready[0].settings, ready[1], before)

    def _found(self, values: dict[str, Any] | None) -> None:
        if values:
            self._take(replace(self._draft, given={**self._draft.given, **values}))
            self.own_app.tell("search.taken")

    def action_next(self) -> None:
        """The checklist: at once, or as soon as the plan is ready. Esc changes one's mind."""
        if self._plan.ready is None and self._plan.may_be_awaited:
            self._await(True)
            return
        ready = self._ready()
        if ready is None:
            return
        resolved, corpus = ready
        self._plan.begin()
        measuring = self._work.leave()
        plan = self._work.planning.plan
        run = named(resolved, free_run_name(resolved.settings))
        self.own_app.open_screen(
            "checklist",
            resolved=run,
            corpus=corpus,
            measuring=measuring,
            planned=None if plan is None else plan.planned,
            costs=self._work.measuring.costs_with(run.settings),
        )

    def leave_processors(self) -> Work[Any] | None:
        return self._work.leave()

    def _await(self, awaited: bool) -> None:
        self._plan.awaited = awaited
        self._show_summary()

    def _open_when_ready(self) -> None:
        if self._is_ready or not self._plan.may_be_awaited:  # there it is, or something is wrong, which is told
            self._await(False)
            self.action_next()

    def action_back(self) -> None:
        if self._plan.awaited:
            self._await(False)
        else:
            super().action_back()
