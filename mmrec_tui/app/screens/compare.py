"""Several runs in one plot, and their settings side by side with the differences marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import DataTable, Static

from mmrec_engine.errors import MmrecError
from mmrec_engine.locales.guide import HYPERPARAMETERS
from mmrec_engine.locales.numbers import in_language
from mmrec_engine.runs.catalog import read_description
from mmrec_engine.runs.comparison import in_effect
from mmrec_engine.runs.history import History
from mmrec_engine.runs.run_reader import RunReader
from mmrec_engine.settings import FIELDS, WITH_FLAG
from mmrec_tui.app.screens.base import KeyBar, Title
from mmrec_tui.app.screens.looking import LookingScreen
from mmrec_tui.app.session import Work
from mmrec_tui.app.widgets.lens import Lens
from mmrec_tui.app.widgets.panel import plain
from mmrec_tui.app.widgets.plot import Plot
from mmrec_tui.app.widgets.table import RowsTable, fill
from mmrec_tui.locales import Wording
from mmrec_tui.presentation.comparing import ComparedRun, comparison, of_one_tokenizer
from mmrec_tui.presentation.figures import OVERLAY, X_AXES, View, extent, overlay
from mmrec_tui.presentation.planned import unset_words
from mmrec_tui.presentation.plotting import GLYPHS
from mmrec_tui.terminal import one_line

_LOOK_SECONDS = 0.1
_SCROLL_BAR = 2  # columns
_NOT_COMPARED = ("name", "output_dir")
_TITLES = {entry.name: entry.title for entry in HYPERPARAMETERS}
Loaded = list[ComparedRun]


class Compared(VerticalScroll):
    """What the comparison says; can have the focus, to be scrolled by keys, where it does not fit."""

    def allow_focus(self) -> bool:
        return self.max_scroll_y > 0


class CompareScreen(LookingScreen):
    table: ClassVar[str] = "compare"
    topic: ClassVar[str | None] = "bits-per-character"

    def __init__(
        self, folders: list[Path], view: View | None = None, all_settings: bool = False, lens: Lens | None = None
    ) -> None:
        super().__init__(lens)
        self._folders = folders
        self._runs: Loaded | None = None
        self._reading: Work[Loaded] = Work(lambda _: [_load(folder) for folder in folders])
        self._view = view or View()
        self._all = all_settings

    def compose(self) -> ComposeResult:
        say = self.say
        yield Title(say("compare.title"))
        with Compared(id="compared"):
            yield Static(id="comparison")
        yield Plot(say("compare.plot"), "loss", say("plot.waiting"), id="overlay")
        table = RowsTable(id="differences", cursor_type="row")
        yield table
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        self.set_focus(self.query_one(Plot))
        self.set_interval(_LOOK_SECONDS, self._look)

    def on_resize(self) -> None:
        if self._runs is not None:
            self.call_after_refresh(self._show_settings, self._runs)

    def opened_again(self) -> dict[str, Any]:
        return {"folders": self._folders, "view": self._view, "all_settings": self._all, "lens": self._lens}

    def _look(self) -> None:
        if self._runs is None and self._reading.done:
            self._runs = self._reading.result or []
            self.query_one("#comparison", Static).update(plain(comparison(self._runs, self.say)))
            if self._in_bits:
                title, short = self.say("compare.plot-bits"), self.say("compare.bits")
                self.query_one(Plot).rename(title, "bits-per-character", short)
            self._show_plot()
            self._show_settings(self._runs)

    def _show_plot(self) -> None:
        if self._runs is not None:
            named = [(run.name, run.history) for run in self._runs]
            view = replace(self._view, shown=self._lens.shown)
            self.query_one(Plot).show(overlay(named, view, self.say, self._in_bits), self._lens.cross)

    @property
    def _in_bits(self) -> bool:
        """Losses per token of different tokenizers cannot be compared."""
        return bool(self._runs) and not of_one_tokenizer(self._runs or [])

    def _show_settings(self, runs: Loaded) -> None:
        """The results of the runs, and the settings in which they differ; all settings on request."""
        table, say = self.query_one(DataTable), self.say
        table.clear(columns=True)
        table.add_column(" ", width=1)
        table.add_column("")
        for number, run in enumerate(runs):
            glyph = f"{GLYPHS[OVERLAY[number]]} " if number < len(OVERLAY) else ""
            table.add_column(Text(glyph + run.name))
        rows = [("", *row) for row in results_of([run.history for run in runs], say)]
        if any(run.corpus.get("vocabulary") for run in runs):
            sizes = [run.corpus.get("vocabulary") for run in runs]
            rows.append(("", say("compare.vocabulary"), [_shown("vocab_size", size, say) for size in sizes]))
        rows += [row for row in rows_of([run.settings for run in runs], say) if self._all or row[0]]
        fill(
            table,
            [[Text(cell, "bold" if mark else "") for cell in (mark, name, *values)] for mark, name, values in rows],
            room=(table.size.width or self.app.size.width) - _SCROLL_BAR,
        )

    def action_x_axis(self) -> None:
        axis = X_AXES[(X_AXES.index(self._view.x_axis) + 1) % len(X_AXES)]
        self._view = replace(self._view, x_axis=axis)
        self._lens.reset()
        self._show_plot()

    def action_log_axis(self) -> None:
        self._view = replace(self._view, log=not self._view.log)
        self._show_plot()

    def action_all_settings(self) -> None:
        """Switch between all settings and those that differ."""
        self._all = not self._all
        if self._runs is not None:
            self._show_settings(self._runs)

    # Crosshair and zoom

    def extent(self, shown: tuple[float, float]) -> tuple[float, float]:
        histories = [run.history for run in self._runs or []]
        return extent(histories, replace(self._view, shown=shown)) or (0.0, 0.0)

    def lens_moved(self) -> None:
        self._show_plot()


def results_of(histories: list[History], say: Wording) -> list[tuple[str, list[str]]]:
    """The results of each run: (name, its value in each run)."""
    best = [history.best for history in histories]
    steps = [history.last_step for history in histories]
    return [
        (
            say("compare.bits"),
            [say("value.none") if one is None else say.number(one.bits_per_character, 3) for one in best],
        ),
        (say("compare.best"), [say("value.none") if one is None else say.number(one.loss, 4) for one in best]),
        (say("compare.best-step"), [say("value.none") if one is None else say.number(one.step) for one in best]),
        (say("compare.steps"), [say("value.none") if one is None else say.number(one.step) for one in steps]),
        (say("compare.time"), [say.clock(history.took) for history in histories]),
    ]


def rows_of(all_settings: Sequence[Mapping[str, Any]], say: Wording) -> list[tuple[str, str, list[str]]]:
    """(mark, setting in words, its value in each run), the settings that differ first and marked.

    A setting without an effect in a run has no value there, and no row if that is so in all of them. Of a model that begins
    with random weights all layers are trained.
    """
    rows = []
    for name in WITH_FLAG:
        if name in _NOT_COMPARED:
            continue
        effective = [in_effect(name, settings) for settings in all_settings]
        if not any(effective):
            continue
        values = [
            _shown(name, settings.get(name), say) if effect or name == "train_layers" else say("value.none")
            for settings, effect in zip(all_settings, effective, strict=True)
        ]
        title = _TITLES[name][say.language] if name in _TITLES else say(f"compared.{name}")
        rows.append(("≠" if len(set(values)) > 1 else "", title, values))
    return sorted(rows, key=lambda row: not row[0])


def _shown(name: str, value: object, say: Wording) -> str:
    match value:
        case None:
            return unset_words(name, say)
        case bool():
            return say("plan.on" if value else "plan.off")
        case int() | float() if name in FIELDS and FIELDS[name].metadata["duration"]:
            return say.clock(value)
        case int():
            return say.number(value)
        case float():
            return in_language(f"{value:.6g}", say.language)
        case _:
            return one_line(str(value))


def _load(folder: Path) -> ComparedRun:
    history = RunReader(folder).first_view()
    try:
        description = read_description(folder) or {}
    except MmrecError:
        description = {}
    corpus = description.get("corpus") or (history.started.corpus if history.started is not None else {})
    return ComparedRun(one_line(folder.name), history, description.get("settings", history.settings), corpus)
