"""Hostile values, texts and bytes."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import strategies as st

# Characters that control a terminal, end a line, are no valid character, or are wider than one.
_ODD = "\x00\x07\x08\t\n\r\x0b\x1b\x7f\x85\x9b\u2028\u202e\ufeff\ud800\udcff𝔸ğİ字{}[]%'\"\\|<`"
TEXTS = st.text(st.sampled_from("ab1 .-" + _ODD) | st.characters(), max_size=12) | st.sampled_from([
    "", " ", "\x1b[2J\x1b]0;x\x07", "{0}", "{loss:>99}", "[bold]x[/]", "1e999", "-0", "NaN", "Infinity", "null", "a" * 3000,
])  # fmt: skip
INTEGERS = st.integers(-3, 300) | st.sampled_from([-(2**63), 2**31, 2**63 - 1, 2**63, 10**30, -(10**30), 10**400])
FLOATS = st.floats() | st.sampled_from([math.nan, math.inf, -math.inf, 5e-324, 1e308, -1e308, 0.0, -0.0, 1e17])
SCALARS = st.none() | st.booleans() | INTEGERS | FLOATS | TEXTS


def _inside(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(values, max_size=4) | st.dictionaries(TEXTS, values, max_size=4)


def _nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


VALUES = st.recursive(SCALARS, _inside, max_leaves=6) | st.just(_nested(60))
# Positions are numbers without bounds: they are used modulo the number of positions.
PLACES = st.integers(0, 10**6)
DAMAGES = st.lists(
    st.tuples(st.sampled_from(["flip", "cut", "splice", "drop", "double"]), PLACES, PLACES, st.binary(max_size=12)),
    min_size=1,
    max_size=4,
)


def damaged(data: bytes, damages: list[tuple[str, int, int, bytes]]) -> bytes:
    """The bytes with something flipped, cut off, inserted, removed or repeated."""
    whole = bytearray(data)
    for kind, at, long, more in damages:
        if not whole:
            break
        at %= len(whole)
        end = at + 1 + long % 200
        match kind:
            case "flip":
                whole[at] ^= 1 << long % 8
            case "cut":
                del whole[at:]
            case "splice":
                whole[at:at] = more
            case "drop":
                del whole[at:end]
            case "double":
                whole[at:at] = whole[at:end]
    return bytes(whole)


def replaced(value: Any, path: list[int], new: Any, drop: bool = False) -> Any:
    """A copy of nested dicts and lists with another value (or none) at the path, which selects among the existing keys."""
    if not path or not isinstance(value, dict | list) or not value:
        return new
    keys: list[Any] = sorted(value, key=repr) if isinstance(value, dict) else list(range(len(value)))
    key = keys[path[0] % len(keys)]
    copy: Any = value.copy()
    if drop and (len(path) == 1 or not isinstance(value[key], dict | list)):
        del copy[key]
    else:
        copy[key] = replaced(value[key], path[1:], new, drop)
    return copy


CHANGES = st.lists(
    st.tuples(st.lists(PLACES, min_size=1, max_size=4), VALUES, st.sampled_from([False, False, False, True])),
    min_size=1,
    max_size=3,
)
