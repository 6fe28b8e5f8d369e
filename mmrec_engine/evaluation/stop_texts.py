"""Texts at which a generated text stops, found although it arrives in pieces."""

from __future__ import annotations

from collections.abc import Sequence


class StopTexts:
    """Passes a text on up to the first of `texts`, which may be spread over several pieces.

    What could be the beginning of one is held back until the next pieces decide. found: the text that was found.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self.found: str | None = None
        self._texts = [text for text in texts if text]
        self._held = ""

    def passed(self, piece: str) -> str:
        """The text up to the end of this piece that can be shown now and was not shown before."""
        if self.found is not None:
            return ""
        self._held += piece
        found = [(at, text) for text in self._texts if (at := self._held.find(text)) >= 0]
        if found:
            at, self.found = min(found, key=lambda each: each[0])
            return self._let_go(at)
        return self._let_go(len(self._held) - max((self._begun(text) for text in self._texts), default=0))

    def rest(self) -> str:
        """What is still held back when no further piece follows; nothing if a text was found."""
        return "" if self.found is not None else self._let_go(len(self._held))

    def _let_go(self, length: int) -> str:
        shown, self._held = self._held[:length], self._held[length:]
        return shown

    def _begun(self, text: str) -> int:
        """How much of the beginning of `text` the held text ends with."""
        longest = min(len(text) - 1, len(self._held))
        return next((length for length in range(longest, 0, -1) if self._held.endswith(text[:length])), 0)
