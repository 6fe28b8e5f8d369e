"""Measurements of a text: compressibility, composition, duplicates. Pure functions.

Prepared text is tokens; `texts` decodes them, for a large split in evenly spread stretches.
"""

from __future__ import annotations

import math
import re
import unicodedata
import zlib
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from mmrec_engine.data.ngrams import Ids, cross_entropies, hashes, stretches
from mmrec_engine.data.windows import Tokens
from mmrec_engine.tokenizer import CharacterTokenizer, Tokenizer
from mmrec_engine.tokenizer.character import code_points

_STRETCHES = 16
_AT_ONCE = 2**20  # tokens
_BLOCKS = 40  # a text is cut into so many blocks, and every other one is predicted from the rest
_ENOUGH = 4  # characters for each frequent pair of letters
_LONG_LINE = 1000  # characters
_FEW_KINDS = 5  # characters of a separator line
_FEW_DIFFERENT = 0.5  # of the neighbours in an n-gram; with more equal ones it is a separator line or blank space
_ENCODED = re.compile(r"[A-Za-z0-9+/=_-]{32,}")
_EQUATION = re.compile(
    r"(?=[^=<>≤≥≈→]*\d)[\w\s+\-*/^×÷·−%!?:;.,()\[\]|√]+(?:[=<>≤≥≈→]+[\w\s+\-*/^×÷·−%!?:;.,()\[\]|√]+)+"
)
_TAG = re.compile(r"</?[A-Za-z][\w:-]*(?:\s[^<>]{0,2000})?/?>")
_FILTER_BITS = 22
_PIECE = 512  # characters
_PIECES, _LEAST_PIECES = 400, 20
_FREQUENT = 60  # characters


def texts(tokens: Tokens, tokenizer: Tokenizer, most: int, count: int = _STRETCHES) -> Iterator[str]:
    """The documents in at most `most` tokens, as texts without unknown characters."""
    for stretch in stretches(tokens, most, count):
        ids = np.asarray(stretch)
        known = ids if tokenizer.unknown is None else ids[ids != tokenizer.unknown]
        yield from filter(None, _documents(known, tokenizer))


def _documents(ids: Ids, tokenizer: Tokenizer) -> list[str]:
    """As `tokenizer.decode` of each document, at array speed for character tokens."""
    if isinstance(tokenizer, CharacterTokenizer):
        points = np.zeros(
            tokenizer.vocab_size, dtype="<u4"
        )  # the end of a document becomes NUL, which no text contains
        points[len(tokenizer.special) :] = code_points(tokenizer.characters)
        text: str = points[ids].tobytes().decode("utf-32-le")
        return text.split("\0")
    end = tokenizer.end_of_document
    parts = [ids] if end is None else np.split(ids, np.flatnonzero(ids == end))
    return [tokenizer.decode(part.tolist()) for part in parts]


def compression(text: str) -> float:
    """Compression ratio with zlib: 2 to 4 for prose."""
    data = text.encode()
    return len(data) / len(zlib.compress(data)) if data else 1.0


def letters_share(text: str) -> float:
    """Share of letters and combining marks among the characters that are not blank."""
    kinds, counts = np.unique(code_points(text), return_counts=True)
    categories = [unicodedata.category(chr(kind)) for kind in kinds]
    shown = sum(int(count) for kind, count in zip(kinds, counts, strict=True) if not chr(int(kind)).isspace())
    letters = sum(int(count) for category, count in zip(categories, counts, strict=True) if category[0] in "LM")
    return letters / shown if shown else 0.0


def arithmetic_share(text: str) -> float:
    """Share of the characters without blanks in lines that are equations, such as 12+3=15, which are valid training text."""
    lines = [("".join(line.split()), _EQUATION.fullmatch(line.strip()) is not None) for line in text.split("\n")]
    return sum(len(line) for line, equation in lines if equation) / max(1, sum(len(line) for line, _ in lines))


def encoded_share(text: str) -> float:
    """Share of characters in long runs without blanks that mix digits and letters of both cases, such as base64."""
    runs = (run for run in _ENCODED.findall(text) if _is_mixed(run))
    return sum(map(len, runs)) / len(text) if text else 0.0


def _is_mixed(run: str) -> bool:
    lower, upper, digits = (sum(map(kind, run)) / len(run) for kind in (str.islower, str.isupper, str.isdigit))
    return lower > 0.15 and upper > 0.15 and digits > 0.02


def markup_share(text: str) -> float:
    """Share of characters within tags, as in HTML and XML; 0 if no tag is ever closed, as in code with `<` in it."""
    tags = _TAG.findall(text)
    closed = any(tag.startswith("</") for tag in tags)
    return sum(map(len, tags)) / len(text) if text and closed else 0.0


def structure(text: str) -> float | None:
    """By how many nats a character a bigram model is better than a unigram model; 0 for a random order.

    None if the text is too short for its alphabet.
    """
    (ids,), vocabulary = _dense([text])
    odd, even = _halves(ids)
    (alone, after), (alone_back, after_back) = (
        cross_entropies(*pair, vocabulary, longest=2) for pair in ((odd, even), (even, odd))
    )
    if len(text) < _ENOUGH * math.exp(alone) ** 2:
        return None
    return (alone + alone_back - after - after_back) / 2


def apart(train: str, validation: str) -> tuple[float, float]:
    """Cross-entropy of the validation text in nats a character, under bigrams of the training text, and under its own.

    Its own bigrams are counted in every other block and evaluated on the blocks between, so no block predicts itself.
    """
    (train_ids, validation_ids), vocabulary = _dense([train, validation])
    odd, even = _halves(validation_ids)
    own = [cross_entropies(*pair, vocabulary, longest=2)[1] for pair in ((odd, even), (even, odd))]
    return cross_entropies([train_ids], [*odd, *even], vocabulary, longest=2)[1], sum(own) / 2


def _dense(parts: Sequence[str]) -> tuple[list[Ids], int]:
    """Texts as ids without gaps, and the number of ids."""
    points = [code_points(part).astype(np.uint32) for part in parts]
    known, ids = np.unique(np.concatenate(points), return_inverse=True)
    return list(np.split(ids, np.cumsum([len(part) for part in points[:-1]]))), len(known)


def _halves(ids: Ids) -> tuple[list[Ids], list[Ids]]:
    blocks = np.array_split(ids, _BLOCKS)
    return blocks[::2], blocks[1::2]


def repeated_lines(documents: Iterable[str], length: int) -> tuple[int, int]:
    """How many lines of at least `length` characters are repeated, and how many such lines there are.

    Shorter lines within a paragraph are joined up to that length; very long lines are cut into sentences.
    """
    hashes = np.fromiter((hash(line) for text in documents for line in _lines(text, length)), dtype=np.int64)
    return len(hashes) - len(np.unique(hashes)), len(hashes)


def _lines(text: str, length: int) -> Iterator[str]:
    kept = ""
    for line in text.split("\n"):
        line = line.strip()
        if len(line) > _LONG_LINE:
            yield from (sentence for sentence in re.split(r"(?<=[.!?]) ", line) if len(sentence) >= length)
        kept = kept + line if line else ""
        if len(kept) >= length:
            if len(line) <= _LONG_LINE and len(set(kept)) >= _FEW_KINDS:
                yield kept
            kept = ""


def characters(tokens: Tokens, tokenizer: Tokenizer) -> Tokens:
    """One number for each character: the token if tokens are characters, else the code point."""
    if isinstance(tokenizer, CharacterTokenizer):
        return tokens
    return code_points(tokenizer.decode(np.asarray(tokens).tolist()))


def letters_alone(tokens: Tokens, tokenizer: Tokenizer) -> Tokens:
    """The letters and digits of a text without case: unchanged by another layout or line wrapping."""
    if isinstance(tokenizer, CharacterTokenizer):
        shown = ["", *tokenizer.characters]
        kinds: dict[str, int] = {}
        numbers = [kinds.setdefault(one.casefold(), len(kinds) + 1) if one.isalnum() else 0 for one in shown]
        table = np.array([0] * (len(tokenizer.special) - 1) + numbers, dtype=tokenizer.dtype)
        found: Tokens = table.take(tokens, mode="clip")
    else:
        points, places = np.unique(characters(tokens, tokenizer), return_inverse=True)
        letters = [chr(int(point)) for point in points]
        found = np.array([_folded(one) if one.isalnum() else 0 for one in letters], dtype=np.uint32)[places]
    return found[found > 0]


def _folded(letter: str) -> int:
    """The code point of a letter without case; if that is several letters, a number that is no code point."""
    folded = letter.casefold()
    return ord(folded) if len(folded) == 1 else 0x110000 + ord(folded[0])


def overlap(train: Iterable[Tokens], validation: Tokens, length: int, most: int) -> tuple[int, int]:
    """How many of at most `most` evenly spread n-grams of the validation split also occur in training, and their number.

    N-grams that mostly repeat one token are not counted: separator lines occur in any two texts.
    """
    if len(validation) < length:
        return 0, 0
    starts = np.unique(np.linspace(0, len(validation) - length, most).astype(np.int64))
    grams = np.lib.stride_tricks.sliding_window_view(validation, length)[starts]  # (grams, length)
    grams = grams[(grams[:, 1:] != grams[:, :-1]).mean(axis=1) >= _FEW_DIFFERENT]
    asked = hashes(grams, length)[:, 0]
    wanted = np.unique(asked)
    there = np.zeros(2**_FILTER_BITS, dtype=bool)  # a cheap first test, which excludes nearly all of training
    shift = np.uint64(64 - _FILTER_BITS)
    there[wanted >> shift] = True
    found = np.zeros(len(wanted) + 1, dtype=bool)
    for part in train:
        for start in range(0, len(part), _AT_ONCE):
            of_part = hashes(part[start : start + _AT_ONCE + length - 1], length)
            likely = of_part[there[of_part >> shift]]
            places = np.searchsorted(wanted, likely)
            found[places[np.append(wanted, 0)[places] == likely]] = True
    return int(np.isin(asked, wanted[found[:-1]]).sum()), len(asked)


def dispersion(tokens: Tokens, tokenizer: Tokenizer) -> float | None:
    """How much pieces of 512 characters, evenly spread over the text, differ in how often they have each character: the index
    of dispersion, variance by mean, of its counts, averaged over the most frequent characters by their frequency.

    About 1 for a text whose characters are drawn independently, as they nearly are in a novel; 2 to 4 for handbooks of many
    subjects; 5 and more for source code. None for fewer than 20 such pieces. Source of the index: Fano, "Ionization yield of
    radiations", 1947; for words in text: Church and Gale, "Poisson mixtures", 1995.
    """
    starts = np.linspace(0, len(tokens) - _PIECE, max(0, min(_PIECES, len(tokens) // _PIECE))).astype(np.int64)
    read = ("".join(_documents(np.asarray(tokens[start : start + _PIECE]), tokenizer))[:_PIECE] for start in starts)
    pieces = [piece for piece in read if len(piece) == _PIECE]
    if len(pieces) < _LEAST_PIECES:
        return None
    points = np.frombuffer("".join(pieces).encode("utf-32-le", "surrogatepass"), dtype="<u4")
    kinds, ids = np.unique(points, return_inverse=True)
    rows = np.repeat(np.arange(len(pieces)), _PIECE)
    counts = np.bincount(rows * len(kinds) + ids, minlength=len(pieces) * len(kinds)).reshape(len(pieces), -1)
    means = counts.mean(axis=0)
    frequent = np.argsort(-means, kind="stable")[:_FREQUENT]
    drawn = means * (1 - means / _PIECE)  # variance of independent draws
    indices = counts.var(axis=0)[frequent] / np.maximum(drawn[frequent], 1e-9)
    return float((indices * means[frequent]).sum() / means[frequent].sum())
