"""The hyperparameters as fields: label, value, its source, and its error."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input, Select, Static

from mmrec_engine.locales.guide import HYPERPARAMETERS, PROFILE_TEXTS
from mmrec_engine.settings import FIELDS, GROUPS, Resolved, matters, settings_of, value_type
from mmrec_tui.app.draft import typed
from mmrec_tui.app.in_app import field_name, in_app
from mmrec_tui.app.widgets.choice import Choice
from mmrec_tui.app.widgets.explanation import Explanation
from mmrec_tui.app.widgets.field_list import Fields
from mmrec_tui.app.widgets.field_values import (
    as_text,
    choices_of,
    is_planned,
    kind_of,
    placeholder,
    replaced_settings,
    source_key,
    unused_because,
)
from mmrec_tui.app.widgets.fields import ValueInput
from mmrec_tui.app.widgets.panel import plain
from mmrec_tui.app.widgets.plot import Plot
from mmrec_tui.locales import Wording
from mmrec_tui.presentation.plotting import Figure

_ABOUT = {entry.name: entry for entry in HYPERPARAMETERS}
_LABEL, _VALUE = 24, 16  # columns, as in the stylesheet
_SOURCE = 7  # columns beside a value, at least
_REFUSED_SECONDS = 3.0
_CURVE_ROOM = 30  # rows of the form, below which a curve would leave too few fields


class Field(Horizontal):
    """One setting: label, value, source. It draws the words itself, and contains one widget: the value."""

    def __init__(self, name: str, wording: Wording) -> None:
        super().__init__(classes="field")
        self.setting = name
        self.topic = name
        self.source = Content()
        self.wrong = False
        self.is_open = False  # left to the planner of a run with a given time
        self._say = wording
        self._label = Content(_ABOUT[name].title[wording.language]).truncate(_LABEL - 1, ellipsis=True, pad=True)
        choices = choices_of(name, wording)
        self.value: Choice | ValueInput
        if choices:
            self.value = Choice(choices, allow_blank=False, compact=True, id=f"field-{name}")
        else:
            self.value = ValueInput(kind=kind_of(name), compact=True, id=f"field-{name}")

    def compose(self) -> ComposeResult:
        yield self.value

    def render(self) -> Content:
        label = self._label.stylize("$error" if self.wrong else "$foreground")
        here = Content.styled("▸" if self.value.has_focus else " ", "bold $accent")  # if no colour shows it
        return label + here + Content(" " * (_VALUE + 1)) + self.source

    def on_mouse_down(self) -> None:
        """A click on the label, or on the source, focuses the field."""
        focused = self.screen.focused
        if focused is None or self not in focused.ancestors:
            self.value.focus()

    def on_descendant_focus(self) -> None:
        self.refresh()

    def on_descendant_blur(self) -> None:
        self.refresh()

    def show_source(self, source: Content, *, wrong: bool) -> None:
        if wrong != self.wrong or not source.is_same(self.source):
            self.source, self.wrong = source, wrong
            self.refresh()


class Form(Widget):
    """All fields under their headings, and below them the explanation of the focused one."""

    class Changed(Message):
        """value: as typed or chosen; None: the field was emptied. typing: by letters, so more may come."""

        def __init__(self, name: str, value: Any, typing: bool) -> None:
            super().__init__()
            self.name, self.value, self.typing = name, value, typing

    class Emptied(Message):
        """A field was left empty, or Enter was pressed in an empty one."""

    class ProfileChosen(Message):
        def __init__(self, profile: str) -> None:
            super().__init__()
            self.profile = profile

    def __init__(self, **how: Any) -> None:
        super().__init__(**how)
        self._shown: dict[str, Any] = {}
        self._reasons: dict[str, str] = {}
        self._replaces: dict[str, str] = {}  # settings that have no effect because of another one, by that one
        self._unused: dict[str, str] = {}  # settings without effect, each with the key of the reason
        self._explained: Widget | None = None  # stays explained when another pane has the focus
        self._fields: list[Field] = []
        self._refused: Timer | None = None  # while a refused character is told
        self.explanation = Explanation(id="about")

    @property
    def _say(self) -> Wording:
        app: Any = self.app
        wording: Wording = app.say
        return wording

    def compose(self) -> ComposeResult:
        say = self._say
        profiles = [(profile.title[say.language], profile.id) for profile in PROFILE_TEXTS]
        with Fields(id="fields"):
            yield Choice(profiles, prompt=say("plan.profile"), compact=True, id="profile")
            for group in GROUPS:
                yield Static(Content.styled(say(f"plan.group-{group}"), "bold $primary"), classes="heading")
                for name in settings_of(group):
                    field = Field(name, say)
                    self._fields.append(field)
                    yield field
        for kind, topic in (("rate", "schedule"), ("pacing", "pacing")):
            plot = Plot(say(f"plan.{kind}-curve"), topic, say("plot.waiting"), id=kind)
            plot.can_focus = plot.display = False
            yield plot
        yield self.explanation

    def on_mount(self) -> None:
        self.explanation.explain(Content(self._say("plan.profile-about")))  # until a field has the focus
        screen: Any = self.screen  # whether the explanation is shown completely decides on a key
        self.watch(self.explanation, "show_vertical_scrollbar", screen.refresh_keys, init=False)

    def show_curves(self, **figures: Figure) -> None:
        """rate: as planned; pacing: of the curriculum, which is shown while a setting that affects it has focus."""
        for kind, figure in figures.items():
            self.query_one(f"#{kind}", Plot).show(figure)

    def clear_curves(self) -> None:
        """Nothing is planned yet: the curves of an earlier text are not shown."""
        for kind in ("rate", "pacing"):
            self.query_one(f"#{kind}", Plot).tell(self._say("plot.waiting"))

    def show_profile(self, profile: str) -> None:
        """The chosen profile; empty: none."""
        choice = self.query_one("#profile", Choice)
        with choice.prevent(Select.Changed):
            choice.value = profile or Select.NULL

    def show_values(
        self,
        resolved: Resolved,
        say: Wording,
        *,
        typing: str = "",
        wrong: Collection[str] = (),
        planned: bool = False,
    ) -> None:
        """Every field with its value, in the language's form, except the one that is being typed into, and the wrong ones,
        which `resolved` lacks. planned: the planner has chosen, and chooses nothing later."""
        for field in self._fields:
            if field.setting == typing or field.setting in wrong or self._is_ahead(field):
                continue
            value = getattr(resolved.settings, field.setting)
            text = str(value) if isinstance(field.value, Select) else as_text(field.setting, value, say)
            field.is_open = not planned and is_planned(field.setting, resolved)
            if field.is_open and isinstance(field.value, Input):
                text = ""
            self._shown[field.setting] = text
            field.value.value = text
        self.show_sources(resolved, say, wrong, planned)

    def _is_ahead(self, field: Field) -> bool:
        """Whether the user has changed it, and the message about that is still on its way, as on a busy machine."""
        value = str(field.value.value)
        return bool(self._shown.get(field.setting, value) != value)

    def show_reasons(self, reasons: dict[str, str]) -> None:
        """Why the planner chose a value, above the explanation of the focused setting."""
        if reasons != self._reasons:
            self._reasons = reasons
            if self._explained is not None:
                self._explain(self._explained)

    @property
    def typed_into(self) -> str:
        """The setting whose field is being typed into; empty if there is none."""
        focused = self.screen.focused
        typing = isinstance(focused, Input) and self in focused.ancestors
        return (focused.id or "").removeprefix("field-") if typing and focused is not None else ""

    def show_sources(
        self, resolved: Resolved, say: Wording, wrong: Collection[str] = (), planned: bool = False
    ) -> None:
        replaces = dict(replaced_settings(resolved))
        keys = {field.setting: source_key(field.setting, resolved, planned=planned) for field in self._fields}
        unused = {name: unused_because(name, resolved) for name, key in keys.items() if key == "unused"}
        if (replaces, unused) != (self._replaces, self._unused):
            self._replaces, self._unused = replaces, unused
            if self._explained is not None:
                self._explain(self._explained)
        for field in self._fields:
            if field.setting in wrong:
                continue
            source = resolved.sources[field.setting]
            field.display = source == "hand" or matters(field.setting, resolved.settings)  # typed text can be corrected
            if isinstance(field.value, Input):  # an emptied field shows the default that applies
                in_force = getattr(resolved.settings, field.setting)
                field.value.placeholder = as_text(field.setting, in_force, say) or placeholder(field.setting, say)
                is_open = not planned and is_planned(field.setting, resolved)
                self._open(field, field.value, is_open, as_text(field.setting, in_force, say))
            words = say(f"source.{keys[field.setting]}")
            if source == "hand" and kind_of(field.setting) == "duration":
                clock = say.clock(getattr(resolved.settings, field.setting))
                words = next((one for one in (f"={clock}", clock) if len(one) <= _SOURCE), words)
            style = "$accent" if source == "hand" else "$foreground 80%"
            field.show_source(Content.styled(words, style), wrong=False)

    def _open(self, field: Field, value: Input, is_open: bool, text: str) -> None:
        """Leave a field to the planner, or undo that: its value is known only then. Text that is being typed is kept."""
        if is_open:
            value.placeholder = self._say("plan.chosen-later")
        if is_open != field.is_open:
            field.is_open = is_open
            if not value.has_focus and not self._is_ahead(field):
                self._shown[field.setting] = value.value = "" if is_open else text

    def mark_wrong(self, names: Collection[str], say: Wording) -> None:
        """Mark these fields, and no other one."""
        for field in self._fields:
            if field.setting in names:
                field.show_source(Content.styled(f"✗ {say('source.wrong')}", "bold $error"), wrong=True)
            elif field.wrong:  # nothing is known of the others, as one cannot be left out
                field.show_source(Content(), wrong=False)

    def on_value_input_refused(self, event: ValueInput.Refused) -> None:
        """Say for a moment, above the explanation, which characters the field takes."""
        event.stop()
        focused = self.screen.focused
        if focused is None or self not in focused.ancestors:
            return
        self._explain(focused, Content.styled(self._say(event.words), "bold $warning"))
        self._refused = self.set_timer(_REFUSED_SECONDS, lambda: self._explain(focused) if focused.has_focus else None)

    def _end_refusal(self) -> None:
        if self._refused is not None:
            self._refused.stop()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if event.input.has_focus:
            event.input.scroll_visible(animate=False)  # the wheel, or Page Down, may have scrolled it away
        self._changed(event.input, event.value)

    def on_select_changed(self, event: Select.Changed) -> None:
        event.stop()
        if event.select.id == "profile":
            if event.value != Select.NULL:
                self.post_message(self.ProfileChosen(str(event.value)))
            return
        self._changed(event.select, str(event.value))

    def _changed(self, widget: Widget, value: str) -> None:
        name = (widget.id or "").removeprefix("field-")
        if self._shown.get(name, value) == value:
            return  # set by the form itself, not by the user
        self._shown[name] = value
        given: Any = typed(name, value)
        if value_type(name) is bool:
            given = value == "True"
        self.post_message(self.Changed(name, given, isinstance(widget, Input)))

    def on_descendant_focus(self, event: Any) -> None:
        self._explain(event.widget)

    def on_descendant_blur(self, event: Any) -> None:
        self._end_typing(event.widget)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._end_typing(event.input)

    def _end_typing(self, widget: Widget) -> None:
        """An empty field shows the value that is used."""
        name = (widget.id or "").removeprefix("field-")
        if isinstance(widget, Input) and name in FIELDS and not widget.value:
            self.post_message(self.Emptied())

    def on_resize(self) -> None:
        self._show_curve("pacing" if self.query_one("#pacing", Plot).display else "rate")

    def _show_curve(self, shown: str) -> None:
        """One of the curves, where there is space for one: always, so that the fields above do not move."""
        for kind in ("rate", "pacing"):
            self.query_one(f"#{kind}", Plot).display = kind == shown and self.size.height >= _CURVE_ROOM

    def _explain(self, widget: Widget, first: Content | None = None) -> None:
        """The explanation of the focused field, below `first`, and the curve that it affects, else that of the rate."""
        self._end_refusal()
        self._explained = widget
        say = self._say
        field = next((node for node in widget.ancestors_with_self if isinstance(node, Field)), None)
        shapes = () if field is None else FIELDS[field.setting].metadata["decides"]
        self._show_curve("pacing" if "pacing" in shapes else "rate")
        about = self.explanation
        if field is None:
            about.explain(Content.styled(say("plan.profile-about"), "$foreground 80%"))
            return
        entry, language = _ABOUT[field.setting], say.language
        parts = [plain(in_app(entry.what[language], say))]
        if reason := self._reasons.get(field.setting):
            parts.insert(0, Content.styled(f"{say('source.planner')}: ", "bold $accent") + plain(reason))
        if replaced := self._replaces.get(field.setting):
            parts.insert(0, Content.styled(say("field.replaces", name=field_name(replaced, say)), "$accent"))
        if unused := self._unused.get(field.setting):
            parts.insert(0, Content.styled(say(unused), "$accent"))
        if entry.lower[language]:
            ways = ("on", "off") if value_type(field.setting) is bool else ("higher", "lower")
            for way, effect in zip(ways, (entry.higher, entry.lower), strict=True):
                words = in_app(effect[language], say)
                parts.append(Content.styled(say(f"field.{way}") + " ", "bold $accent") + plain(words))
        else:
            parts.append(plain(in_app(entry.higher[language], say)))
        about.explain(Content("\n").join(parts if first is None else [first, *parts]))
