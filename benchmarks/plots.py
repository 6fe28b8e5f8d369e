"""CPU time of a frame of the loss plot, by plotext as the app uses it and, where it is installed, by textual-plot.

python benchmarks/plots.py
"""

from __future__ import annotations

import asyncio
import importlib.util
import math
import time
from collections.abc import Callable

from mmrec_tui.locales import Wording
from mmrec_tui.presentation.plotting import Figure, Role, Series, draw

_FRAMES = 10
_SIZES = ((76, 14), (100, 30), (55, 18))
_STEPS, _EVERY = 2000, 50


def a_figure() -> Figure:
    say = Wording("en")
    smooth = tuple((float(x), 1.6 + 2.9 * math.exp(-x / 90)) for x in range(1, _STEPS + 1))
    raw = tuple((x, y + 0.05 * math.sin(x * 1.7)) for x, y in smooth)
    validations = tuple((x, y + 0.15) for x, y in smooth[_EVERY - 1 :: _EVERY])
    roles: tuple[Role, ...] = ("faint", "line", "points")
    series = tuple(Series(points, role) for points, role in zip((raw, smooth, validations), roles, strict=True))
    return Figure(series, say.short, say.tick, x_range=(0.0, _STEPS), x_unit="steps")


def milliseconds(frame: Callable[[], object]) -> float:
    frame()
    began = time.process_time()
    for _ in range(_FRAMES):
        frame()
    return (time.process_time() - began) / _FRAMES * 1000


async def by_textual_plot(figure: Figure, size: tuple[int, int]) -> float:
    from textual.app import App, ComposeResult
    from textual_plot import PlotWidget  # type: ignore[import-not-found, unused-ignore]

    class Shown(App[None]):
        def compose(self) -> ComposeResult:
            yield PlotWidget()

    app = Shown()
    async with app.run_test(size=(size[0] + 4, size[1] + 2)) as pilot:
        await pilot.pause()
        plot = app.query_one(PlotWidget)

        def frame() -> None:
            plot.clear()
            for one in figure.series:
                xs, ys = [x for x, _ in one.points], [y for _, y in one.points]
                (plot.scatter if one.role == "points" else plot.plot)(xs, ys)
            plot._render_plot()

        return milliseconds(frame)


def main() -> None:
    figure = a_figure()
    for size in _SIZES:
        print(f"{size[0]} × {size[1]}: plotext {milliseconds(lambda size=size: draw(figure, *size)):.1f} ms", end="")  # type: ignore[misc]
        if importlib.util.find_spec("textual_plot") is not None:
            print(f", textual-plot {asyncio.run(by_textual_plot(figure, size)):.1f} ms", end="")
        print()


if __name__ == "__main__":
    main()
