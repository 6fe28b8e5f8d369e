"""The results of a run, and what would improve it most, in plain words: templates over the values of a verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mmrec_engine.locales.catalogue import Language, Texts
from mmrec_engine.locales.guide.hyperparameters import HYPERPARAMETERS
from mmrec_engine.locales.numbers import clock, in_language, percentage, with_exponent

_STANDS = Texts("verdicts", "stands")
_LEVERS = Texts("verdicts", "levers")
_FORECAST = Texts("verdicts", "forecast")
_EARLIER = Texts("verdicts", "earlier")
_BITS_DIGITS = 3
Number = Callable[[float, int], str]


def verdict_lines(verdict: Mapping[str, Any], language: Language, number: Number | None = None) -> list[str]:
    """The verdict in a few sentences. number: how a number is written with so many digits."""
    written = number or (lambda value, digits: in_language(f"{value:.{digits}f}", language))
    digits = {"rate": 5, "better": 3, "minutes": 0, "dropout": 2, "passes": 0}
    rates = ("rate", "better")
    values = {
        name: with_exponent(value, language)
        if name in rates and 0 < abs(value) < 1e-3
        else written(value, digits.get(name, 2)).rstrip("0" if name in rates else "")
        for name, value in verdict.get("values", {}).items()
        if isinstance(value, int | float)
    }
    lever, limited, forecast = verdict.get("lever"), verdict.get("limited"), ""
    if lever == "time":
        other = {"slowed": verdict.get("slowed"), "limited": limited, "short": verdict.get("validations") == 1}
        lever = next((name for name, applies in other.items() if applies), "time")
        if "expected" in values:
            forecast = "anew" if verdict.get("anew") else "known"
        if isinstance(reached_by := verdict.get("reached_by"), Mapping):
            forecast, values["run"] = "reached", str(reached_by.get("run"))
    if lever == "text" and "passes" in values:
        lever = "text-repeated"
    values["time"] = clock(verdict.get("seconds", 0))
    if lever == "earlier":
        repeated = verdict.get("settings") or {}
        lever = "earlier-weights" if "init_from" in repeated else "earlier" if repeated else "earlier-planned"
        values["settings"] = ", ".join(_titles(language).get(name, name) for name in repeated)
    made, earlier, slowed = verdict.get("made"), verdict.get("earlier"), verdict.get("slowed")
    stands = str(verdict.get("stands"))
    certain = _STANDS.get(stands)
    lines = [*_filled(_STANDS.get(f"{stands}-chance", certain) if verdict.get("chance") else certain, values, language)]
    for kind in ("copied", "known"):
        if isinstance(share := verdict.get(kind), int | float):
            lines += _filled(_STANDS[kind], {"share": percentage(f"{100 * share:.0f}", language)}, language)
    if isinstance(limited, Mapping):
        lines += _limited(limited, language, written)
    if isinstance(slowed, Mapping):
        steps = {name: written(value, 0) for name, value in slowed.items() if isinstance(value, int | float)}
        lines += _filled(_STANDS["slowed"], steps, language)
    if isinstance(made, Mapping):
        values |= _of_run(made, written)
    if isinstance(earlier, Mapping):
        lines += _compared(earlier, language, written)
    advised = (*_filled(_LEVERS.get(str(lever)), values, language), *_filled(_FORECAST.get(forecast), values, language))
    return [*lines, " ".join(advised)] if advised else lines


def _filled(words: Mapping[Language, str] | None, values: Mapping[str, str], language: Language) -> Iterator[str]:
    """The sentence; nothing if it has no words, or a value is missing in the report of another version."""
    if words is not None:
        try:
            yield words[language].format_map(values) + "."
        except (KeyError, ValueError, IndexError):
            return


def _of_run(run: Mapping[str, Any], written: Number) -> dict[str, str]:
    bits, seconds = run.get("bits", 0.0), run.get("seconds", 0.0)
    return {"run": str(run.get("run", "")), "bits": written(bits, _BITS_DIGITS), "time": clock(seconds)}


def _limited(limited: Mapping[str, Any], language: Language, written: Number) -> Iterator[str]:
    """The given limit that ended the run before its time."""
    values = {"count": written(limited.get("count", 0), 0)}
    values |= {name: clock(limited.get(name, 0.0)) for name in ("took", "time")}
    yield from _filled(_STANDS.get(f"limited-{limited.get('by')}"), values, language)


def _compared(earlier: Mapping[str, Any], language: Language, written: Number) -> Iterator[str]:
    """Against the best other run on the same text; if that one is better, also in which settings they differ."""
    values = {**_of_run(earlier, written), "apart": written(earlier.get("apart", 0.0), _BITS_DIGITS)}
    result = "worse-later" if earlier.get("later") else str(earlier.get("result"))
    yield from _filled(_EARLIER.get(result), values, language)
    if isinstance(earlier.get("missed"), int | float):
        yield from _filled(_EARLIER["missed"], {**values, "bits": written(earlier["missed"], 2)}, language)
    if earlier.get("result") != "worse":
        return
    longer, times = _clocks(earlier.get("longer")), _clocks(earlier.get("times"))
    if longer:
        yield from _filled(_EARLIER["longer"], {**values, **longer}, language)
    if isinstance(earlier.get("more"), int | float):
        of_work = {**values, **times, "times": written(earlier["more"], 1)}
        yield from _filled(_EARLIER["more-work"], of_work, language)
    titles, differing = _titles(language), []
    for name, (other, own) in earlier.get("differing", {}).items():
        of_setting = {"title": titles.get(name, name), "own": _value(own, language), "other": _value(other, language)}
        differing.append(_EARLIER["one"][language].format_map(of_setting))
    if earlier.get("more_differing"):
        differing.append(_EARLIER["more"][language].format(count=earlier["more_differing"]))
    values["settings"] = "; ".join(differing)
    if differing or not longer:
        yield from _filled(_EARLIER["differing" if differing else "same"], values, language)


def _clocks(seconds: object) -> dict[str, str]:
    """Of the other run and of this one; empty if the report of another version has them not."""
    if not (isinstance(seconds, list) and len(seconds) == 2 and all(isinstance(one, int | float) for one in seconds)):
        return {}
    other, own = map(clock, seconds)
    return {"other": other, "own": own}


def _titles(language: Language) -> dict[str, str]:
    return {entry.name: entry.title[language] for entry in HYPERPARAMETERS}


def _value(value: object, language: Language) -> str:
    match value:
        case None:
            return _EARLIER["unset"][language]
        case bool():
            return _EARLIER["true" if value else "false"][language]
        case int():
            return in_language(f"{value:,}", language)
        case float():
            small = 0 < abs(value) < 1e-3
            return with_exponent(value, language) if small else in_language(f"{value:.6g}", language)
        case _:
            return str(value)
