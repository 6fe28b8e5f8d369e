"""Input fields for values, which are read as they stand: no character is left out of a number."""

from __future__ import annotations

from typing import Any, Literal

from textual import events
from textual.message import Message
from textual.widgets import Input

Kind = Literal["integer", "number", "duration", "text"]
# No number begins with a letter. Whatever follows stays, and is refused as a whole: 1m without its unit, -2 without its sign or
# 1x2 without its letter would be another number.
_NUMBER = r"([\W\d_].*)?"
_HELP = "?"


class Search(Input):
    """Words that choose rows of a list. Esc removes them and returns to the list, Enter keeps them.

    found: selector of the list.
    """

    def __init__(self, found: str, **how: Any) -> None:
        super().__init__(**how)
        self.found = found


class ValueInput(Input):
    """One line for a value. Where a number belongs, a letter at its beginning is not taken.

    helps: `?` is no part of any value, so it opens the help; without it a text may contain one.
    """

    class Refused(Message):
        """A letter was typed where a number begins. words: the key of a line that says what is."""

        def __init__(self, words: str) -> None:
            super().__init__()
            self.words = words

    def __init__(self, value: str = "", kind: Kind = "text", *, helps: bool = True, **how: Any) -> None:
        super().__init__(value, restrict=None if kind == "text" else _NUMBER, **how)
        self._helps, self._kind = helps, kind

    def restricted(self) -> None:
        super().restricted()
        self.post_message(self.Refused(f"field.{self._kind}"))

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return super().check_consume_key(key, character) and not (self._helps and character == _HELP)

    async def _on_key(self, event: events.Key) -> None:
        if self._helps and event.character == _HELP:
            event.prevent_default()  # bubbles to the screen, which binds it
            return
        await super()._on_key(event)
