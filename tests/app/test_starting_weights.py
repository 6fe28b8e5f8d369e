"""Whose weights a planned run begins with is told in its plan, its checklist and its report, also on a small screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mmrec_engine import train
from mmrec_engine.settings import resolve
from tests.app.conftest import TINY, an_app, screen_text, table_of, until

WORDS = "from first's weights"


def shown(app: Any) -> bool:
    """Also where a line is broken."""
    return WORDS in " ".join(screen_text(app).split())


@pytest.mark.extended
async def test_plan_and_checklist_of_a_run_that_trains_a_model_further_name_it(small_text: Path) -> None:
    first: dict[str, Any] = {**TINY, "data_dir": str(small_text), "name": "first"}
    for _ in train(resolve(first)):
        pass
    app = an_app()
    async with app.run_test(size=(80, 24)) as pilot:
        app.plan_further(Path("checkpoints/first/best_model.pt"), None)
        await until(pilot, lambda: table_of(app) == "plan")
        plan: Any = app.screen
        plan._take(plan._draft.with_corpus({"data_dir": str(small_text)}))
        await until(pilot, lambda: plan._is_ready, 60)
        await until(pilot, lambda: shown(app))
        plan._take(plan._draft.with_value("max_steps", 40))
        await until(pilot, lambda: plan._is_ready, 60)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: table_of(app) == "checklist")
        await until(pilot, lambda: shown(app), 120)
        app.show_report(Path("checkpoints/first"))
        await until(pilot, lambda: table_of(app) == "report")
        await until(pilot, lambda: app.screen._history)  # type: ignore[attr-defined]
        await pilot.pause()
        assert not shown(app), "it began with random weights"
