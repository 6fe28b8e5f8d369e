"""The guide on the terminal: all of it as a list, one topic in full, or both as JSON."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Any

from mmrec_engine.locales.catalogue import LANGUAGES, Language
from mmrec_engine.locales.guide import HYPERPARAMETERS, ITEMS, MEASURES, PROBLEMS
from mmrec_engine.locales.guide.findings import texts
from mmrec_tui.locales import UsageText, Wording
from mmrec_tui.presentation.topics import Topic, named, search, topics

_WIDEST = 100


def show(topic: str | None, wording: Wording, as_json: bool) -> None:
    """Print all topics, or those with this id, or else those that mention it. Raises UsageText if there are none."""
    language = wording.language
    found = topics(language) if topic is None else named(topic, language) or search(topic, language)
    if not found:
        raise UsageText(wording("guide.unknown", topic=topic))
    if as_json:
        print(json.dumps({"topics": _as_data(found, language)}, ensure_ascii=False))
    elif topic is None:
        _print_list(found, wording)
    else:
        for number, entry in enumerate(found):
            if number:
                print()
            _print_topic(entry, wording)


def _print_list(found: Sequence[Topic], wording: Wording) -> None:
    print(wording("guide.title"))
    width = max(len(topic.id) for topic in found)
    for section, members in groupby(found, key=lambda topic: topic.section):
        print(f"\n{wording(section)}")
        for topic in members:
            print(f"  {topic.id.ljust(width)}  {topic.title}")
    print(f"\n{wording('guide.more')}", file=sys.stderr)


def _print_topic(topic: Topic, wording: Wording) -> None:
    print(f"{topic.title}  ({topic.id})")
    width = min(_WIDEST, shutil.get_terminal_size().columns)
    for heading, text in topic.paragraphs:
        print(textwrap.fill(f"{wording(heading)}: {text}", width, initial_indent="  ", subsequent_indent="  "))
    for remedy in topic.remedies:
        print(f"  - {remedy}")


def _as_data(found: Sequence[Topic], language: Language) -> list[dict[str, Any]]:
    """The guide's own entries, with all their fields, each after its id and kind."""
    entries: dict[str, Any] = {setting.name: setting for setting in HYPERPARAMETERS}
    for part in (ITEMS, PROBLEMS, MEASURES):
        entries |= {entry.id: entry for entry in part}
    entries = {**texts(), **entries}
    return [
        {"id": topic.id, "kind": topic.kind, **_in_language(asdict(entries[topic.id]), language)} for topic in found
    ]


def _in_language(value: Any, language: Language) -> Any:
    """The same values with the words of one language in place of those of all."""
    if isinstance(value, Mapping):
        if set(value) == set(LANGUAGES):
            return value[language]
        return {key: _in_language(item, language) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_in_language(item, language) for item in value]
    return value
