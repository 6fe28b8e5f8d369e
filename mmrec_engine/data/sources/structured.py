"""The documents within one file: its format, its rows, the field that holds their text, or the text extracted from markup."""

from __future__ import annotations

import codecs
import csv
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import BinaryIO

from mmrec_engine.data.sources.compressed_files import Unusable, damage_worded, plain_name
from mmrec_engine.data.sources.fields import SAMPLE, Row, TextField, chosen_field, keys_of
from mmrec_engine.data.sources.formats import Kind, beginning, kind_of
from mmrec_engine.data.sources.legacy_encodings import Candidate
from mmrec_engine.data.sources.markup import html_text, rtf_text, xml_text
from mmrec_engine.data.sources.rows import (
    BLANK,
    TORN,
    rows_of_columns,
    rows_of_json,
    rows_of_lines,
    rows_of_table,
    table_of,
)
from mmrec_engine.data.sources.text import as_utf8, clean, clean_pieces, refuse_unmarked_unicode

HEAD_BYTES = 2**16
_LARGEST_MARKUP = 2**26  # characters of a page, which is kept in memory as a whole
_CHARSET = re.compile(
    rb"""<(?:meta|\?xml)\b[^>]{0,200}?(?:charset|encoding)\s*=\s*["']?([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE
)
_MOST_KEYS = 12  # listed
_CONVERT: dict[Kind, Callable[[str], str]] = {"html": html_text, "xml": xml_text, "rtf": rtf_text}


@dataclass
class Found:
    """The formats of the files of a corpus, for reports. fields: how many files each was read from."""

    fields: Counter[TextField] = field(default_factory=Counter)
    converted: Counter[str] = field(default_factory=Counter)
    dropped_bytes: int = 0


@dataclass(frozen=True)
class Lost:
    """A skipped part of a file: reason, hint and candidates as in `Skipped`."""

    reason: str
    hint: str
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True)
class Text:
    """A document in clean blocks. in_row: it is one of several in its file."""

    pieces: Iterator[str]
    in_row: bool = False


@dataclass(frozen=True)
class TextReader:
    """How text is read from files. encoding: of text that is not Unicode; text_field: as `fields` reads it.

    skip_invalid: skip the invalid bytes of a file that is otherwise UTF-8.
    """

    encoding: str | None = None
    text_field: str | None = None
    skip_invalid: bool = False

    def texts(self, file: BinaryIO, name: str, found: Found) -> Iterator[Text | Lost]:
        """The documents of an open file, and at the end what was skipped of it.

        name: of the file alone. Raises Unusable if it is not text.
        """
        file = as_utf8(file, self.encoding)
        with damage_worded():
            head = file.read(HEAD_BYTES)
            file.seek(0)
        kind = kind_of(name, head, len(head) < HEAD_BYTES)
        if kind not in ("text", "columns") and b"\0" in head:
            refuse_unmarked_unicode(head, self.encoding)
        dropped: list[int] | None = [] if self.skip_invalid else None
        if kind == "text":
            yield Text(clean_pieces(file, self.encoding, dropped))
        elif kind in _CONVERT:
            yield Text(iter((self._converted(kind, file, head, dropped),)))
            found.converted[kind] += 1
        else:
            yield from self._of_rows(self._rows(kind, file, name, head, dropped), kind, name, found)
        if dropped:
            found.dropped_bytes += sum(dropped)
            yield Lost("invalid-bytes", str(sum(dropped)))

    def _converted(self, kind: Kind, file: BinaryIO, head: bytes, dropped: list[int] | None) -> str:
        parts: list[str] = []
        size = 0
        encoding = "latin-1" if kind == "rtf" else self.encoding or _declared(head)
        for piece in clean_pieces(file, encoding, dropped):
            parts.append(piece)
            size += len(piece)
            if size > _LARGEST_MARKUP:
                raise Unusable("too-large")
        source = "".join(parts)
        try:
            text = clean(_CONVERT[kind](source)).replace("\0", "")
        except Exception:  # the libraries raise many kinds of errors for a broken page or document
            raise Unusable("damaged") from None
        if not text:
            raise Unusable("empty")
        return text

    def _rows(
        self, kind: Kind, file: BinaryIO, name: str, head: bytes, dropped: list[int] | None
    ) -> Iterator[Row | None]:
        if kind == "columns":
            return rows_of_columns(file, head)
        if kind == "json-lines":
            return rows_of_lines(file, self.encoding, dropped)
        pieces = clean_pieces(file, self.encoding, dropped)
        if kind == "json":
            return rows_of_json(pieces)
        ending = PurePosixPath(plain_name(name)).suffix
        table = table_of(beginning(head), ending, len(head) < HEAD_BYTES)
        return rows_of_table(pieces, *(table or (",", csv.QUOTE_MINIMAL)))

    def _of_rows(self, rows: Iterator[Row | None], kind: Kind, name: str, found: Found) -> Iterator[Text | Lost]:
        """The texts of rows; rows without the field are counted and reported once."""
        first = list(itertools.islice(rows, SAMPLE))
        known: Sequence[Row] = [row for row in first if row is not None and row is not BLANK and row is not TORN]
        if all(row is BLANK for row in first):
            raise Unusable("empty")
        invalid_lines = [number for number, row in enumerate(first, start=1) if row is TORN]
        if not known and invalid_lines:
            raise Unusable("invalid-utf8-rows", f"{len(invalid_lines)}, {name}:{invalid_lines[0]}")
        if not known:
            raise Unusable("invalid-rows" if kind == "table" else "invalid-json", f"{len(first)}, {name}:1")
        field = chosen_field(known, self.text_field)
        if field is None:
            raise Unusable("no-field", _some(keys_of(known)))
        found.fields[field] += 1
        bad, first_bad, good, without_text = 0, 0, 0, 0
        invalid_lines = []
        try:
            for number, row in enumerate(itertools.chain(first, rows), start=1):
                if row is BLANK:
                    continue
                if row is TORN:
                    invalid_lines.append(number)
                    continue
                text = None if row is None else field.text_of(row)
                if text is None:
                    bad, first_bad = bad + 1, first_bad or number
                elif text:
                    good += 1
                    yield Text(iter((clean(text),)), in_row=True)
                else:
                    without_text += 1
        except Unusable as unusable:
            yield Lost(unusable.reason, unusable.hint, unusable.candidates)
            return
        if invalid_lines:
            yield Lost("invalid-utf8-rows", f"{len(invalid_lines)}, {name}:{invalid_lines[0]}")
        if bad:
            yield Lost("invalid-rows" if kind in ("table", "columns") else "invalid-json", f"{bad}, {name}:{first_bad}")
        elif not good and not invalid_lines:
            yield Lost("empty", "")
        if without_text and good:
            yield Lost("empty-rows", str(without_text))


def _declared(head: bytes) -> str | None:
    """The encoding that a page declares."""
    found = _CHARSET.search(head)
    try:
        return codecs.lookup(found[1].decode()).name if found else None
    except LookupError:
        return None


def _some(keys: Sequence[str]) -> str:
    return ", ".join(keys[:_MOST_KEYS]) + (", …" if len(keys) > _MOST_KEYS else "")
