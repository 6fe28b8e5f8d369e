"""The report of a run in words: its result, its samples, what to do next, and a text that the model has written. Functions of
what is known."""

from __future__ import annotations

from typing import Any

from rich.cells import cell_len
from textual.content import Content

from mmrec_engine import events
from mmrec_engine.checks.finding import GLYPHS
from mmrec_engine.checks.report import newest
from mmrec_engine.checks.verdict import may_be_chance
from mmrec_engine.locales.verdicts import verdict_lines
from mmrec_engine.runs.history import History
from mmrec_engine.runs.part_bits import part_bits
from mmrec_tui.app.in_app import chosen_values, in_app
from mmrec_tui.app.widgets.finding_panels import STYLES, failure_words, is_mended_anew
from mmrec_tui.app.widgets.panel import plain
from mmrec_tui.app.widgets.panels import prompt_words, samples_lines
from mmrec_tui.app.writing import Written
from mmrec_tui.locales import Wording
from mmrec_tui.presentation.findings import advice_of, title_of
from mmrec_tui.presentation.reading import begun_from
from mmrec_tui.presentation.states import ENDED
from mmrec_tui.terminal import one_line

SAMPLE_WIDTH = 76  # columns; the narrowest report has as many
_UNFINISHED = {"STOPPED": "report.next-stopped", "DIED": "report.next-died", "FAILED": "report.next-failed"}
_COLUMN = 12  # columns of a column of the table of validations, if there is space
_APART = 2  # columns between two of them, at least


def numbers_text(
    history: History,
    say: Wording,
    room: int = SAMPLE_WIDTH,
    verdict: dict[str, Any] | None = None,
    *,
    saved: bool = True,
    awaited: str = "",
) -> Content:
    """The results of the run: how it ended, the best and the last validation, against the baselines if there are any.

    room: columns for the table of validations. verdict: `verdict_of`. saved: the run has a checkpoint. awaited: as for
    `once_ended`.
    """
    started, finished, step = history.started, history.finished, history.last_step
    lines: list[Content] = []
    status = say(f"status.{finished.status}") if finished is not None else say(f"state.{_state_of(history)}")
    well = finished is not None and finished.status not in ("failed", "interrupted")
    lines.append(Content.styled(status, "bold $success" if well else "bold $warning"))
    if started is not None and step is not None:
        values = {
            "parameters": say.number(started.parameters),
            "steps": say.number(step.step),
            "tokens": say.short(step.tokens),
            "time": say.clock(history.took),
            "speed": say.short(history.tokens_per_second),
        }
        begun = begun_from(history.settings, say)
        lines.append(plain(say("report.run", **values) + (f" · {begun}" if begun else "")))
    if failure := failure_words(history, say):
        lines.append(plain(failure, "$error"))
    rows = [[say(f"report.column-{name}") for name in ("which", "step", "loss", "perplexity", "accuracy", "bits")]]
    for name, one in (("best", history.best), ("last", history.last_validation)):
        if one is not None:
            rows.append([say(f"report.{name}"), *_figures(one, say)])
            bits = part_bits(one, started)
            for part, loss in (one.parts or {}).items():
                of_part = say.number(bits[part], 3) if part in bits else ""
                rows.append([one_line(part), "", say.number(loss, 4), "", "", of_part])
    heads, *values_below = _table(rows, room)
    if values_below:
        lines += [Content.styled(heads, "bold"), *map(plain, values_below)]
    elif step is not None:
        lines.append(plain(say("report.no-validation")))
    if unmeasured := _steps_since_validation(history):
        lines.append(plain(say("report.not-evaluated", steps=say.number(unmeasured))))
    if stopped := stopped_text(history, say, saved=saved):
        lines.append(plain(once_ended(stopped, awaited, say)))
    if started is not None and history.best is not None:
        for name, loss in started.baselines.items():
            apart = loss - history.best.loss
            key = "report.below" if apart >= 0 else "report.above"
            words = say(key, name=one_line(name), loss=say.number(loss, 3), apart=say.number(abs(apart), 2))
            lines.append(plain(words + (say("report.may-be-chance") if may_be_chance(history, loss) else "")))
        if started.baselines:
            lines.append(plain(say("report.baselines"), "$foreground 80%"))
    if verdict is not None:
        sentences = verdict_lines(verdict, say.language, say.number)
        lines += [plain(one_line(line)) for line in (*sentences, once_ended(proposal_text(verdict, say), awaited, say))]
    return Content("\n").join(lines)


def _steps_since_validation(history: History) -> int:
    """Steps that the figures of the last validation know nothing of."""
    step, validation = history.last_step, history.last_validation
    return 0 if step is None or validation is None else max(0, step.step - validation.step)


def proposal_text(verdict: dict[str, Any] | None, say: Wording) -> str:
    """The next run that is proposed, and what the key that makes this one longer does instead; empty without a verdict."""
    if verdict is None:
        return ""
    values, repeated = {"time": say.clock(verdict["seconds"])}, verdict["settings"]
    match verdict["lever"]:
        case "text":
            key = "plan-text"
        case "made":
            key, values["name"] = "plan-made", one_line(verdict["made"]["run"])
        case "earlier" if repeated:
            key = "plan-earlier-weights" if "init_from" in repeated else "plan-earlier"
            values["name"] = one_line(verdict["earlier"]["run"])
            values["settings"] = chosen_values(
                {name: {"value": value} for name, value in repeated.items()}, repeated, say
            )
        case _:
            key = "plan-same-weights" if "init_from" in repeated else "plan-next"
    return say(f"report.{key}", **values)


def once_ended(words: str, awaited: str, say: Wording) -> str:
    """A next step, and that it is possible once the run that is being trained here has ended. awaited: its name; empty if there
    is none."""
    return say("report.once-ended", words=words, name=awaited) if words and awaited else words


def stopped_text(history: History, say: Wording, *, saved: bool = True) -> str:
    """How a run that was stopped or has failed, or whose process has died, goes on; empty for any other. saved: it has a
    checkpoint."""
    state = _state_of(history)
    if state not in _UNFINISHED or history.last_step is None:
        return ""
    steps = {"step": say.number(history.last_step.step), "planned": say.number(history.planned_steps)}
    if is_mended_anew(history):
        return say("report.next-failed-again", **steps)
    return say(_UNFINISHED[state] if saved else "report.next-anew", **steps)


def _state_of(history: History) -> str:
    """The state word of a run that no process works on."""
    return history.state if history.state in ENDED else "DIED"


def samples_text(history: History, say: Wording, room: int = SAMPLE_WIDTH) -> Content:
    """The sample of each validation, one below the other, and the last text complete. room: columns of each sample."""
    samples = history.samples
    if not samples:
        return Content("")
    last = samples[-1]
    head = Content.styled(say("report.samples"), "bold $primary") + Content("\n")
    after = prompt_words(last.prompt, say, room)
    head += after.stylize("$foreground 80%") + Content("\n") if after else Content("")
    course = head + samples_lines(samples[:-1], say, room) + Content("\n\n") if len(samples) > 1 else Content("")
    title = Content.styled(say("report.sample", step=say.number(last.step)), "bold $primary") + Content("\n")
    return course + title + plain(last.prompt, "bold") + plain(last.text)


def _figures(one: events.Validation, say: Wording) -> list[str]:
    numbers = [say.number(one.step), say.number(one.loss, 4), say.number(one.perplexity, 2), say.percent(one.accuracy)]
    return [*numbers, say.number(one.bits_per_character, 3)]


def _table(rows: list[list[str]], room: int) -> list[str]:
    """Rows in columns, the first row has a cell for each: as far apart as `room`, in columns, allows. The first cells are
    names, which are cut only where there is no room for them beside the others."""
    names, *figures = (
        max(cell_len(row[number]) for row in rows if number < len(row)) for number in range(len(rows[0]))
    )
    for column in range(_COLUMN, 0, -1):
        widths = [max(column, width + _APART) for width in figures]
        if names + sum(widths) <= room:
            names = max(names, min(_COLUMN, room - sum(widths)))
            break
    else:
        widths = [width + 1 for width in figures]
        names = min(names, max(_COLUMN, room - sum(widths)))
    return [
        "".join(
            f"{cell:>{width}}" if number else Content(cell).truncate(width, ellipsis=True, pad=True).plain
            for number, (cell, width) in enumerate(zip(row, (names, *widths), strict=False))
        )
        for row in rows
    ]


def next_text(findings: list[dict[str, Any]], name: str, say: Wording, proposal: str = "") -> Content:
    """The proposed next run, remedies for the findings, and what can be done with the model outside the app. name: of the run;
    empty without a model."""
    lines = [Content.styled(say("report.what-next"), "bold $primary")]
    if proposal:
        lines.append(plain(proposal))
    for one in newest(findings):
        advice = advice_of(one, say)
        if one.get("status") in ("fail", "warn", "note") and advice:
            glyph = str(one["status"])
            head = Content.styled(f"{GLYPHS[glyph]} ", STYLES[glyph]) + Content.styled(
                one_line(title_of(one, say)), "bold"
            )
            lines.append(head + plain(f"  {one_line(in_app(advice, say))}"))
    if len(lines) == 1:
        lines.append(plain(say("report.nothing")))
    outside = [plain(say("report.further")), Content(""), plain(say("report.next", name=name))] if name else []
    return Content("\n").join([*lines, *outside])


def written_text(written: Written, file: str, seed: int, say: Wording) -> Content:
    text = Content("")
    if written.unknown:
        text += plain(say("report.unknown", characters=written.unknown), "$warning") + Content("\n")
    text += plain(written.prompt, "bold") + plain(written.text)
    return text + Content.styled(
        "\n" + say("report.written", file=file, seed=seed, speed=say.number(written.tokens_per_second)),
        "$foreground 80%",
    )
