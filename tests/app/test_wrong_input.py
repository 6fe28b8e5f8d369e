"""Input that a field does not take is told, and arrows move between fields."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.events import Paste
from textual.widgets import Input

from mmrec_tui.app.screens.asking import AskingScreen
from mmrec_tui.app.session import Watching
from tests.app.conftest import an_app, screen_text, table_of, until, until_shown
from tests.app.recorded import a_training, an_ending, record

pytestmark = pytest.mark.usefixtures("without_torch")


@pytest.mark.parametrize(
    ("language", "whole", "number", "higher"),
    [("en", "only digits", "only a number", "Higher:"), ("tr", "yalnız rakam", "yalnız sayı", "Yüksek:")],
)
async def test_refused_characters_are_told_in_the_explanation(
    language: str, whole: str, number: str, higher: str
) -> None:
    app = an_app(language)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("n")
        await until(pilot, lambda: table_of(app) == "plan")
        plan: Any = app.screen
        for name, key, words in (("epochs", "a", whole), ("time", "x", number)):
            plan.open_setting(name)
            await pilot.pause()
            assert words not in screen_text(app)
            await pilot.press(key)
            await until_shown(pilot, words)
        plan.open_setting("batch_size")
        await until_shown(pilot, higher)
        assert "↑ " not in str(plan._form.explanation.query_one("Static").render())


@pytest.mark.parametrize(
    ("language", "name", "typed", "told"),
    [
        ("en", "max_steps", "1m", "“Max steps” takes a whole number, not '1m'; a time belongs in “Time”"),
        ("tr", "epochs", "2sa", "“Epoch sayısı” bir tam sayı ister, verilen: '2sa'; süre “Süre” alanına yazılır"),
        ("en", "batch_size", "4k", "“Batch size” takes a whole number, not '4k'"),
        ("en", "dropout", "10%", "“Dropout” takes a number, not '10%'"),
        ("en", "time", "10d", "“Time” takes"),
        ("en", "time", "90abcs", "“Time” takes"),
        ("tr", "time", "-3", "“Süre”"),
        ("en", "epochs", "-2", "“Epochs” must be 1"),
        ("en", "max_steps", "1x2", "“Max steps” takes a whole number, not '1x2'"),
        ("en", "max_steps", "1 000", "“Max steps” takes a whole number, not '1 000'"),
    ],
)
async def test_what_is_no_number_is_never_read_as_another_one(language: str, name: str, typed: str, told: str) -> None:
    app = an_app(language)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("n")
        await until(pilot, lambda: table_of(app) == "plan")
        plan: Any = app.screen
        await until(pilot, lambda: plan._resolved is not None)
        others = {field.id: field.value for field in plan.query(Input)}
        plan.open_setting(name)
        await pilot.pause()
        await pilot.press(*typed)
        await until(pilot, lambda: told in " ".join(str(plan.query_one("#summary").render()).split()))
        field = plan.query_one(f"#field-{name}", Input)
        assert field.value == typed and field.parent.wrong and not plan._is_ready
        for one in plan.query(Input):
            assert one is field or one.value == others[one.id], one.id


async def test_steps_that_replace_the_epochs_say_so() -> None:
    app = an_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("n")
        await until(pilot, lambda: table_of(app) == "plan")
        plan: Any = app.screen
        plan.open_setting("max_steps")
        await pilot.pause()
        await pilot.press(*"600")
        epochs = plan.query_one("#field-epochs", Input)
        await until(pilot, lambda: epochs.parent.source.plain == app.say("source.unused"))
        assert epochs.value == ""
        await until(pilot, lambda: "“Epochs” is not used" in str(plan.query_one("#about Static").render()))


async def test_arrows_move_between_the_fields_of_the_plan_and_the_focused_one_is_visible() -> None:
    app = an_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("n")
        await until(pilot, lambda: table_of(app) == "plan")
        await pilot.press("3")
        fields = app.screen.query_one("#fields")
        seen = set()
        for _ in range(25):
            await pilot.press("down")
            focused = app.focused
            assert focused is not None
            seen.add(focused.id)
            await until(pilot, lambda focused=focused: fields.region.contains_region(focused.region))  # type: ignore[misc]
        assert len(seen) == 25
        await pilot.press("up")
        assert app.focused is not focused
        plan: Any = app.screen
        plan.open_setting("epochs")
        await pilot.pause()
        field = app.screen.query_one("#field-epochs", Input)

        def scrolled_away() -> bool:
            """Again, if the explanation has just changed the height of the list, which scrolls back to the focused field."""
            fields.scroll_end(animate=False)
            return not fields.region.contains_region(field.region)

        await until(pilot, scrolled_away)
        await pilot.press("1")
        await until(pilot, lambda: fields.region.contains_region(field.region))
        plan.open_setting("schedule")
        await pilot.press("enter", "down", "down")
        assert app.focused is not plan.query_one("#field-schedule"), "an open list keeps its arrows"
        assert plan.query_one("#field-schedule").expanded


@pytest.mark.parametrize("end", ["tab", "enter"])
async def test_short_time_is_told_while_it_is_typed_and_an_emptied_one_once_typing_has_ended(end: str) -> None:
    app = an_app("en", plan={"time": 120.0})
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await pilot.press("n")
        await until(pilot, lambda: table_of(app) == "plan")
        plan: Any = app.screen
        plan.open_setting("time")
        await pilot.press("end", "backspace", "backspace", "backspace")
        await until(pilot, lambda: "time" not in plan._draft.given)
        await pilot.press("0")
        await until_shown(pilot, "0 s are too short to train")
        assert "valid value" not in screen_text(app)
        assert "no time is given now" not in screen_text(app), "another one is being typed"
        await pilot.press("backspace")
        await until(pilot, lambda: "time" not in plan._draft.given)
        # When the plan of the emptied field is shown.
        await until(pilot, lambda: "too short to train" not in screen_text(app))
        assert "no time is given now" not in screen_text(app)
        await pilot.press(end)
        await until_shown(pilot, "no time is given now")
        await pilot.press("ctrl+z")
        await until(pilot, lambda: plan._draft.given.get("time") == 120.0)


async def test_dialog_for_a_number_says_what_is_wrong_and_stays_open() -> None:
    folder = record(Path("checkpoints/tiny").absolute(), [*a_training(200), *an_ending(step=200)])
    app = an_app(session=Watching(folder))
    async with app.run_test(size=(80, 24)) as pilot:
        app.continue_run(folder, finished=True)
        for keys in (("x",), ("end", *["backspace"] * 6, "0", "enter"), ("backspace", "enter")):
            await until(pilot, lambda: isinstance(app.screen, AskingScreen))
            await pilot.press(*keys)
            await until_shown(pilot, "Enter a whole number of 1 or more")
            app.screen.query_one("#asking-keys").update("")  # type: ignore[attr-defined]
        assert isinstance(app.screen, AskingScreen)


@pytest.mark.parametrize("digits", [400, 5000])
async def test_very_long_numbers_are_refused_as_others_out_of_range(digits: int) -> None:
    limit = {"time": 120.0, "epochs": None, "max_steps": 200}
    folder = record(Path("checkpoints/tiny").absolute(), [*a_training(200, **limit), *an_ending(step=200)], **limit)
    app = an_app()
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        app.show_report(folder)
        await until_shown(pilot, "n plans a new run")
        for name in ("tokens", "top_k", "seed", "temperature"):
            field = app.screen.query_one(f"#sampling-{name}", Input)
            before, field.value = field.value, "9" * digits
            field.focus()
            await pilot.press("enter")
            field.value = before
            await until_shown(pilot, f"{app.say(f'sampling.{name}')} takes a number in")
        await pilot.press("escape", "c")
        await until(pilot, lambda: isinstance(app.screen, AskingScreen))
        answer = app.screen.query_one(Input)
        answer.value = ""
        answer.post_message(Paste("9" * digits))
        await until_shown(pilot, "Enter a number above 0")
        await pilot.press(*"9" * 20, "enter")
        await until_shown(pilot, "At most 166,664 minutes more")
        assert isinstance(app.screen, AskingScreen) and answer.value == "9" * 12 and app.stage.training is None


@pytest.mark.parametrize(
    ("language", "limit", "told"),
    [
        ("en", "time", "At most 166,664 minutes more"),
        ("tr", "time", "En çok 166.664 dakika daha"),
        ("en", "max_steps", "steps more"),
        ("tr", "epochs", "epoch daha"),
    ],
)
async def test_dialog_for_more_training_tells_the_most_and_keeps_what_was_typed(
    language: str, limit: str, told: str
) -> None:
    given = {"time": None, "epochs": None, "max_steps": None, limit: 120}
    folder = record(Path("checkpoints/tiny").absolute(), [*a_training(200, **given), *an_ending(step=200)], **given)
    app = an_app(language, session=Watching(folder))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        app.continue_run(folder, finished=True)
        await until(pilot, lambda: isinstance(app.screen, AskingScreen))
        answer = app.screen.query_one(Input)
        answer.value = ""
        await pilot.press(*"99999999999", "enter")
        await until_shown(pilot, told)
        assert isinstance(app.screen, AskingScreen) and answer.value == "99999999999"


@pytest.mark.parametrize(
    ("language", "limit", "told"),
    [
        ("en", "time", "Enter a number above 0"),
        ("tr", "time", "0'dan büyük bir sayı girin"),
        ("en", "max_steps", "Enter a whole number of 1 or more"),
        ("tr", "epochs", "tam sayı girin"),
    ],
)
@pytest.mark.parametrize("typed", ["-2", "1x2", "2 0"])
async def test_dialog_for_more_training_keeps_each_character_of_what_is_no_number(
    language: str, limit: str, told: str, typed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without its sign, -2 was a training of two minutes."""
    given = {"time": None, "epochs": None, "max_steps": None, limit: 120}
    folder = record(Path("checkpoints/tiny").absolute(), [*a_training(200, **given), *an_ending(step=200)], **given)
    app = an_app(language, session=Watching(folder))
    resumed: list[Any] = []
    monkeypatch.setattr(app, "resume", resumed.append)
    async with app.run_test(size=(80, 24)) as pilot:
        app.continue_run(folder, finished=True)
        await until(pilot, lambda: isinstance(app.screen, AskingScreen) and app.focused is not None)
        await pilot.press(*typed, "enter")
        await until_shown(pilot, told)
        assert app.screen.query_one(Input).value == typed and not resumed


@pytest.mark.parametrize(("typed", "seconds"), [("0.5", 30.0), ("0,5", 30.0), ("2", 120.0)])
async def test_a_run_is_given_parts_of_minutes_more(
    typed: str, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"time": 120.0, "epochs": None, "max_steps": 200}
    folder = record(Path("checkpoints/tiny").absolute(), [*a_training(200, **given), *an_ending(step=200)], **given)
    app = an_app(session=Watching(folder))
    resumed: list[Any] = []
    monkeypatch.setattr(app, "resume", resumed.append)
    async with app.run_test(size=(80, 24)) as pilot:
        app.continue_run(folder, finished=True)
        await until(pilot, lambda: isinstance(app.screen, AskingScreen))
        app.screen.query_one(Input).value = ""
        await pilot.press("0", "enter")
        await until_shown(pilot, "Enter a number above 0")
        await pilot.press("backspace", *typed, "enter")
        await until(pilot, lambda: resumed)
        assert resumed[0].settings.time == 68.0 + seconds, "it took 68 of its 120 seconds"


async def test_refused_character_is_told_where_a_model_is_tried() -> None:
    folder = record(Path("checkpoints/tiny").absolute(), [*a_training(200), *an_ending(step=200)])
    (folder / "best_model.pt").touch()
    app = an_app()
    async with app.run_test(size=(120, 36)) as pilot:
        app.show_report(folder)
        await until_shown(pilot, "n plans a new run")
        app.screen.query_one("#sampling-tokens").focus()
        await until_shown(pilot, "tokens: how many to write")
        await pilot.press("x")
        await until_shown(pilot, "only digits")
        await pilot.press("1")  # at once after it, as in -5
        await until(pilot, lambda: app.screen.query_one("#sampling-tokens", Input).value.endswith("1"))
        assert "only digits" in screen_text(app)
        await until_shown(pilot, "how many to write")
        assert "only digits" not in screen_text(app)


@pytest.mark.parametrize(
    ("language", "told"),
    [("en", "top-p takes a number in 0.000001 – 1"), ("tr", "top-p şu aralıkta bir sayı ister: 0,000001 – 1")],
)
async def test_value_out_of_range_is_told_in_place_of_the_text_until_it_is_changed(language: str, told: str) -> None:
    folder = record(Path("checkpoints/tiny").absolute(), [*a_training(200), *an_ending(step=200)])
    (folder / "best_model.pt").touch()
    app = an_app(language)
    async with app.run_test(size=(80, 24)) as pilot:
        app.show_report(folder)
        await until(pilot, lambda: table_of(app) == "report" and app.screen.query("#sampling-top_p"))
        app.screen.query_one("#sampling-top_p", Input).value = "5"
        await pilot.press("slash", "x", "enter")
        await until_shown(pilot, told)
        app.screen.query_one("#sampling-top_p", Input).value = "1"
        await pilot.press("enter")
        await until(pilot, lambda: told not in screen_text(app))


@pytest.mark.parametrize(("language", "told"), [("en", "Type something first"), ("tr", "Önce bir şey yazın")])
async def test_dialog_that_needs_an_answer_says_so_and_stays_open(language: str, told: str) -> None:
    app = an_app(language)
    answers: list[Any] = []
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(AskingScreen("?"), answers.append)
        await until(pilot, lambda: app.screen.query("#answer"))
        await pilot.press("space", "enter")
        await until_shown(pilot, told)
        await pilot.press("a", "enter")
        await until(pilot, lambda: answers == ["a"])


async def test_search_in_the_guide_without_a_hit_says_so() -> None:
    app = an_app()
    async with app.run_test(size=(80, 24)) as pilot:
        app.action_guide("overfitting")
        await until_shown(pilot, "overfitting")
        await pilot.press("/", *"zzzz")
        await until_shown(pilot, "nothing found")
        assert "Try another word" in screen_text(app)
        await pilot.press(*["backspace"] * 4)
        await until(pilot, lambda: "nothing found" not in screen_text(app))
        assert "Try another word" not in screen_text(app)


async def test_empty_page_says_how_to_begin() -> None:
    folder = record(Path("checkpoints/tiny").absolute(), [*a_training(200), *an_ending(step=200)])
    app = an_app()
    async with app.run_test(size=(120, 36)) as pilot:
        app.open_screen("write", checkpoint=str(folder / "best.pt"), title="tiny")
        await until_shown(pilot, "Type how the text begins; Ctrl+G")
        await pilot.resize_terminal(80, 24)
        await until_shown(pilot, "^g continue  ^n another  ^r previous  F5 keys +")


async def test_proposed_key_comes_first_and_n_plans_a_run_from_an_ended_run_and_the_list() -> None:
    folder = record(Path("checkpoints/tiny").absolute(), [*a_training(200), *an_ending(step=200)])
    app = an_app(session=Watching(folder))
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "FINISHED")
        await pilot.press("n")
        await until(pilot, lambda: table_of(app) == "plan")
        await pilot.press("escape")
        await until(pilot, lambda: table_of(app) == "training")
        app.open_screen("runs")
        await until_shown(pilot, "n new run")
        await pilot.press("n")
        await until(pilot, lambda: table_of(app) == "plan")
        app.open_screen("runs")
        await until(pilot, lambda: table_of(app) == "runs")
        await pilot.press("n")  # to the plan below, not to a second one
        await until(pilot, lambda: table_of(app) == "plan")
        assert [getattr(one, "table", "") for one in app.screen_stack].count("plan") == 1
        app.show_report(folder)
        await until_shown(pilot, "n plans a new run")
        bar = screen_text(app).split("\n")[-1]
        assert bar.strip().startswith("n next run"), bar
