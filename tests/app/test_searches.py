"""The plan's two searches: they grow on screen, Enter applies the result, Esc leaves and stops the work."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from mmrec_engine.errors import RequestError
from mmrec_engine.planning import batch_size_finder, lr_finder
from mmrec_tui.app.app import MmrecApp
from mmrec_tui.app.session import is_under_way
from mmrec_tui.locales import Wording
from mmrec_tui.presentation.advice import rate_advice
from tests.app.conftest import TINY, an_app, screen_text, table_of, until, until_shown
from tests.app.recorded import a_batch_search, a_rate_search

pytestmark = pytest.mark.usefixtures("without_torch")
SIZES = pytest.mark.parametrize("size", [(80, 24), (160, 45)], ids=str)


class Searching:
    """Replaces the engine: yields these states, each on request; records its arguments and its end."""

    def __init__(self, states: list[Any]) -> None:
        self.states, self.asked = states, None
        self.closed = False
        self._let_go = threading.Semaphore(0)

    def __call__(self, settings: Any, *_: Any, **__: Any) -> Iterator[Any]:
        self.asked = settings
        known = self.states[0]
        try:
            for state in self.states:
                while not self._let_go.acquire(timeout=0.02):
                    yield known
                known = state
                yield known
        finally:
            self.closed = True

    def let_go(self, count: int = 1) -> None:
        self._let_go.release(count)


@pytest.fixture
def rates(monkeypatch: pytest.MonkeyPatch) -> Searching:
    searching = Searching(a_rate_search())
    monkeypatch.setattr(lr_finder, "search_rates", searching)
    return searching


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> Searching:
    searching = Searching(a_batch_search())
    monkeypatch.setattr(batch_size_finder, "search_batches", searching)
    return searching


async def open_search(app: MmrecApp, pilot: Pilot[Any], key: str) -> Any:
    """From the first screen to a search; the plan's screen."""
    await pilot.press("n")
    await until(pilot, lambda: table_of(app) == "plan")
    plan: Any = app.screen
    await until(pilot, lambda: plan._work.preparing.corpus)
    await pilot.press(key)
    await until(pilot, lambda: table_of(app) in ("rates", "batches"))
    return plan


@pytest.mark.extended
@SIZES
async def test_enter_applies_the_found_learning_rate(size: tuple[int, int], rates: Searching) -> None:
    app = an_app(plan=TINY)
    async with app.run_test(size=size, notifications=True) as pilot:
        plan = await open_search(app, pilot, "l")
        rates.let_go(30)
        await until_shown(pilot, "rate 5.")
        assert "1e-5" in screen_text(app)
        assert " 1e-2 " not in screen_text(app)
        await pilot.press("enter")
        await until_shown(pilot, "has not ended yet")
        rates.let_go(len(rates.states))
        await until_shown(pilot, "suggested: “Learning rate” 0.0076 (now 3e-4)")
        text = screen_text(app)
        assert " 1e-2 " in text
        assert "★" in text
        assert "diverges at 0.07" in text
        await pilot.press("enter")
        await until(pilot, lambda: table_of(app) == "plan")
        assert plan._resolved.settings.learning_rate == 0.0076
        assert plan._resolved.sources["learning_rate"] == "hand"
        await until(pilot, lambda: plan.query_one("#field-learning_rate").value == "0.0076")
        assert rates.asked.batch_size == TINY["batch_size"]


async def test_esc_stops_the_search_and_changes_nothing(rates: Searching) -> None:
    app = an_app(plan=TINY)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        plan = await open_search(app, pilot, "l")
        before = plan._resolved
        rates.let_go(5)
        await until_shown(pilot, "rate 1.")
        assert not rates.closed
        await pilot.press("escape")
        await until(pilot, lambda: table_of(app) == "plan")
        await until(pilot, lambda: rates.closed)
        assert plan._resolved == before
        assert plan._work.searching.done


async def test_enter_applies_the_found_batch_and_accumulation(batches: Searching) -> None:
    app = an_app("tr", plan={**TINY, "batch_size": 32})
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        plan = await open_search(app, pilot, "b")
        batches.let_go(3)
        await until(pilot, lambda: " 1.000 " in screen_text(app))
        await until_shown(pilot, "deneniyor")
        assert "plana al" not in screen_text(app).split("\n")[-1], "a key that has nothing to take yet"
        assert "önerilen" not in screen_text(app)
        batches.let_go(len(batches.states))
        await until_shown(pilot, "önerilen: “Batch size” 4 “Gradient accumulation” 8")
        text = screen_text(app)
        assert "★ önerilen" in text
        assert "✗ çok büyük" in text
        assert "plana al" in text.split("\n")[-1]
        assert "epoch başına" in text
        await pilot.press("enter")
        await until(pilot, lambda: table_of(app) == "plan")
        assert (plan._resolved.settings.batch_size, plan._resolved.settings.accumulate) == (4, 8)


async def test_impossible_search_says_why_and_applies_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any, **__: Any) -> Iterator[Any]:
        raise RequestError("search-memory", batch_size=4, seq_len=256, needed=900, available=100)
        yield

    monkeypatch.setattr(lr_finder, "search_rates", refused)
    app = an_app(plan=TINY)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        plan = await open_search(app, pilot, "l")
        await until_shown(pilot, "about 900 MiB")
        await pilot.press("enter")
        await until_shown(pilot, "nothing to put")
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is plan)


@pytest.mark.extended
async def test_search_is_refused_for_an_invalid_plan(rates: Searching) -> None:
    app = an_app(plan=TINY)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("n")
        await until(pilot, lambda: table_of(app) == "plan")
        plan: Any = app.screen
        await until(pilot, lambda: plan._work.preparing.corpus)
        plan.query_one("#field-dropout").focus()
        await pilot.pause()
        await pilot.press("7")
        await until(pilot, lambda: plan._resolved is None)
        await pilot.press("escape", "l")
        await until_shown(pilot, "not ready yet")
        assert rates.asked is None
        assert table_of(app) == "plan"


@pytest.mark.extended
async def test_typing_in_a_field_starts_no_search(rates: Searching, batches: Searching) -> None:
    app = an_app(plan=TINY)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("n")
        await until(pilot, lambda: table_of(app) == "plan")
        plan: Any = app.screen
        await until(pilot, lambda: plan._work.preparing.corpus)
        field = plan.query_one("#field-name")
        field.focus()
        await pilot.pause()
        await pilot.press("l", "b")
        assert (table_of(app), field.value) == ("plan", "lb")
        assert rates.asked is batches.asked is None


@pytest.mark.first(1)
@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "shown"), [("l", "suggested: “Learning rate”"), ("b", "suggested: “Batch size”")], ids=["rate", "batch"]
)
async def test_real_search_ends_with_a_suggestion(
    key: str, shown: str, small_text: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mmrec_tui.app.screens.batches.BATCH_SECONDS", 5.0)
    app = an_app(plan={**TINY, "data_dir": str(small_text), "dropout": 0.0})
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        plan = await open_search(app, pilot, key)
        await until_shown(pilot, shown, 90.0)
        await pilot.press("enter")
        await until(pilot, lambda: table_of(app) == "plan")
        taken = "learning_rate" if key == "l" else "batch_size"
        assert plan._resolved.sources[taken] == "hand"
        await until(pilot, lambda: not is_under_way() or plan._work.searching.done)
        assert list(Path().iterdir()) == []


@pytest.mark.parametrize(("current", "about_as_good"), [(3e-4, False), (0.005, True), (0.012, True), (0.04, False)])
def test_a_suggestion_close_to_the_present_rate_says_that_they_differ_little(
    current: float, about_as_good: bool
) -> None:
    """The curve suggests 0.0076."""
    found = replace(a_rate_search()[-1], current=current)
    for language, words in (("en", "the present one is about as good"), ("tr", "şimdiki de yaklaşık o kadar iyi")):
        assert (words in rate_advice(found, Wording(language))) == about_as_good
