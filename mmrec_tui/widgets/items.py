"""The guide's items of one phase, each with what was found and the person's own tick. Fed from one list of findings."""

from __future__ import annotations

import textwrap
from typing import Any

from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from mmrec_engine.guide import ITEMS, Item
from mmrec_engine.guide.findings import texts
from mmrec_tui.text import Wording
from mmrec_tui.widgets.panels import GLYPHS, STYLES, finding_text, status_of

_WRONG = ("warn", "fail", "error")
_INDENT = 4  # columns of the tick and the glyph before a question


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
        self._given: tuple[list[dict[str, Any]], dict[str, bool], Wording] | None = None

    @property
    def topic(self) -> str | None:
        """What the guide is asked about: what is wrong under the item at the cursor, else the item itself."""
        item = self._items[self.highlighted or 0]
        findings = self._given[0] if self._given is not None else []
        wrong = [one for one in findings if one.get("item") == item.id and one.get("status") in _WRONG]
        return str(wrong[0]["id"]) if wrong else item.id

    def show(self, findings: list[dict[str, Any]], ticks: dict[str, bool], say: Wording) -> None:
        self._given = (findings, ticks, say)
        seen = ([dict(finding) for finding in findings], dict(ticks), self.size.width)
        if seen == self._shown:
            return
        self._shown = seen
        position = self.highlighted
        self.clear_options()
        width = max(20, self.size.width - 4)
        texts = [_item_text(item, findings, ticks, say, width) for item in self._items]
        self.add_options([Option(text, id=item.id) for text, item in zip(texts, self._items, strict=True)])
        self.highlighted = position if position is not None else 0

    def on_resize(self) -> None:
        if self._given is not None:
            self.show(*self._given)

    def tick(self) -> None:
        """The person's own judgement of the item under the cursor, set or taken back."""
        if self.highlighted is not None:
            self.post_message(self.Ticked(self._items[self.highlighted].id))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.tick()


def _item_text(item: Item, findings: list[dict[str, Any]], ticks: dict[str, bool], say: Wording, width: int) -> Content:
    status, language = status_of(item.id, findings, ticks), say.language
    text = Content("☑ " if ticks.get(item.id) else "☐ ")
    found, known = status not in ("none", "ticked"), texts()
    text += Content.styled(f"{GLYPHS[status]} ", STYLES[status]) if found else Content("  ")
    text += Content.styled(_indented(item.question[language], width, first=_INDENT), "bold")
    text += Content("\n" + _indented(item.why[language], width))
    for finding in findings:
        if finding.get("item") == item.id:
            text += Content("\n" + " " * _INDENT) + finding_text(finding, say)
            entry = known.get(str(finding.get("id")))
            if finding.get("status") in _WRONG and entry is not None:
                for words in (entry.why[language], f"→ {entry.do[language]}"):
                    text += Content("\n" + _indented(words, width))
    return text


def _indented(text: str, width: int, first: int = 0) -> str:
    """Wrapped and set in below the question. first: columns of the first line that are taken already."""
    lines = textwrap.wrap(text, max(10, width - _INDENT), break_on_hyphens=False)
    filled = "\n".join(" " * _INDENT + line for line in lines)
    return filled[first:]
