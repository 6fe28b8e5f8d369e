"""The command palette: everything that a key does on this screen, found by its words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider

from mmrec_tui.keys import Key, word_key
from mmrec_tui.screens.base import MmrecScreen
from mmrec_tui.text import Wording


class KeyCommands(Provider):
    """The table of keys as commands."""

    async def discover(self) -> Hits:
        for key, words in self._worded():
            yield DiscoveryHit(f"{words}  ({key.shown})", self._run(key), words)

    async def search(self, query: str) -> AsyncIterator[Hit]:
        matcher = self.matcher(query)
        for key, words in self._worded():
            score = matcher.match(words)
            if score > 0:
                yield Hit(score, matcher.highlight(f"{words}  ({key.shown})"), self._run(key), words)

    def _worded(self) -> list[tuple[Key, str]]:
        screen: Any = self.screen
        keys = screen.shown_keys() if isinstance(screen, MmrecScreen) else []
        return [(key, screen.say(word_key(key.action))) for key in keys if key.action != "command_palette"]

    def _run(self, key: Key) -> Any:
        screen: Any = self.screen

        async def run() -> None:
            await screen.run_action(key.action)

        return run


class Palette(CommandPalette):
    """Textual's palette with its words in the person's language."""

    _NO_MATCHES_COUNTDOWN: Final[float] = 1e9  # type: ignore[misc]  # what it would say then is English

    def __init__(self, _screen: object, say: Wording) -> None:
        super().__init__([KeyCommands], placeholder=say("palette.search"), id="--command-palette")
