"""Keys act one after the other, in the order in which they came.

Textual gives each key to the focused widget at once. A letter acts there; a key with a binding, as Backspace, acts only after
it has passed all widgets up to the app. Of keys that arrive together, as over a slow connection or while the app is busy, the
letters would overtake the others, and all of them would go to a screen that the first one closes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

from textual.app import App
from textual.dom import DOMNode
from textual.events import Event, Key, Paste
from textual.message_pump import MessagePump

# A key's way up to the app, and that of a message which its action sent: Enter in a field closes a dialog by one.
_ROUNDS = 2
# Looks at one key that has not acted, after which the waiting ones act too, as a part of the screen does not answer. Counted,
# because time also passes while the whole app is busy.
_MOST_LOOKS = 20


class KeyOrder:
    """Keys and pasted text of `app` that wait for the ones before them. act: lets the app handle one.

    A key has acted when a callback that follows it through the same queues has come back to the app.
    """

    def __init__(self, app: App[Any], act: Callable[[Event], Coroutine[Any, Any, None]]) -> None:
        self._app, self._act = app, act
        self._waiting: deque[Event] = deque()
        self._number = 0  # of the newest key that was followed; a callback that follows an older one is late
        self._under_way = False
        self._looked = (0, 0)  # at which key, how many times

    async def take(self, event: Event) -> None:
        """Handle a key as soon as those before it have acted."""
        self._waiting.append(event)
        if not self._under_way:
            await self._next()

    async def _next(self) -> None:
        self._under_way = bool(self._waiting)
        if self._under_way:
            event = self._waiting.popleft()
            self._number += 1
            number = self._number
            await self._act(event)
            self._follow(number, _ROUNDS)

    def _follow(self, number: int, rounds: int) -> None:
        stack = self._app.screen_stack
        if stack:
            self._pass(stack[-1].focused or stack[-1], number, rounds)

    def _pass(self, node: MessagePump | None, number: int, rounds: int) -> None:
        """To this node's queue; to the app's if the node is being closed, which handles no more."""
        if node is None or node is self._app or not node.call_later(self._passed, node, number, rounds):
            self._app.call_later(self._arrived, number, rounds)

    def _passed(self, node: DOMNode, number: int, rounds: int) -> None:
        if number == self._number:
            self._pass(node.parent, number, rounds)

    async def _arrived(self, number: int, rounds: int) -> None:
        if number != self._number:
            return
        if rounds > 1:
            self._follow(number, rounds - 1)
            return
        await self._next()

    async def look(self) -> None:
        """Called repeatedly: a key that does not come back holds the others for a few seconds at most."""
        if not self._under_way:
            return
        number, looks = self._looked
        self._looked = (self._number, looks + 1 if number == self._number else 1)
        if self._looked[1] < _MOST_LOOKS:
            return
        self._number += 1
        waiting, self._waiting, self._under_way = self._waiting, deque(), False
        for event in waiting:
            await self._act(event)


def is_ordered(event: Event) -> bool:
    """Whether it comes from the terminal, and not from a widget that has passed it on, and has its place among the keys."""
    return isinstance(event, Key | Paste) and not event.is_forwarded
