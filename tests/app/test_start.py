"""The first screen's list of runs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import OptionList, Static

from mmrec_engine import events
from mmrec_engine.locales.catalogue import LANGUAGES, Language
from mmrec_engine.runs import catalog
from mmrec_tui.app.course import course_of
from mmrec_tui.app.screens import runs
from mmrec_tui.app.widgets import run_rows
from tests.app.conftest import an_app, screen_text, until, until_shown
from tests.app.every_screen import OPENERS
from tests.app.recorded import a_training, an_ending, record

pytestmark = pytest.mark.usefixtures("without_torch")


async def test_recent_runs_have_headings_and_sparklines(tmp_path: Path) -> None:
    folder = record(tmp_path / "falling", [*a_training(420), *an_ending()])
    course = course_of(folder)
    assert course[0] == "█" and "▁" in course and len(course) == 8
    app = an_app("en")
    async with app.run_test(size=(120, 36)) as pilot:
        await until_shown(pilot, course)
        lines = screen_text(app).splitlines()
        (head,) = (line for line in lines if "state" in line and "bits/char" in line and "step" in line)
        (row,) = (line for line in lines if "falling" in line and course in line)
        assert head.index("state") == row.index("finished") or head.index("state") == row.index("FINISHED")
        await pilot.press("tab", "down", "enter")
        await pilot.pause()
        assert getattr(app.screen, "table", "") in ("training", "report")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("width", "shown"), [(60, ""), (80, "my-poems"), (100, "my-poems"), (140, "my-poems-of-many-years")]
)
async def test_recent_runs_name_their_text_where_there_is_room(
    tmp_path: Path, language: Language, width: int, shown: str
) -> None:
    folder = record(tmp_path / "falling", [*a_training(420), *an_ending()])
    path = folder / "run.json"
    described = json.loads(path.read_text(encoding="utf-8"))
    described["corpus"] = {"name": "/home/me/my-poems-of-many-years.txt"}
    path.write_text(json.dumps(described), encoding="utf-8")
    app = an_app(language)
    async with app.run_test(size=(width, 24)) as pilot:
        await until_shown(pilot, "falling")
        await until(pilot, lambda: app.screen._courses)  # type: ignore[attr-defined]
        lines = screen_text(app).splitlines()
        (row,) = (line for line in lines if "falling" in line)
        (head,) = (line for line in lines if app.say("table.state") in line)
        assert len(row.rstrip("│ ")) < width and re.search(r"\d\d-\d\d \d\d:\d\d", row)
        assert ("my-po" in row) == bool(shown) == (app.say("table.text") in head)
        if shown:
            assert row.index("my-po") == head.index(app.say("table.text")) and shown[:7] in row


def test_run_with_fewer_than_two_validations_has_no_sparkline(tmp_path: Path) -> None:
    assert course_of(tmp_path / "nothing") == ""
    assert course_of(record(tmp_path / "young", a_training(60))) == ""


async def test_runs_table_has_sparklines_that_are_not_sortable(tmp_path: Path) -> None:
    course = course_of(record(tmp_path / "falling", [*a_training(), *an_ending()]))
    app = an_app()
    async with app.run_test(size=(140, 30)) as pilot:
        app.open_screen("runs")
        await until_shown(pilot, course)
        assert "course of the loss" in screen_text(app)
        told = set()
        for _ in range(8):
            await pilot.press("s")
            await pilot.pause()
            told.add(next(line.strip() for line in screen_text(app).splitlines() if "sorted" in line.lower()))
        assert len(told) == 8 and not any("course" in line for line in told)


@pytest.mark.parametrize(("down", "time"), [(1, "2:00"), (2, "10:00"), (3, "1:00:00")])
async def test_first_screen_offers_training_in_a_given_time(down: int, time: str) -> None:
    app = an_app("en")
    async with app.run_test(size=(120, 36)) as pilot:
        await until_shown(pilot, "A good model in 60 minutes")
        await pilot.press(*["down"] * down, "enter")
        await until_shown(pilot, f"the best model in {time}")
        assert getattr(app.screen, "table", "") == "plan"


async def test_several_runs_are_seen_on_the_smallest_screen_with_plots(tmp_path: Path) -> None:
    for number in range(5):
        record(tmp_path / f"run-{number}", [*a_training(100), *an_ending("interrupted", step=100)])
    app = an_app()
    async with app.run_test(size=(60, 16)) as pilot:
        await until_shown(pilot, "run-")
        rows = [row for row in screen_text(app).splitlines() if re.search(r"run-\d ", row)]
        assert len(rows) >= 4
        assert all(re.search(r"\d\d-\d\d \d\d:\d\d", row) for row in rows), "each with its time in the same line"


@pytest.mark.parametrize("size", [(60, 16), (80, 24)])
@pytest.mark.parametrize("language", LANGUAGES)
async def test_rows_of_the_first_screen_are_one_line(tmp_path: Path, size: tuple[int, int], language: Language) -> None:
    for number in range(12):
        record(tmp_path / f"a-run-with-a-long-name-{number}", [*a_training(120), *an_ending()])
    app = an_app(language)
    async with app.run_test(size=size) as pilot:
        await until_shown(pilot, "a-run-with-a-")
        await pilot.pause()
        for which in ("actions", "recent"):
            rows = app.screen.query_one(f"#{which}", OptionList)
            assert rows.virtual_size.height == rows.option_count, which
        assert app.screen.query_one("#recent").content_region.height >= 2
        machine = app.screen.query_one("#machine-line", Static)
        assert len(str(machine.content)) <= machine.size.width


@pytest.mark.parametrize(("language", "told"), [("en", "space tick"), ("tr", "boşluk işaretle")])
async def test_the_key_bar_has_no_word_of_another_language(language: Language, told: str) -> None:
    app = an_app(language)
    async with app.run_test(size=(120, 36)) as pilot:
        await OPENERS["ChecklistScreen"](app, pilot)
        assert told in screen_text(app).split("\n")[-1]


async def test_list_of_runs_reads_the_whole_record_of_a_changed_run_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mmrec_tui.app.newer_runs._SECONDS", 0.05)
    read: dict[str, list[str]] = {}

    def counted(module: Any, name: str, kind: str) -> None:
        really, of = getattr(module, name), read.setdefault(kind, [])
        monkeypatch.setattr(
            module, name, lambda *folder: (of.append(folder[0].name if folder else "all"), really(*folder))[1]
        )

    counted(run_rows, "course_of", "course")
    counted(run_rows, "size_on_disk", "size")
    counted(runs, "known_runs", "list")
    counted(catalog, "known_runs", "look")
    names = ["one", "three", "two"]
    for name in names:
        record(tmp_path / name, [*a_training(60), *an_ending()])
    app = an_app()
    async with app.run_test(size=(100, 30)) as pilot:
        app.open_screen("runs")
        await until_shown(pilot, "three")
        lists = len(read["list"])

        async def after_looks() -> None:
            seen = len(read["look"])
            await until(pilot, lambda: len(read["look"]) > seen + 3)

        await after_looks()
        assert sorted(read["course"]) == sorted(read["size"]) == names
        record(tmp_path / "two", a_training(90))  # it has died
        await until_shown(pilot, "died")
        await after_looks()
        assert sorted(read["course"]) == sorted(read["size"]) == [*names, "two"]
        (tmp_path / "one").rename(tmp_path / "elsewhere")
        await until(pilot, lambda: "one" not in [row.run.name for row in app.screen._rows])  # type: ignore[attr-defined]
        assert len(read["course"]) == 4 and len(read["list"]) == lists


@pytest.mark.parametrize("screen", ["start", "runs"])
async def test_steps_of_a_running_run_go_on_in_the_lists(
    screen: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mmrec_tui.app.newer_runs._SECONDS", 0.1)
    monkeypatch.setattr("mmrec_engine.runs.catalog.is_live", lambda folder: True)
    record(tmp_path / "going-on", a_training(120))
    app = an_app()
    async with app.run_test(size=(120, 30)) as pilot:
        if screen == "runs":
            app.open_screen("runs")
        await until_shown(pilot, "120 ")
        record(tmp_path / "going-on", a_training(139))
        await until_shown(pilot, "139 ")


@pytest.mark.parametrize("screen", ["start", "runs"])
async def test_run_that_begins_meanwhile_is_listed_and_the_cursor_stays_on_its_run(
    screen: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mmrec_tui.app.newer_runs._SECONDS", 0.1)
    record(tmp_path / "first-one", [*a_training(60), *an_ending()])
    app = an_app()
    async with app.run_test(size=(100, 30)) as pilot:
        if screen == "runs":
            app.open_screen("runs")
        await until_shown(pilot, "first-one")
        if screen == "start":
            await pilot.press("tab", "down")
            recent = app.screen.query_one("#recent", OptionList)
            before = recent.highlighted
        record(tmp_path / "new-one", [*a_training(60), *an_ending()])
        await until_shown(pilot, "new-one")
        if screen == "start":
            await until(pilot, lambda: recent.option_count == 3)  # with the heading
            line = recent.get_option_at_index(recent.highlighted or 0)
            assert str(line.id).endswith("first-one") and recent.highlighted != before


@pytest.mark.parametrize(
    ("language", "told"), [("en", "Watch halted, which is paused"), ("tr", "Duraklatılmış halted çalışmasını izle")]
)
async def test_paused_run_is_called_paused_where_it_can_be_watched(
    language: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mmrec_engine.runs.catalog.is_live", lambda folder: True)
    record(tmp_path / "halted", [*a_training(60), events.State(step=60, state="PAUSED")])
    app = an_app(language)
    async with app.run_test(size=(100, 30)) as pilot:
        await until_shown(pilot, told)
        await pilot.press("question_mark")
        await until_shown(pilot, {"en": "training now, or paused", "tr": "ya da duraklatılmış"}[language])
