"""The meaning of the figures and curves of a run: each with what it is, why it matters and how to read it.

Numbers are of characters as tokens: a model of config tiny on the sample corpus or on a megabyte of English (docs/results.md).
"""

from __future__ import annotations

from dataclasses import dataclass

from mmrec_engine.locales.catalogue import DEFAULT_LANGUAGE, Text, Words, words


@dataclass(frozen=True)
class Measure:
    """One figure. what: what it measures; why: why it matters; read: healthy and warning shapes, with numbers."""

    id: str
    title: Words
    what: Words
    why: Words
    read: Words


def _measure(id: str) -> Measure:
    title, what, why, read = (Text("measures", id, key) for key in ("title", "what", "why", "read"))
    return Measure(id, title, what, why, read)


MEASURES = tuple(_measure(id) for id in words("measures", DEFAULT_LANGUAGE))
