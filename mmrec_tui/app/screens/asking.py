"""Two small dialogs: one for a line of text, one for a confirmation."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, Static

from mmrec_tui.app.screens.dialog import Dialog, hints
from mmrec_tui.app.widgets.fields import Kind, ValueInput

if TYPE_CHECKING:
    from mmrec_tui.app.own_app import OwnApp

_MOST_DIGITS = 12  # of a whole number; far more than any range allows


class AskingScreen(Dialog["str | None"]):
    """Asks for a line; None if the user leaves with Esc. may_be_empty: an empty line is an answer too. kind: "integer" asks for
    a whole number of 1 or more."""

    def __init__(self, question: str, default: str = "", may_be_empty: bool = False, kind: Kind = "text") -> None:
        super().__init__()
        self._question, self._default, self._may_be_empty = question, default, may_be_empty
        self._kind: Kind = kind

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(self._question, id="question", markup=False)
            most = _MOST_DIGITS if self._kind == "integer" else None
            yield ValueInput(self._default, self._kind, helps=False, max_length=most, id="answer")
            yield Static(hints(cast("OwnApp", self.app).say("asking.keys"), first="take"), id="asking-keys")

    def on_mount(self) -> None:
        self.set_focus(self.query_one(Input))

    def on_input_submitted(self) -> None:
        self.action_take()

    def on_value_input_refused(self) -> None:
        self._say_what_is_wanted()

    def _say_what_is_wanted(self) -> None:
        wanted = cast("OwnApp", self.app).say("asking.number" if self._kind == "integer" else "asking.text")
        self.query_one("#asking-keys", Static).update(Content.styled(wanted, "$warning"))

    def action_take(self) -> None:
        """A number is asked for where 0 would change nothing."""
        answer = self.query_one(Input).value.strip()
        if self._kind == "integer":
            taken = answer.isdigit() and int(answer) > 0
        else:
            taken = bool(answer) or self._may_be_empty
        if taken:
            self.dismiss(answer)
        else:
            self._say_what_is_wanted()


class SureScreen(Dialog[bool]):
    """Asks for a confirmation; No has the focus."""

    BINDINGS: ClassVar = [("left", "app.focus_previous", ""), ("right", "app.focus_next", "")]

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        say = cast("OwnApp", self.app).say
        with Vertical(id="dialog"):
            yield Static(self._question, id="question", markup=False)
            with Horizontal(id="choices"):
                yield Button(say("sure.no"), id="no", variant="primary")
                yield Button(say("sure.yes"), id="yes", variant="error")

    def on_mount(self) -> None:
        self.set_focus(self.query_one("#no"))

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")

    def on_key(self, event: events.Key) -> None:
        say, letter = cast("OwnApp", self.app).say, (event.character or "").lower()
        for answer in ("no", "yes"):
            if letter == say(f"sure.{answer}-key"):
                event.stop()
                self.dismiss(answer == "yes")
                return

    def action_leave(self) -> None:
        self.dismiss(False)
