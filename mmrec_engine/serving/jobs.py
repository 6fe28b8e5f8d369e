"""Requests that wait for the model and those that are being answered, step by step, by one thread.

Each step computes one token of one sample. Several samples could be computed as one batch, but the size of a batch changes the
last bits of a matrix product, so that a sampled text would depend on what else is being served. Requests take turns instead:
a sample has the text that `generate` writes with the same seed.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from http import HTTPStatus

from mmrec_engine.evaluation.generation import Prompt, Scored, TextSample
from mmrec_engine.model.language_model import LanguageModel
from mmrec_engine.serving.completion_request import CompletionRequest
from mmrec_engine.serving.refusal import Refused
from mmrec_engine.tokenizer import Tokenizer

AT_ONCE = 16  # requests that take turns; each keeps one state of the model


class Choice:
    """One sample of a request. The working thread appends; the other side takes `parts` and reads the rest."""

    def __init__(self, prompt: int, number: int) -> None:
        self.prompt, self.number = prompt, number
        self.parts: deque[str] = deque()
        self.scored: list[Scored] = []
        self.scored_prompt: list[Scored] = []
        self.count = 0
        self.finish_reason: str | None = None


class Job:
    """A request that is answered: its samples one after the other.

    changed: called by the working thread when there is something new: each token of a stream, else the end.
    """

    def __init__(self, request: CompletionRequest, changed: Callable[[], None]) -> None:
        self.request, self.changed = request, changed
        self.choices = [Choice(p, n) for p in range(len(request.prompts)) for n in range(request.samples)]
        self.error: Exception | None = None
        self.cancelled = False
        self.done = False
        self._at = 0
        self._prompt: Prompt | None = None
        self._sample: TextSample | None = None

    def advance(self, model: LanguageModel, tokenizer: Tokenizer, tag: int | None) -> None:
        """Read a part of a prompt, or draw one token."""
        request, choice = self.request, self.choices[self._at]
        if self._prompt is None:
            likeliest = request.likeliest if request.echo else None
            self._prompt = Prompt(model, tokenizer, request.prompts[choice.prompt][1], tag, likeliest)
        if not self._prompt.is_read:
            self._prompt.read()
            return
        if self._sample is None:
            choice.scored_prompt = self._prompt.scored
            self._sample = TextSample(
                self._prompt, request.tokens, request.sampling, choice.number, request.stop, likeliest=request.likeliest
            )
            choice.scored = self._sample.scored
        choice.parts.append(self._sample.step())
        choice.count, choice.finish_reason = self._sample.count, self._sample.finish_reason
        if choice.finish_reason is not None:
            self._sample, self._at = None, self._at + 1
            if self._at == len(self.choices) or self.choices[self._at].prompt != choice.prompt:
                self._prompt = None
            self.done = self._at == len(self.choices)

    def end(self, error: Exception | None = None) -> None:
        self.error, self.done = error, True
        self._prompt = self._sample = None


class Jobs:
    """The thread that answers. waiting: how many requests may wait beside those that take turns."""

    def __init__(self, model: LanguageModel, tokenizer: Tokenizer, tag: int | None, waiting: int) -> None:
        self._model, self._tokenizer, self._tag, self._most_waiting = model, tokenizer, tag, waiting
        self._lock = threading.Condition()
        self._waiting: deque[Job] = deque()
        self._active: list[Job] = []
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="generation", daemon=True)
        self._thread.start()

    @property
    def counts(self) -> tuple[int, int]:
        """How many take turns, and how many wait."""
        with self._lock:
            return len(self._active), len(self._waiting)

    def add(self, job: Job) -> None:
        """Raises Refused if too many wait, or the server is ending."""
        with self._lock:
            if self._closing:
                raise ending()
            if len(self._active) >= AT_ONCE and len(self._waiting) >= self._most_waiting:
                raise Refused(HTTPStatus.TOO_MANY_REQUESTS, "serve-busy", waiting=self._most_waiting)
            self._waiting.append(job)
            self._lock.notify()

    def cancel(self, job: Job) -> None:
        """Nobody waits for it any more: its place becomes free."""
        with self._lock:
            job.cancelled = True
            if job in self._waiting:
                self._waiting.remove(job)

    def end_all(self) -> None:
        """Refuse what waits, is being answered or comes."""
        with self._lock:
            self._closing = True
            self._lock.notify()

    def close(self) -> None:
        self.end_all()
        self._thread.join()

    def _work(self) -> None:
        while True:
            with self._lock:
                self._active = [job for job in self._active if not (job.done or job.cancelled)]
                while not (self._active or self._waiting or self._closing):
                    self._lock.wait()
                while self._waiting and len(self._active) < AT_ONCE:
                    self._active.append(self._waiting.popleft())
                if self._closing:
                    left = [*self._active, *self._waiting]
                    self._active, self._waiting = [], deque()
                    break
            for job in self._active:
                if not job.cancelled:
                    self._advance(job)
        for job in left:
            job.end(ending())
            job.changed()

    def _advance(self, job: Job) -> None:
        try:
            job.advance(self._model, self._tokenizer, self._tag)
        except Exception as error:  # of this request; the others are answered
            job.end(error)
        if job.done or job.request.stream:
            job.changed()


def ending() -> Refused:
    return Refused(HTTPStatus.SERVICE_UNAVAILABLE, "serve-ending")
