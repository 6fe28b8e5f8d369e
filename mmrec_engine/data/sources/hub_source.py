"""The data set that a user names: `hf:OWNER/NAME[/CONFIG][@REVISION][:SPLIT[:COLUMN]]`, a folder or file, or a known name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from mmrec_engine.errors import RequestError
from mmrec_engine.storage.user_folders import expanded

PREFIX = "hf:"
_PART = r"[A-Za-z0-9][\w.-]*"
_REPOSITORY = re.compile(
    rf"(?P<path>{_PART}(?:/{_PART})?)(?:/(?P<config>[\w.-]+))?(?:@(?P<revision>[\w./-]+))?", re.ASCII
)
_VALIDATION_SPLITS = ("validation", "valid", "val", "dev")
_LOCAL = ("/", "./", "../", "~")
_LISTS = {
    ".parquet": "parquet", ".arrow": "arrow", ".jsonl": "json", ".ndjson": "json", ".json": "json", ".txt": "text",
    ".csv": "csv", ".tsv": "csv",
}  # fmt: skip
_PACKED = (".gz", ".zst", ".bz2", ".xz", ".zip")


@dataclass(frozen=True)
class HubSource:
    """A data set as requested; None: the data set's own default.

    path: OWNER/NAME, a local path, or the address of a file. title: pattern of the rows that begin a document, if rows
    are lines of documents.
    """

    path: str
    config: str | None = None
    revision: str | None = None
    split: str | None = None
    column: str | None = None
    title: str | None = None

    @property
    def as_written(self) -> str:
        """As a user would write it."""
        if self.remote_file:
            return self.path
        config = "" if self.config is None else f"/{self.config}"
        revision = "" if self.revision is None else f"@{self.revision}"
        chosen = f":{self.split or ''}:{self.column or ''}".rstrip(":")
        return f"{PREFIX}{self.path}{config}{revision}{chosen}"

    @property
    def local(self) -> bool:
        return self.path.startswith(_LOCAL)

    @property
    def remote_file(self) -> bool:
        return self.path.startswith("https://")

    @property
    def format(self) -> str | None:
        """The library's name for the format of a single file; None for a folder or a repository."""
        if self.remote_file or (self.local and Path(self.path).is_file()):
            return _LISTS.get(self._ending)
        return None

    @property
    def options(self) -> dict[str, str]:
        """Further arguments for the library with that format."""
        return {"sep": "\t"} if self._ending == ".tsv" else {}

    @property
    def _ending(self) -> str:
        path = Path(self.path.lower())
        while path.suffix in _PACKED:
            path = path.with_suffix("")
        return path.suffix


# Data sets with a name of their own. Sizes of their text are approximate, from their cards.
NAMED: dict[str, HubSource] = {
    "tinyshakespeare": HubSource(
        "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt"
    ),
    "tinystories": HubSource("roneneldan/TinyStories", column="text"),
    "wikitext-103": HubSource("Salesforce/wikitext", "wikitext-103-raw-v1", column="text", title=r" = [^=].* = \n?"),
    "openwebtext": HubSource("Skylion007/openwebtext", split="train", column="text"),
    "wikipedia-tr": HubSource("wikimedia/wikipedia", "20231101.tr", split="train", column="text"),
}


def is_hub(corpus: str | tuple[str, ...] | None) -> bool:
    """Whether a value of `--corpus` names a streamed data set."""
    return isinstance(corpus, str) and (corpus in NAMED or corpus.startswith(PREFIX))


def is_downloaded(corpus: str | tuple[str, ...] | None) -> bool:
    """Whether it is remote."""
    return isinstance(corpus, str) and is_hub(corpus) and (corpus in NAMED or not _is_here(_place_of(corpus)))


def _place_of(corpus: str) -> str:
    return corpus.removeprefix(PREFIX).partition(":")[0]


def _is_here(path: str) -> bool:
    """Whether it is a path; one that looks like a repository's name is a path if such a folder or file exists."""
    try:
        return path.startswith(_LOCAL) or (bool(path) and Path(path).exists())
    except (OSError, ValueError):
        return False


def source_of(corpus: str) -> HubSource:
    """The data set that a value of `--corpus` names. Raises RequestError if it is malformed."""
    if corpus in NAMED:
        return NAMED[corpus]
    path, *chosen = corpus.removeprefix(PREFIX).split(":")
    split, column = [part.strip() or None for part in (*chosen, "", "")][:2]
    if len(chosen) <= 2 and _is_here(path):
        place = expanded(Path(path)).resolve()
        if not place.exists() and (place.parent / "README.md").is_file():  # where a folder lists its configs
            return HubSource(str(place.parent), place.name, split=split, column=column)
        return HubSource(str(place), split=split, column=column)
    found = _REPOSITORY.fullmatch(path)
    if found is None or len(chosen) > 2:
        raise RequestError("hub-form", corpus=corpus)
    return HubSource(split=split, column=column, **found.groupdict())


def anchored(corpus: str | None) -> str | None:
    """The same data set with an absolute path."""
    if corpus is None or not corpus.startswith(PREFIX):
        return corpus
    path, colon, chosen = corpus.removeprefix(PREFIX).partition(":")
    if not _is_here(path):
        return corpus
    return f"{PREFIX}{expanded(Path(path)).resolve()}{colon}{chosen}"


def held_out_of(splits: Iterable[str]) -> str | None:
    """The validation split of a data set; None if it has none, or no training split with it."""
    names = set(splits)
    return next((name for name in _VALIDATION_SPLITS if name in names), None) if "train" in names else None


def saved_splits(source: HubSource) -> list[str]:
    """The splits of a folder that the library's `save_to_disk` wrote; empty for any other source."""
    folder = Path(source.path)
    if not (source.local and (folder / "dataset_dict.json").is_file()):
        return []
    return sorted(path.parent.name for path in folder.glob("*/state.json"))


def saved_split(source: HubSource) -> HubSource:
    """A split of a folder that the library's `save_to_disk` wrote: each is in a folder of its own."""
    names, folder = saved_splits(source), Path(source.path)
    if not names:
        return source
    wanted = source.split or ("train" if "train" in names else names[0] if len(names) == 1 else None)
    if wanted not in names:
        raise RequestError("hub-split", source=source.path, split=wanted or "train", choices=", ".join(names))
    return replace(source, path=str(folder / wanted), split=None)
