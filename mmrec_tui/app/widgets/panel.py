"""What every panel is made of: a title, a topic in the guide, literal text, bars and numbers."""

from __future__ import annotations

import math
from typing import Any

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from mmrec_tui.locales import Wording
from mmrec_tui.terminal import printable

_LEAST_HANGING = 16  # columns after a head that are enough for words


def plain(text: str, style: str = "") -> Content:
    """Literal text: no markup, and no control characters."""
    return Content.styled(printable(text), style) if style else Content(printable(text))


def hanging(head: Content, words: Content, width: int) -> Content:
    """Words after a head, wrapped to `width` columns with every row after the first one indented."""
    room = width - head.cell_length
    if room < _LEAST_HANGING:
        return head + words
    return head + Content("\n" + " " * head.cell_length).join(words.wrap(room))


def wrapped(text: Content, width: int) -> list[Content]:
    """The rows of a text, as a panel of so many columns shows it."""
    return [row for line in text.split("\n", allow_blank=True) for row in line.wrap(width)]


def shortened(text: Content, width: int, rows: int) -> Content:
    """The first rows of a text, with … at their end if there are more."""
    lines = wrapped(text, width)
    if len(lines) <= rows:
        return text
    last = lines[rows - 1].rstrip().truncate(width - 2).rstrip() + Content(" …")
    return Content("\n").join([*lines[: rows - 1], last])


class TitledPanel(Widget):
    """What a panel shows: its title in the border, a topic in the guide, and a text that is drawn again only if it changes."""

    def __init__(self, title: str = "", topic: str | None = None, **how: Any) -> None:
        super().__init__(**how)
        self.border_title = title
        self.topic = topic
        self._shown_content: object = None

    @property
    def say(self) -> Wording:
        app: Any = self.app
        wording: Wording = app.say
        return wording

    def tell(self, content: Content) -> None:
        """Show this, unless it is shown already."""
        if content != self._shown_content:
            self._shown_content = content
            self._text.update(content)

    @property
    def _text(self) -> Static:
        raise NotImplementedError


class Panel(TitledPanel, Static, can_focus=True):
    """A panel of as many rows as fit."""

    @property
    def _text(self) -> Static:
        return self


class LongPanel(TitledPanel, VerticalScroll, can_focus=True):
    """A panel whose text scrolls where it does not fit."""

    def compose(self) -> ComposeResult:
        yield Static(classes="told")

    @property
    def _text(self) -> Static:
        return self.query_one(Static)


def bar(share: float, width: int) -> Content:
    """A progress bar in half-cell steps."""
    halves = round(2 * width * max(0.0, min(1.0, share)))
    full, half = divmod(halves, 2)
    rest = width - full - half
    return Content.styled("━" * full + "╸" * half, "$success") + Content.styled("─" * rest, "$foreground 35%")


def shown_number(say: Wording, value: float | None, digits: int) -> str:
    """A number that may be missing or not finite."""
    if value is None:
        return "–"
    return say.number(value, digits) if math.isfinite(value) and abs(value) < 1e9 else f"{value:.3g}"
