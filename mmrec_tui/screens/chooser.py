"""Choosing a text by hand: a path to type, and a tree of folders that it filters; or a data set, `hf:OWNER/NAME`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import DirectoryTree, Input, Static

from mmrec_engine.corpus.hub_source import is_hub, source_of
from mmrec_engine.errors import RequestError
from mmrec_engine.places import expanded
from mmrec_tui.draft import found_corpora, typed_corpora

if TYPE_CHECKING:
    from mmrec_tui.app import MmrecApp


class TextTree(DirectoryTree):
    """Folders and files, hidden ones left out; only names with `wanted` in them."""

    wanted = ""

    def filter_paths(self, paths: Iterable[Path]) -> Iterable[Path]:
        return [
            path
            for path in paths
            if not path.name.startswith(".") and (self.wanted in path.name.casefold() or _is_folder(path))
        ]


class ChooserScreen(ModalScreen["dict[str, str | tuple[str, ...]] | None"]):
    """Its result is what it makes of a plan: a value of the setting `data_dir`, or what `--corpus` takes for a data set."""

    BINDINGS: ClassVar = [("escape", "leave", ""), ("ctrl+s", "take", "")]

    def compose(self) -> ComposeResult:
        say = cast("MmrecApp", self.app).say
        with Vertical(id="dialog", classes="tall"):
            yield Static(say("chooser.what"))
            yield Input(placeholder=say("chooser.path"), id="path")
            yield TextTree(Path.cwd(), id="tree")
            yield Static(say("chooser.keys"), classes="faint")

    def on_mount(self) -> None:
        self.set_focus(self.query_one("#path"))

    def on_input_changed(self, event: Input.Changed) -> None:
        """A path opens its folder in the tree; a word that is none filters the names."""
        tree = self.query_one(TextTree)
        text = event.value.strip()
        path = expanded(Path(text))
        folder, name = (path, "") if text.endswith("/") else (path.parent, path.name)
        if "/" in text and _is_folder(folder):
            tree.wanted = name.casefold()
            tree.path = folder
        else:
            tree.wanted = text.casefold()
            tree.path = Path.cwd()
        tree.reload()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        text = event.value.strip()
        try:
            if is_hub(text):
                source_of(text)
                self.dismiss({"corpus": text})
            elif text:
                self.dismiss({"data_dir": found_corpora(typed_corpora(text))})
        except RequestError as error:
            app = cast("MmrecApp", self.app)
            if is_hub(text):
                app.tell_error(error)
            else:
                app.warn("chooser.missing", path=error.values["path"])

    def on_directory_tree_file_selected(self, event: DirectoryTree.FileSelected) -> None:
        self.dismiss({"data_dir": str(event.path.absolute())})

    def action_take(self) -> None:
        """The folder or file that the tree stands on."""
        node = self.query_one(TextTree).cursor_node
        if node is not None and node.data is not None:
            self.dismiss({"data_dir": str(node.data.path.absolute())})

    def action_leave(self) -> None:
        self.dismiss(None)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False
