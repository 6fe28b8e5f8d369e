"""Figures become rows of text: whatever the numbers are, a plot is drawn, and it does not lie."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mmrec_engine.history import History
from mmrec_tui.figures import PLOTS, View, figure_of, overlay
from mmrec_tui.text import Wording
from mmrec_tui.widgets.plotting import Figure, Point, Series, draw, ticks
from tests.app.recorded import a_training, an_ending
from tests.engine.test_history import history_of, started, step, validation

WIDTH, HEIGHT = 60, 15


def figure(*points: Point, log: bool = False, role: str = "line") -> Figure:
    say = Wording("en")
    return Figure((Series(points, role),), say.short, say.tick, log=log)  # type: ignore[arg-type]


def rows(drawn: Figure, width: int = WIDTH, height: int = HEIGHT, plain: bool = False) -> list[str]:
    return ["".join(text for text, _ in row) for row in draw(drawn, width, height, plain)]


def marks(drawn: list[str]) -> int:
    """Characters of curves: braille, and the markers."""
    return sum(0x2800 < ord(letter) < 0x2900 or letter in "◆★" for row in drawn for letter in row)


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
def test_there_are_at_least_two_ticks_evenly_apart_and_not_many_more_than_wanted(
    low: float, span: float, most: int
) -> None:
    found = ticks(low, low + span, most)
    assert 2 <= len(found) <= max(4, most + 2)
    gaps = [b - a for a, b in itertools.pairwise(found)]
    assert gaps == pytest.approx([gaps[0]] * len(gaps), rel=1e-3)
    margin = 1e-6 * max(span, abs(low))
    assert all(low - margin <= tick <= low + span + margin for tick in found)


def test_a_flat_line_has_one_tick() -> None:
    assert ticks(3.0, 3.0, 5) == [3.0]


def test_a_plot_has_as_many_rows_as_were_asked_for_and_none_too_wide() -> None:
    drawn = rows(figure(*((x, math.sin(x / 9)) for x in range(200))))
    assert len(drawn) == HEIGHT
    assert max(map(len, drawn)) <= WIDTH
    assert marks(drawn) > WIDTH / 2


def test_the_same_figure_is_drawn_the_same_whatever_the_size_of_the_terminal() -> None:
    drawn = rows(figure(*((x, x % 7) for x in range(50))), 150, 50)
    assert len(drawn) == 50
    assert max(map(len, drawn)) > 140


def test_a_nan_is_a_gap_and_no_zero() -> None:
    whole = rows(figure(*((x, 5.0 + x % 2) for x in range(100))))
    torn = rows(figure(*((x, math.nan if 40 <= x < 60 else 5.0 + x % 2) for x in range(100))))
    body = [row[len(row) // 2 - 3 : len(row) // 2 + 3] for row in torn[:-2]]
    assert marks(whole) > marks(torn) > 0
    assert not marks(body)
    assert "0.0" not in "".join(torn[:-2])


@pytest.mark.parametrize("bad", [math.inf, -math.inf, math.nan])
def test_a_value_that_is_not_finite_leaves_the_scale_to_the_others(bad: float) -> None:
    points = [(x, 2.0 + x / 100) for x in range(50)]
    assert rows(figure(*points[:25], (25.0, bad), *points[26:]))[0][:4] == rows(figure(*points))[0][:4]


@pytest.mark.parametrize(
    "points", [[], [(1.0, 2.0)], [(0.0, 0.0)], [(1.0, math.nan)], [(5.0, 1.0), (5.0, 1.0)], [(1.0, 1e308), (2.0, 5.0)]]
)
@pytest.mark.parametrize("log", [False, True])
def test_nothing_one_point_and_the_same_point_twice_can_be_drawn(points: list[Point], log: bool) -> None:
    drawn = rows(figure(*points, log=log))
    assert len(drawn) == HEIGHT


def test_a_single_validation_is_seen() -> None:
    assert marks(rows(figure((1.0, 2.0), role="points"))) == 1


def test_a_logarithmic_axis_leaves_out_what_has_no_logarithm() -> None:
    points = [(float(x), value) for x, value in enumerate([0.0, -1.0, 1.0, 10.0, 100.0])]
    drawn = rows(figure(*points, log=True))
    labels = " ".join(row.split("┤")[0].strip() for row in drawn if "┤" in row)
    assert {"1", "10", "100"} <= set(labels.split())
    assert "-" not in labels


def test_without_colour_each_series_still_differs_by_its_marker() -> None:
    history = history_of(*a_training())
    drawn = "\n".join(rows(figure_of("loss", history, View(), Wording("en")), plain=True))
    assert "·" in drawn
    assert "◆" in drawn
    assert "★" in drawn
    assert "┄" in drawn


@pytest.mark.parametrize("spike", [3, 5_000, 9_999])
def test_a_spike_of_one_step_is_seen_however_long_the_run(spike: int) -> None:
    flat = [(float(x), 1.0 + x % 2 * 0.01) for x in range(10_000)]
    drawn = rows(figure(*flat[:spike], (float(spike), 50.0), *flat[spike + 1 :]))
    assert marks(drawn[:2]) > 0, "the spike has gone"
    assert marks([drawn[-3]]) > WIDTH / 2, "the rest has gone"


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 1e7), st.floats(allow_nan=True, allow_infinity=True)), max_size=60),
    st.booleans(),
    st.integers(14, 120),
    st.integers(4, 40),
)
def test_no_numbers_break_a_plot(points: list[Point], log: bool, width: int, height: int) -> None:
    drawn = rows(figure(*sorted(points, key=lambda point: point[0]), log=log), width, height)
    assert len(drawn) <= height
    assert all(len(row) <= width for row in drawn)


@pytest.mark.parametrize("name", PLOTS)
@pytest.mark.parametrize("axis", ["step", "tokens", "time"])
@pytest.mark.parametrize("language", ["en", "tr"])
def test_every_plot_of_a_run_can_be_drawn_over_steps_tokens_and_time(name: str, axis: str, language: str) -> None:
    say = Wording(language)  # type: ignore[arg-type]
    for log in (False, True):
        for stream in ([], a_training(3), [*a_training(), *an_ending()]):
            history = history_of(*stream)
            made = figure_of(name, history, View(axis, log), say)  # type: ignore[arg-type]
            assert len(rows(made)) == HEIGHT
            assert made.empty == (history.last_validation is None if name in ("accuracy", "gap") else not stream)


def test_the_time_axis_is_a_clock() -> None:
    history = history_of(*a_training())
    assert "0:20" in rows(figure_of("loss", history, View("time"), Wording("en")))[-1]


def test_a_run_that_became_nan_says_at_which_step() -> None:
    history = history_of(started(), step(1), step(1203, loss=math.nan))
    assert figure_of("loss", history, View(), Wording("en")).note == "NaN at step 1,203"
    assert figure_of("loss", history, View(), Wording("tr")).note == "1.203. adımda NaN"


def test_a_perplexity_beyond_all_sense_is_a_gap() -> None:
    history = history_of(started(), step(1, loss=900.0), step(2, loss=1.0))
    assert len(rows(figure_of("perplexity", history, View(), Wording("en")))) == HEIGHT


def test_the_best_validation_is_marked_where_it_was() -> None:
    history = history_of(started(), step(1), validation(1, best=True, loss=2.0), step(2), validation(2, loss=3.0))
    best = [one for one in figure_of("loss", history, View(), Wording("en")).series if one.role == "best"]
    assert [one.points for one in best] == [((1.0, 2.0),)]


def test_runs_in_one_plot_have_a_marker_each_and_their_names_beside_it() -> None:
    histories: list[tuple[str, History]] = [(f"run{number}", history_of(*a_training(100))) for number in range(8)]
    made = overlay(histories, View(), Wording("en"))
    assert len(made.series) == 6
    assert len({one.role for one in made.series}) == 6
    assert [f"run{number}" in made.legend for number in range(8)] == [True] * 6 + [False] * 2
