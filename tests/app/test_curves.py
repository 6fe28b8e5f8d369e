"""What the plots of a run show and name: the earlier run, the part that matters, every curve, the zoom."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mmrec_engine import events
from mmrec_engine.runs.history import History
from mmrec_tui.app.widgets.legend import heading, shorter_names
from mmrec_tui.app.widgets.plot import Plot
from mmrec_tui.locales import Wording
from mmrec_tui.presentation.figures import View, figure_of, rates
from mmrec_tui.presentation.plotting import Figure, draw
from mmrec_tui.presentation.scale import y_scale
from tests.app.conftest import an_app, screen_text, until, until_shown
from tests.app.recorded import a_rate_search, a_training, an_ending, record
from tests.app.test_plotting import marks, rows
from tests.engine.test_history import history_of, started, step, validation

SAY = Wording("en")
CORPUS = {"fingerprint": "text", "split": "split", "tokenizer": "char", "vocabulary": 124}


def a_run(name: str, steps: int = 100, later: float = 0.0, validated: bool = True) -> Path:
    def moved() -> Iterator[events.Event]:
        for event in [*a_training(steps), *an_ending(step=steps)]:
            if validated or not isinstance(event, events.Validation):
                yield replace(event, time=event.time + later)

    folder = record(Path("checkpoints", name).absolute(), moved())
    path = folder / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "corpus": CORPUS}))
    return folder


@pytest.mark.usefixtures("without_torch")
@pytest.mark.parametrize(
    ("steps", "validated", "told"),
    [
        (100, True, "tiny is drawn too"),
        (100, False, "tiny has the same text but no validation"),
        (0, True, "there is no other run"),
    ],
)
async def test_key_of_the_earlier_run_always_says_what_it_did(steps: int, validated: bool, told: str) -> None:
    if steps:
        a_run("tiny", steps, validated=validated)
    own = a_run("tiny-2", 60, later=300)
    app = an_app()
    async with app.run_test(size=(140, 30), notifications=True) as pilot:
        app.watch_run(own)
        await until_shown(pilot, "FINISHED")
        await pilot.press("v")
        await until_shown(pilot, told)
        if steps and validated:
            await until_shown(pilot, "╍ tiny")
            await pilot.press("v")
            await until_shown(pilot, "no longer drawn")


@pytest.mark.usefixtures("without_torch")
async def test_earlier_run_whose_line_begins_later_is_announced() -> None:
    a_run("tiny", 100)
    own = a_run("tiny-2", 40, later=300)
    app = an_app()
    async with app.run_test(size=(140, 30), notifications=True) as pilot:
        app.watch_run(own)
        await until_shown(pilot, "FINISHED")
        await pilot.press("v")
        await until_shown(pilot, "tiny has no validation in")


def test_earlier_run_with_the_same_losses_is_seen() -> None:
    history = history_of(*a_training(400))
    for plot in ("loss", "perplexity"):
        drawn = draw(figure_of(plot, history, View(earlier=("tiny", history)), SAY), 60, 15)
        assert sum(len(text) for row in drawn for text, role in row if role == "second" and text.strip()) > 10


def a_long_run(steps: int = 600) -> History:
    return history_of(*a_training(steps, overfit_from=steps))


def test_first_values_of_the_perplexity_do_not_squash_the_rest() -> None:
    made = figure_of("perplexity", a_long_run(), View(), SAY)
    drawn = rows(made, 60, 15)
    at = [number for number, row in enumerate(drawn[:-2]) if "◆" in row]
    assert max(at) - min(at) >= 4, drawn
    assert "▲" in drawn[0] and "92" in drawn[0], "the highest value, which is cut, is told"
    assert marks(drawn[1:3]), "the line comes from the edge"
    whole = rows(replace(made, cut=False), 60, 15)
    assert "▲" not in "".join(whole) and whole != drawn
    log = figure_of("perplexity", a_long_run(), View(log=True), SAY)
    assert "▲" not in "".join(rows(log, 60, 15))


@pytest.mark.parametrize("height", [7, 12])
def test_validations_that_lie_far_above_the_training_are_drawn_in_the_plot(height: int) -> None:
    """Of a text that is memorised: the training's perplexity falls to 2, that of the validation rises."""
    taken = [step(n, loss=0.7 + 5 * math.exp(-n / 30)) for n in range(1, 301)]
    valued = [
        replace(validation(n, loss=math.log(value), best=n == 60), perplexity=value)
        for n, value in zip(range(60, 301, 60), (220, 240, 270, 300, 333), strict=True)
    ]
    stream = sorted([*taken, *valued], key=lambda one: one.step or 0)
    made = figure_of("perplexity", history_of(started(), *stream), View(), SAY)
    drawn = "".join(rows(made, 60, height))
    assert drawn.count("◆") >= 5, drawn


@pytest.mark.parametrize("count", [4, 5, 6, 7, 8])
@pytest.mark.parametrize(("low", "high"), [(1.9, 6.5), (0.6, 5.8), (1.7, 4.6), (2.1, 2.9)])
def test_curve_in_few_rows_uses_their_height(count: int, low: float, high: float) -> None:
    scale = y_scale(low, high, count)
    assert (high - low) / (scale.top - scale.bottom) > 0.45, scale


def test_values_of_a_short_run_and_of_a_rising_loss_are_not_cut() -> None:
    for history in (
        history_of(*a_training(30)),
        history_of(started(), *(step(n, loss=2 + n / 50) for n in range(1, 200))),
    ):
        for plot in ("loss", "perplexity"):
            made = figure_of(plot, history, View(), SAY)
            assert rows(made) == rows(replace(made, cut=False))


@pytest.mark.parametrize("language", ["en", "tr"])
@pytest.mark.parametrize("width", [24, 28, 42, 56, 100])
@pytest.mark.parametrize("name", ["tiny", "a-very-long-name-of-a-run"])
def test_legend_names_everything_that_is_drawn(language: str, width: int, name: str) -> None:
    say = Wording(language)
    history = a_long_run()
    for plot in ("loss", "perplexity"):
        figure = figure_of(plot, history, View(earlier=(name, history)), say)
        title, rest = heading((f"1 {say(f'panel.{plot}')}",), figure, False, shorter_names(say), width, width)
        words = title.plain + " " + " ".join(one.plain for one in rest)
        assert all(sign in words for sign in ("╍", "━", "⠒", "◆")), words
        assert ("★" in words) == (plot == "loss")
        assert title.cell_length <= width


@pytest.mark.usefixtures("without_torch")
@pytest.mark.parametrize("size", [(60, 16), (80, 24), (140, 30)])
@pytest.mark.parametrize("language", ["en", "tr"])
async def test_best_and_validation_are_in_the_legend_on_every_screen(language: str, size: tuple[int, int]) -> None:
    own = a_run("tiny-2", 400)
    app = an_app(language)
    async with app.run_test(size=size) as pilot:
        app.watch_run(own)
        await until(pilot, lambda: app.screen.query("#panel-loss"))
        plot = app.screen.query_one("#panel-loss", Plot)
        await until(pilot, lambda: "★" in str(plot.border_title) + str(plot.border_subtitle))
        assert "◆" in str(plot.border_title) + str(plot.border_subtitle)
        assert "★ " in screen_text(app)


def test_rate_search_names_both_curves_and_its_axis() -> None:
    figure = rates(a_rate_search()[-1], SAY)
    assert {role for role, _ in figure.entries} >= {"faint", "line"}
    assert "learning rate" in rows(figure)[-1]


def test_first_training_step_is_not_drawn_as_a_validation() -> None:
    history = history_of(started(), step(1))
    for plot in ("loss", "perplexity", "learning-rate"):
        for view in (View(), View(smoothing=0.0)):
            drawn = "".join(rows(figure_of(plot, history, view, SAY)))
            assert "◆" not in drawn and "•" in drawn


def test_zoom_is_told_in_words_as_the_logarithmic_axis_is() -> None:
    history = a_long_run()
    for plot in ("loss", "accuracy", "speed"):
        assert "zoomed in" in figure_of(plot, history, View(shown=(0.5, 1.0)), SAY).note
        assert "zoomed in" not in figure_of(plot, history, View(), SAY).note


def test_plot_without_entries_has_its_title_alone() -> None:
    figure = Figure((), SAY.short, SAY.tick)
    assert heading(("5 Learning rate",), figure, False, {}, 30, 30)[0].plain == "5 Learning rate"
