"""The loss of a pretrained model before it is trained further, against n-gram baselines: does it know this kind of text?

A 5-gram of characters counted on the training split is about what a small model trained from nothing reaches in minutes. If a
pretrained model starts above it, training from nothing may end lower.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from mmrec_engine.checks.finding import Skip, Status, Values
from mmrec_engine.checks.preflight.model_context import ModelContext, apart, finite, model_check, must_fit
from mmrec_engine.data.character_baselines import character_baselines
from mmrec_engine.data.text_measures import characters
from mmrec_engine.data.windows import IGNORED_LABEL, EvaluationWindows, Tokens
from mmrec_engine.evaluation.metrics import evaluating, token_losses
from mmrec_engine.model.language_model import LanguageModel
from mmrec_engine.pretrained.source import read_pretrained

_TOKENS = 1024
_LONGEST = 256  # tokens of a passage


@dataclass(frozen=True)
class Passages:
    """Evenly spread windows of the validation split.

    inputs, labels: (windows, length). characters: number of characters of all labels. texts: for each window its first input
    and its labels, as code points.
    """

    inputs: Tensor
    labels: Tensor
    characters: int
    texts: list[Tokens]

    def bits_of(self, model: LanguageModel) -> float:
        """Bits per character of a model with the run's tokens."""
        with evaluating(model):
            nats = float(token_losses(model(self.inputs), self.labels))
        return finite(nats / math.log(2) / max(1, self.characters))


def passages_of(context: ModelContext) -> Passages:
    corpus, tokenizer = context.corpus, context.corpus.tokenizer
    tokens = corpus.validation.tokens
    windows = EvaluationWindows(tokens, min(_LONGEST, context.settings.seq_len))
    chosen = windows.spread(max(1, _TOKENS // windows.length))
    inputs, labels = (torch.from_numpy(part).to(context.on.device) for part in windows.batch(chosen))
    cut = [tokens[start : start + windows.length + 1] for start in (chosen * windows.length).tolist()]
    counted = sum(len(characters(part[1:], tokenizer)) for part in cut)
    return Passages(inputs, labels, counted, [characters(part, tokenizer) for part in cut])


def pretrained_model(context: ModelContext) -> LanguageModel:
    """The model of the run with its pretrained weights."""
    model = context.model()
    model.load_state_dict(read_pretrained(str(context.settings.init_from)).weights())
    return model


@apart
def _pretrained_loss(context: ModelContext) -> Values:
    """Bits per character of some validation windows, and the baselines in the same unit."""
    must_fit(context)
    corpus = context.corpus
    try:
        baselines = character_baselines(corpus.train.tokens, corpus.validation.tokens, corpus.tokenizer)
    except ValueError:
        raise Skip("too-short") from None
    passages = passages_of(context)
    bits = passages.bits_of(pretrained_model(context))
    unigram, five_gram = (baselines[name] / math.log(2) for name in ("unigram", "5-gram"))
    variant = "knows" if bits <= five_gram else "hardly" if bits <= unigram else "foreign"
    return {
        "bits": bits,
        "unigram": unigram,
        "five_gram": five_gram,
        "tokens": int((passages.labels != IGNORED_LABEL).sum()),
        "variant": variant,
    }


def _judge(values: Values, limit: Mapping[str, float]) -> Status:
    statuses: Mapping[str, Status] = {"knows": "pass", "hardly": "note", "foreign": "warn"}
    return statuses[values["variant"]]


PRETRAINED_LOSS = model_check("pretrained-loss", _pretrained_loss, _judge)
