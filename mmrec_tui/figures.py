"""From a run's history, or a search for a learning rate, to the figures of its plots: pure, the same for a live run and an
old one."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mmrec_engine.corpus.curriculum import Pacing
from mmrec_engine.history import History
from mmrec_engine.schedule import rate_factor
from mmrec_engine.settings import Settings
from mmrec_tui.keys import PANELS
from mmrec_tui.text import Wording
from mmrec_tui.widgets.plotting import Figure, Point, Role, Series

if TYPE_CHECKING:
    from mmrec_engine.training.rate_search import RateSearch

_PLANNED_POINTS = 400
XAxis = Literal["step", "tokens", "time"]
X_AXES: tuple[XAxis, ...] = ("step", "tokens", "time")
PLOTS = PANELS[: PANELS.index("machine")]
_OVERLAY: tuple[Role, ...] = ("line", "points", "second", "third", "fourth", "best")
_OVERLAY_GLYPHS = "⠒◆⠒⠒⠒★"
_HIGHEST_PERPLEXITY = 20.0  # as a logarithm; beyond it a curve tells nothing


@dataclass(frozen=True)
class View:
    """How a person wants to see the plots."""

    x_axis: XAxis = "step"
    log: bool = False
    smoothing: bool = True


def figure_of(plot: str, history: History, view: View, say: Wording) -> Figure:
    """One plot of a run. plot: one of PLOTS."""
    match plot:
        case "loss":
            return _loss(history, view, say)
        case "perplexity":
            return _perplexity(history, view, say)
        case "accuracy":
            points = _validations(history, view, lambda one: one.accuracy)
            series = (Series(points, "line"), Series(points, "points"))
            return _figure(series, view, say, say.share_tick, legend=f"◆ {say('plot.validation')}")
        case "gap":
            points = _validations(history, view, lambda one: one.loss - one.training_loss, sampled=False)
            series = (Series(points, "line"), Series(points, "points"))
            return _figure(series, view, say, say.tick, legend=f"◆ {say('plot.gap-of')}")
        case "learning-rate":
            return _figure((_curve(history, "learning_rate", view, "line"),), view, say, say.rate_tick, log=view.log)
        case "gradient-norm":
            return _figure((_curve(history, "grad_norm", view, "line"),), view, say, say.tick, log=view.log)
        case _:
            return _figure((_curve(history, "tokens_per_second", view, "line"),), view, say, say.short)


def overlay(histories: list[tuple[str, History]], view: View, say: Wording) -> Figure:
    """The validation losses of several runs in one plot."""
    series, legend = [], []
    for number, (name, history) in enumerate(histories[: len(_OVERLAY)]):
        role = _OVERLAY[number]
        points = _validations(history, view, lambda one: one.loss)
        series.append(Series(points, role))
        legend.append(f"{_OVERLAY_GLYPHS[number]} {name}")
    return _figure(tuple(series), view, say, say.tick, log=view.log, legend="  ".join(legend))


def planned_rates(settings: Settings, planned: int, say: Wording) -> Figure:
    """The learning rate over the steps of a run that has not begun, as its schedule has it where no plateau is met."""
    points = tuple(
        (float(step), settings.learning_rate * rate_factor(step, planned=planned, settings=settings))
        for step in _steps_of(planned)
    )
    note = say("plan.rate-plateau") if settings.schedule == "plateau" else ""
    return _figure((Series(points, "line"),), View(), say, say.rate_tick, note=note)


def planned_pacing(settings: Settings, planned: int, say: Wording) -> Figure:
    """The share of the text, or of the windows' length, over the steps of a run that has not begun."""
    pacing = Pacing.of(settings, planned)
    points = tuple((float(step), pacing.shown(step, settings.seq_len)) for step in _steps_of(planned))
    return _figure((Series(points, "line"),), View(), say, say.share_tick)


def _steps_of(planned: int) -> list[int]:
    return sorted({round(1 + place * (planned - 1) / _PLANNED_POINTS) for place in range(_PLANNED_POINTS + 1)})


def rates(search: RateSearch, say: Wording) -> Figure:
    """The losses of a range test over its rates, with the rate that is suggested and the one in the settings."""
    losses = tuple((point.rate, point.loss) for point in search.points)
    smoothed = tuple((point.rate, point.smoothed) for point in search.points)
    series = [Series(losses, "faint"), Series(smoothed, "line")]
    legend = [f"⠒ {say('plot.training')}"]
    marked: tuple[tuple[float | None, Role, str], ...] = (
        (search.current, "points", f"◆ {say('rates.current')}"),
        (search.suggestion, "best", f"★ {say('rates.suggested')}"),
    )
    for rate, role, words in marked:
        if rate is not None and search.points and search.points[0].rate <= rate <= search.points[-1].rate:
            series.append(Series((_nearest(smoothed, rate),), role))
            legend.append(words)
    note = "" if search.diverged_at is None else say("rates.diverges", rate=say.about_rate(search.diverged_at))
    return Figure(tuple(series), say.rate_tick, say.tick, log_x=True, legend="  ".join(legend), note=note)


def _nearest(points: tuple[Point, ...], x: float) -> Point:
    """A point of the curve at this place: the height of its nearest one."""
    return x, min(points, key=lambda point: abs(math.log(point[0] / x)))[1]


def _loss(history: History, view: View, say: Wording) -> Figure:
    validation = _validations(history, view, lambda one: one.loss)
    baselines = {} if history.started is None else history.started.baselines
    # First, so that the curves are drawn over them: in one character there is room for one.
    series = [Series(((0.0, loss),), "level", f"{name} ") for name, loss in baselines.items()]
    series.append(_curve(history, "loss", view, "faint" if view.smoothing else "line"))
    legend = [f"⠒ {say('plot.training')}"]
    if view.smoothing:
        series.append(_curve(history, "smoothed", view, "line"))
    series.append(Series(validation, "points"))
    if validation:
        legend.append(f"◆ {say('plot.validation')}")
    if history.best is not None:
        best = tuple((_x(x, view), one.loss) for x, one in history.validations if one.step == history.best.step)
        series.append(Series(best, "best"))
        legend.append(f"★ {say('plot.best')}")
    note = ""
    marks: tuple[float, ...] = ()
    if history.curriculum_end is not None:
        marks = (_x(history.curriculum_end, view),)
        legend.append(f"┊ {say('plot.curriculum-end')}")
    if history.non_finite:
        note = say("plot.non-finite", step=say.number(history.non_finite[-1]))
    words = "  ".join(legend)
    return _figure(tuple(series), view, say, say.tick, log=view.log, legend=words, note=note, marks=marks)


def _perplexity(history: History, view: View, say: Wording) -> Figure:
    curve = history.curves["smoothed"].points()
    training = tuple((_x(x, view), _perplexity_of(loss)) for x, loss in curve)
    validation = _validations(history, view, lambda one: one.perplexity)
    series = (Series(training, "line"), Series(validation, "points"))
    legend = f"⠒ {say('plot.training')}" + (f"  ◆ {say('plot.validation')}" if validation else "")
    return _figure(series, view, say, say.tick, log=view.log, legend=legend)


def _perplexity_of(loss: float) -> float:
    return math.exp(loss) if loss < _HIGHEST_PERPLEXITY else math.nan


def _figure(
    series: tuple[Series, ...],
    view: View,
    say: Wording,
    y_text: Callable[[float, float], str],
    *,
    log: bool = False,
    legend: str = "",
    note: str = "",
    marks: tuple[float, ...] = (),
) -> Figure:
    x_text = say.clock_tick if view.x_axis == "time" else say.short
    return Figure(series, x_text, y_text, log=log, legend=legend, note=note, marks=marks)


def _curve(history: History, name: str, view: View, role: Role) -> Series:
    return Series(tuple((_x(x, view), value) for x, value in history.curves[name].points()), role)


def _validations(history: History, view: View, value: Callable[..., float], sampled: bool = True) -> tuple[Point, ...]:
    """Of whole validations and, unless told otherwise, of sampled ones between them."""
    whole = [(_x(x, view), value(one)) for x, one in history.validations]
    if not (sampled and history.sampled):
        return tuple(whole)
    return tuple(sorted([*whole, *((_x(x, view), value(one)) for x, one in history.sampled)]))


def _x(x: tuple[int, int, float], view: View) -> float:
    return float(x[X_AXES.index(view.x_axis)])
