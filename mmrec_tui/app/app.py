"""The app: a sequence of screens over one stage, in the user's language. Holds no training logic.

start ─► plan ─► checklist ─► training ─► report        runs ─► report, training, compare        guide, from anywhere
"""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual._context import active_message_pump
from textual._styles_cache import StylesCache
from textual.app import App
from textual.binding import BindingsMap
from textual.css.query import NoMatches
from textual.dom import DOMNode
from textual.filter import NoColor

from mmrec_engine.errors import MmrecError
from mmrec_engine.storage.run_files import LOG
from mmrec_tui.app.in_app import error_text
from mmrec_tui.app.themes import THEMES, next_theme
from mmrec_tui.terminal import one_line

if TYPE_CHECKING:
    from textual.app import SystemCommand
    from textual.screen import Screen

    from mmrec_engine.run.follow_up import Offer, Origin
    from mmrec_engine.runs.run_time import Costs
    from mmrec_engine.settings import Resolved
    from mmrec_tui.app.session import Session, Training, Work
    from mmrec_tui.app.stage import Stage, Streams

_LOOK_SECONDS = 0.25
_TIDY_SECONDS = 60.0


@dataclass(frozen=True)
class Relaunch:
    """Open the app again, because language, commands and bindings are set when it is opened."""


class MmrecApp(App[object], inherit_bindings=False):
    """stage: state that outlives this app. streams: descriptors 1 and 2; None in tests."""

    CSS_PATH = "app.tcss"
    TITLE = "mmrec"
    COMMANDS: ClassVar[set[Any]] = set()
    ENABLE_COMMAND_PALETTE = True
    NOTIFICATION_TIMEOUT = 4
    HORIZONTAL_BREAKPOINTS = [(0, "-numbers"), (60, "-narrow"), (100, "-medium"), (140, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (16, "-low"), (24, "-usual"), (36, "-tall")]  # noqa: RUF012

    def __init__(self, stage: Stage, streams: Streams | None = None) -> None:
        driver = None
        if streams is not None:
            from mmrec_tui.app.driver import TerminalDriver

            driver = TerminalDriver
        super().__init__(driver_class=driver)
        if self.no_color:  # Textual draws in greys then, which a terminal treats as colours
            self._filters = [NoColor()]
        self.stage, self.streams = stage, streams
        self.say = stage.wording
        self.failure: BaseException | None = None
        self.torch: Work[None] | None = None
        self.broken: list[BaseException] = []
        self._awaited: Session | None = None  # the run whose end is to be announced to a user who is elsewhere
        self._tells_focus = False  # whether this terminal reports its focus
        self._bindings = BindingsMap()
        self._bindings.bind("ctrl+c", "how_to_quit", show=False)
        self._bindings.bind("ctrl+q", "quit_now", show=False, priority=True)  # in dialogs too
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = stage.preferences.theme if stage.preferences.theme in self.available_themes else THEMES[0].name

    # The sequence of screens

    def get_default_screen(self) -> Screen[Any]:
        from mmrec_tui.app.screens.start import StartScreen

        return StartScreen()

    def on_mount(self) -> None:
        if self.stage.session is not None:
            self.show_run()
        if self.stage.writing is not None:
            self.write_with(*self.stage.writing)
        if self.stage.notice:
            self.notify(self.stage.notice, severity="error", timeout=20)
            self.stage.notice = ""
        self.set_interval(_LOOK_SECONDS, self.look_after)
        self.set_interval(_TIDY_SECONDS, self._tidy)
        self.call_after_refresh(self.load_torch)

    def load_torch(self) -> None:
        """After the first frame: it takes seconds, and nothing on screen needs it."""
        from mmrec_tui.app.session import load_torch

        if self.torch is None:
            self.torch = load_torch()

    def open_screen(self, name: str, **how: Any) -> None:
        """A screen on top of this one. Its code is loaded when it is first used."""
        self.push_screen(_screen(name, **how))

    def search(self, name: str, found: Callable[[Any], None], *what: Any) -> Work[Any]:
        """A search on top of this screen; `found` is called with the settings to apply, or None. Returns its work."""
        screen: Any = _screen(name, *what)
        self.push_screen(screen, found)
        work: Work[Any] = screen.work
        return work

    def show_run(self) -> None:
        """The run on the stage, live or ended."""
        self.push_screen(_screen("training"))

    def show_report(self, folder: Path) -> None:
        if self._is_its_own(folder):
            self.open_screen("report", folder=folder)

    def write_with(self, checkpoint: str, title: str) -> None:
        """A place to write in with this model; it is opened again in another language."""
        self.stage.writing = (checkpoint, title)
        self.push_screen(_screen("write", checkpoint=checkpoint, title=title), self._end_writing)

    def _end_writing(self, _: object) -> None:
        self.stage.writing = None

    def watch_run(self, folder: Path) -> None:
        from mmrec_tui.app.session import Watching

        if not self._is_its_own(folder):
            return
        session = self.stage.session
        if session is not None and session.owned and session.live:
            if folder.resolve() == session.folder.resolve():
                self.show_run()
            else:
                self.warn("app.trains-already", name=session.folder.name)
            return
        if session is not None:
            session.close()
        self.stage.session = Watching(folder)
        self.show_run()

    def _is_its_own(self, folder: Path) -> bool:
        """Whether all files of a run are in its folder; reports if not."""
        from mmrec_engine.runs.run_folder import refuse_links

        try:
            refuse_links(folder)
        except MmrecError as error:
            self.tell_error(error)
            return False
        return True

    def plan_in_the_time(self, settings: Mapping[str, Any], seconds: float) -> None:
        """Open the plan of the best model in this time, for the text of these settings."""
        from mmrec_engine.settings import FIELDS
        from mmrec_tui.app.draft import OF_A_TEXT, Draft, known_settings

        text = {name: settings[name] for name in OF_A_TEXT if settings.get(name) not in (None, FIELDS[name].default)}
        self.stage.preferences.plan = dict(Draft(known_settings(text)).in_the_time(seconds).given)
        while len(self.screen_stack) > 1:
            self.pop_screen()
        self.open_screen("plan")

    def go_on(self, folder: Path, *, finished: bool) -> None:
        """Resume a run; a finished one for as many more minutes, steps or epochs as the user says."""
        from mmrec_engine.settings import resolve

        place = {"output_dir": str(folder.parent), "name": folder.name}
        if not finished:
            self._resume(resolve(place))
            return
        from mmrec_engine.runs.catalog import read_description
        from mmrec_tui.app.screens.asking import AskingScreen

        try:
            settings = (read_description(folder) or {})["settings"]
            limit = next(name for name in ("time", "max_steps", "epochs") if settings.get(name) is not None)
            given = settings[limit] / 60 if limit == "time" else settings[limit]
            reached = max(1, round(given))
        except (MmrecError, KeyError, TypeError, ValueError, OverflowError, StopIteration):
            self.warn("extend.unknown", name=one_line(folder.name))
            return

        def extend(answer: str | None) -> None:
            try:
                if answer is not None and int(answer) > 0:
                    more = settings[limit] + int(answer) * (60 if limit == "time" else 1)
                    self._resume(resolve({**place, limit: more}))
            except MmrecError as error:
                self.tell_error(error)

        question = self.say(f"extend.{limit}", name=one_line(folder.name), reached=self.say.number(reached))
        suggested = reached if limit == "time" else max(1, reached // 2)
        self.push_screen(AskingScreen(question, str(suggested), kind="integer"), extend)

    def _resume(self, resolved: Resolved) -> None:
        if self.stage.training is not None:
            self.warn("app.trains-already", name=self.stage.training.folder.name)
            return
        while len(self.screen_stack) > 1:
            self.pop_screen()
        self.train(resolved, resume=True)

    def train(
        self,
        resolved: Resolved,
        *,
        resume: bool = False,
        after: Work[Any] | None = None,
        found: tuple[dict[str, Any], ...] = (),
        origin: Origin | None = None,
        costs: Costs | None = None,
    ) -> None:
        """Start a training in the background and show it. after: work on the same processors that it waits for; found: by the
        checks before training; origin: the run that it follows; costs: measured for its plan."""
        from mmrec_tui.app.session import Judged, Training

        if self.stage.training is not None:
            self.warn("app.trains-already", name=self.stage.training.folder.name)
            return
        if self.stage.session is not None:
            self.stage.session.close()
        judged = Judged(found, self.say.language, origin, costs)
        session = Training(resolved, resume=resume, after=after, judged=judged)
        self.stage.session = self._awaited = session  # also if it ends before anything looks
        session.start()
        self.show_run()

    def begin(
        self,
        resolved: Resolved,
        after: Work[Any] | None = None,
        found: tuple[dict[str, Any], ...] = (),
        origin: Origin | None = None,
        costs: Costs | None = None,
    ) -> None:
        """A planned run starts: the screens of its plan are closed."""
        if self.stage.training is not None:
            self.warn("app.trains-already", name=self.stage.training.folder.name)
            return
        while len(self.screen_stack) > 1:
            self.pop_screen()
        self.train(resolved, after=after, found=found, origin=origin, costs=costs)

    def apply(self, session: Session, offer: Offer) -> None:
        """Apply a remedy: to the running training, or in a follow-up run that begins once this one has ended."""
        if offer.way == "now":
            try:
                session.ask("change", f"remedy {offer.id}", offer.changes)
            except MmrecError as error:
                self.tell_error(error)
                return
            self.tell("remedy.asked")
            return
        if session.live:
            try:
                session.ask("stop", "remedy")
            except MmrecError as error:
                self.tell_error(error)
                return
            self.tell("remedy.stopping")
        self.follow(session.folder, offer)

    def follow(self, folder: Path, offer: Offer) -> None:
        """A follow-up run of the one in this folder begins as soon as that has ended, with its own checklist."""
        from mmrec_tui.app.stage import Following

        self.stage.following = Following(folder, offer)

    def _begin_following(self) -> None:
        from mmrec_engine.run.follow_up import follow
        from mmrec_engine.storage.folder_lock import is_live

        asked = self.stage.following
        if asked is None or is_live(asked.folder):
            return
        self.stage.following = None
        try:
            resolved, origin = follow(asked.folder, offer=asked.offer)
        except MmrecError as error:
            self.tell_error(error)
            return
        while len(self.screen_stack) > 1:
            self.pop_screen()
        self.open_screen("checklist", resolved=resolved, origin=origin)

    # Checked while anything is shown

    def look_after(self) -> None:
        """The terminal may be lost, a signal may have come, a run may have made its first step."""
        stage, training = self.stage, self.stage.training
        if self.streams is not None:
            from mmrec_tui.app.driver import TerminalDriver

            stage.hung_up = stage.hung_up or TerminalDriver.terminal.hung_up
        if training is not None and not training.welcomed:
            with training.reading() as history:
                training.welcomed = history.last_step is not None
            if training.welcomed:
                self._welcome(training)
        self._look_for_end()
        if stage.following is not None:
            self._begin_following()
        if stage.hung_up or (stage.told_to_end and training is None):
            self.exit()

    def _look_for_end(self) -> None:
        """Announce the end of the run on the stage: codes if the terminal has no focus, the user's command always."""
        session = self.stage.session
        ended = session is not None and session is self._awaited and not session.live
        self._awaited = session if session is not None and session.live else None
        if not ended or session is None or self.stage.detaching is not None:
            return
        if session.nothing_left:
            self.warn("extend.nothing-left", name=one_line(session.folder.name))
            return
        from mmrec_tui import notification

        with session.reading() as history:
            ending = notification.ending_of(history, session.folder, "failed")
        in_sight = self._tells_focus and self.app_focus
        if self._driver is not None and not in_sight and ending.status != "interrupted":
            self._driver.write(notification.signs(ending, self.say))
        command = self.stage.preferences.notify
        if command and session.owned:  # the process that trains a run announces its end
            notification.start(command, ending)

    def on_app_focus(self) -> None:
        self._tells_focus = True

    def on_app_blur(self) -> None:
        self._tells_focus = True

    def _tidy(self) -> None:
        """Free memory that accumulates over hours of drawing."""
        from mmrec_engine.system.memory import give_back_freed

        # Textual caches the last thousand widgets that called this method, closed ones too, each with
        # its drawn lines: some 50 MiB of closed notifications and help.
        with contextlib.suppress(AttributeError):
            StylesCache.get_inner_outer.cache_clear()
        give_back_freed()

    def _welcome(self, training: Training) -> None:
        """Give a started run its files: the log of what libraries print, and the ticks set before its folder existed."""
        if self.streams is not None:
            self.streams.send_to(training.folder / LOG)
        if self.stage.ticks:
            from mmrec_engine.runs.checklist_marks import read_ticks, write_ticks

            try:
                write_ticks(training.folder, {**read_ticks(training.folder), **self.stage.ticks})
            except MmrecError as error:
                self.tell_error(error)
            self.stage.ticks = {}

    def _handle_exception(self, error: Exception) -> None:
        """A failing screen is closed cleanly and opened again by the caller (launch.py)."""
        if isinstance(error, NoMatches) and (self._exit or _is_leaving(active_message_pump.get(None))):
            return  # closed before it was complete: some of its widgets are gone, or were never made
        self.failure = self.failure or error
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self._close_messages_no_wait()

    def note_broken(self, error: BaseException) -> None:
        """A part of a screen failed: write its traceback to the log. The shown content, and the training, are not affected."""
        self.broken.append(error)
        if self.streams is not None:
            self.streams.write("".join(traceback.format_exception(error)))

    # Words

    def tell(self, key: str, **values: object) -> None:
        self.notify(self.say(key, **values), timeout=2.5, markup=False)

    def warn(self, key: str, **values: object) -> None:
        self.notify(self.say(key, **values), severity="warning", markup=False)

    def tell_error(self, error: Exception) -> None:
        self.notify(error_text(error, self.say), severity="error", timeout=12, markup=False)

    # Keys that act everywhere

    def action_how_to_quit(self) -> None:
        self.tell("app.how-to-quit")

    def action_language(self) -> None:
        from mmrec_tui.locales import Wording, next_language

        language = next_language(self.say.language)
        self.stage.preferences.language = language
        self.stage.preferences.save()
        self.stage.wording = Wording(language)
        self.exit(Relaunch())

    def action_theme(self) -> None:
        self.use_theme(next_theme(self.theme))

    def use_theme(self, name: str) -> None:
        self.theme = self.stage.preferences.theme = name
        self.stage.preferences.save()

    def action_notifications(self) -> None:
        """Ask for the command that is run at the end of each run."""
        from mmrec_tui.app.screens.asking import AskingScreen

        if not isinstance(self.screen, AskingScreen):
            known = self.stage.preferences.notify
            self.push_screen(AskingScreen(self.say("notify.question"), known, may_be_empty=True), self._take_command)

    def _take_command(self, command: str | None) -> None:
        if command is None:
            return
        from mmrec_tui import notification

        self.stage.preferences.notify = command
        self.stage.preferences.save()
        if command:
            notification.start(command, notification.Ending(Path("test"), "test"))
        self.tell("notify.set" if command else "notify.off")

    def action_quit_now(self) -> None:
        """Leave; during a training, ask what to do with it."""
        from mmrec_tui.app.screens.leaving import LeavingScreen

        if self.stage.training is None:
            self.exit()
        elif not any(isinstance(screen, LeavingScreen) for screen in self.screen_stack):
            self.push_screen(LeavingScreen())

    def action_guide(self, topic: str | None = None) -> None:
        self.open_screen("guide", topic=topic)

    def action_command_palette(self) -> None:
        from mmrec_tui.app.palette import Palette

        if not Palette.is_open(self):
            self.push_screen(Palette(self.screen, self.say))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """None of Textual's own commands, which are in English only; the palette is made from the table of keys."""
        return ()


def _is_leaving(node: object) -> bool:
    """Whether a screen, or the one of a widget, is being closed."""
    return isinstance(node, DOMNode) and any(one._closing or one._pruning for one in node.ancestors_with_self)


def _screen(name: str, *what: Any, **how: Any) -> Screen[Any]:
    import importlib

    module = importlib.import_module(f"mmrec_tui.app.screens.{name}")
    made: Screen[Any] = getattr(module, f"{name.capitalize()}Screen")(*what, **how)
    return made
