"""The checks of the text before training: can it be read, is there enough, is it text?

They use only the prepared tokens, decoded if characters matter; of a large corpus evenly spread stretches.
The checks of its splits are in `split_checks.py`, those of its use in `settings_checks.py`. Must not
know: models, torch, screens.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from mmrec_engine.checks.finding import Check, Skip, Status, Values
from mmrec_engine.checks.preflight.column_checks import MARKUP_CHECKS
from mmrec_engine.checks.preflight.settings_checks import SETTINGS_CHECKS
from mmrec_engine.checks.preflight.skipped_files import HARMLESS, UNDECODABLE, counted, shortened
from mmrec_engine.checks.preflight.split_checks import SHORTEST, SPLIT_CHECKS, judge_share
from mmrec_engine.checks.preflight.text_context import TextContext
from mmrec_engine.checks.specs import numbers
from mmrec_engine.data import text_measures
from mmrec_engine.data.ngrams import stretches
from mmrec_engine.data.sources.encodings_of_files import encoding_of, proposals
from mmrec_engine.data.sources.mojibake import damaged_words, repair
from mmrec_engine.data.windows import EvaluationWindows, TrainingWindows
from mmrec_engine.locales.guide.remedies import remedy
from mmrec_engine.settings.presets import smaller_presets
from mmrec_engine.settings.pretrained import PRETRAINED
from mmrec_engine.tokenizer import CharacterTokenizer

__all__ = ["TEXT_CHECKS", "TextContext"]

_MOST_NAMED = 20  # files
_MOST_OTHERS = 2  # files besides the first whose reason is told
_ENOUGH_WORDS = 4000  # characters; shorter documents are checked together
_FEWEST_LINES = 20
_FOR_STRUCTURE = 400_000  # characters
_SHORTEST_WINDOW = 32
_AT_ONCE = 2**22  # tokens
_MOST_COUNTED = 512_000_000  # tokens of a split
_PASSAGES = 4  # of a split

Limits = Mapping[str, float]
Remedies = list[dict[str, Any]]


# corpus-readable


def _readable(context: TextContext) -> Values:
    corpus = context.corpus
    undecodable = [skipped for skipped in corpus.skipped if skipped.reason in UNDECODABLE]
    lost, read = sum(skipped.size for skipped in undecodable), corpus.train.characters + corpus.validation.characters
    values: Values = {
        "documents": corpus.documents,
        "skipped": len(corpus.skipped),
        "undecodable": len(undecodable),
        "harmless": sum(skipped.reason in HARMLESS for skipped in corpus.skipped),
        "share": lost / max(1, lost + read),  # bytes of a legacy encoding are characters
        "files": [{"file": s.name, "reason": s.reason, "hint": s.hint} for s in corpus.skipped[:_MOST_NAMED]],
        "invalid_utf8": any(skipped.reason == "invalid-utf8" for skipped in undecodable),
    }
    if corpus.skipped:
        # The most important first: files whose encoding is unknown, then damaged ones, then those skipped on purpose.
        first = min(corpus.skipped, key=lambda s: (s.reason not in UNDECODABLE, s.reason in HARMLESS))
        values |= {"first": first.name, "reason": first.reason, "variant": first.reason, "hint": proposals(first, 2)}
        values |= counted(first)
        others = [one for one in corpus.skipped if one is not first]
        values["others"] = [[shortened(one.name), one.reason] for one in others[:_MOST_OTHERS]]
        values["more"] = ", …" if len(others) > _MOST_OTHERS else ""
    legacy = {encoding_of(one): one.name for one in reversed(undecodable) if one.reason == "undecodable"}
    if len(legacy) == 1:
        encoding = next(iter(legacy))
        values["encoding"] = None if encoding == context.settings.encoding else encoding
    elif legacy and values["reason"] == "undecodable":
        *_, (second, other), (encoding, first_name) = legacy.items()
        values |= {"variant": "encodings-differ", "first": first_name, "its_encoding": encoding}
        values |= {"other": other, "other_encoding": second}
    return values


def _judge_readable(values: Values, limits: Limits) -> Status:
    if values["share"] > limits["fail_share"]:
        return "fail"
    if values["share"] > limits["warn_share"]:
        return "warn"
    if values["skipped"] > values["undecodable"] + values["harmless"]:
        return "warn"
    return "note" if values["skipped"] else "pass"


def _name_encoding(values: Values, status: Status) -> Remedies:
    encoding = values.get("encoding")
    found = [remedy("name-encoding", encoding=encoding)] if encoding else []
    return [*found, remedy("skip-invalid-bytes", skip_invalid_bytes=True)] if values["invalid_utf8"] else found


# corpus-size


def _size(context: TextContext) -> Values:
    settings, limits = context.settings, numbers("corpus-size")
    tokens, parameters = len(context.corpus.train.tokens), context.parameters(settings.config)
    values: Values = {
        "tokens": tokens,
        "parameters": parameters,
        "tokens_a_parameter": tokens / parameters,
        "full_tokens": int(limits["full_tokens_a_parameter"] * parameters),
        "train_windows": context.train_windows.count,
        "validation_windows": context.validation_windows.count,
        "seq_len": settings.seq_len,
        "eval_seq_len": settings.eval_seq_len,
        "config": settings.config,
        "smaller_config": _smaller_config(context, limits),
        "half_stride": None,
        "shorter_seq_len": None,
        "shorter_eval_seq_len": None,
    }
    few = _too_few_windows(values, limits)
    if settings.eval_seq_len is not None and "few-validation-windows" in few:
        values["shorter_eval_seq_len"] = _shorter_evaluation(context, limits)
    if few and not (few == ["few-validation-windows"] and values["shorter_eval_seq_len"]):
        values["shorter_seq_len"] = _shorter_windows(context, limits)
        half = max(1, settings.seq_len // 2)
        if settings.window_stride > half and values["validation_windows"] >= limits["validation_windows"]:
            values["half_stride"] = half
    return values


def _too_few_windows(values: Values, limits: Limits) -> list[str]:
    return [
        f"few-{name.replace('_', '-')}"
        for name in ("train_windows", "validation_windows")
        if values[name] < limits[name]
    ]


def _smaller_config(context: TextContext, limits: Limits) -> str | None:
    """The largest smaller config for which the text is enough, else the smallest; None if this is it."""
    smaller = smaller_presets(context.settings.config)
    needed = len(context.corpus.train.tokens) / limits["warn_tokens_a_parameter"]
    fitting = [name for name in smaller if context.parameters(name) <= needed]
    return fitting[-1] if fitting else smaller[0] if smaller else None


def _shorter_windows(context: TextContext, limits: Limits) -> int | None:
    corpus, length = context.corpus, 1 << (context.settings.seq_len.bit_length() - 1)
    while length > _SHORTEST_WINDOW:
        length //= 2
        train = TrainingWindows(corpus.train.tokens, length, min(length, context.settings.window_stride), 0).count
        validation = EvaluationWindows(corpus.validation.tokens, length).count
        if train >= limits["train_windows"] and validation >= limits["validation_windows"]:
            return length
    return None


def _shorter_evaluation(context: TextContext, limits: Limits) -> int | None:
    """The longest halving of the evaluation's windows of which the validation split has enough."""
    length = 1 << (context.settings.evaluated_length.bit_length() - 1)
    while length > _SHORTEST_WINDOW:
        length //= 2
        if EvaluationWindows(context.corpus.validation.tokens, length).count >= limits["validation_windows"]:
            return length
    return None


def _judge_size(values: Values, limits: Limits) -> Status:
    few = _too_few_windows(values, limits)
    if few:
        variant = "+".join(few)
        if values.get("eval_seq_len"):  # its windows are not those of training
            variant = variant.replace("few-validation-windows", "few-evaluation-windows")
        values["variant"] = variant
        return "fail"
    if values["config"] == PRETRAINED:  # it has learnt the language from another text
        values["variant"] = "pretrained"
        return "pass"
    return "warn" if values["tokens_a_parameter"] < limits["warn_tokens_a_parameter"] else "pass"


def _more_from_the_text(values: Values, status: Status) -> Remedies:
    found = []
    length = values.get("shorter_eval_seq_len")  # missing in a record of an older version
    evaluated = {"eval_seq_len": length} if length else {}
    if status == "fail" and values["shorter_seq_len"]:
        found.append(remedy("shorter-windows-for-text", seq_len=values["shorter_seq_len"], **evaluated))
    elif status == "fail" and evaluated:
        found.append(remedy("shorter-evaluation", **evaluated))
    if status == "fail" and values["half_stride"]:
        found.append(remedy("overlapping-windows", stride=values["half_stride"]))
    if status in ("warn", "fail") and values["smaller_config"]:
        found.append(remedy("smaller-config", config=values["smaller_config"]))
    return found


# corpus-text


def _text(context: TextContext) -> Values:
    text = "\n".join(context.train_sample)
    if len(text) < SHORTEST:
        raise Skip("too-short")
    return {
        "compression": text_measures.compression(text),
        "letters": text_measures.letters_share(text),
        "arithmetic": text_measures.arithmetic_share(text),
        "encoded": text_measures.encoded_share(text),
        "structure": text_measures.structure(text[:_FOR_STRUCTURE]),
    }


def _judge_text(values: Values, limits: Limits) -> Status:
    structure, letters = values["structure"], values["letters"] + values["arithmetic"]
    rules: tuple[tuple[bool, str, Status], ...] = (  # the first one that applies
        (values["compression"] > limits["highest_compression"], "repeated", "fail"),
        (values["encoded"] > limits["fail_encoded"], "encoded", "fail"),
        (letters < limits["fail_letters"], "no-letters", "fail"),
        (values["compression"] < limits["lowest_compression"], "dense", "fail"),
        (structure is not None and structure < limits["structure"], "no-structure", "fail"),
        (values["compression"] > limits["warn_compression"], "much-alike", "warn"),
        (values["encoded"] > limits["warn_encoded"], "partly-encoded", "warn"),
        (letters < limits["letters"], "few-letters", "warn"),
    )
    for holds, variant, status in rules:
        if holds:
            values["variant"] = variant
            return status
    return "pass"


# mojibake


def _mojibake(context: TextContext) -> Values:
    damaged = words = 0
    example: tuple[str, str] | None = None
    for text in _gathered((*context.train_sample, *context.validation_sample)):
        here, all_here = damaged_words(text)
        damaged, words = damaged + here, words + all_here
        if here and example is None:
            example = _example(text)
    values: Values = {"damaged": damaged, "words": words, "share": damaged / max(1, words)}
    if example is not None:
        values |= {"example": example[0], "mended": example[1]}
    return {**values, "fix_encoding": context.settings.fix_encoding}


def _gathered(documents: Iterable[str]) -> Iterator[str]:
    """Short documents joined, so that there is enough text to detect their language."""
    kept = ""
    for text in documents:
        kept = f"{kept}\n{text}" if kept else text
        if len(kept) >= _ENOUGH_WORDS:
            yield kept
            kept = ""
    if kept:
        yield kept


def _example(text: str) -> tuple[str, str] | None:
    """A damaged word, and its repair; None if nothing can be repaired."""
    for line, mended in zip(text.split("\n"), repair(text)[0].split("\n"), strict=True):
        for word, meant in zip(line.split(), mended.split(), strict=False):
            if word != meant:
                return word, meant
    return None


def _judge_mojibake(values: Values, limits: Limits) -> Status:
    if values["damaged"] < limits["words"] or values["share"] <= limits["warn_share"]:
        return "pass"
    values["variant"] = "mendable" if "example" in values else "beyond-repair"
    return "fail" if values["share"] > limits["fail_share"] else "warn"


def _fix_encoding(values: Values, status: Status) -> Remedies:
    offered = status in ("warn", "fail") and values["variant"] == "mendable" and not values["fix_encoding"]
    return [remedy("fix-encoding", fix_encoding=True)] if offered else []


# duplicate-text


def _duplicates(context: TextContext) -> Values:
    again, lines = text_measures.repeated_lines(context.whole_train(), int(numbers("duplicate-text")["characters"]))
    if lines < _FEWEST_LINES:
        raise Skip("too-short", lines=lines)
    values: Values = {"duplicated": again, "lines": lines, "share": again / lines}
    if context.corpus.copies is not None:
        values |= dict(zip(("first", "other"), map(shortened, context.corpus.copies), strict=True))
    if context.is_one_document:
        values["advice"] = "one-document"
    return values


def _judge_duplicates(values: Values, limits: Limits) -> Status:
    status = judge_share(values, limits)
    if status != "pass" and "other" in values:
        values["variant"] = "copied-files"
    return status


# round-trip


def _round_trip(context: TextContext) -> Values:
    corpus, tokenizer = context.corpus, context.corpus.tokenizer
    looked_at = [
        *stretches(corpus.train.tokens, _MOST_COUNTED, 64),
        *stretches(corpus.validation.tokens, _MOST_COUNTED, 64),
    ]
    kinds: set[int] = set()
    for tokens in looked_at:
        for start in range(0, len(tokens), _AT_ONCE):
            kinds.update(np.unique(tokens[start : start + _AT_ONCE]).tolist())
    values: Values = {
        "tokens": sum(map(len, looked_at)),
        "kinds": len(kinds),
        "vocabulary": tokenizer.vocab_size,
        "highest": max(kinds, default=0),
    }
    if values["highest"] >= tokenizer.vocab_size:
        return {**values, "variant": "out-of-range"}
    wrong = 0
    if isinstance(tokenizer, CharacterTokenizer):
        # A character's id does not depend on its context: each id once covers the whole text.
        plain = [kind for kind in sorted(kinds) if kind >= len(tokenizer.special)]
        wrong = sum(tokenizer.encode(tokenizer.decode([kind])).tolist() != [kind] for kind in plain)
    passages = (*context.train_sample[:_PASSAGES], *context.validation_sample[:_PASSAGES])
    # The text was compared with its tokens while reading; here tokens are compared with tokens, in case the cache was damaged
    # since.
    torn = corpus.torn + sum(tokenizer.decode(tokenizer.encode(text).tolist()) != text for text in passages)
    return {**values, "wrong": wrong, "torn": torn}


def _judge_round_trip(values: Values, limits: Limits) -> Status:
    return "fail" if "variant" in values or values["wrong"] or values["torn"] else "pass"


TEXT_CHECKS: tuple[Check, ...] = (
    Check("corpus-readable", _readable, _judge_readable, _name_encoding),
    Check("corpus-size", _size, _judge_size, _more_from_the_text),
    Check("corpus-text", _text, _judge_text),
    *MARKUP_CHECKS,
    Check("mojibake", _mojibake, _judge_mojibake, _fix_encoding),
    Check("duplicate-text", _duplicates, _judge_duplicates),
    *SPLIT_CHECKS,
    Check("round-trip", _round_trip, _judge_round_trip),
    *SETTINGS_CHECKS,
)
