"""Every screen and dialog of the app, each with the way to open it; a test checks that the list is complete."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

from textual.pilot import Pilot
from textual.screen import Screen

import mmrec_tui
from mmrec_engine.data.prepare import prepare_corpus
from mmrec_engine.events import result_of
from mmrec_engine.run.follow_up import offers
from mmrec_engine.settings import resolve
from mmrec_tui.app.app import MmrecApp
from mmrec_tui.app.keys import KEYS
from tests.app.conftest import table_of, until
from tests.app.recorded import (
    a_batch_search,
    a_rate_search,
    a_text_as_read,
    a_training,
    an_ending,
    record,
    some_findings_before,
)

Opener = Callable[[Any, Pilot[Any]], Awaitable[None]]
_ABSTRACT = {
    "RunViewScreen",
    "PlanNextScreen",
    "ReportNextScreen",
    "Dialog",
    "LookingScreen",
    "MmrecScreen",
    "SearchScreen",
}


def screen_classes() -> set[str]:
    """The names of all screens that the app's code defines."""
    found = set()
    for module in pkgutil.walk_packages(mmrec_tui.__path__, "mmrec_tui."):
        if module.name.endswith("__main__"):
            continue
        for name, one in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if issubclass(one, Screen) and one.__module__ == module.name and name not in _ABSTRACT:
                found.add(name)
    return found


class Found:
    """Findings in place of the checks themselves."""

    done, error, total, running_item, planned = True, None, 21, "", None

    def __init__(self, resolved: Any, *_: Any, **__: Any) -> None:
        self.resolved = resolved
        self.found = list(some_findings_before())

    def stop(self) -> None:
        pass


def _recorded(name: str = "tiny") -> Path:
    folder = Path(f"checkpoints/{name}").absolute()
    if not folder.exists():
        record(folder, [*a_training(), *an_ending()])
        (folder / "best_model.pt").touch()  # a report offers what needs a model only where there is one
    return folder


async def _start(app: MmrecApp, pilot: Pilot[Any]) -> None:
    _recorded()
    screen: Any = app.screen
    screen._read_runs()
    await until(pilot, lambda: screen._runs)


async def _plan(app: MmrecApp, pilot: Pilot[Any]) -> None:
    app.open_screen("plan")
    screen: Any = app.screen
    await until(pilot, lambda: screen._made and screen._work.preparing.corpus)


async def _checklist(app: MmrecApp, pilot: Pilot[Any]) -> None:
    from mmrec_tui.app.screens import checklist

    resolved = resolve({"name": "tiny-9"})
    with patch.object(checklist, "BeforeChecks", Found):
        app.open_screen("checklist", resolved=resolved, corpus=result_of(prepare_corpus(resolved.settings)))
        await until(pilot, lambda: table_of(app) == "checklist")


async def _training(app: MmrecApp, pilot: Pilot[Any]) -> None:
    app.watch_run(_recorded())
    await until(pilot, lambda: table_of(app) == "training" and app.screen._ticks > 1)  # type: ignore[attr-defined]


async def _report(app: MmrecApp, pilot: Pilot[Any]) -> None:
    app.open_screen("report", folder=_recorded())
    await until(pilot, lambda: table_of(app) == "report" and app.screen._history)  # type: ignore[attr-defined]


async def _write(app: MmrecApp, pilot: Pilot[Any]) -> None:
    app.open_screen("write", checkpoint=str(_recorded()), title="tiny")
    await until(pilot, lambda: table_of(app) == "write")


async def _runs(app: MmrecApp, pilot: Pilot[Any]) -> None:
    _recorded()
    app.open_screen("runs")
    await until(pilot, lambda: table_of(app) == "runs" and app.screen._rows)  # type: ignore[attr-defined]


async def _compare(app: MmrecApp, pilot: Pilot[Any]) -> None:
    app.open_screen("compare", folders=[_recorded(), _recorded("other")])
    await until(pilot, lambda: table_of(app) == "compare" and app.screen._runs)  # type: ignore[attr-defined]


async def _guide(app: MmrecApp, pilot: Pilot[Any]) -> None:
    app.action_guide("loss")
    await until(pilot, lambda: table_of(app) == "guide")


def _search(name: str) -> Opener:
    async def open_it(app: MmrecApp, pilot: Pilot[Any]) -> None:
        module = importlib.import_module(f"mmrec_tui.app.screens.{name}")
        states = a_rate_search() if name == "rates" else a_batch_search()

        class Still(getattr(module, f"{name.capitalize()}Screen")):  # type: ignore[misc]
            def search(self, work: Any) -> Any:
                yield states[-1]

        settings = resolve({}).settings
        app.push_screen(Still(settings, result_of(prepare_corpus(settings))))
        await until(pilot, lambda: table_of(app) == name and app.screen._seen)  # type: ignore[attr-defined]

    return open_it


def _dialog(module: str, name: str, *what: Any) -> Opener:
    async def open_it(app: MmrecApp, pilot: Pilot[Any]) -> None:
        app.push_screen(getattr(importlib.import_module(f"mmrec_tui.app.{module}"), name)(*what))
        await until(pilot, lambda: type(app.screen).__name__ == name)

    return open_it


async def _remedy(app: MmrecApp, pilot: Pilot[Any]) -> None:
    found = offers(some_findings_before(), resolve({"learning_rate": 0.5}).settings.as_dict())
    await _dialog("screens.remedy", "RemedyScreen", found)(app, pilot)


async def _keys(app: MmrecApp, pilot: Pilot[Any]) -> None:
    await pilot.press("question_mark")
    await until(pilot, lambda: type(app.screen).__name__ == "KeysScreen")


async def _palette(app: MmrecApp, pilot: Pilot[Any]) -> None:
    app.action_command_palette()
    await until(pilot, lambda: type(app.screen).__name__ == "Palette")


async def _tokens(app: MmrecApp, pilot: Pilot[Any]) -> None:
    with patch("mmrec_tui.app.screens.tokens._look", lambda *_: a_text_as_read()):
        app.open_screen("tokens", checkpoint=Path("checkpoints/tiny/best_model.pt").absolute())
        await until(pilot, lambda: table_of(app) == "tokens" and app.screen._looked is not None)  # type: ignore[attr-defined]


OPENERS: dict[str, Opener] = {
    "StartScreen": _start,
    "PlanScreen": _plan,
    "ChecklistScreen": _checklist,
    "TrainingScreen": _training,
    "ReportScreen": _report,
    "TokensScreen": _tokens,
    "WriteScreen": _write,
    "RunsScreen": _runs,
    "CompareScreen": _compare,
    "GuideScreen": _guide,
    "RatesScreen": _search("rates"),
    "BatchesScreen": _search("batches"),
    "ChooserScreen": _dialog("screens.chooser", "ChooserScreen"),
    "LeavingScreen": _dialog("screens.leaving", "LeavingScreen"),
    "AskingScreen": _dialog("screens.asking", "AskingScreen", "?", "1"),
    "SureScreen": _dialog("screens.asking", "SureScreen", "?"),
    "RemedyScreen": _remedy,
    "KeysScreen": _keys,
    "Palette": _palette,
}
_SCREENS = {f"{screen.capitalize()}Screen" for key in KEYS for screen in key.screens}
DIALOGS = sorted(set(OPENERS) - _SCREENS - {"GuideScreen"})
