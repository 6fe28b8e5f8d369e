"""The list of the hyperparameters' fields: arrows move between them, and the focused one stays visible."""

from __future__ import annotations

from typing import cast

from textual.containers import VerticalScroll
from textual.events import Key
from textual.widget import Widget

from mmrec_tui.app.widgets.choice import Choice
from mmrec_tui.app.widgets.fields import ValueInput


class Fields(VerticalScroll):
    """The list of fields. The focused one stays visible, however the height of the list changes. ↑ and ↓ move between fields;
    an open list of values keeps them."""

    def on_key(self, event: Key) -> None:
        """Before the bindings of this list, which scroll it away from the focused field."""
        shown = self.screen.focus_chain
        fields = [one for one in shown if isinstance(one, ValueInput | Choice) and self in one.ancestors]
        focused = self.screen.focused
        if event.key in ("up", "down") and focused in fields:
            event.stop()
            event.prevent_default()
            place = fields.index(focused) + (1 if event.key == "down" else -1)
            fields[min(max(0, place), len(fields) - 1)].focus()

    def on_resize(self) -> None:
        focused = self.screen.focused
        if focused is not None and self in focused.ancestors:
            # The whole line: an open list of values has the focus then, and is over the screen, not in this list.
            line = next(node for node in focused.ancestors_with_self if node.parent is self)
            cast(Widget, line).scroll_visible(animate=False)
