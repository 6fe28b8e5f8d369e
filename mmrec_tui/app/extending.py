"""How much longer a finished run is to be trained: asks, and resumes it with that."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from textual.app import App

from mmrec_engine.checks.verdict import passes_that_exhaust
from mmrec_engine.errors import MmrecError
from mmrec_engine.runs.catalog import read_description
from mmrec_engine.runs.run_reader import RunReader
from mmrec_engine.settings import FIELDS, resolve
from mmrec_tui.app.screens.asking import AskingScreen
from mmrec_tui.terminal import one_line

if TYPE_CHECKING:
    from mmrec_tui.app.own_app import OwnApp
    from mmrec_tui.app.widgets.fields import Kind


def ask_for_more(app: App[Any], folder: Path) -> None:
    """Ask for as many more minutes, steps or epochs as the run was limited by. The suggestion makes it twice as long, as the
    remedy of a run that still improves does."""
    own = cast("OwnApp", app)
    history, say, name = RunReader(folder).first_view(), own.say, one_line(folder.name)
    try:
        settings = (read_description(folder) or {})["settings"]
        limit = next(name for name in ("time", "max_steps", "epochs") if settings.get(name) is not None)
        unit, used = 60 if limit == "time" else 1, settings[limit]
        if limit == "time" and history.took > 0:
            used = min(used, round(history.took, 1))  # a run that ended before its time has not used all of it
        reached = max(1, round(used / unit))
    except (MmrecError, KeyError, TypeError, ValueError, OverflowError, StopIteration):
        own.warn("extend.unknown", name=name)
        return
    most = int((FIELDS[limit].metadata["high"] - settings[limit]) / unit)

    def refusal(answer: str) -> str:
        return say(f"extend.most-{limit}", most=say.number(most)) if float(answer) > most else ""

    def extend(answer: str | None) -> None:
        try:
            if answer is not None:
                more = float(answer) * unit if limit == "time" else int(answer)
                own.resume(resolve({"output_dir": str(folder.parent), "name": folder.name, limit: used + more}))
        except MmrecError as error:
            own.tell_error(error)

    told = say.clock(used) if limit == "time" else say.number(reached)
    question = say(f"extend.{limit}", name=name, reached=told)
    if (passes := passes_that_exhaust(history)) is not None:
        question += "\n" + say("extend.memorises", passes=say.number(passes))
    kind: Kind = "number" if limit == "time" else "integer"
    app.push_screen(AskingScreen(question, str(reached), kind=kind, refusal=refusal), extend)
