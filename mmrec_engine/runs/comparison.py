"""What of two runs can be compared, and in which settings they differ. Pure functions over what run.json says of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmrec_engine.settings import FIELDS, Settings, matters, settings_that_decide, sound
from mmrec_engine.settings.pretrained import PRETRAINED

# The text is compared by its fingerprint.
_OF_THE_RUN = settings_that_decide("run")
_FIRST = ("config", "init_from", "arch", "tokenizer", "vocab_size", "dropout", "learning_rate", "optimizer")


def same_text(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two runs, by the `corpus` of their descriptions, have the same text and validation split.

    Only then are their bits per character of the same text. False where that is not known, as in records without a split.
    """
    known = _text(one)
    return known is not None and known == _text(other)


def same_tokens(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether a token of both runs is the same, so that losses per token can be compared."""
    return _tokens(one) == _tokens(other)


def differing_settings(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Names of the settings that make two models differ, the more important ones first; without those of the text, the length
    and the machine, and without settings that have no effect in one of the runs: another setting says why."""
    ones, others = _in_effect(one), _in_effect(other)
    names = [
        name
        for name in FIELDS
        if name not in _OF_THE_RUN
        and not FIELDS[name].metadata["internal"]
        and name in ones
        and name in others
        and ones[name] != others[name]
    ]
    return sorted(names, key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST))


def in_effect(name: str, settings: Mapping[str, Any]) -> bool:
    """Whether a setting has an effect in a run with these settings. A vocabulary of characters has no requested size."""
    return _has_effect(name, settings, _whole(settings))


def _has_effect(name: str, settings: Mapping[str, Any], whole: Settings | None) -> bool:
    if name == "vocab_size" and (settings.get("tokenizer") == "char" or settings.get("config") == PRETRAINED):
        return False
    return name not in FIELDS or whole is None or matters(name, whole)


def _whole(settings: Mapping[str, Any]) -> Settings | None:
    """None for settings of another version."""
    try:
        return Settings(**{name: value for name, value in settings.items() if name in FIELDS})
    except (TypeError, ValueError):
        return None


def _in_effect(settings: Mapping[str, Any]) -> dict[str, Any]:
    known = {name: value for name, value in sound(settings).items() if name in FIELDS}
    whole = _whole(known)
    return {name: value for name, value in known.items() if _has_effect(name, known, whole)}


def _text(corpus: Mapping[str, Any]) -> tuple[object, ...] | None:
    """What identifies the text and its split; None if that is not recorded."""
    if not corpus.get("fingerprint"):
        return None
    parts = [(part.get("name"), part.get("share")) for part in corpus.get("parts") or () if isinstance(part, Mapping)]
    return corpus["fingerprint"], corpus.get("split"), corpus.get("validation_characters"), tuple(parts)


def _tokens(corpus: Mapping[str, Any]) -> tuple[object, object]:
    return corpus.get("tokenizer"), corpus.get("vocabulary")
