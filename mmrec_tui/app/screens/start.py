"""The first screen: possible next steps, the recent runs, and the machine."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from mmrec_tui.app.course import WIDTH, course_of, text_of
from mmrec_tui.app.keys import Key, keys_of
from mmrec_tui.app.newer_runs import NewerRuns
from mmrec_tui.app.screens.base import KeyBar, MmrecScreen
from mmrec_tui.app.session import Work
from mmrec_tui.app.widgets.panel import plain
from mmrec_tui.app.widgets.restyling import set_options
from mmrec_tui.locales import Wording
from mmrec_tui.presentation.states import ENDED, OVER, STATE_STYLES
from mmrec_tui.terminal import one_line

if TYPE_CHECKING:
    from mmrec_engine.runs.catalog import RunSummary

_LOOK_SECONDS = 0.2
_MOST_RUNS = 12
_MINUTES = (2, 10, 60)  # for a good model
_TIMED = "timed_"
_STATE_WIDTH = 14
_BEST_WIDTH = 9
_SCROLL_BAR = 2  # columns
_BESIDE_THE_NAME = 1 + _STATE_WIDTH + _BEST_WIDTH + len("  12-31 23:59")
_SHORTEST_NAME, _USUAL_NAME, _LONGEST_NAME = 8, 14, 28
_NARROW, _WIDE = 66, 110  # columns of a line with room for a name of 18 columns, and for the longest one
# Columns of the parts that not every line has, with what separates them.
_STEP, _COURSE, _YEAR = 11, WIDTH + 2, len("2026-")
_TEXTS = (8, 24)  # columns of a text's name, at least and at most


class StartScreen(MmrecScreen):
    table: ClassVar[str] = "start"
    topic: ClassVar[str | None] = "dataset-ready"

    def __init__(self) -> None:
        super().__init__()
        self._runs: list[RunSummary] = []
        self._reading: Work[list[RunSummary]] | None = None
        # Of a run: when its record had changed last, its course, and the name of its text.
        self._courses: dict[Path, tuple[float, str, str]] = {}
        self._reading_courses: Work[dict[Path, tuple[float, str, str]]] | None = None
        self._newer = NewerRuns()
        self._accelerator = ""
        self._shown_before = False

    def compose(self) -> ComposeResult:
        say = self.say
        with Vertical(id="start"):
            yield Static(Content.styled("mmrec", "bold $primary") + Content(f"  {say('start.what')}"), id="name")
            yield Static(id="machine-line")  # after the first frame
            actions = OptionList(*self._actions(), id="actions")
            actions.border_title = say("start.actions")
            yield actions
            runs = OptionList(Option(say("start.reading"), disabled=True), id="recent")
            runs.border_title = say("start.recent")
            yield runs
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        self.set_focus(self.query_one("#actions", OptionList))
        self.call_after_refresh(self._after_first_frame)
        self.set_interval(_LOOK_SECONDS, self._look)

    def on_screen_resume(self) -> None:
        if self._shown_before:
            self._read_runs()
        self._shown_before = True

    def _after_first_frame(self) -> None:
        self.query_one("#machine-line", Static).update(self._machine())
        self._read_runs()

    def on_resize(self) -> None:
        if self._shown_before:
            self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        """The lines that depend on the present width."""
        self.query_one("#machine-line", Static).update(self._machine())
        if self._reading is None:
            self._show_runs()

    def _read_runs(self) -> None:
        if self._reading is None:
            self._reading = Work(_known_runs)

    def _look(self) -> None:
        read: list[RunSummary] | None = None
        if self._reading is not None:
            if self._reading.done:
                read, self._reading = self._reading.result or [], None
        elif self.app.screen is self:
            newer = self._newer.found(self._runs)
            read = None if newer is None else in_their_places(newer, self._runs)
        if read is not None:
            self._runs = read
            self._show_runs()
            known = {path: changed for path, (changed, *_) in self._courses.items()}
            older = [run for run in self._runs[:_MOST_RUNS] if known.get(run.path) != run.changed]
            if older and self._reading_courses is None:
                self._reading_courses = Work(lambda _: {
                    run.path: (run.changed, course_of(run.path), text_of(run.path)) for run in older
                })  # fmt: skip
        if self._reading_courses is not None and self._reading_courses.done:
            self._courses |= self._reading_courses.result or {}
            self._reading_courses = None
            self._show_runs()
        torch = sys.modules.get("torch")
        loaded = self.own_app.torch is not None and self.own_app.torch.done
        if not self._accelerator and loaded and torch is not None:
            cuda = torch.cuda.is_available()
            self._accelerator = torch.cuda.get_device_name(0) if cuda else "MPS" if _mps(torch) else "-"
            self.query_one("#machine-line", Static).update(self._machine())

    def _show_runs(self) -> None:
        say = self.say
        shown = self._runs[:_MOST_RUNS]
        recent = self.query_one("#recent", OptionList)
        recent.set_class(not shown, "-empty")
        place = recent.content_region
        room = place.width - (_SCROLL_BAR if len(shown) >= place.height else 0)
        head = heading(say, room) if shown else plain(say("start.no-runs"))
        lines = [Option(head, disabled=True)]
        for run in shown:
            _, course, text = self._courses.get(run.path, (0.0, "", ""))
            lines.append(Option(run_line(run, say, room, course, text), id=str(run.path)))
        set_options(recent, lines)
        set_options(self.query_one("#actions", OptionList), self._actions())
        self.query_one(KeyBar).show_keys()

    def _actions(self) -> list[Option]:
        say = self.say
        options = [Option(_action("n", say("start.new")), id="new_run")]
        for minutes in _MINUTES:
            options.append(Option(_action(" ", say("start.timed", minutes=minutes)), id=f"timed_{minutes}"))
        last, live = self._last, self._live
        if last is not None:
            options.append(Option(_action("c", say("start.go-on", name=one_line(last.name))), id="go_on"))
        if live is not None:
            words = "start.watch-paused" if live.state == "PAUSED" else "start.watch"
            options.append(Option(_action("w", say(words, name=one_line(live.name))), id="watch"))
        options.append(Option(_action("r", say("start.runs")), id="runs"))
        options.append(Option(_action("g", say("start.guide")), id="guide"))
        return options

    @property
    def _last(self) -> RunSummary | None:
        """The newest stopped run that can be resumed."""
        stopped = (run for run in self._runs if run.state in ("DIED", "STOPPED"))
        return max(stopped, key=lambda run: run.changed, default=None)

    @property
    def _live(self) -> RunSummary | None:
        return next((run for run in self._runs if run.state not in OVER), None)

    def _machine(self) -> Content:
        from mmrec_engine.system.cores import available_cores
        from mmrec_engine.system.memory import available_bytes

        cores = available_cores()
        say = self.say
        values = {"cores": cores, "memory": say.memory(available_bytes())}
        accelerator = {"": say("start.accelerator-unknown"), "-": say("start.accelerator-none")}
        words = accelerator.get(self._accelerator, self._accelerator)
        machine = say("start.machine", accelerator=words, **values)
        shorter = (machine, machine.partition(" (")[0], machine.rpartition(", ")[0])
        width = self.query_one("#machine-line").size.width or cell_len(machine)
        return Content.styled(next((one for one in shorter if cell_len(one) <= width), machine), "$foreground 80%")

    def shown_keys(self) -> list[Key]:
        hidden = {"go_on"} if self._last is None else set()
        if self._live is None:
            hidden.add("watch")
        return [key for key in keys_of(self.table) if key.action not in hidden]

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        if event.option_list.id == "recent":
            run = next((run for run in self._runs if str(run.path) == event.option.id), None)
            if run is not None:
                self._opening()
                (self.own_app.show_report if run.state in ENDED else self.own_app.watch_run)(run.path)
        elif event.option.id is not None and event.option.id.startswith(_TIMED):
            self._plan_for(60.0 * int(event.option.id.removeprefix(_TIMED)))
        elif event.option.id is not None:
            getattr(self, f"action_{event.option.id}")()

    def _opening(self) -> None:
        """Say so at once: while the engine is loaded, the next screen takes seconds."""
        if self.own_app.torch is None or not self.own_app.torch.done:
            self.own_app.tell("start.opening")
            self._dirty_widgets.update(self.query(KeyBar))
            self._on_timer_update()  # draws now: what follows blocks the loop
            self.app.call_later(self.own_app.withdraw, "start.opening")

    def action_new_run(self) -> None:
        self._opening()
        self.own_app.open_screen("plan")

    def _plan_for(self, seconds: float) -> None:
        """The plan of the best model in this time, for the text that was chosen last."""
        self._opening()
        self.own_app.plan_in_the_time(self.own_app.stage.preferences.plan, seconds)

    def action_go_on(self) -> None:
        self._opening()
        from mmrec_engine.settings import resolve

        if self._last is not None:
            place = {"output_dir": str(self._last.path.parent), "name": self._last.path.name}
            self.own_app.resume(resolve(place))

    def action_watch(self) -> None:
        if self._live is not None:
            self._opening()
            self.own_app.watch_run(self._live.path)

    def action_runs(self) -> None:
        self._opening()
        self.own_app.open_screen("runs")


def in_their_places(runs: list[RunSummary], shown: list[RunSummary]) -> list[RunSummary]:
    """The shown runs in the order in which they are shown, under the mouse of a person who is choosing one; new ones above."""
    places = {run.path: place for place, run in enumerate(shown)}
    return sorted(runs, key=lambda run: places.get(run.path, -1))


def heading(say: Wording, room: int) -> Content:
    """The titles of the columns of `run_line`."""
    columns = _columns(room)
    name, state = say("table.name")[: columns.name].ljust(columns.name), say("table.state").ljust(_STATE_WIDTH)
    step = f"{say('table.step'):>9}  " if columns.with_step else ""
    when = say("table.changed").ljust(len(time.strftime(columns.when)))
    text = f"  {say('table.text')}" if columns.text else ""
    line = f"{name} {state}{step}{say('start.best'):>{_BEST_WIDTH}}  {when}{text}"
    return Content.styled(line, "$foreground 80%")


def run_line(run: RunSummary, say: Wording, room: int, course: str = "", text: str = "") -> Content:
    """A run in one line: name, state word, step, best bits per character, when, its text, and a sparkline of its validation
    loss.

    room: columns; if they are few, some of it is left out.
    """
    columns = _columns(room)
    bits = run.best_bits_per_character
    best = say("value.none") if bits is None else say.number(bits, 3)
    when = time.strftime(columns.when, time.localtime(run.changed))
    name = Content(one_line(run.name)).truncate(columns.name, ellipsis=True, pad=True)
    state = Content.styled(say(f"state.{run.state}").ljust(_STATE_WIDTH), STATE_STYLES.get(run.state, ""))
    step = f"{say.number(run.step):>9}  " if columns.with_step else ""
    line = name + Content(" ") + state + Content(f"{step}{best:>{_BEST_WIDTH}}  {when}")
    if columns.text:
        line += Content("  ") + plain(text).truncate(columns.text, ellipsis=True, pad=True)
    return line + Content("  ") + Content.styled(course, "$primary") if course and columns.with_course else line


@dataclass(frozen=True)
class _Columns:
    """name, text: columns of the two names, of the text 0 without it; when: a format of the time."""

    name: int
    text: int
    with_step: bool
    with_course: bool
    when: str


def _columns(room: int) -> _Columns:
    """The parts of a line that fit: first the text, because bits of different texts do not compare."""
    shorter = min(_USUAL_NAME, max(_SHORTEST_NAME, room - _BESIDE_THE_NAME))
    name = _LONGEST_NAME if room >= _WIDE else 18 if room >= _NARROW else shorter
    least, most = _TEXTS
    rest = room - name - _BESIDE_THE_NAME - 2 - least
    with_text = rest >= 0
    fits = []
    for columns in (_STEP, _COURSE, _YEAR):
        fits.append(with_text and rest >= columns)
        rest -= columns if fits[-1] else 0
    text = min(most, least + rest) if with_text else 0
    return _Columns(name, text, fits[0], fits[1], f"{'%Y-' if fits[2] else ''}%m-%d %H:%M")


def _known_runs(_: Work[list[RunSummary]]) -> list[RunSummary]:
    from mmrec_engine.runs.catalog import known_runs

    return known_runs()


def _action(key: str, words: str) -> Content:
    return Content.styled(f" {key} ", "bold $accent") + Content(f" {words}")


def _mps(torch: object) -> bool:
    backends = getattr(torch, "backends", None)
    return bool(backends is not None and backends.mps.is_available())
