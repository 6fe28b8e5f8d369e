"""The guide's items of one phase, each with what was found and the person's own tick. Fed from one list of findings.

Every item and every finding is a line of its own, so that the cursor reaches all of them however low the terminal is.
"""

from __future__ import annotations

import textwrap
from typing import Any

from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from mmrec_engine.guide import ITEMS, Item
from mmrec_engine.guide.findings import texts
from mmrec_engine.quality.report import newest
from mmrec_tui.findings import evidence_of, remedy_title, title_of
from mmrec_tui.terminal import one_line
from mmrec_tui.text import Wording
from mmrec_tui.widgets.panels import GLYPHS, STYLES, plain, status_of

_WRONG = ("warn", "fail", "error")
_INDENT = 4  # columns of the tick and the glyph before a question, and of a finding below it
_BESIDE = 4  # columns of border, padding and scroll bar


class Items(OptionList):
    """phase: before or after. `show` may be called whenever there is more to show."""

    class Ticked(Message):
        def __init__(self, item: str) -> None:
            super().__init__()
            self.item = item

    def __init__(self, phase: str, **how: Any) -> None:
        super().__init__(**how)
        self._items = [item for item in ITEMS if item.phase == phase]
        self._rows: list[tuple[Item, dict[str, Any] | None]] = [(item, None) for item in self._items]
        self._shown: object = None
        self._given: tuple[list[dict[str, Any]], dict[str, bool], Wording] | None = None

    @property
    def _row(self) -> tuple[Item, dict[str, Any] | None]:
        return self._rows[min(self.highlighted or 0, len(self._rows) - 1)]

    @property
    def finding(self) -> dict[str, Any] | None:
        """The one under the cursor."""
        return self._row[1]

    @property
    def topic(self) -> str | None:
        """What the guide is asked about: the finding or the item under the cursor."""
        item, finding = self._row
        return item.id if finding is None or finding.get("id") not in texts() else str(finding["id"])

    def show(self, findings: list[dict[str, Any]], ticks: dict[str, bool], say: Wording) -> None:
        self._given = (findings, ticks, say)
        seen = ([dict(finding) for finding in findings], dict(ticks), self.size.width)
        if seen == self._shown:
            return
        self._shown = seen
        before, position = self._key(self._row), self.highlighted
        width = max(20, self.size.width - _BESIDE)
        self._rows, options = [], []
        for item in self._items:
            self._rows.append((item, None))
            options.append(Option(_item_text(item, findings, ticks, say, width)))
            for finding in newest([one for one in findings if one.get("item") == item.id]):
                self._rows.append((item, finding))
                options.append(Option(_finding_text(finding, say, width)))
        self.clear_options()
        self.add_options(options)
        # The cursor stays on what it was on while more is found above it.
        keys = [self._key(row) for row in self._rows]
        self.highlighted = 0 if position is None else keys.index(before) if before in keys else 0

    def on_resize(self) -> None:
        if self._given is not None:
            self.show(*self._given)

    def tick(self) -> None:
        """The person's own judgement of the item at the cursor, set or taken back."""
        self.post_message(self.Ticked(self._row[0].id))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.tick()

    @staticmethod
    def _key(row: tuple[Item, dict[str, Any] | None]) -> tuple[str, str]:
        item, finding = row
        return item.id, "" if finding is None else str(finding.get("id"))


def _item_text(item: Item, findings: list[dict[str, Any]], ticks: dict[str, bool], say: Wording, width: int) -> Content:
    status, language = status_of(item.id, findings, ticks), say.language
    text = Content("☑ " if ticks.get(item.id) else "☐ ")
    found = status not in ("none", "ticked")
    text += Content.styled(f"{GLYPHS[status]} ", STYLES[status]) if found else Content("  ")
    text += Content.styled(_indented(item.question[language], width, first=_INDENT), "bold")
    return text + Content.styled("\n" + _indented(item.why[language], width), "$foreground 70%")


def _finding_text(finding: dict[str, Any], say: Wording, width: int) -> Content:
    """What was found; where something is wrong also why it matters, what to do, and which settings would help."""
    status = str(finding.get("status"))
    status = status if status in GLYPHS else "error"
    title = one_line(title_of(finding, say))
    if finding.get("waived") is True:
        title += f" ({say('check.waived')})"
    words = _indented(f"{title}  {one_line(evidence_of(finding, say))}", width - 2, first=_INDENT)
    head, tail = words[: len(title)], words[len(title) :]
    text = Content(" " * _INDENT) + Content.styled(f"{GLYPHS[status]} ", STYLES[status])
    text += Content.styled(head, "bold") + plain(tail.replace("\n", "\n  "))
    entry = texts().get(str(finding.get("id")))
    if status in _WRONG and entry is not None:
        for more in (entry.why[say.language], f"→ {entry.do[say.language]}"):
            text += plain("\n" + _indented(more, width - 2).replace("\n", "\n  ").replace("    ", "      ", 1))
    for remedy in finding.get("remedies") or ():
        if isinstance(remedy, dict):
            text += Content.styled(f"\n      • {one_line(remedy_title(remedy, say))}", "$accent")
    return text


def _indented(text: str, width: int, first: int = 0) -> str:
    """Wrapped and set in below the question. first: columns of the first line that are taken already."""
    lines = textwrap.wrap(text, max(10, width - _INDENT), break_on_hyphens=False)
    filled = "\n".join(" " * _INDENT + line for line in lines)
    return filled[first:]
