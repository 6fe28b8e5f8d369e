"""Bits per character of each of several corpora, from the recorded losses. They compare with a run on one of them alone, whose
tokens may be others; the losses do not."""

from __future__ import annotations

import math
from collections.abc import Mapping

from mmrec_engine import events


def part_bits(validation: events.Validation, started: events.RunStarted | None) -> dict[str, float]:
    """By corpus, of those whose sizes the beginning of the run tells; empty for a single corpus.

    As for the whole split (`evaluation.metrics.bits_per_character`), the first token and character are not predicted.
    """
    described = started.corpus.get("parts") if started is not None else None
    if not validation.parts or not isinstance(described, list):
        return {}
    sizes = {str(part.get("name")): part for part in described if isinstance(part, Mapping)}
    bits = {}
    for name, loss in validation.parts.items():
        tokens, characters = (sizes.get(name, {}).get(f"validation_{of}") for of in ("tokens", "characters"))
        if isinstance(tokens, int) and isinstance(characters, int) and characters > 1:
            bits[name] = loss * (tokens - 1) / ((characters - 1) * math.log(2))
    return bits
