"""A figure drawn as rows of text by plotext: pure, knows no screen.

plotext 5.3 leaves a gap at NaN but raises on infinity, and picks unround ticks: both are seen to here. Each series keeps its
own marker, because series that meet in one character cell erase each other.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Role = Literal["axis", "faint", "line", "points", "best", "level", "second", "third", "fourth"]
ROLES: tuple[Role, ...] = ("axis", "faint", "line", "points", "best", "level", "second", "third", "fourth")
MARKERS: dict[Role, str] = {"faint": "braille", "points": "◆", "best": "★", "level": "┄"}
Run = tuple[str, Role]
Point = tuple[float, float]
_MARK = "┊"
_COLUMNS_A_TICK = 14
_ROWS_A_TICK = 3
_LARGEST = 1e100  # plotext overflows long before a float does
_LEAST_HEIGHT = 1e-300  # a share of less is no number any more
_ESCAPE = re.compile(r"\x1b\[([0-9;]*)m")


@dataclass(frozen=True)
class Series:
    """Points in the order of x; a NaN is a gap. label: beside a level, at its right end."""

    points: tuple[Point, ...]
    role: Role
    label: str = ""


@dataclass(frozen=True)
class Figure:
    """series: later ones are drawn over earlier ones. legend: glyph and words of each, for the border. note: a warning.

    log, log_x: a logarithmic axis of y, of x. marks: places on the axis of x, each a line from bottom to top.
    """

    series: tuple[Series, ...]
    x_text: Callable[[float, float], str]
    y_text: Callable[[float, float], str]
    log: bool = False
    log_x: bool = False
    legend: str = ""
    note: str = ""
    marks: tuple[float, ...] = ()

    @property
    def empty(self) -> bool:
        return not any(math.isfinite(y) for one in self.series if one.role != "level" for _, y in one.points)


def draw(figure: Figure, width: int, height: int, plain: bool = False) -> list[list[Run]]:
    """Rows of runs, `height` rows of at most `width` columns. plain: without colour, so by marker alone."""
    import plotext._figure as plotext

    canvas: Any = plotext._figure_class()
    canvas._limit_size(False, False)  # else it stays within what it takes for the terminal
    canvas.plotsize(width, height)
    canvas.theme("clear")
    canvas.xaxes(True, False)
    canvas.yaxes(True, False)
    drawn = [
        (one, _transformed(_thinned(_placed(one.points, figure.log_x), 2 * width), figure.log)) for one in figure.series
    ]
    xs = [x for _, points in drawn for x, y in points if math.isfinite(y)]
    ys = [y for _, points in drawn for _, y in points if math.isfinite(y)]
    left, right, low, high = *_span(xs), *_span(ys)
    for mark in figure.marks:
        if left <= mark <= right:
            canvas.plot([mark, mark], [low, high], color=ROLES.index("level") + 1, marker=_MARK)
    for one, points in drawn:
        if one.role == "level":
            points = [(left, points[0][1]), (right, points[0][1])]
            canvas.text(one.label, right, points[0][1], color=ROLES.index("level") + 1, alignment="right")
        how = {"color": ROLES.index(one.role) + 1, "marker": _marker(one.role, plain)}
        if one.role in ("points", "best"):
            canvas.scatter([x for x, _ in points], [y for _, y in points], **how)
        else:
            canvas.plot([x for x, _ in points], [y for _, y in points], **how)
    margin = 0.04 * (high - low)
    canvas.xlim(left, right)
    canvas.ylim(low - margin, high + margin)
    most = max(1, width // _COLUMNS_A_TICK)
    x_ticks = _powers(left, right, most) if figure.log_x else ticks(left, right, most)
    x_values = [10**tick for tick in x_ticks] if figure.log_x else x_ticks
    canvas.xticks(x_ticks, [figure.x_text(value, _gap(x_values)) for value in x_values])
    y_ticks = _log_ticks(low, high) if figure.log else ticks(low, high, max(1, height // _ROWS_A_TICK))
    y_values = [10**tick for tick in y_ticks] if figure.log else y_ticks
    gap = min((b - a for a, b in itertools.pairwise(y_values)), default=abs(high - low) or 1.0)
    canvas.yticks(y_ticks, [figure.y_text(value, gap) for value in y_values])
    return [_runs(line) for line in canvas.build().splitlines()[:height]]


def ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers, 1, 2 or 5 times a power of ten apart, between low and high: two at least, not many more than `most`."""
    if not high > low:
        return [low]
    rough = (high - low) / max(1, most)
    power = 10.0 ** math.floor(math.log10(rough))
    gaps = [factor * power for factor in (10, 5, 2, 1, 0.5, 0.2, 0.1)]
    start = max(number for number, gap in enumerate(gaps) if gap >= rough * (1 - 1e-9))
    for gap in gaps[start:]:
        first = math.ceil(low / gap - 1e-9)
        found = [number * gap for number in range(first, math.floor(high / gap + 1e-9) + 1)]
        if len(found) > 1:  # one tick alone tells no scale: better one more than wanted
            return found if len(found) <= max(4, most + 2) else found[::2]  # after a step of 5 one of 2 may give five
    return [low, high]


def _log_ticks(low: float, high: float) -> list[float]:
    """Logarithms of 1, 2 and 5 times powers of ten between low and high; none: the ends."""
    found = [
        math.log10(factor) + power
        for power in range(math.floor(low) - 1, math.ceil(high) + 1)
        for factor in (1, 2, 5)
        if low - 1e-9 <= math.log10(factor) + power <= high + 1e-9
    ]
    return found if len(found) > 1 else [low, high]


def _powers(low: float, high: float, most: int) -> list[float]:
    """Logarithms between low and high, whole ones where there are two at least, and not many more than `most` of them."""
    whole = list(range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1))
    if len(whole) < 2:
        return _log_ticks(low, high)
    return [float(power) for power in whole[:: -(-len(whole) // (most + 1))]]


def _gap(found: list[float]) -> float:
    return found[1] - found[0] if len(found) > 1 else 1.0


def _span(values: Sequence[float]) -> tuple[float, float]:
    """Smallest and largest value, held apart so that a flat line has room."""
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    if high - low < 1e-12 * max(1.0, abs(high)):
        return (low, low + 1.0) if abs(low) < _LEAST_HEIGHT else (low - 0.05 * abs(low), high + 0.05 * abs(high))
    return low, high


def _thinned(points: tuple[Point, ...], most: int) -> list[Point]:
    """Min and max of each stretch, so that a plot costs the same however long the run is."""
    if len(points) <= most:
        return list(points)
    stretch = -(-2 * len(points) // most)
    kept: list[Point] = []
    for start in range(0, len(points), stretch):
        part = points[start : start + stretch]
        finite = [point for point in part if math.isfinite(point[1])]
        if finite:
            low, high = min(finite, key=lambda point: point[1]), max(finite, key=lambda point: point[1])
            kept.extend(sorted({low, high}))
        if len(finite) < len(part):
            kept.append((part[-1][0], math.nan))
    return kept


def _placed(points: tuple[Point, ...], log_x: bool) -> tuple[Point, ...]:
    """Where the points stand on a logarithmic axis of x; what is not above 0 stands nowhere."""
    return tuple((math.log10(x), y) for x, y in points if x > 0) if log_x else points


def _transformed(points: list[Point], log: bool) -> list[Point]:
    """What can be drawn: numbers beyond all sense are gaps, and points that are nowhere are left out."""
    if not log:
        return [(x, y if abs(y) < _LARGEST else math.nan) for x, y in points if abs(x) < _LARGEST]
    return [(x, math.log10(y) if 0 < y < _LARGEST else math.nan) for x, y in points if abs(x) < _LARGEST]


def _marker(role: Role, plain: bool) -> str:
    if plain and role == "faint":
        return "·"
    return MARKERS.get(role, "braille")


def _runs(line: str) -> list[Run]:
    """plotext's coloured line as runs of text with their roles."""
    found: list[Run] = []
    role: Role = "axis"
    position = 0
    for match in _ESCAPE.finditer(line):
        if match.start() > position:
            found.append((line[position : match.start()], role))
        position = match.end()
        code = match.group(1).split(";")
        role = ROLES[int(code[2]) - 1] if code[:2] == ["38", "5"] and 0 < int(code[2]) <= len(ROLES) else "axis"
    if position < len(line):
        found.append((line[position:], role))
    return found
