"""Text generation, token by token: constant memory and constant time a token with the recurrence."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mmrec_engine.errors import RequestError
from mmrec_engine.model.language_model import LanguageModel
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


def generate(
    model: LanguageModel,
    tokenizer: Tokenizer,
    prompt: str,
    tokens: int,
    sampling: Sampling,
    tag: int | None = None,
    between: str | None = None,
) -> Iterator[str]:
    """Continue `prompt` by `tokens` tokens; yields the text of each, nothing while a character is incomplete.

    tag: id of the corpus whose style to use; None: of the first corpus with a tag. between: text for the end of a
    document, after which the next one follows; None: the text ends there, before `tokens` tokens. Other special tokens are
    never sampled. Raises RequestError if the model's logits are not finite.
    """
    ids = [int(index) for index in tokenizer.encode(prompt)] or [_opening(tokenizer)]
    tag = next(iter(tokenizer.tags.values()), None) if tag is None else tag
    ids = ids if tag is None else [tag, *ids]
    generator = torch.Generator().manual_seed(sampling.seed)
    special, end = len(tokenizer.special), tokenizer.end_of_document
    drawn = _continued(model, torch.tensor([ids]), special, tokens, sampling, [generator], end)
    if between is None:
        drawn = itertools.takewhile(lambda each: each != [end], drawn)
    for (index,), piece in _with_text(drawn, tokenizer):
        yield between if between is not None and index == end else piece


def _with_text(drawn: Iterator[list[int]], tokenizer: Tokenizer) -> Iterator[tuple[list[int], str]]:
    """Each id with the text that it completes."""
    ids, others = itertools.tee(drawn)
    return zip(ids, tokenizer.decode_each(index for (index,) in others), strict=True)


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
    model: LanguageModel, prompts: Tensor, special: int, tokens: int, sampling: Sampling, end: int | None = None
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
    special: int,
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
            if not math.isfinite(float(last.sum())):  # each is within the soft cap, or NaN
                raise RequestError("generate-not-finite")
            drawn = [next_token(last[row], seen[row], special, sampling, generators[row], end) for row in range(count)]
        for row, index in enumerate(drawn):
            seen[row, index] = True
        unread = torch.tensor(drawn).unsqueeze(1)
        yield drawn


def next_token(
    logits: Tensor,
    seen: Tensor,
    special: int,
    sampling: Sampling,
    generator: torch.Generator,
    end: int | None = None,
) -> int:
    """Sample one id from `logits` (vocabulary,). seen (vocabulary,): ids to penalise; the first `special` ids are excluded.

    end: the special id that may be sampled, the end of a document; it is not penalised, because a text could hardly end.
    """
    ending = -torch.inf if end is None else float(logits[end])
    if sampling.repetition_penalty != 1.0:
        penalised = torch.where(logits > 0, logits / sampling.repetition_penalty, logits * sampling.repetition_penalty)
        logits = torch.where(seen, penalised, logits)
    logits = logits.clone()
    logits[:special] = -torch.inf
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
