"""Tables on stdout: drawn by Rich on a terminal, plain columns everywhere else."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Collection, Mapping, Sequence

_BESIDE_CELL = 3  # columns between two cells
_LEAST_PATH = 12


def print_table(
    rows: Sequence[Sequence[str]],
    right: Collection[int] = (),
    colours: Mapping[str, str] | None = None,
    paths: int | None = None,
) -> None:
    """The first row is the header. right: columns aligned to the right. colours: of cells, by their content. paths: a column of
    paths, which a narrow terminal shows in several lines, broken between folders."""
    if sys.stdout.isatty():
        _draw(rows if paths is None else _broken(rows, paths), right, colours or {})
    else:
        _print(rows, right)


def _draw(rows: Sequence[Sequence[str]], right: Collection[int], colours: Mapping[str, str]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for number, head in enumerate(rows[0]):
        justify = "right" if number in right else "left"
        table.add_column(Text(head), justify=justify, style="cyan" if number == 0 else "", overflow="fold")  # type: ignore[arg-type]
    for row in rows[1:]:
        table.add_row(*(Text(cell, style=colours.get(cell, "")) for cell in row))
    Console(highlight=False).print(table)


def _broken(rows: Sequence[Sequence[str]], paths: int) -> list[list[str]]:
    """The rows with the paths of one column in as many lines as the terminal's width asks for."""
    from rich.cells import cell_len

    others = (column for column in range(len(rows[0])) if column != paths)
    taken = sum(max(cell_len(row[column]) for row in rows) + _BESIDE_CELL for column in others) + _BESIDE_CELL
    room = max(_LEAST_PATH, shutil.get_terminal_size().columns - taken)
    return [[broken_path(cell, room) if column == paths else cell for column, cell in enumerate(row)] for row in rows]


def broken_path(path: str, room: int) -> str:
    """A path in lines of at most so many columns, broken after a separator; a name that is longer stays whole."""
    from rich.cells import cell_len

    lines = [""]
    for part in re.findall(r"[^/\\]*[/\\]|[^/\\]+", path):
        if lines[-1] and cell_len(lines[-1] + part) > room:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)


def _print(rows: Sequence[Sequence[str]], right: Collection[int]) -> None:
    """Columns padded to their widest cell."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())


def print_head(line: str) -> None:
    """The header of rows that are printed one by one: bold and underlined by a rule on a terminal."""
    if sys.stdout.isatty():
        from rich.cells import cell_len

        _styled([(line, "bold")])
        _styled([("─" * cell_len(line), "dim")])
    else:
        print(line, flush=True)


def print_row(line: str, first: int) -> None:
    """A row below such a header. first: columns of its first cell. The suggestion is green, failed trials are red."""
    if not sys.stdout.isatty():
        print(line, flush=True)
        return
    style = "green" if "★" in line else "red" if "✗" in line else ""
    _styled([(line[:first], "cyan"), (line[first:], style)])


def _styled(parts: Sequence[tuple[str, str]]) -> None:
    from rich.console import Console
    from rich.text import Text

    Console(highlight=False, soft_wrap=True).print(Text.assemble(*parts))
