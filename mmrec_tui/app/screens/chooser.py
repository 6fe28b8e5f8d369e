"""The file chooser: a path to type or paste, and a tree of folders that it filters; or a data set, `hf:OWNER/NAME`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.events import Key, Paste
from textual.message import Message
from textual.widgets import DirectoryTree, Input, Static
from textual.widgets.directory_tree import DirEntry

from mmrec_engine.locales.letters import folded
from mmrec_tui.app.draft import corpora_as_typed
from mmrec_tui.app.screens.dialog import Dialog, hints
from mmrec_tui.app.typed_text import Below, Choice, choice_of, first_folder, is_folder, pasted_path, split_path
from mmrec_tui.terminal import one_line

if TYPE_CHECKING:
    from mmrec_tui.app.own_app import OwnApp


class PathInput(Input):
    """While it is empty, ← and → act on the tree below, as its keys say."""

    def action_cursor_left(self, select: bool = False) -> None:
        if self.value:
            super().action_cursor_left(select)
        else:
            self._in_the_tree().action_up()

    def action_cursor_right(self, select: bool = False) -> None:
        if self.value:
            super().action_cursor_right(select)
        else:
            self._in_the_tree().action_into()

    def _in_the_tree(self) -> TextTree:
        tree = self.screen.query_one(TextTree)
        tree.focus()
        return tree


class TextTree(DirectoryTree):
    """Folders and files without hidden ones; only names with `wanted` in them. ← goes up, beyond the first folder too."""

    BINDINGS: ClassVar = [Binding("left,backspace", "up", "", show=False), Binding("right", "into", "", show=False)]

    class Moved(Message):
        """Show another folder as the first one."""

    class Listed(Message):
        """What was asked for last is shown."""

    wanted = ""

    _asked: tuple[Path, str] | None = None
    _reloads = False

    def show_folder(self, folder: Path, wanted: str) -> None:
        """Show this folder's names with `wanted` in them, soon: one reload at a time, of what was asked for last.

        Each letter asks for one. Two reloads at once can leave Textual's queue of folders with one that nobody takes, for
        which the closing of the screen, and with it every key, would wait for ever.
        """
        self._asked = folder, wanted
        if not self._reloads:
            self._reloads = True
            self.run_worker(self._show_asked(), exit_on_error=False)

    async def _show_asked(self) -> None:
        try:
            while self._asked is not None:
                (folder, self.wanted), self._asked = self._asked, None
                self.set_reactive(TextTree.path, folder)
                self.reset_node(self.root, str(folder), DirEntry(self.PATH(folder)))
                await self.reload()
                self.cursor_line = 0
                self.scroll_to(0, 0, animate=False)
            self.post_message(self.Listed())
        finally:
            self._reloads = False

    def watch_path(self) -> None:  # type: ignore[override]
        """Without waiting, as the message that sets the path would be waited for too."""
        self.show_folder(Path(self.path), self.wanted)

    def _on_tree_node_expanded(self, event: DirectoryTree.NodeExpanded[DirEntry]) -> None:  # type: ignore[override]
        """List the folder without waiting for it: the tree's messages would wait too."""
        event.prevent_default()
        event.stop()
        if event.node.data is not None:
            self._add_to_load_queue(event.node)

    def filter_paths(self, paths: Iterable[Path]) -> Iterable[Path]:
        return [
            path
            for path in paths
            if not path.name.startswith(".") and (self.wanted in folded(path.name) or is_folder(path))
        ]

    def render_label(self, node: Any, base_style: Any, style: Any) -> Any:
        """The first line is the whole path of the folder."""
        if node is self.root:
            node._label = type(node._label)(one_line(str(Path(self.path).absolute())))
        return super().render_label(node, base_style, style)

    def action_up(self) -> None:
        """Close the folder under the cursor, else go to its parent."""
        node = self.cursor_node
        if node is None:
            return
        if node is not self.root and node.allow_expand and node.is_expanded:
            node.collapse()
        elif node.parent is not None:
            self.move_cursor(node.parent)
        else:
            self.wanted = ""
            self.path = Path(self.path).absolute().parent
            self.post_message(self.Moved())

    def action_into(self) -> None:
        node = self.cursor_node
        if node is not None and node.allow_expand:
            if node.is_expanded:
                self.action_cursor_down()
            else:
                node.expand()

    def action_cursor_up(self) -> None:
        if self.cursor_line <= 0:
            self.screen.query_one("#path").focus()
        else:
            super().action_cursor_up()


class ChooserScreen(Dialog["dict[str, str | tuple[str, ...]] | None"]):
    """Its result is a change of the plan: a value of the setting `data_dir`, or of `--corpus` for a data set.

    What is chosen is what was used last, the field or the tree; a line says what it is. why: a line above the question.
    """

    BINDINGS: ClassVar = [("ctrl+s", "take", ""), ("down", "tree", "")]

    def __init__(self, why: str = "") -> None:
        super().__init__()
        self._why = why
        self._from_tree = False  # whether the tree was used after the field
        self._typed: Choice | None = None
        self._below = Below()  # listed again when the chooser is opened again

    @property
    def _own_app(self) -> OwnApp:
        return cast("OwnApp", self.app)

    def compose(self) -> ComposeResult:
        say = self._own_app.say
        stage = self._own_app.stage
        self._base = first_folder(stage.text_folder, stage.preferences.corpora)
        with Vertical(id="dialog", classes="tall"):
            if self._why:
                yield Static(self._why, id="why", markup=False)
            yield Static(say("chooser.what"))
            yield PathInput(placeholder=say("chooser.path"), select_on_focus=False, id="path")
            yield TextTree(self._base, id="tree")
            yield Static(id="take")
            yield Static(hints(say("chooser.keys")))

    def on_mount(self) -> None:
        self.set_focus(self.query_one("#path"))
        self._show_choice()

    def on_unmount(self) -> None:
        self._own_app.stage.text_folder = self._base

    def dismiss(self, result: dict[str, str | tuple[str, ...]] | None = None) -> AwaitComplete:
        """The closing waits for the tree's workers, so those end first."""
        tree = self.query_one(TextTree)
        tree.workers.cancel_node(tree)
        return super().dismiss(result)

    @property
    def _choice(self) -> Choice:
        if self._typed is not None and not self._from_tree:
            return self._typed
        tree = self.query_one(TextTree)
        node = tree.cursor_node
        path = tree.path if node is None or node is tree.root or node.data is None else node.data.path
        return Choice({"data_dir": str(Path(path).absolute())})

    def _show_choice(self) -> None:
        """Choose what Ctrl+S, or a click here, chooses; or why it chooses nothing."""
        say, choice = self._own_app.say, self._choice
        line = self.query_one("#take", Static)
        if choice.taken is None:
            line.update(Content.styled(say(choice.refusal, **choice.values), "$warning"))
        else:
            name = one_line(corpora_as_typed(next(iter(choice.taken.values()))))
            words = Content.styled(say("chooser.take", name=name), "bold $accent")
            line.update(words.stylize("@click=screen.take()"))

    def on_tree_node_highlighted(self) -> None:
        self._from_tree = self._from_tree or isinstance(self.focused, TextTree)
        self._show_choice()

    def on_text_tree_moved(self) -> None:
        self._base, self._from_tree = Path(self.query_one(TextTree).path), True
        self._show_choice()

    def on_text_tree_listed(self) -> None:
        self._show_choice()  # without a typed path it is what the tree shows

    def on_descendant_focus(self) -> None:
        if isinstance(self.focused, PathInput):
            self._from_tree = False
            self._show_choice()

    def on_input_changed(self, event: Input.Changed) -> None:
        """A path opens its folder in the tree; any other word filters the names."""
        tree = self.query_one(TextTree)
        text = pasted_path(event.value)
        folder, name = split_path(text, self._base)
        self._typed = choice_of(text, self._base, self._below) if text else None
        self._from_tree = False
        tree.show_folder(folder, folded(name))
        self._show_choice()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.value.strip():
            self.action_take()

    def on_key(self, event: Key) -> None:
        """A letter typed in the tree goes to the field."""
        if isinstance(self.focused, TextTree) and event.is_printable and event.character not in (None, " "):
            path = self.query_one("#path", PathInput)
            path.value += event.character or ""
            path.focus()
            path.cursor_position = len(path.value)
            event.stop()

    def on_paste(self, event: Paste) -> None:
        """Pasted text is a path, wherever the cursor is; a focused field has accepted it already."""
        path = self.query_one("#path", PathInput)
        path.value = event.text.strip().split("\n")[0]
        path.focus()
        path.cursor_position = len(path.value)

    def on_directory_tree_file_selected(self, event: DirectoryTree.FileSelected) -> None:
        self._take(Choice({"data_dir": str(event.path.absolute())}))

    def action_tree(self) -> None:
        self.query_one(TextTree).focus()

    def action_take(self) -> None:
        """What the line says."""
        path = self.query_one("#path", PathInput)
        if self._typed is not None and not self._from_tree:  # the field may have changed since
            self._typed = choice_of(pasted_path(path.value), self._base, self._below)
        self._take(self._choice)

    def _take(self, choice: Choice) -> None:
        app = self._own_app
        if choice.error is not None:
            app.tell_error(choice.error)
        elif choice.taken is None:
            self.app.bell()  # the line above the keys says why
        else:
            path = choice.taken.get("data_dir")
            if isinstance(path, str) and Path(path).parent.is_dir():
                self._base = Path(path).parent
            self.dismiss(choice.taken)
