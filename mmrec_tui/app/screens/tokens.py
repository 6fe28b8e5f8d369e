"""A text as a trained model reads it: each token coloured by its probability, what was expected, and the memories."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from mmrec_tui.app.in_app import error_text
from mmrec_tui.app.keys import Key, keys_of
from mmrec_tui.app.screens.base import KeyBar, MmrecScreen, Title
from mmrec_tui.app.session import Work
from mmrec_tui.app.widgets.panel import plain
from mmrec_tui.app.widgets.token_text import TokenText, level_styles
from mmrec_tui.presentation.token_losses import LEVELS, expected_of, expected_text, level, memory_rows, visible
from mmrec_tui.presentation.token_losses_html import summary
from mmrec_tui.terminal import one_line

if TYPE_CHECKING:
    from mmrec_engine.evaluation.inspection import Inspection
    from mmrec_engine.evaluation.trained_model import Trained

_LOOK_SECONDS = 0.1
_TOKENS = 2000
_SPARK = 24


@dataclass(frozen=True)
class Looked:
    """unknown: the characters of the text that the tokenizer has no id for. is_split: the text is the validation split."""

    inspection: Inspection
    trained: Trained
    unknown: tuple[str, ...] = ()
    is_split: bool = False


class TokensScreen(MmrecScreen):
    """checkpoint: of the model. Its validation split is read first, another text on request. looked: a text that is read
    already."""

    table: ClassVar[str] = "tokens"
    topic: ClassVar[str | None] = "loss"

    def __init__(self, checkpoint: Path, looked: Looked | None = None) -> None:
        super().__init__()
        self._checkpoint = checkpoint
        self._looked = looked
        self._work: Work[Looked] | None = None
        if looked is None:
            self._work = Work(lambda work: _look(work, checkpoint, None, None))
        self._hard: list[int] = []  # the tokens from the least expected on, and which of them was shown last
        self._rank = 0

    def compose(self) -> ComposeResult:
        say = self.say
        yield Title(say("look.title", name=one_line(self._checkpoint.parent.name)))
        yield Static(say("report.loading"), id="tokens-summary")
        yield TokenText(id="tokens")
        yield Static(id="token")
        yield Static(id="memories")
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        self.set_focus(self.query_one(TokenText))
        self.set_interval(_LOOK_SECONDS, self._poll)
        if self._looked is not None:
            self.call_after_refresh(self._show, self._looked)

    def opened_again(self) -> dict[str, Any]:
        return {"checkpoint": self._checkpoint, "looked": self._looked}

    def on_unmount(self) -> None:
        if self._work is not None:
            self._work.stop()

    def _poll(self) -> None:
        work, say = self._work, self.say
        if work is None:
            return
        where = self.query_one("#tokens-summary", Static)
        if not work.done:
            progress: Any = work.progress
            if progress is not None:
                where.update(f"{say(f'task.{progress.task}')} {say.how_far(progress.done, progress.total)}")
            return
        self._work = None
        if work.result is not None:
            self._looked = work.result
            self._show(work.result)
        elif work.error is not None:
            where.update(Content.styled("✗ ", "bold $error") + plain(error_text(work.error, say)))

    def _show(self, looked: Looked) -> None:
        inspection, say = looked.inspection, self.say
        self._hard, self._rank = inspection.hardest(len(inspection.tokens)), 0
        bounds = [say("look.level", share=say.whole_percent(bound)) for bound in LEVELS[:-1]]
        bounds.append(say("look.level-below", share=say.whole_percent(LEVELS[-2])))
        styles = level_styles(self.app.no_color)
        levels = [Content.styled(f" {words} ", styles[n]) for n, words in enumerate(bounds)]
        legend = Content(" ").join([plain(say("look.levels")), *levels])
        words = summary(inspection, say)
        lines = [plain(say("look.split", summary=words) if looked.is_split else words), legend]
        if looked.unknown:
            lines.insert(1, plain(say("report.unknown", characters=" ".join(looked.unknown)), "$warning"))
        self.query_one("#tokens-summary", Static).update(Content("\n").join(lines))
        text = self.query_one(TokenText)
        text.show([(token.text, level(token)) for token in inspection.tokens], self._hard[0])
        self._show_token(self._hard[0])
        self.query_one("#memories", Static).update(self._memories(inspection))
        self.query_one("#memories").set_class(not inspection.memories, "-none")
        self.refresh_keys()

    def _memories(self, inspection: Inspection) -> Content:
        say = self.say
        lines = [Content.styled(say("tokens.memories"), "bold $primary")]
        for constant, cost, norms in memory_rows(inspection, say, _SPARK):
            lines.append(plain(say("tokens.memory", constant=constant.rjust(5), cost=cost.rjust(8), norms=norms)))
        return Content("\n").join(lines)

    def on_token_text_moved(self, event: TokenText.Moved) -> None:
        self._show_token(event.token)

    def _show_token(self, number: int) -> None:
        looked, say = self._looked, self.say
        if looked is None:
            return
        token = looked.inspection.tokens[number]
        if token.logprob is None:
            words = say("tokens.first", token=visible(token.text))
        else:
            expected = expected_text(expected_of(token, looked.trained.tokenizer.decode), say)
            loss = say.number(-token.logprob, 2)
            words = say("tokens.token", token=visible(token.text), loss=loss, expected=expected)
        self.query_one("#token", Static).update(plain(words))

    # Keys

    @property
    def _is_low(self) -> bool:
        """Whether there is no room for the memories below the text."""
        return self.has_class("-low") or self.has_class("-flat")

    def shown_keys(self) -> list[Key]:
        looked = self._looked
        offered = self._is_low and looked is not None and bool(looked.inspection.memories)
        return [key for key in keys_of(self.table) if offered or key.action != "memories"]

    def action_memories(self) -> None:
        """The memories in the place of the text, or the text again."""
        self.toggle_class("-memories")

    def on_resize(self) -> None:
        self.call_after_refresh(self.refresh_keys)

    def action_token_before(self) -> None:
        self.query_one(TokenText).move(-1)

    def action_token_after(self) -> None:
        self.query_one(TokenText).move(1)

    def action_line_before(self) -> None:
        self.query_one(TokenText).move_lines(-1)

    def action_line_after(self) -> None:
        self.query_one(TokenText).move_lines(1)

    def action_hard(self) -> None:
        """The next of the least expected tokens, the hardest first."""
        if self._hard:
            self._rank = (self._rank + 1) % len(self._hard)
            self.query_one(TokenText).go_to(self._hard[self._rank])

    def action_other_text(self) -> None:
        from mmrec_tui.app.screens.asking import AskingScreen

        if self._looked is None or self._work is not None:
            return
        self.app.push_screen(AskingScreen(self.say("tokens.which-text")), self._read)

    def _read(self, text: str | None) -> None:
        looked, checkpoint = self._looked, self._checkpoint
        if text and looked is not None:
            self._work = Work(lambda work: _look(work, checkpoint, text, looked.trained))


class _Stopped(Exception):
    """The screen was left; nobody waits for the result."""


def _look(work: Work[Looked], checkpoint: Path, text: str | None, trained: Trained | None) -> Looked:
    """Load the model unless it is loaded, and read the text; None: the run's validation split."""
    from mmrec_engine.data.sources.text import clean
    from mmrec_engine.evaluation.inspection import inspect, validation_ids
    from mmrec_engine.evaluation.trained_model import load_trained
    from mmrec_engine.events import Progress, result_of
    from mmrec_engine.tokenizer import unknown_characters

    def show(progress: Progress) -> None:
        if work.stopping():
            raise _Stopped
        work.progress = progress

    trained = trained or load_trained(str(checkpoint))
    if text is None:
        inspection = result_of(inspect(trained, result_of(validation_ids(trained), show), _TOKENS), show)
        return Looked(inspection, trained, is_split=True)
    text = clean(text)
    unknown = tuple(unknown_characters(trained.tokenizer, text))
    return Looked(result_of(inspect(trained, trained.tokenizer.encode(text), _TOKENS), show), trained, unknown)
