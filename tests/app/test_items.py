"""The lines of the checklist."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from textual.app import App, ComposeResult
from textual.events import MouseScrollDown
from textual.pilot import Pilot

from mmrec_engine.locales.guide import ITEMS
from mmrec_tui.app.widgets.items import Items
from mmrec_tui.locales import Wording
from mmrec_tui.presentation.findings import gravity
from tests.app.conftest import an_app, until_shown
from tests.app.every_screen import OPENERS, Found


def test_findings_are_in_one_order_and_an_unknown_status_is_not_the_last() -> None:
    found = [{"status": status} for status in ("skipped", "pass", "note", "warn", "error", "fail", "unheard-of")]
    assert [one["status"] for one in sorted(found, key=gravity)][2:] == ["error", "warn", "note", "pass", "skipped"]


class _Host(App[None]):
    def compose(self) -> ComposeResult:
        yield Items("before")


async def _until(pilot: Pilot[None], condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        await pilot.pause(0.02)


def _order(items: Items) -> list[str]:
    return [item.id for item, finding in items._rows if finding is None]


@pytest.mark.parametrize("moves", [True, False])
async def test_items_keep_their_order_when_the_checks_end_under_a_users_cursor(moves: bool) -> None:
    async with _Host().run_test(size=(100, 30)) as pilot:
        items, say = pilot.app.query_one(Items), Wording("en")
        await _until(pilot, lambda: items.size.width)
        guide = [item.id for item in ITEMS if item.phase == "before"]
        items.focus()
        items.show([], {}, say, running=guide[0])
        if moves:
            await pilot.press("down")
            await _until(pilot, lambda: items.highlighted == 1)
        found = {"id": "corpus-readable", "item": guide[-1], "phase": "before", "status": "warn", "values": {}}
        items.show([found], {}, say)
        await pilot.pause()
        if moves:
            assert _order(items) == guide and items._row[0].id == guide[1] and items.highlighted == 1
        else:
            assert _order(items) == [guide[-1], *guide[:-1]] and items.highlighted == 0


@pytest.mark.parametrize("reads", ["points", "scrolls"])
async def test_items_keep_their_order_under_the_mouse(reads: str) -> None:
    async with _Host().run_test(size=(100, 8)) as pilot:
        items, say = pilot.app.query_one(Items), Wording("en")
        await _until(pilot, lambda: items.size.width)
        guide = [item.id for item in ITEMS if item.phase == "before"]
        items.show([], {}, say, running=guide[0])
        if reads == "points":
            await pilot.hover(Items, offset=(10, 3))
        else:
            items.post_message(MouseScrollDown(items, 10, 3, 0, 1, 0, False, False, False))
        await _until(pilot, lambda: items._pointed or items._moved)
        found = {"id": "corpus-readable", "item": guide[-1], "phase": "before", "status": "warn", "values": {}}
        items.show([found], {}, say)
        await pilot.pause()
        assert _order(items) == guide and items._row[0].id == guide[0]


@pytest.mark.parametrize("key", [True, False])
async def test_item_that_opens_comes_into_view(key: bool) -> None:
    async with _Host().run_test(size=(80, 7)) as pilot:
        items, say = pilot.app.query_one(Items), Wording("en")
        await _until(pilot, lambda: items.size.width)
        guide = [item.id for item in ITEMS if item.phase == "before"]
        passed = [
            {"id": id, "item": item, "phase": "before", "status": "pass", "values": {}}
            for item in guide
            for id in (f"{item}-1", f"{item}-2")
        ]
        items.focus()
        items.show(passed, {}, say)
        await pilot.press("end")
        await _until(pilot, lambda: items.highlighted == len(guide) - 1)
        if key:
            await pilot.press("enter")
        else:
            await pilot.click(Items, offset=(20, items.content_region.height))

        def shown() -> str:
            strips = pilot.app.screen._compositor.render_strips()
            return "\n".join("".join(segment.text for segment in strip) for strip in strips)

        await _until(pilot, lambda: f"{guide[-1]}-2" in shown())
        assert "▾" in shown(), "with its question"


@pytest.mark.parametrize(("language", "told"), [("en", "5 of 21 · Failed: "), ("tr", "5 / 21 · Başarısız: ")])
async def test_failed_checks_are_named_while_the_list_follows_the_running_one(
    language: str, told: str, without_torch: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Found, "done", False)
    app = an_app(language)
    async with app.run_test(size=(60, 16)) as pilot:
        await OPENERS["ChecklistScreen"](app, pilot)
        await until_shown(pilot, told)
