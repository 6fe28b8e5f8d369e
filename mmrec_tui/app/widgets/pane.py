"""A part of the plan's screen with a title: a list to choose from, and a text about what is chosen."""

from __future__ import annotations

from typing import Any

from textual.widgets import OptionList

from mmrec_tui.app.widgets.explanation import LongText


class Pane(LongText):
    """Scrolls as a whole where its text does not fit; a key that moves the cursor of its list shows the list again."""

    def __init__(self, title: str, **how: Any) -> None:
        super().__init__(**how)
        self.border_title = title

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        if event.option_list.has_focus:
            event.option_list.scroll_visible(animate=False)
