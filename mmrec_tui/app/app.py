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
from textual.binding import BindingsMap
from textual.css.query import NoMatches
from textual.dom import DOMNode
from textual.events import Event
from textual.filter import NoColor
from textual.widget import AwaitMount

from mmrec_tui.app.app_runs import AppRuns, made_screen
from mmrec_tui.app.double_click import DoubleClick, is_press
from mmrec_tui.app.key_order import KeyOrder, is_ordered
from mmrec_tui.app.style_rules import StyleRules
from mmrec_tui.app.themes import THEMES, next_theme

if TYPE_CHECKING:
    from textual.app import SystemCommand
    from textual.screen import Screen

    from mmrec_tui.app.session import Work
    from mmrec_tui.app.stage import OpenScreen, Stage, Streams

_LOOK_SECONDS = 0.25
_TIDY_SECONDS = 60.0


@dataclass(frozen=True)
class Relaunch:
    """Open the app again, because language, commands and bindings are set when it is opened."""


class MmrecApp(AppRuns, inherit_bindings=False):
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
        self._awaited = None
        self._tells_focus = False
        self.note = self._note_ends = None
        self._commands = []
        self._key_order = KeyOrder(self, super().on_event)
        self._double_click = DoubleClick()
        self._bindings = BindingsMap()
        self._bindings.bind("ctrl+c", "how_to_quit", show=False)
        self._bindings.bind("ctrl+q", "quit_now", show=False, priority=True)  # in dialogs too
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = stage.preferences.theme if stage.preferences.theme in self.available_themes else THEMES[0].name
        self.stylesheet = StyleRules(variables=self.get_css_variables())

    # The sequence of screens

    def push_screen(self, screen: Any, *what: Any, **how: Any) -> Any:
        """As Textual's, but not twice by a double click."""
        if self._screen_stack and self._double_click.repeats(screen, self.screen):
            return AwaitMount(self.screen, [])
        return super().push_screen(screen, *what, **how)

    def get_default_screen(self) -> Screen[Any]:
        from mmrec_tui.app.screens.start import StartScreen

        return StartScreen()

    def on_mount(self) -> None:
        screens, self.stage.open_screens = self.stage.open_screens, None  # not again if one of them fails
        if screens is not None:
            self._open_again(screens)
        elif self.stage.session is not None:
            self.show_run()
        if self.stage.notice:
            self.notify(self.stage.notice, severity="error", timeout=20)
            self.stage.notice = ""
        self.set_interval(_LOOK_SECONDS, self.look_after)
        self.set_interval(_LOOK_SECONDS, self._key_order.look)
        self.set_interval(_TIDY_SECONDS, self._tidy)
        self.call_after_refresh(self.load_torch)

    def _open_again(self, screens: Iterable[OpenScreen]) -> None:
        """The screens that this app begins with, as they were when the language was changed."""
        for one in screens:
            self.open_screen(one.name, **one.how)
            screen: Any = self.screen
            screen.call_after_refresh(screen.focus_on, one.focused)

    def load_torch(self) -> None:
        """After the first frame: it takes seconds, and nothing on screen needs it."""
        from mmrec_tui.app.session import load_torch

        if self.torch is None:
            self.torch = load_torch()

    def search(self, name: str, found: Callable[[Any], None], *what: Any) -> Work[Any]:
        """A search on top of this screen; `found` is called with the settings to apply, or None. Returns its work."""
        screen: Any = made_screen(name, *what)
        self.push_screen(screen, found)
        work: Work[Any] = screen.work
        return work

    def show_report(self, folder: Path) -> None:
        if self._is_its_own(folder):
            self.open_screen("report", folder=folder)

    def plan_in_the_time(
        self,
        settings: Mapping[str, Any],
        seconds: float,
        repeated: Mapping[str, Any] | None = None,
        *,
        asks_text: bool = False,
    ) -> None:
        """Open the plan of the best model in this time, for the text of these settings, on top of this screen; an open plan
        below is closed with what is over it. repeated: settings that are not left to the planner; asks_text: ask for another
        text at once."""
        from mmrec_engine.settings import FIELDS
        from mmrec_tui.app.draft import OF_A_TEXT, Draft, known_settings

        text = {name: settings[name] for name in OF_A_TEXT if settings.get(name) not in (None, FIELDS[name].default)}
        timed = Draft(known_settings(text)).in_the_time(seconds).given
        self._replace_plan(draft=Draft({**timed, **known_settings(dict(repeated or {}))}), asks_text=asks_text)

    def plan_further(self, checkpoint: Path, seconds: float | None) -> None:
        """Open the plan of a run that begins with these weights, at the choice of its text, as `plan_in_the_time` does.
        seconds: its time; None: as long as the guide says."""
        from mmrec_tui.app.draft import Draft

        given = {"init_from": str(checkpoint), **({} if seconds is None else {"time": seconds})}
        self._replace_plan(draft=Draft(given), pane="corpora")

    def _replace_plan(self, **how: Any) -> None:
        while any(getattr(screen, "table", "") == "plan" for screen in self.screen_stack):
            self.pop_screen()
        self.open_screen("plan", **how)

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
        self._look_at_commands()
        if stage.follow_up is not None:
            self._begin_follow_up()
        if stage.hung_up or (stage.ending_signal and training is None):
            self.exit()

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

    async def on_event(self, event: Event) -> None:
        if is_press(event) and self._double_click.swallows(event, self.screen):
            return
        if is_ordered(event):
            await self._key_order.take(event)
        else:
            await super().on_event(event)

    # Keys that act everywhere

    def action_how_to_quit(self) -> None:
        self.tell("app.how-to-quit")

    def action_language(self) -> None:
        from mmrec_tui.app.screens.base import open_screens
        from mmrec_tui.locales import Wording, next_language

        language = next_language(self.say.language)
        self.stage.preferences.language = language
        self.stage.preferences.save()
        self.stage.wording = Wording(language)
        self.stage.open_screens = open_screens(self.screen_stack)
        self.exit(Relaunch())

    def action_theme(self) -> None:
        self.use_theme(next_theme(self.theme))

    def use_theme(self, name: str) -> None:
        if self.no_color:
            self.tell("palette.theme-unseen")
            return
        self.theme = self.stage.preferences.theme = name
        self.stage.preferences.save()
        self.tell("palette.theme", name=self.say(f"theme.{name}"))

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
            self.run_command(command, notification.Ending(Path("test"), "test"), "notify.failed-test")
        self.tell("notify.set" if command else "notify.off")

    def action_quit_now(self) -> None:
        """Leave; ask first if a written text is not saved, and during a training what to do with it."""
        from mmrec_tui.app.screens.asking import SureScreen
        from mmrec_tui.app.screens.leaving import LeavingScreen

        if any(screen.id == "unsaved" or isinstance(screen, LeavingScreen) for screen in self.screen_stack):
            return
        if any(draft.is_unsaved for draft in self.stage.drafts.values()):
            question = SureScreen(self.say("write.unsaved"), "write.leave")
            question.id = "unsaved"
            self.push_screen(question, lambda sure: self._quit() if sure else None)
        else:
            self._quit()

    def _quit(self) -> None:
        from mmrec_tui.app.screens.leaving import LeavingScreen

        if self.stage.training is None:
            self.exit()
        else:
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
