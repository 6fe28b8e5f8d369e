"""The tabs of a run's panels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from rich.cells import cell_len
from textual.content import Content
from textual.widgets import Static

if TYPE_CHECKING:
    from mmrec_tui.app.screens.base import MmrecScreen
    from mmrec_tui.locales import Wording

_ARROW = 2  # columns of an arrow to the tabs that do not fit


class PanelTabs(Static):
    """The panels by number and name, the selected one marked; each can be clicked."""

    def look(self, panels: tuple[str, ...], shown: str) -> None:
        self._panels, self._seen = panels, shown
        self._show()

    def on_resize(self) -> None:
        self._show()

    def _show(self) -> None:
        say = cast("MmrecScreen", self.screen).say
        self.update(tabs_text(self._panels, self._seen, say, self.size.width))


def tabs_text(panels: Sequence[str], shown: str, say: Wording, width: int) -> Content:
    """All tabs, with short names where the others do not fit; else as many as fit around the shown one, between arrows that
    lead to the next ones. A tab is never a bare number."""
    for short, space in ((False, " "), (True, " "), (True, "")):
        titles = [f"{space}{number} {_name(panel, short, say)}{space}" for number, panel in enumerate(panels, start=1)]
        if sum(map(cell_len, titles)) + len(titles) - 1 <= width:
            return Content("│").join(map(_tab, panels, titles, [panel == shown for panel in panels]))
    first, last = _around(panels.index(shown), [cell_len(title) for title in titles], width - 2 * _ARROW)
    parts = [_tab(panels[at], titles[at], panels[at] == shown) for at in range(first, last)]
    before = _arrow("‹ ", panels[first - 1]) if first else Content("")
    after = _arrow(" ›", panels[last]) if last < len(panels) else Content("")
    return before + Content("│").join(parts) + after


def _name(panel: str, short: bool, say: Wording) -> str:
    shorter = f"panel-short.{panel}"
    return say(shorter if short and say.knows(shorter) else f"panel.{panel}")


def _around(shown: int, widths: Sequence[int], room: int) -> tuple[int, int]:
    """The tabs from `first` up to `last`, not included, that fit into so many columns: the shown one, those after it, those
    before it."""
    first, last, taken = shown, shown + 1, widths[shown]
    while last < len(widths) and taken + widths[last] + 1 <= room:
        taken += widths[last] + 1
        last += 1
    while first and taken + widths[first - 1] + 1 <= room:
        first -= 1
        taken += widths[first] + 1
    return first, last


def _tab(panel: str, title: str, is_shown: bool) -> Content:
    style = "reverse bold" if is_shown else "$foreground 80%"
    return Content.styled(title, style).stylize(f"@click=screen.show('{panel}')")


def _arrow(sign: str, panel: str) -> Content:
    return Content.styled(sign, "bold $accent").stylize(f"@click=screen.show('{panel}')")
