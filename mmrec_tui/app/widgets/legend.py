"""The legend of a plot in its border: it names all that is drawn, by shorter names where there is no room for long ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.content import Content

from mmrec_tui.locales import Wording
from mmrec_tui.presentation.plotting import Figure, Role, glyph

COLOURS: dict[Role, str] = {
    "faint": "$series-faint", "line": "$primary", "points": "$accent", "best": "$series-best", "second": "$secondary",
    "third": "$error", "fourth": "$foreground", "fifth": "$accent", "sixth": "$warning",
}  # fmt: skip
_GAP = "  "
_SHORTENED = ("training", "smoothed", "validation")
_LETTERS = (16, 12, 8, 6, 4, 3, 2, 1)  # of a name that is cut


def shorter_names(say: Wording) -> dict[str, str]:
    return {say(f"plot.{name}"): say(f"plot-short.{name}") for name in _SHORTENED}


def heading(
    titles: Sequence[str], figure: Figure, plain: bool, shorter: Mapping[str, str], room: int, below: int
) -> tuple[Content, list[Content]]:
    """The title with the legend in so many columns, and what of the legend goes below the plot, where so many are free.

    titles: the whole one, and shorter ones. Names are shortened only where they do not fit.
    """
    long = [words for _, words in figure.entries]
    short = [shorter.get(words, words) for words in long]
    choices = [(long, _GAP, False), (short, _GAP, False), (short, " ", False), (short, _GAP, True)]
    choices += [([cut(words, letters) for words in short], " ", True) for letters in _LETTERS]
    made = (Content(titles[-1]), list[Content]())
    for names, gap, with_below in choices:
        entries = [_entry(role, words, plain) for (role, _), words in zip(figure.entries, names, strict=True)]
        for title in titles:
            first = _fitting_first([Content(title), *entries], gap, room)
            rest = entries[first - 1 :]
            made = (_joined([Content(title), *entries][:first], gap), rest)
            if not rest or (with_below and _joined(rest, gap).cell_length <= below):
                return made
    return made


def cut(words: str, letters: int) -> str:
    return words if len(words) <= letters + 1 else words[:letters] + "…"


def _entry(role: Role, words: str, plain: bool) -> Content:
    return Content.styled(glyph(role, plain), COLOURS.get(role, "")) + Content(f" {words}")


def _fitting_first(parts: Sequence[Content], gap: str, room: int) -> int:
    """How many of the parts, in their order, fit; at least the first one."""
    number = len(parts)
    while number > 1 and _joined(parts[:number], gap).cell_length > room:
        number -= 1
    return number


def _joined(parts: Sequence[Content], gap: str) -> Content:
    return Content(gap).join(parts) if parts else Content()


def fitting(parts: Sequence[Content], room: int | None, gap: str = _GAP) -> Content:
    """Those of the parts that fit; always the first one."""
    text = parts[0]
    for part in parts[1:]:
        if room is None or text.cell_length + len(gap) + part.cell_length <= room:
            text += Content(gap) + part
    return text
