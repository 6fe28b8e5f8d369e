"""The loss of a pretrained model before it is trained further, against n-gram baselines: does it know this kind of text?

A 5-gram of characters counted on the training split is about what a small model trained from nothing reaches in minutes. If a
pretrained model starts above it, training from nothing may end lower.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch

from mmrec_engine.checks.finding import Skip, Status, Values
from mmrec_engine.checks.preflight.model_context import ModelContext, apart, finite, model_check, must_fit
from mmrec_engine.data.character_baselines import character_baselines
from mmrec_engine.data.windows import IGNORED_LABEL, EvaluationWindows
from mmrec_engine.evaluation.metrics import bits_per_character, evaluating, token_losses
from mmrec_engine.pretrained.source import read_pretrained

_TOKENS = 1024
_LONGEST = 256  # tokens of a window


@apart
def _pretrained_loss(context: ModelContext) -> Values:
    """Bits a character of some validation windows, and the baselines in the same unit."""
    must_fit(context)
    corpus = context.corpus
    try:
        baselines = character_baselines(corpus.train.tokens, corpus.validation.tokens, corpus.tokenizer)
    except ValueError:
        raise Skip("too-short") from None
    windows = EvaluationWindows(corpus.validation.tokens, min(_LONGEST, context.settings.seq_len))
    model = context.model()
    model.load_state_dict(read_pretrained(str(context.settings.init_from)).weights())
    chosen = windows.spread(max(1, _TOKENS // windows.length))
    inputs, labels = (torch.from_numpy(part).to(context.on.device) for part in windows.batch(chosen))
    with evaluating(model):
        counted = int((labels != IGNORED_LABEL).sum())
        loss = float(token_losses(model(inputs), labels)) / max(1, counted)
    a_token = corpus.validation.characters / max(1, len(corpus.validation.tokens))
    bits = finite(bits_per_character(loss, 1, a_token))
    unigram, five_gram = (baselines[name] / math.log(2) for name in ("unigram", "5-gram"))
    variant = "knows" if bits <= five_gram else "hardly" if bits <= unigram else "foreign"
    return {
        "bits": bits,
        "unigram": unigram,
        "five_gram": five_gram,
        "tokens": counted,
        "variant": variant,
    }


def _judge(values: Values, limit: Mapping[str, float]) -> Status:
    statuses: Mapping[str, Status] = {"knows": "pass", "hardly": "note", "foreign": "warn"}
    return statuses[values["variant"]]


PRETRAINED_LOSS = model_check("pretrained-loss", _pretrained_loss, _judge)
