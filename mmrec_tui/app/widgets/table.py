"""Rows of a table whose columns are as wide as their cells from the first frame on.

Textual measures new rows once the table is idle, and a frame drawn before that keeps its narrow cells permanently.
"""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.widgets import DataTable


class RowsTable(DataTable[Text]):
    """A table whose cursor is a row: Home and End go to the first and the last one, not to the first and last column."""

    BINDINGS: ClassVar = [("home", "scroll_top", ""), ("end", "scroll_bottom", "")]


def fill(table: DataTable[Text], rows: list[list[Text]], keys: list[str] | None = None) -> None:
    """Replace all rows by these."""
    table.clear()
    for number, column in enumerate(table.ordered_columns):
        column.width = max(column.label.cell_len, *(row[number].cell_len for row in rows), 1)
        column.auto_width = False
    for number, row in enumerate(rows):
        table.add_row(*row, key=keys[number] if keys else None)
