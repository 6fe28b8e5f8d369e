"""Messages of the system and of libraries, which are in English, in words of our own.

"[Errno 28] No space left on device: 'a.pt'"  ──►  "diskte yer kalmadı"

A message that is not known here stays as it is in English, and is quoted in another language. Records have the English words,
so these are found again, as are the words of `reasons.json`.
"""

from __future__ import annotations

import errno
import os
import re
from functools import cache

from mmrec_engine.locales.catalogue import DEFAULT_LANGUAGE, LANGUAGES, Language, Texts, Words, words
from mmrec_engine.locales.plurals import fill

_WORDS = Texts("foreign", "words")
_SYSTEM = Texts("foreign", "system")  # by the names of `errno`
_OF_SYSTEM = r"\[(?:Errno|WinError) -?\d+\] (?P<text>.+?)(?:: ['\"].*)?$"
_AT = r"line (?P<line>\d+),? column (?P<column>\d+)"
# By the key of our words. The groups are values for them.
_KNOWN = tuple(
    (pattern, key)
    for key, patterns in {
        "another-kind": (
            r"File is not a zip file", r"not a ZIP archive", r"Not a gzipped file", r"Invalid magic number",
            r"Input format not supported by decoder", r"magic bytes not found", r"appears to be version",
            r"header too large", r"invalid header length", r"legacy \.tar format",
        ),
        "ends-early": (
            r"failed finding central directory", r"ended before the end-of-stream marker", r"Ran out of input", r"^EOFError$",
            r"header too small", r"[Ff]ile size is 0 bytes", r"smaller than the size reported", r"File is too small",
            r"but only read \d+", r"MetadataIncompleteBuffer", r"[Uu]nexpected end of (?:data|file)",
        ),
        "content-damaged": (
            r"Bad CRC-32", r"CRC check failed", r"Invalid data stream", r"Corrupt input data",
            r"Bad magic number for file header", r"Error -\d while decompressing", r"Unknown endianness type",
            r"invalid JSON in header",
        ),
        "json-at": (
            rf"^(?:\w+Error: )?(?:Expecting|Invalid|Unterminated|Extra data|Illegal)[^(]*: {_AT} \(char \d+\)$",
        ),
        "bytes-at": (r"'(?P<encoding>[\w-]+)' codec can't decode bytes? .*? in position (?P<place>\d+)",),
        "toml-at": (rf"^(?P<text>.*) \(at {_AT}\)$",),
        "toml-at-the-end": (r"^(?P<text>.*) \(at end of document\)$",),
        "text-at": (rf"^(?P<text>.*) at {_AT}$",),
        "no-network": (
            r"Name or service not known", r"[Nn]ame resolution", r"getaddrinfo failed", r"nodename nor servname",
            r"Failed to resolve", r"Couldn't reach ", r"couldn't connect to", r"outgoing traffic has been disabled",
            r"[Oo]ffline mode", r"cannot find the appropriate snapshot", r"[Rr]ead timed out",
        ),
    }.items()
    for pattern in patterns
)  # fmt: skip


def words_of(message: str) -> Words:
    """The words for a message, in each language."""
    found = _known(message)
    return found if found is not None else {language: _quoted(message, language) for language in LANGUAGES}


def in_language(message: str, language: Language) -> str:
    return words_of(message)[language]


def _known(message: str) -> Words | None:
    of_system = re.search(_OF_SYSTEM, message)  # patterns are compiled when the first message is worded
    text = message if of_system is None else of_system["text"]
    if (entry := _recorded().get(text.removesuffix("."))) is not None:
        return entry
    for pattern, key in _KNOWN:
        if (found := re.search(pattern, message)) is not None:
            values = found.groupdict()
            return {language: fill(_WORDS[key][language], values, language) for language in LANGUAGES}
    return None


@cache
def _recorded() -> dict[str, Words]:
    """Words without values by what they are in English; those of the system also as this system writes them."""
    known: dict[str, Words] = {}
    for texts in (Texts("reasons"), _WORDS, _SYSTEM):
        known |= {text[DEFAULT_LANGUAGE]: text for text in texts.values() if "{" not in text[DEFAULT_LANGUAGE]}
    for name, text in _SYSTEM.items():
        if (number := getattr(errno, name, None)) is not None:
            known[os.strerror(number)] = text
    return known


def _quoted(message: str, language: Language) -> str:
    """A name or a number is no sentence of another language."""
    if language == DEFAULT_LANGUAGE or " " not in message:
        return message
    return str(words("foreign", language)["quoted"]).format(text=message)
