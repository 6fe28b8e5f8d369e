"""The report of a run: settings, results, findings; as data and as a page. Pure, except for `write`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from operator import methodcaller
from pathlib import Path
from typing import Any

from mmrec_engine import events
from mmrec_engine.checks.finding import GLYPHS, WORST_FIRST
from mmrec_engine.events import finite
from mmrec_engine.locales.catalogue import LANGUAGES, Language, Texts
from mmrec_engine.locales.guide import ITEMS
from mmrec_engine.locales.guide.findings import advice, evidence, title
from mmrec_engine.locales.numbers import in_language, percentage
from mmrec_engine.locales.plurals import fill
from mmrec_engine.locales.verdicts import verdict_lines
from mmrec_engine.runs.failures import failure_in_report, failure_text, interruption_in_report
from mmrec_engine.runs.history import History
from mmrec_engine.runs.part_bits import part_bits
from mmrec_engine.storage.files import write_whole
from mmrec_engine.storage.run_files import REPORTS

_MOST_SAMPLES = 3
_WORDS = Texts("report")


def newest(findings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The last finding of each check, in the order of the first ones."""
    last = {finding.get("id"): finding for finding in findings}
    return list(last.values())


def worst(findings: list[dict[str, Any]]) -> str:
    statuses = {finding.get("status") for finding in findings}
    return next((status for status in WORST_FIRST if status in statuses), "none")


def report_of(
    history: History,
    name: str,
    ticks: Mapping[str, bool],
    found_later: Sequence[dict[str, Any]] = (),
    verdict: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """report.json. findings: all that were made, in order; checklist: under each item the newest of each check.

    failure: None unless the run has failed (`failure_in_report`); message: why, and what to do, in each language. interruption:
    None unless it has no end of its own (`interruption_in_report`).
    found_later: checks after training that are not in the record; they replace those that are. verdict: `verdict_of`.
    """
    findings = history.findings
    if found_later:
        findings = [one for one in findings if one.get("phase") != "after"] + list(found_later)
    finished, started, step = history.finished, history.started, history.last_step
    checklist: dict[str, list[dict[str, Any]]] = {"before": [], "during": [], "after": []}
    for item in ITEMS:
        found = newest([one for one in findings if one.get("item") == item.id])
        entry = {"item": item.id, "status": worst(found), "ticked": bool(ticks.get(item.id)),
                 "findings": [one.get("id") for one in found]}  # fmt: skip
        checklist[item.phase].append(entry)
    return {
        "run": name,
        "status": finished.status if finished else None,
        "reason": finished.reason if finished else "",
        "failure": _failure(history),
        "interruption": interruption_in_report(history),
        "seconds": round(history.took, 3) if finished else None,
        "steps": step.step if step else 0,
        "epochs": step.epoch if step else 0,
        "tokens": step.tokens if step else 0,
        "tokens_per_second": round(history.tokens_per_second, 1),
        "parameters": started.parameters if started else None,
        "corpus": started.corpus if started else {},
        "baselines": started.baselines if started else {},
        "best": _metrics(history.best, history.started),
        "final": _metrics(history.last_validation, history.started),
        "checklist": checklist,
        "findings": findings,
        "waived": sorted({str(one.get("id")) for one in findings if one.get("waived") is True}),
        "origin": started.origin if started else {},
        "verdict": None if verdict is None else dict(verdict),
        "samples": [{"step": one.step, "prompt": one.prompt, "text": one.text} for one in history.samples],
        "settings": history.settings,
    }


def markdown(report: Mapping[str, Any], language: Language) -> str:
    """report.md, in one language."""

    def say(key: str) -> str:
        return _WORDS[key][language]

    def number(value: float, form: str) -> str:
        return in_language(f"{value:{form}}", language)

    lines = [f"# {say('report')}: {_plain(report['run'])}", ""]
    corpus = report["corpus"].get("name", "")
    made = fill(say("made"), {"steps": in_language(f"{report['steps']:,}", language)}, language)
    status = say(f"status-{report['status'] or 'interrupted'}")
    lines += [f"{say('run')}: {status} · {made} · {_plain(corpus)}", ""]
    columns = " | ".join(say(name) for name in ("step", "loss", "perplexity", "accuracy", "bits"))
    lines += [f"## {say('result')}", "", f"| | {columns} |", "| --- | --- | --- | --- | --- | --- |"]
    for key, name in (("best", say("best")), ("final", say("last"))):
        one = report[key]
        if one is not None:
            step, share = number(one["step"], ","), percentage(f"{100 * one['accuracy']:.2f}", language)
            cells = [name, step, number(one["loss"], ".4f"), number(one["perplexity"], ".2f"), share,
                     number(one["bits_per_character"], ".3f")]  # fmt: skip
            lines.append(f"| {' | '.join(cells)} |")
            bits = one.get("part_bits", {})
            for part, loss in one.get("parts", {}).items():
                of_part = f" {number(bits[part], '.3f')} " if part in bits else " "
                lines.append(f"| {name}: {_plain(part)} | {step} | {number(loss, '.4f')} | | |{of_part}|")
    if report["baselines"]:
        counted = ", ".join(f"{name} {number(loss, '.3f')}" for name, loss in report["baselines"].items())
        lines += ["", f"{say('baselines')}: {counted}"]
    verdict = report.get("verdict")
    if isinstance(verdict, Mapping):
        verdict_text = [_plain(line) for line in verdict_lines(verdict, language)]
        lines += ["", f"## {say('verdict')}", "", *verdict_text]
        if command := str(verdict.get("command", "")):
            lines += ["", "```", command, "```"]
    findings = report["findings"]
    for phase in ("before", "during", "after"):
        lines += ["", f"## {say(phase)}", ""]
        for entry in report["checklist"][phase]:
            item = next(item for item in ITEMS if item.id == entry["item"])
            tick = f" ({say('ticked')})" if entry["ticked"] else ""
            lines.append(f"- {GLYPHS[entry['status']]} **{item.question[language]}**{tick}")
            for one in newest([one for one in findings if one.get("item") == item.id]):
                glyph = GLYPHS.get(str(one.get("status")), "⚠")
                waived = f" ({say('waived')})" if one.get("waived") is True else ""
                lines.append(f"  - {glyph} {_plain(title(one, language))}{waived}: {_plain(evidence(one, language))}")
    lines += ["", f"## {say('next')}", "", *_next(report, language), "", f"## {say('samples')}", ""]
    for sample in report["samples"][-_MOST_SAMPLES:]:
        text = (sample["prompt"] + sample["text"]).replace("```", "'''")
        lines += [f"{say('step')} {sample['step']}:", "", "```text", text, "```", ""]
    lines += [f"## {say('settings')}", ""]
    lines += [f"- {name}: {_plain(value)}" for name, value in report["settings"].items() if value is not None]
    return "\n".join(lines) + "\n"


def write(folder: Path, report: Mapping[str, Any], language: Language) -> None:
    """Both files, each written atomically. Raises OSError."""
    as_json = json.dumps(finite(dict(report)), ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    for name, text in zip(REPORTS, (as_json, markdown(report, language)), strict=True):
        write_whole(folder / name, text)


def _failure(history: History) -> dict[str, Any] | None:
    found = failure_in_report(history)
    if found is None:
        return None
    message = {language: failure_text(history, methodcaller("text", language)) for language in LANGUAGES}
    return {**found, "message": message}


def _next(report: Mapping[str, Any], language: Language) -> list[str]:
    """What ended a run before its own end, the advice of the findings, and how the run goes on."""
    failure, interruption = report.get("failure"), report.get("interruption")
    advised, cut_off = _advice(report["findings"], language), failure or interruption
    if cut_off is None:
        return advised or [_WORDS["nothing"][language]]
    if failure is not None:
        why = f"{_WORDS['failed'][language]}: {_plain(failure['message'][language])}"
    else:
        step = in_language(f"{cut_off['step']:,}", language)
        why = fill(_WORDS["interrupted"][language], {"step": step}, language)
    lines, command = [f"- {why}", *advised], cut_off["command"]
    return [*lines, "", f"{_WORDS['resume'][language]}:", "", "```", command, "```"] if command else lines


def _advice(findings: list[dict[str, Any]], language: Language) -> list[str]:
    lines = []
    for one in newest(findings):
        what_to_do = advice(one, language)
        if one.get("status") in ("fail", "warn", "note") and what_to_do:
            lines.append(f"- {title(one, language)}: {what_to_do}")
    return lines


def _metrics(validation: events.Validation | None, started: events.RunStarted | None) -> dict[str, Any] | None:
    if validation is None:
        return None
    names = ("step", "loss", "perplexity", "accuracy", "bits_per_character", *(("parts",) if validation.parts else ()))
    bits = part_bits(validation, started)
    return {name: getattr(validation, name) for name in names} | ({"part_bits": bits} if bits else {})


def _plain(value: object) -> str:
    """In one line, with Markdown characters escaped."""
    return " ".join(str(value).split()).replace("|", "\\|").replace("<", "&lt;")
