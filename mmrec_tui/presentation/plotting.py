"""A figure drawn as rows of text. plotext draws the curves; axes, levels and labels are added around them, on cells without
data. Pure; must not know: screens.

plotext 5.3 leaves a gap at NaN but raises on infinity, which is handled here. If series meet in one character cell, the later
one is shown. Lines are drawn in quadrant blocks, which leave no gaps; raw curves, which are in the background, in braille.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Container
from dataclasses import dataclass
from typing import Any, Literal

from mmrec_tui.presentation.scale import Scale, apart, powers, thinned, ticks, upper_limit, y_scale

Role = Literal[
    "axis", "faint", "line", "points", "best", "level", "second", "third", "fourth", "fifth", "sixth", "cross"
]
ROLES: tuple[Role, ...] = (
    "axis", "faint", "line", "points", "best", "level", "second", "third", "fourth", "fifth", "sixth", "cross",
)  # fmt: skip
GLYPHS: dict[Role, str] = {
    "faint": "⠒", "line": "━", "points": "◆", "best": "★", "level": "┄", "second": "╍", "third": "┅", "fourth": "┉",
    "fifth": "╌", "sixth": "┈",
}  # fmt: skip
_FAINT_WITHOUT_COLOUR = "·"
# Columns that are drawn and left blank in turn, so that lines differ without colour.
DASHES: dict[Role, tuple[int, int]] = {
    "second": (4, 2),
    "third": (2, 1),
    "fourth": (1, 1),
    "fifth": (3, 3),
    "sixth": (1, 2),
}
_MARKERS: dict[Role, str] = {"faint": "braille", "points": "◆", "best": "★"}
Run = tuple[str, Role]
Point = tuple[float, float]
BETWEEN_NOTES = " · "
_COLUMNS_A_TICK = 14
_SINGLE: tuple[Role, ...] = ("points", "best")  # drawn as single marks
_LARGEST = 1e100  # plotext overflows long before a float does
_ESCAPE = re.compile(r"\x1b\[([0-9;]*)m")
_BLANK = (" ", "axis")
_FREE = " ┄┊│"  # what a label may overwrite


@dataclass(frozen=True)
class Series:
    """Points in the order of x; a NaN is a gap. label: of a level, whose only point gives its height. alone: the sign of a
    line's only point, because a dot of a line is hardly seen."""

    points: tuple[Point, ...]
    role: Role
    label: str = ""
    alone: str = _MARKERS["points"]


@dataclass(frozen=True)
class Figure:
    """series: later ones are drawn over earlier ones. entries: role and words of each, for the legend. note: a warning, or
    several, with `BETWEEN_NOTES`. cut: high values of the beginning are cut at the edge where they squash the rest.

    log, log_x: a logarithmic axis of y, of x. marks: positions on the axis of x, each with a vertical line. x_range: the
    visible range; None: from the first point to the last. x_unit: written at its end. clock: x in seconds. nothing: in
    place of an empty figure.
    """

    series: tuple[Series, ...]
    x_text: Callable[[float, float], str]
    y_text: Callable[[float, float], str]
    log: bool = False
    log_x: bool = False
    entries: tuple[tuple[Role, str], ...] = ()
    note: str = ""
    marks: tuple[float, ...] = ()
    x_range: tuple[float, float] | None = None
    x_unit: str = ""
    clock: bool = False
    cut: bool = False
    nothing: str = ""

    @property
    def legend(self) -> str:
        return "  ".join(f"{GLYPHS.get(role, '┊')} {words}" for role, words in self.entries)

    @property
    def empty(self) -> bool:
        return not any(math.isfinite(y) for one in self.series if one.role != "level" for _, y in one.points)

    def at(self, x: float) -> list[tuple[Role, float, float]]:
        """(role, x, y) of each series' point nearest to x."""
        found = []
        for one in self.series:
            if one.role in ("level", "best") or not one.points:
                continue
            place = bisect_left(one.points, (x, -math.inf))
            near = [point for point in one.points[max(0, place - 1) : place + 1] if math.isfinite(point[1])]
            if near:
                found.append((one.role, *min(near, key=lambda point: abs(point[0] - x))))
        return found


def glyph(role: Role, plain: bool = False) -> str:
    """The mark of a series in words about it. plain: without colour."""
    return _FAINT_WITHOUT_COLOUR if plain and role == "faint" else GLYPHS.get(role, "┊")


class Cells:
    """A rectangle of characters with their roles."""

    def __init__(self, rows: list[list[tuple[str, Role]]]) -> None:
        self.rows = rows

    def free(self, row: int, start: int, length: int) -> bool:
        cells = self.rows[row][start : start + length]
        return start >= 0 and len(cells) == length and all(text in _FREE and role != "cross" for text, role in cells)

    def write(self, row: int, start: int, text: str, role: Role) -> None:
        self.rows[row][start : start + len(text)] = [(letter, role) for letter in text]

    def label(self, row: int, text: str, role: Role) -> bool:
        """Write a label as far right as a row has space without data; returns whether it was written."""
        width = len(self.rows[row])
        for start in range(width - len(text), -1, -1):
            room = max(0, start - 1)
            if self.free(row, room, min(width, start + len(text) + 1) - room):
                self.write(row, start, text, role)
                return True
        return False


def draw(figure: Figure, width: int, height: int, plain: bool = False, cross: float | None = None) -> list[list[Run]]:
    """`height` rows of runs, `width` columns at most. plain: without colour, so by marker alone. cross: a position on the axis
    of x with a line through it."""
    rows = max(1, height - 2)
    seen = [(one, _visible(one, figure)) for one in figure.series]
    curves = [(one, points) for one, points in seen if one.role != "level"]
    ys = [y for _, points in curves for _, y in points if math.isfinite(y)]
    left, right = _ends(figure, curves)
    limit = math.inf
    if figure.cut and not figure.log:
        single = [points for one, points in curves if one.role in _SINGLE]
        limit = upper_limit([points for _, points in curves], left, right, single)
    scale = y_scale(*((min(ys), min(max(ys), limit)) if ys else (0.0, 1.0)), rows, log=figure.log)
    texts = [figure.y_text(value, scale.gap)[: width // 2] for value in scale.ticks]
    gutter = max((len(text) for text in texts), default=0)
    columns = max(1, width - gutter - 1)
    cells = Cells(_rasterised(curves, columns, rows, (left, right), scale, plain))
    if limit < math.inf:
        _mark_cut(cells, curves, scale.top, lambda x: _column(x, left, right, columns), figure.y_text)
    for mark in figure.marks:
        _vertical(cells, _column(_placed(mark, figure.log_x), left, right, columns), "┊", "level")
    _set_levels(cells, [(one, points) for one, points in seen if one.role == "level"], scale)
    if cross is not None:
        _vertical(cells, _column(_placed(cross, figure.log_x), left, right, columns), "│", "cross")
    at_row = {scale.row(value, rows): text for value, text in zip(scale.ticks, texts, strict=True)}
    drawn: list[list[Run]] = []
    for number, row in enumerate(cells.rows):
        text = at_row.get(number)
        edge = f"{text:>{gutter}}┤" if text is not None else " " * gutter + "│"
        drawn.append([(edge, "axis"), *_joined(row)])
    return [*drawn, *_x_axis(figure, left, right, columns, gutter)][:height]


def _visible(one: Series, figure: Figure) -> list[Point]:
    """The visible points, in axis coordinates, with a neighbour beyond each end."""
    points = one.points
    if one.role != "level" and figure.x_range is not None:
        first = bisect_left(points, (figure.x_range[0], -math.inf))
        last = bisect_right(points, (figure.x_range[1], math.inf))
        points = points[first:last]
    if figure.log_x and one.role != "level":
        points = tuple((math.log10(x), y) for x, y in points if x > 0)
    points = tuple(point for point in points if abs(point[0]) < _LARGEST)
    if figure.log:
        return [(x, math.log10(y) if 1 / _LARGEST < y < _LARGEST else math.nan) for x, y in points]
    return [(x, y if abs(y) < _LARGEST else math.nan) for x, y in points]


def _ends(figure: Figure, curves: list[tuple[Series, list[Point]]]) -> tuple[float, float]:
    if figure.x_range is not None:
        return apart(*(_placed(x, figure.log_x) for x in figure.x_range))
    xs = [x for _, points in curves for x, y in points if math.isfinite(y)]
    return apart(min(xs), max(xs)) if xs else (0.0, 1.0)


def _placed(x: float, log_x: bool) -> float:
    return math.log10(max(x, 1e-300)) if log_x else x


def _column(x: float, left: float, right: float, columns: int) -> int:
    return round((x - left) / (right - left) * (columns - 1)) if abs(x) < _LARGEST else -1


def x_at(figure: Figure, column: int, columns: int) -> float:
    """The position on the axis of x of a column of the curves."""
    left, right = _ends(figure, [(one, _visible(one, figure)) for one in figure.series if one.role != "level"])
    place = left + (right - left) * min(1.0, max(0.0, column / max(1, columns - 1)))
    return 10**place if figure.log_x else place


def _rasterised(
    curves: list[tuple[Series, list[Point]]],
    columns: int,
    rows: int,
    ends: tuple[float, float],
    scale: Scale,
    plain: bool,
) -> list[list[tuple[str, Role]]]:
    """The curves by plotext, without axes: character cells with the role of their series."""
    import plotext._figure as plotext

    canvas: Any = plotext._figure_class()
    canvas._limit_size(False, False)  # else it is limited to its own idea of the terminal size
    canvas.plotsize(columns, rows)
    canvas.theme("clear")
    canvas.frame(False)
    canvas.xaxes(False, False)
    canvas.yaxes(False, False)
    canvas.xticks([])
    canvas.yticks([])
    canvas.xlim(*ends)
    canvas.ylim(scale.bottom, scale.top)
    for one, points in curves:
        marker = _FAINT_WITHOUT_COLOUR if plain and one.role == "faint" else _MARKERS.get(one.role, "hd")
        points = thinned(points, 2 * columns)
        if len(points) == 1 and marker == "hd":
            marker = one.alone
        how = {"color": ROLES.index(one.role) + 1, "marker": marker}
        if one.role in _SINGLE or len(points) == 1:
            canvas.scatter([x for x, _ in points], [y for _, y in points], **how)
        else:
            canvas.plot([x for x, _ in points], [y for _, y in points], **how)
    lines = canvas.build().splitlines() if any(points for _, points in curves) else []
    dashed = {one.role for one, points in curves if one.role in DASHES and _spans(one.role, points, columns, ends)}
    grid = [_cells(line, dashed)[:columns] for line in lines[:rows]]
    grid = [[*row, *[_BLANK] * (columns - len(row))] for row in grid]  # type: ignore[list-item]
    return [*grid, *([_BLANK] * columns for _ in range(rows - len(grid)))]  # type: ignore[list-item]


def _spans(role: Role, points: list[Point], columns: int, ends: tuple[float, float]) -> bool:
    """Whether a line is longer than one of its dashes and the gap behind it, and so seen wherever it lies."""
    xs = [x for x, y in points if math.isfinite(y)]
    return bool(xs) and (max(xs) - min(xs)) / (ends[1] - ends[0]) * (columns - 1) > sum(DASHES[role])


def _cells(line: str, dashed: Container[Role]) -> list[tuple[str, Role]]:
    """plotext's coloured line as characters with their roles, the dashed ones with their gaps."""
    found: list[tuple[str, Role]] = []
    role: Role = "axis"
    position = 0
    for match in [*_ESCAPE.finditer(line), None]:
        for letter in line[position : match.start() if match else len(line)]:
            drawn, left_out = DASHES[role] if role in dashed else (1, 0)
            found.append((" " if len(found) % (drawn + left_out) >= drawn else letter, role))
        if match:
            position = match.end()
            code = match.group(1).split(";")
            known = code[:2] == ["38", "5"] and 0 < int(code[2]) <= len(ROLES)
            role = ROLES[int(code[2]) - 1] if known else "axis"
    return found


def _set_levels(cells: Cells, levels: list[tuple[Series, list[Point]]], scale: Scale) -> None:
    """Levels within the range as lines with their names, others as arrows at the edge; none of it over data."""
    rows = len(cells.rows)
    labels = []
    for one, points in sorted(levels, key=lambda level: level[1][0][1] if level[1] else math.nan):
        if not points or not math.isfinite(points[0][1]):
            continue
        value = points[0][1]
        if scale.bottom <= value <= scale.top:
            row = scale.row(10**value if scale.log else value, rows)
            row_cells = cells.rows[row]
            row_cells[:] = [("┄", "level") if text == " " else (text, role) for text, role in row_cells]
            labels.append((row, one.label))
        else:
            labels.append((rows - 1, f"▼ {one.label}") if value < scale.bottom else (0, f"▲ {one.label}"))
    for row, label in labels:
        cells.label(row, label, "level")


def _mark_cut(
    cells: Cells,
    curves: list[tuple[Series, list[Point]]],
    top: float,
    column: Callable[[float], int],
    y_text: Callable[[float, float], str],
) -> None:
    """An arrow at the upper edge wherever a curve is above it, and beside the first ones the highest value."""
    above = {column(x): one.role for one, points in curves for x, y in points if y > top}
    for place, role in above.items():
        if 0 <= place < len(cells.rows[0]) and cells.rows[0][place][0] != "★":
            cells.rows[0][place] = ("▲", role)
    highest = max((y for _, points in curves for _, y in points if math.isfinite(y)), default=top)
    text = y_text(highest, highest / 10)
    starts = range(max(above, default=0) + 1, len(cells.rows[0]))
    free = next((start for start in starts if above and cells.free(0, start, len(text) + 2)), None)
    if free is not None:
        cells.write(0, free + 1, text, "level")


def _vertical(cells: Cells, column: int, letter: str, role: Role) -> None:
    for row in cells.rows:
        if 0 <= column < len(row) and row[column][0] in _FREE:
            row[column] = (letter, role)


def _joined(row: list[tuple[str, Role]]) -> list[Run]:
    runs: list[Run] = []
    for text, role in row:
        if runs and runs[-1][1] == role:
            runs[-1] = (runs[-1][0] + text, role)
        else:
            runs.append((text, role))
    return runs


def _x_axis(figure: Figure, left: float, right: float, columns: int, gutter: int) -> list[list[Run]]:
    """The line with its ticks, and below it their values and the unit."""
    most = max(1, columns // _COLUMNS_A_TICK)
    places = powers(left, right, most) if figure.log_x else ticks(left, right, most, clock=figure.clock)
    values = [10**place for place in places] if figure.log_x else places
    gap = values[1] - values[0] if len(values) > 1 else 1.0
    line, words = ["─"] * columns, [" "] * columns
    unit = f" {figure.x_unit}" if figure.x_unit else ""
    for place in places:
        line[_column(place, left, right, columns)] = "┬"
    labels: list[tuple[int, str]] = []
    for place, value in zip(places, values, strict=True):
        text = figure.x_text(value, gap)[:columns]
        start = max(0, min(columns - len(text), _column(place, left, right, columns) - len(text) // 2))
        if not labels or start > labels[-1][0] + len(labels[-1][1]):
            labels.append((start, text))
    free = columns - len(unit)
    if labels and labels[-1][0] + len(labels[-1][1]) > free:  # no space at the end: after the first value
        free = labels[0][0] + len(labels[0][1])
        labels = [label for label in labels if label == labels[0] or label[0] > free + len(unit)]
    for start, text in [*labels, (free, unit)]:
        words[start : start + len(text)] = text
    words = words[:columns]
    return [[(" " * gutter + "└" + "".join(line), "axis")], [(" " * (gutter + 1) + "".join(words), "axis")]]
