"""The plan as a user fills it in: texts found and read, values validated while typed, and no way to continue while one is
wrong."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Select

from mmrec_engine.locales.guide import HYPERPARAMETERS
from mmrec_tui.app.app import MmrecApp
from mmrec_tui.app.in_app import in_app
from mmrec_tui.preferences import read_preferences
from tests.app.conftest import TINY, an_app, screen_text, table_of, until, until_shown

pytestmark = pytest.mark.usefixtures("without_torch")
PANGRAMS = "Pijamalı hasta yağız şoföre çabucak güvendi. Öküz ajan hapse düştü yavrum, ocağı felç gibi. "


async def open_plan(app: MmrecApp, pilot: Pilot[Any]) -> Any:
    await pilot.press("n")
    await until(pilot, lambda: table_of(app) == "plan")
    return app.screen


async def open_prepared_plan(app: MmrecApp, pilot: Pilot[Any]) -> Any:
    screen = await open_plan(app, pilot)
    await until(pilot, lambda: screen._work.preparing.corpus)
    return screen


async def fill_in(pilot: Pilot[Any], name: str, text: str) -> None:
    """Go to a field and type: its content is selected, so it is replaced."""
    pilot.app.screen.set_focus(None)
    pilot.app.screen.query_one(f"#field-{name}").focus()
    await pilot.pause()
    await pilot.press(*text)
    await pilot.pause()


def summary(app: MmrecApp) -> str:
    return str(app.screen.query_one("#summary").render())


def source_of(app: MmrecApp, name: str) -> str:
    field = next(node for node in app.screen.query_one(f"#field-{name}").ancestors if node.has_class("field"))
    return str(field.source)


@pytest.mark.first(1)
@pytest.mark.parametrize(
    ("language", "typed", "told", "refused"),
    [
        pytest.param(
            "en",
            "1.5",
            ("“Dropout”", "not 1.5", "0.99"),
            "not ready yet: see the line at the bottom",
            marks=pytest.mark.slow,
        ),
        ("tr", "1,5", ("“Dropout”", "verilen: 1,5", "0,99"), "henüz hazır değil: en alttaki satıra bakın"),
    ],
)
async def test_invalid_value_is_shown_at_its_field_and_blocks_the_plan(
    language: str, typed: str, told: tuple[str, ...], refused: str
) -> None:
    app = an_app(language)
    async with app.run_test(size=(160, 45), notifications=True) as pilot:
        await open_prepared_plan(app, pilot)
        await until(pilot, lambda: summary(app).startswith("✓"))
        await fill_in(pilot, "dropout", typed)
        await until(pilot, lambda: summary(app).startswith("✗"))
        assert all(words in summary(app) for words in told)
        assert source_of(app, "dropout") == f"✗ {app.say('source.wrong')}"
        assert source_of(app, "epochs") == app.say("source.default")
        await pilot.press("ctrl+s")
        await until_shown(pilot, refused)
        assert table_of(app) == "plan"

        await fill_in(pilot, "dropout", "0,2")
        await until(pilot, lambda: summary(app).startswith("✓"))
        assert source_of(app, "dropout") == app.say("source.hand")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: table_of(app) == "checklist")
    assert read_preferences().plan["dropout"] in ("0.2", 0.2)


@pytest.mark.extended
async def test_target_loss_shows_the_time_as_a_maximum() -> None:
    app = an_app("tr")
    async with app.run_test(size=(160, 45)) as pilot:
        await open_prepared_plan(app, pilot)
        await until(pilot, lambda: summary(app).startswith("✓"))
        assert "daha az" not in summary(app)
        await fill_in(pilot, "target_loss", "1,9")
        await until(pilot, lambda: "loss daha önce 1,900 olursa daha kısa" in summary(app))


@pytest.mark.extended
@pytest.mark.slow
async def test_impossible_numbers_do_not_break_the_plan() -> None:
    app = an_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await open_plan(app, pilot)
        for text in ("1e400", "9" * 21, "1e", ","):
            await fill_in(pilot, "learning_rate", text)
            await until(pilot, lambda: summary(app).startswith("✗"))
            assert app.failure is None


@pytest.mark.extended
async def test_emptied_field_has_the_guides_value() -> None:
    app = an_app(plan={"dropout": 0.3})
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_plan(app, pilot)
        assert source_of(app, "dropout") == "yours"
        await fill_in(pilot, "dropout", "")
        await pilot.press("backspace")
        await until(pilot, lambda: source_of(app, "dropout") == "guide")
        assert screen._resolved.settings.dropout == 0.1


@pytest.mark.extended
@pytest.mark.slow
async def test_profile_fills_the_fields_and_a_key_restores_the_guides_values() -> None:
    app = an_app("tr")
    async with app.run_test(size=(160, 45), notifications=True) as pilot:
        screen = await open_plan(app, pilot)
        app.screen.query_one("#profile", Select).value = "small-text"
        await until(pilot, lambda: screen._resolved.settings.dropout == 0.2)
        assert screen.query_one("#field-dropout", Input).value == "0,2"
        assert source_of(app, "dropout") == "sizin"
        await pilot.press("ctrl+r")
        await until(pilot, lambda: screen.query_one("#field-dropout", Input).value == "0,1")
        assert source_of(app, "dropout") == "rehber"


@pytest.mark.parametrize(("language", "told"), [("en", "time limit removed"), ("tr", "süre sınırı kalktı")])
async def test_profile_tells_that_it_drops_the_time_of_a_timed_plan(language: str, told: str) -> None:
    app = an_app(language, plan={"time": 240.0})
    async with app.run_test(size=(160, 45), notifications=True) as pilot:
        screen = await open_plan(app, pilot)
        app.screen.query_one("#profile", Select).value = "small-text"
        await until_shown(pilot, told)
        assert screen._draft.given.get("time") is None


async def test_choosing_a_config_updates_the_summary() -> None:
    app = an_app()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_prepared_plan(app, pilot)
        await until_shown(pilot, "875,520 parameters")
        await pilot.press("down", "enter")
        await until_shown(pilot, "● mini")
        assert screen._resolved.settings.config == "mini"
        await until(pilot, lambda: "875,520" not in summary(app) and "parameters" in summary(app))


@pytest.mark.extended
@pytest.mark.slow
async def test_focused_field_is_explained() -> None:
    app = an_app()
    async with app.run_test(size=(160, 45)) as pilot:
        await open_plan(app, pilot)
        for name in ("dropout", "early_stopping_patience", "recipe"):
            app.screen.query_one(f"#field-{name}").focus()
            await pilot.pause()
            entry = next(entry for entry in HYPERPARAMETERS if entry.name == name)
            about = str(app.screen.query_one("#about .explanation").render())
            assert in_app(entry.what["en"], app.say) in about, "with the names of the fields for flags"
            assert in_app(entry.higher["en"], app.say) in about
            await pilot.press("f1")
            await until_shown(pilot, entry.title["en"])
            assert table_of(app) == "guide"
            await pilot.press("escape")
            await pilot.pause()


@pytest.mark.extended
async def test_encoding_proposals_make_a_text_usable(tmp_path: Path) -> None:
    path = tmp_path / "türkçe.txt"
    path.write_bytes((PANGRAMS * 200).encode("windows-1254"))
    app = an_app("tr", plan={**TINY, "data_dir": str(path)})
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        screen = await open_plan(app, pilot)
        await pilot.press("2")
        await until(pilot, lambda: "UTF-8 değil" in summary(app))
        assert summary(app) == f"? {app.say('plan.choose-encoding')}", (
            "it waits for an answer, and reads nothing meanwhile"
        )
        assert "%" not in summary(app)
        readings = screen.query_one("#readings", OptionList)
        names = [readings.get_option_at_index(number).id for number in range(readings.option_count)]
        assert names[0] == "windows-1254"
        assert "windows-1254: Pijamalı hasta yağız şoföre" in screen_text(app)
        assert not summary(app).startswith("✓")
        await pilot.press("ctrl+s")
        await until_shown(pilot, "henüz hazır değil")

        await pilot.press("tab", "enter")  # the likeliest one is marked
        await until(pilot, lambda: summary(app).startswith("✓"))
        assert not readings.display
        assert "Pijamalı hasta yağız" in screen_text(app)
        assert screen._resolved.settings.encoding == "windows-1254"


@pytest.mark.first(1)
@pytest.mark.parametrize("columns", [100, pytest.param(140, marks=pytest.mark.slow)])
async def test_chosen_path_is_stored(columns: int, small_text: Path) -> None:
    app = an_app()
    async with app.run_test(size=(columns, 36), notifications=True) as pilot:
        screen = await open_plan(app, pilot)
        await pilot.press("2", "home", "enter")
        await until_shown(pilot, "Which text?")
        await pilot.press(*"nowhere.txt", "enter")
        await until_shown(pilot, "there is no nowhere.txt")
        await pilot.press(*["backspace"] * 11, *"../prose.txt", "enter")
        await until(pilot, lambda: app.screen is screen)
        await until(pilot, lambda: screen._work.preparing.corpus)
        assert Path(screen._resolved.settings.data_dir).resolve() == small_text.resolve()
        await until_shown(pilot, "1 document ·")
        assert "/prose.txt" in screen_text(app), "a path longer than the list keeps its end, in one line"
        await pilot.resize_terminal(160, 45)
        await until_shown(pilot, "/prose.txt")
    assert [Path(path).resolve() for path in read_preferences().corpora] == [small_text.resolve()]


async def test_text_that_cannot_be_read_is_told_once_and_is_no_recent_text(small_text: Path) -> None:
    Path("empty.txt").touch()
    app = an_app(corpora=[str(Path("empty.txt").absolute()), str(small_text)])
    async with app.run_test(size=(100, 30)) as pilot:
        screen = await open_plan(app, pilot)
        screen._path_chosen({"data_dir": str(Path("empty.txt").absolute())})
        await until_shown(pilot, "✗")
        shown = screen_text(app)
        assert shown.count("✗") == 1 and "0 KiB" not in shown, shown
    assert read_preferences().corpora == [str(small_text)]


async def test_own_text_stays_listed_while_the_plan_is_open_though_another_one_is_chosen(small_text: Path) -> None:
    Path("empty.txt").touch()
    own, streamed = str(Path("empty.txt").absolute()), "hf:someone/texts"
    app = an_app()
    async with app.run_test(size=(100, 30)) as pilot:
        screen = await open_plan(app, pilot)
        for chosen in ({"corpus": streamed}, {"data_dir": own}, {"data_dir": str(small_text)}, {"corpus": "sample"}):
            screen._path_chosen(chosen)
        listed = screen.query_one("#corpus-list", OptionList)
        ids = [str(one.id) for one in listed.options]
        assert {f"path:{own}", f"path:{small_text}", f"builtin:{streamed}"} <= set(ids)
        assert len(ids) == len(set(ids))
        await until_shown(pilot, "● sample")


async def test_recent_text_stays_when_another_setting_keeps_it_from_being_read(
    small_text: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sentencepiece", None)  # as if it were not installed
    app = an_app(plan={"tokenizer": "sentencepiece"}, corpora=[str(small_text)])
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await open_plan(app, pilot)
        screen._path_chosen({"data_dir": str(small_text)})
        await until_shown(pilot, "sentencepiece is not installed")
        await pilot.pause(0.3)
        assert app.stage.preferences.corpora == [str(small_text)]


@pytest.mark.first(1)
async def test_chosen_path_uses_the_full_width_of_the_list(small_text: Path) -> None:
    path = str(small_text.absolute())
    app = an_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await open_plan(app, pilot)
        await pilot.press("o")
        await until_shown(pilot, "Which text?")
        app.screen.query_one("#path", Input).value = path
        await pilot.press("enter")
        await until_shown(pilot, f"● {path if len(path) <= 72 else '…' + path[-71:]}", 5)


@pytest.mark.extended
async def test_several_texts_with_weights_are_stored(small_text: Path) -> None:
    for name, text in (("one.txt", "abcdefgh" * 500), ("two.txt", "stuvwxyz" * 500)):
        Path(name).write_text(text)
    app = an_app(plan={**TINY, "denoising": "0.5"})
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await open_plan(app, pilot)
        await pilot.press("2", "home", "enter")
        await until_shown(pilot, "Which text?")
        await pilot.press(*"one.txt=3; two.txt=1", "enter")
        await until(pilot, lambda: app.screen is screen)
        await until(pilot, lambda: screen._work.preparing.corpus and screen._work.preparing.corpus.parts)
        assert screen._resolved.settings.data_dir == (f"{Path.cwd()}/one.txt=3", f"{Path.cwd()}/two.txt=1")
        await until_shown(pilot, "two.txt: 25.00% of the windows")
    assert read_preferences().corpora == [f"{Path.cwd()}/one.txt=3; {Path.cwd()}/two.txt=1"]


@pytest.mark.slow
async def test_file_tree_is_filtered_and_a_file_chosen(small_text: Path) -> None:
    for name in ("poem.txt", "letters.txt", ".hidden.txt"):
        Path(name).write_text(small_text.read_text())
    app = an_app()
    async with app.run_test(size=(100, 36)) as pilot:
        screen = await open_plan(app, pilot)
        await pilot.press("2", "home", "enter")
        await until_shown(pilot, "letters.txt")
        assert ".hidden" not in screen_text(app)
        await pilot.press(*"poem")
        await until(pilot, lambda: "letters.txt" not in screen_text(app))
        await pilot.press("tab", "down", "enter")
        await until(pilot, lambda: app.screen is screen)
        assert screen._resolved.settings.data_dir == str(Path("poem.txt").absolute())


@pytest.mark.extended
@pytest.mark.slow
async def test_esc_leaves_the_chooser_and_changes_nothing() -> None:
    app = an_app()
    async with app.run_test(size=(100, 36)) as pilot:
        screen = await open_plan(app, pilot)
        before = screen._resolved.settings
        await pilot.press("2", "home", "enter")
        await until_shown(pilot, "Which text?")
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen)
        assert screen._resolved.settings == before


@pytest.mark.first(2)
@pytest.mark.parametrize(
    ("content", "told"),
    [(b"", "no text"), (b"short", "token"), (bytes(range(256)) * 20, "cannot"), (None, "no file or folder")],
    ids=["empty", "short", "binary", "missing"],
)
async def test_unusable_text_is_reported_and_blocks_the_plan(content: bytes | None, told: str, tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    if content is not None:
        path.write_bytes(content)
    app = an_app(plan={**TINY, "data_dir": str(path)})
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await open_plan(app, pilot)
        await until(pilot, lambda: summary(app).startswith("✗") or "reading" not in summary(app))
        await pilot.press("ctrl+s")
        await until_shown(pilot, "not ready yet")
        assert table_of(app) == "plan"
        assert app.failure is None


@pytest.mark.extended
async def test_window_longer_than_the_text_is_reported_in_the_plan(small_text: Path) -> None:
    app = an_app(plan={**TINY, "data_dir": str(small_text)})
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await open_prepared_plan(app, pilot)
        await until(pilot, lambda: summary(app).startswith("✓"))
        await fill_in(pilot, "seq_len", "5000")
        await until(pilot, lambda: summary(app).startswith("✗"))
        assert "5000" in summary(app).replace(",", "")


async def test_run_gets_a_free_name(small_text: Path) -> None:
    Path("checkpoints/tiny").mkdir(parents=True)
    Path("checkpoints/tiny/run.json").write_text("{}")
    app = an_app(plan={**TINY, "data_dir": str(small_text)})
    async with app.run_test(size=(120, 36)) as pilot:
        await open_prepared_plan(app, pilot)
        await until_shown(pilot, "checkpoints/tiny-2")


@pytest.mark.extended
async def test_subwords_of_the_tokenizer_are_shown(small_text: Path) -> None:
    app = an_app(plan={"data_dir": str(small_text), "vocab_size": 300})
    async with app.run_test(size=(160, 45)) as pilot:
        screen = await open_prepared_plan(app, pilot)
        assert "characters per token" not in screen_text(app)
        screen.query_one("#field-tokenizer", Select).value = "bpe"
        await until(
            pilot, lambda: screen._work.preparing.corpus and screen._work.preparing.corpus.tokenizer.kind == "bpe"
        )
        await until_shown(pilot, "characters per token (bpe)")
        preview = screen.query_one("#preview").render()
        pieces = [str(preview)[span.start : span.end] for span in preview.spans if "on $" in str(span.style)]
        opening = small_text.read_text(encoding="utf-8")[:40]
        assert "".join(pieces).startswith(opening)
        assert max(map(len, pieces)) > 1
        styles = [str(span.style) for span in preview.spans if "on $" in str(span.style)]
        assert all(one != other for one, other in itertools.pairwise(styles)), "neighbours are told apart"


@pytest.mark.extended
async def test_planned_learning_rate_is_drawn(small_text: Path) -> None:
    app = an_app(plan={"data_dir": str(small_text), "max_steps": 500})
    async with app.run_test(size=(160, 45)) as pilot:
        screen = await open_prepared_plan(app, pilot)
        screen.query_one("#field-schedule").focus()
        await until_shown(pilot, "Learning rate as planned")
        plot = screen.query_one("#rate")
        await until(pilot, lambda: plot._figure is not None)
        falling = plot._figure.series[0].points
        assert (falling[0][0], falling[-1][0]) == (1.0, 500.0)
        assert falling[-1][1] == pytest.approx(3e-5)
        assert not screen.query_one("#field-cycles").parent.display
        screen.query_one("#field-schedule", Select).value = "cosine-restarts"
        await until(pilot, lambda: screen.query_one("#field-cycles").parent.display)
        await until(pilot, lambda: plot._figure.series[0].points != falling)
        risen = plot._figure.series[0].points
        assert sum(after > before for (_, before), (_, after) in itertools.pairwise(risen[100:])) > 2


@pytest.mark.extended
async def test_unused_settings_are_hidden_unless_set(small_text: Path) -> None:
    app = an_app(plan={"data_dir": str(small_text), "mixing_temperature": 2.0})
    async with app.run_test(size=(160, 45)) as pilot:
        screen = await open_prepared_plan(app, pilot)

        def seen(name: str) -> bool:
            return bool(screen.query_one(f"#field-{name}").parent.display)

        assert not any(map(seen, ("sharding", "denoising_span", "early_stopping_on")))
        assert seen("mixing_temperature"), "it was set by hand"
        screen.query_one("#field-processes", Input).value = "2"
        await until(pilot, lambda: seen("sharding"))
        screen.query_one("#field-denoising", Input).value = "0.2"
        await until(pilot, lambda: seen("denoising_span"))


@pytest.mark.extended
async def test_a_curriculum_shows_its_settings_and_draws_its_pace() -> None:
    app = an_app(plan={"max_steps": 400})
    async with app.run_test(size=(160, 45)) as pilot:
        screen = await open_prepared_plan(app, pilot)
        assert not screen.query_one("#field-pacing").parent.display
        screen.query_one("#field-curriculum", Select).value = "ngram"
        await until(pilot, lambda: screen.query_one("#field-pacing").parent.display)
        screen.query_one("#field-pacing").focus()
        await until_shown(pilot, "Curriculum: share of the text in use")
        plot = screen.query_one("#pacing")
        await until(pilot, lambda: plot._figure is not None and plot._figure.series[0].points[0][1] == 0.25)
        shares = dict(plot._figure.series[0].points)
        assert shares[200.0] < 1 and shares[201.0] == shares[400.0] == 1
        assert not screen.query_one("#rate").display
        screen.query_one("#field-dropout").focus()
        await until_shown(pilot, "Learning rate as planned")
        assert not plot.display


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
async def test_message_does_not_cover_the_line_that_it_points_to(size: tuple[int, int], small_text: Path) -> None:
    app = an_app(plan={"data_dir": str(small_text)})
    async with app.run_test(size=size, notifications=True) as pilot:
        screen = await open_plan(app, pilot)
        await fill_in(pilot, "epochs", "0")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.say("plan.not-ready") in screen_text(app).split("\n")[-1])
        assert not screen.query("Toast")
