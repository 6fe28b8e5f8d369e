"""Validation of a run: the whole validation split or a sample of it, a sample of the training split, and generated text.

Several ranks divide the batches. Then every rank adds up the figures of all batches in their order, so that the results do not
depend on the number of ranks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from mmrec_engine.data.batches import validation_windows
from mmrec_engine.data.prepare import Corpus
from mmrec_engine.data.windows import IGNORED_LABEL, EvaluationWindows, Tokens
from mmrec_engine.evaluation.generation import BETWEEN, Sampling, documents_of, generate
from mmrec_engine.evaluation.metrics import MetricSums, bits_per_character, evaluating, perplexity, token_losses
from mmrec_engine.evaluation.mixture_metrics import MixtureMetrics
from mmrec_engine.evaluation.ranks import ONE_RANK, Ranks
from mmrec_engine.events import Progress
from mmrec_engine.model.language_model import LanguageModel
from mmrec_engine.model.memory_estimate import TOKENS_AN_EVALUATION
from mmrec_engine.runs.run_time import MOST_BESIDE, SAMPLE_TOKENS
from mmrec_engine.settings import WHOLE

FIRST_TOKENS = 4 * TOKENS_AN_EVALUATION  # for comparing a reloaded model with the saved one
MOST_SAMPLED = 2**18  # tokens that represent a whole split
_SECONDS_BETWEEN_PROGRESS = 0.5
_PROMPT_CHARACTERS = 32


@dataclass(frozen=True)
class Metrics:
    """Of the whole validation split. loss: nats a token; tokens: predicted ones; first_loss: of the first FIRST_TOKENS.

    standard_error: of the loss; None if the split is a single batch. parts: with several corpora the loss of each; then the
    other figures weight them by their shares.
    """

    loss: float
    perplexity: float
    accuracy: float
    bits_per_character: float
    tokens: int
    batches: int
    first_loss: float
    standard_error: float | None
    parts: dict[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The reported metrics: without the first loss, and without standard error and parts if there are none."""
        left_out = {"first_loss", *(() if self.parts else ("parts",))}
        return {name: value for name, value in self.__dict__.items() if name not in left_out and value is not None}

    def deciding_loss(self, corpus: str) -> float:
        """The loss that decides on the best model: of this corpus, or of all together."""
        return self.loss if corpus == WHOLE else self.parts[corpus]


Evaluation = Generator[Progress, None, MetricSums | None]
Precision = Callable[[], AbstractContextManager[None]]


def evaluate_windows(
    model: LanguageModel,
    windows: EvaluationWindows,
    numbers: npt.NDArray[np.int64],
    stopped: Callable[[], bool] = lambda: False,
    precision: Precision = nullcontext,
    beside: MetricSums | None = None,
    ranks: Ranks = ONE_RANK,
) -> Evaluation:
    """Sum the metrics of the windows with these numbers, dropout off, in float32 unless `precision` says otherwise.

    beside: earlier sums to add to. Yields progress; returns None once `stopped`, which has the same answer in all ranks, and is
    called once a round, in which each rank has a batch.
    """
    a_batch = max(1, TOKENS_AN_EVALUATION // windows.length)
    batches = [numbers[start : start + a_batch] for start in range(0, len(numbers), a_batch)]
    figures = np.zeros((len(batches), 3))  # of those that this rank has: loss sum, right predictions, tokens
    reported_at = time.monotonic()
    for first in range(0, len(batches), ranks.size):
        if stopped():
            return None
        if (mine := first + ranks.rank) < len(batches):
            figures[mine] = _figures_of_batch(model, windows, batches[mine], precision)
        elif ranks.collective:
            _figures_of_batch(model, windows, batches[0][:1], precision)  # the others' passes need this rank's weights
        if time.monotonic() - reported_at > _SECONDS_BETWEEN_PROGRESS:
            reported_at = time.monotonic()
            done = min(len(numbers), (first + ranks.size) * a_batch)
            yield Progress(task="evaluating", done=done, total=len(numbers))
    sums = beside or MetricSums()
    for loss_sum, correct, tokens in ranks.total(figures).tolist() if batches else ():
        sums.add_batch(loss_sum, int(correct), int(tokens))
    return sums


def _figures_of_batch(
    model: LanguageModel, windows: EvaluationWindows, numbers: npt.NDArray[np.int64], precision: Precision
) -> tuple[float, int, int]:
    device = model.embedding.weight.device
    sums = MetricSums()
    with evaluating(model), precision():
        inputs, labels = (torch.from_numpy(part).to(device) for part in windows.batch(numbers))
        logits = model(inputs)
        sums.add(float(token_losses(logits, labels)), logits, labels)
    return sums.loss_sum, sums.correct, sums.tokens


def validate(
    model: LanguageModel,
    corpus: Corpus,
    length: int,
    stopped: Callable[[], bool] = lambda: False,
    ranks: Ranks = ONE_RANK,
) -> Generator[Progress, None, Metrics | None]:
    """Metrics of the whole validation split; None once `stopped`."""
    of_corpora: list[MetricSums] = []
    first_losses: list[float] = []
    for windows in validation_windows(corpus, length):
        first = yield from evaluate_first(model, windows, stopped, ranks)
        if first is None:
            return None
        first_losses.append(first.loss)
        rest = np.arange(_first_count(windows), windows.count)
        sums = yield from evaluate_windows(model, windows, rest, stopped, beside=first, ranks=ranks)
        if sums is None:
            return None
        of_corpora.append(sums)
    whole = MixtureMetrics.of(of_corpora, corpus.all_parts)
    return Metrics(
        whole.loss,
        perplexity(whole.loss),
        whole.accuracy,
        bits_per_character(whole.loss, whole.tokens, whole.characters),
        whole.tokens,
        whole.batches,
        first_losses[0],
        whole.standard_error,
        {part.name: sums.loss for part, sums in zip(corpus.parts, of_corpora, strict=False)},
    )


def evaluate_first(
    model: LanguageModel,
    windows: EvaluationWindows,
    stopped: Callable[[], bool] = lambda: False,
    ranks: Ranks = ONE_RANK,
) -> Evaluation:
    """Sum the metrics of the first windows, FIRST_TOKENS at most, in float32."""
    return evaluate_windows(model, windows, np.arange(_first_count(windows)), stopped, ranks=ranks)


def _first_count(windows: EvaluationWindows) -> int:
    """Whole batches, so that all of a split is summed in the same order."""
    return min(windows.count, FIRST_TOKENS // TOKENS_AN_EVALUATION * max(1, TOKENS_AN_EVALUATION // windows.length))


def training_loss(
    model: LanguageModel,
    corpus: Corpus,
    length: int,
    stopped: Callable[[], bool] = lambda: False,
    precision: Precision = nullcontext,
    ranks: Ranks = ONE_RANK,
) -> Generator[Progress, None, float | None]:
    """Loss of as many training windows as the validation split has, dropout off, for comparison with the validation loss.

    At most 65,536 tokens: a mean over them varies by a hundredth, and as they are always the same, its curve
    is smoother than that. In the precision of the training, because the compared differences are hundredths.
    """
    of_corpora: list[MetricSums] = []
    for part, as_many in zip(corpus.all_parts, validation_windows(corpus, length), strict=True):
        windows = EvaluationWindows(part.train.tokens, length, part.tag)
        numbers = windows.spread(min(as_many.count, max(1, int(part.share * MOST_BESIDE) // length)))
        sums = yield from evaluate_windows(model, windows, numbers, stopped, precision, ranks=ranks)
        if sums is None:
            return None
        of_corpora.append(sums)
    return MixtureMetrics.of(of_corpora, corpus.all_parts).loss


def validate_sample(
    model: LanguageModel,
    corpus: Corpus,
    length: int,
    tokens: int,
    others_too: bool,
    stopped: Callable[[], bool] = lambda: False,
    precision: Precision = nullcontext,
    corpus_that_decides: str = WHOLE,
    ranks: Ranks = ONE_RANK,
) -> Generator[Progress, None, tuple[MixtureMetrics, MixtureMetrics] | None]:
    """About `tokens` tokens of the validation split, evenly spread, always the same; and all of it, at most MOST_SAMPLED.

    If the others are not requested, both are the sample. corpus_that_decides: of several corpora the only one that is
    evaluated. None once `stopped`.
    """
    looked_at = [
        (part, windows)
        for part, windows in zip(corpus.all_parts, validation_windows(corpus, length), strict=True)
        if corpus_that_decides in (WHOLE, part.name)
    ]
    shares = sum(part.share for part, _ in looked_at)
    samples: list[MetricSums] = []
    whole: list[MetricSums] = []
    for part, windows in looked_at:
        share = part.share / shares
        numbers = windows.spread(max(1, int(share * MOST_SAMPLED) // length))
        every = max(1, len(numbers) * length // max(1, int(share * tokens)))
        sample = yield from evaluate_windows(model, windows, numbers[::every], stopped, precision, ranks=ranks)
        if sample is None:
            return None
        samples.append(sample)
        if others_too:
            others = np.delete(numbers, slice(None, None, every))
            rest = yield from evaluate_windows(model, windows, others, stopped, precision, ranks=ranks)
            if rest is None:
                return None
            whole.append(MetricSums.of((sample, rest)))
    parts = [part for part, _ in looked_at]
    together = MixtureMetrics.of(samples, parts)
    return together, MixtureMetrics.of(whole, parts) if others_too else together


def window_losses(model: LanguageModel, corpus: Corpus, length: int, most: int) -> npt.NDArray[np.float64]:
    """Mean loss of each of at most `most` evenly spread validation windows: the random variation of a validation loss."""
    losses: list[float] = []
    device = model.embedding.weight.device
    a_batch = max(1, TOKENS_AN_EVALUATION // length)
    batches = [
        (windows, numbers[start : start + a_batch])
        for part, windows in zip(corpus.all_parts, validation_windows(corpus, length), strict=True)
        for numbers in (windows.spread(max(1, int(part.share * most))),)
        for start in range(0, len(numbers), a_batch)
    ]
    for windows, chosen in batches:
        with evaluating(model):
            inputs, labels = (torch.from_numpy(side).to(device) for side in windows.batch(chosen))
            flat = functional.cross_entropy(
                model(inputs).flatten(0, 1), labels.flatten(), ignore_index=IGNORED_LABEL, reduction="none"
            )
            each = flat.view_as(labels)  # (windows, time)
            counted = (labels != IGNORED_LABEL).sum(1).clamp(min=1)
            losses += (each.sum(1) / counted).tolist()
    return np.array(losses)


def prompt_of(corpus: Corpus) -> str:
    """The prompt of samples: the beginning of the validation split, from its first whole word on if a document was cut within a
    word; of shorter documents the last one begun."""
    start = _tokens_of_a_cut_word(corpus)
    beginning: Tokens = corpus.validation.tokens[start : start + _PROMPT_CHARACTERS]
    prompt = documents_of(corpus.tokenizer, [int(index) for index in beginning])[-1]
    return prompt.lstrip() if start else prompt


def _tokens_of_a_cut_word(corpus: Corpus) -> int:
    """How many tokens at the beginning of the validation split are the end of a word that begins in training; 0 if there is no
    end of a word near."""
    part, tokenizer = corpus.all_parts[0], corpus.tokenizer
    before = [int(index) for index in part.train.tokens[-_PROMPT_CHARACTERS:]]
    if not before or before[-1] == tokenizer.end_of_document:  # no document was cut
        return 0
    text_before = tokenizer.decode(before)
    # Of several documents each was cut, and the last one of the training split may be another one.
    if tokenizer.end_of_document is None and text_before[-1:].isspace():
        return 0
    beginning = [int(index) for index in part.validation.tokens[:_PROMPT_CHARACTERS]]
    for place, text in enumerate(tokenizer.decode_each(beginning)):
        if beginning[place] == tokenizer.end_of_document or text[-1:].isspace():
            return place + 1 if place + 1 < len(part.validation.tokens) else 0
        if text[:1].isspace():
            return place
    return 0


def sample_text(model: LanguageModel, corpus: Corpus, seed: int) -> tuple[str, str]:
    """A fixed prompt and the model's continuation, documents separated; with several corpora of the first."""
    prompt = prompt_of(corpus)
    written = generate(model, corpus.tokenizer, prompt, SAMPLE_TOKENS, Sampling(seed=seed), between=BETWEEN)
    return prompt, "".join(written)
