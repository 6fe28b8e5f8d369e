"""The words of every error, by the key that `errors.py` gets; and words within other texts."""

from __future__ import annotations

from mmrec_engine.locales.catalogue import LANGUAGES, Language, Text, Texts, Words

__all__ = ["GRADIENT", "LANGUAGES", "LOSS", "MESSAGES", "REASONS", "SPLITS", "WEIGHT", "Language", "Words"]

MESSAGES = Texts("errors")
SPLITS = Texts("words", "splits")
# Why a file, or a part of it, was skipped.
REASONS = Texts("words", "left-out")
LOSS, WEIGHT, GRADIENT = (Text("words", "quantities", name) for name in ("loss", "weight", "gradient"))
