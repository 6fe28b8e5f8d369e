"""Augmentation of training windows: shifted starts, other case, masked and replaced tokens. Off by default.

Each is a pure function of seed, window number and position, so a resumed run repeats the same ones. The validation split, and
the sample of the training split that is evaluated, are never changed.

Text in another case is another text, so its labels change too. Masked and replaced tokens are a damaged view of the same text:
only inputs change, not labels. So a masked token is predicted from the left, as an auxiliary task (as with
word dropout: Bowman et al., "Generating sentences from a continuous space", 2016).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mmrec_engine.data.transforms.case_tables import CaseTables, Table
from mmrec_engine.data.windows import Batch, Tokens, Windows
from mmrec_engine.randomness import hash64, hashed, shares
from mmrec_engine.settings import Settings
from mmrec_engine.tokenizer import CharacterTokenizer, Tokenizer

_FOREIGN = 0.03  # of the letters: a Turkish name in other text has some letters that only Turkish has
_LONGEST_SPAN = 5  # tokens; spans are 1 to 5 long, 3 on average
_MEAN_SPAN = (1 + _LONGEST_SPAN) / 2
# Keys of these random draws, beside those of a run's windows, weights and masks.
_WHETHER_RECASED, _HOW_RECASED, _MASKED, _SPAN, _NOISE, _NOISE_TOKEN, _HOLE = range(101, 108)


@dataclass(frozen=True)
class AugmentedWindows:
    """The windows of `base`, some of them in another case, with some input tokens masked or replaced.

    recased: share of the windows; masked, noise: shares of the tokens. tokens: the source of replacements, so that they are
    drawn by their frequency in the text. tagged: windows begin with a tag, which is not changed.
    """

    base: Windows
    tokens: Tokens
    unknown: int | None
    tables: CaseTables | None
    seed: int
    recased: float
    masked: float
    noise: float
    tagged: bool = False

    @property
    def count(self) -> int:
        return self.base.count

    def batch(self, numbers: npt.NDArray[np.int64]) -> Batch:
        inputs, labels = self.base.batch(numbers)
        tags = inputs[:, 0].copy()
        for row, number in enumerate(numbers.tolist()):
            if self.recased:
                self._recase(number, inputs[row], labels[row])
            if self.masked:
                self._mask(number, inputs[row])
            if self.noise:
                self._disturb(number, inputs[row])
        if self.tagged:
            inputs[:, 0] = tags
        return inputs, labels

    def _key(self, number: int, kind: int) -> int:
        return hash64(self.seed, number, kind)

    def _recase(self, number: int, inputs: npt.NDArray[np.int64], labels: npt.NDArray[np.int64]) -> None:
        if self.tables is None or self._key(number, _WHETHER_RECASED) >= self.recased * 2.0**64:
            return
        text = np.append(inputs, labels[-1])
        changed = recased(text, self.tables, self._key(number, _HOW_RECASED) % 4)
        inputs[:], labels[:] = changed[:-1], changed[1:]

    def _mask(self, number: int, inputs: npt.NDArray[np.int64]) -> None:
        before = _LONGEST_SPAN - 1  # positions from which a span reaches into the window
        places = np.arange(before + len(inputs), dtype=np.int64)
        # A position stays unmasked with this probability for each span that could cover it, which gives the requested share.
        begins = shares(places, self._key(number, _MASKED)) < 1 - (1 - self.masked) ** (1 / _MEAN_SPAN)
        lengths = 1 + (hashed(places, self._key(number, _SPAN)) % np.uint64(_LONGEST_SPAN)).astype(np.int64)
        ends = np.maximum.accumulate(np.where(begins, places + lengths, 0))
        hidden = (places < ends)[before:]
        if self.unknown is not None:
            inputs[hidden] = self.unknown
        else:  # a subword vocabulary has an id for all text, and none for masked tokens
            inputs[hidden] = self._drawn(places[before:], self._key(number, _HOLE))[hidden]

    def _disturb(self, number: int, inputs: npt.NDArray[np.int64]) -> None:
        places = np.arange(len(inputs), dtype=np.int64)
        wrong = shares(places, self._key(number, _NOISE)) < self.noise
        inputs[wrong] = self._drawn(places, self._key(number, _NOISE_TOKEN))[wrong]

    def _drawn(self, places: npt.NDArray[np.int64], key: int) -> npt.NDArray[np.int64]:
        """A token of the text for each position, by its frequency."""
        at = (hashed(places, key) % np.uint64(len(self.tokens))).astype(np.int64)
        return self.tokens[at].astype(np.int64)


def augmented(windows: Windows, tokens: Tokens, settings: Settings, tokenizer: Tokenizer) -> Windows:
    """The augmented windows; jitter is part of the windows themselves. tokens: of the training split."""
    if not (settings.recased or settings.masked or settings.noise):
        return windows
    tables = CaseTables.of(tokenizer) if settings.recased and isinstance(tokenizer, CharacterTokenizer) else None
    shares_of = (settings.recased, settings.masked, settings.noise)
    return AugmentedWindows(windows, tokens, tokenizer.unknown, tables, settings.seed, *shares_of, bool(tokenizer.tags))


def recased(text: Table, tables: CaseTables, way: int) -> Table:
    """Ids of the text in another form. way: 0 lower case, 1 upper case, 2 each word capitalised, 3 without diacritics."""
    if way == 3:
        return tables.plain[text]
    letters = tables.letter[text]
    is_turkish = tables.only_turkish[text].sum() > _FOREIGN * letters.sum()
    cases = tables.turkish if is_turkish else tables.usual
    if way < 2:
        return (cases.lower, cases.upper)[way][text]
    begins = letters & ~np.append(True, tables.within[text][:-1])  # the character before the text may be a letter
    return np.where(begins, cases.upper[text], cases.lower[text])
