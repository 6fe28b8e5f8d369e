"""Records with any content: every reader continues, and what is shown is printable text.

The readers of the engine first, then all that the command and the app show of what they have read, in both languages.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import example
from hypothesis import strategies as st

from mmrec_engine import events
from mmrec_engine.checks import report
from mmrec_engine.checks.monitor.monitor import Monitor
from mmrec_engine.locales.messages import LANGUAGES
from mmrec_engine.run.follow_up import offers
from mmrec_engine.runs.catalog import recorded_ending, summarise
from mmrec_engine.runs.history import History
from mmrec_engine.runs.run_reader import RunReader
from mmrec_engine.storage.run_files import DESCRIPTION, EVENTS, REPORTS
from tests.fuzz import hostile, recorded, shown
from tests.fuzz.tried import is_safe, tries

JUNK = st.sampled_from([
    b"", b"{", b"null", b"[" * 3000, b'{"a":' * 3000, b"\xff\xfe", b'{"event": "step"}', b'{"event": "run_started"}',
    b'{"event": "state", "state": "NOWHERE"}', b'{"event": ["step"]}', b'{"event": "step", "step": 1e999}', b"\xc3",
    b'{"event": "check", "finding": {}}', b'{"event": "finding", "finding": {"status": "fail", "values": {}}}', b"9" * 5000,
])  # fmt: skip
EDITS = st.lists(
    st.tuples(st.just("change"), hostile.PLACES, hostile.CHANGES)
    | st.tuples(st.just("damage"), hostile.PLACES, hostile.DAMAGES)
    | st.tuples(st.just("put in"), hostile.PLACES, JUNK | st.binary(max_size=40))
    | st.tuples(st.sampled_from(["drop", "double", "cut"]), hostile.PLACES, st.none())
    | st.tuples(st.just("move"), hostile.PLACES, hostile.PLACES),
    min_size=1,
    max_size=8,
)


def at_kind(lines: list[bytes], place: int) -> int:
    """Which line: each kind with the same probability, however many lines it has."""
    kinds: dict[bytes, list[int]] = {}
    for number, line in enumerate(lines):
        kinds.setdefault(line[: line.find(b",")][:60], []).append(number)
    alike = list(kinds.values())[place % len(kinds)]
    return alike[place // len(kinds) % len(alike)]


# Which place is that of settings that a lack of memory changed.
CHANGED = next(n for n in range(10**4) if b"out-of-memory" in recorded.LINES[at_kind(recorded.LINES, n)])
LINES = st.tuples(hostile.PLACES, hostile.CHANGES) | st.tuples(hostile.PLACES, hostile.DAMAGES)


def changed(line: bytes, changes: list[tuple[list[int], Any, bool]]) -> bytes:
    """The line with values of its JSON replaced; unchanged if it is not JSON (any more)."""
    try:
        values = json.loads(line)
        for path, new, drop in changes:
            values = hostile.replaced(values, path, new, drop)
        # NaN and Infinity as Python writes them are not JSON, but other writers use them.
        return json.dumps(values).replace("\n", "").encode()
    except (ValueError, RecursionError):
        return line


def edited(lines: list[bytes], edits: list[tuple[str, int, Any]]) -> list[bytes]:
    lines = list(lines)
    for kind, place, what in edits:
        at = place % len(lines) if lines else 0
        match kind:
            case "put in":
                lines.insert(at, what)
            case _ if not lines:
                continue
            case "change":
                at = at_kind(lines, place)
                lines[at] = changed(lines[at], what)
            case "damage":
                lines[at] = hostile.damaged(lines[at], what)
            case "drop":
                del lines[at]
            case "double":
                lines.insert(at, lines[at])
            case "cut":
                lines[at] = lines[at][: len(lines[at]) // 2]
            case "move":
                lines.insert(what % len(lines), lines.pop(at))
    return lines


def kept(events_read: list[events.Event]) -> History:
    history = History()
    for event in events_read:
        history.add(event)
    return history


@tries(120, chosen=LINES)
@example(chosen=(CHANGED, [([1, 0], "four", False)]))
@example(chosen=(CHANGED, [([1, 0], 10**400, False)]))
@example(chosen=(1, [([3], "some work", False)]))
def test_any_line_round_trips_as_an_event_or_is_ignored(chosen: tuple[int, Any]) -> None:
    place, how = chosen
    line = recorded.LINES[at_kind(recorded.LINES, place)]
    line = hostile.damaged(line, how) if len(how[0]) == 4 else changed(line, how)
    event = events.from_line(line)
    if event is None:
        return
    again = events.from_line(events.to_line(event).encode("utf-8", "backslashreplace"))
    assert type(again) is type(event)
    history = kept([event])
    Monitor().add(event)
    for language in LANGUAGES:
        shown.all_of(history, language)


@tries(12, edits=EDITS, cut=hostile.PLACES, real=st.booleans())
def test_any_record_is_read_and_shown(
    edits: list[tuple[str, int, Any]], cut: int, real: bool, tiny: tuple[Path, Any], new_place: Callable[[], Path]
) -> None:
    folder = new_place()
    (folder / DESCRIPTION).write_bytes((tiny[0] / DESCRIPTION).read_bytes())
    lines = (tiny[0] / EVENTS).read_bytes().splitlines() if real else recorded.RECORD
    data = b"\n".join(edited(lines, edits)) + b"\n"
    half = cut % len(data)
    (folder / EVENTS).write_bytes(data[:half])
    reader = RunReader(folder)
    while reader.read(0.0):
        pass
    with (folder / EVENTS).open("ab") as file:
        file.write(data[half:])
    while reader.read(0.0):
        pass
    summary = summarise(folder)
    assert summary is not None
    recorded_ending(folder)
    found = list(filter(None, map(events.from_line, data.split(b"\n"))))
    Monitor().fold(found)
    during = Monitor()
    for event in found:
        for finding in during.add(event):
            assert events.from_line(events.to_line(events.Finding(finding=finding))) is not None
    history = kept(found)
    assert report_as_json(reader.history) == report_as_json(history) == report_as_json(RunReader(folder).first_view())
    for language in LANGUAGES:
        shown.all_of(history, language)
        shown.line_of(summary, language)
        told = report.report_of(history, "a\nrun", {"loss-falling": True})
        report.write(folder, told, language)
        json.loads((folder / REPORTS[0]).read_bytes(), parse_constant=lambda name: 1 / 0)
        page = (folder / REPORTS[1]).read_text(encoding="utf-8")
        is_safe("".join(page.splitlines()))
    for offer in offers(history.findings, {**history.settings, "planned_steps": history.planned_steps}):
        is_safe(offer.id)


def report_as_json(history: History) -> str:
    return json.dumps(report.report_of(history, "run", {}))
