"""The plan of a run: model, text, hyperparameters, and a summary. Every value is validated while it is typed."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widgets import OptionList, Static

from mmrec_engine.settings import Resolved, Settings
from mmrec_engine.settings.presets import PROFILES
from mmrec_engine.settings.pretrained import PRETRAINED
from mmrec_tui.app.draft import Draft, estimate_run, typed_corpora
from mmrec_tui.app.keys import Key, keys_of
from mmrec_tui.app.plan_in_work import PlanInWork, kept_draft
from mmrec_tui.app.screens.base import KeyBar, Title
from mmrec_tui.app.screens.plan_next import PlanNextScreen
from mmrec_tui.app.widgets.configs import ConfigsPane
from mmrec_tui.app.widgets.corpora import CorporaPane
from mmrec_tui.app.widgets.explanation import LongText
from mmrec_tui.app.widgets.form import Form
from mmrec_tui.app.widgets.pane import Pane
from mmrec_tui.app.widgets.plan_summary import plan_summary
from mmrec_tui.app.widgets.restyling import set_line, set_own_class, set_text
from mmrec_tui.presentation.figures import planned_pacing, planned_rates
from mmrec_tui.presentation.planned import reasons

_LOOK_SECONDS = 0.1
_ROOMY_WIDTH = 100
_PANES = ("configs", "corpora", "settings")


class PlanScreen(PlanNextScreen):
    """plan: one to go on with; draft: a new one; otherwise the one that was kept when the screen was left. pane: where the
    focus is at first. asks_text: ask for another text at once."""

    table: ClassVar[str] = "plan"
    topic: ClassVar[str | None] = "hyperparameters-set"

    def __init__(
        self,
        plan: PlanInWork | None = None,
        draft: Draft | None = None,
        pane: str = "configs",
        *,
        asks_text: bool = False,
    ) -> None:
        super().__init__()
        self._pane = "corpora" if asks_text else pane
        self._asks_text = asks_text
        self._form = Form(id="form")
        self._made, self._first = plan, draft
        self._shown: object = None

    def compose(self) -> ComposeResult:
        say = self.say
        if self._made is None:
            kept = self.own_app.stage.preferences
            self._made = PlanInWork(self._first or kept_draft(kept), kept, proposed=self._first is not None)
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
        self.set_focus(self.query_one("#config-list"))
        if self._pane != "configs":  # a list takes the focus once its pane is laid out
            self.call_after_refresh(self.action_panel, self._pane)
        for pane in self.query(Pane):  # whether its text fits decides on a key
            self.watch(pane, "show_vertical_scrollbar", self.refresh_keys, init=False)
        self.set_interval(_LOOK_SECONDS, self._look)
        if self._asks_text:
            self.call_after_refresh(self.action_own_text, self.say("chooser.more"))
        if self._plan.beside_own:
            self.own_app.tell("plan.beside-own")
        elif self._pane == "corpora" and not self._asks_text:
            self.own_app.tell("plan.choose-text")

    def on_screen_resume(self) -> None:
        if self.app.screen is self:
            self._plan.begun = False  # back from the checklist
            self._plan.keep()

    def on_resize(self) -> None:
        self._shown = None  # the content depends on the size
        self.call_after_refresh(self._show_corpora)

    def stop_work(self) -> None:
        if self._made is not None:
            self._made.work.stop()

    def on_unmount(self) -> None:
        if self._made is not None:
            self._made.save()

    def opened_again(self) -> dict[str, Any]:
        return {"plan": self._plan}

    def leave(self) -> None:
        if self._plan.is_changed:
            self.own_app.tell("plan.kept")
        super().leave()

    # The draft, and what results from it

    @property
    def _resolved(self) -> Resolved | None:
        return self._plan.resolved

    @property
    def _settings(self) -> Settings:
        return self._plan.settings

    def _take(self, draft: Draft, *, typing: str = "") -> None:
        """A changed draft. typing: the field that is being typed into; it is not changed then."""
        self._plan.change(draft, typing)
        self._show_fields(typing)
        self._shown = None
        self._show_corpora()
        self._show_configs()
        self._show_text()
        self._show_summary()
        self.refresh_keys()

    def _show_fields(self, typing: str = "") -> None:
        """The fields as they will be used, and which are wrong. typing: the one that is being typed into, which is not
        changed."""
        planning, form = self._work.planning, self._form
        form.show_profile(self._draft.held_profile)
        shown, plan, wrong = self._plan.shown, planning.plan, frozenset[str]()
        if self._plan.error is not None:
            shown, wrong = self._plan.beside_wrong
        if shown is not None:
            form.show_values(shown, self.say, typing=typing, wrong=wrong, planned=plan is not None)
        if self._work.pretrained.error is not None:
            wrong |= {"init_from"}
        form.mark_wrong(wrong, self.say)
        if self._plan.shown is None:
            return
        if not planning.is_under_way or planning.is_unknown:
            form.show_reasons({} if plan is None else reasons(plan.planned.choices, self.say))

    def _look(self) -> None:
        """Continue the background work, and show its results."""
        if self.app.screen is not self:
            return
        if self.query_one(CorporaPane).is_resized:
            self._show_corpora()
        loaded = self.own_app.torch is not None and self.own_app.torch.done
        trains = self.own_app.stage.training is not None
        if self._plan.look(may_measure=loaded and not trains, trains=trains):
            self._show_fields(self._form.typed_into)
        if self._plan.awaited:
            self._open_when_ready()
        seen = (self._work.seen, self._plan.error, self._resolved, loaded, trains)
        if seen != self._shown:
            self._shown = seen
            self._show_configs()
            if self._plan.note_text():
                self._show_corpora()
            self._show_text()
            self._show_summary()
            self._show_curves()
            self.refresh_keys()

    def _show_curves(self) -> None:
        """The planned learning rate and curriculum; until the text is known over the given steps, or none."""
        settings, corpus = self._settings, self._plan.usable_corpus
        steps = settings.max_steps if corpus is None else estimate_run(settings, corpus, None).steps
        if steps is None or self._work.planning.is_unknown:
            self._form.clear_curves()
        else:
            rate, pacing = planned_rates(settings, steps, self.say), planned_pacing(settings, steps, self.say)
            self._form.show_curves(rate=rate, pacing=pacing)

    # Left: configs

    def _show_configs(self) -> None:
        trains = self.own_app.stage.training is not None
        self.query_one(ConfigsPane).show(self._plan, self.say, trains=trains)

    # Middle: text

    def _show_corpora(self) -> None:
        self.query_one(CorporaPane).show_list(self._draft.given, self._plan.known_texts, self.say)

    def _show_text(self) -> None:
        self.query_one(CorporaPane).show_text(self._work.preparing.view, self._settings, self.say)

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

    def action_own_text(self, why: str = "") -> None:
        """Choose a file, a folder or a data set. why: what is said above the question."""
        from mmrec_tui.app.screens.chooser import ChooserScreen

        self.app.push_screen(ChooserScreen(why), self._path_chosen)

    def _path_chosen(self, chosen: dict[str, str | tuple[str, ...]] | None) -> None:
        if chosen is None:
            return
        self._take(self._draft.with_corpus(chosen))
        self.action_panel("corpora")

    # Right: hyperparameters

    def on_form_changed(self, event: Form.Changed) -> None:
        self._take(self._draft.with_value(event.name, event.value), typing=event.name if event.typing else "")

    def on_form_emptied(self, event: Form.Emptied) -> None:
        self._show_fields()
        if self._plan.end_typing():
            self.own_app.warn("plan.time-emptied")

    def on_form_profile_chosen(self, event: Form.ProfileChosen) -> None:
        self._take_profile(dict(PROFILES[event.profile]), event.profile)

    def action_defaults(self) -> None:
        """Restore the guide's values; model and text are kept."""
        if not self._take_profile({}):
            self.own_app.tell("plan.defaults-set")

    def _take_profile(self, values: dict[str, Any], name: str = "") -> bool:
        """Returns whether a given time, which no profile has, was dropped; this is told."""
        timed = self._draft.given.get("time") is not None and values.get("time") is None
        self._take(self._draft.with_profile(values, name))
        if timed:
            self.own_app.warn("plan.time-dropped")
        return timed

    def action_undo(self) -> None:
        draft = self._plan.undo()
        if draft is not None:
            self._take(draft)
            if draft.given.get("time") is not None:
                self.own_app.withdraw("plan.time-dropped", "plan.time-emptied")
            self.own_app.tell("plan.undone")

    # Below: the summary

    def _show_summary(self) -> None:
        narrow = self.size.width < _ROOMY_WIDTH
        words = plan_summary(
            self._work, self._settings, self._plan.error, self.say, narrow=narrow, trained=self._trained
        )
        if self._plan.awaited:
            words += Content("\n  ") + Content.styled(self.say("plan.awaited"), "bold $accent")
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

    def shown_keys(self) -> list[Key]:
        hidden = set() if self._plan.can_undo else {"undo"}
        if not self._long_text.is_cut:
            hidden.add("read_on")
        if not self._is_ready and not self._plan.may_be_awaited:
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

    def action_read_on(self) -> None:
        self._long_text.read_on()

    @property
    def _long_text(self) -> LongText:
        """What is read on by a key: the pane with the focus, or the explanation of a field."""
        focused = self.focused
        above = [] if focused is None else focused.ancestors
        return next((node for node in above if isinstance(node, Pane)), self._form.explanation)

    def take_remedy(self, changes: dict[str, Any]) -> None:
        """The checklist has changed the plan: the change is shown when the user comes back to it."""
        self._take(self._draft.with_remedy(changes))
