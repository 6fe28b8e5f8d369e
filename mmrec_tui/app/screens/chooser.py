"""The file chooser: a path to type or paste, and a tree of folders that it filters; or a data set, `hf:OWNER/NAME`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast
from urllib.parse import unquote, urlsplit

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.events import Paste
from textual.message import Message
from textual.widgets import DirectoryTree, Input, Static

from mmrec_engine.data.sources.hub_source import is_hub, source_of
from mmrec_engine.errors import RequestError
from mmrec_engine.storage.user_folders import expanded
from mmrec_tui.app.draft import found_corpora, typed_corpora
from mmrec_tui.app.screens.dialog import Dialog, hints
from mmrec_tui.terminal import one_line

if TYPE_CHECKING:
    from mmrec_tui.app.own_app import OwnApp
    from mmrec_tui.locales import Wording


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

    wanted = ""

    def filter_paths(self, paths: Iterable[Path]) -> Iterable[Path]:
        return [
            path
            for path in paths
            if not path.name.startswith(".") and (self.wanted in path.name.casefold() or _is_folder(path))
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
    """Its result is a change of the plan: a value of the setting `data_dir`, or of `--corpus` for a data set."""

    BINDINGS: ClassVar = [("ctrl+s", "take", ""), ("down", "tree", "")]

    @property
    def _say(self) -> Wording:
        return cast("OwnApp", self.app).say

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="tall"):
            yield Static(self._say("chooser.what"))
            yield PathInput(placeholder=self._say("chooser.path"), id="path")
            yield TextTree(Path.cwd(), id="tree")
            yield Static(id="take")
            yield Static(hints(self._say("chooser.keys")))

    def on_mount(self) -> None:
        self.set_focus(self.query_one("#path"))
        self._show_taken()

    def _show_taken(self) -> None:
        """Choose what Ctrl+S, or a click here, chooses."""
        path = self._under_cursor
        words = self._say("chooser.take", name=one_line(str(path))) if path is not None else ""
        self.query_one("#take", Static).update(Content.styled(words, "bold $accent").stylize("@click=screen.take()"))

    @property
    def _under_cursor(self) -> Path | None:
        tree = self.query_one(TextTree)
        node = tree.cursor_node
        if node is None or node is tree.root:
            return Path(tree.path).absolute()
        return None if node.data is None else node.data.path.absolute()

    def on_tree_node_highlighted(self) -> None:
        self._show_taken()

    def on_text_tree_moved(self) -> None:
        self._show_taken()

    def on_input_changed(self, event: Input.Changed) -> None:
        """A path opens its folder in the tree; any other word filters the names."""
        tree = self.query_one(TextTree)
        text = pasted_path(event.value)
        path = expanded(Path(text))
        folder, name = (path, "") if text.endswith("/") else (path.parent, path.name)
        if "/" in text and _is_folder(folder):
            tree.wanted = name.casefold()
            tree.path = folder
        else:
            tree.wanted = text.casefold()
            tree.path = Path.cwd()
        tree.reload()
        self._show_taken()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        text = pasted_path(event.value)
        try:
            if is_hub(text):
                source_of(text)
                self.dismiss({"corpus": text})
            elif text:
                self.dismiss({"data_dir": found_corpora(typed_corpora(text))})
        except RequestError as error:
            app = cast("OwnApp", self.app)
            if is_hub(text):
                app.tell_error(error)
            else:
                app.warn("chooser.missing", path=one_line(str(error.values["path"])))

    def on_paste(self, event: Paste) -> None:
        """Pasted text is a path, wherever the cursor is; a focused field has accepted it already."""
        path = self.query_one("#path", PathInput)
        path.value = event.text.strip().split("\n")[0]
        path.focus()
        path.cursor_position = len(path.value)

    def on_directory_tree_file_selected(self, event: DirectoryTree.FileSelected) -> None:
        self.dismiss({"data_dir": str(event.path.absolute())})

    def action_tree(self) -> None:
        self.query_one(TextTree).focus()

    def action_take(self) -> None:
        """The folder or file under the tree's cursor."""
        path = self._under_cursor
        if path is not None:
            self.dismiss({"data_dir": str(path)})


def pasted_path(text: str) -> str:
    """A path in the form of file managers and shells: with quotes, escaped spaces, or as a file:// address."""
    text = text.strip()
    if text.startswith("file://"):
        return unquote(urlsplit(text).path)
    quoted = re.fullmatch(r"(['\"])(.+)\1", text)
    if quoted is not None:
        return quoted[2]
    return text if _exists(text) else re.sub(r"\\([ '\"()&])", r"\1", text)


def _exists(text: str) -> bool:
    try:
        return expanded(Path(text)).exists()
    except (OSError, ValueError, RuntimeError):
        return False


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False
