"""The second click of a double click does nothing on a screen that the first one has opened or uncovered.

A double click on an item of a list is meant for the item. The second click would choose something on the next screen, whose
widgets are in the same place, or, on a busy machine, open the same screen twice.
"""

from __future__ import annotations

import time

from textual.events import Event, MouseDown, MouseUp
from textual.geometry import Offset
from textual.screen import Screen

_SECONDS = 0.5  # between two presses, as Textual counts them as one click chain
_BUSY_SECONDS = 3.0  # in which what two presses have asked for is done, at most
_APART = 1  # cells, as a hand moves a little


def is_press(event: Event) -> bool:
    """Whether a button of the mouse was pressed or released, and no widget has passed that on."""
    return isinstance(event, MouseDown | MouseUp) and not event.is_forwarded


class DoubleClick:
    """Follows the presses of the mouse: `swallows` those that were meant for another screen."""

    def __init__(self) -> None:
        self._screen: Screen[object] | None = None  # that the last press has reached
        self._place = Offset()
        self._time = self._seen = float("-inf")  # when it was made, and when it came here
        self._again = False  # the last press came right after another one on the same screen
        self._swallows = False  # until the button that was pressed is released

    def swallows(self, event: Event, screen: Screen[object]) -> bool:
        """Whether an event from the terminal is to be ignored. screen: the one on top."""
        if isinstance(event, MouseDown):
            close = self._follows(event)
            self._swallows = close and self._screen is not screen
            self._again = close and not self._swallows
            if not self._swallows:
                self._screen, self._place = screen, event.screen_offset
            self._time, self._seen = event.time, time.monotonic()
            return self._swallows
        return isinstance(event, MouseUp) and self._swallows

    def _follows(self, event: MouseDown) -> bool:
        apart = event.screen_offset - self._place
        near = max(abs(apart.x), abs(apart.y)) <= _APART
        return self._screen is not None and near and event.time - self._time <= _SECONDS

    def repeats(self, opened: Screen[object], top: Screen[object]) -> bool:
        """Whether the screen on top was opened by the first click, and this one of the same kind by the second: both have
        reached the screen below."""
        recent = time.monotonic() - self._seen < _BUSY_SECONDS
        return self._again and recent and top is not self._screen and type(top) is type(opened)
