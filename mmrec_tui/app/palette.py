"""The command palette: actions of keys on this screen, runs, settings, themes and the guide's topics, found by their words."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from textual.command import CommandList, CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.widgets.option_list import Option

from mmrec_engine.locales.letters import folded
from mmrec_tui.app.keys import about_key, shown_key, word_key
from mmrec_tui.app.screens.base import MmrecScreen
from mmrec_tui.app.themes import THEME_NAMES
from mmrec_tui.app.widgets.panel import plain
from mmrec_tui.locales import Wording
from mmrec_tui.terminal import one_line

_MOST_RUNS = 30
# Matching letters at any place tries every way to place them: the time grows exponentially with the text. Longer texts are
# searched for whole words.
_MOST_LETTERS = 60


@dataclass(frozen=True)
class Command:
    """words: by which it is found; about: a line below it."""

    words: str
    about: str
    run: Callable[[], Any]


class ScreenCommands(Provider):
    """The table of keys as commands; only these are listed until something is typed."""

    async def discover(self) -> Hits:
        for command in self._of_keys():
            yield DiscoveryHit(command.words, command.run, help=command.about)

    async def search(self, query: str) -> AsyncIterator[Hit]:
        matcher, wanted = self.matcher(query), folded(query).split()
        for command in self._commands:
            text = folded(f"{command.words} {command.about}")
            # Brackets in a run's name are not markup.
            plain = len(command.words) > _MOST_LETTERS or "[" in command.words
            letters = 0.0 if plain else matcher.match(command.words)
            score = max(letters, float(all(word in text for word in wanted)))
            if score > 0:
                shown = matcher.highlight(command.words) if letters else Content(command.words)
                yield Hit(score, shown, command.run, help=command.about)

    @cached_property
    def _commands(self) -> tuple[Command, ...]:
        """All of them as they were when the palette was opened."""
        return (*self._of_keys(), *self._of_the_rest())

    @property
    def _below(self) -> MmrecScreen | None:
        return self.screen if isinstance(self.screen, MmrecScreen) else None

    def _of_keys(self) -> Iterator[Command]:
        screen = self._below
        if screen is None:
            return
        listed = set()
        for key in screen.shown_keys():
            if key.action == "command_palette" or key.action in listed:
                continue
            listed.add(key.action)
            words = f"{screen.say(word_key(key.action))}  ({shown_key(key, screen.say, screen.say.knows)})"
            about = "palette.panel" if key.action.startswith("show(") else about_key(key.action)
            yield Command(words, screen.say(about), _acting(screen, key.action))

    def _of_the_rest(self) -> Iterator[Command]:
        screen = self._below
        if screen is None:
            return
        from mmrec_engine.locales.guide import HYPERPARAMETERS
        from mmrec_engine.runs.catalog import known_runs
        from mmrec_tui.presentation.topics import topics

        app, say = screen.own_app, screen.say

        def watching(path: Path) -> Callable[[], None]:
            return lambda: app.watch_run(path)

        def opening(topic: str) -> Callable[[], None]:
            return lambda: app.action_guide(topic)

        def setting_of(name: str) -> Callable[[], None]:
            return lambda: screen.open_setting(name)

        def using(theme: str) -> Callable[[], None]:
            return lambda: app.use_theme(theme)

        for run in known_runs()[:_MOST_RUNS]:
            about = say("palette.run-about", state=say(f"state.{run.state}"), step=say.number(run.step))
            yield Command(say("palette.run", name=one_line(run.name)), about, watching(run.path))
        for setting in HYPERPARAMETERS:
            words = say("palette.setting", name=setting.title[say.language])
            yield Command(words, setting.what[say.language], setting_of(setting.name))
        for theme in THEME_NAMES:
            about = say("palette.theme-about")
            yield Command(say("palette.theme", name=say(f"theme.{theme}")), about, using(theme))
        for topic in topics(say.language):
            if topic.kind != "hyperparameter":
                about = topic.paragraphs[0][1] if topic.paragraphs else ""
                yield Command(say("palette.topic", name=topic.title), about, opening(topic.id))


def _acting(screen: MmrecScreen, action: str) -> Callable[[], Any]:
    async def run() -> None:
        await screen.run_action(action)

    return run


class Palette(CommandPalette):
    """Textual's palette with its words in the user's language."""

    def __init__(self, _screen: object, say: Wording) -> None:
        super().__init__([ScreenCommands], placeholder=say("palette.search"), id="--command-palette")
        self._say = say

    def _start_no_matches_countdown(self, search_value: str) -> None:
        """Tell at once that nothing was found; Textual does so later, and in English."""
        if search_value:
            told = plain(self._say("palette.nothing", words=one_line(search_value)))
            self.query_one(CommandList).add_option(Option(told, disabled=True, id=self._NO_MATCHES))
            self._list_visible = True
