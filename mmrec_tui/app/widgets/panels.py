"""The panels of a run beside its plots: state line, patience, checklist, hints, sample, log, machine.

Each is a function of the history that is called with `look`; none touches a file, a thread or a tensor.
"""

from __future__ import annotations

import math
import textwrap
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from rich.cells import cell_len
from textual.content import Content
from textual.widgets import Static

from mmrec_engine import events
from mmrec_engine.checks.finding import GLYPHS, WORST_FIRST
from mmrec_engine.locales.guide import ITEMS
from mmrec_engine.locales.guide.remedies import figures
from mmrec_engine.runs.history import History
from mmrec_engine.runs.smoothing import USUAL_DECAY
from mmrec_tui.app.in_app import in_app, remedy_text
from mmrec_tui.locales import Wording
from mmrec_tui.presentation.findings import evidence_of, raised_rate, title_of
from mmrec_tui.presentation.spark import spark
from mmrec_tui.presentation.states import STATE_STYLES
from mmrec_tui.terminal import one_line, printable

STYLES = {
    "pass": "$success", "ticked": "$success", "note": "$primary", "warn": "bold $warning", "fail": "bold $error",
    "error": "bold $error", "skipped": "$foreground 80%", "none": "$foreground 80%",
}  # fmt: skip
_MISLEADING = ("validation-below-training",)  # a healthy run answers no: validation a little above training
_MOST_DOTS = 10
_LEAST_HANGING = 16  # columns after a head that are enough for words
_MOST_READINGS = 120  # of the machine: the last two minutes
_ROOM_FOR_BOTH = 95  # columns of the state line for the last loss and its moving average


def plain(text: str, style: str = "") -> Content:
    """Literal text: no markup, and no control characters."""
    return Content.styled(printable(text), style) if style else Content(printable(text))


def hanging(head: Content, words: Content, width: int) -> Content:
    """Words after a head, wrapped to `width` columns with every row after the first one indented."""
    room = width - head.cell_length
    if room < _LEAST_HANGING:
        return head + words
    return head + Content("\n" + " " * head.cell_length).join(words.wrap(room))


class Panel(Static, can_focus=True):
    """A panel with a title in its border and a topic in the guide."""

    def __init__(self, title: str = "", topic: str | None = None, **how: Any) -> None:
        super().__init__(**how)
        self.border_title = title
        self.topic = topic
        self._shown_content: object = None

    @property
    def say(self) -> Wording:
        app: Any = self.app
        wording: Wording = app.say
        return wording

    def tell(self, content: Content) -> None:
        """Show this, unless it is shown already."""
        if content != self._shown_content:
            self._shown_content = content
            self.update(content)


class StateLine(Panel):
    """Two lines that always show the state of the run."""

    def look(self, history: History, state: str, name: str, corpus: str, decay: float = USUAL_DECAY) -> None:
        self.tell(state_text(history, state, name, corpus, self.say, max(20, self.size.width), decay))


def state_text(
    history: History, state: str, name: str, corpus: str, say: Wording, width: int, decay: float = USUAL_DECAY
) -> Content:
    """decay: of the moving average whose last value is shown after the last loss, as its curve is drawn; 0: none."""
    word = say(f"word.{state}")
    step = history.last_step
    where = Content(f" {one_line(name)}") + Content.styled(
        f" · {one_line(corpus)}" if corpus else "", "$foreground 80%"
    )
    epoch, epochs = (step.epoch if step else 0), _epochs(history)
    middle = Content.styled(word, STATE_STYLES.get(state, "bold $primary"))
    if history.progress is not None and state in ("PREPARING", "VALIDATING"):
        share = history.progress.share
        task = f"task.{history.progress.task}"
        middle += Content(f"  {say(task) if say.knows(task) else one_line(history.progress.task)} ")
    else:
        share = (step.step if step else 0) / history.planned_steps if history.planned_steps else 0.0
        words = f" {say('state-line.epoch', epoch=epoch, epochs=epochs)}" if epochs else ""
        middle += Content(f" {words} ")
    percent = f" {say.whole_percent(min(1.0, share))} "
    room = width - where.cell_length - middle.cell_length - cell_len(percent) - 2
    if room < 8:  # the name is shortened for the numbers
        where = where.truncate(max(6, where.cell_length - (8 - room)), ellipsis=True)
        room = 8
    first = where + Content("  ") + middle + bar(share, min(room, 40)) + Content(percent)
    return first + Content("\n") + _figures(history, state, say, width, decay)


def _figures(history: History, state: str, say: Wording, width: int, decay: float) -> Content:
    step = history.last_step
    parts = []
    if step is not None:
        planned = f"/{say.number(history.planned_steps)}" if history.planned_steps else ""
        parts.append(say("state-line.step", step=say.number(step.step) + planned))
        eta = history.eta_seconds()
        if eta is not None and state in ("TRAINING", "VALIDATING", "SAVING", "PAUSED"):
            parts.append(say("state-line.eta", time=say.clock(eta)))
        elif history.finished is not None:
            parts.append(say("state-line.took", time=say.clock(history.took)))
        smoothed = history.smoothed_loss(decay)
        values = {"loss": _number(say, step.loss, 3), "smoothed": _number(say, smoothed, 3)}
        which = "" if smoothed is None else "-both" if width >= _ROOM_FOR_BOTH else "-smoothed"
        parts.append(say(f"state-line.loss{which}", **values))
        parts.append(say("state-line.speed", speed=say.short(step.tokens_per_second)))
        parts.append(say("state-line.rate", rate=say.rate(step.learning_rate)))
        if step.curriculum is not None and step.curriculum < 1:
            parts.append(say("state-line.curriculum", share=say.whole_percent(step.curriculum)))
        parts.append(say("state-line.norm", norm=_number(say, step.grad_norm, 2)))
    line = ""
    for part in parts:
        if cell_len(line) + cell_len(part) + 3 > width:
            break
        line += ("   " if line else " ") + part
    return Content(line)


def bar(share: float, width: int) -> Content:
    """A progress bar in half-cell steps."""
    halves = round(2 * width * max(0.0, min(1.0, share)))
    full, half = divmod(halves, 2)
    rest = width - full - half
    return Content.styled("━" * full + "╸" * half, "$success") + Content.styled("─" * rest, "$foreground 35%")


def _epochs(history: History) -> int:
    started = history.started
    if started is None or not started.steps_an_epoch:
        return 0
    return max(1, math.ceil(history.planned_steps / started.steps_an_epoch))


class Patience(Panel):
    """Early stopping as dots and words."""

    def look(self, history: History) -> None:
        height = self.styles.height
        grows = height is None or height.is_auto  # one line now may be two with the next event
        self.tell(patience_text(history, self.say, None if grows else self.size.width))


def patience_text(history: History, say: Wording, width: int | None = None) -> Content:
    """width: columns of the only line; what does not fit is omitted."""
    last, best = history.last_validation, history.best
    if last is None:
        patience = history.settings.get("early_stopping_patience", 0)
        return Content.styled("○" * min(_MOST_DOTS, int(patience)), "$foreground 80%") + Content(
            " " + say("patience.none" if history.finished is not None else "patience.waiting")
        )
    used, patience = last.patience_used, last.patience
    shown = min(_MOST_DOTS, patience)
    filled = min(shown, math.ceil(used * shown / max(1, patience)))
    style = "$success" if not used else "$warning" if used < patience else "$error"
    text = Content.styled("●" * filled, style) + Content("○" * (shown - filled))
    text += Content(" " + say("patience.used", used=used, patience=patience))
    parts = _parts_text(last, say, 3)
    if best is None:
        return text + Content(parts)
    values = {
        "loss": _number(say, best.loss, 3),
        "perplexity": _number(say, best.perplexity, 2),
        "step": say.number(best.step),
    }
    whole, short = (" · " + say(f"patience.best{size}", **values) for size in ("", "-short"))
    choices = [text + Content(more) for more in (whole + parts, whole, short, "")]
    return next((one for one in choices if width is None or one.cell_length <= width), text)


def _parts_text(event: events.Validation, say: Wording, digits: int) -> str:
    """The loss of each of several corpora; empty for a single one."""
    return "".join(f" · {one_line(name)} {_number(say, loss, digits)}" for name, loss in (event.parts or {}).items())


class Checklist(Panel):
    """The guide's items of one phase with the worst status of each."""

    def look(self, findings: list[dict[str, Any]], ticks: dict[str, bool], phase: str, short: bool = False) -> None:
        self.tell(items_text(findings, ticks, phase, self.say, short))


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
    """A note for an item whose question is misleading, and the step from which it applies; else empty. Problems
    are among the hints, with all their figures."""
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


class Hints(Panel):
    """The open problems, newest first, each with its evidence and remedies; and how to continue a stopped run."""

    def look(self, history: History, state: str, error: str, resumable: bool) -> None:
        wrong = [one for one in history.findings if one.get("status") not in ("pass", "skipped")]
        if wrong:  # the guide opens at the topic of the first one
            self.topic = str(wrong[-1].get("id"))
        self.tell(hints_text(history, state, error, resumable, self.say))


def hints_text(history: History, state: str, error: str, resumable: bool, say: Wording) -> Content:
    parts = []
    if error:
        parts.append(Content.styled("✗ ", "bold $error") + plain(error))
    elif history.finished is not None and history.finished.status == "failed":
        parts.append(Content.styled("✗ ", "bold $error") + plain(history.finished.reason))
    if state in ("DIED", "STOPPED", "FAILED") and resumable:
        key = "hint.died" if state == "DIED" else "hint.stopped"
        parts.append(Content.styled("▲ ", "bold $warning") + plain(say(key)))
    for finding in reversed(history.findings):
        if finding.get("status") in ("pass", "skipped"):
            continue
        parts.append(finding_text(finding, say))
    if not parts:
        return Content.styled(say("hint.none"), "$foreground 80%")
    return Content("\n").join(parts)


def finding_text(finding: dict[str, Any], say: Wording) -> Content:
    """A finding with its glyph, its words and its remedies. Its text may come from a file of somebody else."""
    status = str(finding.get("status"))
    status = status if status in GLYPHS else "error"
    title, evidence = one_line(title_of(finding, say)), one_line(in_app(evidence_of(finding, say), say))
    text = (
        Content.styled(f"{GLYPHS[status]} ", STYLES[status]) + Content.styled(title, "bold") + Content(f"  {evidence}")
    )
    for remedy in finding.get("remedies") or ():
        if isinstance(remedy, dict):
            line = Content.styled(f"\n  → {remedy_text(remedy, say)}", "$accent")
            text += line.stylize("@click=screen.apply()")
    return text


class SampleText(Panel):
    """The sample of each validation, from the same prompt each time: one below the other, the newest last."""

    def look(self, history: History) -> None:
        sample = history.sample
        if sample is None:
            self.tell(
                Content.styled(
                    self.say("patience.none" if history.finished is not None else "sample.waiting"), "$foreground 80%"
                )
            )
            return
        width, height = max(20, self.size.width), max(1, self.size.height)
        self.tell(samples_lines(history.samples[-height:], self.say, width))
        self.border_subtitle = self.say("sample.step", step=self.say.number(sample.step))


def samples_lines(samples: list[events.Sample], say: Wording, width: int) -> Content:
    """A line for each sample: its step, the prompt and its continuation."""
    steps = [say.number(sample.step) for sample in samples]
    room = max((len(step) for step in steps), default=0)
    lines = []
    for step, sample in zip(steps, samples, strict=True):
        prompt, text = (part.replace("\n", " ⏎ ") for part in (sample.prompt, sample.text))
        line = Content.styled(f"{step:>{room}}  ", "$foreground 80%") + plain(prompt, "bold") + plain(text)
        lines.append(line.truncate(width, ellipsis=True))
    return Content("\n").join(lines)


class Log(Panel):
    """The last events, newest last: as many lines as fit."""

    def look(self, history: History) -> None:
        height, width = max(1, self.size.height), max(10, self.size.width)
        recent = list(history.log)[-3 * height :]
        lines = [line for line in (log_line(event, self.say) for event in recent) if line]
        self.tell(plain("\n".join(newest_rows(lines, width, height))))


def newest_rows(lines: list[str], width: int, height: int) -> list[str]:
    """The last `height` rows of these lines, each wrapped to `width` columns with indented continuation."""
    rows: list[str] = []
    for line in reversed(lines):
        rows = textwrap.wrap(line, width, subsequent_indent="   ", break_on_hyphens=False) + rows
        if len(rows) >= height:
            break
    return rows[-height:]


def log_line(event: events.Event, say: Wording) -> str:
    """One event in one line; empty for events that are shown elsewhere."""
    at = say.number(event.step)
    match event:
        case events.RunStarted():
            return say("log.started", steps=say.number(event.planned_steps), parameters=say.number(event.parameters))
        case events.Validation():
            key = "log.validation-best" if event.best else "log.validation"
            key = "log.validation-sampled" if event.sampled else key
            line = say(key, step=at, loss=_number(say, event.loss, 4), perplexity=_number(say, event.perplexity, 2))
            return line + _parts_text(event, say, 4)
        case events.Checkpoint():
            return say("log.checkpoint", step=at, path=one_line(event.path))
        case events.Waiting():
            numbers = ", ".join(map(str, event.missing)) or "?"
            return say("waiting-for", missing=numbers, count=say.number(event.processes), place=one_line(event.place))
        case events.Logger() if event.place:
            return say("logger-opened", name=one_line(event.name), place=one_line(event.place))
        case events.Paused():
            return say("log.paused", step=at)
        case events.Resumed():
            if event.learning_rate is not None:
                return f"{say('log.resumed', step=at)}  {raised_rate(event, say)}"
            return say("log.resumed", step=at)
        case events.Finding() | events.Check():
            return f"{at}  {one_line(title_of(event.finding, say))}: {one_line(in_app(evidence_of(event.finding, say), say))}"
        case events.SettingsChanged():
            changes = figures(event.before, event.changes, say.language)
            return say("log.changed", step=at, changes=one_line(changes))
        case events.RunFinished():
            return say("log.finished", step=at, status=say(f"status.{event.status}"))
        case _:
            return ""


class MachinePanel(Panel):
    """The present and earlier load of this machine, and the run's share of it."""

    def __init__(self, title: str = "", topic: str | None = None, **how: Any) -> None:
        super().__init__(title, topic, **how)
        self._past: dict[str, deque[float]] = {}

    def look(self, readings: dict[str, float]) -> None:
        for name, value in readings.items():
            self._past.setdefault(name, deque(maxlen=_MOST_READINGS)).append(value)
        size = self.size
        self.tell(machine_text(readings, self._past, self.say, max(10, size.width), size.height))


def machine_text(
    readings: dict[str, float], past: Mapping[str, Sequence[float]], say: Wording, width: int, height: int
) -> Content:
    """A bar each and, if there is space, a sparkline of the last minutes below it."""
    if not readings:
        return Content.styled(say("machine.unknown"), "$foreground 80%")
    shares = [name for name in ("cpu", "memory", "gpu") if name in readings]
    with_course = height >= 2 * len(shares) + 1
    lines = []
    for name in shares:
        words = say(f"machine.{name}")
        value = say.whole_percent(readings[name])
        room = max(4, width - cell_len(words) - cell_len(value) - 3)
        lines.append(Content(f"{words} ") + bar(readings[name], min(room, _MOST_READINGS)) + Content(f" {value}"))
        if with_course:
            course = spark(list(past.get(name, ()))[-room:], room, 0.0, 1.0)
            lines.append(Content(" " * (cell_len(words) + 1)) + Content.styled(course, "$primary"))
    if "process" in readings:
        lines.append(Content(say("machine.process", memory=say.memory(readings["process"]))))
    return Content("\n").join(lines)


def _number(say: Wording, value: float | None, digits: int) -> str:
    """A number that may be missing or not finite."""
    if value is None:
        return "–"
    return say.number(value, digits) if math.isfinite(value) and abs(value) < 1e9 else f"{value:.3g}"
