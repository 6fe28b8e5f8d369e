"""Windows of the training split as they might have been: other beginnings, other case, holes and slips. Off unless asked for.

Each is a pure function of seed, window number and place in it, so a resumed run sees the same ones. The validation split, and
the training text that stands beside it, are never changed.

Text in another case is another text: its labels are changed too. Masked and noisy tokens are a worse view of the same text:
only inputs change, the labels stay true. So a hole is filled in from the left, as an auxiliary task of predicting (in the
manner of word dropout: Bowman et al., "Generating sentences from a continuous space", 2016).
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

_FOREIGN = 0.03  # of the letters: a Turkish name in other text has some that only Turkish has
_LONGEST_SPAN = 5  # tokens; spans are 1 to 5 long, 3 on average
_MEAN_SPAN = (1 + _LONGEST_SPAN) / 2
# Keys of what is drawn, beside those that a run's windows, weights and masks have.
_WHETHER_RECASED, _HOW_RECASED, _MASKED, _SPAN, _NOISE, _NOISE_TOKEN, _HOLE = range(101, 108)


@dataclass(frozen=True)
class AugmentedWindows:
    """The windows of `base` with some of them in another case, and of their inputs some tokens hidden or replaced.

    recased: share of the windows; masked, noise: shares of the tokens. tokens: those a replacement is taken from, so that it is
    drawn as often as it stands in the text. tagged: windows begin with a tag, which is left alone.
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
        before = _LONGEST_SPAN - 1  # places from which a span reaches into the window
        places = np.arange(before + len(inputs), dtype=np.int64)
        # A place is left alone with this chance by each span that could cover it, so that the share comes out as asked for.
        begins = shares(places, self._key(number, _MASKED)) < 1 - (1 - self.masked) ** (1 / _MEAN_SPAN)
        lengths = 1 + (hashed(places, self._key(number, _SPAN)) % np.uint64(_LONGEST_SPAN)).astype(np.int64)
        ends = np.maximum.accumulate(np.where(begins, places + lengths, 0))
        hidden = (places < ends)[before:]
        if self.unknown is not None:
            inputs[hidden] = self.unknown
        else:  # a vocabulary of pieces has an id for all text, and none for what is hidden
            inputs[hidden] = self._drawn(places[before:], self._key(number, _HOLE))[hidden]

    def _disturb(self, number: int, inputs: npt.NDArray[np.int64]) -> None:
        places = np.arange(len(inputs), dtype=np.int64)
        wrong = shares(places, self._key(number, _NOISE)) < self.noise
        inputs[wrong] = self._drawn(places, self._key(number, _NOISE_TOKEN))[wrong]

    def _drawn(self, places: npt.NDArray[np.int64], key: int) -> npt.NDArray[np.int64]:
        """A token of the text for each place, as often as it stands there."""
        at = (hashed(places, key) % np.uint64(len(self.tokens))).astype(np.int64)
        return self.tokens[at].astype(np.int64)


def augmented(windows: Windows, tokens: Tokens, settings: Settings, tokenizer: Tokenizer) -> Windows:
    """The windows as the settings want them changed; jitter they have themselves. tokens: of the training split."""
    if not (settings.recased or settings.masked or settings.noise):
        return windows
    tables = CaseTables.of(tokenizer) if settings.recased and isinstance(tokenizer, CharacterTokenizer) else None
    shares_of = (settings.recased, settings.masked, settings.noise)
    return AugmentedWindows(windows, tokens, tokenizer.unknown, tables, settings.seed, *shares_of, bool(tokenizer.tags))


def recased(text: Table, tables: CaseTables, way: int) -> Table:
    """Ids of the text in another form. way: 0 lower case, 1 upper case, 2 each word with a capital, 3 without diacritics."""
    if way == 3:
        return tables.plain[text]
    letters = tables.letter[text]
    is_turkish = tables.only_turkish[text].sum() > _FOREIGN * letters.sum()
    cases = tables.turkish if is_turkish else tables.usual
    if way < 2:
        return (cases.lower, cases.upper)[way][text]
    begins = letters & ~np.append(True, tables.within[text][:-1])  # what stands before the text may be a letter
    return np.where(begins, cases.upper[text], cases.lower[text])
