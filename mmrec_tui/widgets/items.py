"""The guide's items of one phase, each with what was found and the person's own tick. Fed from one list of findings."""

from __future__ import annotations

from typing import Any

from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from mmrec_engine.guide import ITEMS, Item
from mmrec_tui.text import Wording
from mmrec_tui.widgets.panels import GLYPHS, STYLES, finding_text, plain, status_of


class Items(OptionList):
    """phase: before or after. `show` may be called whenever there is more to show."""

    class Ticked(Message):
        def __init__(self, item: str) -> None:
            super().__init__()
            self.item = item

    def __init__(self, phase: str, **how: Any) -> None:
        super().__init__(**how)
        self._items = [item for item in ITEMS if item.phase == phase]
        self._shown: object = None

    @property
    def topic(self) -> str | None:
        """What the guide is asked about: the item under the cursor."""
        return self._items[self.highlighted].id if self.highlighted is not None else self._items[0].id

    def show(self, findings: list[dict[str, Any]], ticks: dict[str, bool], say: Wording) -> None:
        seen = ([dict(finding) for finding in findings], dict(ticks))
        if seen == self._shown:
            return
        self._shown = seen
        position = self.highlighted
        self.clear_options()
        self.add_options([Option(_item_text(item, findings, ticks, say), id=item.id) for item in self._items])
        self.highlighted = position if position is not None else 0

    def tick(self) -> None:
        """The person's own judgement of the item under the cursor, set or taken back."""
        if self.highlighted is not None:
            self.post_message(self.Ticked(self._items[self.highlighted].id))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.tick()


def _item_text(item: Item, findings: list[dict[str, Any]], ticks: dict[str, bool], say: Wording) -> Content:
    status, language = status_of(item.id, findings, ticks), say.language
    own = "☑" if ticks.get(item.id) else "☐"
    text = Content(f"{own} ") + Content.styled(f"{GLYPHS[status]} ", STYLES[status])
    text += Content.styled(item.question[language], "bold") + Content(f"\n     {item.why[language]}")
    for finding in findings:
        if finding.get("item") == item.id:
            text += Content("\n     ") + finding_text(finding, say)
            if finding.get("status") in ("warn", "fail", "error"):
                text += Content("\n     ") + plain(item.do[language])
    return text
