"""The encodings of several files that are not UTF-8: one that fits all, or the one that each looks like.

A run has one setting for the encoding of all its files that are not UTF-8.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from mmrec_engine.data.sources.documents import Skipped
from mmrec_engine.data.sources.legacy_encodings import MOST_READINGS, Candidate, excerpt

_MOST_FILES = 2  # of which a line is shown
_WORDS = 32  # characters of a line where several encodings are told in a sentence


def agreed(skipped: Sequence[Skipped]) -> list[Skipped]:
    """The skipped files; if one encoding reads each as its likeliest does, this is proposed for all."""
    legacy = [one.candidates for one in skipped if one.candidates]
    common = _common(legacy)
    if common is None:
        return list(skipped)
    return [replace(one, hint=f"{common} («{one.candidates[0].line}»)") if one.candidates else one for one in skipped]


def proposals(skipped: Skipped, most: int = 3) -> str:
    """The likely encodings of an undecodable file, each with some words in it."""
    if not skipped.candidates:
        return skipped.hint
    names = [encoding_of(skipped), *(one.name for one in skipped.candidates[1:most])]
    lines = [excerpt(one.line, _WORDS) for one in skipped.candidates[:most]]
    return ", ".join(f"{name} («{line}»)" for name, line in zip(names, lines, strict=True))


def encoding_of(skipped: Skipped) -> str:
    """The encoding that is proposed for an undecodable file."""
    return skipped.hint.partition(" ")[0]


def invalid_bytes(hint: str) -> dict[str, int]:
    """The hint of a file that is UTF-8 but for some bytes: how many are `invalid`, and the `place` of the first."""
    invalid, _, place = hint.partition(", ")
    return {"invalid": int(invalid), "place": int(place)}


def readings_of_files(skipped: Iterable[Skipped]) -> tuple[tuple[str, str], ...]:
    """The possible encodings of all files that are not UTF-8, likeliest first, with a line of each of the first files."""
    files = [one.candidates for one in skipped if one.candidates]
    ranks: dict[str, list[int]] = {}
    for number, file in enumerate(files):
        for rank, candidate in enumerate(file):
            for name in (candidate.name, *candidate.same):
                ranks.setdefault(name, [MOST_READINGS] * len(files))[number] = rank
    order = sorted(ranks, key=lambda name: (max(ranks[name]), sum(ranks[name])))
    by_line: dict[str, str] = {}
    for name in order:
        lines = [_line(file, name) for file in files]
        parts = list(dict.fromkeys(filter(None, lines)))[:_MOST_FILES]
        shown = parts if len(parts) == 1 else [excerpt(one, _WORDS) for one in parts]
        by_line.setdefault(" … ".join(shown), name)
    return tuple((name, line) for line, name in by_line.items())[:MOST_READINGS]


def _common(files: Sequence[Sequence[Candidate]]) -> str | None:
    if not files:
        return None
    named = [(file[0].name, *file[0].same) for file in files]
    everywhere = set(named[0]).intersection(*named[1:])
    likeliest = [names[0] for names in named]
    return min(everywhere, key=lambda name: (-likeliest.count(name), named[0].index(name)), default=None)


def _line(file: Sequence[Candidate], name: str) -> str:
    return next((one.line for one in file if name in (one.name, *one.same)), "")
