"""After training: the guide's four items, the numbers, the complete curves, samples, and a field to try the model."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.geometry import NULL_REGION
from textual.widgets import Input, Static

from mmrec_engine.checks.verdict import verdict_of
from mmrec_engine.errors import MmrecError
from mmrec_engine.run.follow_up import offers
from mmrec_engine.runs.checklist_marks import read_ticks, write_ticks
from mmrec_engine.runs.history import History
from mmrec_engine.runs.other_runs import OtherRuns, other_runs
from mmrec_engine.runs.run_reader import RunReader
from mmrec_engine.storage.run_files import BEST, FINAL, usual_model
from mmrec_tui.app.after_checks import AfterChecks, needs_checks
from mmrec_tui.app.in_app import error_text
from mmrec_tui.app.keys import Key, keys_of
from mmrec_tui.app.screens.base import KeyBar, Title
from mmrec_tui.app.screens.report_next import ReportNextScreen
from mmrec_tui.app.session import Work
from mmrec_tui.app.widgets.finding_panels import is_mended_anew
from mmrec_tui.app.widgets.items import Items
from mmrec_tui.app.widgets.panel import plain
from mmrec_tui.app.widgets.plot import Plot
from mmrec_tui.app.widgets.report_text import (
    SAMPLE_WIDTH,
    next_text,
    numbers_text,
    once_ended,
    proposal_text,
    samples_text,
    stopped_text,
    written_text,
)
from mmrec_tui.app.widgets.sampling import Sampling, WrongValueError
from mmrec_tui.app.writing import Trial, Writer
from mmrec_tui.presentation.figures import View, figure_of
from mmrec_tui.terminal import one_line

_LOOK_SECONDS = 0.1
_OF_A_MODEL = ("#try-head", "#prompt", "#sampling", "#written")
_KEYS_OF_A_MODEL = {"prompt", "write", "export", "tokens", "which", "train_further"}


class ReportScreen(ReportNextScreen):
    """folder: of the run. trial: to go on with."""

    table: ClassVar[str] = "report"
    topic: ClassVar[str | None] = "metrics-reported"

    def __init__(self, folder: Path, trial: Trial | None = None) -> None:
        super().__init__()
        self._folder = folder
        self._history: History | None = None
        self._verdict: dict[str, Any] | None = None  # with a proposed next run
        self._reading: Work[tuple[History, OtherRuns]] = Work(
            lambda _: (RunReader(folder).first_view(), other_runs(folder))
        )
        self._ticks = read_ticks(folder)
        found = usual_model(folder)
        trial = trial or Trial("", "" if found is None else found.name, 0, Writer())
        self._prompt, self._file, self._writer = trial.prompt, trial.file, trial.writer
        self._seed = trial.seed  # of the text that is being generated
        self._shown_state: object = None
        self._checks: AfterChecks | None = None
        self._checked = -1
        self._awaited = ""  # the run that is being trained here, as shown: what starts another one waits for its end
        self._fields_region = NULL_REGION  # where the fields were before the page got another height
        self._refusal = ""  # why Enter generates no text; in its place, as the one before it has other settings

    def compose(self) -> ComposeResult:
        say = self.say
        yield Title(say("report.title", name=one_line(self._folder.name)))
        with VerticalScroll(id="report"):
            yield Static(say("report.reading"), id="numbers")
            yield Items("after", id="items")
            yield Plot(say("panel.loss"), "loss", say("plot.waiting"), id="curve")
            yield Static(id="samples")
            yield Static(Content.styled(say("report.try"), "bold $primary"), id="try-head")
            yield Input(self._prompt, placeholder=say("report.prompt"), id="prompt")
            yield Sampling(say, id="sampling")
            yield Static(id="written")
            yield Static(id="next")
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        self.query_one(Items).show([], self._ticks, self.say)
        for name in _OF_A_MODEL:
            self.query_one(name).display = self._has_model
        page = self.query_one("#report")
        page.focus(scroll_visible=False)
        self.watch(page, "virtual_size", self._page_grew, init=False)
        self.watch(self.query_one("#written"), "virtual_size", self._show_answer, init=False)
        self.set_interval(_LOOK_SECONDS, self._look)

    def action_back(self) -> None:
        """From a field to the page, which then scrolls by keys; from there to the screen before."""
        if isinstance(self.focused, Input):
            self.query_one("#report").focus(scroll_visible=False)
        else:
            super().action_back()

    def stop_work(self) -> None:
        self._writer.stop()

    def on_unmount(self) -> None:
        if self._checks is not None:
            self._checks.stop()

    def opened_again(self) -> dict[str, Any]:
        trial = Trial(self.query_one("#prompt", Input).value, self._file, self._seed, self._writer)
        return {"folder": self._folder, "trial": trial}

    def _look(self) -> None:
        if self._history is None and self._reading.done:
            self._history, others = self._reading.result or (History(), OtherRuns())
            self._verdict = verdict_of(self._history, others)
            self._show_history(self._history)
            if not self._after and needs_checks(self._folder, self._history):
                self._checks = AfterChecks(self._folder, self._history, self._verdict, self.say.language)
        if self._trained != self._awaited:
            self._awaited = self._trained
            self._show_words()
            self._show_findings()
        if self._checks is not None and self._checks.seen != self._checked:
            self._checked = self._checks.seen
            self._show_findings()
        self._writer.look()
        seen = (self._writer.written, self._writer.error, self._writer.writing)
        if seen != self._shown_state:
            self._shown_state = seen
            self._show_written()

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_words)

    def _show_words(self) -> None:
        if self._history is not None:
            room = self.query_one("#report").scrollable_content_region.width or SAMPLE_WIDTH
            words = numbers_text(
                self._history, self.say, room, self._verdict, saved=self._has_model, awaited=self._awaited
            )
            self.query_one("#numbers", Static).update(words)
            self.query_one("#samples", Static).update(samples_text(self._history, self.say, room))

    def _show_history(self, history: History) -> None:
        say = self.say
        self._show_words()
        self._show_findings()
        self.query_one(Plot).show(figure_of("loss", history, View(), say, over=True))

    def _show_answer(self) -> None:
        """All of it, once its height is known. Without one the place of an answer is laid out too."""
        if not (self._refusal or self._writer.written or self._writer.error or self._writer.writing):
            return
        self.call_after_refresh(self.query_one("#written").scroll_visible, animate=False)

    def _page_grew(self) -> None:
        self.call_after_refresh(self._keep_field_in_view)

    def _keep_field_in_view(self) -> None:
        """The field with the focus and its explanation, when the text above has become longer, or the answer that it got."""
        fields = self.query_one(Sampling)
        region, self._fields_region = self._fields_region, fields.virtual_region
        if isinstance(self.focused, Input) and region != self._fields_region:
            of_sampling = fields in self.focused.ancestors
            answer = self.query_one("#written") if not of_sampling and self._writer.written is not None else None
            (answer or (fields if of_sampling else self.focused)).scroll_visible(animate=False)

    @property
    def _findings(self) -> list[dict[str, Any]]:
        """The findings in the record, and those made here since."""
        recorded = list(self._history.findings) if self._history is not None else []
        return recorded + (self._checks.found if self._checks is not None else [])

    @property
    def _after(self) -> list[dict[str, Any]]:
        return [finding for finding in self._findings if finding.get("phase") == "after"]

    def _show_findings(self) -> None:
        say, checks = self.say, self._checks
        self.query_one(Items).show(self._after, self._ticks, say)
        self.refresh_keys()
        if checks is not None and not checks.done:
            self.query_one("#next", Static).update(say("report.checking", done=len(checks.found), total=checks.total))
        elif self._history is not None:
            proposal = proposal_text(self._verdict, say) or stopped_text(self._history, say, saved=self._has_model)
            proposal = once_ended(proposal, self._awaited, say)
            name = self._folder.name if self._has_model else ""
            self.query_one("#next", Static).update(next_text(self._findings, name, say, proposal))

    # Trying the model

    def on_input_submitted(self, event: Input.Submitted) -> None:
        try:
            values = self.query_one(Sampling).values()
        except WrongValueError as wrong:
            values = {"name": wrong.name, "allowed": wrong.allowed}
            self.own_app.warn("report.wrong-value", **values)
            self._writer.stop()
            self._refusal = self.say("report.wrong-value", **values)
            self._show_written()
            return
        self._refusal = ""
        self._seed = values["seed"]
        prompt = self.query_one("#prompt", Input).value
        self._writer.write(self._folder / self._file, prompt, values.pop("tokens"), values)

    def _show_written(self) -> None:
        say, written, error = self.say, self._writer.written, self._writer.error
        where = self.query_one("#written", Static)
        refusal = self._refusal or (error_text(error, say) if error is not None else "")
        if refusal:
            where.update(Content.styled("✗ ", "bold $error") + plain(refusal))
        elif written is not None:
            where.update(written_text(written, self._file, self._seed, say))
        elif self._writer.writing:
            where.update(say("report.loading"))
        else:
            return
        self._show_answer()

    # Keys

    def action_prompt(self) -> None:
        if self._needs_model():
            self.set_focus(self.query_one("#prompt"))

    def action_which(self) -> None:
        """Try the best or the final model."""
        other = FINAL if self._file == BEST else BEST
        if not (self._folder / other).exists():
            self.own_app.warn("report.no-other", name=other)
            return
        self._file = other
        self.own_app.tell("report.which", name=other)

    def action_fold(self) -> None:
        self.query_one(Items).fold()

    def action_tick(self) -> None:
        self.query_one(Items).tick()

    def on_items_ticked(self, event: Items.Ticked) -> None:
        # Read again: the ticks set before the run may have reached its folder since this screen was opened.
        self._ticks = {**read_ticks(self._folder), event.item: not self._ticks.get(event.item, False)}
        try:
            write_ticks(self._folder, self._ticks)
        except MmrecError as error:
            self.own_app.tell_error(error)
        self._show_findings()

    def on_items_remedy_chosen(self) -> None:
        self.action_apply()

    def shown_keys(self) -> list[Key]:
        other = FINAL if self._file == BEST else BEST
        hidden = set() if (self._folder / other).exists() else {"which"}
        if not self._has_model:
            hidden |= _KEYS_OF_A_MODEL
        if self._verdict is None:
            hidden.add("plan_next")
        if self._trained and not self._is_on_stage:
            hidden.add("curves")
        if self._history is None or self._trained:
            hidden |= {"go_on_run", "apply", "plan_next"}
        elif not offers(self._findings, self._history.settings_now):
            hidden.add("apply")
        return [key for key in keys_of(self.table) if key.action not in hidden]

    def barred_keys(self) -> list[Key]:
        """The key of the proposed next step comes first."""
        mended = self._history is not None and is_mended_anew(self._history)
        advised = "apply" if mended else "go_on_run" if self._verdict is None else "plan_next"
        return sorted(self.shown_keys(), key=lambda key: key.action != advised)
