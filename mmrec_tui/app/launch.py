"""Opens the app and handles its environment: the terminal, the signals, and a training that outlives the screen.

terminal there?  ──►  descriptors 1 and 2 to a log  ──►  app  ──►  again (another language, a screen that broke)
                                                          └────►  over: quit, detached, hung up, ended by a signal
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmrec_engine.errors import MmrecError
from mmrec_engine.locales import foreign
from mmrec_engine.locales.catalogue import Language
from mmrec_engine.storage.run_files import LOG
from mmrec_engine.system.processes import name_of_signal
from mmrec_engine.system.shell import command_line
from mmrec_tui.app.stage import OpenScreen, Stage, Streams, app_log
from mmrec_tui.locales import UsageText, Wording, choose_language
from mmrec_tui.preferences import Preferences, read_preferences
from mmrec_tui.terminal import one_line, silence

if TYPE_CHECKING:
    from mmrec_tui.app.stage import Looking

_CODES = {"SIGINT": 130, "SIGTERM": 143}
_MOST_FAILURES = 3
_POLL_SECONDS = 0.1


def open_app(given_language: str | None, watch: Path | None = None, model: str | None = None) -> int:
    """Show the app until the user leaves, and return the exit code. Raises UsageText without a terminal.

    model: to write with, as for `load_trained`.
    """
    preferences = read_preferences()
    wording = Wording(_language(given_language, preferences))
    descriptor = _terminal_descriptor()
    if descriptor is None:
        if model is not None:
            raise UsageText(wording("app.no-screen-write", run=command_line((model,))))
        raise UsageText(wording("app.no-screen" if watch is None else "app.no-screen-watch"))

    from mmrec_tui.app.driver import Terminal, TerminalDriver

    TerminalDriver.terminal = Terminal(os.dup(descriptor))
    stage = Stage(wording, preferences)
    if model is not None:
        stage.open_screens = [OpenScreen("write", {"checkpoint": model, "title": model})]
    if watch is not None:
        from mmrec_tui.app.session import Watching

        stage.session = Watching(watch)
    streams = Streams()
    _listen(stage)
    try:
        _show(stage, streams)
        told = _save_written(stage)
        _finish_detaching(stage)
        training = stage.training
        if training is not None:  # the screen is gone, the training is not
            _go_on_without_screen(stage, streams)
    finally:
        streams.restore()
    if not stage.hung_up:
        for line in told:
            _say(line)
    code = _farewell(stage)
    _end_with_work_under_way(code)
    return code


def _end_with_work_under_way(code: int) -> None:
    """The interpreter's own end would kill a thread within torch, which aborts the process."""
    from mmrec_tui.app.session import is_under_way

    if is_under_way():
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)


def _language(given: str | None, preferences: Preferences) -> Language:
    """--lang and MMREC_LANG, else the language chosen in the app, else the locale."""
    if given is None and os.environ.get("MMREC_LANG", "") == "" and preferences.language is not None:
        return choose_language(preferences.language)
    return choose_language(given)


def _terminal_descriptor() -> int | None:
    """The terminal to draw on; None if there is none, or one that cannot position the cursor."""
    numbers: tuple[int, ...] = (2, 1)
    if sys.platform == "win32":  # where Textual draws on standard output, and nothing says what the terminal can do
        numbers = (1,)
    elif os.environ.get("TERM", "") in ("", "dumb", "unknown"):
        return None
    return next((number for number in numbers if os.isatty(0) and os.isatty(number)), None)


def _show(stage: Stage, streams: Streams) -> None:
    from mmrec_tui.app.app import MmrecApp, Relaunch

    while True:
        app = stage.app = MmrecApp(stage, streams)
        try:
            outcome = app.run()
        except Exception as error:
            outcome, app.failure = None, app.failure or error
        failure, stage.app = app.failure, None
        _forget_job_control()
        if failure is not None:
            streams.write("".join(traceback.format_exception(failure)))
            if not _may_open_again(stage, failure):
                return
        elif not isinstance(outcome, Relaunch):
            return


def _may_open_again(stage: Stage, failure: BaseException) -> bool:
    """A screen that failed is opened again while there is a run on it, unless it fails repeatedly."""
    now = time.monotonic()
    stage.failures = [when for when in stage.failures if now - when < 60] + [now]
    if stage.hung_up or stage.ending_signal:
        return False
    told = foreign.in_language(str(failure), stage.wording.language)
    reason = one_line(f"{type(failure).__name__}: {told}")[:200]
    stage.notice = stage.wording("app.broke", reason=reason, log=app_log())
    return stage.session is not None and len(stage.failures) < _MOST_FAILURES


def _save_written(stage: Stage) -> list[str]:
    """Save what was written with a model, where nobody could be asked: the terminal is gone, a signal came, or a screen failed
    too often. Returns a line about each text."""
    if not (stage.hung_up or stage.ending_signal or stage.failures):
        return []
    from mmrec_tui.app.in_app import error_text
    from mmrec_tui.app.writing import save_text

    told = []
    for checkpoint, draft in stage.drafts.items():
        if draft.is_unsaved:
            try:
                told.append(stage.wording("write.saved", path=save_text(checkpoint, draft.text)))
            except MmrecError as error:
                told.append(error_text(error, stage.wording))
    return told


def _finish_detaching(stage: Stage) -> None:
    """Finish a handover that was in progress when the terminal was lost: otherwise no process would own the run."""
    work = stage.detaching
    if work is None:
        return
    work.join()
    if work.error is None:
        stage.session = work.result
        if stage.ending_signal and stage.training is not None:
            stage.training.stop(stage.ending_signal)


def _go_on_without_screen(stage: Stage, streams: Streams) -> None:
    training = stage.training
    assert training is not None
    with training.reading() as history:
        paused = history.paused
    if paused:
        training.stop("hangup")  # it cannot be unpaused any more
    if not stage.hung_up:
        streams.restore()
        _say(stage.wording("app.goes-on-here"))
    while not training.join(_POLL_SECONDS):
        with training.reading() as history:
            begun = history.last_step is not None
        if begun and stage.hung_up:
            streams.send_to(training.folder / LOG)
    if stage.preferences.notify:
        from mmrec_tui import notification

        with training.reading() as history:
            if history.last_step is not None:
                notification.start(stage.preferences.notify, notification.ending_of(history, training.folder, "failed"))


def _farewell(stage: Stage) -> int:
    """The last line, on the restored terminal, and the exit code."""
    session = stage.session
    if stage.notice and not stage.hung_up:
        _say(stage.notice)
    if stage.failures and session is None:
        return 1
    if session is not None and not session.owned and session.live and not stage.hung_up:
        _say(stage.wording("app.detached", name=session.folder.name))
    if session is not None and session.owned and not session.live:
        with session.reading() as history:
            state = history.state
        if session.error is not None:
            _say(stage.wording("error", message=session.error.text(stage.wording.language)))
        elif state == "STOPPED" and not session.stopped_before_start:
            _say(stage.wording("app.stopped", name=session.folder.name, where=session.folder.parent))
        if session.error is not None and not stage.ending_signal:
            return 1
    return _CODES.get(stage.ending_signal, 0)


def _say(text: str) -> None:
    try:
        print(one_line(text), file=sys.stderr, flush=True)
    except (OSError, ValueError):
        silence(sys.stderr)


def _listen(stage: Stage) -> None:
    """Signals become requests; the app's timer carries them out."""

    def end(number: int, _: object) -> None:
        name = name_of_signal(number)
        if stage.ending_signal == "SIGINT" == name:
            os._exit(_CODES[name])
        stage.ending_signal = stage.ending_signal or name
        training = stage.training
        if training is not None:
            training.stop(name)
        _wake(stage.app)

    def hang_up(*_: object) -> None:
        stage.hung_up = True
        _wake(stage.app)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    if sys.platform == "win32":
        signal.signal(signal.SIGBREAK, end)  # Ctrl+Break, or a closed console, which ends its processes soon
    else:
        signal.signal(signal.SIGHUP, hang_up)


def _forget_job_control() -> None:
    """Textual's handlers would start an app that has ended again, which fails without its event loop."""
    if sys.platform != "win32":
        for number in (signal.SIGTSTP, signal.SIGCONT):
            signal.signal(number, signal.SIG_DFL)


def _wake(app: Looking | None) -> None:
    """Wake a waiting event loop to check for changes."""
    loop: Any = getattr(app, "_loop", None)
    if app is not None and loop is not None:
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(app.look_after)
