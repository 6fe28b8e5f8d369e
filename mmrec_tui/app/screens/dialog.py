"""The base of all dialogs: Esc closes them, and so does a click beside them or on the words about it."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual import events
from textual.content import Content
from textual.screen import ModalScreen

Result = TypeVar("Result")


class Dialog(ModalScreen[Result]):
    """Closed without a result. A dialog whose Esc has a result overrides `action_leave`."""

    BINDINGS: ClassVar = [("escape", "leave", "")]

    async def on_click(self, event: events.Click) -> None:
        if event.widget is self:
            await self.run_action("leave")

    def action_leave(self) -> None:
        self.dismiss(None)


def hints(words: str, style: str = "$foreground 80%", first: str = "") -> Content:
    """A line of hints with a " · " between them. The last one says how to close, and a click on it does so. first: the action
    of a click on the first one."""
    parts = [Content.styled(part, style) for part in words.split(" · ")]
    parts[-1] = parts[-1].stylize("@click=screen.leave()")
    if first:
        parts[0] = parts[0].stylize(f"@click=screen.{first}()")
    return Content.styled(" · ", style).join(parts)
