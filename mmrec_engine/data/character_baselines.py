"""N-gram baselines over characters, for models whose vocabulary was not learnt from the text.

Most subwords of such a vocabulary never occur in a text of some megabytes, so counts over them are far weaker than counts over
characters. In nats a character they are comparable with any tokenizer.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from mmrec_engine.data.ngrams import MOST_TRAINING, MOST_VALIDATION, baselines, stretches
from mmrec_engine.data.text_measures import characters
from mmrec_engine.data.windows import Tokens
from mmrec_engine.tokenizer import Tokenizer

_STRETCHES = 16
_FOLDS = 5
_MOST_FOLDED = 500_000  # tokens
_LONGEST = 5  # characters of an n-gram

Points = npt.NDArray[np.integer]


def character_baselines(train: Tokens, validation: Tokens, tokenizer: Tokenizer) -> dict[str, float]:
    """Cross-entropy of the validation split under the training split's counts, nats a character. Keys: unigram, bigram, 5-gram.

    Raises ValueError if a split contains no 5-gram.
    """
    split = (_points(train, MOST_TRAINING // 4, tokenizer), _points(validation, MOST_VALIDATION // 4, tokenizer))
    return _of_points(*split)


def cross_validated_baselines(tokens: Tokens, tokenizer: Tokenizer) -> dict[str, float]:
    """Of a text that is not split: each fifth is predicted from the counts of the others. Raises ValueError, as above."""
    folds = np.array_split(_points(tokens, _MOST_FOLDED, tokenizer), _FOLDS)
    if min(map(len, folds)) < _LONGEST:
        raise ValueError(_LONGEST)
    found = [
        _of_points(np.concatenate([*folds[:index], *folds[index + 1 :]]), fold) for index, fold in enumerate(folds)
    ]
    return {name: float(np.mean([one[name] for one in found])) for name in found[0]}


def _points(tokens: Tokens, most: int, tokenizer: Tokenizer) -> Points:
    """Code points of at most `most` tokens, evenly spread."""
    parts: Iterable[Tokens] = stretches(tokens, most, _STRETCHES)
    return np.concatenate([characters(part, tokenizer) for part in parts])


def _of_points(train: Points, validation: Points) -> dict[str, float]:
    kinds, ids = np.unique(np.concatenate([train, validation]), return_inverse=True)
    numbers = ids.astype(np.uint32)
    return baselines(numbers[: len(train)], numbers[len(train) :], len(kinds))
