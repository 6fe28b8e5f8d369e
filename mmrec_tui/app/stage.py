"""State that is kept when the app is opened again, and where standard output goes while it is open. Loads no Textual."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mmrec_engine.storage import user_folders
from mmrec_engine.storage.files import open_descriptor
from mmrec_tui.app.marks import Mark
from mmrec_tui.locales import Wording
from mmrec_tui.preferences import Preferences

if TYPE_CHECKING:
    from mmrec_engine.run.follow_up import Offer
    from mmrec_tui.app.session import Session, Training, Work


@dataclass(frozen=True)
class AwaitedFollowUp:
    """A follow-up run of the one in `folder`, to begin once that has ended."""

    folder: Path
    offer: Offer


class Looking(Protocol):
    """The app, once it is open."""

    def look_after(self) -> None:
        """Check for changes that no key press caused."""


@dataclass(frozen=True)
class Draft:
    """A text that is being written with a model. marks: what of it the model wrote. warmth: the temperature, in tenths.
    saved: the text as it was saved last."""

    text: str = ""
    marks: tuple[Mark, ...] = ()
    warmth: int = 8
    saved: str = ""

    @property
    def is_unsaved(self) -> bool:
        return bool(self.text.strip()) and self.text != self.saved


@dataclass(frozen=True)
class OpenScreen:
    """A screen to open again. name, how: as for `open_screen`. focused: the id of the widget with the focus, if it has one."""

    name: str
    how: dict[str, Any]
    focused: str = ""


@dataclass
class Stage:
    """State that is kept when the app is opened again: the shown run, the language, preferences.

    ending_signal: the signal that requested the end. hung_up: the terminal is lost. notice: for the next app to show.
    detaching: the run is being handed over to another process. follow_up: the run that a remedy requested.
    drafts: the text that was written with each model. text_folder: shown last when a text was chosen. open_screens: what the
    next app begins with over its first screen, lowest first, as when it was closed to change its language; None: with the run,
    if there is one.
    """

    wording: Wording
    preferences: Preferences
    session: Session | None = None
    app: Looking | None = None
    ending_signal: str = ""
    hung_up: bool = False
    notice: str = ""
    detaching: Work[Training | None] | None = None
    ticks: dict[str, bool] = field(default_factory=dict)
    follow_up: AwaitedFollowUp | None = None
    failures: list[float] = field(default_factory=list)
    drafts: dict[str, Draft] = field(default_factory=dict)
    text_folder: Path | None = None
    open_screens: list[OpenScreen] | None = None

    @property
    def training(self) -> Training | None:
        """The run that this process trains now."""
        from mmrec_tui.app.session import Training

        session = self.session
        return session if isinstance(session, Training) and session.live else None


class Streams:
    """Descriptors 1 and 2, redirected from the screen: output of libraries goes to a log file while the app is open.

    On Windows only 2, because Textual draws on 1.
    """

    def __init__(self) -> None:
        self._saved = [(number, os.dup(number)) for number in ((2,) if sys.platform == "win32" else (1, 2))]
        self._path: Path | None = None
        self.send_to(app_log())

    def send_to(self, path: Path) -> None:
        if path == self._path:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            log = open_descriptor(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        except OSError:
            if self._path is not None:
                return
            log = os.open(os.devnull, os.O_WRONLY)
        for number, _ in self._saved:
            os.dup2(log, number)
        os.close(log)
        self._path = path

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError):
            os.write(2, (time.strftime("%Y-%m-%d %H:%M:%S ") + text).encode("utf-8", "replace"))

    def restore(self) -> None:
        """Restore the descriptors of the terminal."""
        for number, saved in self._saved:
            os.dup2(saved, number)
        self._path = None


def app_log() -> Path:
    return user_folders.state_folder() / "app.log"
