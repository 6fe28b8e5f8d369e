"""The guide's items of one phase, each with its findings and the user's own tick. Filled from one list of findings.

An item is its question, with the number of checks by status at the right. Below it, if open, are its findings: failures and
warnings first and complete, then a line for each check that passed. An item with a failure or warning is open by default. Every
line is a row that the cursor can reach.
"""

from __future__ import annotations

import textwrap
from typing import Any

from textual import events
from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.style import Style
from textual.widget import Widget
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from mmrec_engine.checks.agreement import agreeing
from mmrec_engine.checks.finding import GLYPHS, WORST_FIRST
from mmrec_engine.checks.report import newest
from mmrec_engine.locales.guide import ITEMS, Item
from mmrec_engine.locales.guide.findings import texts
from mmrec_tui.app.in_app import in_app, remedy_text
from mmrec_tui.app.widgets.finding_panels import STYLES, status_of
from mmrec_tui.app.widgets.panel import plain
from mmrec_tui.locales import Wording
from mmrec_tui.presentation.findings import advice_of, evidence_of, gravity, title_of, why_of
from mmrec_tui.terminal import one_line

_WRONG = ("fail", "error", "warn")
_INDENT = 4  # columns of a finding below its item
_BESIDE = 4  # columns of border, padding and scroll bar
_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"

Row = tuple[Item, dict[str, Any] | None]


class Items(OptionList):
    """phase: before or after. `show` may be called whenever there is more to show."""

    class Ticked(Message):
        def __init__(self, item: str) -> None:
            super().__init__()
            self.item = item

    class RemedyChosen(Message):
        """One of the remedies was clicked."""

    def __init__(self, phase: str, **how: Any) -> None:
        super().__init__(**how)
        self._items = [item for item in ITEMS if item.phase == phase]
        self._rows: list[Row] = [(item, None) for item in self._items]
        self._opened: dict[str, bool] = {}  # set by the user, by item
        # The user has moved the cursor, or scrolled: the list does not follow the running check any more, and keeps its order.
        self._moved = False
        self._pointed = False  # the mouse is over the list
        self._order = self._items
        self._shown: object = None
        self._given: tuple[list[dict[str, Any]], dict[str, bool], Wording, str, int] | None = None

    @property
    def _row(self) -> Row:
        return self._rows[min(self.highlighted or 0, len(self._rows) - 1)]

    @property
    def finding(self) -> dict[str, Any] | None:
        """The one under the cursor."""
        return self._row[1]

    @property
    def topic(self) -> str | None:
        """The topic for the guide: the finding or the item under the cursor."""
        item, finding = self._row
        return item.id if finding is None or finding.get("id") not in texts() else str(finding["id"])

    def show(
        self,
        findings: list[dict[str, Any]],
        ticks: dict[str, bool],
        say: Wording,
        running: str = "",
        looks: int = 0,
    ) -> None:
        """running: the item whose checks are running, which stays visible; looks: counts up while they are."""
        self._given = (findings, ticks, say, running, looks)
        if not self.size.width:
            return  # without a width a question would be wrapped; the first layout shows it
        seen = ([dict(one) for one in findings], dict(ticks), self.size.width, dict(self._opened), running)
        if seen == self._shown:
            self._spin(running, looks)
            return
        self._shown = seen
        before, position = self._key(self._row), self.highlighted
        width = max(20, self.size.width - _BESIDE)
        self._rows, options = [], []
        findings = agreeing(newest(findings))
        for item in self._ordered(findings, running):
            own = sorted((one for one in findings if one.get("item") == item.id), key=gravity)
            is_open = self._is_open(item, own)
            self._rows.append((item, None))
            head = _item_text(item, own, ticks, say, width, is_open, running == item.id)
            options.append(Option(head, id=f"item:{item.id}"))
            for finding in own if is_open else ():
                self._rows.append((item, finding))
                options.append(Option(_finding_text(finding, say, width)))
        self.clear_options()
        self.add_options(options)
        self._place_cursor(before, position, running)
        self._spin(running, looks)

    def _ordered(self, findings: list[dict[str, Any]], running: str) -> list[Item]:
        """In the guide's order while checks run; then those with a failure or warning first. Not under a user's cursor or
        mouse: an item would be on another row of the screen, or what was meant for one would act on another."""
        if self._moved or self._pointed:
            return self._order
        if running:
            self._order = self._items
        else:
            self._order = sorted(self._items, key=lambda item: min([
                gravity(one) for one in findings if one.get("item") == item.id and one.get("status") in _WRONG
            ], default=len(_WRONG)))  # fmt: skip
        return self._order

    def _is_open(self, item: Item, own: list[dict[str, Any]]) -> bool:
        wrong = any(one.get("status") in _WRONG for one in own)
        return self._opened.get(item.id, wrong)

    def _place_cursor(self, before: tuple[str, str], position: int | None, running: str) -> None:
        """On the same row while findings are added above it; on the running item until the user moves it; else at the top."""
        keys = [self._key(row) for row in self._rows]
        item = (before[0], "")
        if (running, "") in keys and not self._moved:
            self.highlighted = keys.index((running, ""))
        elif position is None or not (self._moved or self._pointed):
            self.highlighted = 0
        else:
            self.highlighted = keys.index(before) if before in keys else keys.index(item)

    def _spin(self, running: str, looks: int) -> None:
        self.border_subtitle = _SPINNER[looks % len(_SPINNER)] if running else ""

    def on_resize(self) -> None:
        if self._given is not None:
            self.show(*self._given)

    def on_key(self) -> None:
        self._moved = True

    def on_mouse_move(self) -> None:
        self._pointed = True

    def on_leave(self) -> None:
        self._pointed = False

    def on_mouse_scroll_down(self) -> None:
        self._moved = True

    def on_mouse_scroll_up(self) -> None:
        self._moved = True

    def on_click(self, event: events.Click) -> None:
        """On the box of an item it ticks the item, on a remedy it opens the remedies; anywhere else it opens or closes the
        item."""
        self._moved = True
        meta = event.style.meta
        if "tick" not in meta and "remedy" not in meta:
            return
        event.prevent_default()
        self.highlighted = meta.get("option", self.highlighted)
        if "tick" in meta:
            self.tick()
        else:
            self.post_message(self.RemedyChosen())

    def tick(self) -> None:
        """Set or remove the user's own tick of the item at the cursor."""
        self._moved = True
        self.post_message(self.Ticked(self._row[0].id))

    def fold(self) -> None:
        """Open or close the item at the cursor."""
        item, finding = self._row
        self._moved = True
        own = [one for one in (self._given or ([],))[0] if one.get("item") == item.id]
        self._opened[item.id] = not self._is_open(item, newest(own))
        if finding is not None:  # the cursor moves up to the item that closes
            self.highlighted = self._rows.index((item, None))
        if self._given is not None:
            self.show(*self._given)
        if self._opened[item.id]:
            self.call_after_refresh(self._reveal, item)

    def _reveal(self, item: Item) -> None:
        """Scroll what has opened into view: as much of it as fits, below its question."""
        rows = [number for number, row in enumerate(self._rows) if row[0] is item]
        top, last = self._index_to_line[rows[0]], self._index_to_line[rows[-1]] + self._heights[rows[-1]]
        region, page = Region(0, top, 1, last - top), self.parent
        where: Widget = self
        if not self.max_scroll_y and isinstance(page, Widget):  # as high as its lines: the page scrolls
            where, region = page, region.translate(self.virtual_region.offset + self.gutter.top_left)
        height = min(region.height, where.scrollable_content_region.height)
        where.scroll_to_region(Region(region.x, region.y, 1, height), animate=False, force=True)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.fold()

    @staticmethod
    def _key(row: Row) -> tuple[str, str]:
        item, finding = row
        return item.id, "" if finding is None else str(finding.get("id"))


def _item_text(
    item: Item,
    own: list[dict[str, Any]],
    ticks: dict[str, bool],
    say: Wording,
    width: int,
    is_open: bool,
    running: bool,
) -> Content:
    """The tick, the question, wrapped between words, and the number of checks by status."""
    counts = {status: sum(one.get("status") == status for one in own) for status in WORST_FIRST}
    found = [(status, count) for status, count in counts.items() if count]
    status = status_of(item.id, own, {})  # the tick has a box of its own
    box = Content.styled("☑ " if ticks.get(item.id) else "☐ ", Style.from_meta({"tick": item.id}))
    text = Content(f"{'▾' if is_open else '▸'} ") + box
    glyph = "none" if running or status == "none" else status
    text += Content.styled(f"{'…' if running else GLYPHS[glyph]} ", STYLES[glyph])
    summary = Content("  ").join(Content.styled(f"{GLYPHS[one]} {count}", STYLES[one]) for one, count in found)
    indent, room = " " * text.cell_length, width - text.cell_length - summary.cell_length - 1
    first, *more = textwrap.wrap(item.question[say.language], max(10, room), break_on_hyphens=False)
    text += plain(first, "bold") + Content(" " * max(1, room - len(first) + 1)) + summary
    return text + plain("".join(f"\n{indent}{line}" for line in more), "bold")


def _finding_text(finding: dict[str, Any], say: Wording, width: int) -> Content:
    """A finding with its evidence; a failure or warning with why it matters, what to do, and remedies."""
    status = str(finding.get("status"))
    status = status if status in GLYPHS else "error"
    title, evidence = one_line(title_of(finding, say)), one_line(in_app(evidence_of(finding, say), say))
    if finding.get("waived") is True:
        title += f" ({say('check.waived')})"
    head = Content(" " * _INDENT) + Content.styled(f"{GLYPHS[status]} ", STYLES[status])
    words = _indented(f"{title}  {evidence}", width, first=_INDENT + 2)
    bold = "bold" if status in (*_WRONG, "note") else ""
    text = head + Content.styled(words[: len(title)], bold) + plain(words[len(title) :])
    entry = texts().get(str(finding.get("id")))
    if status in _WRONG and entry is not None:
        for more in (why_of(finding, say), f"→ {advice_of(finding, say)}"):
            text += plain("\n" + _indented(in_app(more, say), width))
    for remedy in finding.get("remedies") or ():
        if isinstance(remedy, dict):
            line = Content.styled(f"\n      • {remedy_text(remedy, say)}", "$accent")
            text += line.stylize(Style.from_meta({"remedy": True}))
    return text


def _indented(text: str, width: int, first: int = 0) -> str:
    """Wrapped and indented below the title. first: columns of the first line that are used already."""
    lines = textwrap.wrap(text, max(10, width - _INDENT - 2), break_on_hyphens=False)
    filled = "\n".join(" " * (_INDENT + 2) + line for line in lines)
    return filled[first:]
