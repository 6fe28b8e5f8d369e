"""The guided checklist on the command line: before a training, and after one.

On a terminal it goes from item to item: what was found, what it means, what to do, and the person's own tick. Otherwise it is
lines, or one JSON object.
"""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterator
from typing import Any

from mmrec_engine.guide import ITEMS, Phase
from mmrec_engine.guide.findings import evidence, remedy_title, texts, title
from mmrec_engine.settings import Resolved
from mmrec_tui.terminal import Narration, one_line, print_json
from mmrec_tui.text import UsageText, Wording

GLYPHS = {"pass": "✓", "note": "i", "warn": "!", "fail": "✗", "error": "⚠", "skipped": "–"}
_WIDEST = 100


def check_before(resolved: Resolved, wording: Wording, as_json: bool, strict: bool) -> int:
    """The exit code: 1 where a check failed (strict: or warned). RequestError passes through."""
    from mmrec_engine.quality.before import checks_before, failing
    from mmrec_engine.run_text import text_of_new_run
    from mmrec_engine.training.machine import machine_for
    from mmrec_tui.commands import finish

    narration = Narration(quiet=as_json)
    narration.line(wording("prepare"))
    corpus = finish(text_of_new_run(resolved.settings), narration, wording)
    settings, machine = resolved.settings, machine_for(resolved.settings, corpus.tokenizer.vocab_size)
    found = checks_before(settings, resolved.sources, corpus, settings.run_folder, machine)
    findings, _ = _told(found, "before", wording, as_json)
    return _ended(findings, failing(findings, strict), wording, as_json)


def check_after(run: str, wording: Wording, as_json: bool, strict: bool) -> int:
    """The same for a run that has ended; its report is written anew."""
    from mmrec_engine.history import History
    from mmrec_engine.quality import report
    from mmrec_engine.quality.after import checks_after
    from mmrec_engine.quality.before import failing
    from mmrec_engine.runs import find_run, is_live, read_events
    from mmrec_engine.ticks import read_ticks, write_ticks

    folder = find_run(run)
    if is_live(folder):
        raise UsageText(wording("check.live", name=one_line(folder.name)))
    history = History()
    for event in read_events(folder):
        history.add(event)
    findings, ticks = _told(checks_after(folder, history), "after", wording, as_json)
    if ticks:
        write_ticks(folder, {**read_ticks(folder), **ticks})
    try:
        report.write(folder, report.report_of(history, folder.name, read_ticks(folder), findings), wording.language)
    except OSError as error:
        Narration().line(wording("check.no-report", reason=error.strerror or error))
    return _ended(findings, failing(findings, strict), wording, as_json)


def _told(
    found: Iterator[dict[str, Any]], phase: Phase, wording: Wording, as_json: bool
) -> tuple[list[dict[str, Any]], dict[str, bool]]:
    """Tell each finding under its item as it comes. Returns them, and the ticks that a person set."""
    guided = not as_json and sys.stdin.isatty() and sys.stdout.isatty()
    findings: list[dict[str, Any]] = []
    ticks: dict[str, bool] = {}
    if as_json:
        return list(found), ticks
    if not guided:
        for one in found:
            findings.append(one)
            print(finding_line(one, wording), flush=True)
        return findings, ticks
    findings = list(found)
    for item in ITEMS:
        if item.phase != phase:
            continue
        print(f"\n{item.question[wording.language]}")
        _print_paragraph(item.why[wording.language])
        under = [one for one in findings if one["item"] == item.id]
        for one in under:
            print(f"  {finding_line(one, wording)}")
            entry = texts().get(one["id"])
            if one["status"] in ("warn", "fail", "note") and entry is not None:
                _print_paragraph(entry.why[wording.language], "      ")
                _print_paragraph(entry.do[wording.language], "      → ")
            for remedy in one["remedies"]:
                print(f"      • {one_line(remedy_title(remedy, wording.language))}")
        answer = _asked(wording("check.tick"))
        if answer is None:
            break
        ticks[item.id] = answer
    return findings, ticks


def _asked(question: str) -> bool | None:
    """Yes, no, or none where the person wants no more questions."""
    try:
        answer = input(f"  {question} ").strip().casefold()
    except EOFError:
        return None
    return answer[:1] in ("y", "e")


def _ended(findings: list[dict[str, Any]], failed: list[dict[str, Any]], wording: Wording, as_json: bool) -> int:
    if as_json:
        print_json({"passed": not failed, "findings": findings})
    elif failed:
        print(wording("check.failed", count=wording.number(len(failed))))
    else:
        print(wording("check.passed", count=wording.number(len(findings))))
    return 1 if failed else 0


def finding_line(finding: dict[str, Any], wording: Wording) -> str:
    glyph = GLYPHS.get(str(finding.get("status")), "⚠")
    language = wording.language
    return one_line(f"{glyph} {title(finding, language)}: {evidence(finding, language)}")


def _print_paragraph(text: str, indent: str = "  ") -> None:
    width = min(_WIDEST, shutil.get_terminal_size().columns)
    print(textwrap.fill(text, width, initial_indent=indent, subsequent_indent=" " * len(indent)))
