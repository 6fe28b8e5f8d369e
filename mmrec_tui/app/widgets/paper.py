"""A text to edit, in which the model's own parts show how sure it was: by colour, and the least sure ones underlined."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.widgets import TextArea

from mmrec_tui.app.marks import Mark, moved
from mmrec_tui.terminal import printable


class Paper(TextArea):
    """marks: of the text as it is now. empty: what to do while there is no text."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"paper--sure", "paper--unsure", "paper--least"}

    def __init__(self, text: str, marks: Sequence[Mark] = (), empty: str = "") -> None:
        super().__init__(
            text, soft_wrap=True, show_line_numbers=False, highlight_cursor_line=False, placeholder=empty, id="paper"
        )
        self.marks = list(marks)
        self._marked_text = text

    @property
    def place(self) -> int:
        """The cursor, in characters from the beginning."""
        return self.place_of(self.cursor_location)

    def place_of(self, location: tuple[int, int]) -> int:
        row, column = location
        return sum(len(self.document.get_line(number)) + 1 for number in range(row)) + column

    def location_of(self, place: int) -> tuple[int, int]:
        before = self.text[:place]
        return before.count("\n"), len(before) - (before.rfind("\n") + 1)

    def follow_edit(self) -> None:
        """Move the marks with the text, after it was edited."""
        text = self.text
        if text != self._marked_text:
            self.marks, self._marked_text = moved(self.marks, self._marked_text, text), text
            self.notify_style_update()

    def write(self, start: int, end: int, text: str, marks: Sequence[Mark]) -> None:
        """Replace this part by a text of the model, as one edit, with the cursor after it. marks: of the text alone."""
        self.history.checkpoint()
        self.replace(text, self.location_of(start), self.location_of(end), maintain_selection_offset=False)
        self.history.checkpoint()
        self.follow_edit()
        # An edit that leaves characters as they were keeps their marks.
        self.marks = [one for one in self.marks if one.end <= start or one.start >= start + len(text)]
        self.marks += [Mark(start + one.start, start + one.end, one.share, one.others) for one in marks]
        self.move_cursor(self.location_of(start + len(text)))
        self.notify_style_update()

    def on_resize(self) -> None:
        self.call_after_refresh(self._wrap_again)

    def _wrap_again(self) -> None:
        """Textual wraps the text before a terminal's new width has reached all widgets."""
        if self.is_attached:
            self._rewrap_and_refresh_virtual_size()
            self.refresh()

    def get_line(self, line_index: int) -> Text:
        """The line with its marks. Control characters, which a terminal would obey, are shown as U+FFFD, at the same length."""
        line = super().get_line(line_index)
        text = self.document.get_line(line_index)
        if not text.isprintable():
            line = Text("".join(_visible(one) for one in text), end="", no_wrap=True)
        start = self.place_of((line_index, 0))
        for mark in self.marks:
            if mark.start < start + len(line) and mark.end > start:
                style = self.get_component_rich_style(f"paper--{mark.sureness}", partial=True)
                line.stylize(style, max(0, mark.start - start), mark.end - start)
        return line


def _visible(character: str) -> str:
    return character if character == "\t" or printable(character) == character else "\ufffd"
