"""Corpora that need no download: the project's sample prose, and text that is part of every Python installation."""

from __future__ import annotations

import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path

from mmrec_engine.data.sources.documents import Document, Reading, Skipped
from mmrec_engine.data.sources.hub_source import NAMED
from mmrec_engine.data.sources.text import clean
from mmrec_engine.errors import RequestError, reason_words

_NOT_LIBRARY = {
    "test", "tests", "idle_test", "idlelib", "lib2to3", "site-packages", "dist-packages", "__pycache__", "turtledemo",
    "pydoc_data", "ensurepip", "encodings",
}  # fmt: skip
_SHORT_PARAGRAPH = 40  # characters; shorter ones (`import os`, `else:`) may recur


class BuiltinDocuments:
    """The documents of one built-in corpus, with each repeated paragraph at its first place only."""

    def __init__(self, name: str) -> None:
        require_builtin(name)
        self.skipped: list[Skipped] = []
        self.reading = Reading()
        self._texts = list(_without_repetition(_SOURCES[name]()))
        self.lengths = [len(text) for _, text in self._texts]
        self.total_bytes = sum(self.lengths)

    def __iter__(self) -> Iterator[Document]:
        done = 0
        for name, text in self._texts:
            yield Document(name, iter((text,)), done=done)
            done += len(text)


def require_builtin(name: str) -> None:
    """Raises RequestError if no built-in corpus has this name."""
    if name not in _SOURCES:
        raise RequestError("corpus-name-unknown", name=name, choices=", ".join((*_SOURCES, *NAMED)))


def builtin_names() -> tuple[str, ...]:
    return tuple(_SOURCES)


def sample_folder() -> Path:
    """The sample corpus: in the installed package, or next to it in a checkout."""
    installed = Path(__file__).parents[1] / "sample"
    return installed if installed.is_dir() else Path(__file__).parents[3] / "data" / "sample"


def _sample() -> Iterator[tuple[str, str]]:
    for path in sorted(sample_folder().glob("*.txt")):
        yield path.name, path.read_text(encoding="utf-8")


def _python_docs() -> Iterator[tuple[str, str]]:
    try:
        from pydoc_data import topics  # the language reference, as `help()` shows it
    except ImportError as error:
        raise RequestError("corpus-builtin-missing", name="python-docs", reason=error) from None
    yield from sorted(topics.topics.items())


def _python_code() -> Iterator[tuple[str, str]]:
    root = Path(sysconfig.get_path("stdlib"))
    paths = [path for path in root.rglob("*.py") if not _NOT_LIBRARY.intersection(path.relative_to(root).parts)]
    if not paths:
        raise RequestError("corpus-builtin-missing", name="python-code", reason=reason_words("no-sources", place=root))
    for path in sorted(paths):
        try:
            yield path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")
        except (UnicodeDecodeError, OSError):
            continue


_SOURCES: dict[str, Callable[[], Iterator[tuple[str, str]]]] = {
    "sample": _sample,
    "python-docs": _python_docs,
    "python-code": _python_code,
}


def _without_repetition(texts: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    seen: set[int] = set()
    for name, text in texts:
        kept = []
        for paragraph in clean(text).split("\n\n"):
            known = hash(paragraph.strip())
            if len(paragraph) >= _SHORT_PARAGRAPH and known in seen:
                continue
            seen.add(known)
            kept.append(paragraph)
        if any(paragraph.strip() for paragraph in kept):
            yield name, "\n\n".join(kept)
