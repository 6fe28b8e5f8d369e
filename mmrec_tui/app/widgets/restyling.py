"""Changing widgets without restyling others.

Textual restyles all descendants of a widget whose class or focus changes, and computes the layout of the whole screen for a new
text. In a form of some three hundred widgets each of these takes longer than a user waits for a key.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option


def set_own_class(widget: Widget, present: bool, name: str) -> None:
    """Add or remove a class that styles the widget alone: no rule may use it for its descendants."""
    if widget.has_class(name) != present:
        widget.set_class(present, name, update=False)
        widget.app.stylesheet.update_nodes([widget])


def set_line(line: Static, content: Content) -> None:
    """The text of a widget whose size does not depend on it; nothing is drawn if it is the same."""
    if not _is_same(line.content, content):
        line.update(content, layout=False)


def set_text(text: Static, content: Content) -> None:
    """The text of a widget that is as high as its text; there is no new layout if it is the same."""
    if not _is_same(text.content, content):
        text.update(content)


def set_options(where: OptionList, options: Sequence[Option]) -> None:
    """The lines of a list, which keeps its cursor on the same line. Unchanged lines are kept."""
    shown = [where.get_option_at_index(number) for number in range(where.option_count)]
    if [one.id for one in shown] != [one.id for one in options]:
        position = where.highlighted
        kept = shown[position].id if position is not None else None
        where.clear_options()
        where.add_options(options)
        if kept is not None:
            position = next((number for number, one in enumerate(options) if one.id == kept), position)
        where.highlighted = position if position is not None and position < len(options) else None
        return
    for number, (before, now) in enumerate(zip(shown, options, strict=True)):
        if not _is_same(before.prompt, now.prompt):
            where.replace_option_prompt_at_index(number, now.prompt)
        if before.disabled != now.disabled:
            (where.disable_option_at_index if now.disabled else where.enable_option_at_index)(number)


def _is_same(before: object, now: object) -> bool:
    return isinstance(before, Content) and isinstance(now, Content) and before.is_same(now)
