"""Exporting a model from its report: the dialog that asks for a folder, and the writing in the background."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING

from mmrec_engine.errors import MmrecError
from mmrec_engine.storage.files import refuse_used
from mmrec_engine.storage.user_folders import expanded
from mmrec_tui.app.in_app import error_text
from mmrec_tui.app.session import Work
from mmrec_tui.terminal import one_line

if TYPE_CHECKING:
    from mmrec_tui.app.screens.base import MmrecScreen

_LOOK_SECONDS = 0.1


def ask_where_to_export(screen: MmrecScreen, checkpoint: Path, name: str) -> None:
    """name: of the folder that is proposed, with a number if it exists. A folder that cannot be used is refused within the
    dialog, which keeps what was typed."""
    from mmrec_tui.app.screens.asking import AskingScreen

    names = itertools.chain([name], (f"{name}-{number}" for number in itertools.count(2)))
    free = next(name for name in names if not Path(name).exists())

    def refusal(answer: str) -> str:
        try:
            refuse_used(_folder(answer))
        except MmrecError as error:
            return error_text(error, screen.say)
        except (OSError, ValueError):
            return ""  # the writing tells why
        return ""

    def export(answer: str | None) -> None:
        if answer:
            _export(screen, checkpoint, _folder(answer))

    screen.app.push_screen(AskingScreen(screen.say("report.export-where"), free, refusal=refusal), export)


def _folder(answer: str) -> Path:
    return expanded(Path(answer)).absolute()


def _export(screen: MmrecScreen, checkpoint: Path, folder: Path) -> None:
    app = screen.own_app

    def write(_: Work[None]) -> None:
        from mmrec_engine.evaluation.trained_model import export, load_trained

        export(load_trained(str(checkpoint)), folder)

    work = Work(write)

    def look() -> None:
        if work.done:
            timer.stop()
            if work.error is not None:
                app.tell_error(work.error)
            else:
                app.tell("export.done", path=one_line(str(folder)))

    timer = screen.set_interval(_LOOK_SECONDS, look)
