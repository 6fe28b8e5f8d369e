"""The hyperparameters as fields: what each is, where its value came from, what is wrong with it."""

from __future__ import annotations

from typing import Any

from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Select, Static

from mmrec_engine.errors import RequestError
from mmrec_engine.locales.guide import HYPERPARAMETERS, PROFILE_TEXTS
from mmrec_engine.settings import FIELDS, Resolved, value_type
from mmrec_engine.settings.declaration import flag
from mmrec_engine.system.cores import allowed_cores, available_cores, cpu_quota
from mmrec_tui.draft import CURRICULUM_SETTINGS, GROUPS, RATE_SETTINGS, counts, typed
from mmrec_tui.text import Wording
from mmrec_tui.widgets.fields import Kind, ValueInput
from mmrec_tui.widgets.panels import plain
from mmrec_tui.widgets.plot import Plot
from mmrec_tui.widgets.plotting import Figure

_ABOUT = {entry.name: entry for entry in HYPERPARAMETERS}
_CURVE_ROOM = 30  # rows of the form, below which a curve would leave too few fields


class Field(Horizontal):
    """One setting: label, value, where it came from."""

    def __init__(self, name: str, wording: Wording) -> None:
        super().__init__(classes="field")
        self.setting = name
        self.topic = name
        self._say = wording

    def compose(self) -> ComposeResult:
        title = _ABOUT[self.setting].title[self._say.language]
        yield Static(title, classes="label")
        choices = _choices(self.setting, self._say)
        if choices:
            yield Select(choices, allow_blank=False, compact=True, id=f"field-{self.setting}")
        else:
            yield ValueInput(kind=_kind(self.setting), compact=True, id=f"field-{self.setting}")
        yield Static(classes="source")


class Fields(VerticalScroll):
    """The list of fields. The one with focus stays in sight, however the room for the list changes."""

    def on_resize(self) -> None:
        focused = self.screen.focused
        if focused is not None and self in focused.ancestors:
            focused.scroll_visible(animate=False)


class Form(Widget):
    """All fields under their headings, and below them what the one with focus is about."""

    class Changed(Message):
        """value: as typed or chosen; none: the field was emptied. typing: by letters, so more may come."""

        def __init__(self, name: str, value: Any, typing: bool) -> None:
            super().__init__()
            self.name, self.value, self.typing = name, value, typing

    class Emptied(Message):
        """A field was left empty."""

    class ProfileChosen(Message):
        def __init__(self, profile: str) -> None:
            super().__init__()
            self.profile = profile

    def __init__(self, **how: Any) -> None:
        super().__init__(**how)
        self._shown: dict[str, Any] = {}

    @property
    def _say(self) -> Wording:
        app: Any = self.app
        wording: Wording = app.say
        return wording

    def compose(self) -> ComposeResult:
        say = self._say
        profiles = [(profile.title[say.language], profile.id) for profile in PROFILE_TEXTS]
        with Fields(id="fields"):
            yield Select(profiles, prompt=say("plan.profile"), compact=True, id="profile")
            for group, names in GROUPS.items():
                yield Static(Content.styled(say(f"plan.group-{group}"), "bold $primary"), classes="heading")
                for name in names:
                    yield Field(name, say)
        for kind, topic in (("rate", "schedule"), ("pacing", "pacing")):
            plot = Plot(say(f"plan.{kind}-curve"), topic, say("plot.waiting"), id=kind)
            plot.can_focus = plot.display = False
            yield plot
        with VerticalScroll(id="about", can_focus=False):
            yield Static(say("plan.profile-about"), id="about-text")

    def show_curves(self, rate: Figure, pacing: Figure) -> None:
        """The learning rate and the curriculum as planned, each seen while a setting that shapes it has focus."""
        self.query_one("#rate", Plot).show(rate)
        self.query_one("#pacing", Plot).show(pacing)

    def show_values(self, resolved: Resolved, say: Wording) -> None:
        """Every field with its value, in the language's form."""
        for name in _names():
            value = getattr(resolved.settings, name)
            field = self.query_one(f"#field-{name}")
            if isinstance(field, Select):
                self._shown[name] = str(value)
                field.value = str(value)
            elif isinstance(field, Input):
                self._show_value(field, name, value, say)
        self.show_sources(resolved, say)

    def _show_value(self, field: Input, name: str, value: Any, say: Wording) -> None:
        text = _text(name, value, say)
        self._shown[name] = text
        field.value = text

    def show_sources(self, resolved: Resolved, say: Wording) -> None:
        for field in self.query(Field):
            source = resolved.sources[field.setting]
            field.display = source == "hand" or counts(field.setting, resolved.settings)  # what was typed can be mended
            value = field.query_one(f"#field-{field.setting}")
            if isinstance(value, Input):  # an emptied field tells what counts in its place
                in_force = getattr(resolved.settings, field.setting)
                value.placeholder = _text(field.setting, in_force, say) or _placeholder(field.setting, say)
            words = say(f"source.{source}")
            style = "$accent" if source == "hand" else "$foreground 80%"
            field.query_one(".source", Static).update(Content.styled(words, style))

    def show_errors(self, error: RequestError | None, say: Wording) -> None:
        """Mark the field that an error names."""
        for field in self.query(Field):
            wrong = error is not None and error.values.get("flag") == flag(field.setting)
            field.set_class(wrong, "-wrong")
            if wrong:
                field.query_one(".source", Static).update(Content.styled(f"✗ {say('source.wrong')}", "bold $error"))

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
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
            return  # set by the form itself, not by hand
        self._shown[name] = value
        given: Any = typed(name, value)
        if value_type(name) is bool:
            given = value == "True"
        self.post_message(self.Changed(name, given, isinstance(widget, Input)))

    def on_descendant_focus(self, event: Any) -> None:
        self._explain(event.widget)

    def on_descendant_blur(self, event: Any) -> None:
        """A field left empty shows the value that counts."""
        name = (event.widget.id or "").removeprefix("field-")
        if isinstance(event.widget, Input) and name in FIELDS and not event.widget.value:
            self.post_message(self.Emptied())

    def on_resize(self) -> None:
        if self.screen.focused is not None and self in self.screen.focused.ancestors:
            self._explain(self.screen.focused)

    def _explain(self, widget: Widget) -> None:
        """What the field with focus is about, and the curve that it shapes where there is room for one."""
        say = self._say
        field = next((node for node in widget.ancestors_with_self if isinstance(node, Field)), None)
        about = self.query_one("#about-text", Static)
        roomy = self.size.height >= _CURVE_ROOM
        for kind, settings in (("rate", RATE_SETTINGS), ("pacing", CURRICULUM_SETTINGS)):
            shapes = field is not None and field.setting in settings
            self.query_one(f"#{kind}", Plot).display = roomy and shapes
        self.query_one("#about").scroll_home(animate=False)
        if field is None:
            about.update(Content.styled(say("plan.profile-about"), "$foreground 80%"))
            return
        entry, language = _ABOUT[field.setting], say.language
        parts = [plain(entry.what[language])]
        if entry.lower[language]:
            parts.append(Content.styled("↑ ", "bold $accent") + plain(entry.higher[language]))
            parts.append(Content.styled("↓ ", "bold $accent") + plain(entry.lower[language]))
        else:
            parts.append(plain(entry.higher[language]))
        about.update(Content("\n").join(parts))


def _names() -> list[str]:
    return [name for names in GROUPS.values() for name in names]


def _choices(name: str, say: Wording) -> list[tuple[str, str]]:
    if value_type(name) is bool:
        return [(say("plan.on"), "True"), (say("plan.off"), "False")]
    return [(choice, choice) for choice in FIELDS[name].metadata["choices"]]


def _kind(name: str) -> Kind:
    if FIELDS[name].metadata["size"]:
        return "text"  # a size may have a unit
    return {int: "integer", float: "number"}.get(value_type(name), "text")  # type: ignore[return-value]


def _placeholder(name: str, say: Wording) -> str:
    special = {
        "eval_every": "help.once-an-epoch",
        "stride": "help.as-seq-len",
        "name": "help.as-config",
        "threads": "help.all-cores",
        "max_steps": "help.no-limit",
        "epochs": "help.no-limit",
        "target_loss": "help.no-limit",
        "metrics": "help.no-limit",
    }
    words = say(special[name]) if name in special else "–"
    if name != "threads":
        return words
    cores = say.number(available_cores())
    quota = cpu_quota()
    return f"{words}: {cores}" if quota is None else say("help.quota", cores=cores, all=say.number(allowed_cores()))


def _text(name: str, value: Any, say: Wording) -> str:
    if value is None:
        return ""
    if value_type(name) is float:
        text = f"{value:.6g}"
        return text.replace(".", ",") if say.language == "tr" else text
    return str(value)
