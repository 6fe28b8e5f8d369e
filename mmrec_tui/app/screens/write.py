"""A place to write in: the model continues at the cursor, and each of its tokens shows how sure it was."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static, TextArea

from mmrec_engine.errors import MmrecError
from mmrec_engine.locales.numbers import percentage
from mmrec_tui.app.marks import SURE, UNSURE, Mark, mark_at
from mmrec_tui.app.screens.base import KeyBar, MmrecScreen, Title
from mmrec_tui.app.stage import Draft
from mmrec_tui.app.widgets.panel import plain
from mmrec_tui.app.widgets.paper import Paper
from mmrec_tui.app.widgets.restyling import set_line
from mmrec_tui.app.writing import Alternative, Continuing, save_text
from mmrec_tui.locales import Wording
from mmrec_tui.terminal import one_line

_LOOK_SECONDS = 0.1
_SEEDS = 2**31
_WARMER = 0.1
_HOTTEST = 20  # in steps of `_WARMER`


class WriteScreen(MmrecScreen):
    """checkpoint: as for `load_trained`. title: its name, as shown."""

    table: ClassVar[str] = "write"
    topic: ClassVar[str | None] = "temperature"

    def __init__(self, checkpoint: str, title: str) -> None:
        super().__init__()
        self._checkpoint, self._model = checkpoint, title
        self._continuing = Continuing(checkpoint)
        self._warmth = Draft.warmth  # the temperature in steps of `_WARMER`
        self._seed = secrets.randbelow(_SEEDS)
        self._found: list[Alternative] = []  # at the place where the model wrote last
        self._at = -1  # which of them is in the text
        self._where = (0, "", "")  # their place, and the text before and after it
        self._last_line: object = None

    @property
    def _draft(self) -> Draft:
        return self.own_app.stage.drafts.get(self._checkpoint, Draft())

    def compose(self) -> ComposeResult:
        draft = self._draft
        self._warmth = draft.warmth
        yield Title(self.say("write.title", name=one_line(self._model)))
        yield Paper(draft.text, draft.marks, self.say("write.empty"))
        yield Static(id="sureness")
        yield Static(id="writing")
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        paper = self.query_one(Paper)
        paper.move_cursor(paper.document.end)
        self.set_focus(paper)
        self.set_interval(_LOOK_SECONDS, self._look)
        self._look()

    def on_unmount(self) -> None:
        self._continuing.stop()

    def opened_again(self) -> dict[str, Any]:
        return {"checkpoint": self._checkpoint, "title": self._model}

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        paper = self.query_one(Paper)
        paper.follow_edit()
        self._find_shown()
        self._keep()

    def _keep(self) -> None:
        paper = self.query_one(Paper)
        draft = replace(self._draft, text=paper.text, marks=tuple(paper.marks), warmth=self._warmth)
        self.own_app.stage.drafts[self._checkpoint] = draft

    def _look(self) -> None:
        self._continuing.look()
        if self._continuing.error is not None:
            self.own_app.tell_error(self._continuing.error)
            self._continuing.error = None
        if self._continuing.ready is not None:
            self._take(self._continuing.ready)
            self._continuing.ready = None
        paper, say = self.query_one(Paper), self.say
        mark = mark_at(paper.marks, paper.place)
        shown = self._at >= 0 and self._still_there()
        writing, loading = self._continuing.writing, self._continuing.loading
        state = (mark, self._warmth, shown, self._at, len(self._found), writing, loading)
        if state == self._last_line:
            return
        self._last_line = state
        set_line(self.query_one("#sureness", Static), self._about_token(mark))
        doing = "write.loading" if loading else "write.under-way" if writing else ""
        parts = [say("write.temperature", value=say.number(self._warmth * _WARMER, 1))]
        if shown:
            parts.append(say("write.alternative", number=self._at + 1, count=len(self._found)))
            if self._found[self._at].ended:
                parts.append(say("write.ended"))
        set_line(self.query_one("#writing", Static), plain(" · ".join([*parts, *([say(doing)] if doing else [])])))

    def _about_token(self, mark: Mark | None) -> Content:
        say = self.say
        if mark is None:
            return self._legend()
        token = self.query_one(Paper).text[mark.start : mark.end]
        others = ", ".join(f"{_quoted(text)} {_percent(share, say)}" for text, share in mark.others)
        return plain(say("write.token", token=_quoted(token), share=_percent(mark.share, say), others=others))

    def _legend(self) -> Content:
        """The levels, each as the paper shows it."""
        say, unsure = self.say, "bold" if self.app.no_color else "$warning"
        sure, middle = (say("look.level", share=say.whole_percent(bound)) for bound in (SURE, UNSURE))
        least = say("look.level-below", share=say.whole_percent(UNSURE))
        styles = ("" if self.app.no_color else "$success", unsure, "underline $error")
        levels = [Content.styled(words, style) for words, style in zip((sure, middle, least), styles, strict=True)]
        return Content("  ").join([plain(say("write.legend")), *levels])

    def _take(self, alternative: Alternative) -> None:
        """A continuation that has come, unless the text has changed in the meantime."""
        if self._still_there():
            self._found.append(alternative)
            self._show(len(self._found) - 1)
        else:
            self.own_app.tell("write.text-changed")

    def _still_there(self) -> bool:
        """Whether the text is still the one that is being continued, with the alternative that it shows."""
        _, before, after = self._where
        shown = self._found[self._at].text if self._at >= 0 else ""
        return self.query_one(Paper).text == before + shown + after

    def _find_shown(self) -> None:
        """After an undo or a redo the text may have another continuation than before, or none."""
        _, before, after = self._where
        text = self.query_one(Paper).text
        if self._found and not self._still_there():
            texts = [before + one.text + after for one in self._found]
            if text in texts:
                self._at = texts.index(text)
            elif text == before + after:
                self._at = -1

    def _show(self, number: int) -> None:
        start, _, _ = self._where
        shown = self._found[self._at].text if self._at >= 0 else ""
        alternative, self._at = self._found[number], number
        self.query_one(Paper).write(start, start + len(shown), alternative.text, alternative.marks)

    def _begin(self) -> None:
        sampling = {"temperature": self._warmth * _WARMER, "seed": self._seed}
        self._continuing.begin(self._where[1], sampling, len(self._found))

    # Keys

    def action_write_on(self) -> None:
        """Let the model continue at the cursor."""
        if self._continuing.writing:
            return
        paper = self.query_one(Paper)
        self._where = (paper.place, paper.text[: paper.place], paper.text[paper.place :])
        self._found, self._at = [], -1
        self._seed = secrets.randbelow(_SEEDS)
        self._begin()

    def action_next_alternative(self) -> None:
        """The next continuation of the same text; after the last one another is made."""
        if self._continuing.writing:
            return
        if not self._found or not self._still_there():
            self.action_write_on()
        elif self._at + 1 < len(self._found):
            self._show(self._at + 1)
        elif self._warmth == 0:
            self.own_app.tell("write.same")
        else:
            self._begin()

    def action_alternative_before(self) -> None:
        if self._at > 0 and not self._continuing.writing and self._still_there():
            self._show(self._at - 1)

    def action_warmer(self) -> None:
        self._warmth = min(_HOTTEST, self._warmth + 1)
        self._keep()

    def action_cooler(self) -> None:
        self._warmth = max(0, self._warmth - 1)
        self._keep()

    def action_save_text(self) -> None:
        """Write the text to a file of its own beside the model."""
        draft = self._draft
        if not draft.is_unsaved:
            self.own_app.tell("write.nothing-to-save")
            return
        try:
            path = save_text(self._checkpoint, draft.text)
        except MmrecError as error:
            self.own_app.tell_error(error)
            return
        self.own_app.stage.drafts[self._checkpoint] = replace(draft, saved=draft.text)
        self.own_app.tell("write.saved", path=one_line(str(path)))

    def action_undo_text(self) -> None:
        self._continuing.stop()
        self.query_one(Paper).undo()
        self._find_shown()

    def on_key(self, event: events.Key) -> None:
        """Typing returns to a text that was left."""
        if self.focused is None and event.is_printable and event.key not in self._bindings.key_to_bindings:
            event.stop()
            paper = self.query_one(Paper)
            self.set_focus(paper)
            paper.insert(event.character or "")

    def action_back(self) -> None:
        """Esc leaves the text first, then the screen; the text stays as long as the app is open."""
        if isinstance(self.focused, Paper):
            self.set_focus(None)
            self.own_app.tell("write.left-text")
        else:
            super().action_back()

    def action_back_clicked(self) -> None:
        """At once: a click is no key that might belong to the text."""
        self.leave()


def _percent(share: float, say: Wording) -> str:
    return percentage(f"{100 * share:.0f}", say.language)


def _quoted(token: str) -> str:
    return f"“{one_line(token.replace(chr(10), '⏎'))}”"
