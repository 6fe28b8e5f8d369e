"""A change of the language stays on the screen: the app that is opened again shows the same screens with the same content."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import DataTable, Input, OptionList

from mmrec_tui.app.app import MmrecApp
from mmrec_tui.app.session import Watching
from mmrec_tui.presentation.panels import PANELS
from tests.app.conftest import an_app, table_of, until, until_shown
from tests.app.recorded import a_training, an_ending, record

pytestmark = pytest.mark.usefixtures("without_torch")
RUN = Path("checkpoints/tiny")
_STAYS = 10  # looks in a row with the same content


async def changed(app: MmrecApp, pilot: Pilot[Any]) -> MmrecApp:
    """The app that is opened after F2."""
    await pilot.press("f2")
    await until(pilot, lambda: not app.is_running)
    return MmrecApp(app.stage)


async def settled(pilot: Pilot[Any], content: Callable[[], object], at_first: object) -> object:
    """What is shown after keys, once it has changed and then stayed the same for a while."""
    seen = [content()]

    def stays() -> bool:
        seen.append(content())
        return len(seen) > _STAYS and seen[-1] != at_first and all(one == seen[-1] for one in seen[-_STAYS:])

    await until(pilot, stays)
    return seen[-1]


def tables(app: MmrecApp) -> list[str]:
    return [str(getattr(screen, "table", "")) for screen in app.screen_stack]


def opened(app: MmrecApp, name: str) -> None:
    folder = RUN.absolute()
    how: dict[str, dict[str, Any]] = {
        "report": {"folder": folder},
        "compare": {"folders": [folder, folder]},
        "guide": {"topic": "overfitting"},
        "tokens": {"checkpoint": folder / "best.pt"},
        "write": {"checkpoint": str(folder / "best.pt"), "title": "tiny"},
    }
    app.open_screen(name, **how.get(name, {}))


@pytest.mark.parametrize("name", ["plan", "runs", "report", "compare", "guide", "tokens", "write"])
async def test_language_changes_in_place_on_every_screen(name: str) -> None:
    session = Watching(record(RUN.absolute(), [*a_training(200), *an_ending(step=200)]))
    app = an_app("en", session=session)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: table_of(app) == "training")
        opened(app, name)
        await until(pilot, lambda: table_of(app) == name)
        again = await changed(app, pilot)
    async with again.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: tables(again) == ["start", "training", name])
        again.pop_screen()
        again.pop_screen()
        await pilot.pause()
        home = await changed(again, pilot)
    async with home.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "What now?")
        assert tables(home) == ["start"], "the run that was opened before stays closed"


async def test_plan_keeps_its_field_its_values_and_its_history_in_another_language() -> None:
    app = an_app("en", plan={"dropout": 0.3})
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("n")
        await until(pilot, lambda: table_of(app) == "plan")
        plan: Any = app.screen
        plan.open_setting("epochs")
        await pilot.press("end", *["backspace"] * 4, "7")
        await until(pilot, lambda: plan._draft.given.get("epochs") == "7")
        again = await changed(app, pilot)
    async with again.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: table_of(again) == "plan")
        await until(pilot, lambda: getattr(again.focused, "id", "") == "field-epochs")
        plan = again.screen
        assert again.screen.query_one("#field-epochs", Input).value == "7"
        await pilot.press("ctrl+z")
        await until(pilot, lambda: plan._draft.given == {"dropout": 0.3})
        await pilot.press("escape", "escape")
        await until(pilot, lambda: table_of(again) == "start")


async def test_checklist_goes_on_over_its_plan_in_another_language(small_text: Path) -> None:
    app = an_app("en", plan={"data_dir": str(small_text)})
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("n")
        await until(pilot, lambda: table_of(app) == "plan")
        plan: Any = app.screen
        await until(pilot, lambda: plan._is_ready)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: table_of(app) == "checklist")
        checklist: Any = app.screen
        checks = checklist._checks
        await pilot.press("space")
        again = await changed(app, pilot)
    async with again.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: tables(again) == ["start", "plan", "checklist"])
        checklist = again.screen
        assert checklist._checks is checks
        await until_shown(pilot, "☑")
        checks.stop().join()
        await pilot.press("escape")
        await until(pilot, lambda: table_of(again) == "plan")


async def test_guide_runs_and_report_keep_what_is_shown_in_another_language() -> None:
    record(RUN.absolute(), [*a_training(200), *an_ending(step=200)])
    (RUN / "best_model.pt").touch()  # or there is nothing to try
    shown: dict[str, tuple[Callable[[Any], object], tuple[str, ...]]] = {
        "guide": (
            lambda screen: (screen._open, screen.query_one(Input).value, len(screen._topics) < 100),
            ("/", *"loss", "enter", "down", "down"),
        ),
        "compare": (
            lambda screen: (screen._view, screen._lens, screen.query_one(DataTable).row_count),
            ("e", "l", "x", "plus", "right"),
        ),
        "runs": (
            lambda screen: (screen._marked, screen._sort, screen.query_one(Input).value),
            ("space", "s", "/", "t"),
        ),
        "report": (lambda screen: screen.query_one("#prompt", Input).value, ("/", "O", "n")),
    }
    for name, (content, keys) in shown.items():
        app = an_app("en")
        async with app.run_test(size=(80, 24)) as pilot:
            opened(app, name)
            await until(pilot, lambda app=app, name=name: table_of(app) == name)  # type: ignore[misc]
            if name in ("runs", "compare"):
                await until_shown(pilot, "tiny")
            at_first = content(app.screen)
            await pilot.press(*keys)
            before = await settled(pilot, lambda app=app, content=content: content(app.screen), at_first)  # type: ignore[misc]
            again = await changed(app, pilot)
        async with again.run_test(size=(80, 24)) as pilot:
            await until(pilot, lambda again=again, name=name: table_of(again) == name)  # type: ignore[misc]
            await until(pilot, lambda again=again, content=content, before=before: content(again.screen) == before)  # type: ignore[misc]
            await pilot.pause()
            assert content(again.screen) == before, name


@pytest.mark.parametrize(
    ("topic", "words"), [("learning_rate", "adamw"), ("learning-rate", "adamw"), ("no-topic", "adamw")]
)
async def test_guide_opens_again_at_a_topic_that_its_search_leaves_out(topic: str, words: str) -> None:
    app = an_app()
    async with app.run_test(size=(80, 24)) as pilot:
        app.open_screen("guide", topic=topic, words=words)
        await until(pilot, lambda: table_of(app) == "guide")
        await until(pilot, lambda: app.screen.query_one("#topics", OptionList).highlighted is not None)


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_screen_of_a_run_keeps_its_panel_and_its_view_in_another_language(size: tuple[int, int]) -> None:
    session = Watching(record(RUN.absolute(), [*a_training(200), *an_ending(step=200)]))
    app = an_app("en", session=session)

    def content(app: MmrecApp) -> object:
        screen: Any = app.screen
        shown = [name for name in PANELS if screen.query_one(f"#panel-{name}").display]
        return screen._shown, shown, screen.has_class("-grid"), screen._view.log, screen._lens

    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: table_of(app) == "training")
        at_first = content(app)
        await pilot.press("3", "m", "l", "plus", "right")
        before: Any = await settled(pilot, lambda: content(app), at_first)
        assert before[0] == PANELS[2] and before[1] == [PANELS[2]] and before[3]
        again = await changed(app, pilot)
    async with again.run_test(size=size) as pilot:
        await until(pilot, lambda: content(again) == before)
        await pilot.pause(0.3)
        assert content(again) == before
        again.screen.set_focus(None)
        english = await changed(again, pilot)
    async with english.run_test(size=size) as pilot:
        await pilot.pause(0.3)
        await until(pilot, lambda: content(english) == before)


async def test_temperature_of_the_writing_place_stays_in_another_language() -> None:
    folder = record(RUN.absolute(), [*a_training(200), *an_ending(step=200)])
    app = an_app("en")
    async with app.run_test(size=(80, 24)) as pilot:
        app.open_screen("write", checkpoint=str(folder / "best.pt"), title="tiny")
        await until_shown(pilot, "temperature 0.8")
        await pilot.press("ctrl+up", "ctrl+up")
        await until_shown(pilot, "temperature 1.0")
        again = await changed(app, pilot)
    async with again.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "sıcaklık 1,0")
