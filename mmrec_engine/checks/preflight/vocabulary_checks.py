"""The check of a subword vocabulary: is it so large that many subwords are hardly ever trained?

Must not know: models, torch, screens.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from mmrec_engine.checks.finding import Check, Status, Values
from mmrec_engine.checks.preflight.text_context import TextContext
from mmrec_engine.checks.specs import numbers
from mmrec_engine.data.ngrams import stretches
from mmrec_engine.data.windows import Tokens
from mmrec_engine.locales.guide.remedies import remedy
from mmrec_engine.tokenizer.subwords import SubwordTokenizer

_MOST_COUNTED = 512_000_000  # tokens of a split
_STRETCHES = 64
_AT_ONCE = 2**22  # tokens
_BESIDE_CHARACTERS = 400  # bytes, and the fewest subwords that are worth learning
_STEPS = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8)  # a proposed size is one of these, times a power of ten


def _vocabulary(context: TextContext) -> Values:
    """Subwords alone: bytes and characters have ids at any size."""
    corpus, tokenizer = context.corpus, context.corpus.tokenizer
    assert isinstance(tokenizer, SubwordTokenizer)
    limits = numbers("vocabulary-size")
    trained = _counts(corpus.train.tokens, tokenizer.vocab_size)
    validated = _counts(corpus.validation.tokens, tokenizer.vocab_size)
    lengths = np.array([_characters(piece) for piece in tokenizer.pieces])
    subwords = lengths > 1
    of_subwords = trained[subwords]
    tokens = int(validated.sum())
    untrained = int(validated[trained == 0].sum())
    return {
        "subwords": len(of_subwords),
        "never": int((of_subwords == 0).sum()),
        "rare": int((of_subwords < limits["times"]).sum()),
        "rare_share": float((of_subwords < limits["times"]).mean()) if len(of_subwords) else 0.0,
        "untrained": untrained,
        "tokens": tokens,
        "untrained_share": untrained / max(1, tokens),
        "smaller_vocabulary": _smaller(
            context.settings.vocab_size, corpus.train.characters, int((lengths == 1).sum()), limits
        ),
    }


def _counts(tokens: Tokens, vocabulary: int) -> npt.NDArray[np.int64]:
    counts = np.zeros(vocabulary, dtype=np.int64)
    for stretch in stretches(tokens, _MOST_COUNTED, _STRETCHES):
        for start in range(0, len(stretch), _AT_ONCE):
            counts += np.bincount(stretch[start : start + _AT_ONCE], minlength=vocabulary)
    return counts


def _characters(piece: bytes) -> int:
    """Number of characters of a subword; 0 if it has no whole ones."""
    try:
        return len(piece.decode())
    except UnicodeDecodeError:
        return 0


def _smaller(size: int, characters: int, single: int, limits: Mapping[str, float]) -> int | None:
    """The largest round size at which each id has enough text; None if the characters alone need nearly as many."""
    most = min(0.8 * size, characters / limits["characters"])
    fitting = [int(step * 10**power) for power in range(2, 6) for step in _STEPS if step * 10**power <= most]
    least = single + _BESIDE_CHARACTERS if single > 256 else _BESIDE_CHARACTERS
    chosen = max(fitting, default=0)
    chosen = max(chosen, least)
    return chosen if chosen <= 0.8 * size else None


def _judge_vocabulary(values: Values, limits: Mapping[str, float]) -> Status:
    if values["rare_share"] > limits["warn_rare"] or values["untrained_share"] > limits["warn_untrained"]:
        return "warn"
    return "pass"


def _smaller_vocabulary(values: Values, status: Status) -> list[dict[str, Any]]:
    smaller = values["smaller_vocabulary"]
    return [remedy("smaller-vocabulary", vocab_size=smaller)] if smaller and status == "warn" else []


VOCABULARY_CHECKS: tuple[Check, ...] = (Check("vocabulary-size", _vocabulary, _judge_vocabulary, _smaller_vocabulary),)
