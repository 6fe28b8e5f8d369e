"""Rows of structured files: JSON lines, JSON arrays and documents, CSV and TSV, Parquet and Arrow. Streams where it can.

A row is a mapping; a value that is no row is yielded as None, so that it can be counted.
"""

from __future__ import annotations

import csv
import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from mmrec_engine.data.sources.compressed_files import Unusable
from mmrec_engine.data.sources.fields import Row
from mmrec_engine.data.sources.text import json_lines, undecodable_lines, utf8_damage
from mmrec_engine.errors import RequestError
from mmrec_engine.system.optional_dependencies import install_command, library

BLANK: Row = {}  # stands for an empty line, so that lines can be counted
TORN: Row = {}  # for a line that is not UTF-8, in a file that otherwise is
_EXTRA = "hub"
_DROPPED_SHARE = 0.02  # of the bytes of a line of JSON; with more invalid ones the line is in another encoding
_READ = 2**20  # characters
_LARGEST_VALUE = 2**28  # characters of one JSON value
_HEADER = 60  # characters of a column's name at most
_BELOW_HEADER = 10  # rows
_DELIMITERS = ",;\t|"
_JUDGED_ROWS = 200


def rows_of_lines(file: BinaryIO, encoding: str | None, dropped: list[int] | None) -> Iterator[Row | None]:
    """JSON with a row in each line, `BLANK` for an empty one. If the file is a single line, it may hold the rows within it.

    `TORN` for a line that is not UTF-8, in a file that otherwise is. encoding, dropped: as in `clean_pieces`. Raises
    Unusable.
    """
    alone: list[Any] = []  # the first value, until there is a second
    several = judged = False
    for line in json_lines(file):
        if not line.strip():
            yield BLANK
            continue
        value = _value(line, encoding, dropped)
        if value is TORN and not judged:
            judged = True
            if isinstance(line, bytes) and (reason := undecodable_lines(file, line)) is not None:
                raise reason
        if not several and not alone:
            alone = [value]
            continue
        several = True
        for one in (*alone, value):
            yield one if isinstance(one, Mapping) else None
        alone = []
    for one in alone:
        yield from _rows_within(one)


def _value(line: bytes | str, encoding: str | None, dropped: list[int] | None) -> Any:
    """None if it is not JSON, `TORN` if it is not UTF-8 and no encoding was named."""
    try:
        try:
            return json.loads(line if isinstance(line, str) else line.decode("utf-8"))
        except UnicodeDecodeError:
            if not isinstance(line, bytes):
                return None
            damage = utf8_damage((line,))
            if dropped is not None and (damage.slight or damage.bad <= _DROPPED_SHARE * damage.size):
                dropped.append(damage.bad)
                return json.loads(line.decode("utf-8", "ignore"))
            return TORN if encoding is None else json.loads(line.decode(encoding))
    except (ValueError, RecursionError):
        return None


def rows_of_json(pieces: Iterator[str]) -> Iterator[Row | None]:
    """JSON that is one value: an array of rows, or an object that is a row or holds rows."""
    text = next(pieces, "")
    start = text.lstrip("\ufeff \n\t")
    if not start.startswith("["):
        try:
            yield from _rows_within(json.loads(_whole(start, pieces)))
        except (ValueError, RecursionError):
            yield None
        return
    decoder, buffer, ended = json.JSONDecoder(), start[1:], False
    while True:
        buffer = buffer.lstrip(" \n\t,")
        if buffer.startswith("]"):
            return
        try:
            value, end = decoder.raw_decode(buffer)
            whole = end < len(buffer) or ended  # a number may continue
        except ValueError:
            whole = False
        except RecursionError:
            yield None
            return
        if whole:
            buffer = buffer[end:]
            yield {"text": value} if isinstance(value, str) else value if isinstance(value, Mapping) else None
            continue
        if ended or len(buffer) > _LARGEST_VALUE:
            yield None
            return
        more = list(itertools.islice(pieces, max(1, len(buffer) // _READ)))
        ended = not more
        buffer += "".join(more)


def _whole(start: str, pieces: Iterator[str]) -> str:
    parts, size = [start], len(start)
    for piece in pieces:
        parts.append(piece)
        size += len(piece)
        if size > _LARGEST_VALUE:
            raise Unusable("too-large")
    return "".join(parts)


def _rows_within(value: Any) -> Iterator[Row | None]:
    """The rows that a value holds: a list's, those of an object's longest list of objects, or the object itself."""
    if isinstance(value, list):
        for one in value:
            yield {"text": one} if isinstance(one, str) else one if isinstance(one, Mapping) else None
        return
    if not isinstance(value, Mapping):
        yield None
        return
    lists = [one for one in value.values() if isinstance(one, list) and one and isinstance(one[0], Mapping)]
    turns = any(name in one[0] for one in lists for name in ("role", "from", "speaker"))
    if not lists or turns or isinstance(value.get("text"), str):
        yield value
        return
    for one in max(lists, key=len):
        inner = one.get("row") if isinstance(one, Mapping) and isinstance(one.get("row"), Mapping) else one
        yield inner if isinstance(inner, Mapping) else None


def table_of(head: str, ending: str, whole: bool) -> tuple[str, int] | None:
    """The delimiter of a table and the quoting for `csv`; None if the head of a text is not a table.

    ending: suffix of the file's name; a table suffix needs less evidence. whole: whether the head is all of the file.
    """
    lines = head if whole else head[: head.rfind("\n") + 1]
    named = {".tsv": "\t", ".tab": "\t", ".csv": _DELIMITERS}.get(ending)
    for delimiter in named or _DELIMITERS[:3]:
        for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
            rows = [row for row in _parsed(lines, delimiter, quoting) if row]
            widths = {len(row) for row in rows}
            same = len(rows) >= 2 and len(widths) == 1 and min(widths) >= 2
            if named is None:
                same = same and len(rows) >= (3 if delimiter == "\t" else 10) and _is_header(rows)
            if same:
                return delimiter, quoting
    return (named[0], csv.QUOTE_MINIMAL) if named else None


def _parsed(lines: str, delimiter: str, quoting: int) -> Iterator[list[str]]:
    csv.field_size_limit(2**31 - 1)
    try:
        reader = csv.reader(lines.splitlines(keepends=True), delimiter=delimiter, quoting=quoting)  # type: ignore[arg-type]
        yield from itertools.islice(reader, _JUDGED_ROWS)
    except csv.Error:
        return


def _is_header(rows: list[list[str]]) -> bool:
    """Whether the first row is a header: short, unique names, none of them a number or a value that occurs below it."""
    names = [name.strip() for name in rows[0]]
    if len(set(names)) < len(names) or not all(0 < len(name) <= _HEADER and not _is_number(name) for name in names):
        return False
    if any(name.endswith((".", "!", "?")) or len(name.split()) > 4 for name in names):
        return False
    below = rows[1 : 1 + _BELOW_HEADER]
    return not any(place < len(row) and row[place].strip() == name for row in below for place, name in enumerate(names))


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True


def rows_of_table(pieces: Iterator[str], delimiter: str, quoting: int) -> Iterator[Row | None]:
    """The rows of a CSV or TSV text by the names in its header; without a header the columns are `1`, `2` and so on."""
    csv.field_size_limit(2**31 - 1)
    reader = csv.reader(_lines_of(pieces), delimiter=delimiter, quoting=quoting)  # type: ignore[arg-type]
    try:
        first = list(itertools.islice((row for row in reader if row), _JUDGED_ROWS))
        if not first:
            return
        header = _is_header(first) if len(first) > 1 else True
        names = [name.strip() for name in first[0]] if header else [str(n + 1) for n in range(len(first[0]))]
        for row in itertools.chain(first[1:] if header else first, reader):
            if row:
                yield dict(zip(names, row, strict=True)) if len(row) == len(names) else None
    except csv.Error:
        yield None


def _lines_of(pieces: Iterator[str]) -> Iterator[str]:
    kept = ""
    for piece in pieces:
        *lines, kept = (kept + piece).split("\n")
        for line in lines:
            yield f"{line}\n"
    if kept:
        yield kept


def rows_of_columns(file: BinaryIO, head: bytes) -> Iterator[Row | None]:
    """The rows of a Parquet or Arrow file that begins with `head`. Raises Unusable."""
    try:
        pyarrow = library("pyarrow", _EXTRA)
        reader = library("pyarrow.parquet" if head.startswith(b"PAR1") else "pyarrow.ipc", _EXTRA)
    except RequestError:
        raise Unusable("needs-extra", install_command(_EXTRA)) from None
    try:
        if head.startswith(b"PAR1"):
            batches: Any = reader.ParquetFile(file).iter_batches(batch_size=1024)
        else:
            opened = reader.open_file(file)
            batches = (opened.get_batch(number) for number in range(opened.num_record_batches))
        for batch in batches:
            yield from batch.to_pylist()
    except (pyarrow.ArrowException, OSError):
        raise Unusable("damaged") from None
