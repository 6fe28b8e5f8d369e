"""The list or panel with the focus can be told from the others, with colours and without, at every size."""

from __future__ import annotations

import pytest
from textual.widget import Widget
from textual.widgets import OptionList

from mmrec_tui.app.widgets.panel import LongPanel, Panel
from mmrec_tui.app.widgets.plot import Plot
from tests.app.conftest import an_app, until
from tests.app.every_screen import OPENERS

pytestmark = pytest.mark.usefixtures("without_torch")
SIZES = ((60, 16), (80, 24), (120, 36))


def look_of(widget: Widget, *, without_colour: bool) -> list[object]:
    """Its border and style, and those of the panes that it is in. Without colours a border is told by its lines alone."""
    around = [node for node in widget.ancestors_with_self if isinstance(node, Widget)]
    edges = [[line if without_colour else (line, colour) for line, colour in node.styles.border] for node in around]
    return [edges, widget.styles.text_style, None if without_colour else widget.styles.background]


@pytest.mark.parametrize("without_colour", [False, True], ids=["colours", "no colours"])
@pytest.mark.parametrize("name", ["StartScreen", "PlanScreen", "TrainingScreen", "ReportScreen"])
async def test_focus_is_visible(name: str, without_colour: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if without_colour:
        monkeypatch.setenv("NO_COLOR", "1")
    app = an_app()
    hidden = []
    async with app.run_test(size=SIZES[0]) as pilot:
        await OPENERS[name](app, pilot)
        for size in SIZES:
            await pilot.resize_terminal(*size)
            await pilot.pause()
            chain = list(app.screen.focus_chain)
            for before, widget in zip([chain[-1], *chain], chain, strict=False):
                if before is widget or not isinstance(widget, OptionList | Panel | LongPanel | Plot):
                    continue
                before.focus()
                await pilot.pause()
                usual = look_of(widget, without_colour=without_colour)
                widget.focus()
                await pilot.pause()
                if look_of(widget, without_colour=without_colour) == usual:
                    hidden.append((size, widget.id))
    assert not hidden


@pytest.mark.parametrize("name", ["WriteScreen", "PlanScreen"])
async def test_closing_the_list_of_keys_only_closes_it(name: str, without_torch: None) -> None:
    app = an_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await OPENERS[name](app, pilot)
        screen = app.screen
        if name == "PlanScreen":
            screen.set_focus(screen.query_one("#field-batch_size"))
        await until(pilot, lambda: screen.focused is not None)
        await pilot.press("f5")
        await until(pilot, lambda: app.screen is not screen)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen and screen.focused is not None)
        await pilot.press("escape")  # out of the text, or the field
        await until(pilot, lambda: screen.focused is None)
        await pilot.press("question_mark")
        await until(pilot, lambda: app.screen is not screen)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen)
        await pilot.pause(0.2)
        assert screen.focused is None, "the focus does not move by itself"
