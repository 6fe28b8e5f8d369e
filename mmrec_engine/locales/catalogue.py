"""The words for people, as files: one folder for each language, one JSON file for each area, read when its first text is used.

A folder here that holds a format.json is a language, so another one is added by adding its folder. Python keeps keys and
values alone; a text is a template over the values. Texts that a language lacks are shown in the default language.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

Language = str  # the name of its folder, a code such as "en"
Words = Mapping[Language, str]
ENGINE = "mmrec_engine.locales"
# The language of records and tracebacks, and the default if neither the user nor the system names one.
DEFAULT_LANGUAGE: Language = "en"


def languages_of(package: str, area: str) -> tuple[Language, ...]:
    """The languages for which a package has the file of an area, in the order of their codes."""
    return tuple(sorted(path.parent.name for path in _folder(package).glob(f"*/{area}.json")))


def _folder(package: str) -> Path:
    # Not by importlib.resources, whose import takes longer than reading the words of a command.
    return Path(sys.modules[package].__path__[0])


LANGUAGES = languages_of(ENGINE, "format")


@cache
def read(package: str, language: Language, area: str) -> dict[str, Any]:
    """All words of an area in a language, by key. Raises OSError if the package has no such file."""
    found: dict[str, Any] = json.loads((_folder(package) / language / f"{area}.json").read_bytes())
    return found


def words(area: str, language: Language) -> dict[str, Any]:
    """The engine's words of an area in a language."""
    return read(ENGINE, language, area)


class Text(Mapping[Language, str]):
    """One text of the engine in every language. path: the keys that lead to it in the file of its area."""

    def __init__(self, area: str, *path: str) -> None:
        self._area, self._path = area, path

    def __getitem__(self, language: Language) -> str:
        if language not in LANGUAGES:
            raise KeyError(language)
        try:
            return self._found(language)
        except (KeyError, OSError):
            return self._found(DEFAULT_LANGUAGE)

    def _found(self, language: Language) -> str:
        found: Any = words(self._area, language)
        for key in self._path:
            found = found[key]
        return str(found)

    def __iter__(self) -> Iterator[Language]:
        return iter(LANGUAGES)

    def __len__(self) -> int:
        return len(LANGUAGES)

    def __repr__(self) -> str:
        return f"Text({', '.join(map(repr, (self._area, *self._path)))})"


class Texts(Mapping[str, Words]):
    """The texts of an area of the engine by key, or those below `path` in it. The keys are those of the default language."""

    def __init__(self, area: str, *path: str) -> None:
        self._area, self._path = area, path

    def __getitem__(self, key: str) -> Words:
        if key not in self._keys():
            raise KeyError(key)
        return Text(self._area, *self._path, key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys())

    def __len__(self) -> int:
        return len(self._keys())

    def _keys(self) -> dict[str, str]:
        found: dict[str, Any] = words(self._area, DEFAULT_LANGUAGE)
        for key in self._path:
            found = found[key]
        return found
