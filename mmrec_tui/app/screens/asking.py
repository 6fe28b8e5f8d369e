"""Two small dialogs: one for a line of text, one for a confirmation."""

from __future__ import annotations

import math
from collections.abc import Callable
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

_MOST_DIGITS = 12  # of a number; far more than any range allows
_WANTED: dict[Kind, str] = {
    "integer": "asking.number",
    "number": "asking.positive",
    "duration": "asking.text",
    "text": "asking.text",
}


class AskingScreen(Dialog["str | None"]):
    """Asks for a line; None if the user leaves with Esc. may_be_empty: an empty line is an answer too. kind: "integer" asks for
    a whole number of 1 or more, "number" for one above 0. refusal: why such an answer cannot be taken; empty if it can."""

    def __init__(
        self,
        question: str,
        default: str = "",
        may_be_empty: bool = False,
        kind: Kind = "text",
        refusal: Callable[[str], str] | None = None,
    ) -> None:
        super().__init__()
        self._question, self._default, self._may_be_empty = question, default, may_be_empty
        self._kind: Kind = kind
        self._refusal = refusal

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(self._question, id="question", markup=False)
            most = None if self._kind == "text" else _MOST_DIGITS
            yield ValueInput(self._default, self._kind, helps=False, max_length=most, id="answer")
            yield Static(hints(cast("OwnApp", self.app).say("asking.keys"), first="take"), id="asking-keys")

    def on_mount(self) -> None:
        self.set_focus(self.query_one(Input))

    def on_input_submitted(self) -> None:
        self.action_take()

    def on_value_input_refused(self) -> None:
        self._say_what_is_wanted()

    def _say_what_is_wanted(self) -> None:
        self._refuse(cast("OwnApp", self.app).say(_WANTED[self._kind]))

    def _refuse(self, words: str) -> None:
        self.query_one("#asking-keys", Static).update(Content.styled(words, "$warning"))

    def action_take(self) -> None:
        """A number is asked for where 0 would change nothing."""
        answer = self.query_one(Input).value.strip()
        if self._kind == "integer":
            taken = answer.isdecimal() and int(answer) > 0
        elif self._kind == "number":
            answer = answer.replace(",", ".")
            taken = _is_above_zero(answer)
        else:
            taken = bool(answer) or self._may_be_empty
        if not taken:
            self._say_what_is_wanted()
        elif refusal := self._refusal(answer) if self._refusal is not None else "":
            self._refuse(refusal)
        else:
            self.dismiss(answer)


def _is_above_zero(text: str) -> bool:
    try:
        return 0 < float(text) < math.inf
    except ValueError:
        return False


class SureScreen(Dialog[bool]):
    """Asks for a confirmation; No has the focus. yes: the words of the other button."""

    BINDINGS: ClassVar = [("left", "app.focus_previous", ""), ("right", "app.focus_next", "")]

    def __init__(self, question: str, yes: str = "sure.yes") -> None:
        super().__init__()
        self._question, self._yes = question, yes

    def compose(self) -> ComposeResult:
        say = cast("OwnApp", self.app).say
        with Vertical(id="dialog"):
            yield Static(self._question, id="question", markup=False)
            with Horizontal(id="choices"):
                yield Button(say("sure.no"), id="no", variant="primary")
                yield Button(say(self._yes), id="yes", variant="error")

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
