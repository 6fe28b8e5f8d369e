"""The base of the plan's two searches: the engine works in the background, and its results are shown as they grow.

The screen is dismissed with the settings to apply, or with None.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from typing import Any

from textual.content import Content
from textual.widgets import Static

from mmrec_engine.data.prepare import Corpus
from mmrec_engine.settings import Settings
from mmrec_tui.app.in_app import error_text, in_app
from mmrec_tui.app.keys import Key, keys_of
from mmrec_tui.app.screens.base import MmrecScreen
from mmrec_tui.app.session import Work
from mmrec_tui.app.widgets.panel import plain
from mmrec_tui.terminal import one_line

_LOOK_SECONDS = 0.5


class SearchScreen(MmrecScreen):
    """settings: of the planned run; corpus: its text; before: work on the same processors that the search waits for."""

    def __init__(self, settings: Settings, corpus: Corpus, before: Work[Any] | None = None) -> None:
        super().__init__()
        self._settings, self._corpus, self._before = settings, corpus, before
        self._found: Any = None
        self._seen = False  # whether the end of the search is shown
        self.work: Work[None] = Work(self._search)

    # Specific to a search

    def search(self, work: Work[None]) -> Generator[Any, None, None]:
        """The engine's results, one state after the other. Runs in the background, where torch may be loaded."""
        raise NotImplementedError

    def show(self, found: Any) -> None:
        """Draw the results so far."""
        raise NotImplementedError

    def under_way(self, found: Any) -> str:
        raise NotImplementedError

    def advice(self, found: Any) -> list[str]:
        raise NotImplementedError

    def settings_from(self, found: Any) -> dict[str, Any]:
        """What Enter applies; empty if there is nothing to apply."""
        raise NotImplementedError

    # Common to all searches

    def on_mount(self) -> None:
        self._look()
        self.set_interval(_LOOK_SECONDS, self._look)

    def stop_work(self) -> None:
        self.work.stop()

    def opened_again(self) -> None:
        """The plan below it is shown: a search is not continued."""

    def _search(self, work: Work[None]) -> None:
        if self._before is not None:
            self._before.join()
        with closing(self.search(work)) as going:
            for found in going:
                work.progress = found
                if work.stopping():
                    return

    def _look(self) -> None:
        done = self.work.done  # tested first: everything found before the end is available by then
        found = self.work.progress
        if self._seen or (found is self._found and not done):
            self._tell_waiting()
            return
        self._found, self._seen = found, done
        if found is not None:
            self.show(found)
        self.set_class(done, "-searched")
        self.query_one("#verdict", Static).update(self._verdict())
        self.refresh_keys()

    def _tell_waiting(self) -> None:
        if self._found is None and not self._seen:
            self.query_one("#verdict", Static).update(Content(f"… {self.say('search.waiting')}"))

    def _verdict(self) -> Content:
        say, found, error = self.say, self._found, self.work.error
        if error is not None:
            words = error_text(error, say)
            return Content.styled("✗ ", "bold $error") + plain(one_line(words))
        if not self._seen or found is None:
            return Content("… ") + plain(self.under_way(found) if found is not None else say("search.waiting"))
        lines = [plain(in_app(line, say)) for line in self.advice(found)]
        if self.settings_from(found):
            lines.append(Content.styled(say("search.take"), "bold $accent"))
        return Content("\n").join(lines)

    @property
    def _values(self) -> dict[str, Any]:
        return self.settings_from(self._found) if self._found is not None else {}

    def shown_keys(self) -> list[Key]:
        return [key for key in keys_of(self.table) if key.action != "take" or self._values]

    def action_take(self) -> None:
        values = self._values
        if values:
            self.dismiss(values)
        else:
            self.own_app.warn("search.nothing-yet" if not self._seen else "search.nothing")
