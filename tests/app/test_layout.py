"""The training screen at every class of sizes: every panel has its values, every plot has space, and plots handle their
keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from mmrec_tui.app.session import Session
from mmrec_tui.app.widgets.finding_panels import Hints
from mmrec_tui.app.widgets.plot import Plot
from mmrec_tui.presentation.panels import PANELS
from tests.app.conftest import an_app, screen_text, until, until_shown
from tests.app.every_screen import DIALOGS, OPENERS
from tests.app.recorded import a_training, an_ending, record
from tests.app.test_snapshots import Still

_LEAST = (20, 6)  # columns and rows of a plot, including its axes

pytestmark = pytest.mark.usefixtures("without_torch")


def plots_of(app: Any) -> list[Plot]:
    return [plot for plot in app.screen.query(Plot) if plot.is_on_screen]


async def shown(pilot: Pilot[Any]) -> Any:
    app: Any = pilot.app
    await until(pilot, lambda: app.screen.table == "training" and app.screen._ticks > 1)
    await pilot.pause()
    return app


@pytest.mark.first(2)
@pytest.mark.parametrize(
    "size",
    [
        (60, 16), (60, 24), (80, 24), (99, 40), (100, 16), (100, 24), (100, 30), (120, 36), (139, 60), (140, 16), (140, 23),
        (140, 24), (140, 27), (140, 30), (140, 35), (140, 36), (160, 45), (200, 24), (200, 60), (300, 90),
    ],
)  # fmt: skip
async def test_every_plot_is_readable_at_every_size(size: tuple[int, int]) -> None:
    app = an_app("tr", Still(a_training()))  # its words are longer
    async with app.run_test(size=size) as pilot:
        await shown(pilot)
        plots = plots_of(app)
        assert plots
        for plot in plots:
            assert plot.size.width >= _LEAST[0] and plot.size.height >= _LEAST[1], (plot.id, plot.size)
            assert app.screen.region.contains_region(plot.region), (plot.id, plot.region)
        assert app.say("plot.waiting") not in screen_text(app)
        panels = [
            panel for panel in app.screen.query(".panel, #side > *, #sample") if panel.is_on_screen and panel.display
        ]
        assert all(panel.size.height > 0 for panel in panels), [(panel.id, panel.size) for panel in panels]


@pytest.mark.first(1)
@pytest.mark.parametrize("size", [(100, 30), (120, 36), (140, 24), (140, 30), (160, 45)])
async def test_hidden_panels_are_reachable_by_key(size: tuple[int, int]) -> None:
    app = an_app("en", Still(a_training()))
    async with app.run_test(size=size) as pilot:
        await shown(pilot)
        for number, panel in enumerate(PANELS, start=1):
            await pilot.press(str(number))
            await pilot.pause()
            widget = app.screen.query_one(f"#panel-{panel}")
            assert widget.display and widget.size.height > 3 and app.screen.focused is widget, panel


@pytest.mark.parametrize(("size", "count"), [((100, 24), 1), ((100, 30), 3), ((120, 36), 5), ((139, 60), 5)])
async def test_several_plots_are_shown_from_100_columns_and_one_can_be_maximised(
    size: tuple[int, int], count: int
) -> None:
    app = an_app("en", Still(a_training()))
    async with app.run_test(size=size) as pilot:
        await shown(pilot)
        assert len(plots_of(app)) == count
        if count > 1:
            await pilot.press("m")
            await pilot.pause()
            assert [plot.id for plot in plots_of(app)] == ["panel-loss"]


async def test_last_steps_are_drawn_at_the_end_of_a_run() -> None:
    session = Still(a_training(200))
    app = an_app("en", session)
    async with app.run_test(size=(80, 24)) as pilot:
        screen: Any = (await shown(pilot)).screen
        screen._pacing.interval = 3600.0
        rest = list(a_training(231))[-60:]
        with session.reading() as history:
            for event in [one for one in rest if one.step > 200] + an_ending(step=231):
                history.add(event)
        session.live = False
        loss = screen.query_one("#panel-loss", Plot)
        await until(pilot, lambda: loss._figure is not None and loss._figure.x_range == (0.0, 231.0), 5)


@pytest.mark.extended
async def test_crosshair_shows_values_in_all_plots() -> None:
    app = an_app("en", Still(a_training()))
    async with app.run_test(size=(160, 45)) as pilot:
        await shown(pilot)
        await pilot.press("left", "left")
        await until_shown(pilot, "413 steps")
        assert screen_text(app).count("413 steps") == len(plots_of(app))
        await pilot.click("#panel-loss", offset=(20, 6))
        await pilot.pause()
        assert "413 steps" not in screen_text(app)
        told = app.screen.query_one("#panel-loss", Plot).border_subtitle
        assert " steps " in str(told) and "◆" in str(told), told
        await pilot.press("l", "m")
        await pilot.pause()
        told = app.screen.query_one("#panel-loss", Plot).border_subtitle
        assert " steps " in str(told) and "logarithmic" in str(told), told


async def test_zoom_by_keys_and_wheel_and_reset() -> None:
    app = an_app("en", Still(a_training()))
    async with app.run_test(size=(160, 45)) as pilot:
        screen: Any = (await shown(pilot)).screen
        loss = screen.query_one("#panel-loss", Plot)
        assert loss._figure is not None and loss._figure.x_range == (0.0, 420.0)
        await pilot.press("plus")
        await pilot.pause()
        assert loss._figure.x_range == pytest.approx((140.0, 420.0))
        await pilot.press("0")
        await pilot.pause()
        await pilot._post_mouse_events([_wheel()], "#panel-loss", offset=(10, 5))
        await until(pilot, lambda: loss._figure.x_range[1] < 420.0)
        assert loss._figure.x_range[0] < 30
        await pilot.press("minus", "minus")
        await pilot.pause()
        assert loss._figure.x_range == pytest.approx((0.0, 420.0))


def _wheel() -> Any:
    from textual.events import MouseScrollUp

    return MouseScrollUp


async def test_previous_run_on_the_same_text_is_drawn_below(tmp_path: Path) -> None:
    def described(name: str, fingerprint: str, **settings: Any) -> Path:
        import json

        folder = record(tmp_path / name, a_training(300, **settings), **settings)
        path = folder / "run.json"
        known = {**json.loads(path.read_text()), "corpus": {"fingerprint": fingerprint}}
        path.write_text(json.dumps(known))
        return folder

    described("another-config", "f1", config="mini")
    described("the-one-before", "f1")
    described("another-text", "f2")
    own = described("now", "f1")

    class Here(Still):
        def __init__(self) -> None:
            Session.__init__(self, own)
            self.live = True
            for event in a_training():
                self._history.add(event)

    app = an_app("en", Here())
    async with app.run_test(size=(160, 45)) as pilot:
        await shown(pilot)
        await pilot.press("v")
        await until_shown(pilot, "╍ the-one-before")
        await pilot.press("v")
        await until(pilot, lambda: "the-one-before" not in screen_text(app))


@pytest.mark.parametrize(("language", "stop"), [("en", "t stop & save"), ("tr", "t kaydet/dur")])
async def test_the_smallest_screen_names_the_key_that_stops_a_training(language: str, stop: str) -> None:
    app = an_app(language, Still(a_training()))
    async with app.run_test(size=(60, 16)) as pilot:
        await shown(pilot)
        await until(pilot, lambda: stop in screen_text(app).split("\n")[15])


async def test_notifications_do_not_cover_hints() -> None:
    for size in ((80, 24), (120, 36), (160, 45), (200, 60)):
        app = an_app("en", Still(a_training()))
        async with app.run_test(size=size, notifications=True) as pilot:
            await shown(pilot)
            hints = app.screen.query_one(Hints).region
            for tell, key in ((app.tell, "asked.save"), (app.warn, "training.not-owned")):
                tell(key)
                await until_shown(pilot, app.say(key)[:20])
                for toast in app.screen.query("Toast"):
                    assert not toast.region.overlaps(hints), (size, toast.region, hints)


async def test_the_legend_of_a_plot_is_cut_between_its_entries_and_never_within_a_word() -> None:
    app = an_app(session=Still(a_training()))
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: "Perplexity" in screen_text(app))
        await pilot.pause()
        for width in (120, 104, 140):
            await pilot.resize_terminal(width, 36)
            await pilot.pause()
            await until(pilot, lambda: "2 Perplexity" in screen_text(app))
            await pilot.pause()
            titles = [line for line in screen_text(app).split("\n") if "╭─" in line]
            assert titles
            assert not any("…" in title for title in titles), titles


@pytest.mark.parametrize("language", ["en", "tr"])
@pytest.mark.parametrize("size", [(60, 16), (80, 24)])
@pytest.mark.parametrize("name", DIALOGS)
async def test_dialogs_fit_the_screen_at_every_size(name: str, size: tuple[int, int], language: str) -> None:
    app = an_app(language)
    async with app.run_test(size=size) as pilot:
        await OPENERS[name](app, pilot)
        await pilot.pause()
        for dialog in app.screen.query("#dialog"):
            assert dialog.region in app.screen.region
            for part in dialog.children:
                assert part.region in dialog.content_region, part
                assert part.region.height, part


async def test_first_frame_of_a_screen_has_the_layout_of_its_size(
    without_torch: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mmrec_tui.app.screens.plan import PlanScreen

    first: list[set[str]] = []
    resumed = PlanScreen.on_screen_resume

    def on_screen_resume(screen: PlanScreen) -> None:
        first.append(set(screen.classes))
        resumed(screen)

    monkeypatch.setattr(PlanScreen, "on_screen_resume", on_screen_resume)
    app = an_app()
    async with app.run_test(size=(120, 36)) as pilot:
        app.open_screen("plan")
        await until(pilot, lambda: first)
    assert {"-medium", "-tall"} <= first[0]
