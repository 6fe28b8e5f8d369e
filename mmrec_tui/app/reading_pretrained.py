"""The pretrained model that a plan begins with, read in the background: its folder may be slow, or on the Hugging Face hub."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mmrec_engine.errors import MmrecError, TrainingError, first_line
from mmrec_engine.run.starting_weights import with_model_of
from mmrec_engine.runs.catalog import locate
from mmrec_engine.settings import Resolved
from mmrec_engine.settings.pretrained import is_pretrained
from mmrec_tui.app.session import Work

if TYPE_CHECKING:
    from mmrec_engine.pretrained.source import Pretrained

_SETTLED_SECONDS = 0.8  # a name that is being typed is not looked up letter by letter


class ReadingPretrained:
    """`want` the plan's first weights, `look` now and then; `completed` once it is not `is_under_way`."""

    def __init__(self) -> None:
        self._name: str | None = None
        self._since = 0.0
        self._begun = False
        self._found: Pretrained | None = None
        self._work: Work[Pretrained] | None = None
        self.error: MmrecError | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether a model is wanted that has not been read yet."""
        return self._name is not None and self._found is None and self.error is None

    @property
    def seen(self) -> object:
        """Changes when there is something new to show."""
        return (self._name, self.is_under_way)

    def want(self, name: str | None) -> None:
        """name: of a pretrained model; others, and None, need no reading."""
        name = name if is_pretrained(name) else None
        if name != self._name:
            self._since = time.monotonic() if self._begun else 0.0
            self._name, self._found, self.error, self._work = name, None, None, None
        self._begun = True

    def completed(self, resolved: Resolved) -> Resolved:
        """The settings with the sizes and the tokenizer of the model that the run begins with. Raises RequestError if one of
        them contradicts it, or there is no such run."""
        first = resolved.settings.init_from
        if self._found is None:
            return resolved if first is None else with_model_of(resolved, locate(first))
        from mmrec_engine.pretrained.source import with_pretrained  # loads NumPy

        return with_pretrained(resolved, self._found)

    def look(self) -> None:
        work = self._work
        if work is not None and work.done:
            self._work = None
            self._found, error = work.result, work.error
            if error is not None and not isinstance(error, MmrecError):
                error = TrainingError("training-broke-early", reason=first_line(error, 200, typed=True))
            self.error = error
        settled = time.monotonic() - self._since >= _SETTLED_SECONDS
        if self._work is None and self.is_under_way and settled:
            name = self._name
            self._work = Work(lambda _: _read(str(name)))


def _read(name: str) -> Pretrained:
    from mmrec_engine.pretrained.source import read_pretrained

    found = read_pretrained(name)
    found.tokenizer()  # a model whose tokenizer cannot be used is refused here, not with its text
    return found
