"""Textual's stylesheet, which parses the rules of the app once until its first screen is seen, and not twice."""

from __future__ import annotations

from textual.css.stylesheet import Stylesheet


class StyleRules(Stylesheet):
    """When Textual makes the first screen, it parses all rules again in a new stylesheet, although they were never parsed: what
    that has kept for the next time is lost."""

    _parsed = False

    def parse(self) -> None:
        super().parse()
        self._parsed = True

    def reparse(self) -> None:
        """With new values of the variables. Rules that were never parsed are parsed when they are first used."""
        if self._parsed:
            super().reparse()
