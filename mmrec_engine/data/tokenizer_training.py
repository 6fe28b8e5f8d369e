"""The tokenizer of a corpus, learnt from its training split, with progress."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator

from mmrec_engine.errors import RequestError
from mmrec_engine.events import Progress
from mmrec_engine.locales.messages import SPLITS
from mmrec_engine.settings import Settings
from mmrec_engine.tokenizer import LEARNT, CharacterTokenizer, LearntTokenizer, PretrainedTokenizer, Tokenizer
from mmrec_engine.tokenizer.character import CharacterCounter
from mmrec_engine.tokenizer.vocabulary import UNKNOWN

_LOOK_SECONDS = 0.1


def learn_tokenizer(
    pieces: Iterator[str], characters: int, settings: Settings, special: tuple[str, ...]
) -> Generator[Progress, None, Tokenizer]:
    """pieces: the text of the training split; characters: their number; special: names of ids beside the unknown one.

    Raises RequestError if there is no text, the vocabulary is too small, or a library is missing.
    """
    if not characters:
        raise RequestError("corpus-side-empty", side=SPLITS["training"])
    if settings.tokenizer == PretrainedTokenizer.kind:
        raise RequestError("setting-pretrained", flag="--tokenizer")
    if settings.tokenizer in LEARNT:
        return (yield from _learn(pieces, characters, settings, special))
    counter, done = CharacterCounter(), 0
    for text in pieces:
        counter.add(text)
        done += len(text)
        yield Progress(task="vocabulary", done=done, total=characters)
    return CharacterTokenizer(counter.most_frequent(settings.vocab_size), (UNKNOWN, *special))


class _Given:
    """The text, as read by the library in another thread, and how much of it was read."""

    def __init__(self, pieces: Iterator[str], share: float) -> None:
        self._pieces, self._share = pieces, share
        self.characters = 0
        self.unwanted = False

    def __iter__(self) -> Iterator[str]:
        for text in self._pieces:
            if self.unwanted:
                return
            yield text if self._share >= 1.0 else text[: max(1, int(len(text) * self._share))]
            self.characters += len(text)


def _learn(
    pieces: Iterator[str], characters: int, settings: Settings, special: tuple[str, ...]
) -> Generator[Progress, None, LearntTokenizer]:
    """The libraries read the text and return once at the end. They run in a thread, so that this one can report and stop."""
    kind = LEARNT[settings.tokenizer]
    given = _Given(pieces, kind.most_characters / characters)
    outcome: list[LearntTokenizer | BaseException] = []

    def work() -> None:
        try:
            outcome.append(kind.learnt(given, settings.vocab_size, special))
        except BaseException as error:
            outcome.append(error)

    thread = threading.Thread(target=work, name="vocabulary", daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(_LOOK_SECONDS)
            yield Progress(task="vocabulary", done=min(given.characters, characters), total=characters)
    finally:
        given.unwanted = True
        thread.join()
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]
