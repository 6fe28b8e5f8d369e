"""The terminal driver: writes through a descriptor of its own, and tolerates a lost terminal.

Descriptors 1 and 2 belong to the run's log while the screen is shown, because a library's warning would damage it. On Windows
it is Textual's own, which draws on descriptor 1.
"""

from __future__ import annotations

import codecs
import contextlib
import functools
import os
import select
import sys
from collections.abc import Callable
from typing import Any


class Terminal:
    """The terminal's own descriptor as the text file that Textual writes to. Writing to a lost terminal does nothing."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.lost = False

    def write(self, text: str) -> None:
        data = text.encode("utf-8", "replace")
        while data and not self.lost:
            try:
                data = data[os.write(self._descriptor, data) :]
            except BlockingIOError:
                select.select([], [self._descriptor], [], 0.1)
            except OSError:
                self.lost = True

    def flush(self) -> None:
        """Nothing is buffered."""

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return True

    @property
    def hung_up(self) -> bool:
        """Whether the terminal was closed, even if no signal says so."""
        if sys.platform == "win32":  # which ends the process then
            return self.lost
        else:
            poll = select.poll()
            poll.register(self._descriptor, 0)
            return self.lost or any(event & (select.POLLHUP | select.POLLERR) for _, event in poll.poll(0))


if sys.platform == "win32":
    from textual.drivers.windows_driver import WindowsDriver

    class TerminalDriver(WindowsDriver):
        """Textual's driver. terminal: set before the app is made."""

        terminal: Terminal

else:
    from textual.drivers import linux_driver
    from textual.drivers.linux_driver import LinuxDriver

    def _forgiving_decoder(encoding: str) -> Callable[[], codecs.IncrementalDecoder]:
        return functools.partial(codecs.getincrementaldecoder(encoding), errors="ignore")

    # Textual's decoder fails at input that is not UTF-8, as from a terminal with another encoding. Only the bytes that are
    # not are left out: without the others a key would be lost, and the rest of a pasted text would be read as keys.
    vars(linux_driver)["getincrementaldecoder"] = _forgiving_decoder

    class TerminalDriver(LinuxDriver):
        """Textual's driver on `terminal`, which is set before the app is made."""

        terminal: Terminal

        def __init__(self, app: Any, **how: Any) -> None:
            super().__init__(app, **how)
            self._file: Any = self.terminal

        def _get_terminal_size(self) -> tuple[int, int]:
            try:
                columns, lines = os.get_terminal_size(self.terminal.fileno())
            except OSError:
                columns, lines = 80, 24
            return columns or 80, lines or 24

        def _sigtstp_application(self, *_: object) -> None:
            self._soon(super()._sigtstp_application)

        def _sigcont_application(self, *_: object) -> None:
            self._soon(super()._sigcont_application)

        def _soon(self, handle: Callable[[], None]) -> None:
            # Not within the signal handler: the code that it interrupts may hold the lock of the queue of the writing thread.
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(handle)

        def start_application_mode(self) -> None:
            # SIGCONT also comes to a process that had not left this mode: after SIGSTOP, or from the kernel when the terminal
            # is closed. Started twice, two threads would read the keys (one of them for ever, so that the process
            # could not end), and the settings restored at the end would be the app's own.
            if self._key_thread is not None and self._key_thread.is_alive():
                if self.terminal.hung_up:
                    return
                self.suspend_application_mode()
            super().start_application_mode()

        def _run_input_thread(self) -> None:
            # A lost terminal ends the reading of keys and nothing else; the app notices by itself.
            with contextlib.suppress(OSError, ValueError):
                self.run_input_thread()
