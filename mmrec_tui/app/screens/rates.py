"""The search for a learning rate: the curve of loss over rate as it grows, and what follows from it."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.widgets import Static

from mmrec_tui.app.screens.base import KeyBar, Title
from mmrec_tui.app.screens.searching import SearchScreen
from mmrec_tui.app.session import Work
from mmrec_tui.app.widgets.plot import Plot
from mmrec_tui.presentation.advice import RATE_STEPS, rate_advice, rate_settings
from mmrec_tui.presentation.figures import rates

if TYPE_CHECKING:
    from mmrec_engine.planning.lr_finder import RateSearch


class RatesScreen(SearchScreen):
    table: ClassVar[str] = "rates"
    topic: ClassVar[str | None] = "learning_rate"

    def compose(self) -> ComposeResult:
        say = self.say
        yield Title(say("rates.title"))
        yield Static(say("rates.what"), classes="intro", markup=False)
        yield Plot(say("rates.plot"), "learning_rate", say("plot.waiting"), id="searched")
        yield Static(id="verdict")
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        self.set_focus(self.query_one(Plot))
        super().on_mount()

    def search(self, work: Work[None]) -> Generator[RateSearch, None, None]:
        from mmrec_engine.planning.lr_finder import search_rates

        return search_rates(self._settings, self._corpus, steps=RATE_STEPS)

    def show(self, found: RateSearch) -> None:
        self.query_one(Plot).show(rates(found, self.say))

    def under_way(self, found: RateSearch) -> str:
        say, point = self.say, found.points[-1]
        share = say.whole_percent(len(found.points) / found.planned)
        return say("rates.under-way", rate=say.about_rate(point.rate), loss=say.number(point.loss, 3), done=share)

    def advice(self, found: RateSearch) -> list[str]:
        return [rate_advice(found, self.say)]

    def settings_from(self, found: RateSearch) -> dict[str, Any]:
        return rate_settings(found)
