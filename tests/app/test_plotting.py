"""Figures as rows of text: a plot is drawn for any numbers, and is correct."""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mmrec_engine.runs.history import History
from mmrec_tui.app.widgets.plot import values_at
from mmrec_tui.locales import Wording
from mmrec_tui.presentation.figures import View, figure_of, overlay
from mmrec_tui.presentation.panels import PLOTS
from mmrec_tui.presentation.plotting import DASHES, Figure, Point, Role, Series, draw
from mmrec_tui.presentation.scale import ticks, y_scale
from tests.app.recorded import a_training, an_ending
from tests.engine.test_history import history_of, started, step, validation

WIDTH, HEIGHT = 60, 15


def figure(*points: Point, log: bool = False, role: str = "line") -> Figure:
    say = Wording("en")
    return Figure((Series(points, role),), say.short, say.tick, log=log)  # type: ignore[arg-type]


def rows(drawn: Figure, width: int = WIDTH, height: int = HEIGHT, plain: bool = False) -> list[str]:
    return ["".join(text for text, _ in row) for row in draw(drawn, width, height, plain)]


def marks(drawn: list[str]) -> int:
    """Characters of curves: quadrants, braille, and the markers."""
    return sum(
        0x2580 <= ord(letter) < 0x25A0 or 0x2800 < ord(letter) < 0x2900 or letter in "◆★"
        for row in drawn
        for letter in row
    )


@pytest.mark.parametrize(
    ("low", "high", "most", "found"),
    [
        (0, 100, 5, [0, 20, 40, 60, 80, 100]),
        (0, 7, 4, [0, 2, 4, 6]),
        (1.1, 2.9, 4, [1.5, 2.0, 2.5]),
        (0.0001, 0.0003, 2, [0.0001, 0.0002, 0.0003]),
        (-3, 3, 2, [0.0]),
    ],
)
def test_ticks_are_one_two_or_five_times_a_power_of_ten(low: float, high: float, most: int, found: list[float]) -> None:
    if len(found) > 1:
        assert ticks(low, high, most) == pytest.approx(found)
    else:
        assert len(ticks(low, high, most)) >= 2


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.integers(1, 12))
@example(-400_000.0, 800_000.0, 1)
def test_ticks_are_even_and_near_the_wanted_number(low: float, span: float, most: int) -> None:
    found = ticks(low, low + span, most)
    assert 2 <= len(found) <= max(4, most + 2)
    gaps = [b - a for a, b in itertools.pairwise(found)]
    assert gaps == pytest.approx([gaps[0]] * len(gaps), rel=1e-3)
    margin = 1e-6 * max(span, abs(low))
    assert all(low - margin <= tick <= low + span + margin for tick in found)


def test_a_flat_line_has_one_tick() -> None:
    assert ticks(3.0, 3.0, 5) == [3.0]


def test_plot_has_the_given_rows_and_width() -> None:
    drawn = rows(figure(*((x, math.sin(x / 9)) for x in range(200))))
    assert len(drawn) == HEIGHT
    assert max(map(len, drawn)) <= WIDTH
    assert marks(drawn) > WIDTH / 2


def test_drawing_does_not_depend_on_the_terminal_size() -> None:
    drawn = rows(figure(*((x, x % 7) for x in range(50))), 150, 50)
    assert len(drawn) == 50
    assert max(map(len, drawn)) > 140


def test_nan_is_a_gap() -> None:
    whole = rows(figure(*((x, 5.0 + x % 2) for x in range(100))))
    torn = rows(figure(*((x, math.nan if 40 <= x < 60 else 5.0 + x % 2) for x in range(100))))
    body = [row[len(row) // 2 - 3 : len(row) // 2 + 3] for row in torn[:-2]]
    assert marks(whole) > marks(torn) > 0
    assert not marks(body)
    assert "0.0" not in "".join(torn[:-2])


@pytest.mark.parametrize("bad", [math.inf, -math.inf, math.nan])
def test_non_finite_value_does_not_affect_the_scale(bad: float) -> None:
    points = [(x, 2.0 + x / 100) for x in range(50)]
    assert rows(figure(*points[:25], (25.0, bad), *points[26:]))[0][:4] == rows(figure(*points))[0][:4]


@pytest.mark.parametrize(
    "points", [[], [(1.0, 2.0)], [(0.0, 0.0)], [(1.0, math.nan)], [(5.0, 1.0), (5.0, 1.0)], [(1.0, 1e308), (2.0, 5.0)]]
)
@pytest.mark.parametrize("log", [False, True])
def test_empty_and_single_point_curves_can_be_drawn(points: list[Point], log: bool) -> None:
    drawn = rows(figure(*points, log=log))
    assert len(drawn) == HEIGHT


def test_single_validation_is_visible() -> None:
    assert marks(rows(figure((1.0, 2.0), role="points"))) == 1


def test_two_runs_of_one_validation_each_are_drawn_as_marks_and_not_as_dots() -> None:
    one, other = ([started(), step(20, loss=loss), validation(20, loss=loss)] for loss in (2.0, 3.0))
    drawn = draw(
        overlay([("one", history_of(*one)), ("other", history_of(*other))], View(), Wording("en")), WIDTH, HEIGHT
    )
    marks = [role for row in drawn for text, role in row if "◆" in text]
    assert sorted(marks) == ["line", "second"]


def test_logarithmic_axis_omits_values_without_a_logarithm() -> None:
    points = [(float(x), value) for x, value in enumerate([0.0, -1.0, 1.0, 10.0, 100.0])]
    drawn = rows(figure(*points, log=True))
    labels = " ".join(row.split("┤")[0].strip() for row in drawn if "┤" in row)
    assert {"1", "10", "100"} <= set(labels.split())
    assert "-" not in labels


def test_series_differ_by_marker_without_colour() -> None:
    history = history_of(*a_training())
    drawn = "\n".join(rows(figure_of("loss", history, View(), Wording("en")), plain=True))
    assert "·" in drawn
    assert "◆" in drawn
    assert "★" in drawn
    assert "┄" in drawn


@pytest.mark.parametrize("spike", [3, 5_000, 9_999])
def test_single_step_spike_is_visible_in_a_long_run(spike: int) -> None:
    flat = [(float(x), 1.0 + x % 2 * 0.01) for x in range(10_000)]
    drawn = rows(figure(*flat[:spike], (float(spike), 50.0), *flat[spike + 1 :]))
    assert marks(drawn[:3]) > 0, "the spike has gone"
    assert marks([drawn[-3]]) > WIDTH / 2, "the rest has gone"


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 1e7), st.floats(allow_nan=True, allow_infinity=True)), max_size=60),
    st.booleans(),
    st.integers(14, 120),
    st.integers(4, 40),
)
def test_plots_accept_any_numbers(points: list[Point], log: bool, width: int, height: int) -> None:
    drawn = rows(figure(*sorted(points, key=lambda point: point[0]), log=log), width, height)
    assert len(drawn) <= height
    assert all(len(row) <= width for row in drawn)


@pytest.mark.parametrize("name", PLOTS)
@pytest.mark.parametrize("axis", ["step", "tokens", "time"])
@pytest.mark.parametrize("language", ["en", "tr"])
def test_every_plot_has_axes_of_steps_tokens_and_time(name: str, axis: str, language: str) -> None:
    say = Wording(language)  # type: ignore[arg-type]
    for log in (False, True):
        for stream in ([], a_training(3), [*a_training(), *an_ending()]):
            history = history_of(*stream)
            made = figure_of(name, history, View(axis, log), say)  # type: ignore[arg-type]
            assert len(rows(made)) == HEIGHT
            assert made.empty == (history.last_validation is None if name in ("accuracy", "gap") else not stream)


def test_time_axis_is_labelled_as_a_clock() -> None:
    history = history_of(*a_training())
    assert "0:20" in rows(figure_of("loss", history, View("time"), Wording("en")))[-1]


@pytest.mark.parametrize("name", PLOTS)
def test_empty_plot_says_whether_values_may_come(name: str) -> None:
    say, view = Wording("en"), View()
    for made, words in (([], "no values"), ([step(1, loss=math.nan)], "ended before the first validation")):
        going, over = (figure_of(name, history_of(started(9), *made), view, say, over=over) for over in (False, True))
        assert going.nothing == ""
        if going.empty:
            assert over.nothing == (words if name in ("accuracy", "gap") else "no values")


def test_plot_of_a_nan_run_names_the_step() -> None:
    history = history_of(started(), step(1), step(1203, loss=math.nan))
    assert figure_of("loss", history, View(), Wording("en")).note == "NaN at step 1,203"
    assert figure_of("loss", history, View(), Wording("tr")).note == "1.203. adımda NaN"


def test_huge_perplexity_is_a_gap() -> None:
    history = history_of(started(), step(1, loss=900.0), step(2, loss=1.0))
    assert len(rows(figure_of("perplexity", history, View(), Wording("en")))) == HEIGHT


def test_best_validation_is_marked_at_its_step() -> None:
    history = history_of(started(), step(1), validation(1, best=True, loss=2.0), step(2), validation(2, loss=3.0))
    best = [one for one in figure_of("loss", history, View(), Wording("en")).series if one.role == "best"]
    assert [one.points for one in best] == [((1.0, 2.0),)]


def test_compared_runs_have_their_own_colour_dashes_and_name() -> None:
    histories: list[tuple[str, History]] = [(f"run{number}", history_of(*a_training(400))) for number in range(8)]
    made = overlay(histories, View(), Wording("en"))
    assert len({one.role for one in made.series}) == 6
    assert [f"run{number}" in made.legend for number in range(8)] == [True] * 6 + [False] * 2
    drawn = set()
    for one in made.series:
        alone = Figure((one,), made.x_text, made.y_text, x_range=made.x_range)
        assert marks(rows(alone)) > WIDTH / 4, f"{one.role} is no line"
        drawn.add(tuple(rows(alone)))
    assert len(drawn) == 6, "two of them look alike without colour"


def test_all_plots_share_the_axis_range_and_unit() -> None:
    history = history_of(*a_training(230))
    for axis, unit, end in (
        ("step", "steps", 230),
        ("tokens", "tokens", 230 * 1024),
        ("time", "time", history.seconds),
    ):
        figures = [figure_of(name, history, View(axis), Wording("en")) for name in PLOTS]  # type: ignore[arg-type]
        assert {one.x_range for one in figures} == {(0.0, float(end))}
        assert all(unit in rows(one)[-1] for one in figures)


@pytest.mark.parametrize("width", [22, 40, 76, 160])
@pytest.mark.parametrize("height", [5, 8, 15, 30])
@pytest.mark.parametrize("steps", [50, 120, 230, 420])
def test_labels_do_not_cover_data(width: int, height: int, steps: int) -> None:
    """With levels at every height, also at the best and last validation."""
    history = history_of(*a_training(steps))
    assert history.best is not None and history.started is not None
    bare = figure_of("loss", history, View(), Wording("en"))
    data = tuple(one for one in bare.series if one.role != "level")
    heights = [history.best.loss, history.best.loss + 0.02, 1.0, 2.5, 3.0, 3.05, 9.0]
    levels = tuple(Series(((0.0, height),), "level", f"baseline {height:.2f}") for height in heights)
    without, labelled = (
        Figure(series, bare.x_text, bare.y_text, x_range=bare.x_range) for series in (data, levels + data)
    )
    places = [
        [
            (number, column, letter)
            for number, row in enumerate(draw(one, width, height)[:-2])
            for column, (letter, role) in enumerate((letter, role) for text, role in row for letter in text)
            if role in ("faint", "line", "points", "best") and letter.strip()
        ]
        for one in (without, labelled)
    ]
    assert places[0] == places[1]
    assert any(letter == "★" for _, _, letter in places[0])


def test_labels_do_not_overlap() -> None:
    history = history_of(*a_training(230))
    bare = figure_of("loss", history, View(), Wording("en"))
    names = [f"{name} {height}" for name, height in (("unigram", 3.05), ("bigram", 3.0), ("5-gram", 2.95))]
    levels = tuple(Series(((0.0, float(name.split()[1])),), "level", name) for name in names)
    for width, height in itertools.product((30, 50, 90), (6, 9, 20)):
        text = "\n".join(rows(Figure((*levels, *bare.series[2:]), bare.x_text, bare.y_text), width, height))
        found = re.findall(r"[0-9a-z-]*gram[ 0-9.]*", text)
        assert {part.strip() for part in found} <= set(names), found


def test_baseline_out_of_range_is_an_arrow_at_the_edge() -> None:
    points = tuple((float(x), 2.0 - x / 1000) for x in range(200))
    say = Wording("en")
    alone = Figure((Series(points, "line"),), say.short, say.tick)
    levels = (Series(((0.0, 0.5),), "level", "5-gram 0.50"), Series(((0.0, 6.0),), "level", "unigram 6.00"))
    drawn = rows(Figure((*levels, *alone.series), say.short, say.tick))
    assert [row.split("┤")[0] for row in drawn if "┤" in row] == [
        row.split("┤")[0] for row in rows(alone) if "┤" in row
    ]
    assert "▼ 5-gram 0.50" in drawn[-3]
    assert "▲ unigram 6.00" in "".join(drawn[:2])
    assert "┄" not in "".join(drawn)


@given(st.floats(-1e5, 1e5), st.floats(1e-4, 1e5), st.integers(4, 60))
def test_y_ticks_are_round_even_and_in_the_row_of_their_value(low: float, span: float, count: int) -> None:
    scale = y_scale(low, low + span, count)
    assert len(scale.ticks) >= 2
    at = [scale.row(value, count) for value in scale.ticks]
    assert len({before - after for before, after in itertools.pairwise(at)}) == 1, at
    assert all(0 <= row < count for row in at)
    mantissa = scale.gap / 10 ** math.floor(math.log10(scale.gap) + 1e-9)
    assert any(mantissa == pytest.approx(factor) for factor in (1, 2, 5))
    assert scale.bottom - 1e-6 * span <= low and low + span <= scale.top + 1e-6 * span
    a_row = (scale.top - scale.bottom) / (count - 1)
    for value, row in zip(scale.ticks, at, strict=True):
        assert scale.top - row * a_row == pytest.approx(value, abs=1e-6 * max(span, abs(low)))


@pytest.mark.parametrize(("low", "high"), [(1.705, 4.2), (1.2, 80.0), (3e-5, 3e-4), (0.4, 0.9), (1.0, 1e6)])
def test_logarithmic_ticks_are_in_the_row_of_their_value(low: float, high: float) -> None:
    say = Wording("en")
    drawn = rows(figure(*((float(x), low * (high / low) ** (x / 99)) for x in range(100)), log=True), 60, 20)
    scale = y_scale(math.log10(low), math.log10(high), 18, log=True)
    found = {row.split("┤")[0].strip(): number for number, row in enumerate(drawn) if "┤" in row}
    assert len(found) >= 2
    for value in scale.ticks:
        exact = (math.log10(value) - scale.bottom) / (scale.top - scale.bottom) * 17
        assert found[say.tick(value, scale.gap)] == 17 - round(exact)


def test_gap_plot_has_round_ticks() -> None:
    history = history_of(started(), step(1), replace(validation(1, loss=2.0), training_loss=2.01645))
    for width, height in ((60, 15), (30, 6)):
        drawn = rows(figure_of("gap", history, View(), Wording("en")), width, height)
        texts = [row.split("┤")[0].strip() for row in drawn if "┤" in row]
        assert len(texts) > 1 and all(len(text.lstrip("-−")) <= 6 for text in texts), texts


def test_legend_distinguishes_raw_and_smoothed() -> None:
    history = history_of(*a_training(120))
    smoothed = figure_of("loss", history, View(smoothing=0.95), Wording("en"))
    assert smoothed.legend.startswith("━ smoothed  ⠒ training")
    assert figure_of("loss", history, View(smoothing=0.0), Wording("en")).legend.startswith("━ training")
    line = next(one for one in smoothed.series if one.role == "line")
    assert line.points[-1] == (120.0, history.smoothed_loss(0.95))


def test_logarithmic_axis_is_labelled() -> None:
    history = history_of(*a_training(120))
    assert figure_of("loss", history, View(log=True), Wording("en")).note == "logarithmic y axis"
    assert figure_of("accuracy", history, View(log=True), Wording("en")).note == ""


def test_zoomed_range_has_its_own_scale() -> None:
    history = history_of(*a_training(400))
    drawn = rows(figure_of("loss", history, View(shown=(0.5, 1.0)), Wording("en")))
    assert "200" in drawn[-1] and "400" in drawn[-1] and " 0 " not in drawn[-1]
    assert not any(row.strip().startswith(("3", "4")) for row in drawn[:-1]), "the scale is that of the whole"
    assert marks(drawn) > WIDTH / 2


def test_crosshair_shows_the_step_of_a_value_from_another_step() -> None:
    history = history_of(*a_training(400))
    made = figure_of("loss", history, View(earlier=("before", history)), Wording("en"))
    assert "◆ 2.053 (200)" in values_at(made, 214.0).plain, "the training validates every 50 steps"
    assert values_at(made, 214.0).plain.endswith("╍ 2.053 (200)"), "the other run comes after this one"
    assert "(" not in values_at(made, 200.0).plain


@pytest.mark.parametrize("kind", ["accuracy", "gap"])
def test_crosshair_marks_a_value_as_the_legend_does(kind: str) -> None:
    made = figure_of(kind, history_of(*a_training(400)), View(), Wording("en"))  # type: ignore[arg-type]
    assert made.legend.startswith("◆ validation")
    shown = values_at(made, 200.0).plain
    assert shown.count("◆") == 1 and "━" not in shown


def test_legend_without_colour_has_the_mark_that_is_drawn() -> None:
    made = figure_of("loss", history_of(*a_training(400)), View(smoothing=0.95), Wording("en"))
    assert "⠒" in values_at(made, 200.0).plain
    shown = values_at(made, 200.0, plain=True).plain
    drawn = "".join(text for row in draw(made, 60, 12, plain=True) for text, role in row if role == "faint")
    assert set(drawn) == {"·"} and "·" in shown and "⠒" not in shown


def test_crosshair_shows_the_values_at_its_step() -> None:
    history = history_of(*a_training(400))
    made = figure_of("loss", history, View(), Wording("en"))
    told = values_at(made, 200.0).plain
    loss = next(y for x, y in made.series[-3].points if x == 200.0)
    assert told.startswith("200 steps")
    assert f"━ {loss:.3f}" in told
    assert "◆ 2.053" in told
    plain, crossed = draw(made, WIDTH, HEIGHT), draw(made, WIDTH, HEIGHT, cross=200.0)
    assert [marks(["".join(text for text, _ in row)]) for row in plain] == [
        marks(["".join(text for text, _ in row)]) for row in crossed
    ]
    assert sum("│" in text for row in crossed for text, role in row if role == "cross") > 3


@pytest.mark.parametrize("role", DASHES)
def test_short_dashed_line_is_visible_anywhere(role: Role) -> None:
    for place in range(12):
        for length in (0, 1, 2):
            points = ((float(place), 1.0), (float(place + length), 1.0))[: 1 + bool(length)]
            drawn = replace(figure(*points, role=role), x_range=(0.0, 50.0))
            assert marks(rows(drawn, height=6)), (place, length)
