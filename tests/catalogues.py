"""The words for people in a form for tests: the JSON files of both packages, flat."""

from __future__ import annotations

import json
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmrec_engine.locales.catalogue import LANGUAGES
from mmrec_tui.locales import AREAS

ROOT = Path(__file__).parents[1]
LOCALES = tuple(ROOT / package / "locales" for package in ("mmrec_engine", "mmrec_tui"))

# How numbers are written, and which other words are searched for.
NOT_SHOWN = ("format.json", "synonyms.json")


def files_of(language: str) -> dict[str, Path]:
    """All files of words of a language, by package and area: "mmrec_tui/app"."""
    return {
        f"{folder.parent.name}/{path.stem}": path
        for folder in LOCALES
        for path in sorted((folder / language).glob("*.json"))
        if path.name not in NOT_SHOWN
    }


def flat(found: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Each text of a file with the keys that lead to it."""
    for key, value in found.items():
        if isinstance(value, dict):
            yield from (((key, *path), text) for path, text in flat(value))
        else:
            assert isinstance(value, str), (key, value)
            yield (key,), value


def texts_in(path: Path) -> dict[tuple[str, ...], str]:
    return dict(flat(json.loads(path.read_text(encoding="utf-8"))))


def texts_of(language: str) -> dict[tuple[str, ...], str]:
    """All texts of a language, by file and keys."""
    return {(file, *keys): text for file, path in files_of(language).items() for keys, text in texts_in(path).items()}


def of_the_app(language: str, *areas: str) -> dict[str, str]:
    """The words of `mmrec_tui`, of these areas or of all."""
    found = {area: texts_in(LOCALES[1] / language / f"{area}.json") for area in areas or AREAS}
    return {key: text for texts in found.values() for (key,), text in texts.items()}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


TEXTS = {language: texts_of(language) for language in LANGUAGES}
