"""Themes: dark, light, and one each in colours that colour-blind people can distinguish (Okabe and Ito 2008).

Colour is never the only sign: every state has a word, every status a glyph, every series its own marker.
"""

from __future__ import annotations

from typing import Any

from textual.color import Color
from textual.theme import Theme

# Okabe and Ito's palette: orange, sky blue, bluish green, yellow, blue, vermillion, reddish purple.
# Blue is darker and vermillion lighter than theirs, for enough contrast of letters (tests/app/test_contrast.py).
_ORANGE, _SKY, _BLUE, _VERMILLION, _PURPLE = "#E69F00", "#56B4E9", "#00588A", "#F0803C", "#CC79A7"


def _theme(name: str, *, dark: bool, faint: str, best: str, **colours: Any) -> Theme:
    """faint, best: of plots. A chosen row is tinted, not filled, so that its words keep their colours and contrast."""
    chosen = _mixed(colours["surface"], colours["primary"], 0.17 if dark else 0.14)
    chosen_elsewhere = _mixed(colours["surface"], colours["foreground"], 0.10 if dark else 0.05)
    variables = {
        "series-faint": faint, "series-best": best,
        "block-cursor-background": chosen, "block-cursor-foreground": colours["foreground"],
        "block-cursor-blurred-background": chosen_elsewhere, "block-cursor-blurred-foreground": colours["foreground"],
        "block-hover-background": chosen_elsewhere, "input-selection-background": chosen,
        "text-disabled": _mixed(colours["surface"], colours["foreground"], 0.72),
    }  # fmt: skip
    return Theme(name, dark=dark, variables=variables, **colours)


def _mixed(one: str, other: str, share: float) -> str:
    return Color.parse(one).blend(Color.parse(other), share).hex


THEMES: tuple[Theme, ...] = (
    _theme(
        "mmrec-dark", primary="#7AA2F7", secondary="#9ECE6A", accent="#E0AF68", success="#9ECE6A", warning="#E0AF68",
        error="#F98CA1", foreground="#C8D0E0", background="#16181F", surface="#1D2029", panel="#272B37", dark=True,
        faint="#5C72A6", best="#9ECE6A",
    ),
    _theme(
        "mmrec-light", primary="#2B559A", secondary="#336B24", accent="#874B00", success="#336B24", warning="#7A4F00",
        error="#A8221C", foreground="#1F2430", background="#FAFAF7", surface="#F0F0EC", panel="#E3E4DF", dark=False,
        faint="#7089B8", best="#336B24",
    ),
    _theme(
        "mmrec-safe-dark", primary=_SKY, secondary=_PURPLE, accent=_ORANGE, success=_SKY, warning=_ORANGE,
        error=_VERMILLION, foreground="#DDDDDD", background="#111111", surface="#1A1A1A", panel="#262626", dark=True,
        faint="#447CA0", best="#F0E442",
    ),
    _theme(
        "mmrec-safe-light", primary=_BLUE, secondary=_PURPLE, accent="#9A4200", success=_BLUE, warning="#7F5700",
        error="#9C4500", foreground="#222222", background="#FFFFFF", surface="#F4F4F4", panel="#E6E6E6", dark=False,
        faint="#5590B6", best="#006647",
    ),
)  # fmt: skip

THEME_NAMES = tuple(theme.name for theme in THEMES)


def next_theme(name: str) -> str:
    position = THEME_NAMES.index(name) if name in THEME_NAMES else -1
    return THEME_NAMES[(position + 1) % len(THEME_NAMES)]
