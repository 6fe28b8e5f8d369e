"""The text of a planned run, previewed and prepared in the background: only the newest request counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mmrec_engine.data.mixture import sources_of
from mmrec_engine.data.prepare import Corpus
from mmrec_engine.data.sources.encodings_of_files import readings_of_files
from mmrec_engine.data.sources.hub_source import is_hub
from mmrec_engine.data.sources.preview import Preview, preview, preview_builtin
from mmrec_engine.errors import Interrupted, MmrecError, TrainingError, first_line
from mmrec_engine.events import Progress, result_of
from mmrec_engine.runs.run_text import text_of_new_run
from mmrec_engine.settings import SHORTEST_DENOISED, Settings, settings_that_decide
from mmrec_engine.storage.user_folders import expanded
from mmrec_tui.app.draft import key_of
from mmrec_tui.app.session import Work

_SHORTEST = 2  # tokens a window: whether the real windows fit is reported with the window length


@dataclass(frozen=True)
class Look:
    """The state of the text. share: of the preparation that is done. waits_for_encoding: nothing is prepared until the
    user has chosen one."""

    preview: Preview | None = None
    corpus: Corpus | None = None
    error: MmrecError | None = None
    share: float = 0.0
    waits_for_encoding: bool = False

    @property
    def readings(self) -> tuple[tuple[str, str], ...]:
        """The likely encodings of files that are not UTF-8, each with a decoded line; what was read whole is more certain than
        the preview."""
        if self.corpus is not None:
            return readings_of_files(self.corpus.skipped)
        found = self.error.values.get("readings") if self.error is not None else None
        return found or (self.preview.readings if self.preview is not None else ())  # type: ignore[return-value]


class Preparing:
    """`want` a text, `look` repeatedly, and read `view`."""

    def __init__(self) -> None:
        self.view = Look()
        self._key: object = None
        self._work: Work[Corpus | None] | None = None

    @property
    def corpus(self) -> Corpus | None:
        return self.view.corpus

    @property
    def seen(self) -> object:
        """Changes when there is something new to show."""
        view = self.view
        known = view.preview is None, view.corpus is None, view.error, view.waits_for_encoding
        return (self._key, *known, round(view.share, 2))

    def want(self, settings: Settings) -> None:
        key = key_of(settings, settings_that_decide("source", "corpus"))
        if key == self._key:
            return
        self.stop()
        self._key, self.view = key, Look()
        self._work = Work(lambda work: _prepare(work, settings))

    def forget(self) -> None:
        """Another text was chosen: nothing about this one is shown any more."""
        self.stop()
        self._key, self._work, self.view = None, None, Look()

    def look(self) -> None:
        work = self._work
        if work is None:
            return
        if isinstance(work.progress, Look):
            self.view = work.progress
        if work.done:
            self._work = None
            error = work.error
            if error is not None and not isinstance(error, MmrecError):
                reason = first_line(error, 200, typed=True)
                error = TrainingError("training-broke-early", reason=reason)
            self.view = replace(self.view, corpus=work.result, error=error)

    def stop(self) -> None:
        if self._work is not None:
            self._work.stop()


def _prepare(work: Work[Any], settings: Settings) -> Corpus | None:
    seen = _preview(settings)
    work.progress = Look(seen)
    if seen.readings and settings.encoding is None and seen.files == 1:
        work.progress = Look(seen, waits_for_encoding=True)
        return None
    shortest = SHORTEST_DENOISED if settings.denoising else _SHORTEST
    preparing = text_of_new_run(replace(settings, seq_len=shortest, stride=None))

    def show(progress: Progress) -> None:
        if work.stopping():
            raise Interrupted
        work.progress = Look(seen, share=progress.share)

    try:
        return result_of(preparing, show)
    except Interrupted:
        preparing.close()
        return None


def _preview(settings: Settings) -> Preview:
    """Of several corpora the first, with the files of all."""
    if is_hub(settings.corpus):
        return Preview(0, 0, ())  # a preview would be a download
    paths = settings.data_dir is not None
    looks = [
        preview(
            expanded(Path(source.place)),
            settings.encoding,
            text_field=settings.text_field,
            skip_invalid=settings.skip_invalid_bytes,
        )
        if paths
        else preview_builtin(source.place)
        for source in sources_of(settings)
    ]
    return replace(looks[0], total_bytes=sum(one.total_bytes for one in looks), files=sum(one.files for one in looks))
