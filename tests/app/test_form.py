"""The fields of the plan: visible with their explanation at every size, accepting only valid characters of their value."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from textual.css.stylesheet import Stylesheet
from textual.geometry import Offset
from textual.pilot import Pilot
from textual.widgets import Input

from mmrec_engine.locales.guide import HYPERPARAMETERS
from mmrec_engine.system import cores
from mmrec_tui.app.screens.asking import AskingScreen
from mmrec_tui.app.widgets.choice import Choice
from mmrec_tui.app.widgets.form import Field
from tests.app.conftest import an_app, screen_text, table_of, until

pytestmark = pytest.mark.usefixtures("without_torch")


async def the_form(app: Any, pilot: Pilot[Any]) -> Any:
    app.open_screen("plan")
    await until(pilot, lambda: table_of(app) == "plan")
    await pilot.press("3")
    await pilot.pause()
    return app.screen


@pytest.mark.extended
@pytest.mark.parametrize(
    ("size", "language"),
    [
        ((60, 16), "tr"),
        ((120, 36), "en"),
    ],
)
async def test_focused_field_and_its_explanation_are_visible(size: tuple[int, int], language: str) -> None:
    app = an_app(language)
    about = {entry.name: entry for entry in HYPERPARAMETERS}
    async with app.run_test(size=size) as pilot:
        screen = await the_form(app, pilot)
        rows = screen.query_one("#fields")
        for field in [one for one in screen.query(Field) if one.display]:
            value = field.query_one(f"#field-{field.setting}")
            first_words = " ".join(about[field.setting].what[language].split()[:3])
            value.focus()  # the explanation changes its height, then the fields scroll
            await until(pilot, lambda at=value: at.region.y in range(rows.region.y, rows.region.bottom))
            await until(pilot, lambda words=first_words: words in screen_text(app))
            assert rows.region.height >= 4, field.setting


@pytest.mark.parametrize("language", ["en", "tr"])
async def test_long_explanation_scrolls_with_a_key(language: str) -> None:
    app = an_app(language)
    about = {entry.name: entry for entry in HYPERPARAMETERS}
    async with app.run_test(size=(60, 16)) as pilot:
        screen = await the_form(app, pilot)
        screen.query_one("#field-metrics").focus()
        await until(pilot, lambda: f"^↓ {app.say('key.read_on')}" in screen_text(app))
        last = about["metrics"].higher[language].split()[-1]
        for _ in range(9):
            if last in screen_text(app):
                break
            await pilot.press("ctrl+down")
            await pilot.pause()
        assert last in screen_text(app)
        await pilot.resize_terminal(160, 45)
        screen.query_one("#field-dropout").focus()
        await until(pilot, lambda: "^↓" not in screen_text(app))


async def test_number_field_keeps_what_is_typed_after_its_beginning_and_refuses_it_as_a_whole() -> None:
    app = an_app()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await the_form(app, pilot)
        for name, keys, value in (("epochs", "1a5x-2", "1a5x-2"), ("warmup_steps", "0,01", "0,01"),
                                  ("learning_rate", "q0,x0b0-1", "0,x0b0-1"),
                                  ("dropout", "0.2.5", "0.2.5"), ("learning_rate", "3e-4k", "3e-4k")):  # fmt: skip
            field = screen.query_one(f"#field-{name}", Input)
            screen.set_focus(None)
            field.focus()
            await pilot.pause()
            await pilot.press(*keys)
            await pilot.pause()
            assert field.value == value, name
            assert field.parent.wrong, name
            assert table_of(app) == "plan"


async def test_fraction_in_a_whole_number_field_is_refused_and_never_read_as_another_number() -> None:
    app = an_app()
    async with app.run_test(size=(100, 30)) as pilot:
        screen = await the_form(app, pilot)
        field = screen.query_one("#field-warmup_steps", Input)
        field.focus()
        await pilot.pause()
        await pilot.press(*"0,01")
        await until(pilot, lambda: "takes a whole number" in screen_text(app))
        assert screen.query_one("#field-warmup_steps").parent.wrong
        assert not screen._is_ready
        answers: list[str | None] = []
        app.push_screen(AskingScreen("How many?", "3", kind="integer"), answers.append)
        await pilot.pause()
        await pilot.press("backspace", *",5", "enter")
        await until(pilot, lambda: app.say("asking.number") in screen_text(app))
        assert answers == []


async def test_question_mark_in_a_field_opens_help() -> None:
    app = an_app()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await the_form(app, pilot)
        for name in ("dropout", "name", "epochs"):
            field = screen.query_one(f"#field-{name}", Input)
            field.focus()
            await pilot.pause()
            before = field.value
            await pilot.press("question_mark")
            await pilot.pause()
            assert app.screen is not screen, name
            await pilot.press("escape")
            await pilot.pause()
            assert app.screen is screen
            assert field.value == before


async def test_emptied_field_shows_the_effective_value() -> None:
    app = an_app()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await the_form(app, pilot)
        field = screen.query_one("#field-epochs", Input)
        field.focus()
        await pilot.pause()
        await pilot.press("backspace")
        await pilot.pause()
        assert (field.value, field.placeholder) == ("", "10")
        await pilot.press("tab")
        await until(pilot, lambda: field.value == "10")
        assert screen._resolved.settings.epochs == 10


async def test_learning_rate_plot_is_shown_only_if_the_fields_fit() -> None:
    app = an_app()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await the_form(app, pilot)
        screen.query_one("#field-schedule").focus()
        await pilot.pause()
        assert not screen.query_one("#rate").display
        await pilot.resize_terminal(160, 45)
        await pilot.pause()
        assert screen.query_one("#rate").display


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (100, 30), (160, 45)])
async def test_fields_stay_in_their_place_when_another_one_is_explained(size: tuple[int, int]) -> None:
    app = an_app("tr")
    async with app.run_test(size=size) as pilot:
        screen = await the_form(app, pilot)
        first, seen = screen.query_one("#fields").region, set()
        for name in ("epochs", "schedule", "dropout", "early_stopping_patience", "curriculum", "name"):
            screen.query_one(f"#field-{name}").focus()
            await pilot.pause()
            assert screen.query_one("#fields").region == first, name
            seen.add(str(screen.query_one("#about Static").render()))
        assert len(seen) == 6 and first.height >= 5


@pytest.mark.first(1)
@pytest.mark.parametrize(
    ("size", "together"),
    [((80, 24), {"settings"}), ((100, 30), {"configs", "corpora", "settings"}),
     ((120, 36), {"configs", "corpora", "settings"}), ((160, 45), {"configs", "corpora", "settings"})],
    ids=lambda value: "x".join(map(str, value)) if isinstance(value, tuple) else "-".join(sorted(value)),
)  # fmt: skip
async def test_model_text_and_settings_are_shown_together_from_100_columns(
    size: tuple[int, int], together: set[str]
) -> None:
    app = an_app()
    async with app.run_test(size=size) as pilot:
        screen = await the_form(app, pilot)
        seen = {name for name in ("configs", "corpora", "settings") if screen.query_one(f"#{name}").region.area}
        assert seen == together
        fields = screen.query_one("#fields").region
        assert fields.height >= 8


async def test_focus_change_restyles_two_fields_only(monkeypatch: pytest.MonkeyPatch) -> None:
    styled: list[Any] = []
    apply = Stylesheet.apply

    def counted(sheet: Stylesheet, node: Any, **how: Any) -> None:
        styled.append(node)
        apply(sheet, node, **how)

    app = an_app()
    async with app.run_test(size=(160, 45)) as pilot:
        screen = await the_form(app, pilot)
        screen.query_one("#field-dropout").focus()
        await pilot.pause()
        monkeypatch.setattr(Stylesheet, "apply", counted)
        screen.query_one("#field-recipe").focus()
        await pilot.pause()
        assert screen.query_one("#settings").has_class("-focused")
        assert len(styled) < 20, styled


@pytest.mark.parametrize(
    ("quota", "language", "told"),
    [
        (1.5, "en", "1 of 64 (quota)"),
        (2.0, "tr", "2/64 (kota)"),
        (None, "en", "all cores: 64"),
        (None, "tr", "çekirdekler: 64"),
    ],
)
async def test_plan_shows_the_container_quota(
    quota: float | None, language: str, told: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Control groups of a container with two CPUs on a machine with 64."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)), raising=False)
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "sys/fs/cgroup").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text("0::/\n")
    limit = "max" if quota is None else str(int(quota * 100_000))
    (tmp_path / "sys/fs/cgroup/cpu.max").write_text(f"{limit} 100000\n")
    for function in (cores.available_cores, cores.cpu_quota):
        monkeypatch.setattr(function, "__defaults__", (tmp_path,))
    app = an_app(language)
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await the_form(app, pilot)
        field = screen.query_one("#field-threads", Input)
        await until(pilot, lambda: bool(field.placeholder))
        assert field.placeholder == told
        assert len(told) <= field.size.width, "shown as a whole"


@pytest.mark.parametrize("language", ["en", "tr"])
async def test_empty_field_describes_its_default_and_focus_is_marked(language: str) -> None:
    app = an_app(language)
    async with app.run_test(size=(160, 45)) as pilot:
        screen = await the_form(app, pilot)
        for field in screen.query(Field):
            words = getattr(field.value, "placeholder", "")
            assert "--" not in words, field.setting
            assert len(words) <= 16, (field.setting, words)
        screen.query_one("#field-dropout").focus()
        await pilot.pause()
        (marked,) = (line for line in screen_text(app).splitlines() if "▸" in line)
        assert "Dropout" in marked


async def test_dropdown_opens_at_the_first_click_and_nothing_moves() -> None:
    app = an_app()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await the_form(app, pilot)
        fields, choice = screen.query_one("#fields"), screen.query_one("#field-schedule", Choice)
        choice.scroll_visible(animate=False)
        await pilot.pause()
        assert choice.region in fields.region
        height, place = fields.size.height, choice.region.offset + Offset(2, 0)
        await pilot.mouse_down(offset=place)
        await pilot.pause()
        await pilot.mouse_up(offset=place)  # by then something else may be there
        await pilot.pause()
        assert fields.size.height == height, "what one clicks on stays where it is"
        assert choice.expanded
        assert choice.region in fields.region
        await pilot.click(offset=choice.region.offset + Offset(2, 0))
        await pilot.pause()
        assert not choice.expanded


async def test_clicking_a_label_focuses_its_field() -> None:
    app = an_app()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await the_form(app, pilot)
        for name in ("batch_size", "recipe"):
            value = screen.query_one(f"#field-{name}")
            value.parent.scroll_visible(animate=False)
            await pilot.pause()
            await pilot.click(offset=value.parent.region.offset + Offset(1, 0))
            await pilot.pause()
            assert app.focused is value


async def test_settings_left_to_the_planner_show_no_value_yet(without_torch: None) -> None:
    app = an_app(plan={"time": 120, "dropout": 0.2})
    async with app.run_test(size=(120, 40)) as pilot:
        app.open_screen("plan")
        await until(pilot, lambda: table_of(app) == "plan")
        rate, dropout, size = (
            app.screen.query_one(f"#field-{name}", Input) for name in ("learning_rate", "dropout", "weight_decay")
        )
        await until(pilot, lambda: rate.placeholder == "chosen later")
        assert (rate.value, dropout.value, size.value) == ("", "0.2", "0.1"), "what is fixed keeps its value"
        rate.focus()
        await pilot.press(*"0.02")
        await until(pilot, lambda: app.screen._draft.given.get("learning_rate"))  # type: ignore[attr-defined]
        assert rate.value == "0.02"
        app.screen.query_one("#field-time", Input).focus()
        await pilot.press("end", *["backspace"] * 3)
        warmup = app.screen.query_one("#field-warmup_steps", Input)
        await until(pilot, lambda: warmup.value == "100")
        assert rate.value == "0.02"
