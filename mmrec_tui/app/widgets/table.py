"""Rows of a table whose columns are as wide as their cells from the first frame on.

Textual measures new rows once the table is idle, and a frame drawn before that keeps its narrow cells permanently.
"""

from __future__ import annotations

import re
from textwrap import TextWrapper
from typing import ClassVar

from rich.text import Text
from textual.widgets import DataTable

_LONGEST_NUMBER = 12  # columns


class RowsTable(DataTable[Text]):
    """A table whose cursor is a row: Home and End go to the first and the last one, not to the first and last column."""

    BINDINGS: ClassVar = [("home", "scroll_top", ""), ("end", "scroll_bottom", "")]


class _Lines(TextWrapper):
    """Breaks at spaces and after the slashes of a path, within a word only where that is longer than a line."""

    wordsep_re = re.compile(r"(\s+)|(?<=/)(?=.)")


def fill(table: DataTable[Text], rows: list[list[Text]], keys: list[str] | None = None, room: int = 0) -> None:
    """Replace all rows by these. room: columns of the screen that the table may take; long values are broken into lines then,
    and long titles cut. 0: as many as it needs."""
    table.clear()
    columns = table.ordered_columns
    widths = [
        max(column.label.cell_len, *(row[number].cell_len for row in rows), 1) for number, column in enumerate(columns)
    ]
    if room:
        _narrow(widths, room - 2 * table.cell_padding * len(widths))
    for column, width in zip(columns, widths, strict=True):
        column.width, column.auto_width = width, False
        column.label.truncate(width, overflow="ellipsis")
    for number, row in enumerate(rows):
        cells = [_broken(cell, width) for cell, width in zip(row, widths, strict=True)]
        height = max(cell.plain.count("\n") + 1 for cell in cells)
        table.add_row(*cells, height=height, key=keys[number] if keys else None)


def _narrow(widths: list[int], room: int) -> None:
    """Take columns from the widest ones until all fit, but for those that a number needs."""
    while sum(widths) > room and max(widths) > _LONGEST_NUMBER:
        widths[widths.index(max(widths))] -= 1


def _broken(cell: Text, width: int) -> Text:
    if cell.cell_len <= width:
        return cell
    return Text("\n".join(_Lines(width).wrap(cell.plain)), cell.style)
