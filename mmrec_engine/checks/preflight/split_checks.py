"""The checks of the split: is the validation split new to training, of the same kind, and in the same letters?

Must not know: models, torch, screens.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from mmrec_engine.checks.finding import Check, Skip, Status, Values
from mmrec_engine.checks.preflight.text_context import TextContext
from mmrec_engine.checks.specs import numbers
from mmrec_engine.data import text_measures
from mmrec_engine.data.ngrams import stretches
from mmrec_engine.data.parts import Split
from mmrec_engine.data.windows import Tokens
from mmrec_engine.locales.guide.remedies import remedy
from mmrec_engine.tokenizer import CharacterTokenizer

SHORTEST = 1000  # characters for a judgement
_GRAMS = 20_000
_MOST_SEARCHED = 128_000_000  # training tokens
_MOST_UNKNOWN_TOLD = 12
_MOST_TIMES_AS_MANY = 10  # unknown tokens in validation as in training, where training still makes them likely
_MOST_ASKED = 16_000_000  # validation tokens
_ALIKE_TRAINING, _ALIKE_VALIDATION = 400_000, 200_000  # characters
_AT_ONCE = 2**22  # tokens

Limits = Mapping[str, float]


def judge_share(values: Values, limits: Limits) -> Status:
    share = values["share"]
    return "fail" if share > limits["fail_share"] else "warn" if share > limits["warn_share"] else "pass"


# split-overlap, split-alike


def _overlap(context: TextContext) -> Values:
    train, validation = context.corpus.train.tokens, context.corpus.validation.tokens
    length, tokenizer = int(numbers("split-overlap")["gram"]), context.corpus.tokenizer
    searched = stretches(train, _MOST_SEARCHED, 32)
    looked_at = sum(map(len, searched)) / max(1, len(train))
    pieces = (text_measures.characters(part, tokenizer) for part in _parts(searched))
    asked = text_measures.characters(_bounded(validation), tokenizer)
    found, grams = text_measures.overlap(pieces, asked, length, _GRAMS)
    if not grams:
        raise Skip("too-short")
    values: Values = {
        "found": found,
        "grams": grams,
        "share": min(1.0, found / grams / looked_at),
        "looked_at": looked_at,
        **({"advice": "one-document"} if context.is_one_document else {}),
    }
    if values["share"] > numbers("split-overlap")["warn_share"]:
        return values
    return {**values, **(_overlap_of_letters(context, searched, looked_at) or {})}


def _overlap_of_letters(context: TextContext, searched: list[Tokens], looked_at: float) -> Values | None:
    """The same for letters alone, if that shows a leak: other line breaks, order or capitals do not hide a copy."""
    tokenizer, limits = context.corpus.tokenizer, numbers("split-overlap")
    train = (text_measures.letters_alone(part, tokenizer) for part in _parts(searched))
    validation = text_measures.letters_alone(_bounded(context.corpus.validation.tokens), tokenizer)
    found, grams = text_measures.overlap(train, validation, int(limits["gram_of_letters"]), _GRAMS)
    share = min(1.0, found / grams / looked_at) if grams else 0.0
    if share <= limits["warn_share"]:
        return None
    return {"found": found, "grams": grams, "share": share, "looked_at": looked_at, "variant": "letters"}


def _bounded(validation: Tokens) -> Tokens:
    """The validation split, or evenly spread stretches of a very large one: more n-grams than are searched for."""
    parts = stretches(validation, _MOST_ASKED, 1024)
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _parts(searched: list[Tokens]) -> Iterator[Tokens]:
    """Blocks that are short enough to be compared as characters."""
    return (part[start : start + _AT_ONCE] for part in searched for start in range(0, len(part), _AT_ONCE))


def _alike(context: TextContext) -> Values:
    train, validation = context.corpus.train.tokens, context.corpus.validation.tokens
    splits = [
        "\n".join(text_measures.texts(tokens, context.corpus.tokenizer, most))
        for tokens, most in ((train, _ALIKE_TRAINING), (validation, _ALIKE_VALIDATION))
    ]
    if min(map(len, splits)) < SHORTEST:
        raise Skip("too-short")
    foreign, own = text_measures.apart(*splits)
    return {"under_training": foreign, "under_own": own, "apart": foreign - own}


def _judge_alike(values: Values, limits: Limits) -> Status:
    return "warn" if values["apart"] > limits["nats"] else "pass"


# unknown-characters


def _unknown(context: TextContext) -> Values:
    """Of the validation split; of both splits with the vocabulary of the model that the run begins with, which was learnt from
    another text.

    The unknown token is an easy target where the run trains on it. Where it does not, as with characters of the validation
    split alone, the model gives it hardly any probability, and each has a very high loss.
    """
    corpus, tokenizer = context.corpus, context.corpus.tokenizer
    is_kept = context.settings.init_from is not None and corpus.train.unknown + corpus.validation.unknown > 0
    is_trained = _share(corpus.train) * _MOST_TIMES_AS_MANY >= _share(corpus.validation)
    splits = (corpus.train, corpus.validation) if is_kept and is_trained else (corpus.validation,)
    unknown, tokens = sum(split.unknown for split in splits), sum(len(split.tokens) for split in splits)
    full = isinstance(tokenizer, CharacterTokenizer) and len(tokenizer.characters) >= context.settings.vocab_size
    larger = full and is_trained and not is_kept  # else a larger vocabulary would not have them either
    values: Values = {
        "unknown": unknown,
        "tokens": tokens,
        "share": unknown / max(1, tokens),
        "vocabulary": tokenizer.vocab_size,
        "larger_vocabulary": min(1_000_000, 2 * context.settings.vocab_size) if larger else None,
    }
    if is_kept or (unknown and not is_trained):
        told = corpus.unknown_characters[:_MOST_UNKNOWN_TOLD]
        more = " …" if len(corpus.unknown_characters) > len(told) else ""
        kind = ("kept" if is_trained else "kept-not-in-training") if is_kept else "not-in-training"
        values |= {"variant": kind, "characters": " ".join(map(_visible, told)) + more}
    elif unknown:
        values["advice"] = "in-training"
    return values


def _share(split: Split) -> float:
    return split.unknown / max(1, len(split.tokens))


def _visible(character: str) -> str:
    return character if character.isprintable() and not character.isspace() else f"U+{ord(character):04X}"


def _without_unknown(values: Values, status: Status) -> list[dict[str, Any]]:
    if status not in ("warn", "fail"):
        return []
    if values.get("variant") == "kept":
        return [remedy("random-weights", init_from=None)]
    larger = values["larger_vocabulary"]
    return [remedy("larger-vocabulary", vocab_size=larger)] if larger else []


SPLIT_CHECKS: tuple[Check, ...] = (
    Check("split-overlap", _overlap, judge_share),
    Check("split-alike", _alike, _judge_alike),
    Check("unknown-characters", _unknown, judge_share, _without_unknown),
)
