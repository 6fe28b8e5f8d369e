"""The base of all screens: keys from the table, the bar that shows them, help for the focused widget, a way back."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.binding import BindingsMap
from textual.content import Content
from textual.events import DescendantBlur, DescendantFocus
from textual.keys import key_to_character
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, Static

from mmrec_tui.app.keys import Key, acts_beside, keys_of, shown_key, word_key
from mmrec_tui.app.stage import OpenScreen
from mmrec_tui.app.widgets.fields import Search
from mmrec_tui.app.widgets.restyling import set_line
from mmrec_tui.terminal import one_line

if TYPE_CHECKING:
    from mmrec_tui.app.own_app import OwnApp
    from mmrec_tui.app.session import Work
    from mmrec_tui.locales import Wording


class MmrecScreen(Screen[Any]):
    """table: the screen's name in the table of keys. topic: where the guide opens by default."""

    table: ClassVar[str] = ""
    topic: ClassVar[str | None] = None

    def __init__(self) -> None:
        super().__init__()
        self._is_opened_again = False
        self._bindings = BindingsMap()
        self._bindings.bind("tab", "app.focus_next", show=False)
        self._bindings.bind("shift+tab", "app.focus_previous", show=False)
        for key in keys_of(self.table):
            self._bindings.bind(key.keys, key.action, show=False, priority=key.priority)

    @property
    def own_app(self) -> OwnApp:
        return cast("OwnApp", self.app)

    def fit_first_frame(self) -> None:
        """The classes of the breakpoints at once. Textual sets them after the first frame, which is a narrow one then.

        Not for a screen with panels that grow with their words: those take their height from the resize that follows.
        """
        width, height = self.app.size
        for cells, breakpoints in ((width, self.app.HORIZONTAL_BREAKPOINTS), (height, self.app.VERTICAL_BREAKPOINTS)):
            self.add_class(next(name for least, name in reversed(breakpoints or []) if cells >= least))

    @property
    def _trained(self) -> str:
        """The name of the run that is being trained here; empty if there is none."""
        training = self.own_app.stage.training
        return "" if training is None else one_line(training.folder.name)

    @property
    def say(self) -> Wording:
        return self.own_app.say

    def shown_keys(self) -> list[Key]:
        """The keys that have an effect now, the most important first; the palette offers them."""
        return keys_of(self.table)

    def barred_keys(self) -> list[Key]:
        """Those of the shown keys that the bar names."""
        return self.shown_keys()

    def acts_now(self, key: Key) -> bool:
        """Whether a key reaches the screen, or is taken by the focused widget, as letters are by a field."""
        return acts_beside(key, self._takes)

    def _takes(self, name: str) -> bool:
        focused = self.focused
        if focused is None:
            return False
        bound = isinstance(focused, Input) and name in focused._bindings.key_to_bindings
        return bound or focused.check_consume_key(name, key_to_character(name))

    def shown_key(self, key: Key) -> str:
        """How the bar writes a key: one that acts now."""
        if key.beside and self._takes(key.keys.split(",")[0]):
            return key.beside
        return shown_key(key, self.say, self.say.knows)

    def refresh_keys(self) -> None:
        """Update the bar, because the active keys have changed."""
        for bar in self.query(KeyBar):
            bar.show_keys()

    def on_screen_suspend(self) -> None:
        """Back from a dialog nothing gets the focus that had none: Textual would put it into the first field."""
        self.AUTO_FOCUS = ""  # type: ignore[misc]

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        self.refresh_keys()

    def on_descendant_blur(self, event: DescendantBlur) -> None:
        self.refresh_keys()

    def take_remedy(self, changes: dict[str, Any]) -> None:
        """A remedy has changed these settings of the run that is planned: for the screen of its plan, below."""

    def leave_processors(self) -> Work[Any] | None:
        """Another screen computes from now on. Returns the work of this one that is still under way, to be waited for."""
        return None

    def open_setting(self, name: str) -> None:
        """Where a setting is explained: here in the guide."""
        self.own_app.action_guide(name)

    def call_after_refresh(self, callback: Callable[..., Any], *args: Any, **kwargs: Any) -> bool:
        """As Textual's, unless the screen has been closed by then: the one below it would be asked to draw this one."""

        def unless_closed() -> object:
            return None if self._closing or self._pruning else callback(*args, **kwargs)

        return super().call_after_refresh(unless_closed)

    # Opened again in another language

    def opened_again(self) -> dict[str, Any] | None:
        """Arguments of its class with which a screen of the next app shows what this one does; None if it is not opened again.
        It is asked just before this app ends. Work that the arguments take along goes on, see `stop_work`."""
        return {}

    def stop_work(self) -> None:
        """Stop the background work of this screen, which is closed and not opened again."""

    def on_unmount(self) -> None:
        if not self._is_opened_again:
            self.stop_work()

    def focus_on(self, id: str) -> None:
        """Focus a widget, if there is one with this id."""
        found = self.query(f"#{id}") if id else None
        if found:
            self.set_focus(found.first(Widget))

    # Actions of keys on every screen

    def action_keys(self) -> None:
        """All keys of this screen, each of which can be chosen there."""
        from mmrec_tui.app.screens.keys import KeysScreen

        self.app.push_screen(KeysScreen(self), self._run_chosen)

    def _run_chosen(self, action: str | None) -> None:
        if action is not None:
            self.call_later(self.run_action, action)

    def action_help(self) -> None:
        """The guide, opened at the topic of the focused widget."""
        node: Widget | None = self.focused
        while node is not None and getattr(node, "topic", None) is None:
            node = node.parent if isinstance(node.parent, Widget) else None
        self.own_app.action_guide(getattr(node, "topic", None) or self.topic)

    def action_guide(self) -> None:
        self.own_app.action_guide(self.topic)

    def action_back(self) -> None:
        """One step back: Esc leaves an input first, then the screen. A search ends with it: everything is listed again."""
        focused = self.focused
        if isinstance(focused, Search):
            focused.value = ""
            self.set_focus(self.query_one(focused.found))
        elif isinstance(focused, Input):
            self.set_focus(None)
        elif len(self.app.screen_stack) > 1:
            self.leave()

    def action_back_clicked(self) -> None:
        """The bar's way back was clicked."""
        self.action_back()

    def leave(self) -> None:
        """To the screen before this one."""
        self.dismiss()

    def action_quit_now(self) -> None:
        self.own_app.action_quit_now()

    def action_language(self) -> None:
        self.own_app.action_language()

    def action_theme(self) -> None:
        self.own_app.action_theme()

    def action_notifications(self) -> None:
        self.own_app.action_notifications()

    def action_command_palette(self) -> None:
        self.own_app.action_command_palette()


def open_screens(stack: Iterable[Screen[Any]]) -> list[OpenScreen]:
    """The screens of an app over its first one, to be opened again by the next app."""
    found = []
    for screen in stack:
        how = screen.opened_again() if isinstance(screen, MmrecScreen) and screen.table != "start" else None
        if how is not None:
            focused, own = screen.focused, cast(MmrecScreen, screen)
            own._is_opened_again = True
            found.append(OpenScreen(own.table, how, (focused.id if focused else "") or ""))
    return found


class Title(Static):
    """The first line: the name of the screen."""

    def __init__(self, text: str) -> None:
        super().__init__(Content(f" mmrec · {text}"), classes="title")


_LAST = ("keys", "back", "quit_now")  # at the end of the bar, always shown
_MORE = 4  # columns of the number of keys that did not fit


class KeyBar(Static):
    """The last line: as many of the active keys as fit, which can be clicked too. The list of all keys, with the number of
    those that did not fit, and the ways to leave are always at the end; for some seconds, what was done may stand there."""

    def on_mount(self) -> None:
        self.show_keys()

    def on_resize(self) -> None:
        self.show_keys()

    def show_keys(self) -> None:
        screen = cast(MmrecScreen, self.screen)
        say = screen.say
        acting = [key for key in screen.barred_keys() if screen.acts_now(key)]
        can_go_back = len(self.app.screen_stack) > 1 or isinstance(screen.focused, Input)
        ways_out = [action for action in _LAST if action != "back" or can_go_back]
        last = [next(key for key in acting if key.action == action) for action in ways_out
                if any(key.action == action for key in acting)]  # fmt: skip
        width = self.size.width - 1
        room = width - sum(_length(key, screen) for key in last)
        others = [key for key in acting if key.action not in _LAST]
        shown = _fitting(others, room, screen)
        if len(shown) < len(others) and any(key.action == "keys" for key in last):
            shown = _fitting(others, room - _MORE, screen)
        more = len(others) - len(shown)
        parts: list[Content] = []
        for key in [*shown, *last]:
            number = f" +{more}" if more and key.action == "keys" else ""
            words = Content(f" {say(word_key(key.action))}{number}  ")
            parts.append(
                (Content.styled(screen.shown_key(key), "bold $accent") + words).stylize(f"@click=screen.{_call(key)}")
            )
        note = screen.own_app.note
        if note is not None:  # the keys before it stay where the mouse points
            room = width - note.cell_length - 1
            parts = [
                part for part, end in zip(parts, itertools.accumulate(map(len, parts)), strict=True) if end <= room
            ]
            used = sum(map(len, parts))
            parts.append(Content(" " * max(0, width - used - note.cell_length - 1)) + note)
        set_line(self, Content(" ") + Content("").join(parts))


def _fitting(keys: list[Key], room: int, screen: MmrecScreen) -> list[Key]:
    """The first keys that fit into so many columns."""
    ends = itertools.accumulate(_length(key, screen) for key in keys)
    return [key for key, end in zip(keys, ends, strict=True) if end <= room]


def _length(key: Key, screen: MmrecScreen) -> int:
    return len(screen.shown_key(key)) + len(screen.say(word_key(key.action))) + 3


def _call(key: Key) -> str:
    action = "back_clicked" if key.action == "back" else key.action
    return action if "(" in action else f"{action}()"
