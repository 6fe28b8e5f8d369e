"""The runs of the app: start, resume, watch and follow one, and announce its end. The app (`app.py`) adds the rest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from textual.app import App
from textual.content import Content
from textual.timer import Timer

from mmrec_engine.errors import MmrecError
from mmrec_engine.storage.run_files import LOG
from mmrec_tui.app.in_app import error_text
from mmrec_tui.app.screens.base import KeyBar
from mmrec_tui.terminal import one_line

if TYPE_CHECKING:
    from textual.screen import Screen

    from mmrec_engine.run.follow_up import Offer
    from mmrec_engine.settings import Resolved
    from mmrec_tui.app.session import Session, StartParameters, Training, Work
    from mmrec_tui.app.stage import Stage, Streams
    from mmrec_tui.locales import Wording
    from mmrec_tui.notification import Command, Ending

_TOLD_SECONDS, _WARNED_SECONDS = 2.5, 4.0
_BESIDE_A_NOTE = 2  # columns of the last line


class AppRuns(App[object], inherit_bindings=False):
    """`MmrecApp` sets these attributes and documents them."""

    stage: Stage
    streams: Streams | None
    say: Wording
    _awaited: Session | None  # the run whose end is to be announced to a user who is elsewhere
    _tells_focus: bool  # whether this terminal reports its focus
    _commands: list[tuple[Command, str]]  # of the user, running, each with the key of the words about its failure
    note: Content | None  # what the last line says for some seconds
    _note_ends: Timer | None

    def open_screen(self, name: str, **how: Any) -> None:
        """A screen on top of this one. Its code is loaded when it is first used."""
        self.push_screen(made_screen(name, **how))

    def plan_run(self) -> None:
        """The plan: the one that is open below, or else a new one on top, from which Esc comes back here."""
        if any(getattr(screen, "table", "") == "plan" for screen in self.screen_stack):
            while getattr(self.screen, "table", "") != "plan":
                self.pop_screen()
        else:
            self.open_screen("plan")

    def close_screens(self) -> None:
        """Close all screens but the first one."""
        while len(self.screen_stack) > 1:
            self.pop_screen()

    def show_run(self) -> None:
        """The run on the stage, live or ended."""
        self.push_screen(made_screen("training"))

    def watch_run(self, folder: Path) -> None:
        """Show a run. Beside one that is being trained here only an ended one can be shown: in its report."""
        from mmrec_engine.storage.folder_lock import is_live
        from mmrec_tui.app.session import Watching

        if not self._is_its_own(folder):
            return
        session = self.stage.session
        if session is not None and session.owned and session.live:
            if folder.resolve() == session.folder.resolve():
                self.show_run()
            elif is_live(folder):
                self.warn("app.trains-already", name=one_line(session.folder.name))
            else:
                self.open_screen("report", folder=folder)
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

    def continue_run(self, folder: Path, *, finished: bool) -> None:
        """Resume a run; a finished one for as many more minutes, steps or epochs as the user says."""
        from mmrec_engine.settings import resolve
        from mmrec_tui.app.extending import ask_for_more

        if finished:
            ask_for_more(self, folder)
        else:
            self.resume(resolve({"output_dir": str(folder.parent), "name": folder.name}))

    def resume(self, resolved: Resolved) -> None:
        """Resume a run, beside another training only if the user confirms it: both are slower then."""
        if not self.may_train():
            return
        from mmrec_engine.runs.catalog import training_now
        from mmrec_tui.app.in_app import words_about_training
        from mmrec_tui.app.screens.asking import SureScreen

        def go_on(sure: bool | None = True) -> None:
            if sure:
                self.close_screens()
                self.train(resolved, resume=True)

        folder = resolved.settings.run_folder
        others = [name for name in training_now(folder.parent) if name != folder.name]
        if others:
            question = self.say(
                "app.resume-beside", beside=words_about_training(others, self.say), name=one_line(folder.name)
            )
            self.push_screen(SureScreen(question, "sure.resume"), go_on)
        else:
            go_on()

    def may_train(self) -> bool:
        """Whether no run is being trained here; tells which one if there is one, because there can be no other then."""
        training = self.stage.training
        if training is not None:
            self.warn("app.trains-already", name=one_line(training.folder.name))
        return training is None

    def train(
        self,
        resolved: Resolved,
        *,
        resume: bool = False,
        after: Work[Any] | None = None,
        parameters: StartParameters | None = None,
    ) -> None:
        """Start a training in the background and show it. after: work on the same processors that it waits for."""
        from mmrec_tui.app.session import StartParameters, Training

        if not self.may_train():
            return
        if self.stage.session is not None:
            self.stage.session.close()
        parameters = replace(parameters or StartParameters(), language=self.say.language)
        session = Training(resolved, resume=resume, after=after, parameters=parameters)
        self.stage.session = self._awaited = session  # also if it ends before anything looks
        session.start()
        self.show_run()

    def begin(self, resolved: Resolved, after: Work[Any], parameters: StartParameters) -> None:
        """A planned run starts: the screens of its plan are closed."""
        if not self.may_train():
            return
        self.close_screens()
        self.train(resolved, after=after, parameters=parameters)

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
        from mmrec_tui.app.stage import AwaitedFollowUp

        self.stage.follow_up = AwaitedFollowUp(folder, offer)

    def _begin_follow_up(self) -> None:
        from mmrec_engine.run.follow_up import follow
        from mmrec_engine.storage.folder_lock import is_live
        from mmrec_tui.app.screens.base import MmrecScreen

        asked = self.stage.follow_up
        if asked is None or is_live(asked.folder):
            return
        self.stage.follow_up = None
        try:
            resolved, origin = follow(asked.folder, offer=asked.offer)
        except MmrecError as error:
            self.tell_error(error)
            return
        while self.screen.is_modal:  # a question about what was shown
            self.pop_screen()
        # A plan below may be measuring, or its checks be running: at the same time both would be slower than they are measured.
        below = (screen.leave_processors() for screen in reversed(self.screen_stack) if isinstance(screen, MmrecScreen))
        busy = next((work for work in below if work is not None), None)
        self.open_screen("checklist", resolved=resolved, origin=origin, measuring=busy)

    # The beginning and the end of a run

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
            made = history.last_step is not None
        in_sight = self._tells_focus and self.app_focus
        if self._driver is not None and not in_sight and ending.status != "interrupted":
            self._driver.write(notification.signs(ending, self.say))
        command = self.stage.preferences.notify
        if command and session.owned and made:  # the process that trains a run announces its end
            self.run_command(command, ending, "notify.failed-here")

    def run_command(self, command: str, ending: Ending, failed: str) -> None:
        """Run the user's command without waiting. failed: the key of the words about its failure, which are told then."""
        from mmrec_tui import notification

        started = notification.start(command, ending)
        if started is None:
            self._warn_of_command(failed, notification.NOT_STARTED.words(self.say))
        else:
            self._commands.append((started, failed))

    def _look_at_commands(self) -> None:
        for one in [one for one in self._commands if one[0].ended]:
            self._commands.remove(one)
            command, failed = one
            if command.failure is not None:
                self._warn_of_command(failed, command.failure.words(self.say))

    def _warn_of_command(self, failed: str, ended: str) -> None:
        """In a notice over the screen, because it is not about what one does there."""
        self.notify(self.say(failed, ended=ended), severity="warning", markup=False)

    # Words

    def tell(self, key: str, **values: object) -> None:
        words = self.say(key, **values)
        if not self._note(words, "$accent", _TOLD_SECONDS):
            self.notify(words, timeout=_TOLD_SECONDS, markup=False)

    def warn(self, key: str, **values: object) -> None:
        words = self.say(key, **values)
        if not self._note(words, "bold $warning", _WARNED_SECONDS):
            self.notify(words, severity="warning", timeout=_WARNED_SECONDS, markup=False)

    def _note(self, words: str, style: str, seconds: float) -> bool:
        """Say it for some seconds at the end of the screen's last line, which covers nothing. Returns whether it has room."""
        bars = [bar for screen in self.screen_stack for bar in screen.query(KeyBar)]
        if not bars or cell_len(words) + _BESIDE_A_NOTE > self.size.width:
            return False
        if self._note_ends is not None:
            self._note_ends.stop()
        self.note = Content.styled(words, style)
        self._note_ends = self.set_timer(seconds, self._end_note)
        self._show_note()
        return True

    def _end_note(self) -> None:
        self.note = None
        self._show_note()

    def _show_note(self) -> None:
        for screen in self.screen_stack:
            for bar in screen.query(KeyBar):
                bar.show_keys()

    def withdraw(self, *keys: str) -> None:
        """Close the notices with these words, which hold no longer."""
        words = [self.say(key) for key in keys]
        if self.note is not None and self.note.plain in words:
            self._end_note()
        for notice in [one for one in self._notifications if one.message in words]:
            self._unnotify(notice)

    def tell_error(self, error: Exception) -> None:
        self.notify(error_text(error, self.say), severity="error", timeout=12, markup=False)


def made_screen(name: str, *what: Any, **how: Any) -> Screen[Any]:
    import importlib

    module = importlib.import_module(f"mmrec_tui.app.screens.{name}")
    made: Screen[Any] = getattr(module, f"{name.capitalize()}Screen")(*what, **how)
    return made
