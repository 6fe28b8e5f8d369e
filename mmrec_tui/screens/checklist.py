"""Before training: the guide's four items, what was found under each, and the person's own ticks."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.widgets import Static

from mmrec_engine.corpus.prepare import Corpus
from mmrec_engine.quality.readable import skipped_finding
from mmrec_engine.settings import Resolved
from mmrec_tui.screens.base import KeyBar, MmrecScreen, Title
from mmrec_tui.session import Work
from mmrec_tui.widgets.items import Items
from mmrec_tui.widgets.panels import plain


class ChecklistScreen(MmrecScreen):
    """resolved: the run as planned; corpus: its prepared text; measuring: a measurement that training waits for."""

    table: ClassVar[str] = "checklist"
    topic: ClassVar[str | None] = "dataset-ready"

    def __init__(self, resolved: Resolved, corpus: Corpus, measuring: Work[Any] | None = None) -> None:
        super().__init__()
        self._run, self._measuring = resolved, measuring
        self._findings: list[dict[str, Any]] = [skipped_finding(skipped) for skipped in corpus.skipped]
        self._sure = False

    def compose(self) -> ComposeResult:
        say = self.say
        yield Title(say("checklist.title"))
        yield Static(say("checklist.what"), classes="intro")
        yield Items("before", id="items")
        yield Static(id="verdict")
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        self._show()
        self.set_focus(self.query_one(Items))

    def _show(self) -> None:
        self.query_one(Items).show(self._findings, self.own_app.stage.ticks, self.say)
        key = "checklist.failing" if self._failing else "checklist.ready"
        values = {"name": self._run.settings.run_folder.name, "folder": self._run.settings.run_folder}
        self.query_one("#verdict", Static).update(plain(self.say(key, **values)))

    @property
    def _failing(self) -> bool:
        return any(finding.get("status") in ("fail", "error") for finding in self._findings)

    def on_items_ticked(self, event: Items.Ticked) -> None:
        ticks = self.own_app.stage.ticks
        ticks[event.item] = not ticks.get(event.item, False)
        self._show()

    def action_tick(self) -> None:
        self.query_one(Items).tick()

    def action_start(self) -> None:
        """Warnings do not stand in the way; a failure wants a second, clear yes."""
        if self._failing and not self._sure:
            self._sure = True
            self.own_app.warn("checklist.sure")
            return
        self.own_app.begin(self._run, self._measuring)
