"""The plan of a run: model, text, hyperparameters, and a summary. Every value is validated while it is typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widgets import OptionList, Static

from mmrec_engine.data.prepare import Corpus, short_split
from mmrec_engine.errors import RequestError
from mmrec_engine.settings import FIELDS, Resolved, Settings
from mmrec_engine.settings.presets import PRESETS, PROFILES
from mmrec_engine.settings.pretrained import PRETRAINED
from mmrec_tui.app.draft import (
    OF_A_TEXT,
    Draft,
    corpora_as_typed,
    estimate_run,
    known_settings,
    named,
    typed_corpora,
    windows_of,
)
from mmrec_tui.app.keys import Key, keys_of
from mmrec_tui.app.plan_work import PlanWork
from mmrec_tui.app.screens.base import KeyBar, MmrecScreen, Title
from mmrec_tui.app.undo import Drafts
from mmrec_tui.app.widgets.configs import ConfigsPane
from mmrec_tui.app.widgets.corpora import CorporaPane
from mmrec_tui.app.widgets.form import Form
from mmrec_tui.app.widgets.plan_summary import free_run_name, plan_summary
from mmrec_tui.app.widgets.restyling import set_line, set_own_class, set_text
from mmrec_tui.presentation.figures import planned_pacing, planned_rates
from mmrec_tui.presentation.planned import reasons
from mmrec_tui.terminal import one_line

_LOOK_SECONDS = 0.1
_ROOMY_WIDTH = 100
_USUAL_CHARACTERS = 100  # ids of a text of characters
_PANES = ("configs", "corpora", "settings")


@dataclass(frozen=True)
class PlanInWork:
    """A plan that is being made. opened_with: its given values when it was opened. begun: a run was started from it."""

    drafts: Drafts
    work: PlanWork
    opened_with: dict[str, Any]
    begun: bool


class PlanScreen(MmrecScreen):
    """begun: a plan to go on with; draft: a new one; otherwise the one that was kept when the screen was left."""

    table: ClassVar[str] = "plan"
    topic: ClassVar[str | None] = "hyperparameters-set"

    def __init__(self, begun: PlanInWork | None = None, draft: Draft | None = None) -> None:
        super().__init__()
        self._form = Form(id="form")
        self._earlier, self._first = begun, draft
        self._work = PlanWork() if begun is None else begun.work
        self._taken_along = False  # the work goes on in another language
        self._begun = begun is not None and begun.begun  # a run was started from this plan
        self._resolved: Resolved | None = None
        self._error: RequestError | None = None
        self._shown: object = None
        self._is_unsaved = False
        self._time_emptied = False  # in its field, which has the focus still

    def compose(self) -> ComposeResult:
        say = self.say
        if self._earlier is not None:
            self._drafts = self._earlier.drafts
        else:
            self._drafts = Drafts(self._first or Draft(known_settings(self.own_app.stage.preferences.plan)))
        yield Title(say("plan.title"))
        yield Static(id="tabs")
        with Container(id="panes"):
            with Container(id="choices-side"):
                yield ConfigsPane(f"1 {say('plan.configs')}", id="configs", classes="pane")
                yield CorporaPane(f"2 {say('plan.corpora')}", id="corpora", classes="pane")
            with Vertical(id="settings", classes="pane") as settings:
                settings.border_title = f"3 {say('plan.settings')}"
                yield self._form
        yield Static(id="summary")
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        self.fit_first_frame()
        self.action_panel("configs", focus=False)
        self._take(self._draft)
        self._opened_with = dict(self._draft.given) if self._earlier is None else self._earlier.opened_with
        self.set_focus(self.query_one("#config-list"))
        self.set_interval(_LOOK_SECONDS, self._look)

    def on_screen_resume(self) -> None:
        if self.app.screen is self:
            self._begun = False  # back from the checklist
            self._keep()

    def on_resize(self) -> None:
        self._shown = None  # the content depends on the size
        self.call_after_refresh(self._show_corpora)

    def on_unmount(self) -> None:
        if not self._taken_along:
            self._work.stop()
        if self._is_unsaved:  # whatever is kept by now: perhaps a plan that has replaced this one
            self.own_app.stage.preferences.save()

    def opened_again(self) -> dict[str, Any]:
        self._taken_along = True
        return {"begun": PlanInWork(self._drafts, self._work, self._opened_with, self._begun)}

    def _keep(self) -> None:
        """So that the plan is the same when the screen is opened the next time. It is saved when this one is closed."""
        preferences = self.own_app.stage.preferences
        if not self._begun and preferences.plan != self._draft.given:
            preferences.plan = dict(self._draft.given)
            self._is_unsaved = True

    def leave(self) -> None:
        if self._draft.given != self._opened_with:
            self.own_app.tell("plan.kept")
        super().leave()

    # The draft

    @property
    def _draft(self) -> Draft:
        return self._drafts.now

    def _take(self, draft: Draft, *, typing: str = "") -> None:
        """A changed draft: validate it, and start the background work that it needs. typing: the field that is being typed
        into; it is not changed then."""
        had_time = self._time_emptied or self._draft.given.get("time") is not None
        self._time_emptied = typing == "time" and had_time and draft.given.get("time") is None
        self._drafts.change(draft, typing)
        self._keep()
        text = {name: draft.given.get(name) for name in OF_A_TEXT}
        if text != self._work.text:
            self._work.text = text
            self._work.preparing.forget()  # the new one may be read only when the planner has chosen how
        self._resolve()
        if self._resolved is not None:
            self._work.want(self._resolved)
            self._show_fields(typing)
        self._shown = None
        self._show_corpora()
        self._show_configs()
        self.refresh_keys()

    def _resolve(self) -> None:
        """The settings of the draft, with those of its pretrained model; none while one is wrong or the model is read."""
        model = self._work.pretrained
        self._resolved = self._error = None
        try:
            resolved = self._draft.resolved()
            model.want(resolved.settings.init_from)
            if not model.is_under_way and model.error is None:
                self._resolved = model.completed(resolved)
        except RequestError as error:
            self._error = error
            self._form.show_errors(error, self.say)
        if model.error is not None:
            self._form.mark_wrong("init_from", self.say)

    def _show_fields(self, typing: str = "") -> None:
        """The fields as they will be used. typing: the one that is being typed into, which is not changed."""
        if self._resolved is None:
            return
        planning, form = self._work.planning, self._form
        shown, plan = planning.shown(self._resolved), planning.plan
        form.show_values(shown, self.say, typing)
        if not planning.is_under_way:
            form.show_reasons({} if plan is None else reasons(plan.planned.choices, self.say))
        self._work.prepare(shown.settings)

    def _look(self) -> None:
        """Continue the background work, and show its results."""
        if self.app.screen is not self:
            return
        if self.query_one(CorporaPane).is_resized:
            self._show_corpora()
        loaded = self.own_app.torch is not None and self.own_app.torch.done
        trains = self.own_app.stage.training is not None
        may_measure = loaded and not trains
        reading = self._work.pretrained.is_under_way
        settings = None if self._resolved is None else self._settings
        planned = self._work.look(settings, may_measure=may_measure, trains=trains)
        if reading and not self._work.pretrained.is_under_way:
            self._resolve()
            if self._resolved is not None:
                self._work.want(self._resolved)
                planned = True
        if planned:
            self._show_fields(self._form.typed_into)
        seen = (self._work.seen, self._error, self._resolved, loaded, trains)
        if seen != self._shown:
            self._shown = seen
            self._show_configs()
            self.query_one(CorporaPane).show_text(self._work.preparing.view, self._settings, self.say)
            self._show_summary()
            self._show_curves()
            self.refresh_keys()

    def _show_curves(self) -> None:
        """The planned learning rate and curriculum; until the text is known over the given steps."""
        settings, corpus = self._settings, self._work.preparing.corpus
        known = corpus is not None and short_split(corpus, settings.seq_len) is None
        steps = estimate_run(settings, corpus, None).steps if known and corpus is not None else settings.max_steps
        if steps is not None:
            curves = planned_rates(settings, steps, self.say), planned_pacing(settings, steps, self.say)
            self._form.show_curves(*curves)

    # Left: configs

    def _show_configs(self) -> None:
        corpus, plan = self._work.preparing.corpus, self._work.planning.plan
        vocabulary = _USUAL_CHARACTERS if corpus is None else corpus.tokenizer.vocab_size
        reason = None if plan is None else reasons(plan.planned.choices, self.say).get("config")
        self.query_one(ConfigsPane).show(self._settings, vocabulary, self._epoch_time, reason, self.say)

    def _epoch_time(self, config: str) -> str:
        say = self.say
        costs = self._work.measuring.costs_of(config)
        if costs is None:
            measures = self.own_app.stage.training is None and self._work.measuring.will_measure(config)
            return "…" if measures else say("plan.choose-to-measure")
        settings, corpus = self._settings, self._work.preparing.corpus
        if corpus is None or not windows_of(settings, corpus)[0]:
            return "…"
        seconds = estimate_run(settings, corpus, costs).seconds_an_epoch
        return "…" if seconds is None else say.clock(seconds)

    @property
    def _settings(self) -> Settings:
        """The settings as they are, or as the planner will choose them; while a field is invalid, the defaults with the chosen
        model."""
        if self._resolved is not None and self._work.planning.plan is not None:
            return self._work.planning.plan.resolved.settings
        if self._resolved is not None:
            return self._resolved.settings
        config = self._draft.given.get("config", FIELDS["config"].default)
        return Settings(config=config) if config in PRESETS else Settings()

    # Middle: text

    def _show_corpora(self) -> None:
        self.query_one(CorporaPane).show_list(self._draft.given, self.own_app.stage.preferences.corpora, self.say)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        name = str(event.option.id)
        match event.option_list.id:
            case "config-list" if name != PRETRAINED:
                self._take(self._draft.with_value("config", name))
            case "corpus-list" if name == "choose":
                self.action_own_text()
            case "corpus-list":
                kind, _, value = name.partition(":")
                choice = {"corpus": value} if kind == "builtin" else {"data_dir": typed_corpora(value)}
                self._take(self._draft.with_corpus(choice))
            case "readings":
                self._take(self._draft.with_value("encoding", name))

    def action_own_text(self) -> None:
        """Choose a file, a folder or a data set."""
        from mmrec_tui.app.screens.chooser import ChooserScreen

        self.app.push_screen(ChooserScreen(), self._path_chosen)

    def _path_chosen(self, chosen: dict[str, str | tuple[str, ...]] | None) -> None:
        if chosen is None:
            return
        if "data_dir" in chosen:
            preferences = self.own_app.stage.preferences
            preferences.note_corpus(corpora_as_typed(chosen["data_dir"]))
            preferences.save()
        self._take(self._draft.with_corpus(chosen))
        self.action_panel("corpora")

    # Right: hyperparameters

    def on_form_changed(self, event: Form.Changed) -> None:
        self._take(self._draft.with_value(event.name, event.value), typing=event.name if event.typing else "")

    def on_form_emptied(self, event: Form.Emptied) -> None:
        self._show_fields()
        if self._time_emptied:
            self._time_emptied = False
            self.own_app.warn("plan.time-emptied")

    def on_form_profile_chosen(self, event: Form.ProfileChosen) -> None:
        self._take_profile(dict(PROFILES[event.profile]))

    def action_defaults(self) -> None:
        """Restore the guide's values; model and text are kept."""
        if not self._take_profile({}):
            self.own_app.tell("plan.defaults-set")

    def _take_profile(self, values: dict[str, Any]) -> bool:
        """Returns whether a given time, which no profile has, was dropped; this is told."""
        timed = self._draft.given.get("time") is not None and values.get("time") is None
        self._take(self._draft.with_profile(values))
        if timed:
            self.own_app.warn("plan.time-dropped")
        return timed

    def action_undo(self) -> None:
        draft = self._drafts.undo()
        if draft is not None:
            self._take(draft)
            self.own_app.tell("plan.undone")

    # Below: the summary

    @property
    def _trained(self) -> str:
        """The name of the run that is being trained here; empty if there is none."""
        training = self.own_app.stage.training
        return "" if training is None else one_line(training.folder.name)

    def _show_summary(self) -> None:
        narrow = self.size.width < _ROOMY_WIDTH
        words = plan_summary(self._work, self._settings, self._error, self.say, narrow=narrow, trained=self._trained)
        set_text(self.query_one("#summary", Static), words)

    # Keys

    def action_panel(self, name: str, focus: bool = True) -> None:
        parts = []
        set_own_class(self.query_one("#choices-side"), name != "settings", "-shown")
        for number, pane in enumerate(_PANES, start=1):
            set_own_class(self.query_one(f"#{pane}"), pane == name, "-shown")
            words = Content.styled(f" {number} {self.say(f'plan.{pane}')} ", "reverse bold" if pane == name else "")
            parts.append(words.stylize(f"@click=screen.panel('{pane}')"))
        if name == "corpora":
            self.call_after_refresh(self._show_corpora)  # wrapped to the width of the list once it is visible
        set_line(self.query_one("#tabs", Static), Content("│").join(parts))
        if focus:
            first = {"configs": "#config-list", "corpora": "#corpus-list", "settings": "#profile"}[name]
            self.set_focus(self.query_one(first))

    def on_descendant_focus(self, event: Any) -> None:
        pane = next((node.id for node in event.widget.ancestors if node.id in _PANES), None)
        for name in _PANES:
            set_own_class(self.query_one(f"#{name}"), name == pane, "-focused")
        if pane is not None and not self.query_one(f"#{pane}").has_class("-shown"):
            self.action_panel(pane, focus=False)

    def _ready(self) -> tuple[Resolved, Corpus] | None:
        """The run as planned and its text; None, with a message, if something is missing or invalid."""
        if not self._is_ready or self._resolved is None or self._work.preparing.corpus is None:
            if self._work.planning.waits and self._trained:
                self.own_app.warn("plan.waits", name=self._trained)
            else:
                self.own_app.warn("plan.not-ready")
            return None
        return self._resolved, self._work.preparing.corpus

    @property
    def _is_ready(self) -> bool:
        corpus = self._work.preparing.corpus
        if self._resolved is None or self._work.planning.is_under_way or self._work.planning.error is not None:
            return False
        return corpus is not None and short_split(corpus, self._settings.seq_len) is None

    def shown_keys(self) -> list[Key]:
        hidden = set() if self._drafts.can_undo else {"undo"}
        if not self._form.explanation.is_cut:
            hidden.add("read_on")
        if not self._is_ready:
            hidden.add("next")
        if not self._is_ready or self.own_app.stage.training is not None:
            hidden |= {"find('rates')", "find('batches')"}
        return [key for key in keys_of(self.table) if key.action not in hidden]

    def barred_keys(self) -> list[Key]:
        """The numbers of the panes are in their titles already."""
        return [key for key in self.shown_keys() if not key.action.startswith("panel(")]

    def open_setting(self, name: str) -> None:
        """The field itself if there is one."""
        fields = self.query(f"#field-{name}")
        if fields:
            self.action_panel("settings", focus=False)
            self.set_focus(fields.first())
        else:
            super().open_setting(name)

    def action_find(self, what: str) -> None:
        """Search for a learning rate, or for a batch size; the result may be applied."""
        ready = self._ready()
        if ready is None:
            return
        if self.own_app.stage.training is not None:
            self.own_app.warn("app.trains-already", name=self.own_app.stage.training.folder.name)
            return
        before = self._work.leave()
        self._work.searching = self.own_app.search(what, self._found, self._settings, ready[1], before)

    def _found(self, values: dict[str, Any] | None) -> None:
        if values:
            self._take(Draft({**self._draft.given, **values}))
            self.own_app.tell("search.taken")

    def action_read_on(self) -> None:
        self._form.explanation.read_on()

    def action_next(self) -> None:
        ready = self._ready()
        if ready is None:
            return
        resolved, corpus = ready
        preferences = self.own_app.stage.preferences
        preferences.plan = {name: value for name, value in self._draft.given.items() if name != "name"}
        preferences.save()
        self._begun = True
        measuring = self._work.leave()
        plan = self._work.planning.plan
        run = named(resolved if plan is None else plan.resolved, free_run_name(self._settings))
        self.own_app.open_screen(
            "checklist",
            resolved=run,
            corpus=corpus,
            measuring=measuring,
            planned=None if plan is None else plan.planned,
            costs=self._work.measuring.costs_with(run.settings),
        )

    def take_remedy(self, changes: dict[str, Any]) -> None:
        """The checklist has changed the plan: the change is shown when the user comes back to it."""
        self._take(self._draft.with_remedy(changes))
