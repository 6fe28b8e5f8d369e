"""Numbers as each language writes them: 1,234.50 and 12% in English, 1.234,50 and %12 in Turkish. The marks: format.json."""

from __future__ import annotations

from functools import cache

from mmrec_engine.locales.catalogue import Language, words


def in_language(number: str, language: Language) -> str:
    """A number in digits, as Python writes it, with the language's marks for thousands and for the fraction."""
    return number.translate(_marks(language))


def with_exponent(value: float, language: Language, digits: int = 2) -> str:
    """A small number in powers of ten: 3e-4, 2.85e-4. digits: most decimal places."""
    mantissa, _, exponent = f"{value:.{digits}e}".partition("e")
    return in_language(f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}", language)


def percentage(number: str, language: Language) -> str:
    """A number, as Python writes it, with the language's percent sign."""
    form: str = words("format", language)["percent"]
    return form.format(number=in_language(number, language))


def with_units(seconds: float, language: Language) -> str:
    """A duration as `settings.parsing.in_seconds` reads it: 45s, 2m, 1h30m; in Turkish 45sn, 2dk, 1sa30dk."""
    hours, rest = divmod(round(seconds, 3), 3600)
    minutes, rest = divmod(rest, 60)
    parts = zip((f"{hours:.0f}", f"{minutes:.0f}", f"{rest:.6g}"), words("format", language)["durations"], strict=True)
    return in_language("".join(number + unit for number, unit in parts if number != "0"), language) or "0"


@cache
def _marks(language: Language) -> dict[int, str]:
    form = words("format", language)
    return str.maketrans({",": form["thousands"], ".": form["decimal"]})


def clock(seconds: float) -> str:
    """2:00, or 1:02:00 from an hour on."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
