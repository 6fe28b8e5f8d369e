"""What is told of a setting, for the person who is about to change it."""

from __future__ import annotations

from dataclasses import dataclass

from mmrec_engine.locales.messages import Words

NOTHING: Words = {"en": "", "tr": ""}


@dataclass(frozen=True)
class Hyperparameter:
    """One setting. title: label of its field, at most 22 characters; higher, lower: what such a value does.

    For a choice, a switch or a name `higher` tells what another value means, and `lower` is NOTHING.
    """

    name: str
    title: Words
    what: Words
    higher: Words
    lower: Words
