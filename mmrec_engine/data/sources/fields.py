"""Which field of structured rows holds the text, and the text of a row.

A field is written as its name, `a.b` for `b` within `a` (within each item, if `a` is a list), `a+b` for several joined. Joined
fields are separated by a line end unless one of them has white space there; turns of a conversation are written `role: words`,
separated by an empty line. Rows are mappings of any values. Must not know: files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]
SAMPLE = 200  # rows that are read to choose the field
_NAMES = (
    "text", "content", "body", "article", "document", "story", "passage", "raw_content", "page_content", "markdown", "code",
    "completion_text", "sentence", "review", "paragraph", "abstract",
)  # fmt: skip
_CONVERSATIONS = ("messages", "conversations", "conversation", "dialog", "dialogue", "turns")
_TOGETHER = (
    ("prompt", "completion"), ("prompt", "response"), ("instruction", "input", "output"), ("instruction", "output"),
    ("instruction", "input", "response"), ("instruction", "response"), ("question", "answer"), ("input", "output"),
    ("prompt", "chosen"),
)  # fmt: skip
_ROLES, _WORDS = ("role", "from", "speaker"), ("content", "value", "text")
_FEWEST_WORDS = 3
_FEWEST_LETTERS = 8  # of scripts without spaces between words
_PROSE_SHARE = 0.5


@dataclass(frozen=True)
class TextField:
    """as_written: by the user or as chosen, such as `a.b`; others: the unused fields."""

    as_written: str
    others: tuple[str, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(path for path in self.as_written.split("+") if path)

    @property
    def columns(self) -> tuple[str, ...]:
        """The fields of a row that it needs; for a dotted one also its first name, because a name may contain a dot."""
        return tuple(dict.fromkeys(name for path in self.paths for name in (path, path.partition(".")[0])))

    def text_of(self, row: Row) -> str | None:
        """Empty if the row has the field without text; None if it has no such field, or its value cannot be text."""
        if self.as_written in row:
            return _as_text(row[self.as_written])
        values = [_as_text(_at(row, path)) for path in self.paths]
        found = [value for value in values if value is not None]
        return _joined(found) if found else None


_ABSENT = object()


def chosen_field(rows: Sequence[Row], wanted: str | None) -> TextField | None:
    """The requested field, else the one that holds text; None if there is none or it is ambiguous.

    rows: the first ones; rows whose fields are null or empty are ignored.
    """
    keys = tuple(dict.fromkeys(key for row in rows for key in row))
    as_written = wanted if wanted is not None else _guessed(rows, keys)
    if as_written is None:
        return None
    field = TextField(as_written)
    if all(field.text_of(row) is None for row in rows):
        return None
    return TextField(as_written, tuple(key for key in keys if key not in field.columns))


def keys_of(rows: Iterable[Row]) -> list[str]:
    """The existing fields in their order, nested ones dotted."""
    found: dict[str, None] = {}
    for row in rows:
        for key, value in row.items():
            inner = [f"{key}.{name}" for name in value] if isinstance(value, Mapping) else []
            found.update(dict.fromkeys(map(str, inner or [key])))
    return list(found)


def is_prose(values: Iterable[str]) -> bool:
    """Whether most of these values are running text, and not names, numbers, links or labels."""
    filled = [value for value in values if value.strip()]
    return bool(filled) and sum(map(_has_words, filled)) >= _PROSE_SHARE * len(filled)


def _has_words(value: str) -> bool:
    if "://" in value[:10] and " " not in value.strip():
        return False
    words = [word for word in value.split() if any(map(str.isalpha, word))]
    unspaced = sum(character.isalpha() and character >= "\u0e00" for character in value[:200])
    return len(words) >= _FEWEST_WORDS or unspaced >= _FEWEST_LETTERS


def _guessed(rows: Sequence[Row], keys: Sequence[str]) -> str | None:
    values = {key: [row[key] for row in rows if row.get(key) is not None and row.get(key) != ""] for key in keys}
    strings = {key: found for key, found in values.items() if found and all(isinstance(one, str) for one in found)}
    lower = {key.lower(): key for key in reversed(keys)}
    if "text" in keys:
        return "text"
    for name in _NAMES:
        if lower.get(name) in strings:
            return lower[name]
    for name in _CONVERSATIONS:
        if name in lower and any(_turns(one) for one in values[lower[name]]):
            return lower[name]
    for names in _TOGETHER:
        if all(name in lower and _as_text_all(values[lower[name]]) for name in names):
            return "+".join(lower[name] for name in names)
    for key in keys:
        inner = [one for one in values[key] if isinstance(one, Mapping)]
        if inner and len(inner) == len(values[key]):
            within = _guessed(inner, tuple(dict.fromkeys(name for one in inner for name in one)))
            if within is not None:
                return ".".join((key, within)) if "+" not in within else None
    prose = [key for key, found in strings.items() if is_prose(found)]
    return prose[0] if len(prose) == 1 else None


def _as_text_all(values: Sequence[Any]) -> bool:
    return all(isinstance(value, str) or _turns(value) for value in values)


def _at(row: Any, path: str) -> Any:
    """The value at a dotted path; for a list, the values of its items that have one."""
    if isinstance(row, list | tuple):
        found = [value for one in row if (value := _at(one, path)) is not _ABSENT]
        return found if found or not row else _ABSENT
    if not isinstance(row, Mapping):
        return _ABSENT
    if path in row:
        return row[path]
    for place, character in enumerate(path):  # a name may contain a dot
        if character == "." and path[:place] in row:
            return _at(row[path[:place]], path[place + 1 :])
    return _ABSENT


def _as_text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        turns = _turns(value)
        if turns:
            return "\n\n".join(turns)
        parts = [_as_text(one) for one in value]
        found = [part for part in parts if part]
        return "\n\n".join(found) if found or not value else None
    return None


def _turns(value: Any) -> list[str]:
    """The turns of a conversation; empty if it is not one."""
    if not isinstance(value, list | tuple):
        return []
    turns = []
    for one in value:
        if not isinstance(one, Mapping):
            return []
        role = next((one[name] for name in _ROLES if isinstance(one.get(name), str)), None)
        words = next((one[name] for name in _WORDS if name in one), None)
        said = _as_text(words)
        if role is not None and said is not None and said.strip():
            turns.append(f"{role}: {said.strip()}")
    return turns


def _joined(parts: Sequence[str]) -> str:
    whole = ""
    for part in filter(None, parts):
        touching = whole and not whole[-1].isspace() and not part[0].isspace()
        whole += ("\n" if touching else "") + part
    return whole
