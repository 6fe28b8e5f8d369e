"""A list of values that opens below its line: Textual's Select with fewer widgets, since a form holds many."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Select
from textual.widgets._select import NoSelection, SelectCurrent, SelectOverlay


class ChoiceValue(SelectCurrent):
    """The chosen value and the arrow, drawn by one widget instead of four."""

    def compose(self) -> ComposeResult:
        yield from ()

    def update(self, label: object) -> None:
        self.label = label  # type: ignore[assignment]
        self.has_value = not isinstance(label, NoSelection)
        self.refresh()

    def render(self) -> Content:
        chosen = self.placeholder if isinstance(self.label, NoSelection) else str(self.label)
        opened = isinstance(self.parent, Select) and self.parent.expanded
        room = max(1, self.content_size.width - 2)
        words = Content(chosen).truncate(room, ellipsis=True, pad=True)
        return words + Content(" ▲" if opened else " ▼")


class Choice(Select[str]):
    """One line; its values open over the screen."""

    def compose(self) -> ComposeResult:
        yield ChoiceValue(self.prompt)
        yield SelectOverlay(type_to_search=self._type_to_search).data_bind(compact=Select.compact)

    def watch_expanded(self) -> None:
        for value in self.query(ChoiceValue):
            value.refresh()
