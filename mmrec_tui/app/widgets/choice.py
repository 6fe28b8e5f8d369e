"""A list of values that opens below its line: Textual's Select with fewer widgets, because a form has many."""

from __future__ import annotations

from textual import events, on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Select
from textual.widgets._select import NoSelection, SelectCurrent, SelectOverlay

EXPLAINED = "  "  # between a value and what explains it in the open list


class ChoiceValue(SelectCurrent):
    """The chosen value and the arrow, drawn by one widget instead of four."""

    def compose(self) -> ComposeResult:
        yield from ()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Open when the button is pressed: the new focus may move the layout, so that the button is released
        elsewhere and there is no click. An open list is closed when it loses the focus."""
        event.stop()
        choice = self.parent
        if isinstance(choice, Choice) and choice.closed_at < event.time:
            choice.focus()  # first, so that the list opens where its line stands then
            choice.call_after_refresh(choice.open)

    def on_click(self, event: events.Click) -> None:
        event.stop()
        event.prevent_default()  # Textual's own handler would toggle it once more

    def update(self, label: object) -> None:
        self.label = label  # type: ignore[assignment]
        self.has_value = not isinstance(label, NoSelection)
        self.refresh()

    def render(self) -> Content:
        chosen = self.placeholder if isinstance(self.label, NoSelection) else str(self.label).partition(EXPLAINED)[0]
        opened = isinstance(self.parent, Select) and self.parent.expanded
        room = max(1, self.content_size.width - 2)
        words = Content(chosen).truncate(room, ellipsis=True, pad=True)
        return words + Content(" ▲" if opened else " ▼")


class Choice(Select[str]):
    """One line; its values open over the screen, each with the words after EXPLAINED that tell it from the others."""

    def open(self) -> None:
        self.expanded = True

    closed_at = 0.0  # when the open list last lost the focus

    @on(SelectOverlay.Dismiss)
    def _note_closing(self, event: SelectOverlay.Dismiss) -> None:
        self.closed_at = event.time

    def compose(self) -> ComposeResult:
        yield ChoiceValue(self.prompt)
        yield SelectOverlay(type_to_search=self._type_to_search).data_bind(compact=Select.compact)

    def watch_expanded(self) -> None:
        for value in self.query(ChoiceValue):
            value.refresh()
