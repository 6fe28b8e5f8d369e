"""The keys of a screen, in a list over it, with what each does; a key can be chosen or pressed there."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol, cast

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.events import Key as KeyEvent
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from mmrec_tui.app.keys import Key, about_key, shown_key, word_key
from mmrec_tui.app.screens.dialog import Dialog, hints
from mmrec_tui.app.widgets.panel import hanging
from mmrec_tui.app.widgets.restyling import set_options

if TYPE_CHECKING:
    from mmrec_tui.app.own_app import OwnApp
    from mmrec_tui.locales import Wording

_OF_THE_LIST = ("enter", "escape", "question_mark", "f5", "up", "down")
_WITH_SIGNS = ("checklist", "training", "report")  # screens with the guide's items
_KEY_WIDTH, _WORD_WIDTH = 6, 15


class HasKeys(Protocol):
    """A screen as in `base`: its name in the table of keys, and the keys that have an effect now."""

    table: ClassVar[str]

    def shown_keys(self) -> list[Key]: ...


class KeysScreen(Dialog["str | None"]):
    """below: the screen whose keys are listed. Its result is the action to run there."""

    BINDINGS: ClassVar = [("question_mark,f5", "leave", "")]

    def __init__(self, below: HasKeys) -> None:
        super().__init__()
        self._table = below.table
        self._keys = [key for key in below.shown_keys() if key.action not in ("keys", "back")]

    def compose(self) -> ComposeResult:
        say = cast("OwnApp", self.app).say
        with Vertical(id="dialog", classes="tall"):
            title = say("keys.title", screen=say(f"screen.{self._table}"))
            yield Static(Content.styled(title, "bold $primary"))
            yield OptionList(*self._options(say, 0), id="key-list")
            yield Static(Content.styled(say("keys.move"), "$foreground 80%"))
            yield Static(hints(say("keys.what")))

    def on_mount(self) -> None:
        self.set_focus(self.query_one(OptionList))

    def on_resize(self) -> None:
        self.call_after_refresh(self._wrap)

    def _wrap(self) -> None:
        """Update the list, with its rows wrapped to the present width."""
        where = self.query_one(OptionList)
        width = where.scrollable_content_region.width
        set_options(where, self._options(cast("OwnApp", self.app).say, width))

    def _options(self, say: Wording, width: int) -> list[Option]:
        options = []
        parts = (("keys.here", [key for key in self._keys if key.screens]),
                 ("keys.everywhere", [key for key in self._keys if not key.screens]))  # fmt: skip
        for heading, keys in parts:
            if heading == "keys.everywhere" and self._table in _WITH_SIGNS:  # not last, where the cursor does not come
                options += self._signs(say, width)
            if keys:
                options.append(Option(Content.styled(say(heading), "bold $primary"), disabled=True))
            options += [Option(_line(key, say, width), id=str(self._keys.index(key))) for key in keys]
        return options

    def _signs(self, say: Wording, width: int) -> list[Option]:
        signs = hanging(Content(" " * (_KEY_WIDTH + 2)), Content(say("keys.signs-are")), width)
        heading = Content.styled(say("keys.signs"), "bold $primary")
        return [Option(heading, disabled=True), Option(signs, disabled=True)]

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._keys[int(str(event.option.id))].action)

    def on_key(self, event: KeyEvent) -> None:
        """A key of the screen below acts on that screen."""
        pressed = next((key for key in self._keys if event.key in key.keys.split(",")), None)
        if pressed is not None and event.key not in _OF_THE_LIST:
            event.stop()
            self.dismiss(pressed.action)


def _line(key: Key, say: Wording, width: int) -> Content:
    word = say(word_key(key.action))
    about = say(about_key(key.action))
    line = Content.styled(f" {shown_key(key, say, say.knows):>{_KEY_WIDTH}} ", "bold $accent") + Content.styled(
        f"{word:<{_WORD_WIDTH}} ", "bold"
    )
    return hanging(line, Content(about), width) if about != word else line
