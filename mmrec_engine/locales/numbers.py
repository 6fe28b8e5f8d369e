"""Numbers as each language writes them: 1,234.50 and 12% in English, 1.234,50 and %12 in Turkish."""

from __future__ import annotations

from mmrec_engine.locales.messages import Language

_SWAPPED = str.maketrans(",.", ".,")


def in_language(number: str, language: Language) -> str:
    """A number in digits, with the language's marks for thousands and for the fraction."""
    return number.translate(_SWAPPED) if language == "tr" else number


def percentage(number: str, language: Language) -> str:
    """A number, as Python writes it, with the language's percent sign."""
    text = in_language(number, language)
    return f"%{text}" if language == "tr" else f"{text}%"
