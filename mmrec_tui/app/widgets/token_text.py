"""A text of tokens, each in the colour of its level, with a cursor on one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.events import Click, Resize
from textual.message import Message
from textual.style import Style
from textual.widgets import Static

from mmrec_tui.terminal import printable

# Of the levels of `presentation.token_losses`, with colours and without.
_SUCCESS, _WARNING, _ERROR = (" on ".join((f"$text-{one}", f"${one}-muted")) for one in ("success", "warning", "error"))
_STYLES = (_SUCCESS, "", _WARNING, " ".join(("underline", _ERROR)))
_WITHOUT_COLOURS = ("", "bold", "underline", " ".join(("bold", "underline")))
_CURSOR = "reverse"


def level_styles(without_colours: bool) -> tuple[str, ...]:
    return _WITHOUT_COLOURS if without_colours else _STYLES


@dataclass(frozen=True)
class _Piece:
    """Part of a token on one line. column: of its first cell."""

    token: int
    text: str
    column: int


class TokenText(VerticalScroll, can_focus=True, inherit_bindings=False):
    """`show` the tokens, `move` the cursor; `Moved` says where it is. The arrows belong to the cursor."""

    BINDINGS: ClassVar = [("pageup", "page_up", ""), ("pagedown", "page_down", "")]

    class Moved(Message):
        def __init__(self, token: int) -> None:
            super().__init__()
            self.token = token

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._tokens: Sequence[tuple[str, int | None]] = ()
        self._lines: list[list[_Piece]] = []
        self.cursor = 0

    def compose(self) -> ComposeResult:
        yield Static(id="tokens-text")

    def show(self, tokens: Sequence[tuple[str, int | None]], cursor: int) -> None:
        """tokens: texts with their levels."""
        self._tokens, self.cursor = tokens, cursor
        self._wrap()

    def move(self, by: int) -> None:
        self.go_to(self.cursor + by)

    def go_to(self, token: int) -> None:
        if self._tokens:
            self.cursor = min(max(0, token), len(self._tokens) - 1)
            self._draw()
            self.post_message(self.Moved(self.cursor))

    def move_lines(self, by: int) -> None:
        """To the token above or below."""
        row, column = self._place()
        if self._lines:
            line = self._lines[min(max(0, row + by), len(self._lines) - 1)]
            before = [piece for piece in line if piece.column <= column] or line
            if before:
                self.go_to(before[-1].token)

    def on_resize(self, _: Resize) -> None:
        self.call_after_refresh(self._wrap)

    def on_click(self, event: Click) -> None:
        token = event.style.meta.get("token")
        if isinstance(token, int):
            self.go_to(token)

    def _wrap(self) -> None:
        width = max(8, self.scrollable_content_region.width or 8)
        self._lines = wrapped([printable(text) if text != "\n" else text for text, _ in self._tokens], width)
        self._draw()

    def _draw(self) -> None:
        lines = []
        styles = level_styles(self.app.no_color)
        for line in self._lines:
            parts = []
            for piece in line:
                level = self._tokens[piece.token][1]
                style = _CURSOR if piece.token == self.cursor else "" if level is None else styles[level]
                part = Content.styled(piece.text, style) if style else Content(piece.text)
                parts.append(part.stylize(Style.from_meta({"token": piece.token})))
            lines.append(Content.assemble(*parts))
        self.query_one("#tokens-text", Static).update(Content("\n").join(lines))
        row, _ = self._place()
        top, height = int(self.scroll_y), self.scrollable_content_region.height
        if not top <= row < top + max(1, height):
            self.call_after_refresh(self.scroll_to, y=max(0, row - height // 2), animate=False)

    def _place(self) -> tuple[int, int]:
        """Row and column of the cursor."""
        for row, line in enumerate(self._lines):
            for piece in line:
                if piece.token == self.cursor:
                    return row, piece.column
        return 0, 0


def wrapped(texts: Sequence[str], width: int) -> list[list[_Piece]]:
    """The tokens in lines of at most `width` cells, broken between words where possible. A line end is shown as ↵."""
    lines: list[list[_Piece]] = [[]]
    column = 0
    breakable = -1  # number of pieces of this line before which it can be broken
    for token, text in enumerate(texts):
        for character in text:
            shown = "↵" if character == "\n" else character
            cells = cell_len(shown)
            while column + cells > width:  # twice if what is moved leaves no room for a wide character
                line = lines[-1]
                if 0 < breakable < len(line):
                    moved = line[breakable:]
                    del line[breakable:]
                    shift = moved[0].column
                    lines.append([_Piece(one.token, one.text, one.column - shift) for one in moved])
                    column -= shift
                else:
                    lines.append([])
                    column = 0
                breakable = -1
            line = lines[-1]
            if line and line[-1].token == token and not line[-1].text.endswith(" "):
                line[-1] = _Piece(token, line[-1].text + shown, line[-1].column)
            else:
                line.append(_Piece(token, shown, column))
            column += cells
            if character == " ":
                breakable = len(line)
            if character == "\n":
                lines.append([])
                column, breakable = 0, -1
    return lines if lines[-1] else lines[:-1] or [[]]
