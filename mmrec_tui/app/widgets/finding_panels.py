"""The panels of findings: the guide's items with their status, the open problems with their remedies.

Functions of the history, or of its findings, that is given to `look`.
"""

from __future__ import annotations

from typing import Any

from textual.content import Content
from textual.widget import Widget

from mmrec_engine.checks.agreement import agreeing
from mmrec_engine.checks.finding import GLYPHS, WORST_FIRST
from mmrec_engine.checks.remedies import remedies_now
from mmrec_engine.locales.guide import ITEMS
from mmrec_engine.locales.guide.findings import texts
from mmrec_engine.runs.failures import failure_text, repeats
from mmrec_engine.runs.history import History
from mmrec_tui.app.in_app import error_text, in_app, remedy_text
from mmrec_tui.app.widgets.panel import LongPanel, Panel, plain, shortened, wrapped
from mmrec_tui.locales import Wording
from mmrec_tui.presentation.findings import advice_of, evidence_of, title_of, why_of
from mmrec_tui.presentation.planned import replanned_words
from mmrec_tui.presentation.states import OVER
from mmrec_tui.terminal import one_line

STYLES = {
    "pass": "$success", "ticked": "$success", "note": "$primary", "warn": "bold $warning", "fail": "bold $error",
    "error": "bold $error", "skipped": "$foreground 80%", "none": "$foreground 80%",
}  # fmt: skip
_MISLEADING = ("validation-below-training",)  # a healthy run answers no: validation a little above training


class Checklist(Panel):
    """The guide's items of one phase with the worst status of each."""

    def look(
        self,
        findings: list[dict[str, Any]],
        ticks: dict[str, bool],
        phase: str,
        short: bool = False,
        over: bool = False,
    ) -> None:
        """over: nothing is judged any more."""
        self.tell(items_text(findings, ticks, phase, self.say, short))
        waits = any(status_of(item.id, findings, ticks) == "none" for item in ITEMS if item.phase == phase)
        none = self.say("item.none" if over else "item.none-yet")
        self.border_subtitle = none if waits and not short else ""


def items_text(
    findings: list[dict[str, Any]], ticks: dict[str, bool], phase: str, say: Wording, short: bool
) -> Content:
    """A line for each item; short: all in one line, in a word or two each."""
    parts = []
    for item in ITEMS:
        if item.phase == phase:
            status = status_of(item.id, findings, ticks)
            words = say(f"item.{item.id}") if short else item.question[say.language]
            line = Content.styled(GLYPHS[status], STYLES[status]) + Content(f" {words}")
            reading = "" if short else _reading(item.id, findings, say)
            parts.append(line + plain(f"\n  {reading}", "$foreground 80%") if reading else line)
    return Content("   " if short else "\n").join(parts)


def _reading(item: str, findings: list[dict[str, Any]], say: Wording) -> str:
    """A note for an item whose question is misleading, and the step from which it applies; the reason for one that was skipped;
    else empty. Problems are among the hints, with all their figures."""
    if status_of(item, findings, {}) == "skipped":
        skipped = next(one for one in reversed(findings) if one.get("item") == item and one.get("status") == "skipped")
        return one_line(in_app(evidence_of(skipped, say), say))
    found = next((one for one in reversed(findings) if item in _MISLEADING and one.get("id") == item), None)
    if found is None or found.get("status") not in ("pass", "note"):
        return ""
    words = one_line(in_app(evidence_of(found, say), say)).partition(" (")[0]
    step = found["values"].get("step") if isinstance(found.get("values"), dict) else None
    return f"{words} ({say('item.at-step', step=say.number(step))})" if isinstance(step, int) else words


def status_of(item: str, findings: list[dict[str, Any]], ticks: dict[str, bool]) -> str:
    """The worst status of an item, else the user's tick, else none."""
    newest = {str(finding.get("id")): str(finding.get("status")) for finding in findings if finding.get("item") == item}
    found = next((status for status in WORST_FIRST if status in newest.values()), None)
    if found in (None, "pass", "skipped") and ticks.get(item):
        return "ticked"
    return found or "none"


class Hints(LongPanel):
    """The open problems, newest first, each with its evidence and remedies, and with why it matters where there is room for
    that; and how to continue a stopped run."""

    def __init__(self, *given: Any, **how: Any) -> None:
        super().__init__(*given, **how)
        self._problems: list[dict[str, Any]] = []
        self._made_of: object = None  # the findings and settings that they are made of

    def look(self, history: History, state: str, error: str, resumable: bool) -> None:
        problems = self._open_problems(history)
        if problems:  # the guide opens at the topic of the first one
            self.topic = str(problems[0].get("id"))
        width, height = self.size
        text, whole = (
            hints_text(history, state, error, resumable, self.say, problems, whole=whole) for whole in (False, True)
        )
        if width and len(wrapped(whole, width)) <= self._room:
            text = whole
        # Without a border there is no scroll bar either; with the focus the panel shows all, and scrolls.
        cut = self.screen.has_class("-narrow") and self.screen.has_class("-low") and not self.has_focus
        self.tell(shortened(text, width, height) if cut and width > 2 and height else text)

    def _open_problems(self, history: History) -> list[dict[str, Any]]:
        """As `open_problems`, which takes milliseconds: made again only when something has changed."""
        made_of = (history.findings, history.settings_now)
        if made_of != self._made_of:
            self._made_of = (list(history.findings), history.settings_now)
            self._problems = open_problems(history)
        return self._problems

    @property
    def _room(self) -> int:
        """The rows that it has, or may grow to."""
        height, most = self.styles.height, self.styles.max_height
        if height is None or not height.is_auto or most is None or not isinstance(self.parent, Widget):
            return self.size.height
        return int(most.resolve(self.parent.size, self.app.size)) - self.gutter.height


def open_problems(history: History) -> list[dict[str, Any]]:
    """The newest finding of each check, the newest first, without those that passed or were skipped: an earlier one of the
    same check has other figures, or is over. Their remedies are those for the present settings, as in the list from which one
    is chosen, and do not contradict each other."""
    last: dict[str, dict[str, Any]] = {}
    for one in reversed(history.findings):
        last.setdefault(str(one.get("id")), one)
    opened = [one for one in last.values() if one.get("status") not in ("pass", "skipped")]
    settings = history.settings_now
    return agreeing([{**one, "remedies": remedies_now(one, settings)} for one in reversed(opened)])[::-1]


def hints_text(
    history: History,
    state: str,
    error: str,
    resumable: bool,
    say: Wording,
    problems: list[dict[str, Any]] | None = None,
    *,
    whole: bool = False,
) -> Content:
    """problems: `open_problems`, where they are known already. whole: with why each matters, and what to do about it."""
    parts, problems = [], open_problems(history) if problems is None else problems
    if error:
        parts.append(Content.styled("✗ ", "bold $error") + plain(error))
    elif failure := failure_words(history, say):
        parts.append(Content.styled("✗ ", "bold $error") + plain(failure))
    if state in ("DIED", "STOPPED", "FAILED") and resumable:
        key = "hint.mended" if is_mended_anew(history) else "hint.died" if state == "DIED" else "hint.stopped"
        parts.append(Content.styled("▲ ", "bold $warning") + plain(say(key)))
    elif state == "STOPPED" and not resumable and history.started is None:
        parts.append(Content.styled("· ", "bold $accent") + plain(say("hint.stopped-early")))
    parts += [finding_text(finding, say, whole) for finding in problems]
    if history.is_replanned:
        key = "hint.replanned-over" if state in OVER else "hint.replanned"
        words = say(key, **replanned_words(history.steps_before_replanning, history.planned_steps, say))
        parts.append(Content.styled("· ", "bold $accent") + plain(words))
    if not parts:
        return Content.styled(say("hint.none"), "$foreground 80%")
    return Content("\n").join(parts)


def failure_words(history: History, say: Wording) -> str:
    """The error that ended a run, and what to do about it, in the app's terms; empty if none did."""
    return one_line(failure_text(history, lambda error: error_text(error, say)))


def is_mended_anew(history: History) -> bool:
    """Whether a run has failed in a way that would come again, and a remedy is offered for it."""
    return repeats(history) and any(one.get("remedies") for one in history.findings if one.get("status") == "fail")


def finding_text(finding: dict[str, Any], say: Wording, whole: bool = False) -> Content:
    """A finding with its glyph, its words and its remedies. Its text may come from a file of somebody else."""
    status = str(finding.get("status"))
    status = status if status in GLYPHS else "error"
    title, evidence = one_line(title_of(finding, say)), one_line(in_app(evidence_of(finding, say), say))
    text = (
        Content.styled(f"{GLYPHS[status]} ", STYLES[status]) + Content.styled(title, "bold") + Content(f"  {evidence}")
    )
    entry = texts().get(str(finding.get("id")))
    if whole and entry is not None:
        for more in (why_of(finding, say), advice_of(finding, say)):
            text += plain(f"\n  {one_line(in_app(more, say))}", "$foreground 80%")
    for remedy in finding.get("remedies") or ():
        if isinstance(remedy, dict):
            line = Content.styled(f"\n  → {remedy_text(remedy, say)}", "$accent")
            text += line.stylize("@click=screen.apply()")
    return text
