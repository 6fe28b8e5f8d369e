"""The guide on the terminal: all of it as a list, one topic in full."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from dataclasses import asdict
from typing import Any

from mmrec_engine.guide import ITEMS, PROBLEMS, Item, Problem
from mmrec_engine.messages import LANGUAGES
from mmrec_tui.text import UsageText, Wording

_WIDEST = 100
_PHASES = ("before", "during", "after")


def show(topic: str | None, wording: Wording, as_json: bool) -> None:
    """Print the topics, or those that `topic` names. Raises UsageText for a topic the guide does not have."""
    found: list[Item | Problem] = [*ITEMS, *PROBLEMS] if topic is None else _matching(topic, wording)
    if topic is not None and not found:
        raise UsageText(wording("guide.unknown", topic=topic))
    if as_json:
        print(json.dumps({"topics": [_in_language(asdict(entry), wording) for entry in found]}, ensure_ascii=False))
    elif topic is None:
        _print_list(wording)
    else:
        for number, entry in enumerate(found):
            if number:
                print()
            _print_entry(entry, wording)


def _matching(topic: str, wording: Wording) -> list[Item | Problem]:
    entries: list[Item | Problem] = [*ITEMS, *PROBLEMS]
    exact = [entry for entry in entries if entry.id == topic]
    if exact:
        return exact
    wanted = topic.casefold()
    return [
        entry
        for entry in entries
        if wanted in json.dumps(_in_language(asdict(entry), wording), ensure_ascii=False).casefold()
    ]


def _print_list(wording: Wording) -> None:
    print(wording("guide.title"))
    ids = [item.id for item in ITEMS] + [problem.id for problem in PROBLEMS]
    width = max(map(len, ids))
    for phase in _PHASES:
        print(f"\n{wording(f'guide.{phase}')}")
        for item in ITEMS:
            if item.phase == phase:
                print(f"  {item.id.ljust(width)}  {item.question[wording.language]}")
    print(f"\n{wording('guide.problems')}")
    for problem in PROBLEMS:
        print(f"  {problem.id.ljust(width)}  {problem.title[wording.language]}")
    print(f"\n{wording('guide.more')}", file=sys.stderr)


def _print_entry(entry: Item | Problem, wording: Wording) -> None:
    language = wording.language
    if isinstance(entry, Item):
        print(f"{entry.question[language]}  ({entry.id})")
        _print_paragraph(wording("guide.why", text=entry.why[language]))
        _print_paragraph(wording("guide.do", text=entry.do[language]))
        return
    print(f"{entry.title[language]}  ({entry.id})")
    _print_paragraph(wording("guide.seen", text=entry.seen[language]))
    _print_paragraph(wording("guide.why", text=entry.why[language]))
    for remedy in entry.remedies:
        print(f"  - {remedy.title[language]}")


def _print_paragraph(text: str) -> None:
    width = min(_WIDEST, shutil.get_terminal_size().columns)
    print(textwrap.fill(text, width, initial_indent="  ", subsequent_indent="  "))


def _in_language(value: Any, wording: Wording) -> Any:
    """Words in both languages replaced by those of one."""
    if isinstance(value, dict):
        if set(value) == set(LANGUAGES):
            return value[wording.language]
        return {key: _in_language(item, wording) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_in_language(item, wording) for item in value]
    return value
