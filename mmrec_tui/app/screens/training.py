"""A run on screen, live or ended, of this process or another. Everything shown is a function of its history."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.events import DescendantFocus

from mmrec_engine.errors import MmrecError
from mmrec_tui.app.in_app import error_text
from mmrec_tui.app.keys import Key, keys_of
from mmrec_tui.app.meter import Meter
from mmrec_tui.app.pacing import RedrawInterval
from mmrec_tui.app.screens.asking import SureScreen
from mmrec_tui.app.screens.base import KeyBar
from mmrec_tui.app.screens.run_view import RunViewScreen
from mmrec_tui.app.widgets.finding_panels import Checklist, Hints
from mmrec_tui.app.widgets.lens import Lens
from mmrec_tui.app.widgets.machine import MachinePanel
from mmrec_tui.app.widgets.panel import TitledPanel
from mmrec_tui.app.widgets.panels import Log, Patience, SampleText, StateLine
from mmrec_tui.app.widgets.plot import Plot
from mmrec_tui.app.widgets.tabs import PanelTabs
from mmrec_tui.presentation.figures import figure_of
from mmrec_tui.presentation.panels import PANELS, PLOTS
from mmrec_tui.presentation.reading import short_name
from mmrec_tui.presentation.states import ENDED, OVER
from mmrec_tui.terminal import one_line

if TYPE_CHECKING:
    from mmrec_engine.run.follow_up import Offer

_TICK_SECONDS = 0.25
_METER_TICKS = 4
_PANED = 28  # rows from which two columns have space for three plots
_ROOMY = 46  # rows from which the grid has space for the log too


class TrainingScreen(RunViewScreen):
    """shown: the selected panel. grid: with the others beside it where there is space, not maximised. log: a logarithmic axis.
    earlier: with the previous run on the same text."""

    table: ClassVar[str] = "training"
    topic: ClassVar[str | None] = "loss"

    def __init__(
        self,
        shown: str = PANELS[0],
        *,
        grid: bool = True,
        log: bool = False,
        earlier: bool = False,
        lens: Lens | None = None,
    ) -> None:
        super().__init__(lens, log=log)
        self._shown = shown
        self._opened_with = (shown, grid, earlier)
        self._pacing = RedrawInterval()
        self._meter = Meter()
        self._ticks = 0
        self._last_state = ""
        self._seen_beside: tuple[object, ...] = ()
        self._will_pause = False  # asked for while the run is prepared
        self._broken: set[str] = set()

    def compose(self) -> ComposeResult:
        say = self.say
        yield StateLine(id="state")
        yield PanelTabs(id="tabs")
        with Container(id="body"):
            with Container(id="plots"):
                titles = {name: f"{number} {say(f'panel.{name}')}" for number, name in enumerate(PANELS, start=1)}
                for name in PLOTS:
                    yield Plot(titles[name], name, say("plot.waiting"), id=f"panel-{name}", classes="panel")
                yield MachinePanel(titles["machine"], "machine", id="panel-machine", classes="panel")
                yield Log(titles["log"], None, id="panel-log", classes="panel")
            with Vertical(id="side"):
                yield Patience(say("panel.patience"), "patience", id="patience")
                yield Checklist(say("panel.checklist"), "loss-falling", id="checklist")
                yield Hints(say("panel.hints"), "overfitting", id="hints")
                yield Log(titles["log"], None, id="side-log")
        yield SampleText(say("panel.sample"), "sample", id="sample")
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        shown, grid, earlier = self._opened_with
        self.set_class(grid, "-grid")
        self._show_panel(shown)
        self.set_interval(_TICK_SECONDS, self._tick)
        if earlier:
            self.action_earlier()
        self.call_after_refresh(self._draw)
        self.call_after_refresh(self._show_panel, shown)  # the first panel has been focused since

    def opened_again(self) -> dict[str, Any]:
        grid = self.has_class("-grid")
        return {"shown": self._shown, "grid": grid, "log": self._log, "earlier": self._with_earlier, "lens": self._lens}

    def on_screen_resume(self) -> None:
        self._draw()

    def on_resize(self) -> None:
        self.set_class(self.size.height >= _ROOMY, "-roomy")
        self.set_class(self.size.height >= _PANED, "-paned")
        self.call_after_refresh(self._draw)
        self.call_after_refresh(self.refresh_keys)

    # Drawing

    def _tick(self) -> None:
        """Numbers four times a second, curves as often as the pacing allows, and only while this screen is visible."""
        if self.app.screen is not self:
            return
        self._ticks += 1
        self._draw_numbers()
        self._look_for_earlier()
        with self.session.reading() as history:
            age = history.seconds
        if self._pacing.tick(age):
            self.draw_plots()

    def _draw(self) -> None:
        if not self.query_one(StateLine).size:
            return  # content set before the first layout would keep its wrong height; the following resize draws
        self._draw_numbers()
        self.draw_plots()

    def _draw_numbers(self) -> None:
        session = self.session
        live, state, name = session.live, session.state, session.folder.name
        error = error_text(session.error, self.say) if session.error is not None else ""
        resumable = session.resumable
        over, short = state in OVER, self.has_class("-narrow") or self.has_class("-numbers")
        decay = self.own_app.stage.preferences.smoothing
        with session.reading() as history:
            corpus = "" if history.started is None else short_name(history.started.corpus)
            self._guarded("state", lambda one: cast(StateLine, one).look(history, state, name, corpus, decay))
            self._guarded("patience", lambda one: cast(Patience, one).look(history, over))
            self._guarded(
                "checklist",
                lambda one: cast(Checklist, one).look(history.findings, {}, "during", short=short, over=over),
            )
            self._guarded("hints", lambda one: cast(Hints, one).look(history, state, error, resumable))
            self._guarded("sample", lambda one: cast(SampleText, one).look(history, over))
            for log in ("panel-log", "side-log"):
                self._guarded(log, lambda one: cast(Log, one).look(history))
        if self._ticks % _METER_TICKS == 1:
            readings = self._meter.read(session.process)
            self._guarded("panel-machine", lambda one: cast(MachinePanel, one).look(readings, over))
        if state != self._last_state and session.loaded:
            self._state_changed(state)
        # Some time after the last state the process may still be running.
        beside = live, bool(self._offers), self._begun
        if beside != self._seen_beside:
            self._seen_beside = beside
            self.query_one(KeyBar).show_keys()

    def draw_plots(self) -> None:
        view, cross, over = self._view, self._lens.cross, self.session.state in OVER
        for name in PLOTS:
            plot = self.query_one(f"#panel-{name}", Plot)
            if not plot.is_on_screen:
                continue
            with self.session.reading() as history:
                self._guarded(
                    plot.id or "",
                    lambda one, name=name: one.show(figure_of(name, history, view, self.say, over), cross),
                )

    def _guarded(self, name: str, show: Callable[..., None]) -> None:
        """A panel that fails says so in its place; the others, and the training, are not affected."""
        widget = self.query_one(f"#{name}")
        try:
            show(widget)
            self._broken.discard(name)
        except Exception as error:
            if name not in self._broken:
                self._broken.add(name)
                self.own_app.note_broken(error)
            words = self.say("panel.broken")
            if isinstance(widget, Plot):
                widget.tell(words)
            elif isinstance(widget, TitledPanel):
                widget.tell(Content.styled(words, "$error"))

    def _state_changed(self, state: str) -> None:
        before, self._last_state = self._last_state, state
        self._will_pause = self._will_pause and state == "PREPARING"
        if state in OVER:
            self.draw_plots()  # the last steps, even if curves are rarely drawn
        self.query_one(KeyBar).show_keys()
        if before and state in OVER:
            self.own_app.tell("training.ended", state=self.say(f"state.{state}"))

    # The selected panel, if there is space for one

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        name = (event.widget.id or "").removeprefix("panel-")
        if name in PANELS and name != self._shown:
            self._show_panel(name)

    def _show_panel(self, name: str) -> None:
        self._shown = name
        for panel in PANELS:
            self.query_one(f"#panel-{panel}").set_class(panel == name, "-shown")
        self.query_one(PanelTabs).look(PANELS, name)
        self.call_after_refresh(self._draw)

    def action_show(self, name: str) -> None:
        """Select a panel; one without a place in the grid is maximised."""
        panel = self.query_one(f"#panel-{name}")
        if self._has_grid and self.has_class("-grid") and not panel.display:
            self.remove_class("-grid")
        self._show_panel(name)
        self.call_after_refresh(self.set_focus, panel)

    @property
    def _has_grid(self) -> bool:
        """Whether there is space for several panels at once, of which one can be maximised."""
        high = self.has_class("-usual") or self.has_class("-tall")
        return high and (self.has_class("-wide") or (self.has_class("-medium") and self.has_class("-paned")))

    def action_maximise(self) -> None:
        if not self._has_grid:
            return
        self.toggle_class("-grid")
        self._show_panel(self._shown)

    def action_back(self) -> None:
        """Out of a maximised panel first, then out of the screen."""
        if self._has_grid and not self.has_class("-grid"):
            self.action_maximise()
        else:
            super().action_back()

    # Keys

    def shown_keys(self) -> list[Key]:
        session = self.session
        hidden = {"pause", "save", "stop", "detach"} if not session.live else {"go_on_run", "report", "new_run"}
        if not self._begun:  # nothing to save or to hand over
            hidden |= {"save", "detach"}
        if not session.resumable:
            hidden.add("go_on_run")
        if not session.has_begun:
            hidden.add("report")
        if not session.owned:
            hidden.add("detach")
        if not self._has_grid:
            hidden.add("maximise")
        if not self._offers:
            hidden.add("apply")
        return [key for key in keys_of(self.table) if key.action not in hidden]

    def barred_keys(self) -> list[Key]:
        """The remedies first, because a hint asks for them. The numbers of the panels are in their titles and tabs already."""
        keys = [key for key in self.shown_keys() if not key.action.startswith("show(")]
        return sorted(keys, key=lambda key: key.action != "apply")

    def action_pause(self) -> None:
        paused = self.session.paused or self._will_pause
        self._will_pause = not paused and self.session.state == "PREPARING"
        self._ask("resume" if paused else "pause", "asked.pause-later" if self._will_pause else "")

    def action_save(self) -> None:
        self._ask("save")

    def action_stop(self) -> None:
        """Asks first: a key is pressed, and the bar clicked, by mistake."""
        if self.session.live:
            question = self.say("stop.question", name=one_line(self.session.folder.name))
            self.app.push_screen(SureScreen(question, "stop.yes"), lambda sure: self._ask("stop") if sure else None)
        else:
            self.own_app.warn("training.not-live")

    @property
    def _offers(self) -> list[Offer]:
        """The remedies for the findings; none before the first step."""
        from mmrec_engine.run.follow_up import offers

        with self.session.reading() as history:
            if history.last_step is None:
                return []
            settings = history.settings_now
            ended = history.warmup_has_ended()
            return offers(list(history.findings), settings, live=self.session.live, warmup_ended=ended)

    def action_apply(self) -> None:
        """Show the remedies for the findings, to be applied at once or in a follow-up run."""
        from mmrec_tui.app.screens.remedy import RemedyScreen

        session, found = self.session, self._offers
        with session.reading() as history:
            ended = history.warmup_has_ended()
        if not found:
            self.own_app.tell("remedy.none")
            return

        def take(offer: Offer | None) -> None:
            if offer is not None:
                self.own_app.apply(session, offer)

        self.app.push_screen(RemedyScreen(found, live=session.live, warmup_ended=ended), take)

    def _ask(self, command: str, told: str = "") -> None:
        if not self.session.live:
            self.own_app.warn("training.not-live")
            return
        if command == "save" and not self._begun:
            self.own_app.warn("training.nothing-to-save")
            return
        try:
            self.session.ask(command)
        except MmrecError as error:
            self.own_app.tell_error(error)
            return
        self.own_app.tell(told or f"asked.{command}")

    def action_detach(self) -> None:
        training = self.own_app.stage.training
        if training is None:
            self.own_app.warn("training.not-owned")
            return
        self.own_app.open_screen("leaving", detach_now=True)

    def action_go_on_run(self) -> None:
        session = self.session
        if session.resumable:
            self.own_app.continue_run(session.folder, finished=session.state == "FINISHED")

    def action_report(self) -> None:
        if self.session.live and self.session.state not in ENDED:
            self.own_app.warn("training.report-later")
            return
        if not self.session.has_begun:
            self.own_app.warn("hint.stopped-early")
            return
        self.own_app.show_report(self.session.folder)

    def action_new_run(self) -> None:
        self.own_app.plan_run()
