"""Text generation by a trained model in the background: loaded once for each checkpoint, with its text as it grows."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmrec_tui.app.session import Work

if TYPE_CHECKING:
    from mmrec_engine.evaluation.trained_model import Trained


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
