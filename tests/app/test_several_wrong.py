"""Several invalid values in a plan: each is marked, and the others are taken as they are typed."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.app.conftest import an_app, table_of, until

pytestmark = pytest.mark.usefixtures("without_torch")


async def a_plan(app: Any, pilot: Pilot[Any]) -> Any:
    await pilot.press("n")
    await until(pilot, lambda: table_of(app) == "plan")
    plan = app.screen
    await until(pilot, lambda: plan._resolved is not None)
    return plan


async def test_values_beside_invalid_ones_are_kept_and_marked_as_typed() -> None:
    app = an_app("tr")
    async with app.run_test(size=(80, 24)) as pilot:
        plan = await a_plan(app, pilot)

        async def fill(name: str, text: str) -> None:
            field = plan.query_one(f"#field-{name}", Input)
            field.value = text
            await until(pilot, lambda: plan._form._shown[name] == text)

        def seen(name: str) -> tuple[str, str, bool]:
            field = plan.query_one(f"#field-{name}", Input).parent
            return field.value.value, field.source.plain, field.wrong

        hand, wrong = app.say("source.hand"), f"✗ {app.say('source.wrong')}"
        await fill("max_steps", "0")
        await fill("time", "1,5")
        await until(pilot, lambda: seen("time") == ("1,5", wrong, True))
        assert seen("max_steps") == ("0", wrong, True)
        await fill("max_steps", "40")
        await until(pilot, lambda: seen("max_steps") == ("40", hand, False))
        assert seen("time") == ("1,5", wrong, True)
        await fill("batch_size", "40")
        await until(pilot, lambda: seen("batch_size") == ("40", hand, False))
        await fill("time", "")
        await until(pilot, lambda: plan._resolved is not None and not seen("time")[2])
        assert seen("batch_size") == ("40", hand, False) and seen("max_steps") == ("40", hand, False)
        assert plan._resolved.settings.batch_size == 40


async def test_text_that_is_not_read_yet_is_not_replaced() -> None:
    """As on a busy machine: another field is left empty, and its value is shown again, while this one is typed into."""
    app = an_app()
    async with app.run_test(size=(80, 24)) as pilot:
        plan = await a_plan(app, pilot)
        field = plan.query_one("#field-batch_size", Input)
        field.value = "40"
        plan._show_fields()
        await until(pilot, lambda: plan._draft.given.get("batch_size") == "40")
        await pilot.pause(0.2)
        assert field.value == "40" and plan._draft.given["batch_size"] == "40"
