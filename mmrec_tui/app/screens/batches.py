"""The search for a batch size: one row for each trial, and what follows from them."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from mmrec_tui.app.draft import windows_of
from mmrec_tui.app.keys import Key
from mmrec_tui.app.screens.base import KeyBar, Title
from mmrec_tui.app.screens.searching import SearchScreen
from mmrec_tui.app.session import Work
from mmrec_tui.app.widgets.explanation import LongText
from mmrec_tui.app.widgets.panel import plain
from mmrec_tui.presentation.advice import BATCH_SECONDS, batch_advice, batch_head, batch_line, batch_settings

if TYPE_CHECKING:
    from mmrec_engine.planning.batch_size_finder import BatchSearch


class BatchesScreen(SearchScreen):
    table: ClassVar[str] = "batches"
    topic: ClassVar[str | None] = "batch_size"

    def compose(self) -> ComposeResult:
        say = self.say
        yield Title(say("batches.title"))
        yield Static(say("batches.what"), classes="intro", markup=False)
        with LongText(id="searched", can_focus=True) as table:
            table.border_title = say("batches.table")
            yield Static(id="tried")
        yield Static(id="verdict")
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        self.set_focus(self.query_one("#searched"))
        super().on_mount()

    def search(self, work: Work[None]) -> Generator[BatchSearch, None, None]:
        from mmrec_engine.planning.batch_size_finder import search_batches

        windows, _ = windows_of(self._settings, self._corpus)
        vocabulary = self._corpus.tokenizer.vocab_size
        return search_batches(self._settings, vocabulary, windows, seconds=BATCH_SECONDS, stop=work.stopping)

    def show(self, found: BatchSearch) -> None:
        lines = [Content.styled(batch_head(self.say), "bold")]
        for trial in found.tried:
            style = "bold $success" if trial.batch_size == found.suggestion else ""
            lines.append(plain(batch_line(trial, found, self.say), style))
        self.query_one("#tried", Static).update(Content("\n").join(lines))
        self.call_after_refresh(self._show_suggested)

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_suggested)

    def _show_suggested(self) -> None:
        """Scroll the row of the suggestion into view; while there is none, the newest one."""
        found, table = self._found, self.query_one(LongText)
        if found is not None and found.tried:
            sizes = [trial.batch_size for trial in found.tried]
            row = 1 + (sizes.index(found.suggestion) if found.suggestion in sizes else len(sizes) - 1)
            table.scroll_to(y=row - table.scrollable_content_region.height + 1, animate=False)
        self.call_after_refresh(self.refresh_keys)

    def shown_keys(self) -> list[Key]:
        cut = self.query_one(LongText).is_cut
        return [key for key in super().shown_keys() if cut or key.action != "read_on"]

    def action_read_on(self) -> None:
        self.query_one(LongText).read_on()

    def under_way(self, found: BatchSearch) -> str:
        if found.trying is None:
            return self.say("search.waiting")
        return self.say("batches.under-way", size=self.say.number(found.trying))

    def advice(self, found: BatchSearch) -> list[str]:
        return batch_advice(found, self.say)

    def settings_from(self, found: BatchSearch) -> dict[str, Any]:
        return batch_settings(found)
