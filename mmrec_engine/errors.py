"""The errors that a person meets. Each has a key in `messages.py`, which words it in English and Turkish."""

from __future__ import annotations

from mmrec_engine.messages import MESSAGES, Language


class MmrecError(Exception):
    """Something a person should read: what is wrong, where, what to do. `key` names the message, `values` fill it,
    plain or as words in each language."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key = key
        self.values = values

    def text(self, language: Language) -> str:
        worded = {
            name: value[language] if isinstance(value, dict) and language in value else value
            for name, value in self.values.items()
        }
        return MESSAGES[self.key][language].format(**worded)

    def __str__(self) -> str:
        return self.text("en")


class RequestError(MmrecError, ValueError):
    """The request is wrong: nothing was changed on disk. Exit code 2."""


class TrainingError(MmrecError, RuntimeError):
    """The request was right, but training could not go on. Exit code 1."""


class Interrupted(Exception):
    """Asked to stop before the first step was made."""
