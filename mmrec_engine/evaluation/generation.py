"""Text generation, token by token: constant memory and constant time a token with the recurrence."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from mmrec_engine.errors import RequestError
from mmrec_engine.evaluation.stop_texts import StopTexts
from mmrec_engine.model.language_model import LanguageModel, State
from mmrec_engine.randomness import hash64
from mmrec_engine.tokenizer import Tokenizer

BETWEEN = "\n\n"  # documents in a displayed text of several
_GREEDY_BELOW = 1e-5  # a lower temperature leaves one token, and its division would overflow
_PROMPT_PIECE = 1024  # tokens of a long prompt read at once, so that its logits need little memory


@dataclass(frozen=True)
class Sampling:
    """How the next token is sampled. A temperature of (nearly) 0 is greedy; top_k 0 and top_p 1 exclude nothing."""

    temperature: float = 0.8
    top_k: int = 0
    top_p: float = 1.0
    repetition_penalty: float = 1.0
    seed: int = 1337


@dataclass(frozen=True)
class Scored:
    """A token with the probability that the model gave it, before temperature, penalty and exclusions.

    text: what the token completes, nothing while a character is incomplete. logprob: natural logarithm of the probability; None
    for a token without context. likeliest: the most probable ids with theirs, the highest first.
    """

    index: int
    text: str
    logprob: float | None = None
    likeliest: tuple[tuple[int, float], ...] = ()


class Prompt:
    """A prompt that the model reads piece by piece; then any number of samples continue it.

    tag: id of the corpus whose style to use; None: of the first corpus with a tag. likeliest: score each token of the prompt
    (`scored`), with so many alternatives; None: score none.
    """

    def __init__(
        self,
        model: LanguageModel,
        tokenizer: Tokenizer,
        ids: Sequence[int],
        tag: int | None = None,
        likeliest: int | None = None,
    ) -> None:
        tag = next(iter(tokenizer.tags.values()), None) if tag is None else tag
        context = [*([] if tag is None else [tag]), *([] if ids else [_opening(tokenizer)])]
        self.model, self.tokenizer, self.likeliest = model, tokenizer, likeliest
        self.scored: list[Scored] = []
        self._texts = tokenizer.decode_each(iter(ids))
        self._to_score = deque(ids if likeliest is not None else ())
        if self._to_score and not context:
            self.scored.append(Scored(self._to_score.popleft(), next(self._texts)))
        self.ids = torch.tensor([[*context, *ids]])  # (1, tokens), after the tag, or the opening of an empty prompt
        self._seen = torch.zeros(model.config.vocabulary, dtype=torch.bool)
        self._seen[self.ids[0]] = True
        self._unread = deque(torch.split(self.ids, _PROMPT_PIECE, dim=1))
        self._state = model.initial_state(1)
        self._logits = torch.zeros(0)

    @property
    def is_read(self) -> bool:
        return not self._unread

    def read(self) -> None:
        """Read the next tokens, at most 1024. Raises RequestError if the model's logits are not finite."""
        logits, self._state = _advanced(self.model, self._unread.popleft(), self._state, bool(self._to_score))
        self._logits = logits[-1]
        for row in logits[: len(self._to_score)]:  # the last row predicts what follows the prompt
            index = self._to_score.popleft()
            self.scored.append(scored(row, index, next(self._texts), self.likeliest or 0))

    def ending(self) -> tuple[Tensor, State, Tensor]:
        """Logits (vocabulary,) of the next token, the state after the prompt, and (vocabulary,) which ids it contains."""
        while not self.is_read:
            self.read()
        return self._logits, self._state, self._seen.clone()


class TextSample:
    """A continuation of a prompt by at most `tokens` tokens. It depends on nothing but model, prompt and arguments.

    number: of the samples of one seed; the first is drawn with the seed itself. stop: texts before the first of which it ends.
    between: text for the end of a document, after which the next one follows; None: the sample ends there. Other special tokens
    are never sampled. likeliest: score each token (`scored`), with so many alternatives; None: score none.
    """

    def __init__(
        self,
        prompt: Prompt,
        tokens: int,
        sampling: Sampling,
        number: int = 0,
        stop: Sequence[str] = (),
        between: str | None = None,
        likeliest: int | None = None,
    ) -> None:
        self.count = 0  # tokens drawn so far
        self.finish_reason: Literal["stop", "length"] | None = None  # None: not finished
        self.scored: list[Scored] = []
        self._prompt, self._tokens, self._sampling = prompt, tokens, sampling
        self._between, self._likeliest, self._stop = between, likeliest, StopTexts(stop)
        seed = sampling.seed if number == 0 else hash64(sampling.seed, number) >> 1
        self._generator = torch.Generator().manual_seed(seed)
        self._after: tuple[State, Tensor] | None = None  # state before the last token, and the ids seen
        self._last = 0
        self._undecoded: deque[int] = deque()  # the text of an id is asked for as soon as it is in here
        self._texts = prompt.tokenizer.decode_each(self._undecoded.popleft() for _ in iter(int, 1))

    @property
    def stopped_at(self) -> str | None:
        """The stop text that was found."""
        return self._stop.found

    def __iter__(self) -> Iterator[str]:
        while self.finish_reason is None:
            yield self.step()

    def step(self) -> str:
        """Draw a token; returns the text that can be shown now. Raises RequestError if the model's logits are not finite."""
        if self.finish_reason is not None:
            return ""
        if self._tokens <= 0:
            return self._finished("length")
        logits, state, seen = self._next_logits()
        tokenizer, end = self._prompt.tokenizer, self._prompt.tokenizer.end_of_document
        index = next_token(logits, seen, tokenizer.silent, self._sampling, self._generator, end)
        if index == end and self._between is None:
            return self._finished("stop")
        self.count += 1
        seen[index] = True
        self._last, self._after = index, (state, seen)
        self._undecoded.append(index)
        text = next(self._texts)
        if index == end and self._between is not None:
            text = self._between
        if self._likeliest is not None:
            self.scored.append(scored(logits, index, text, self._likeliest))
        shown = self._stop.passed(text)
        if self._stop.found is not None:
            return shown + self._finished("stop")
        return shown + self._finished("length") if self.count >= self._tokens else shown

    def _next_logits(self) -> tuple[Tensor, State, Tensor]:
        if self._after is None:
            return self._prompt.ending()
        state, seen = self._after
        logits, state = _advanced(self._prompt.model, torch.tensor([[self._last]]), state)
        return logits[-1], state, seen

    def _finished(self, reason: Literal["stop", "length"]) -> str:
        self.finish_reason, self._after = reason, None
        return self._stop.rest()


def generate(
    model: LanguageModel,
    tokenizer: Tokenizer,
    prompt: str,
    tokens: int,
    sampling: Sampling,
    tag: int | None = None,
    between: str | None = None,
) -> Iterator[str]:
    """Continue `prompt`; yields the text of each token, nothing while a character is incomplete.

    tag: as of `Prompt`; tokens, between: as of `TextSample`. Raises RequestError if the model's logits are not finite.
    """
    ids = [int(index) for index in tokenizer.encode(prompt)]
    sample = TextSample(Prompt(model, tokenizer, ids, tag), tokens, sampling, between=between)
    count = 0
    for text in sample:
        if sample.count > count:  # else the end of the document
            count = sample.count
            yield text


def scored(logits: Tensor, index: int, text: str, likeliest: int) -> Scored:
    """The token's probability and that of `likeliest` alternatives, by `logits` (vocabulary,)."""
    logprobs = torch.log_softmax(logits.double(), dim=-1)
    best = logprobs.topk(min(likeliest, len(logprobs)))
    alternatives = zip(best.indices.tolist(), best.values.tolist(), strict=True)
    return Scored(index, text, float(logprobs[index]), tuple(alternatives))


def _advanced(model: LanguageModel, ids: Tensor, state: State, every: bool = False) -> tuple[Tensor, State]:
    """Logits (tokens, vocabulary) on the CPU after `ids` (1, tokens), of the last token alone unless `every`; the state."""
    with torch.no_grad():
        logits, state = model.advance(ids.to(model.embedding.weight.device), state)
    logits = (logits[0] if every else logits[0, -1:]).cpu()
    _refuse_not_finite(logits[-1])
    return logits, state


def _refuse_not_finite(logits: Tensor) -> None:
    if not math.isfinite(float(logits.sum())):  # each is within the soft cap, or NaN
        raise RequestError("generate-not-finite")


def documents_of(tokenizer: Tokenizer, ids: Sequence[int]) -> list[str]:
    """The texts of these ids, one for each document or part of one."""
    found: list[list[int]] = [[]]
    for index in ids:
        if index == tokenizer.end_of_document:
            found.append([])
        else:
            found[-1].append(index)
    return [tokenizer.decode(each) for each in found]


def continue_all(
    model: LanguageModel,
    prompts: Tensor,
    special: Sequence[int],
    tokens: int,
    sampling: Sampling,
    end: int | None = None,
) -> Iterator[list[int]]:
    """Continue prompts (texts, time) of equal length as a batch; yields the next id of each, `tokens` times.

    Each text has its own random generator, so it does not depend on the others. special, end: as in
    `next_token`. Raises RequestError if the model's logits are not finite.
    """
    generators = [torch.Generator().manual_seed(hash64(sampling.seed, row) >> 1) for row in range(len(prompts))]
    return _continued(model, prompts, special, tokens, sampling, generators, end)


def _continued(
    model: LanguageModel,
    prompts: Tensor,
    special: Sequence[int],
    tokens: int,
    sampling: Sampling,
    generators: Sequence[torch.Generator],
    end: int | None,
) -> Iterator[list[int]]:
    device, count = model.embedding.weight.device, len(prompts)
    seen = torch.zeros(count, model.config.vocabulary, dtype=torch.bool).scatter_(1, prompts, True)
    unread, state = prompts, model.initial_state(count)
    for _ in range(tokens):
        with torch.no_grad():  # not across the yield: the consumer has its own mode between tokens
            for piece in torch.split(unread, _PROMPT_PIECE, dim=1):
                logits, state = model.advance(piece.to(device), state)
            last = logits[:, -1].cpu()  # (texts, vocabulary)
            _refuse_not_finite(last)
            drawn = [next_token(last[row], seen[row], special, sampling, generators[row], end) for row in range(count)]
        for row, index in enumerate(drawn):
            seen[row, index] = True
        unread = torch.tensor(drawn).unsqueeze(1)
        yield drawn


def next_token(
    logits: Tensor,
    seen: Tensor,
    special: Sequence[int],
    sampling: Sampling,
    generator: torch.Generator,
    end: int | None = None,
) -> int:
    """Sample one id from `logits` (vocabulary,). seen (vocabulary,): ids to penalise; special: ids that are excluded.

    end: the special id that may be sampled, the end of a document; it is not penalised, because a text could hardly end.
    """
    ending = -torch.inf if end is None else float(logits[end])
    if sampling.repetition_penalty != 1.0:
        penalised = torch.where(logits > 0, logits / sampling.repetition_penalty, logits * sampling.repetition_penalty)
        logits = torch.where(seen, penalised, logits)
    logits = logits.clone()
    logits[list(special)] = -torch.inf
    if end is not None:
        logits[end] = ending
    if sampling.temperature < _GREEDY_BELOW:
        return int(logits.argmax())
    logits = (logits - logits.max()) / sampling.temperature  # no overflow, however low the temperature
    if 0 < sampling.top_k < len(logits):
        logits[logits < logits.topk(sampling.top_k).values[-1]] = -torch.inf
    probabilities = torch.softmax(logits, dim=-1)
    if sampling.top_p < 1.0:
        ordered, order = probabilities.sort(descending=True, stable=True)
        beyond = ordered.cumsum(-1) - ordered >= sampling.top_p  # the first one is never excluded
        probabilities[order[beyond]] = 0.0
    return int(torch.multinomial(probabilities, 1, generator=generator))


def _opening(tokenizer: Tokenizer) -> int:
    """The context of a text without a prompt: the end token of another document, else a line end."""
    if tokenizer.end_of_document is not None:
        return tokenizer.end_of_document
    line_end: Sequence[int] = [int(index) for index in tokenizer.encode("\n")]
    return line_end[0]
