"""What each setting does, for a user who wants to change it. Named as in `mmrec_engine/settings/schema.py`.

Settings for the place of text and results (data_dir, corpus, output_dir) are not hyperparameters, and not included.
"""

from __future__ import annotations

from dataclasses import dataclass

from mmrec_engine.locales.catalogue import DEFAULT_LANGUAGE, LANGUAGES, Text, Words, words

_AREA = "hyperparameters"
NOTHING: Words = dict.fromkeys(LANGUAGES, "")


@dataclass(frozen=True)
class Hyperparameter:
    """One setting. title: label of its field, at most 22 characters; higher, lower: the effect of such a value.

    For a switch `higher` explains on and `lower` off; for a choice or a name `higher` explains another value, and `lower` is
    NOTHING.
    """

    name: str
    title: Words
    what: Words
    higher: Words
    lower: Words


def _hyperparameter(name: str, has_lower: bool) -> Hyperparameter:
    title, what, higher, lower = (Text(_AREA, name, key) for key in ("title", "what", "higher", "lower"))
    return Hyperparameter(name, title, what, higher, lower if has_lower else NOTHING)


HYPERPARAMETERS = tuple(
    _hyperparameter(name, "lower" in entry) for name, entry in words(_AREA, DEFAULT_LANGUAGE).items()
)
