"""One name for one thing: names that `docs/glossary.md` forbids are found in all texts for people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mmrec_engine.locales.guide import ITEMS
from tests.catalogues import TEXTS

ROOT = Path(__file__).parents[1]
GLOSSARY = ROOT / "docs" / "glossary.md"
PAGES = sorted(
    {ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "data" / "README.md", *(ROOT / "docs").rglob("*.md")}
    - {GLOSSARY}
)
COLUMNS = {"en": (0, 3), "tr": (1, 4)}  # of a language: its terms, and the names that they replace
# Names that are the same in every language: flags, settings, code in backquotes, placeholders, commands, links.
NAMES = re.compile(
    r"`[^`]*`|```.*?```|\{[^}]*\}|--[a-z][a-z0-9-]*|\b\w+_\w+\b|\]\([^)]*\)|mmrec-tui [a-z-]+ [a-z-]*", re.DOTALL
)


def rows() -> list[list[str]]:
    table = [line for line in GLOSSARY.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:]]


def ruled_out(language: str) -> list[tuple[str, re.Pattern[str]]]:
    """The term, and the names that it forbids."""
    found = []
    term, others = COLUMNS[language]
    for row in rows():
        variants = [one.strip().replace("\\*", "*") for one in row[others].split(",")]
        for variant in filter(None, variants):
            words = r"\s+".join(re.escape(word) for word in variant.removesuffix("*").split())
            ending = r"\w*" if variant.endswith("*") else ""
            found.append((row[term], re.compile(rf"(?<![\w-]){words}{ending}(?!\w)", re.IGNORECASE)))
    return found


def told() -> Iterator[tuple[str, str, str]]:
    """Language, place and text of all words for people."""
    for spoken, texts in TEXTS.items():
        yield from ((spoken, "/".join(key), text) for key, text in texts.items())


def wrong_in(text: str, language: str) -> list[str]:
    plain = NAMES.sub(" ", text)
    return [
        f"{found.group()} (write: {term})" for term, variant in ruled_out(language) if (found := variant.search(plain))
    ]


TOLD = list(told())


def test_literals_of_both_languages_are_found() -> None:
    assert sum(language == "tr" for language, _, _ in TOLD) > 900, "the catalogues are not where they were looked for"
    assert all(item.question["tr"] in {text for _, _, text in TOLD} for item in ITEMS)


@pytest.mark.parametrize("language", COLUMNS)
def test_catalogues_and_guide_follow_the_glossary(language: str) -> None:
    questions = {item.question[language] for item in ITEMS}  # type: ignore[index]
    wrong: list[Any] = [
        (place, found, text[:90])
        for spoken, place, text in TOLD
        if spoken == language and text not in questions and (found := wrong_in(text, language))
    ]
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_pages_follow_the_glossary(page: Path) -> None:
    # Names that are split by a line end are found too; line numbers are those of their beginning.
    text = re.sub(
        r"```.*?```", lambda found: "\n" * found.group().count("\n"), page.read_text(encoding="utf-8"), flags=re.DOTALL
    )
    wrong = []
    for term, variant in ruled_out("en"):
        for found in variant.finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            wrong.append(f"{page.relative_to(ROOT)}:{line}: {' '.join(found.group().split())} (write: {term})")
    assert not wrong, "\n".join(wrong)


def test_glossary_terms_are_complete_and_consistent() -> None:
    for row in rows():
        assert len(row) == 5 and row[0] and row[1] and row[2], row
    for language, (term, _) in COLUMNS.items():
        for row in rows():
            assert not wrong_in(row[term], language), row[0]


def test_forbidden_names_are_detected() -> None:
    assert wrong_in("The validation side is what counting reaches", "en")
    assert wrong_in("Öğrenme hızını düşürün; doğrulama kaybı sabrı tüketti", "tr")
    assert not wrong_in("Öğrenme oranını düşürün (--learning-rate)", "tr")
