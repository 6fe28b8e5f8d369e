"""Opened lists are visible: every dropdown of every screen is on the screen, and its choices can be taken by mouse and
keyboard."""

from __future__ import annotations

from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot
from textual.widgets import OptionList, Select
from textual.widgets._select import SelectOverlay

from tests.app.conftest import an_app, screen_text
from tests.app.every_screen import OPENERS, screen_classes

pytestmark = pytest.mark.usefixtures("without_torch")
SIZES = {"80x24": (80, 24), "160x45": (160, 45)}
# The plan has the lists that need room; the larger size is for its wider layout.
TRIED = [pytest.param(name, SIZES["80x24"], id=f"{name}-80x24") for name in OPENERS] + [
    pytest.param("PlanScreen", SIZES["160x45"], id="PlanScreen-160x45", marks=[pytest.mark.slow, pytest.mark.extended])
]


def test_every_screen_of_the_app_is_opened_by_these_tests() -> None:
    assert set(OPENERS) == screen_classes()


@pytest.mark.first(1)
@pytest.mark.parametrize(("name", "size"), TRIED)
async def test_every_list_and_dropdown_shows_its_choices(
    name: str, size: tuple[int, int], snapshot: SnapshotAssertion
) -> None:
    app = an_app()
    async with app.run_test(size=size) as pilot:
        await OPENERS[name](app, pilot)
        await pilot.pause()
        for choices in app.screen.query(OptionList):
            shown = choices.display and all(node.display for node in choices.ancestors if hasattr(node, "region"))
            if shown and choices.option_count:
                assert choices.region.height, choices
        for select in app.screen.query(Select):
            for node in select.ancestors:
                if node.has_class("field"):
                    node.display = True  # a field that applies only with another setting
            assert await _open_by_keyboard(app, pilot, select) == snapshot(name=str(select.id))
            await _choose_by_mouse(app, pilot, select)


async def _open_by_keyboard(app: Any, pilot: Pilot[Any], select: Select[Any]) -> str:
    """Choose another value; what the open list looked like."""
    app.set_focus(None)
    select.focus()
    await pilot.pause()
    before = select.value
    await pilot.press("enter")
    await pilot.pause()
    overlay = _seen(app, select)
    picture = _region_text(app, overlay)
    options = [overlay.get_option_at_index(index) for index in range(overlay.option_count)]
    other = next(index for index in range(len(options)) if select._options[index][1] not in (before, Select.NULL))
    step = "down" if other > (overlay.highlighted or 0) else "up"
    for _ in range(abs(other - (overlay.highlighted or 0))):
        await pilot.press(step)
    assert str(options[other].prompt)[:12] in _region_text(app, overlay)
    await pilot.press("enter")
    await pilot.pause()
    assert select.value == select._options[other][1], select.id
    assert not select.expanded
    return picture


async def _choose_by_mouse(app: Any, pilot: Pilot[Any], select: Select[Any]) -> None:
    before = select.value
    region = select.region
    assert await pilot.click(offset=(region.x + 2, region.y)), select.id
    await pilot.pause()
    overlay = _seen(app, select)
    rows = overlay.scrollable_content_region
    first = int(overlay.scroll_y)
    other = next(
        index for index in range(first, first + rows.height) if select._options[index][1] not in (before, Select.NULL)
    )
    await pilot.click(offset=(rows.x + 2, rows.y + other - first))
    await pilot.pause()
    assert select.value == select._options[other][1], select.id


def _seen(app: Any, select: Select[Any]) -> SelectOverlay:
    """The open list: completely on the screen, with enough visible choices."""
    overlay = select.query_one(SelectOverlay)
    assert select.expanded
    assert overlay.region.area, f"the list of {select.id} has no room"
    assert overlay.region in app.screen.region, select.id
    in_sight = overlay.scrollable_content_region.height
    assert in_sight >= min(overlay.option_count, 4), select.id
    highlighted = overlay.highlighted or 0
    assert str(overlay.get_option_at_index(highlighted).prompt)[:12] in _region_text(app, overlay)
    return overlay


def _region_text(app: Any, widget: Any) -> str:
    region = widget.region
    lines = screen_text(app).split("\n")[region.y : region.bottom]
    return "\n".join(line[region.x : region.right] for line in lines)
