"""Everything that the command and the app show of a run: made into text, without control characters and without errors."""

from __future__ import annotations

import io
import itertools
import json
from pathlib import Path

from textual.content import Content

from mmrec_engine import events
from mmrec_engine.checks.preflight.all_checks import strictly_failing
from mmrec_engine.checks.report import newest
from mmrec_engine.checks.verdict import verdict_of
from mmrec_engine.locales.guide import ITEMS
from mmrec_engine.locales.guide.findings import evidence, title
from mmrec_engine.locales.guide.remedies import remedy_title
from mmrec_engine.locales.messages import Language
from mmrec_engine.run.follow_up import offers
from mmrec_engine.runs.catalog import RunSummary
from mmrec_engine.runs.history import History
from mmrec_engine.runs.other_runs import OtherRuns, OtherRunsReader
from mmrec_tui.app.screens.compare import rows_of
from mmrec_tui.app.screens.remedy import RemedyScreen
from mmrec_tui.app.screens.start import run_line
from mmrec_tui.app.widgets.finding_panels import finding_text, hints_text, items_text
from mmrec_tui.app.widgets.items import _finding_text, _item_text
from mmrec_tui.app.widgets.panel import plain
from mmrec_tui.app.widgets.panels import log_line, patience_text, state_text
from mmrec_tui.app.widgets.report_text import next_text, numbers_text, samples_text
from mmrec_tui.cli.check import finding_line
from mmrec_tui.cli.headless import run_result
from mmrec_tui.cli.narrator import Narrator
from mmrec_tui.locales import Wording
from mmrec_tui.presentation.figures import X_AXES, View, figure_of, overlay
from mmrec_tui.presentation.findings import advice_of, evidence_of, title_of
from mmrec_tui.presentation.panels import PLOTS
from mmrec_tui.presentation.plotting import draw
from mmrec_tui.presentation.reading import short_name
from mmrec_tui.terminal import Narration, printable
from tests.fuzz.tried import is_safe

_VIEWS = [
    View(axis, log, smoothing) for axis, log, smoothing in itertools.product(X_AXES, (False, True), (False, True))
]
_WIDTH = 70


def all_of(history: History, language: Language) -> None:
    say = Wording(language)
    panels(history, say)
    plots(history, say)
    findings(history, say)
    command(history, say)


def is_clean(content: Content) -> None:
    is_safe(content.plain)


def panels(history: History, say: Wording) -> None:
    text = "" if history.started is None else short_name(history.started.corpus)
    for state in (history.state, "DIED"):
        is_clean(state_text(history, state, "a\x1brun", text, say, _WIDTH))
        is_clean(hints_text(history, state, "", "mmrec-tui \x1b", say))
    is_clean(patience_text(history, say))
    for event in history.log:
        is_safe(log_line(event, say))
    is_clean(samples_text(history, say))
    is_clean(numbers_text(history, say, verdict=verdict_of(history)))
    is_clean(next_text(history.findings, "a\x1brun", say))
    for mark, name, values in rows_of([history.settings, {}], say):
        is_safe(mark + name + "".join(values))


def plots(history: History, say: Wording) -> None:
    # One view of each plot, another with every record, and one plot drawn: all of them would take most of the time.
    chosen = len(history.log) + len(history.validations) + len(say("app.how-to-quit"))
    for number, name in enumerate(PLOTS):
        view = _VIEWS[(number + chosen) % len(_VIEWS)]
        figure = figure_of(name, history, view, say)
        is_safe(figure.legend + figure.note)
        for row in () if number != chosen % len(PLOTS) else draw(figure, _WIDTH, 12, plain=view.log):
            is_safe("".join(text for text, _ in row))
    overlay([("one", history), ("two", history)], View(), say)


def findings(history: History, say: Wording) -> None:
    ticks: dict[str, bool] = {}
    for number, item in enumerate(ITEMS):
        own = newest([one for one in history.findings if one.get("item") == item.id])
        is_open, running = number % 2 == 0, number % 3 == 0
        is_clean(_item_text(item, own, ticks, say, _WIDTH, is_open, running))
    for phase in ("before", "during", "after"):
        is_clean(items_text(history.findings, ticks, phase, say, short=phase == "during"))
    for one in newest(history.findings)[-20:]:
        is_clean(finding_text(one, say))
        is_clean(_finding_text(one, say, _WIDTH))
        is_safe(finding_line(one, say))
        for words in (title_of(one, say), evidence_of(one, say), advice_of(one, say)):
            assert isinstance(words, str)
        assert isinstance(title(one, say.language), str) and isinstance(evidence(one, say.language), str)
        for remedy in one.get("remedies") or ():
            assert isinstance(remedy_title(remedy, say.language), str)
    settings = {**history.settings, "planned_steps": history.planned_steps}
    for live in (False, True):
        found = offers(history.findings, settings, live=live, warmup_ended=history.warmup_has_ended())
        for option in RemedyScreen(found, live=live)._options(say):
            is_clean(option.prompt) if isinstance(option.prompt, Content) else is_safe(str(option.prompt))


def command(history: History, say: Wording) -> None:
    """The narration of a run resumed from this record, and the result as JSON."""
    strictly_failing(history)
    json.dumps(events.finite(run_result(history, Path("run"), "completed", OtherRuns())), allow_nan=False)
    stream = io.StringIO()
    narrator = Narrator(Narration(stream), say, Path("a\x1brun"), OtherRunsReader())
    step = history.last_step.step if history.last_step else 0
    for event in (
        events.Resumed(step=step, checkpoint="x.pt", planned_steps=step + 9, skipped=("a\x1b.pt",)),
        events.Step(
            step=step + 1, loss=1.0, learning_rate=1e-3, grad_norm=1.0, tokens_per_second=9.0, tokens=9, epoch=1
        ),
        events.Validation(
            step=step + 1,
            loss=1.0,
            perplexity=2.7,
            accuracy=0.5,
            bits_per_character=1.4,
            training_loss=1.0,
            batches=1,
            best=True,
            patience_used=0,
            patience=5,
            epoch=1,
        ),
        events.RunFinished(step=step + 1, status="completed", reason="", seconds=1.0, values={"steps": step + 1}),
    ):
        narrator.tell(event, history)
    is_safe("".join(stream.getvalue().splitlines()))


def line_of(summary: RunSummary, language: Language) -> None:
    say = Wording(language)
    is_clean(run_line(summary, say, 100))
    is_clean(plain(say.number(summary.step)))
    assert printable(summary.name) is not None
