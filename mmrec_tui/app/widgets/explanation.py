"""What the focused field is for, beside the fields."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from mmrec_tui.app.widgets.restyling import set_text


class LongText(VerticalScroll, can_focus=False):
    """Is scrolled by the wheel, and by `read_on`."""

    @property
    def is_cut(self) -> bool:
        return self.max_scroll_y > 0

    def read_on(self) -> None:
        """Scroll on; from the end to the beginning again."""
        if self.scroll_offset.y >= self.max_scroll_y:
            self.scroll_home(animate=False)
        else:
            self.scroll_page_down(animate=False)


class Explanation(LongText):
    """first: what is shown until a field has the focus."""

    first = Content()

    def compose(self) -> ComposeResult:
        yield Static(self.first, classes="explanation")

    def explain(self, content: Content) -> None:
        self.scroll_home(animate=False)
        set_text(self.query_one(Static), content)
