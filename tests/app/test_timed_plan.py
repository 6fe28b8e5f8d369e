"""The plan of a run with a given time: what the planner chose, why, and what a person changes in it."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from mmrec_engine.errors import RequestError
from mmrec_engine.planning.speeds import Speed, Speeds
from mmrec_tui.app.draft import estimate_run
from tests.app.conftest import an_app, screen_text, until, until_shown
from tests.app.test_plan import source_of


@pytest.fixture(autouse=True)
def known_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A speed that does not depend on what else the machine does; all else is planned as ever."""
    speeds = Speeds("a machine", lambda settings, vocabulary, seconds: Speed(20_000.0))
    monkeypatch.setattr("mmrec_engine.planning.candidate_speed.speeds_here", lambda stopping: speeds)
    monkeypatch.setattr("mmrec_tui.app.measuring._measured", lambda work, **_: None)  # the times beside the configs


async def test_text_too_short_for_the_default_window_can_be_trained_on_with_the_planned_one(tmp_path: Path) -> None:
    (tmp_path / "short.txt").write_text("Even the smallest model deserves quality training. " * 40)
    app = an_app("en", plan={"data_dir": str(tmp_path / "short.txt"), "time": 60.0})
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("n")
        await until_shown(pilot, "passes over the text", 60)
        screen: Any = app.screen
        assert screen._settings.seq_len < screen._resolved.settings.seq_len
        await until_shown(pilot, "^s next")
        await pilot.press("ctrl+s")
        await until_shown(pilot, "space ticks one")
        app.screen._checks.stop().join()  # type: ignore[attr-defined]


@pytest.mark.parametrize("language", ["en", "tr"])
async def test_plan_of_a_busy_machine_says_so_and_is_made_again(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[float] = []

    def speed(*_: Any) -> Speed:
        made.append(2_000.0 if not made else 20_000.0)
        return Speed(made[-1], trusted=len(made) > 1)

    monkeypatch.setattr(
        "mmrec_engine.planning.candidate_speed.speeds_here", lambda stopping: Speeds("busy at first", speed)
    )
    monkeypatch.setattr("mmrec_tui.app.planning_ahead._AGAIN_SECONDS", 1.0)
    app = an_app(language, plan={"time": 60.0})
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("n")
        doubt = app.say("plan.speeds-doubtful")[:30]
        await until_shown(pilot, doubt, 60)
        screen: Any = app.screen
        before = screen._settings.max_steps
        await until(pilot, lambda: screen._is_ready and doubt not in screen_text(app), 60)
        assert screen._settings.max_steps > before
        steps = screen._settings.max_steps
        field = screen.query_one("#field-max_steps")
        await until(pilot, lambda: field.value == str(steps) and app.say.number(steps) in screen_text(app))


@pytest.mark.parametrize("size", [(100, 30), (120, 36)])
async def test_texts_of_a_plan_stay_in_their_place_while_it_is_made(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = threading.Event()

    def speed(*_: Any) -> Speed:
        assert measured.wait(60)
        return Speed(20_000.0)

    monkeypatch.setattr("mmrec_engine.planning.candidate_speed.speeds_here", lambda stopping: Speeds("slow", speed))
    app = an_app(plan={"time": 60.0})
    async with app.run_test(size=size) as pilot:
        await pilot.press("n")
        await until_shown(pilot, "planning the best model")
        texts = app.screen.query_one("#corpora")
        before = texts.region
        measured.set()
        await until_shown(pilot, "passes over the text", 60)
        await until_shown(pilot, "planner: in 1 minute on this machine")
        assert texts.region == before


@pytest.mark.parametrize(("language", "told"), [("en", " of 5:00: "), ("tr", ", 5:00 yerine ≈")])
async def test_given_epochs_are_told_as_the_passes_that_will_be_made(language: str, told: str) -> None:
    app = an_app(language, plan={"time": 300.0, "epochs": 2})
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("n")
        await until_shown(pilot, told, 60)
        screen: Any = app.screen
        (line,) = (one for one in screen_text(app).splitlines() if told in one)
        plan, corpus = screen._work.planning.plan, screen._work.preparing.corpus
        assert plan.planned.expected["passes"] == pytest.approx(2, abs=0.05)
        steps = estimate_run(screen._settings, corpus, None).steps
        assert f" {app.say.number(steps)} " in line and f" {app.say.number(2, 1)} " in line
        assert "best" not in line and "en iyi" not in line, "a person's limit decides, not what is best"
        field = screen.query_one("#field-max_steps")
        assert (field.value, field.placeholder) == ("", app.say("value.none")), "decided, and not chosen later"
        assert source_of(app, "max_steps") == app.say("source.default")


async def test_plan_shows_what_the_planner_chose_and_why() -> None:
    app = an_app("en")
    async with app.run_test(size=(120, 36)) as pilot:
        await until_shown(pilot, "A good model in 2 minutes")
        await pilot.press("down", "enter")
        await until_shown(pilot, "passes over the text", 120)
        screen: Any = app.screen
        rate, dropout = screen.query_one("#field-learning_rate"), screen.query_one("#field-dropout")
        assert rate.value == "0.04", "the best rate of the planner's optimizer, not the guide's"
        assert "chosen later" not in [one.placeholder for one in screen.query("Input")], "of a plan that is made"
        rate.focus()
        await until_shown(pilot, "planner: the best peak measured with Muon")
        before = dropout.value
        await pilot.press("end", *["backspace"] * 4, *"0.02")
        await until(pilot, lambda: screen._resolved.settings.learning_rate == 0.02)
        await until(pilot, lambda: screen._work.planning.plan is not None, 60)
        assert (rate.value, dropout.value) == ("0.02", before)
        assert screen._work.planning.plan.resolved.sources["learning_rate"] == "hand"
        await pilot.press("ctrl+z")
        await until(pilot, lambda: rate.value == "0.04" and screen._is_ready, 60)
        await pilot.press("ctrl+s")
        await until_shown(pilot, "space ticks one")
        checklist: Any = app.screen
        settings = checklist._checks.resolved.settings
        assert settings.learning_rate == 0.04 and settings.max_steps, "checked is what is going to be trained"
        checklist._checks.stop().join()


async def test_a_search_uses_the_settings_that_the_planner_chose(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def search(settings: Any, *_: Any, **__: Any) -> Any:
        asked.append(settings)
        raise RequestError("search-memory", batch_size=4, seq_len=256, needed=900, available=100)
        yield

    monkeypatch.setattr("mmrec_engine.planning.lr_finder.search_rates", search)
    app = an_app("en", plan={"time": 120.0})
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("n")
        await until_shown(pilot, "passes over the text", 120)
        screen: Any = app.screen
        await until(pilot, lambda: screen._is_ready, 60)
        screen.action_find("rates")
        await until(pilot, lambda: bool(asked), 60)
    assert (asked[0].optimizer, asked[0].learning_rate) == ("muon", 0.04)


async def test_figures_of_another_text_are_not_shown_until_the_new_one_is_planned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "short.txt").write_text("Even the smallest model deserves quality training. " * 40)
    app = an_app("en", plan={"time": 120.0})
    async with app.run_test(size=(140, 40)) as pilot:
        await pilot.press("n")
        await until_shown(pilot, "passes over the text", 120)
        screen: Any = app.screen
        batch = screen.query_one("#field-batch_size")
        assert batch.value
        assert "in 54 files" in str(screen.query_one("#preview").render())
        screen.query_one("#field-learning_rate").focus()
        await until_shown(pilot, "planner: the best peak measured with Muon")
        curve = screen.query_one("#rate")
        assert curve.display
        await until(pilot, lambda: curve._figure is not None)
        screen.query_one("#corpus-list").focus()
        plan = "mmrec_tui.app.planning_ahead._planned"
        with monkeypatch.context() as slow:
            slow.setattr(plan, lambda work, *_, **__: work.stopping() or time.sleep(1))
            screen._path_chosen({"data_dir": str(tmp_path / "short.txt")})
            for _ in range(3):
                shown = [str(screen.query_one(name).render()) for name in ("#preview", "#summary")]
                assert all("✓" not in one and "54" not in one for one in shown), shown
                assert shown[0].startswith("… reading the text")
                assert (batch.value, batch.placeholder) == ("", "chosen later")
                await pilot.pause(0.2)
            await until(pilot, lambda: curve._figure is None)
            assert "no values yet" in screen_text(app)
            assert "the best peak measured" not in screen_text(app), "a reason of the text before"


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (160, 45)])
async def test_word_of_the_planner_is_seen_beside_what_it_chooses(size: tuple[int, int], without_torch: None) -> None:
    app = an_app("tr", plan={"time": 60.0})
    async with app.run_test(size=size) as pilot:
        app.open_screen("plan")
        await until(pilot, lambda: app.screen.query("#field-time"))
        await pilot.press("3")
        label = "En çok adım"
        await until(pilot, lambda: any(label in line and "planla" in line for line in screen_text(app).splitlines()))


@pytest.mark.parametrize(("language", "word"), [("en", "unused"), ("tr", "etkisiz")])
async def test_recipe_that_gives_a_timed_run_no_values_says_so(language: str, word: str, without_torch: None) -> None:
    """The planner chooses Muon and its rate, though the recipe of the guide is AdamW."""
    app = an_app(language, plan={"time": 60.0})
    async with app.run_test(size=(120, 36)) as pilot:
        app.open_screen("plan")
        await until(pilot, lambda: app.screen.query("#field-recipe"))
        await until(pilot, lambda: source_of(app, "recipe") == word)
        screen: Any = app.screen
        screen._take(screen._draft.with_value("recipe", "fast"))
        await until(pilot, lambda: source_of(app, "recipe") == app.say("source.hand"))
        screen._take(screen._draft.with_value("recipe", None).with_value("time", None))
        await until(pilot, lambda: source_of(app, "recipe") == app.say("source.default"))


@pytest.mark.extended
@pytest.mark.parametrize(
    ("language", "told", "usual"),
    [("en", "best model in about ", "the best model in"), ("tr", "en iyi model, 10:00 yerine ≈", "içinde en iyi model")],
)  # fmt: skip
async def test_summary_says_that_a_run_ends_before_its_time(
    language: str, told: str, usual: str, tmp_path: Path
) -> None:
    (tmp_path / "short.txt").write_text("Even the smallest model deserves quality training. " * 400)
    app = an_app(language, plan={"data_dir": str(tmp_path / "short.txt"), "time": 600.0})
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("n")
        await until_shown(pilot, told, 60)
        (line,) = (line for line in screen_text(app).splitlines() if told in line)
        assert line.rstrip(" │").endswith({"en": "passes over the text", "tr": "geçiş"}[language]), "in one line"
        assert usual not in screen_text(app)
