"""Themes: dark, light, and one each whose colours people with colour blindness tell apart (Okabe and Ito 2008).

Colour is never the only sign: every state has a word, every status a glyph, every series a marker of its own.
"""

from __future__ import annotations

from textual.theme import Theme

# Okabe and Ito's palette: orange, sky blue, bluish green, yellow, blue, vermillion, reddish purple.
_ORANGE, _SKY, _GREEN, _BLUE, _VERMILLION, _PURPLE = "#E69F00", "#56B4E9", "#009E73", "#0072B2", "#D55E00", "#CC79A7"

THEMES: tuple[Theme, ...] = (
    Theme(
        "mmrec-dark", primary="#7AA2F7", secondary="#9ECE6A", accent="#E0AF68", success="#9ECE6A", warning="#E0AF68",
        error="#F7768E", foreground="#C8D0E0", background="#16181F", surface="#1D2029", panel="#272B37", dark=True,
        variables={"series-faint": "#4F5D84", "series-best": "#9ECE6A"},
    ),
    Theme(
        "mmrec-light", primary="#2F5DA8", secondary="#3B7A2A", accent="#A05A00", success="#3B7A2A", warning="#8A5A00",
        error="#B3261E", foreground="#1F2430", background="#FAFAF7", surface="#F0F0EC", panel="#E3E4DF", dark=False,
        variables={"series-faint": "#A9B8D6", "series-best": "#3B7A2A"},
    ),
    Theme(
        "mmrec-safe-dark", primary=_SKY, secondary=_PURPLE, accent=_ORANGE, success=_SKY, warning=_ORANGE,
        error=_VERMILLION, foreground="#DDDDDD", background="#111111", surface="#1A1A1A", panel="#262626", dark=True,
        variables={"series-faint": "#3C6480", "series-best": "#F0E442"},
    ),
    Theme(
        "mmrec-safe-light", primary=_BLUE, secondary=_PURPLE, accent="#B34D00", success=_BLUE, warning="#9A6A00",
        error=_VERMILLION, foreground="#222222", background="#FFFFFF", surface="#F4F4F4", panel="#E6E6E6", dark=False,
        variables={"series-faint": "#9CC3DD", "series-best": "#007052"},
    ),
)  # fmt: skip

THEME_NAMES = tuple(theme.name for theme in THEMES)


def next_theme(name: str) -> str:
    position = THEME_NAMES.index(name) if name in THEME_NAMES else -1
    return THEME_NAMES[(position + 1) % len(THEME_NAMES)]
