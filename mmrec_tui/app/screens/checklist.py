"""Before training: the guide's four items with the findings of the checks as they run, and the user's own ticks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.widgets import Static

from mmrec_engine.checks.preflight.all_checks import failing
from mmrec_engine.data.prepare import Corpus
from mmrec_engine.events import Planned
from mmrec_engine.locales.guide.remedies import figures
from mmrec_engine.run.follow_up import Offer, Origin, offers
from mmrec_engine.runs.catalog import training_now
from mmrec_engine.runs.run_time import Costs
from mmrec_engine.settings import Resolved
from mmrec_tui.app.before_checks import BeforeChecks
from mmrec_tui.app.draft import named
from mmrec_tui.app.in_app import chosen_values, error_text, remedy_text, words_about_training
from mmrec_tui.app.keys import Key, keys_of
from mmrec_tui.app.screens.base import KeyBar, MmrecScreen, Title
from mmrec_tui.app.session import StartParameters, Work
from mmrec_tui.app.widgets.items import Items
from mmrec_tui.app.widgets.panel import plain
from mmrec_tui.app.widgets.plan_summary import free_run_name
from mmrec_tui.presentation.findings import title_of
from mmrec_tui.presentation.reading import begun_from
from mmrec_tui.terminal import one_line

_LOOK_SECONDS = 0.1
_SHOWN = ("config", "tokenizer", "vocab_size", "max_steps", "dropout")  # of the planner's choices, in one line
_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


class ChecklistScreen(MmrecScreen):
    """resolved: the run as planned; corpus: its prepared text, None if it is not prepared yet; measuring: a measurement
    that the checks wait for; origin: the run that this one follows; planned: the planner's choices; costs: of the run, measured
    for its plan; checks: those of this run, begun before; ticks: set here for a follow-up run."""

    table: ClassVar[str] = "checklist"
    topic: ClassVar[str | None] = "dataset-ready"

    def __init__(
        self,
        resolved: Resolved,
        corpus: Corpus | None = None,
        measuring: Work[Any] | None = None,
        origin: Origin | None = None,
        planned: Planned | None = None,
        costs: Costs | None = None,
        checks: BeforeChecks | None = None,
        ticks: dict[str, bool] | None = None,
    ) -> None:
        super().__init__()
        self._own_ticks = ticks or {}
        self._checks = BeforeChecks(resolved, corpus, measuring, planned) if checks is None else checks
        self._origin = origin
        self._costs = costs
        self._asked: frozenset[str] | None = None
        self._beside: list[str] = []  # runs that trained when the start was asked for
        self._looks = 0
        self._shown_state: object = None

    def compose(self) -> ComposeResult:
        say = self.say
        yield Title(say("checklist.title"))
        yield Static(plain(self._intro()), classes="intro")
        yield Items("before", id="items")
        yield Static(id="verdict")
        yield KeyBar(id="keys")

    def _intro(self) -> str:
        say, origin = self.say, self._origin
        if origin is None:
            return say("checklist.what")
        settings = {name: after for name, (_, after) in origin.changes.items()}
        before = {name: value for name, (value, _) in origin.changes.items()}
        change = remedy_text({"id": origin.remedy, "settings": settings, "before": before}, say)
        return one_line(say("checklist.follows", name=Path(origin.run).name, change=change))

    def on_mount(self) -> None:
        self._show()
        self.set_focus(self.query_one(Items))
        self.set_interval(_LOOK_SECONDS, self._look)

    def stop_work(self) -> None:
        self._checks.stop()

    def leave_processors(self) -> Work[Any] | None:
        return self._checks.work

    def opened_again(self) -> dict[str, Any]:
        checks = self._checks
        again = {"resolved": checks.resolved, "checks": checks, "origin": self._origin, "costs": self._costs}
        return again | ({} if self._origin is None else {"ticks": self._ticks})

    def _look(self) -> None:
        if self.app.screen is not self:
            return
        self._looks += 1
        seen = (len(self._checks.found), self._checks.done, self._looks if not self._checks.done else 0)
        if seen != self._shown_state:
            self._shown_state = seen
            self._show()
            self.refresh_keys()

    def _show(self) -> None:
        checks = self._checks
        running = checks.running_item
        self.query_one(Items).show(checks.found, self._ticks, self.say, running, self._looks)
        verdict = plain(self._verdict())
        self.query_one("#verdict", Static).update(verdict.stylize("bold $warning") if self._asks else verdict)

    @property
    def _ticks(self) -> dict[str, bool]:
        """Set by the user for this run: those of a plan below a follow-up run are of another one."""
        return self.own_app.stage.ticks if self._origin is None else self._own_ticks

    def _verdict(self) -> str:
        say, checks, settings = self.say, self._checks, self._checks.resolved.settings
        if checks.error is not None:
            return f"✗ {error_text(checks.error, say)}"
        failed = self._failing
        names = ", ".join(one_line(title_of(one, say)) for one in failed)
        if not checks.done:
            spinner = _SPINNER[self._looks % len(_SPINNER)]
            under_way = f"{spinner} " + say("checklist.checking", done=len(checks.found), total=checks.total or "…")
            told = say("checklist.failed", names=names) if failed else ""
            asked = [self._beside_words, say("checklist.not-done")] if self._asks else []
            return " · ".join(part for part in (under_way, told, *asked) if part)
        if self._asks:
            sure = say("checklist.sure", names=names) if failed else say("checklist.again")
            return " · ".join(part for part in (self._beside_words, sure) if part)
        key = "checklist.failing" if failed else "checklist.ready"
        place = {"name": settings.run_folder.name, "folder": settings.run_folder, "count": len(failed)}
        begun = begun_from(settings.as_dict(), say)
        ready = say(key, **place) + (f" · {begun}" if begun else "")
        if checks.planned is None:
            return ready
        return say("checklist.planned", choices=chosen_values(checks.planned.choices, _SHOWN, say)) + "\n" + ready

    @property
    def _asks(self) -> bool:
        """Whether the start was asked for, and waits for its confirmation."""
        if self._asked is None or not self._failed_ids <= self._asked:
            return False
        return bool(self._failing or self._beside) or not self._checks.done

    @property
    def _beside_words(self) -> str:
        return words_about_training(self._beside, self.say)

    @property
    def _failed_ids(self) -> frozenset[str]:
        return frozenset(str(one.get("id")) for one in self._failing)

    @property
    def _failing(self) -> list[dict[str, Any]]:
        """The findings of the failed checks."""
        return failing(self._checks.found)

    def on_items_ticked(self, event: Items.Ticked) -> None:
        self._ticks[event.item] = not self._ticks.get(event.item, False)
        self._show()

    def on_items_remedy_chosen(self) -> None:
        self.action_apply()

    def action_tick(self) -> None:
        self.query_one(Items).tick()

    def action_waive(self) -> None:
        """Waive the check under the cursor, or undo that."""
        finding = self.query_one(Items).finding
        if finding is None or finding.get("status") not in ("warn", "fail", "error"):
            self.own_app.tell("checklist.not-waivable")
            return
        self._checks.waive(str(finding["id"]))
        self._asked = None
        self._show()

    def action_fold(self) -> None:
        self.query_one(Items).fold()

    def shown_keys(self) -> list[Key]:
        hidden = set() if self._offers else {"apply"}
        if not any(one.get("status") in ("warn", "fail", "error") for one in self._checks.found):
            hidden.add("waive")
        return [key for key in keys_of(self.table) if key.action not in hidden]

    @property
    def _offers(self) -> list[Offer]:
        return offers(self._checks.found, self._checks.resolved.settings.as_dict())

    def action_apply(self) -> None:
        """Change the plan by a remedy, and run the affected checks again."""
        from mmrec_tui.app.screens.remedy import RemedyScreen

        found = self._offers
        if not found:
            self.own_app.tell("remedy.none")
            return
        self.app.push_screen(RemedyScreen(found, planned=True), self._apply)

    def _apply(self, offer: Offer | None) -> None:
        if offer is None:
            return
        self._asked = None
        self._checks.apply(offer)
        self._costs = None  # they were those of other settings
        if self._origin is not None:
            changes = {name: (offer.before.get(name), value) for name, value in offer.changes.items()}
            self._origin = replace(self._origin, changes={**self._origin.changes, **changes})
        else:  # a plan below a follow-up run is that of another run
            for screen in self.app.screen_stack:
                if isinstance(screen, MmrecScreen):
                    screen.take_remedy(offer.changes)
        self.own_app.tell("remedy.changed", change=figures(offer.before, offer.changes, self.say.language))
        self._show()

    def action_start(self) -> None:
        """Warnings do not prevent the start; a failure, checks that have not ended, or another run that trains, need a
        confirmation. What has failed since it was asked for needs another one."""
        checks = self._checks
        if not self.own_app.may_train():
            return
        if not self._asks:
            self._beside = training_now(checks.resolved.settings.run_folder.parent)
            if self._failing or self._beside or not checks.done:
                self._asked = self._failed_ids
                self._show()
                return
        parameters = StartParameters(
            found=tuple(checks.found), origin=self._origin, costs=self._costs, planned=checks.planned
        )
        self.own_app.stage.ticks = self._ticks  # they get a file with the folder of the run
        resolved, work = checks.resolved, checks.stop()
        name = free_run_name(resolved.settings)
        if name != resolved.settings.run_folder.name:  # another process has taken it since
            resolved = named(resolved, name)
        self.own_app.begin(resolved, work, parameters)
