"""Several runs in one plot, and their settings side by side with the differences marked."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.widgets import DataTable

from mmrec_engine.errors import MmrecError
from mmrec_engine.history import History
from mmrec_engine.run_reader import RunReader
from mmrec_engine.runs import read_description
from mmrec_engine.settings import FIELDS
from mmrec_tui.figures import X_AXES, View, overlay
from mmrec_tui.screens.base import KeyBar, MmrecScreen, Title
from mmrec_tui.session import Work
from mmrec_tui.terminal import one_line
from mmrec_tui.widgets.plot import Plot
from mmrec_tui.widgets.table import fill

_LOOK_SECONDS = 0.1
_NOT_COMPARED = ("name", "output_dir")
Loaded = list[tuple[str, History, dict[str, Any]]]


class CompareScreen(MmrecScreen):
    table: ClassVar[str] = "compare"
    topic: ClassVar[str | None] = "loss"

    def __init__(self, folders: list[Path]) -> None:
        super().__init__()
        self._runs: Loaded | None = None
        self._reading: Work[Loaded] = Work(lambda _: [_load(folder) for folder in folders])
        self._view = View()

    def compose(self) -> ComposeResult:
        say = self.say
        yield Title(say("compare.title"))
        yield Plot(say("compare.plot"), "loss", say("plot.waiting"), id="overlay")
        table: DataTable[Text] = DataTable(id="differences", cursor_type="row")
        yield table
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        self.set_focus(self.query_one(Plot))
        self.set_interval(_LOOK_SECONDS, self._look)

    def _look(self) -> None:
        if self._runs is None and self._reading.done:
            self._runs = self._reading.result or []
            self._show_plot()
            self._show_settings(self._runs)

    def _show_plot(self) -> None:
        if self._runs is not None:
            named = [(name, history) for name, history, _ in self._runs]
            self.query_one(Plot).show(overlay(named, self._view, self.say))

    def _show_settings(self, runs: Loaded) -> None:
        table = self.query_one(DataTable)
        table.add_column(" ", width=1)
        table.add_column(self.say("compare.setting"))
        for name, _, _ in runs:
            table.add_column(Text(name))
        rows = rows_of([settings for _, _, settings in runs])
        fill(
            table,
            [[Text(cell, "bold" if mark else "") for cell in (mark, name, *values)] for mark, name, values in rows],
        )

    def action_x_axis(self) -> None:
        axis = X_AXES[(X_AXES.index(self._view.x_axis) + 1) % len(X_AXES)]
        self._view = View(axis, self._view.log)
        self._show_plot()

    def action_log_axis(self) -> None:
        self._view = View(self._view.x_axis, not self._view.log)
        self._show_plot()


def rows_of(all_settings: list[dict[str, Any]]) -> list[tuple[str, str, list[str]]]:
    """(mark, setting, its value in each run), the settings that differ first and marked."""
    rows = []
    for name in FIELDS:
        if name in _NOT_COMPARED:
            continue
        values = [_shown(settings.get(name)) for settings in all_settings]
        rows.append(("≠" if len(set(values)) > 1 else "", name, values))
    return sorted(rows, key=lambda row: not row[0])


def _shown(value: object) -> str:
    return "–" if value is None else one_line(str(value))


def _load(folder: Path) -> tuple[str, History, dict[str, Any]]:
    history = RunReader(folder).glance()
    try:
        description = read_description(folder) or {}
    except MmrecError:
        description = {}
    return one_line(folder.name), history, description.get("settings", history.settings)
