"""Logs as CSV files, for spreadsheets and pandas: `steps.csv`, `texts.csv`, and `config.json`, `notes.md`, `ending.json`.

A row is one step; a value that a step does not have is an empty cell. A line that a killed process left incomplete is removed.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Literal

from mmrec_engine.events import finite
from mmrec_engine.interop.loggers.logger import Ending, LoggedRun, LoggedStep, Logger
from mmrec_engine.storage.files import open_descriptor, open_plain, write_whole

_STEPS, _TEXTS = "steps.csv", "texts.csv"
_FIRST = ("step", "time")
_TAIL = 2**20  # bytes; the last row is within them


class CsvLogger(Logger):
    def __init__(self) -> None:
        self.state: dict[str, Any] = {}
        self._columns: list[str] = []

    def open(self, run: LoggedRun) -> int:
        self._folder = run.own_folder
        self._folder.mkdir(parents=True, exist_ok=True)
        self.place = str(self._folder)
        rows = self._mend(_STEPS)
        self._columns = rows[0][len(_FIRST) :] if rows else []
        last = int(rows[-1][0]) if len(rows) > 1 else -1
        texts = self._mend(_TEXTS)
        if len(texts) > 1 and int(texts[-1][0]) > last:  # killed between the two files
            self._write(_TEXTS, _text([texts[0], *(row for row in texts[1:] if int(row[0]) <= last)], csv.QUOTE_ALL))
        self.change_config(run.config)
        return last

    def add(self, steps: Sequence[LoggedStep]) -> None:
        texts = [(one.step, name, text) for one in steps for name, text in one.texts.items()]
        if texts:
            head = [] if self._size(_TEXTS) else [("step", "name", "text")]
            self._append(_TEXTS, _text([*head, *texts], csv.QUOTE_ALL))
        rows = [one for one in steps if one.values]
        new = dict.fromkeys(name for one in rows for name in one.values if name not in self._columns)
        if new:
            self._widen(list(new))
        cells = ([one.step, round(one.time, 3), *(one.values.get(name, "") for name in self._columns)] for one in rows)
        self._append(_STEPS, _text(cells))

    def change_config(self, config: Mapping[str, Any]) -> None:
        self._write("config.json", json.dumps(finite(dict(config)), ensure_ascii=False, indent=2))

    def set_notes(self, notes: str) -> None:
        self._write("notes.md", notes + "\n")

    def close(self, ending: Ending | None) -> None:
        if ending is not None:
            self._write("ending.json", json.dumps(finite(asdict(ending)), ensure_ascii=False, indent=2))

    def _write(self, name: str, text: str) -> None:
        write_whole(self._folder / name, text)

    def _size(self, name: str) -> int:
        path = self._folder / name
        return path.stat().st_size if path.exists() else 0

    def _append(self, name: str, text: str) -> None:
        descriptor = open_descriptor(self._folder / name, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        try:
            data = memoryview(text.encode("utf-8", "backslashreplace"))
            while data:
                data = data[os.write(descriptor, data) :]
        finally:
            os.close(descriptor)

    def _widen(self, new: list[str]) -> None:
        """Add columns: validations come later than steps."""
        rows = self._rows(_STEPS)
        self._columns += new
        wider = ([*row, *[""] * len(new)] for row in rows[1:])
        self._write(_STEPS, _text([[*_FIRST, *self._columns], *wider]))

    def _rows(self, name: str) -> list[list[str]]:
        if not self._size(name):
            return []
        with open_plain(self._folder / name) as file:
            return list(csv.reader(io.StringIO(file.readall().decode("utf-8", "replace"), newline="")))

    def _mend(self, name: str) -> list[list[str]]:
        """Remove an incomplete last line. Returns the rows."""
        if self._size(name):
            with open_plain(self._folder / name) as file:
                self._write(name, b"".join(_complete(file.readall())).decode("utf-8", "replace"))
        return self._rows(name)


def _text(rows: Iterable[Sequence[object]], quoting: Literal[0, 1] = csv.QUOTE_MINIMAL) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n", quoting=quoting).writerows(rows)
    return text.getvalue()


def _complete(data: bytes) -> Iterable[bytes]:
    """The rows of a CSV file without an incomplete last one: a row ends at a line end outside of quotes."""
    row = b""
    for line in data.splitlines(keepends=True):
        row += line
        if row.count(b'"') % 2 == 0 and row.endswith(b"\n"):
            yield row
            row = b""
