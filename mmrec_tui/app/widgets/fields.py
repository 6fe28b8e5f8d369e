"""Input fields that accept only valid characters of their value, and a decimal comma or point in any number."""

from __future__ import annotations

from typing import Any, Literal

from textual import events
from textual.message import Message
from textual.widgets import Input

Kind = Literal["integer", "number", "duration", "text"]
_NUMBER = r"[0-9]+([.,][0-9]*)?"
# Of `settings.parsing`, which is not loaded for the first screen; a unit comes before another that is its beginning.
UNITS = ("saniye", "dakika", "saat", "sn", "dk", "sa", "s", "m", "h")
_UNIT = "|".join(UNITS)
# As well as a unit that is half typed. 90sa would be hours: what goes on to saniye, seconds, is not refused.
_BEGUN = "|".join({unit[:letters] for unit in UNITS for letters in range(1, len(unit) + 1)})
# After a number: 1m without its unit, or 0,5 without its comma, would be another number. It stays, and is refused as a whole.
_AFTER = rf" ?(?i:{_BEGUN}|[kgt]|%)?"
_TYPED: dict[Kind, str | None] = {
    "integer": rf"[0-9]*[.,]?[0-9]*|[0-9]+[.,]?[0-9]*{_AFTER}",
    "number": rf"[0-9]*[.,]?[0-9]*([eE][-+]?[0-9]*)?|[0-9]+[.,]?[0-9]*{_AFTER}",
    "duration": rf"(?i:({_NUMBER}({_UNIT}) ?)*({_NUMBER}({_BEGUN})?|[.,][0-9]*)?)",
    "text": None,
}
_HELP = "?"


class Search(Input):
    """Words that choose rows of a list. Esc removes them and returns to the list, Enter keeps them.

    found: selector of the list.
    """

    def __init__(self, found: str, **how: Any) -> None:
        super().__init__(**how)
        self.found = found


class ValueInput(Input):
    """One line for a value. Numbers accept digits, a decimal point or comma, and an exponent; durations units instead.

    helps: `?` is no part of any value, so it opens the help; without it a text may contain one.
    """

    class Refused(Message):
        """A character was typed that is no part of such a value. words: the key of a line that says what is."""

        def __init__(self, words: str) -> None:
            super().__init__()
            self.words = words

    def __init__(self, value: str = "", kind: Kind = "text", *, helps: bool = True, **how: Any) -> None:
        super().__init__(value, restrict=_TYPED[kind], **how)
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
