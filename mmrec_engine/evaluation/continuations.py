"""Metrics of continuations of the validation text: BLEU and ROUGE against the real continuation, distinct-n, copies.

Prompts are evenly spread over the validation split; each is continued, and compared with the real text. The result depends only
on the model, the text and the seed. BLEU by `sacrebleu` (Papineni et al. 2002; Post 2018 on signatures), ROUGE by `rouge-score`
(Lin 2004), distinct-n after Li et al., "A diversity-promoting objective function for neural conversation models", 2016.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from mmrec_engine.data.ngrams import stretches
from mmrec_engine.data.parts import Part
from mmrec_engine.data.prepare import Corpus
from mmrec_engine.data.text_measures import overlap
from mmrec_engine.errors import RequestError
from mmrec_engine.evaluation.generation import BETWEEN, Sampling, continue_all, documents_of
from mmrec_engine.evaluation.words import Words, bleu_tokenization, is_turkish, unsegmented
from mmrec_engine.events import Progress
from mmrec_engine.model.language_model import LanguageModel
from mmrec_engine.settings import metrics_of
from mmrec_engine.system.optional_dependencies import library
from mmrec_engine.tokenizer.character import code_points

SAMPLES = 32
PROMPT_TOKENS = 64
WRITTEN_TOKENS = 128
_EXTRA = "metrics"
_LIBRARIES = {"bleu": "sacrebleu", "rouge": "rouge_score.rouge_scorer"}
_ROUGES = ("rouge1", "rouge2", "rougeL")
_COPIED = 48  # characters: so long that two texts hardly agree by chance
_MOST_TRAINING = 16_000_000  # tokens that are searched for copies

Ids = npt.NDArray[np.int64]
Written = list[tuple[str, str]]  # the generated text, and the real one


def require_libraries(metrics: str) -> None:
    """Raises RequestError if a library for these metrics is missing."""
    for name in metrics_of(metrics):
        if name in _LIBRARIES:
            library(_LIBRARIES[name], _EXTRA)


def measure(
    model: LanguageModel, corpus: Corpus, metrics: str, seed: int, samples: int = SAMPLES
) -> Generator[Progress, None, dict[str, Any]]:
    """The metrics (settings.METRICS, joined by commas) of continuations of the validation split, and how they were computed.

    Values: `bleu` (0–100) with its `signature`; `rouge1`, `rouge2`, `rougeL` (F1, 0–100, mean over the texts); `distinct1`,
    `distinct2` (0–1: distinct words, pairs of words, of all); `words`: how words were separated and lower-cased; `copied` (0–1:
    the share of the text's stretches of 48 characters that also occur in the training text). Raises RequestError without a
    library, or if the split is shorter than one sample.
    """
    require_libraries(metrics)
    sampling = Sampling(seed=seed)
    written = yield from _written(model, corpus, samples, sampling)
    values: dict[str, Any] = {
        "samples": len(written),
        "prompt_tokens": PROMPT_TOKENS,
        "written_tokens": WRITTEN_TOKENS,
        "seed": seed,
        "temperature": sampling.temperature,
    }
    for name in metrics_of(metrics):
        values |= {"bleu": _bleu, "rouge": _rouge, "distinct": _distinct, "copied": _copied}[name](written, corpus)
    return values


def _written(
    model: LanguageModel, corpus: Corpus, samples: int, sampling: Sampling
) -> Generator[Progress, None, Written]:
    tokenizer = corpus.tokenizer
    ends = np.cumsum(
        [0.0, *(part.share for part in corpus.all_parts)]
    )  # of the parts, so that all samples are distributed
    counts = np.diff(np.round(ends * samples).astype(np.int64))
    pieces = np.concatenate([_pieces(part, max(1, int(n))) for part, n in zip(corpus.all_parts, counts, strict=True)])
    prompts = torch.from_numpy(pieces[:, :PROMPT_TOKENS])
    made: list[list[int]] = [[] for _ in pieces]
    special, end = tokenizer.silent, tokenizer.end_of_document
    for done, ids in enumerate(continue_all(model, prompts, special, WRITTEN_TOKENS, sampling, end), 1):
        for row, index in zip(made, ids, strict=True):
            row.append(index)
        yield Progress(task="writing", done=done, total=WRITTEN_TOKENS)
    return [
        (
            BETWEEN.join(documents_of(tokenizer, row)),
            BETWEEN.join(documents_of(tokenizer, piece[PROMPT_TOKENS:].tolist())),
        )
        for row, piece in zip(made, pieces, strict=True)
    ]


def _pieces(part: Part, samples: int) -> Ids:
    """Evenly spread stretches of the validation split, each with the tag of its window. Shape (at most samples, tokens)."""
    tokens, length = part.validation.tokens, PROMPT_TOKENS + WRITTEN_TOKENS
    room = len(tokens) - length
    if room < 0:
        raise RequestError("metrics-too-short", tokens=len(tokens), needed=length)
    starts = np.linspace(0, room, min(samples, len(tokens) // length)).astype(np.int64)
    pieces = np.stack([np.asarray(tokens[start : start + length]).astype(np.int64) for start in starts])
    if part.tag is not None:
        pieces[:, 0] = part.tag
    return pieces


def _bleu(written: Written, corpus: Corpus) -> dict[str, Any]:
    texts, references = ([" ".join(text.split()) for text in column] for column in zip(*written, strict=True))
    score = library("sacrebleu", _EXTRA).BLEU(tokenize=bleu_tokenization(references))
    return {"bleu": score.corpus_score(texts, [references]).score, "signature": str(score.get_signature())}


def _rouge(written: Written, corpus: Corpus) -> dict[str, Any]:
    turkish = [is_turkish([reference]) for _, reference in written]
    scorers = {
        kind: library(_LIBRARIES["rouge"], _EXTRA).RougeScorer(list(_ROUGES), tokenizer=Words(kind))
        for kind in set(turkish)
    }
    scores = [scorers[kind].score(reference, text) for (text, reference), kind in zip(written, turkish, strict=True)]
    means = {name: 100.0 * sum(one[name].fmeasure for one in scores) / len(scores) for name in _ROUGES}
    return {**means, "words": _words_signature(turkish, written)}


def _distinct(written: Written, corpus: Corpus) -> dict[str, Any]:
    turkish = [is_turkish([reference]) for _, reference in written]
    words = [Words(kind).tokenize(text) for (text, _), kind in zip(written, turkish, strict=True)]
    return {**{f"distinct{n}": _different(words, n) for n in (1, 2)}, "words": _words_signature(turkish, written)}


def _words_signature(turkish: Sequence[bool], written: Written) -> str:
    """Signature of word separation and lower-casing, as sacrebleu has; and the scripts whose words were not separated."""
    case = "lc.tr" if all(turkish) else "lc.tr+lc" if any(turkish) else "lc"
    whole = unsegmented(reference for _, reference in written)
    return f"case:{case}|words:marks-joined,cjk-characters{''.join(f',{script}-between-blanks' for script in whole)}"


def _different(texts: Sequence[Sequence[str]], length: int) -> float:
    grams = [tuple(words[start : start + length]) for words in texts for start in range(len(words) - length + 1)]
    return len(set(grams)) / max(1, len(grams))


def _copied(written: Written, corpus: Corpus) -> dict[str, Any]:
    tokenizer = corpus.tokenizer
    train = [
        code_points(tokenizer.decode(np.asarray(part).tolist())).astype(np.uint32)
        for part in stretches(corpus.train.tokens, _MOST_TRAINING, 32)
    ]
    found = asked = 0
    for text, _ in written:
        here, grams = overlap(train, code_points(text).astype(np.uint32), _COPIED, len(text))
        found, asked = found + here, asked + grams
    return {"copied": found / max(1, asked)}
