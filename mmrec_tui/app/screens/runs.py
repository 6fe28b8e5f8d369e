"""All runs: sorted, filtered, opened, compared, deleted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.widgets import DataTable, Input, Static

from mmrec_engine.errors import MmrecError
from mmrec_engine.locales.letters import folded
from mmrec_engine.runs.catalog import RunSummary, delete_run, known_runs
from mmrec_engine.storage.folder_lock import is_live
from mmrec_tui.app.keys import Key, keys_of
from mmrec_tui.app.newer_runs import NewerRuns
from mmrec_tui.app.screens.asking import SureScreen
from mmrec_tui.app.screens.base import KeyBar, MmrecScreen, Title
from mmrec_tui.app.session import Work
from mmrec_tui.app.widgets.fields import Search
from mmrec_tui.app.widgets.run_rows import COLUMNS, SORTED, Row, fitting, fitting_cells, made_rows
from mmrec_tui.app.widgets.table import RowsTable, fill
from mmrec_tui.presentation.states import ENDED
from mmrec_tui.terminal import one_line

_LOOK_SECONDS = 0.2
_SCROLL_BAR = 2  # columns


class RunsTable(RowsTable):
    """A click in the first column marks a run; anywhere else it chooses the run, and opens the one that is chosen already."""

    class Marked(Message):
        def __init__(self, path: str) -> None:
            super().__init__()
            self.path = path

    def on_click(self, event: events.Click) -> None:
        row, column = event.style.meta.get("row", -1), event.style.meta.get("column", -1)
        if row < 0 or column < 0:
            return
        if column > 0:
            if row == self.cursor_row:
                self.move_cursor(row=row, column=column)  # a second click in another column is one on the same run
        else:
            event.prevent_default()
            self.move_cursor(row=row)
            self.post_message(self.Marked(str(self.coordinate_to_cell_key(self.cursor_coordinate).row_key.value)))


class RunsScreen(MmrecScreen):
    """wanted: words of the runs that are shown. sort: by this column. marked: folders of runs."""

    table: ClassVar[str] = "runs"
    topic: ClassVar[str | None] = "best-saved"

    def __init__(self, wanted: str = "", sort: str = "changed", marked: Iterable[Path] = ()) -> None:
        super().__init__()
        self._rows: list[Row] = []
        self._wanted = wanted
        self._marked = set(marked)
        self._sort = sort
        self._reading: Work[list[Row]] | None = None
        self._newer = NewerRuns()
        self._outdated = False  # the deleted run may be among those that are being read

    def compose(self) -> ComposeResult:
        say = self.say
        yield Title(say("runs.title"))
        yield Search("#runs", value=self._wanted, placeholder=say("runs.filter"), id="filter")
        yield Static(id="runs-what")
        table = RunsTable(id="runs", cursor_type="row", zebra_stripes=True)
        yield table
        yield Static(id="run-detail")
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        self._set_columns(COLUMNS)
        self.set_focus(table)
        self._read()
        self.set_interval(_LOOK_SECONDS, self._look)

    def on_screen_resume(self) -> None:
        self._read()

    def on_resize(self) -> None:
        if self._rows:
            self.call_after_refresh(self._show)

    def _set_columns(self, columns: Sequence[str]) -> None:
        table = self.query_one(DataTable)
        table.clear(columns=True)
        table.add_column(" ", key="mark", width=1)
        for column in columns:
            table.add_column(self.say(f"table.{column}"), key=column)

    def opened_again(self) -> dict[str, Any]:
        return {"wanted": self.query_one(Input).value, "sort": self._sort, "marked": self._marked}

    def _read(self, runs: list[RunSummary] | None = None) -> None:
        """Make the rows in the background. runs: all of them, if they have just been read."""
        if self._reading is None:
            known = self._rows
            self._reading = Work(lambda _: made_rows(known_runs() if runs is None else runs, known))

    def _look(self) -> None:
        if self.app.screen is self and self._reading is None:
            newer = self._newer.found(row.run for row in self._rows)
            if newer is not None:
                self._read(newer)
        if self._reading is None or not self._reading.done:
            return
        self._rows, self._reading = self._reading.result or [], None
        self._show()
        if self._outdated:
            self._outdated = False
            self._read()

    def _show(self) -> None:
        table, say = self.query_one(DataTable), self.say
        kept = self._under_cursor
        typed = self.query_one(Input).value.strip()
        wanted = folded(typed)
        room = (table.size.width or self.app.size.width) - _SCROLL_BAR
        ordered = sorted(self._rows, key=lambda row: row.key(self._sort))
        cells = fitting_cells(ordered, say, room)  # of all runs: a filter changes no columns
        columns = fitting(cells, say, room)
        found = [(row, of_row) for row, of_row in zip(ordered, cells, strict=True) if row.matches(wanted, say)]
        shown = [row for row, _ in found]
        if [column.key.value for column in table.ordered_columns][1:] != columns:
            self._set_columns(columns)
        rows = []
        for row, of_row in found:
            mark = "●" if row.run.path in self._marked else " "
            rows.append([Text(mark), *(Text(of_row[column]) for column in columns)])
        fill(table, rows, [str(row.run.path) for row in shown])
        if kept is not None and any(row.run.path == kept for row in shown):
            table.move_cursor(row=table.get_row_index(str(kept)))
        if shown:
            words = say("runs.sorted", column=say(f"table.{self._sort}"))
        else:
            words = say("runs.none-match", words=one_line(typed)) if self._rows and typed else say("runs.none-here")
        self.query_one("#runs-what", Static).update(Content.styled(words, "$foreground 80%"))
        self._show_detail()
        self.refresh_keys()

    def _show_detail(self) -> None:
        """The text and the folder of the chosen run, which have no column on a narrow screen."""
        row = next((row for row in self._rows if row.run.path == self._under_cursor), None)
        where = self.query_one("#run-detail", Static)
        words = "" if row is None else row.detail(self.say, where.content_size.width or self.app.size.width)
        where.update(Content.styled(words, "$foreground 80%"))

    @property
    def _under_cursor(self) -> Path | None:
        table = self.query_one(DataTable)
        if not table.row_count:
            return None
        return Path(str(table.coordinate_to_cell_key(table.cursor_coordinate).row_key.value))

    def on_input_changed(self, event: Input.Changed) -> None:
        self._show()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.set_focus(self.query_one(DataTable))

    def on_data_table_header_selected(self, event: DataTable.HeaderSelected) -> None:
        if event.column_key.value in SORTED:
            self._sort = str(event.column_key.value)
            self._show()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        self._open(Path(str(event.row_key.value)))

    def action_open(self) -> None:
        if self._under_cursor is not None:
            self._open(self._under_cursor)

    def _open(self, folder: Path) -> None:
        """A live run opens on its screen, an ended one on its report."""
        run = next((row.run for row in self._rows if row.run.path == folder), None)
        if run is not None and run.state in ENDED:
            self.own_app.show_report(folder)
        else:
            self.own_app.watch_run(folder)

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        self._show_detail()
        self.refresh_keys()

    def on_runs_table_marked(self, event: RunsTable.Marked) -> None:
        self._mark(Path(event.path))

    # Keys

    def shown_keys(self) -> list[Key]:
        folder = self._under_cursor
        hidden = set() if len(self._rows) > 1 else {"overlay"}
        if folder is None:
            hidden |= {"open", "mark", "delete"}
        elif is_live(folder):
            hidden.add("delete")
        return [key for key in keys_of(self.table) if key.action not in hidden]

    def barred_keys(self) -> list[Key]:
        """Without the comparison until there are two marked runs to compare; the line above the table tells of it."""
        return [key for key in self.shown_keys() if key.action != "overlay" or len(self._chosen) > 1]

    @property
    def _chosen(self) -> list[Path]:
        return [row.run.path for row in self._rows if row.run.path in self._marked]

    def action_filter(self) -> None:
        self.set_focus(self.query_one(Input))

    def action_sort(self) -> None:
        self._sort = SORTED[(SORTED.index(self._sort) + 1) % len(SORTED)]
        self._show()

    def action_mark(self) -> None:
        folder = self._under_cursor
        if folder is not None:
            self._mark(folder)

    def _mark(self, folder: Path) -> None:
        self._marked ^= {folder}
        self._show()

    def action_overlay(self) -> None:
        chosen = self._chosen
        if len(chosen) < 2:
            self.own_app.warn("runs.mark-two")
            return
        self.own_app.open_screen("compare", folders=chosen)

    def action_new_run(self) -> None:
        self.own_app.plan_run()

    def action_delete(self) -> None:
        """Asks for confirmation, and never deletes a live run."""
        folder = self._under_cursor
        if folder is None:
            return
        if is_live(folder):
            self.own_app.warn("runs.live")
            return
        row = next(row for row in self._rows if row.run.path == folder)
        name, say = one_line(row.run.name), self.say
        first = say("runs.delete", name=name, size=say.memory(row.size), path=one_line(str(folder)))

        def once(sure: bool | None) -> None:
            if sure:
                self.app.push_screen(SureScreen(say("runs.delete-again", name=name)), twice)

        def twice(sure: bool | None) -> None:
            if not sure:
                return
            try:
                delete_run(folder)
            except MmrecError as error:
                self.own_app.tell_error(error)
                return
            self._marked.discard(folder)
            self.own_app.tell("runs.deleted", name=name)
            self._outdated = self._reading is not None
            self._read()

        self.app.push_screen(SureScreen(first), once)
