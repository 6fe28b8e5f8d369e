"""The rows of the list of runs: their cells, the keys that they are sorted by, and the columns that fit on the screen."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.cells import cell_len
from textual.content import Content

from mmrec_engine.errors import MmrecError
from mmrec_engine.locales.letters import folded
from mmrec_engine.runs.catalog import RunSummary, read_description, size_on_disk
from mmrec_tui.app.course import course_of
from mmrec_tui.locales import Wording
from mmrec_tui.terminal import one_line

COLUMNS = ("name", "state", "step", "best", "size", "changed", "course", "text", "path")
SORTED = tuple(column for column in COLUMNS if column != "course")
# Where the screen has no room for all. Bits of different texts do not compare, so that the text goes last.
_LEFT_OUT_FIRST = ("path", "course", "size", "step", "text")
_LONGEST_NAME = 30  # columns
_LONGEST_TEXT = 24  # columns of the name of a text, where there is no room for more
_BESIDE_CELL = 2
_MARK = 1 + _BESIDE_CELL


@dataclass(frozen=True)
class Row:
    """course: sparkline of its validation loss. text: the name of its text."""

    run: RunSummary
    size: int
    course: str = ""
    text: str = ""

    @classmethod
    def of(cls, run: RunSummary) -> Row:
        try:
            corpus = (read_description(run.path) or {}).get("corpus", {})
        except MmrecError:
            corpus = {}
        return cls(run, size_on_disk(run.path), course_of(run.path), one_line(str(corpus.get("name", ""))))

    def key(self, column: str) -> Any:
        """Sort key of a column; runs without a validation come last."""
        best = self.run.best_bits_per_character
        return {
            "name": folded(self.run.name),
            "state": self.run.state,
            "step": -self.run.step,
            "best": best if best is not None else float("inf"),
            "size": -self.size,
            "changed": -self.run.changed,
            "text": folded(self.text),
            "path": folded(str(self.run.path)),
        }[column]

    def cells(self, say: Wording, text_room: int = _LONGEST_TEXT) -> dict[str, str]:
        """By column. text_room: columns of the text's name; of a longer path the last parts are shown."""
        run, text, bits = self.run, self.text, self.run.best_bits_per_character
        return {
            "name": Content(one_line(run.name)).truncate(_LONGEST_NAME, ellipsis=True).plain,
            "state": say(f"state.{run.state}"),
            "step": say.number(run.step),
            "best": say("value.none") if bits is None else say.number(bits, 3),
            "size": say.memory(self.size),
            "changed": time.strftime("%Y-%m-%d %H:%M", time.localtime(run.changed)),
            "course": self.course,
            "text": short_path(text, text_room),
            "path": one_line(str(run.path)),
        }

    def detail(self, say: Wording, room: int) -> str:
        """The text and the folder of a run in a line of so many columns, which always shows the end of both."""
        words = {"text": short_path(self.text, max(_LONGEST_TEXT, room // 2)) or say("value.none")}
        beside = cell_len(say("runs.detail", path="", **words))
        return say("runs.detail", path=short_path(one_line(str(self.run.path)), room - beside), **words)

    def matches(self, wanted: str, say: Wording) -> bool:
        text = folded(f"{self.run.name} {self.run.path} {self.text} {say(f'state.{self.run.state}')}")
        return all(word in text for word in wanted.split())


def short_path(path: str, room: int) -> str:
    """A path without parts before its last one where it is too long: /home/…/checkpoints/tiny."""
    parts = Path(path).parts or ("",)
    shorter = [Path(*parts[:2], "…", *parts[number:]) for number in range(3, len(parts))]
    shorter += [Path("…", *parts[number:]) for number in range(1, len(parts))]
    return next((one for one in (path, *map(str, shorter)) if cell_len(one) <= room), _its_end(parts[-1], max(2, room)))


def _its_end(text: str, room: int) -> str:
    return text if len(text) <= room else "…" + text[1 - room :]


def made_rows(runs: Iterable[RunSummary], known: Iterable[Row]) -> list[Row]:
    """The rows of these runs. known: those made before. A run whose record has not changed since keeps its size, its course and
    its text, so that only the folders and whole records of the others are read; its state may have changed all the same."""
    made = {(row.run.path, row.run.changed): row for row in known}
    return [
        replace(made[run.path, run.changed], run=run) if (run.path, run.changed) in made else Row.of(run)
        for run in runs
    ]


def fitting_cells(rows: Sequence[Row], say: Wording, room: int) -> list[dict[str, str]]:
    """The cells of each row, with the names of texts as long as the columns that fit leave room for."""
    cells = [row.cells(say) for row in rows]
    widths = _widths(cells, say)
    free = room - _MARK - sum(widths[column] for column in fitting(cells, say, room))
    return [row.cells(say, max(_LONGEST_TEXT, widths["text"] - _BESIDE_CELL + free)) for row in rows]


def fitting(cells: Sequence[Mapping[str, str]], say: Wording, room: int) -> list[str]:
    """The columns that so many columns of the screen show whole, in their order."""
    widths = _widths(cells, say)
    shown = list(COLUMNS)
    for column in _LEFT_OUT_FIRST:
        if _MARK + sum(widths[one] for one in shown) <= room:
            break
        shown.remove(column)
    return shown


def _widths(cells: Sequence[Mapping[str, str]], say: Wording) -> dict[str, int]:
    """Of each column, with what is beside its cells."""
    return {
        column: _BESIDE_CELL + max(map(cell_len, (say(f"table.{column}"), *(one[column] for one in cells))))
        for column in COLUMNS
    }
