"""Every error in the words a person reads, by the key that `errors.py` is given; and the words that stand inside of others."""

from __future__ import annotations

from mmrec_engine.locales.catalogue import LANGUAGES, Language, Text, Texts, Words

__all__ = ["GRADIENT", "LANGUAGES", "LOSS", "MESSAGES", "REASONS", "SPLITS", "WEIGHT", "Language", "Words"]

MESSAGES = Texts("errors")
SPLITS = Texts("words", "splits")
# Why a file, or a part of it, was left out.
REASONS = Texts("words", "left-out")
LOSS, WEIGHT, GRADIENT = (Text("words", "quantities", name) for name in ("loss", "weight", "gradient"))
