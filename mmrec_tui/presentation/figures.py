"""From a run's history, or a learning rate search, to the figures of its plots: pure, the same for a live run and an
old one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from mmrec_engine.data.transforms.curriculum import Pacing
from mmrec_engine.optim.lr_schedule import rate_factor
from mmrec_engine.runs.curves import Curve
from mmrec_engine.runs.history import History
from mmrec_engine.runs.smoothing import USUAL_DECAY
from mmrec_engine.settings import Settings
from mmrec_tui.locales import Wording
from mmrec_tui.presentation.plotting import BETWEEN_NOTES, Figure, Point, Role, Series

if TYPE_CHECKING:
    from mmrec_engine.planning.lr_finder import RateSearch

_PLANNED_POINTS = 400
XAxis = Literal["step", "tokens", "time"]
X_AXES: tuple[XAxis, ...] = ("step", "tokens", "time")
OVERLAY: tuple[Role, ...] = ("line", "second", "third", "fourth", "fifth", "sixth")
_ALONE = "•"  # of the first training step: ◆ is a validation
_HIGHEST_PERPLEXITY = 20.0  # as a logarithm; larger values are not plotted


@dataclass(frozen=True)
class View:
    """The view settings of the plots.

    log: a logarithmic axis of y for values above 0. smoothing: a decay, one of smoothing.DECAYS; 0: the raw losses alone.
    shown: the visible part of the axis of x, from 0 (the first step) to 1 (the last one). earlier: another run, by its
    name, drawn below this one.
    """

    x_axis: XAxis = "step"
    log: bool = False
    smoothing: float = USUAL_DECAY
    shown: tuple[float, float] = (0.0, 1.0)
    earlier: tuple[str, History] | None = None


def figure_of(plot: str, history: History, view: View, say: Wording, over: bool = False) -> Figure:
    """One plot of a run. plot: one of PLOTS. All of them show the same range of the axis of x. over: no values will come
    where there are none."""
    figure = _figure_of(plot, history, view, say)
    if not over or not figure.empty:
        return figure
    validated = plot in ("accuracy", "gap") and history.last_step is not None and not history.validations
    return replace(figure, nothing=say("plot.no-validation" if validated else "plot.none"))


def _figure_of(plot: str, history: History, view: View, say: Wording) -> Figure:
    match plot:
        case "loss":
            return _loss(history, view, say)
        case "perplexity":
            return _perplexity(history, view, say)
        case "accuracy":
            points = _validations(history, view, lambda one: one.accuracy)
            return _figure(
                _marked(points), history, view, say, say.share_tick, entries=(("points", say("plot.validation")),)
            )
        case "gap":
            points = _validations(history, view, lambda one: one.loss - one.training_loss, sampled=False)
            return _figure(_marked(points), history, view, say, say.tick, entries=(("points", say("plot.gap-of")),))
        case "learning-rate":
            series = (_curve(history, "learning_rate", view, "line"),)
            return _figure(series, history, view, say, say.rate_tick, log=view.log)
        case "gradient-norm":
            return _figure((_curve(history, "grad_norm", view, "line"),), history, view, say, say.tick, log=view.log)
        case _:
            return _figure((_curve(history, "tokens_per_second", view, "line"),), history, view, say, say.short)


def _marked(points: tuple[Point, ...]) -> tuple[Series, ...]:
    return (Series(points, "line"), Series(points, "points"))


def extent(histories: list[History], view: View) -> tuple[float, float] | None:
    """The visible range of the axis of x: from the run's beginning to its last step, or the zoomed part."""
    ends = [_x(one.last_place, view) for one in histories if one.last_place is not None]
    if not ends:
        return None
    right = max(ends)
    low, high = view.shown
    return low * right, max(high * right, low * right + 1e-9)


def overlay(histories: list[tuple[str, History]], view: View, say: Wording, bits: bool = False) -> Figure:
    """The validation losses of several runs in one plot, each a line with its own colour and dashes.

    bits: in bits per character, which can be compared between tokenizers, instead of nats per token.
    """
    shown = histories[: len(OVERLAY)]
    series = []
    for role, (_, history) in zip(OVERLAY, shown, strict=False):
        points = _validations(history, view, lambda one: one.bits_per_character if bits else one.loss)
        series.append(Series(points, role))
    entries = tuple((role, name) for role, (name, _) in zip(OVERLAY, shown, strict=False))
    figure = _figure(
        tuple(series), shown[0][1] if shown else History(), view, say, say.tick, log=view.log, entries=entries
    )
    x_range = extent([history for _, history in shown], view)
    entries = _drawn(entries, series, x_range)
    return replace(figure, x_range=x_range, entries=entries, nothing=say("plot.none"))


def planned_rates(settings: Settings, planned: int, say: Wording) -> Figure:
    """The learning rate over the steps of a run that has not begun, by its schedule without plateaus."""
    points = tuple(
        (float(step), settings.learning_rate * rate_factor(step, planned=planned, settings=settings))
        for step in _steps_of(planned)
    )
    note = say("plan.rate-plateau") if settings.schedule == "plateau" else ""
    return _planned(points, planned, say, say.rate_tick, note)


def planned_pacing(settings: Settings, planned: int, say: Wording) -> Figure:
    """The share of the text, or of the windows' length, over the steps of a run that has not begun."""
    pacing = Pacing.of(settings, planned)
    points = tuple((float(step), pacing.shown(step, settings.seq_len)) for step in _steps_of(planned))
    return _planned(points, planned, say, say.share_tick)


def _planned(
    points: tuple[Point, ...], planned: int, say: Wording, y_text: Callable[[float, float], str], note: str = ""
) -> Figure:
    series = (Series(points, "line"),)
    return Figure(series, say.short, y_text, note=note, x_range=(0.0, float(planned)), x_unit=say("axis.step"))


def _steps_of(planned: int) -> list[int]:
    return sorted({round(1 + place * (planned - 1) / _PLANNED_POINTS) for place in range(_PLANNED_POINTS + 1)})


def rates(search: RateSearch, say: Wording) -> Figure:
    """The losses of a range test over its rates, with the suggested rate and the one in the settings."""
    losses = tuple((point.rate, point.loss) for point in search.points)
    smoothed = tuple((point.rate, point.smoothed) for point in search.points)
    series = [Series(losses, "faint"), Series(smoothed, "line")]
    entries: list[tuple[Role, str]] = [("line", say("plot.smoothed")), ("faint", say("plot.training"))]
    marked: tuple[tuple[float | None, Role, str], ...] = (
        (search.current, "points", say("rates.current")),
        (search.suggestion, "best", say("rates.suggested")),
    )
    for rate, role, words in marked:
        if rate is not None and search.points and search.points[0].rate <= rate <= search.points[-1].rate:
            series.append(Series((_nearest(smoothed, rate),), role))
            entries.append((role, words))
    note = "" if search.diverged_at is None else say("rates.diverges", rate=say.about_rate(search.diverged_at))
    unit = say("rates.rate")
    return Figure(tuple(series), say.rate_tick, say.tick, log_x=True, entries=tuple(entries), note=note, x_unit=unit)


def _nearest(points: tuple[Point, ...], x: float) -> Point:
    """A point at this position with the height of the nearest point of the curve."""
    return x, min(points, key=lambda point: abs(math.log(point[0] / x)))[1]


def _loss(history: History, view: View, say: Wording) -> Figure:
    validation = _validations(history, view, lambda one: one.loss)
    baselines = {} if history.started is None else history.started.baselines
    series = [Series(((0.0, loss),), "level", f"{name} {say.number(loss, 2)}") for name, loss in baselines.items()]
    entries: list[tuple[Role, str]] = []
    _add_training(series, entries, history, view, say, lambda loss: loss)
    _add_earlier(series, entries, view, lambda one: one.loss)
    series.append(Series(validation, "points"))
    if validation:
        entries.append(("points", say("plot.validation")))
    if history.best is not None:
        best = tuple((_x(x, view), one.loss) for x, one in history.validations if one.step == history.best.step)
        series.append(Series(best, "best"))
        entries.append(("best", say("plot.best")))
    note = ""
    marks: tuple[float, ...] = ()
    if history.curriculum_end is not None:
        marks = (_x(history.curriculum_end, view),)
        entries.append(("axis", say("plot.curriculum-end")))
    if history.non_finite:
        note = say("plot.non-finite", step=say.number(history.non_finite[-1]))
    words = tuple(entries)
    return _figure(
        tuple(series), history, view, say, say.tick, log=view.log, entries=words, note=note, marks=marks, cut=True
    )


def _add_training(
    series: list[Series],
    entries: list[tuple[Role, str]],
    history: History,
    view: View,
    say: Wording,
    value: Callable[[float], float],
) -> None:
    """The training loss: raw and, over it, its moving average; the legend names both."""
    raw = Series(_points(history.curves["loss"], view, value), "faint" if view.smoothing else "line", alone=_ALONE)
    series.append(raw)
    if view.smoothing in history.smoothed:
        series.append(Series(_points(history.smoothed[view.smoothing], view, value), "line", alone=_ALONE))
        entries.append(("line", say("plot.smoothed")))
    entries.append((raw.role, say("plot.training")))


def _add_earlier(
    series: list[Series], entries: list[tuple[Role, str]], view: View, value: Callable[..., float]
) -> None:
    """The validations of an earlier run: over the training loss, which would hide them, and below this run's validations."""
    if view.earlier is not None:
        name, history = view.earlier
        series.append(Series(_validations(history, view, value), "second"))
        entries.insert(0, ("second", name))


def _perplexity(history: History, view: View, say: Wording) -> Figure:
    validation = _validations(history, view, lambda one: one.perplexity)
    series: list[Series] = []
    entries: list[tuple[Role, str]] = []
    _add_training(series, entries, history, view, say, _perplexity_of)
    _add_earlier(series, entries, view, lambda one: one.perplexity)
    series.append(Series(validation, "points"))
    if validation:
        entries.append(("points", say("plot.validation")))
    return _figure(tuple(series), history, view, say, say.tick, log=view.log, entries=tuple(entries), cut=True)


def _perplexity_of(loss: float) -> float:
    return math.exp(loss) if loss < _HIGHEST_PERPLEXITY else math.nan


def _figure(
    series: tuple[Series, ...],
    history: History,
    view: View,
    say: Wording,
    y_text: Callable[[float, float], str],
    *,
    log: bool = False,
    entries: tuple[tuple[Role, str], ...] = (),
    note: str = "",
    marks: tuple[float, ...] = (),
    cut: bool = False,
) -> Figure:
    clock = view.x_axis == "time"
    x_text = say.clock_tick if clock else say.short
    zoomed = say("plot.zoomed") if view.shown != (0.0, 1.0) else ""
    note = BETWEEN_NOTES.join(words for words in (note, say("plot.log") if log else "", zoomed) if words)
    unit = say(f"axis.{view.x_axis}")
    x_range = extent([history], view)
    entries = _drawn(entries, series, x_range)
    return Figure(
        series, x_text, y_text, log=log, entries=entries, note=note, marks=marks, x_range=x_range, x_unit=unit, clock=clock,
        cut=cut,
    )  # fmt: skip


def is_in_sight(history: History, shown: tuple[float, float], view: View) -> bool:
    """Whether a part of the line of its validations is in the visible part of the axis of x."""
    places = [x for x, _ in _validations(history, view, lambda one: one.loss)]
    return bool(places) and min(places) <= shown[1] and max(places) >= shown[0]


def _drawn(
    entries: Iterable[tuple[Role, str]], series: Iterable[Series], x_range: tuple[float, float] | None
) -> tuple[tuple[Role, str], ...]:
    """The entries of the legend whose series has something in the visible range."""
    low, high = x_range or (-math.inf, math.inf)
    seen: set[Role] = {"axis"}
    for one in series:
        places = [x for x, y in one.points if math.isfinite(y)]
        if places and min(places) <= high and max(places) >= low:
            seen.add(one.role)
    return tuple((role, words) for role, words in entries if role in seen)


def _curve(history: History, name: str, view: View, role: Role) -> Series:
    return Series(_points(history.curves[name], view, lambda value: value), role, alone=_ALONE)


def _points(curve: Curve, view: View, value: Callable[[float], float]) -> tuple[Point, ...]:
    return tuple((_x(x, view), value(y)) for x, y in curve.points())


def _validations(history: History, view: View, value: Callable[..., float], sampled: bool = True) -> tuple[Point, ...]:
    """Of whole validations and, unless excluded, of sampled ones between them."""
    whole = [(_x(x, view), value(one)) for x, one in history.validations]
    if not (sampled and history.sampled):
        return tuple(whole)
    return tuple(sorted([*whole, *((_x(x, view), value(one)) for x, one in history.sampled)]))


def _x(x: tuple[int, int, float], view: View) -> float:
    return float(x[X_AXES.index(view.x_axis)])
