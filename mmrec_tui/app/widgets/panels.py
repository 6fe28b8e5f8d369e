"""The panels of a run beside its plots: state line, patience, sample, log.

Each is a function of the history that is called with `look`; none touches a file, a thread or a tensor.
"""

from __future__ import annotations

import math
import re
import textwrap
from dataclasses import replace

from rich.cells import cell_len
from textual.content import Content

from mmrec_engine import events
from mmrec_engine.locales.guide.remedies import figures
from mmrec_engine.runs.history import History
from mmrec_engine.runs.smoothing import USUAL_DECAY
from mmrec_tui.app.in_app import in_app
from mmrec_tui.app.widgets.panel import Panel, bar, hanging, plain, shown_number
from mmrec_tui.locales import Wording
from mmrec_tui.presentation.findings import evidence_of, raised_rate, title_of
from mmrec_tui.presentation.planned import replanned_values
from mmrec_tui.presentation.reading import begun_from
from mmrec_tui.presentation.states import ENDED, STATE_STYLES
from mmrec_tui.terminal import one_line

_MOST_DOTS = 10
_EARLY = ("early_stopped", "target_reached")  # before the planned end, so that no share of the plan is the run's
_ROOM_FOR_BOTH = 95  # columns of the state line for the last loss and its moving average
_APART = "  "  # between two figures of the state line
_NEW_LINE = "⏎"
_BESIDE_A_TITLE = 7  # columns of a title's border, and between its two parts


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
    epoch, epochs = _epochs(history)
    middle = Content.styled(word, STATE_STYLES.get(state, "bold $primary"))
    if history.progress is not None and state in ("PREPARING", "VALIDATING"):
        share = history.progress.share
        task = f"task.{history.progress.task}"
        words = say(task) if say.knows(task) else one_line(history.progress.task)
        if step is not None or history.progress.total:
            middle += Content(f"  {words} ")
        else:  # of unknown length
            return where + Content("  ") + middle + Content(f"\n {words}…")
    else:
        share = (step.step if step else 0) / history.planned_steps if history.planned_steps else 0.0
        words = f" {say('state-line.epoch', epoch=epoch, epochs=epochs)}" if epochs else ""
        middle += Content(f" {words} ")
    ending = history.finished.status if history.finished is not None and state == "FINISHED" else ""
    percent = f" {say(f'status.{ending}') if ending in _EARLY else say.whole_percent(min(1.0, share))} "
    room = width - where.cell_length - middle.cell_length - cell_len(percent) - 2
    if room < 8:  # the name is shortened for the numbers
        where = where.truncate(max(6, where.cell_length - (8 - room)), ellipsis=True)
        room = 8
    first = where + Content("  ") + middle + bar(share, min(room, 40)) + Content(percent)
    return first + Content("\n") + _figures(history, state, say, width, decay)


def _figures(history: History, state: str, say: Wording, width: int, decay: float) -> Content:
    step = history.last_step
    parts: list[tuple[str, ...]] = []  # each in words and, where those are long, in shorter ones

    def add(name: str, **values: object) -> None:
        names = (f"state-line.{name}", f"state-line.{name}-short")
        parts.append(tuple(say(one, **values) for one in names if say.knows(one)))

    if step is not None:
        planned = f"/{say.number(history.planned_steps)}" if history.planned_steps else ""
        add("step", step=say.number(step.step) + planned)
        if history.is_replanned:
            add("replanned", before=say.number(history.steps_before_replanning))
        eta = history.eta_seconds()
        if eta is not None and state in ("TRAINING", "VALIDATING", "SAVING", "PAUSED"):
            add("eta", time=say.clock(eta))
        elif history.finished is not None:
            add("took", time=say.clock(history.took))
        smoothed = history.smoothed_loss(decay)
        values = {"loss": shown_number(say, step.loss, 3), "smoothed": shown_number(say, smoothed, 3)}
        which = "" if smoothed is None else "-both" if width >= _ROOM_FOR_BOTH else "-smoothed"
        add(f"loss{which}", **values)
        add("speed", speed=say.short(step.tokens_per_second))
        add("rate", rate=say.rate(step.learning_rate))
        if step.curriculum is not None and step.curriculum < 1:
            add("curriculum", share=say.whole_percent(step.curriculum))
        add("norm", norm=shown_number(say, step.grad_norm, 2))
    line, begun = _fitted(parts, width - 1), begun_from(history.settings, say)
    fits = begun and cell_len(line + _APART + begun) < width
    return Content(f" {line}{_APART}{begun}" if fits else f" {line}")


def _fitted(parts: list[tuple[str, ...]], room: int) -> str:
    """The parts in one line of so many columns: the last ones in their shorter words, if need be, and then left out."""
    chosen = [part[0] for part in parts]
    for number in reversed(range(len(parts))):
        if cell_len(_APART.join(chosen)) > room:
            chosen[number] = parts[number][-1]
    while len(chosen) > 1 and cell_len(_APART.join(chosen)) > room:
        chosen.pop()
    return _APART.join(chosen)


def _epochs(history: History) -> tuple[int, int]:
    """The present epoch and that of the last planned step; the latter is 0 if it is not known. A run whose passes over the text
    are rounded to 8.0 has 8 epochs, though its last steps begin a ninth one."""
    started, made = history.started, 0 if history.last_step is None else history.last_step.epoch
    if started is None or not started.steps_an_epoch:
        return made, 0
    names = (
        started.corpus.get("train_windows"),
        history.settings.get("batch_size"),
        history.settings.get("accumulate"),
    )
    windows, batch, accumulated = (one if isinstance(one, int) else 0 for one in names)
    if windows > 0 and batch > 0 and accumulated > 0:  # the steps of an epoch are rounded up
        exact = (history.planned_steps - 1) * batch * accumulated // windows + 1
    else:
        exact = math.ceil(history.planned_steps / started.steps_an_epoch)
    passes = history.planned_passes
    rounded = exact if passes is None else max(1, min(exact, math.ceil(round(passes, 1))))
    return (min(made, rounded), rounded) if made <= exact else (made, made)


class Patience(Panel):
    """Early stopping as dots and words."""

    def look(self, history: History, over: bool = False) -> None:
        """over: no validation comes any more."""
        height = self.styles.height
        grows = height is None or height.is_auto  # one line now may be two with the next event
        self.tell(patience_text(history, self.say, None if grows else self.size.width, over))


def patience_text(history: History, say: Wording, width: int | None = None, over: bool = False) -> Content:
    """width: columns of the only line; what does not fit is omitted."""
    last, best = history.last_validation, history.best
    if last is None:
        patience = history.settings.get("early_stopping_patience", 0)
        words = say("patience.none" if over or history.state in ENDED else "patience.waiting")
        dots = Content.styled("○" * min(_MOST_DOTS, int(patience)), "$foreground 80%")
        return dots + Content(f" {words}" if dots else words)
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
        "loss": shown_number(say, best.loss, 3),
        "perplexity": shown_number(say, best.perplexity, 2),
        "step": say.number(best.step),
    }
    whole, short = (" · " + say(f"patience.best{size}", **values) for size in ("", "-short"))
    choices = [text + Content(more) for more in (whole + parts, whole, short, "")]
    return next((one for one in choices if width is None or one.cell_length <= width), text)


def _parts_text(event: events.Validation, say: Wording, digits: int) -> str:
    """The loss of each of several corpora; empty for a single one."""
    return "".join(
        f" · {one_line(name)} {shown_number(say, loss, digits)}" for name, loss in (event.parts or {}).items()
    )


class SampleText(Panel):
    """What the model wrote at each validation, one below the other, the newest last. All continue the same prompt, which is
    in the title."""

    def look(self, history: History, over: bool = False) -> None:
        """over: no sample comes any more."""
        sample = history.sample
        if sample is None:
            waits = not over and history.finished is None
            self.tell(Content.styled(self.say("sample.waiting" if waits else "patience.none"), "$foreground 80%"))
            return
        width, height = max(20, self.size.width), max(1, self.size.height)
        self.tell(samples_lines(history.samples[-height:], self.say, width, height))
        title = prompt_words(sample.prompt, self.say, width - cell_len(self.say("panel.sample")) - _BESIDE_A_TITLE)
        self.border_title = Content(" · ").join([Content(self.say("panel.sample")), *([title] if title else [])])
        self.border_subtitle = self.say("sample.step", step=self.say.number(sample.step))


def prompt_words(prompt: str, say: Wording, room: int) -> Content:
    """Which prompt the samples continue: its last words, as many as fit into `room` columns; empty if none do."""
    shown = _one_row(prompt)
    words = shown.split(" ")
    for first in range(len(words)):
        end = " ".join(words[first:])
        if not end.strip(f" {_NEW_LINE}"):
            break
        content = plain(say("sample.after", prompt=f"…{end}" if first else end))
        if content.cell_length <= room:
            return content
    return Content("")


def samples_lines(samples: list[events.Sample], say: Wording, width: int, height: int = 0) -> Content:
    """A line for each sample: its step, and what the model wrote. height: rows to fill; what is left of them shows more of the
    newest sample."""
    steps = [say.number(sample.step) for sample in samples]
    room = max((len(step) for step in steps), default=0)
    lines = []
    for number, (step, sample) in enumerate(zip(steps, samples, strict=True), start=1):
        head = Content.styled(f"{step:>{room}}  ", "$foreground 80%")
        text = plain(_one_row(sample.text))
        spare = max(1, height - len(samples) + 1) if number == len(samples) else 1
        rows = hanging(head, text, width).split("\n") if spare > 1 else [head + text]
        if len(rows) > spare:
            rows = [*rows[: spare - 1], rows[spare - 1] + Content(" …")]
        lines += [row.truncate(width, ellipsis=True) for row in rows]
    return Content("\n").join(lines)


def _one_row(text: str) -> str:
    return re.sub(r"\n+", f" {_NEW_LINE} ", text)


class Log(Panel):
    """The last events, newest last: as many lines as fit."""

    def look(self, history: History) -> None:
        height, width = max(1, self.size.height), max(10, self.size.width)
        recent = merged_log(history)[-3 * height :]
        lines = [line for line in (log_line(event, self.say) for event in recent) if line]
        self.tell(plain("\n".join(newest_rows(lines, width, height))))


def merged_log(history: History) -> list[events.Event]:
    """The log, in which all the times that a run in a given time has changed its number of steps are one event, in the place of
    the newest: on a busy machine they are many."""
    log = list(history.log)
    newest = next((event for event in reversed(log) if isinstance(event, events.Replanned)), None)
    merged: list[events.Event] = []
    for event in log:
        if event is newest and isinstance(event, events.Replanned):
            before = history.steps_before_replanning
            if before != event.planned_steps:
                merged.append(replace(event, before={"max_steps": before}) if before else event)
        elif not isinstance(event, events.Replanned):
            merged.append(event)
    return merged


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
            line = say("log.started", steps=say.number(event.planned_steps), parameters=say.number(event.parameters))
            begun = begun_from(event.settings, say)
            return f"{line}, {begun}" if begun else line
        case events.Validation():
            key = "log.validation-best" if event.best else "log.validation"
            key = "log.validation-sampled" if event.sampled else key
            line = say(
                key, step=at, loss=shown_number(say, event.loss, 4), perplexity=shown_number(say, event.perplexity, 2)
            )
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
        case events.Replanned():
            return say("log.replanned", step=at, **replanned_values(event, say))
        case events.SettingsChanged():
            changes = figures(event.before, event.changes, say.language)
            return say("log.changed", step=at, changes=one_line(changes))
        case events.RunFinished():
            return say("log.finished", step=at, status=say(f"status.{event.status}"))
        case _:
            return ""
