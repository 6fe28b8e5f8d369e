"""The guided checklist on the command line: before a training, and after one.

On a terminal it goes from item to item: the findings, and for failures and warnings what they mean and what to do; then one
question that only a person can answer. Otherwise it prints lines, or one JSON object.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Collection, Iterator
from typing import Any

import platformdirs

from mmrec_engine.checks.agreement import agreeing
from mmrec_engine.checks.finding import GLYPHS, WORST_FIRST
from mmrec_engine.errors import reason_of
from mmrec_engine.locales.guide import ITEMS, Phase
from mmrec_engine.locales.guide.findings import evidence, texts, title
from mmrec_engine.locales.guide.remedies import remedy_title
from mmrec_engine.settings import Resolved
from mmrec_engine.storage.files import write_whole
from mmrec_tui.locales import UsageText, Wording
from mmrec_tui.presentation.findings import advice_of, gravity, why_of
from mmrec_tui.terminal import Narration, columns_of, laid_out, one_line, print_json, shows_colour

_WIDEST = 100
_EXPLAINED = WORST_FIRST[: WORST_FIRST.index("pass")]
_JUDGED_BY_READING = "model-testable"  # the item of the guide that measurements cannot answer
_APPROVED = "texts.txt"
_MOST_APPROVED = 200
_SHOWN = 200  # tokens of the text that is shown with the question


def check_before(
    resolved: Resolved, wording: Wording, as_json: bool, strict: bool, waived: Collection[str] = ()
) -> int:
    """The exit code: 1 if a check failed (strict: or warned). RequestError passes through."""
    from mmrec_engine.checks.preflight.all_checks import checks_before, failing
    from mmrec_engine.checks.waivers import marked
    from mmrec_engine.planning.candidate_speed import speeds_here
    from mmrec_engine.planning.planner import as_trained
    from mmrec_engine.runs.run_text import text_of_new_run
    from mmrec_engine.training.device import machine_for
    from mmrec_tui.cli.progress_bar import with_progress_bar

    narration = Narration(quiet=as_json)
    narration.line(wording("prepare"))
    planning = as_trained(resolved, lambda: speeds_here(lambda: False))
    resolved, _ = with_progress_bar(planning, narration, wording)
    corpus = with_progress_bar(text_of_new_run(resolved.settings), narration, wording)
    settings, machine = resolved.settings, machine_for(resolved.settings, corpus.tokenizer.vocab_size)
    found = checks_before(settings, resolved.sources, corpus, settings.run_folder, machine)
    findings = _reported((marked(one, waived) for one in found), "before", wording, as_json)
    if _guided(as_json) and corpus.fingerprint not in _approved():
        opening = corpus.tokenizer.decode(int(token) for token in corpus.train.tokens[:_SHOWN])
        if _agreed(opening, wording("check.ask-text"), wording):
            _approve(corpus.fingerprint)
    return _ended(findings, failing(findings, strict), wording, as_json)


def check_after(run: str, wording: Wording, as_json: bool, strict: bool, waived: Collection[str] = ()) -> int:
    """The same for a run that has ended; its report is written again."""
    from mmrec_engine.checks import report
    from mmrec_engine.checks.postrun.all_checks import checks_after
    from mmrec_engine.checks.preflight.all_checks import failing
    from mmrec_engine.checks.verdict import verdict_of
    from mmrec_engine.checks.waivers import marked
    from mmrec_engine.runs.catalog import find_run, read_events
    from mmrec_engine.runs.checklist_marks import read_ticks, write_ticks
    from mmrec_engine.runs.history import History
    from mmrec_engine.runs.other_runs import other_runs
    from mmrec_engine.storage.folder_lock import is_live

    folder = find_run(run)
    if is_live(folder):
        raise UsageText(wording("check.live", name=one_line(folder.name)))
    history = History()
    for event in read_events(folder):
        history.add(event)
    findings, ticks = (
        _reported((marked(one, waived) for one in checks_after(folder, history)), "after", wording, as_json),
        read_ticks(folder),
    )
    if _guided(as_json) and not ticks.get(_JUDGED_BY_READING) and history.samples:
        sample = history.samples[-1]
        if _agreed(sample.prompt + sample.text, wording("check.ask-sample"), wording):
            write_ticks(folder, {**ticks, _JUDGED_BY_READING: True})
    try:
        verdict = verdict_of(history, other_runs(folder))
        content = report.report_of(history, folder.name, read_ticks(folder), findings, verdict)
        report.write(folder, content, wording.language)
    except OSError as error:
        Narration().line(wording("check.no-report", reason=reason_of(error)[wording.language]))
    return _ended(findings, failing(findings, strict), wording, as_json)


def _guided(as_json: bool) -> bool:
    return not as_json and sys.stdin.isatty() and sys.stdout.isatty()


def _reported(found: Iterator[dict[str, Any]], phase: Phase, wording: Wording, as_json: bool) -> list[dict[str, Any]]:
    """Print each finding: at once, or on a terminal under its item of the guide after all checks."""
    if as_json:
        return list(found)
    findings: list[dict[str, Any]] = []
    if not _guided(as_json):
        for one in found:
            findings.append(one)
            _print_line(finding_line(one, wording))
        return findings
    narration = Narration()
    for one in found:
        findings.append(one)
        narration.bar(f"{wording('task.checks')} {len(findings)}: {title(one, wording.language)}")
    narration.clear()
    for item in ITEMS:
        under = sorted((one for one in agreeing(findings) if one["item"] == item.id), key=gravity)
        if item.phase != phase or not under:
            continue
        print(f"\n{_bold(item.question[wording.language])}")
        if any(one["status"] in _EXPLAINED for one in under):
            _print_line(f"  {item.why[wording.language]}")
        for one in under:
            _print_line(f"  {finding_line(one, wording)}")
            entry = texts().get(one["id"])
            if one["status"] in _EXPLAINED and entry is not None:
                _print_line(f"      {why_of(one, wording)}")
                _print_line(f"      → {advice_of(one, wording)}")
            for remedy in one["remedies"]:
                _print_line(f"      • {one_line(remedy_title(remedy, wording.language))}")
    print()
    return findings


def _agreed(shown: str, question: str, wording: Wording) -> bool:
    """Whether a person answers yes to the question that only a person can answer, about the text shown with it."""
    _print_line(f"  « {one_line(shown)} »")
    try:
        answer = input(f"{_bold(question)} {wording('check.yes-no')} ").strip().casefold()
    except EOFError:
        print()
        return False
    return answer.startswith(("y", wording("check.yes")))


def _approved() -> list[str]:
    """Fingerprints of the texts for which a person has answered yes."""
    try:
        return (platformdirs.user_state_path("mmrec") / _APPROVED).read_text(encoding="utf-8").split()
    except (OSError, ValueError):
        return []


def _approve(fingerprint: str) -> None:
    path = platformdirs.user_state_path("mmrec") / _APPROVED
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, "\n".join([*_approved()[-_MOST_APPROVED:], fingerprint]) + "\n")


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
    waived = f" ({wording('check.waived')})" if finding.get("waived") is True else ""
    return one_line(f"{glyph} {title(finding, language)}{waived}: {evidence(finding, language)}")


def _print_line(text: str) -> None:
    if sys.stdout.isatty():
        text = laid_out(text, min(_WIDEST, columns_of(sys.stdout)), shows_colour(sys.stdout))
    print(text, flush=True)


def _bold(text: str) -> str:
    return f"\x1b[1m{text}\x1b[0m" if shows_colour(sys.stdout) else text
