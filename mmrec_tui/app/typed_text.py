"""What a person types or pastes into the file chooser, and the text that it names. No widgets."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from mmrec_engine.data.sources.hub_source import is_hub, source_of
from mmrec_engine.errors import RequestError
from mmrec_engine.locales.letters import folded
from mmrec_engine.storage.user_folders import expanded
from mmrec_tui.app.draft import found_corpora, typed_corpora

_MOST_ENTRIES = 500  # of a folder, whose folders are looked into


@dataclass(frozen=True)
class Choice:
    """taken: a change of the plan, or None for one that cannot be taken; refusal and values: why, as a catalogue's key.

    error: what is wrong with the name of a data set.
    """

    taken: dict[str, str | tuple[str, ...]] | None
    refusal: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    error: RequestError | None = None


def choice_of(text: str, base: Path, below: Below | None = None) -> Choice:
    """The existing path, the paths with weights or the data set that this text names; else the only name that has it in it, in
    the shown folder or, if there is none, one folder down.

    base: the folder of relative paths, before the working directory. below: what was listed for the text before.
    """
    if is_hub(text):
        try:
            source_of(text)
        except RequestError as error:
            return Choice(None, "chooser.no-data-set", {}, error)
        return Choice({"corpus": text})
    try:
        return Choice({"data_dir": found_corpora(typed_corpora(text), base)})
    except RequestError as error:
        missing = str(error.values["path"])
    folder, part = split_path(text, base)
    found = matches(folder, part)
    if len(found) == 1:
        return Choice({"data_dir": str(found[0])})
    if found:
        return Choice(None, "chooser.several", {"count": len(found)})
    deeper = (below or Below()).matches(folder, part)
    if len(deeper) == 1:
        return Choice({"data_dir": str(deeper[0])})
    if deeper:
        name = f"{deeper[0].parent.name}/{deeper[0].name}"
        return Choice(None, "chooser.several-below", {"count": len(deeper), "name": name})
    return Choice(None, "chooser.missing", {"path": missing})


def split_path(text: str, base: Path) -> tuple[Path, str]:
    """The folder that is to be shown, and a part of the names wanted in it."""
    path = base / expanded(Path(text))
    folder, name = (path, "") if text.endswith("/") else (path.parent, path.name)
    if "/" in text and not is_folder(folder) and is_folder(Path(text).parent):
        folder = Path(text).parent
    if "/" in text and is_folder(folder):
        return folder.resolve() if ".." in folder.parts else folder, name
    return base, text


def matches(folder: Path, part: str) -> list[Path]:
    """Its visible files and folders with this in their name, whatever its case."""
    try:
        names = os.listdir(folder)  # noqa: PTH208, names are enough
    except OSError:
        return []
    return [folder.absolute() / one for one in names if not one.startswith(".") and folded(part) in folded(one)]


class Below:
    """The visible files and folders in the visible folders of a folder, of which the first ones are looked into: once for each
    folder that is shown, not at each key."""

    def __init__(self) -> None:
        self._listed: dict[Path, list[Path]] = {}

    def matches(self, folder: Path, part: str) -> list[Path]:
        """Those with this in their name; a path is in no name."""
        if "/" in part:
            return []
        if folder not in self._listed:
            folders = [one for one in sorted(matches(folder, ""))[:_MOST_ENTRIES] if is_folder(one)]
            self._listed[folder] = [found for one in folders for found in matches(one, "")]
        return [one for one in self._listed[folder] if folded(part) in folded(one.name)]


def first_folder(last: Path | None, recent: Sequence[str]) -> Path:
    """The folder to begin in: the one that was shown last, else that of the newest text of one's own, else the working
    directory."""
    known = [last, *(Path(one).parent for one in recent if Path(one).is_absolute())]
    return next((one for one in known if one is not None and is_folder(one)), Path.cwd())


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


def is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False
