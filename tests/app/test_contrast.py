"""Text is readable: its contrast is at least 4.5 to 1 (WCAG 2.1, 1.4.3).

In every theme, on every screen and dialog as it is drawn, chosen rows included.
"""

from __future__ import annotations

import math
from typing import Any

import pytest
from rich.color import ColorTriplet
from textual.geometry import Region
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widgets import DataTable, OptionList, Select

from mmrec_tui.app.themes import THEME_NAMES
from mmrec_tui.app.widgets.plot import Plot
from mmrec_tui.presentation.plotting import ROLES
from tests.app.conftest import an_app
from tests.app.every_screen import OPENERS

pytestmark = pytest.mark.usefixtures("without_torch")
LEAST = 4.5
GRAPHICS = 3.0
_ROUNDING = 0.02  # colours are whole numbers


def luminance(colour: ColorTriplet) -> float:
    """Relative luminance (WCAG 2.1)."""
    parts = [value / 255 for value in colour]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: ColorTriplet, other: ColorTriplet) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def written_part(app: Any) -> Region:
    """Of a dialog only itself: the screen behind it is dimmed on purpose."""
    dialogs = app.screen.query("#dialog, #--container")
    region: Region = dialogs.first().region if isinstance(app.screen, ModalScreen) and dialogs else app.screen.region
    return region


def faint_words(app: Any) -> list[str]:
    """Words on the screen with too little contrast, with their colours."""
    found = []
    part = written_part(app)
    for y, strip in enumerate(app.screen._compositor.render_strips()):
        x = 0
        for segment in strip:
            style, column = segment.style, x
            x += segment.cell_length
            if not (part.y <= y < part.bottom and part.x <= column < part.right):
                continue
            if style is None or style.color is None or style.bgcolor is None:
                continue
            if not any(character.isalnum() for character in segment.text):
                continue  # borders, plots and bars are no text
            front, back = style.color.triplet, style.bgcolor.triplet
            if front is None or back is None:
                continue
            if style.reverse:
                front, back = back, front
            if style.dim:
                front = ColorTriplet(*(round((one + other) / 2) for one, other in zip(front, back, strict=True)))
            reached = contrast(front, back)
            if reached < LEAST - _ROUNDING:
                found.append(f"{reached:.2f} {front.hex} on {back.hex}: {segment.text.strip()[:60]!r}")
    return found


def test_contrast_of_black_on_white_is_21() -> None:
    assert math.isclose(contrast(ColorTriplet(0, 0, 0), ColorTriplet(255, 255, 255)), 21)
    assert math.isclose(contrast(ColorTriplet(119, 119, 119), ColorTriplet(255, 255, 255)), 4.48, abs_tol=0.01)


@pytest.mark.first(5)
@pytest.mark.parametrize("name", OPENERS)
async def test_text_contrast_is_sufficient_in_every_theme(name: str) -> None:
    app = an_app()
    wrong: dict[str, set[str]] = {}
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await OPENERS[name](app, pilot)
        for theme in THEME_NAMES:
            app.theme = theme
            for _ in range(4):
                await pilot.pause()
                wrong.setdefault(theme, set()).update(faint_words(app))
                await move_on(app, pilot)
    assert {theme: sorted(words) for theme, words in wrong.items() if words} == {}


async def move_on(app: Any, pilot: Pilot[Any]) -> None:
    """Another row chosen, another widget with focus, a dropdown open."""
    focused = app.focused
    if isinstance(focused, OptionList | DataTable):
        await pilot.press("down")
    elif isinstance(focused, Select):
        focused.expanded = not focused.expanded
    else:
        await pilot.press("tab")


async def test_everything_in_a_plot_has_the_contrast_of_graphics_in_every_theme() -> None:
    """At least 3 to 1 (WCAG 2.1, 1.4.11), the raw training loss included, which is faint on purpose."""
    app = an_app()
    wrong = []
    async with app.run_test(size=(120, 36)) as pilot:
        await OPENERS["TrainingScreen"](app, pilot)
        plot = app.screen.query(Plot).first()
        for theme in THEME_NAMES:
            app.theme = theme
            await pilot.pause()
            for role in ROLES:
                style = plot.get_component_rich_style(f"plot--{role}")
                assert style.color is not None and style.bgcolor is not None
                front, back = style.color.triplet, style.bgcolor.triplet
                assert front is not None and back is not None
                if contrast(front, back) < GRAPHICS:
                    wrong.append(f"{theme}, {role}: {contrast(front, back):.2f} ({front.hex} on {back.hex})")
    assert wrong == []
