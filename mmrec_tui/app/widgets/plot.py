"""A plot on screen: drawn when its figure or its size changes, kept as strips in between."""

from __future__ import annotations

import math
import textwrap
from typing import Any, ClassVar, cast

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.content import Content
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from mmrec_tui.app.widgets.legend import COLOURS, fitting, heading, shorter_names
from mmrec_tui.presentation.plotting import BETWEEN_NOTES, ROLES, Figure, Role, draw, glyph, x_at

_SAME_PLACE = 0.01  # of the visible range of the axis of x: a nearer point counts as being at the crosshair
_BESIDE_TITLE = 4  # columns of a plot that its title does not use


class Plot(Widget, can_focus=True):
    """title: in the border. topic: in the guide. `show` may be called at any time.

    On a screen whose plots share a range (`LookingScreen`) a click requests the crosshair there, and the wheel a zoom. On any
    other the wheel scrolls the page below the pointer.
    """

    class Pointed(Message):
        """x: the position on the axis of x under the pointer. zoom: above 0 to zoom in, below 0 to zoom out."""

        def __init__(self, x: float, zoom: int = 0) -> None:
            super().__init__()
            self.x, self.zoom = x, zoom

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"plot--{role}" for role in ROLES}
    _MINIMUM = (14, 4)
    pointable = False

    def __init__(self, title: str, topic: str | None, waiting: str, **how: Any) -> None:
        super().__init__(**how)
        self.border_title = title
        self.topic = topic
        self._title, self._waiting, self._short = title, waiting, ""
        self._words = waiting
        self._broken = False
        self._figure: Figure | None = None
        self._cross: float | None = None
        self._strips: list[Strip] = []
        self._drawn_for: object = None

    def show(self, figure: Figure, cross: float | None = None) -> None:
        """cross: position of the crosshair on the axis of x."""
        if figure == self._figure and cross == self._cross:
            return
        self._figure, self._cross, self._words = figure, cross, figure.nothing or self._waiting
        self._show_border()
        self.refresh()

    def rename(self, title: str, topic: str, short: str = "") -> None:
        """Before the figure that it is the title of. short: where the legend does not fit beside it."""
        self._title, self.topic, self._short = title, topic, short

    def _show_border(self) -> None:
        """The title with the legend, and below it the values at the crosshair and notes. A legend that has no room beside the
        title goes on there."""
        figure, room = self._figure, self.size.width - _BESIDE_TITLE
        if figure is None:
            return
        # As content, not as text: names of runs in it would be read as markup.
        app = cast("Any", self.app)
        notes = [Content(words) for words in figure.note.split(BETWEEN_NOTES)] if figure.note else []
        below: list[Content] = []
        if self._cross is not None:
            below.append(values_at(figure, self._cross, room, app.no_color))
        if notes:
            below.append(fitting(notes, room, BETWEEN_NOTES))
        taken = below[0].cell_length + 2 if below else 0
        titles = (self._title, *([self._short] if self._short else []))
        self.border_title, rest = heading(titles, figure, app.no_color, shorter_names(app.say), room, room - taken)
        if rest:
            below.insert(min(1, len(below)), fitting(rest, room, " "))
        self.border_subtitle = fitting(below, room) if below else Content()

    def on_resize(self) -> None:
        self._show_border()

    def tell(self, words: str) -> None:
        """Words in place of the curve, until there is another figure."""
        if self._figure is not None or self._words != words:
            self._figure, self._words, self._drawn_for = None, words, None
            self.border_subtitle = ""
            self.refresh()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._drawn_for = None

    def on_click(self, event: events.Click) -> None:
        self._point(event, 0)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._point(event, 1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._point(event, -1)

    def _point(self, event: events.MouseEvent, zoom: int) -> None:
        figure, width = self._figure, self.size.width
        if not self.pointable or figure is None or figure.empty or not self._strips:
            return
        gutter = self._strips[0].text.find("│") if "│" in self._strips[0].text else self._strips[0].text.find("┤")
        column = event.x - self.gutter.left - gutter - 1
        event.stop()
        self.post_message(self.Pointed(x_at(figure, column, width - gutter - 1), zoom))

    def render_line(self, y: int) -> Strip:
        wanted = (self._figure, self.size, self._cross)
        if self._drawn_for != wanted:
            self._strips = self._draw()
            self._drawn_for = wanted
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.size.width, self.rich_style)

    def _draw(self) -> list[Strip]:
        width, height = self.size
        base = self.rich_style
        app: Any = self.app
        if self._figure is None or self._figure.empty:
            return self._message(self._words)
        if width < self._MINIMUM[0] or height < self._MINIMUM[1]:
            return self._message(app.say("plot.no-room"))
        try:
            rows = draw(self._figure, width, height, plain=app.no_color, cross=self._cross)
        except Exception as error:  # an uncaught error here would end the screen
            if not self._broken:
                app.note_broken(error)
            self._broken = True
            return self._message(app.say("panel.broken"))
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

    def _message(self, words: str) -> list[Strip]:
        width, height = self.size
        lines = textwrap.wrap(words, width) if width else []
        blank = [Strip.blank(width, self.rich_style)] * max(0, (height - len(lines) + 1) // 2)
        return [*blank, *(Strip([Segment(line.center(width), self.rich_style)]) for line in lines)]


def values_at(figure: Figure, x: float, room: int | None = None, plain: bool = False) -> Content:
    """The position of the crosshair and the value of each series there, each with its glyph of the legend. If the nearest
    point of a series is farther away, as of a validation, its own position follows in brackets. plain: without colour."""
    found = figure.at(x)
    if any(role == "points" for role, _, _ in found):  # of one run: a second one comes last
        found.sort(key=lambda one: one[0] == "second")
    left, right = figure.x_range or (0.0, 0.0)
    heights = [abs(y) for _, _, y in found if y]
    gap = 10.0 ** (math.floor(math.log10(max(heights))) - 3) if heights else 0.001
    parts = [Content(f"{figure.x_text(round(x), 1.0)} {figure.x_unit}".strip())]
    named = {role for role, _ in figure.entries}
    if {"line", "points"} & named == {"points"}:  # the line only joins the points
        found = [one for one in found if one[0] != "line"]
    for role, place, y in found:
        mark = Content.styled(glyph(role, plain), COLOURS.get(role, ""))
        apart = abs(place - x) > max(_SAME_PLACE * (right - left), 0.5)
        words = f" ({figure.x_text(place, 1.0)})" if apart else ""
        parts.append(mark + Content(f" {figure.y_text(y, gap)}{words}"))
    return fitting(parts, room)
