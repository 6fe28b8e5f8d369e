"""A plot on screen: drawn when its figure or its size changes, kept as strips in between."""

from __future__ import annotations

from typing import Any, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.strip import Strip
from textual.widget import Widget

from mmrec_tui.widgets.plotting import Figure, Role, draw


class Plot(Widget, can_focus=True):
    """title: in the border. topic: what the guide says of it. `show` may be called as often as one likes."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "plot--axis", "plot--faint", "plot--line", "plot--points", "plot--best", "plot--level", "plot--second",
        "plot--third", "plot--fourth",
    }  # fmt: skip
    _MINIMUM = (14, 4)

    def __init__(self, title: str, topic: str | None, waiting: str, **how: Any) -> None:
        super().__init__(**how)
        self.border_title = title
        self.topic = topic
        self._title, self._waiting = title, waiting
        self._words = waiting
        self._broken = False
        self._figure: Figure | None = None
        self._strips: list[Strip] = []
        self._drawn_for: object = None

    def show(self, figure: Figure) -> None:
        if figure == self._figure:
            return
        self._figure, self._words = figure, self._waiting
        # As content, not as text: names of runs stand in it, and would be read as markup.
        self.border_title = Content(f"{self._title}  {figure.legend}" if figure.legend else self._title)
        self.border_subtitle = figure.note
        self.refresh()

    def tell(self, words: str) -> None:
        """Words in the place of the curve, until there is another figure."""
        if self._figure is not None or self._words != words:
            self._figure, self._words, self._drawn_for = None, words, None
            self.refresh()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._drawn_for = None

    def render_line(self, y: int) -> Strip:
        wanted = (self._figure, self.size)
        if self._drawn_for != wanted:
            self._strips = self._draw()
            self._drawn_for = wanted
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.size.width, self.rich_style)

    def _draw(self) -> list[Strip]:
        width, height = self.size
        base = self.rich_style
        if self._figure is None or self._figure.empty or width < self._MINIMUM[0] or height < self._MINIMUM[1]:
            return self._told(self._words)
        app: Any = self.app
        try:
            rows = draw(self._figure, width, height, plain=app.no_color)
        except Exception as error:  # nobody guards a widget while it renders; it must not take the screen with it
            if not self._broken:
                app.note_broken(error)
            self._broken = True
            return self._told(app.say("panel.broken"))
        styles: dict[Role, Style] = {}
        strips = []
        for row in rows:
            segments = []
            for text, role in row:
                if role not in styles:
                    styles[role] = self.get_component_rich_style(f"plot--{role}", partial=True)
                segments.append(Segment(text, base + styles[role]))
            strips.append(Strip(segments).adjust_cell_length(width, base))
        return strips

    def _told(self, words: str) -> list[Strip]:
        width, height = self.size
        blank = [Strip.blank(width, self.rich_style)] * (height // 2)
        return [*blank, Strip([Segment(words[:width].center(width), self.rich_style)])]
