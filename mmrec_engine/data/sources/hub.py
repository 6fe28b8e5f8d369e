"""Rows of a data set as documents, streamed by the library `datasets`, from a position that can be stored and restored.

The shards of a data set come in the order of a fixed permutation, so that a limit in size takes rows from all parts of it, if
there are several shards. Within a shard rows keep their order; `streaming` shuffles them.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mmrec_engine.data.sources.fields import Row, TextField, chosen_field, keys_of
from mmrec_engine.data.sources.hub_source import HubSource, held_out_of, saved_split, saved_splits
from mmrec_engine.data.sources.text import clean
from mmrec_engine.errors import RequestError, first_line
from mmrec_engine.randomness import permuted
from mmrec_engine.system.optional_dependencies import library

EXTRA = "hub"
_ORDER = 3  # key of the permutation of the shards
_SECONDS = 10  # that the hub may take to answer at all
_LONGEST = 2**22  # characters of a document made of lines
_SAMPLE = 100  # rows that are read to choose the field
_MOST_LISTED = 20
_UNREACHED = ("Connect", "Timeout", "Network", "Offline", "Client", "LocalEntryNotFound", "HfHubHTTP")


@dataclass
class Place:
    """A position in a data set. state: the library's own, within the shard; carried: lines of an unfinished document."""

    shard: int = 0
    state: dict[str, Any] | None = None
    carried: list[str] = field(default_factory=list)


class HubDocuments:
    """The documents of a data set from a position on; None for a row without text. `place` is always after the last one
    yielded.

    field: that holds the text. held_out: the split used for validation, unless one split was requested;
    left_out: the splits, such as `test`, that are not read then.
    Raises RequestError if the data set, its split or its column does not exist, or it cannot be reached or read.
    """

    def __init__(self, source: HubSource, name: str, revision: str | None, place: Place) -> None:
        """name: as the user wrote it. revision: that an earlier part was read from."""
        self._name, self._asked, self._place = name, source, place
        self._stream: Any = None
        library("datasets", EXTRA)
        with self._worded():
            _be_quiet()
            self._source = saved_split(source)
            self.revision = revision or self._newest_revision()
            builder = self._builder()
            self.held_out: str | None = None
            self.left_out: list[str] = []
            self._data, self.total_bytes = self._split_of(builder)
            self._lines = source.title is not None or builder.name == "text"
            self.field, self._columns = self._field_of()

    @property
    def place(self) -> Place:
        state = self._place.state if self._stream is None else self._stream.state_dict()
        return Place(self._place.shard, state, list(self._place.carried))

    def __iter__(self) -> Iterator[str | None]:
        shards = self._data.num_shards
        while self._place.shard < shards:
            number = int(permuted(np.array([self._place.shard]), shards, _ORDER)[0])
            with self._worded():
                self._stream = self._data.select_columns(self._columns).shard(shards, number)
                if self._place.state is not None:
                    self._stream.load_state_dict(self._place.state)
            yield from self._documents()
            self._place.shard, self._place.state, self._stream = self._place.shard + 1, None, None
            if self._place.carried:  # the end of a shard ends a document
                yield self._gathered()

    def _documents(self) -> Iterator[str | None]:
        title = re.compile(self._asked.title) if self._asked.title else None
        carried, characters = self._place.carried, sum(map(len, self._place.carried))
        for text in self._texts():
            if not self._lines:
                yield clean(text) if isinstance(text, str) and text.strip() else None
                continue
            line = text if isinstance(text, str) else ""
            begins = title is not None and title.fullmatch(line)
            if carried and (begins or characters + len(line) > _LONGEST):
                whole = self._gathered()
                carried.append(line)
                characters = len(line) + 1
                yield whole
                continue
            carried.append(line)
            characters += len(line) + 1

    def _gathered(self) -> str | None:
        whole = "".join(line if line.endswith("\n") else f"{line}\n" for line in self._place.carried)
        self._place.carried.clear()
        return clean(whole) if whole.strip() else None

    def _texts(self) -> Iterator[object]:
        rows = iter(self._stream)
        while True:
            with self._worded():
                row = next(rows, None)
            if row is None:
                return
            yield self.field.text_of(row)

    def _newest_revision(self) -> str | None:
        """The present revision of the data set, from the hub. Asked once with a short timeout: the library's own is
        minutes."""
        if self._source.local:
            return None
        hub = library("huggingface_hub", EXTRA)
        if self._source.remote_file:
            hub.get_session().head(self._source.path, timeout=_SECONDS).raise_for_status()
            return None
        about = hub.HfApi().dataset_info(self._source.path, revision=self._source.revision, timeout=_SECONDS)
        return str(about.sha)

    def _builder(self) -> Any:
        datasets, source = library("datasets", EXTRA), self._source
        if source.format is not None:
            return datasets.load_dataset_builder(source.format, data_files=source.path, **source.options)
        try:
            return datasets.load_dataset_builder(source.path, source.config, revision=self.revision)
        except ValueError:
            configs = datasets.get_dataset_config_names(source.path, revision=self.revision)
            if source.local and source.config is not None and len(configs) < 2:
                raise RequestError("corpus-missing", path=Path(source.path) / source.config) from None
            if len(configs) < 2 or source.config in configs:
                raise
            raise self._error("hub-config", config=source.config or "", choices=_some(configs)) from None

    def _split_of(self, builder: Any) -> tuple[Any, int]:
        """The selected split as a stream, and bytes of its text, 0 if unknown."""
        splits = builder.as_streaming_dataset()
        wanted = self._source.split or ("train" if "train" in splits or len(splits) != 1 else next(iter(splits)))
        if wanted not in splits:
            raise self._error("hub-split", split=wanted, choices=_some(splits))
        if self._asked.split is None:
            saved = saved_splits(self._asked)
            read = Path(self._source.path).name if saved else wanted
            self.held_out = held_out_of(saved or splits)
            self.left_out = [name for name in saved or splits if name not in (read, self.held_out)]
        described = (builder.info.splits or {}).get(wanted)
        return splits[wanted], int(getattr(described, "num_bytes", None) or 0)

    def _field_of(self) -> tuple[TextField, list[str]]:
        """The field that holds the text, and the columns that it needs. The first rows may be null or empty."""
        rows: list[Row] = list(self._data.take(_SAMPLE))
        if not rows:
            raise RequestError("corpus-empty", path=self._name)
        wanted, columns = self._source.column, list(rows[0])
        field = chosen_field(rows, wanted)
        if field is not None:
            return field, [column for column in field.columns if column in columns]
        if wanted is None:
            raise self._error("hub-column-untold", choices=_some(keys_of(rows)))
        if wanted in columns or wanted.partition(".")[0] in columns:
            texts = [name for name in columns if any(isinstance(row[name], str) for row in rows)]
            raise self._error("hub-column-no-text", column=wanted, choices=_some(texts))
        raise self._error("hub-column", column=wanted, choices=_some(keys_of(rows)))

    def _error(self, key: str, **values: object) -> RequestError:
        return RequestError(key, source=self._name, **values)

    @contextlib.contextmanager
    def _worded(self) -> Iterator[None]:
        """The many exceptions of the library and those below it, as an error that a user can act on."""
        try:
            yield
        except RequestError:
            raise
        except Exception as error:
            raise self._of(error) from error

    def _of(self, error: Exception) -> RequestError:
        kinds = [kind.__name__ for kind in type(error).__mro__]
        reason = first_line(error, 200)
        if self._asked.local:
            if not Path(self._asked.path).exists():
                return RequestError("corpus-missing", path=self._asked.path)
            return self._error("hub-unreadable", reason=reason)
        if "GatedRepoError" in kinds:
            return self._error("hub-gated")
        if "RepositoryNotFoundError" in kinds or "RevisionNotFoundError" in kinds or "DatasetNotFoundError" in kinds:
            return self._error("hub-missing")
        if any(kind.startswith(_UNREACHED) for kind in kinds):
            place = "huggingface.co" if not self._asked.remote_file else self._asked.path.split("/")[2]
            return self._error("hub-unreachable", place=place, reason=reason)
        return self._error("hub-unreadable", reason=reason)


def _be_quiet() -> None:
    """Silence the libraries' progress bars and warnings, which would disturb the narration."""
    datasets, hub = library("datasets", EXTRA), library("huggingface_hub", EXTRA)
    datasets.disable_progress_bars()
    datasets.utils.logging.set_verbosity(datasets.utils.logging.CRITICAL)
    hub.utils.disable_progress_bars()
    hub.utils.logging.set_verbosity(hub.utils.logging.CRITICAL)


def _some(names: Any) -> str:
    listed = [str(name) for name in names]
    return ", ".join(listed[:_MOST_LISTED]) + (", …" if len(listed) > _MOST_LISTED else "")
