"""The errors that a user meets. Each has a key in `locales/{language}/errors.json` with its words."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mmrec_engine.locales.catalogue import DEFAULT_LANGUAGE, LANGUAGES, Language, Texts, Words
from mmrec_engine.locales.foreign import in_language, words_of
from mmrec_engine.locales.messages import MESSAGES
from mmrec_engine.locales.plurals import fill

_REASONS = Texts("reasons")
_FROM_OUTSIDE = ("reason", "error")  # values that may be a message of the system or of a library


class MmrecError(Exception):
    """An error for a user: what is wrong, where, what to do. `key` names the message, `values` fill it,
    plain or as words in each language."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key = key
        self.values = values

    def text(self, language: Language, reword: Callable[[str], str] = str) -> str:
        """The message in one line; line ends in a value, such as a path, become spaces.

        reword: is applied to the template before the values are filled in; the app has fields where it names flags.
        """
        worded = {name: _worded(name, value, language) for name, value in self.values.items()}
        return " ".join(fill(reword(MESSAGES[self.key][language]), worded, language).splitlines())

    def reason(self, language: Language) -> str:
        """Its reason alone, if it has one, for a text that says the rest."""
        reason = self.values.get("reason")
        return self.text(language) if reason is None else str(_worded("reason", reason, language))

    def __str__(self) -> str:
        return self.text(DEFAULT_LANGUAGE)


class RequestError(MmrecError, ValueError):
    """The request is wrong: nothing was changed on disk. Exit code 2."""


class TrainingError(MmrecError, RuntimeError):
    """The request was right, but training could not continue. Exit code 1."""


class UnusableError(ValueError):
    """Stored data is not what it should be. An error for a user has it as its reason (`reason_of`)."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.words = {language: first_line(text) for language, text in reason_words(key, **values).items()}

    def __str__(self) -> str:
        return self.words[DEFAULT_LANGUAGE]


class Interrupted(Exception):
    """Stopped before the first step was made."""


def reason_words(key: str, **values: object) -> Words:
    """Words within an error, in each language: those of `locales/{language}/reasons.json`."""
    return {
        language: fill(
            _REASONS[key][language], {name: _worded(name, one, language) for name, one in values.items()}, language
        )
        for language in LANGUAGES
    }


def reason_of(error: BaseException) -> Words:
    """The words of an error as the reason of another one, in each language."""
    if isinstance(error, UnusableError):
        return error.words
    if isinstance(error, MmrecError):
        return {language: error.text(language) for language in LANGUAGES}
    return words_of(first_line(error))


def first_line(error: BaseException | str, most: int = 120, typed: bool = False) -> str:
    """The first line of an error's text, shortened; its type if it has none. typed: always with the type before it."""
    kind = "?" if isinstance(error, str) else type(error).__name__
    line = next(iter(str(error).strip().splitlines()), "")[:most]
    return f"{kind}: {line}" if typed else line or kind


def _worded(name: str, value: object, language: Language) -> object:
    """Words in this language, also for what the system or a library says; another value as it is, or its type if it cannot be
    written out."""
    if isinstance(value, Mapping) and set(value) == set(LANGUAGES):
        return value[language]
    if isinstance(value, BaseException):
        return reason_of(value)[language]
    if name in _FROM_OUTSIDE and isinstance(value, str):
        return in_language(value, language)
    try:
        repr(value)
    except (ValueError, RecursionError):  # a number of thousands of digits, lists in lists in lists
        return type(value).__name__
    return value
