"""Text generation by a trained model in the background: loaded once for each checkpoint, with its text as it grows."""

from __future__ import annotations

import itertools
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmrec_tui.app.marks import Mark
from mmrec_tui.app.session import Work

if TYPE_CHECKING:
    from mmrec_engine.evaluation.trained_model import Trained

_CHARACTERS, _SUBWORDS = 80, 24  # tokens of a continuation: a line or so
# A field for text ends a line at each of these.
_LINE_ENDS = dict.fromkeys(map(ord, "\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"), "\n")
_OTHERS = 3  # alternatives of a token that are shown


@dataclass(frozen=True)
class Written:
    """prompt and text so far. unknown: characters of the prompt that the model does not know."""

    prompt: str
    text: str
    unknown: str = ""
    tokens_per_second: float = 0.0


class Writer:
    """`write` starts a text, `look` repeatedly, and read `written`."""

    def __init__(self) -> None:
        self.written: Written | None = None
        self.error: Exception | None = None
        self._loaded: tuple[Path, Trained] | None = None
        self._work: Work[None] | None = None

    @property
    def writing(self) -> bool:
        return self._work is not None

    def write(self, checkpoint: Path, prompt: str, tokens: int, sampling: dict[str, Any]) -> None:
        """sampling: values of evaluation.generation.Sampling."""
        self.stop()
        self.written, self.error = None, None
        self._work = Work(lambda work: self._write(work, checkpoint, prompt, tokens, sampling))

    def look(self) -> None:
        work = self._work
        if work is None:
            return
        if isinstance(work.progress, Written):
            self.written = work.progress
        if work.done:
            self._work, self.error = None, work.error

    def stop(self) -> None:
        if self._work is not None:
            self._work.stop()
            self._work = None

    def _write(self, work: Work[None], checkpoint: Path, prompt: str, tokens: int, sampling: dict[str, Any]) -> None:
        from mmrec_engine.data.sources.text import clean
        from mmrec_engine.evaluation.generation import Sampling, generate
        from mmrec_engine.evaluation.trained_model import load_trained
        from mmrec_engine.tokenizer import unknown_characters

        if self._loaded is None or self._loaded[0] != checkpoint:
            self._loaded = (checkpoint, load_trained(str(checkpoint)))
        trained = self._loaded[1]
        prompt = clean(prompt)
        unknown = unknown_characters(trained.tokenizer, prompt)
        text, began = "", time.monotonic()
        work.progress = Written(prompt, text, " ".join(unknown))
        for number, piece in enumerate(
            generate(trained.model, trained.tokenizer, prompt, tokens, Sampling(**sampling)), 1
        ):
            if work.stopping():
                return
            text += piece
            speed = number / max(1e-9, time.monotonic() - began)
            work.progress = Written(prompt, text, " ".join(unknown), speed)


@dataclass(frozen=True)
class Trial:
    """What is being tried with the model of a run. file: in its folder, empty if it has no checkpoint; seed: of the text that
    the writer makes."""

    prompt: str
    file: str
    seed: int
    writer: Writer


@dataclass(frozen=True)
class Alternative:
    """One continuation of a text. marks: of its tokens, counted from its beginning. ended: its document ended here."""

    text: str
    marks: tuple[Mark, ...]
    ended: bool


def save_text(checkpoint: str, text: str) -> Path:
    """Write it to a new file in the folder of the model, or in the working directory if the model has no folder of one's own.

    checkpoint: as for `load_trained`. Returns the path, relative to the working directory if it is below that. Raises
    RequestError.
    """
    from mmrec_engine.errors import RequestError
    from mmrec_engine.runs.catalog import locate
    from mmrec_engine.settings.pretrained import is_pretrained
    from mmrec_engine.storage.run_files import writing_name

    here = Path.cwd()
    model = here if is_pretrained(checkpoint) else locate(checkpoint)
    folder = model if model.is_dir() else model.parent
    numbers = itertools.count(1)
    while True:
        path = folder / writing_name(next(numbers))
        try:
            with path.open("x", encoding="utf-8", errors="replace", newline="\n") as file:
                file.write(text if text.endswith("\n") else text + "\n")
        except FileExistsError:
            continue
        except OSError as error:
            raise RequestError("text-unwritable", path=folder, reason=error.strerror or error) from None
        return path.relative_to(here) if path.is_relative_to(here) else path


class Continuing:
    """The continuations of one text, made one after the other, each the next sample of one seed.

    `begin` starts one, `look` repeatedly; `ready` is the one that has come since.
    """

    def __init__(self, checkpoint: str) -> None:
        self.error: Exception | None = None
        self.ready: Alternative | None = None
        self._checkpoint = checkpoint
        self._trained: Trained | None = None
        self._work: Work[Alternative] | None = None

    @property
    def writing(self) -> bool:
        return self._work is not None

    @property
    def loading(self) -> bool:
        return self.writing and self._trained is None

    def begin(self, text: str, sampling: dict[str, Any], number: int) -> None:
        self.stop()
        self.error = self.ready = None
        self._work = Work(lambda work: self._continue(work, text, sampling, number))

    def look(self) -> None:
        work = self._work
        if work is not None and work.done:
            self._work, self.error, self.ready = None, work.error, work.result

    def stop(self) -> None:
        if self._work is not None:
            self._work.stop()
            self._work = None

    def _continue(self, work: Work[Alternative], text: str, sampling: dict[str, Any], number: int) -> Alternative:
        from mmrec_engine.data.sources.text import clean
        from mmrec_engine.evaluation.generation import Prompt, Sampling, TextSample
        from mmrec_engine.evaluation.trained_model import load_trained

        if self._trained is None:
            self._trained = load_trained(self._checkpoint)
        trained, tokenizer = self._trained, self._trained.tokenizer
        prompt = Prompt(trained.model, tokenizer, [int(index) for index in tokenizer.encode(clean(text))])
        tokens = _CHARACTERS if tokenizer.kind == "char" else _SUBWORDS
        sample = TextSample(prompt, tokens, Sampling(**sampling), number, likeliest=_OTHERS)
        written = ""
        while sample.finish_reason is None and not work.stopping():
            written += sample.step()
        marks, place = [], 0
        for token in sample.scored:
            others = tuple((tokenizer.decode([index]), math.exp(logprob)) for index, logprob in token.likeliest)
            if token.text and token.logprob is not None:
                marks.append(Mark(place, place + len(token.text), math.exp(token.logprob), others))
            place += len(token.text)
        return Alternative(written.translate(_LINE_ENDS), tuple(marks), sample.finish_reason == "stop")
