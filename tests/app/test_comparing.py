"""Runs side by side: what can be compared, in words and in the plot."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import DataTable

from mmrec_engine import events
from mmrec_engine.locales.catalogue import LANGUAGES, Language
from mmrec_engine.locales.guide import HYPERPARAMETERS
from mmrec_engine.runs.history import History
from mmrec_tui.app.earlier import last_like
from mmrec_tui.app.screens.compare import CompareScreen, rows_of
from mmrec_tui.app.widgets.plot import Plot
from mmrec_tui.locales import Wording
from mmrec_tui.presentation.comparing import ComparedRun, comparison
from mmrec_tui.presentation.figures import View, figure_of, overlay
from mmrec_tui.presentation.planned import unset_words
from tests.app.conftest import an_app, screen_text, until, until_shown
from tests.app.recorded import a_training, an_ending, record, recorded_settings
from tests.app.test_plotting import history_of

SAY = Wording("en")
CHARACTERS = {"fingerprint": "text", "split": "split", "tokenizer": "char", "vocabulary": 124}
SUBWORDS = {**CHARACTERS, "tokenizer": "bpe", "vocabulary": 2000}


def with_bits(bits: float) -> History:
    history = History()
    history.add(
        events.Validation(
            step=50, loss=2 * bits, perplexity=2, accuracy=0.5, bits_per_character=bits, batches=1, best=True,
            patience_used=0, patience=5, epoch=1,
        )
    )  # fmt: skip
    return history


def compared(*runs: tuple[str, float, dict[str, Any]], language: str = "en") -> str:
    return comparison(
        [ComparedRun(name, with_bits(bits), {}, corpus) for name, bits, corpus in runs], Wording(language)
    )


def test_comparison_says_which_run_is_better_by_how_much() -> None:
    told = compared(("tiny", 2.3516, CHARACTERS), ("tiny-2", 2.3884, CHARACTERS))
    assert told == "tiny is 0.036 bits per character better than tiny-2 (2.352 against 2.388)", "of the shown figures"
    assert "equally good" in compared(("a", 2.3511, CHARACTERS), ("b", 2.3513, CHARACTERS))
    told = compared(("a", 2.5, CHARACTERS), ("b", 2.25, CHARACTERS), ("c", 3.0, CHARACTERS))
    assert told == "b is the best (2.250 bits per character); a is 0.250 worse (2.500), c is 0.750 worse (3.000)"
    told = compared(("a", 2.3511, CHARACTERS), ("b", 3.0, CHARACTERS), ("c", 2.3513, CHARACTERS))
    assert told == "a and c are equally good (2.351 bits per character); b is 0.649 worse (3.000)"
    told = compared(*[(name, 2.5, CHARACTERS) for name in "abc"])
    assert told == "a, b and c are equally good (2.500 bits per character)"
    told = compared(("tiny", 2.352, CHARACTERS), ("tiny-2", 2.388, CHARACTERS), language="tr")
    assert told == "tiny karakter başına 0,036 bit ile tiny-2 çalışmasından daha iyi (2,388 yerine 2,352)"


def test_comparison_says_what_cannot_be_compared() -> None:
    assert "losses and perplexities cannot be compared" in compared(("a", 2.4, CHARACTERS), ("b", 2.5, SUBWORDS))
    for other in ({**CHARACTERS, "split": "other"}, {**CHARACTERS, "fingerprint": "other"}, {}):
        told = compared(("a", 2.4, CHARACTERS), ("b", 2.5, other))
        assert told == "The texts or their validation splits differ: these figures cannot be compared"
    assert compared(("a", 2.4, CHARACTERS)) == ""


def test_overlay_in_bits_draws_the_bits_of_each_run_and_names_what_it_draws() -> None:
    history = history_of(*a_training(100))
    figure = overlay([("one", history), ("empty", History())], View(), SAY, bits=True)
    assert [y for _, y in figure.series[0].points] == [one.bits_per_character for _, one in history.validations]
    assert [name for _, name in figure.entries] == ["one"], "a run without a validation has no line"


def test_legend_names_no_earlier_run_whose_line_begins_later() -> None:
    earlier = ("earlier", history_of(*a_training(300)))
    shown = [
        figure_of("loss", history_of(*a_training(steps)), View(earlier=earlier), SAY).legend for steps in (40, 120)
    ]
    assert "earlier" not in shown[0] and "earlier" in shown[1]


def test_a_vocabulary_of_characters_has_no_size_in_the_comparison() -> None:
    characters, subwords = recorded_settings(), recorded_settings(tokenizer="bpe", vocab_size=2000)
    title = "Vocabulary size"
    assert title not in [name for _, name, _ in rows_of([characters, characters], SAY)]
    row = next(values for _, name, values in rows_of([characters, subwords], SAY) if name == title)
    assert row == ["none", "2,000"]


def a_run(name: str, corpus: dict[str, Any], later: float = 0.0, bits: float = 0.0) -> Path:
    def moved() -> Iterator[events.Event]:
        for event in [*a_training(100), *an_ending(step=100)]:
            if isinstance(event, events.Validation):
                event = replace(event, bits_per_character=event.bits_per_character + bits)
            yield replace(event, time=event.time + later)

    folder = record(Path("checkpoints", name).absolute(), moved(), tokenizer=corpus["tokenizer"])
    path = folder / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "corpus": corpus}))
    return folder


def test_earlier_run_to_draw_has_the_same_tokens() -> None:
    own = a_run("own", CHARACTERS, 300)
    a_run("subwords", SUBWORDS, 200)
    assert last_like(own) is None
    a_run("other-split", {**CHARACTERS, "split": "other"}, 100)
    assert last_like(own) is None
    a_run("alike", CHARACTERS)
    found = last_like(own)
    assert found is not None and found[0] == "alike"


@pytest.mark.parametrize("language", ["en", "tr"])
async def test_comparison_leaves_room_for_the_plot_on_a_small_screen(language: str) -> None:
    folders = [a_run("tiny", CHARACTERS), a_run("poems", {**CHARACTERS, "fingerprint": "other"}, 100)]
    app = an_app(language)
    async with app.run_test(size=(60, 16)) as pilot:
        app.open_screen("compare", folders=folders)
        await until(pilot, lambda: app.screen._runs)  # type: ignore[attr-defined]
        assert app.say("plot.waiting") not in screen_text(app)
        assert app.say("axis.step") in screen_text(app).rsplit("\n", 1)[0]


@pytest.mark.parametrize("language", ["en", "tr"])
async def test_runs_of_different_tokens_are_drawn_and_both_named_on_a_small_screen(language: str) -> None:
    folders = [a_run("first-try", CHARACTERS), a_run("second-try", SUBWORDS, 100, 0.04)]
    app = an_app(language)
    async with app.run_test(size=(60, 16)) as pilot:
        app.open_screen("compare", folders=folders)
        await until_shown(pilot, f"{app.say('compare.bits')}  ━ first-try  ╍ second-try ─")
        await until_shown(pilot, app.say("axis.step"))
        shown = screen_text(app)
        assert app.say("axis.step") in shown.rsplit("\n", 1)[0], "with its axis"
        assert app.say("plot.waiting") not in shown
        await pilot.resize_terminal(60, 15)
        await until_shown(pilot, app.say("plot.no-room"))
        assert app.say("plot.waiting") not in screen_text(app)


async def test_runs_of_different_tokenizers_are_drawn_in_bits_per_character() -> None:
    folders = [a_run("tiny", CHARACTERS), a_run("tiny-2", SUBWORDS, 100, 0.04)]
    app = an_app()
    async with app.run_test(size=(80, 24)) as pilot:
        app.open_screen("compare", folders=folders)
        await until_shown(pilot, "tiny is 0.040 bits per character better than tiny-2")
        await until_shown(pilot, "Validation loss in bits per character")
        plot = app.screen.query_one(Plot)
        assert isinstance(app.screen, CompareScreen) and plot.topic == "bits-per-character"
        assert app.screen.query_one(DataTable).row_count
        await until(pilot, lambda: plot.region.height >= 6)
        assert "cannot be compared" in " ".join(screen_text(app).split())


@pytest.mark.parametrize("language", ["en", "tr"])
@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_runs_show_bits_per_character_and_their_text_and_cut_no_heading(
    language: str, size: tuple[int, int]
) -> None:
    a_run("tiny", {**CHARACTERS, "name": "sample"})
    a_run("a-run-with-a-name-as-long-as-it-is-shown", {**SUBWORDS, "name": "folder/of/poems.txt"}, 100, 0.04)
    say, app = Wording(language), an_app(language)
    async with app.run_test(size=size) as pilot:
        app.open_screen("runs")
        await until_shown(pilot, say.number(2.672 / 0.6931, 3)[:4])
        table: Any = app.screen.query_one(DataTable)
        labels = [column.label.plain for column in table.ordered_columns]
        assert say("table.best") in labels and say("table.best") in ("bits/char", "bit/kar.")
        assert sum(column.get_render_width(table) for column in table.ordered_columns) <= size[0]
        assert (say("table.text") in labels) == (size[0] >= 120)
        names = {"tiny": "sample", "a-run-with-a-name-as-long-as-it-is-shown": "folder/of/poems.txt"}
        for _ in range(2):
            name = app.screen._under_cursor.name  # type: ignore[attr-defined]
            await until_shown(pilot, say("runs.detail", text=names.pop(name), path="/")[:-1])
            await pilot.press("down")
            await pilot.pause()


async def test_runs_columns_follow_the_size_of_the_screen() -> None:
    a_run("tiny", {**CHARACTERS, "name": "sample"})
    app = an_app()
    async with app.run_test(size=(80, 24)) as pilot:
        app.open_screen("runs")
        await until_shown(pilot, "bits/char")
        await until_shown(pilot, "text: sample")
        assert "course of the loss" not in screen_text(app)
        await pilot.resize_terminal(140, 36)
        await until_shown(pilot, "course of the loss")
        assert app.screen._under_cursor.name == "tiny"  # type: ignore[attr-defined]


async def test_filter_of_the_runs_changes_no_columns_and_a_cut_name_says_so() -> None:
    long = "a-run-with-a-name-that-is-longer-than-shown"
    a_run("tiny", {**CHARACTERS, "name": "sample"})
    a_run(long, {**CHARACTERS, "name": "folder/of/some/longer/poems.txt"})
    app = an_app()
    async with app.run_test(size=(110, 30)) as pilot:
        app.open_screen("runs")
        await until_shown(pilot, f"{long[:29]}… ")
        table: Any = app.screen.query_one(DataTable)
        columns = [column.label.plain for column in table.ordered_columns]
        await pilot.press("/", *"sample")
        await until(pilot, lambda: table.row_count == 1)
        assert [column.label.plain for column in table.ordered_columns] == columns


@pytest.mark.parametrize("language", ["en", "tr"])
async def test_recent_runs_show_bits_per_character(language: str) -> None:
    history = history_of(*a_training(100))
    assert history.best is not None
    a_run("tiny", CHARACTERS)
    app, say = an_app(language), Wording(language)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, say.number(history.best.bits_per_character, 3))
        head = next(
            line for line in screen_text(app).splitlines() if say("table.state") in line and say("start.best") in line
        )
        assert say("table.changed") in head


@pytest.mark.parametrize(("runs", "scrolls"), [(40, True), (2, False)])
async def test_a_comparison_that_does_not_fit_scrolls_by_keys(
    runs: int, scrolls: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(folder: Path) -> ComparedRun:
        return ComparedRun(folder.name, with_bits(2 + int(folder.name) / 100), {}, CHARACTERS)

    monkeypatch.setattr("mmrec_tui.app.screens.compare._load", load)
    app, last = an_app(), f"({2 + (runs - 1) / 100:.3f})"
    async with app.run_test(size=(100, 24)) as pilot:
        app.open_screen("compare", folders=[Path(str(number)) for number in range(runs)])
        await until_shown(pilot, "best at step")
        compared = app.screen.query_one("#compared")
        await until(pilot, lambda: compared.allow_focus() == scrolls)
        if scrolls:
            assert last not in screen_text(app)
            compared.focus()
            await pilot.press("end")
            await until_shown(pilot, last)


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_layers_of_a_new_model_are_trained_also_beside_a_pretrained_one(language: Language) -> None:
    say = Wording(language)
    new, pretrained = recorded_settings(), recorded_settings(init_from="checkpoints/earlier")
    rows = {name: values for _, name, values in rows_of([pretrained, new], say)}
    name = next(entry.title[language] for entry in HYPERPARAMETERS if entry.name == "train_layers")
    assert rows[name] == [unset_words("train_layers", say)] * 2


@pytest.mark.usefixtures("without_torch")
@pytest.mark.parametrize("language", LANGUAGES)
async def test_values_of_compared_runs_are_whole_beside_a_long_path(language: Language) -> None:
    text = "/home/someone/a-long-name-of-a-folder/another-one/texts/handbook_en.txt"
    folders = []
    for name, given in (("tiny", {"data_dir": text, "max_steps": 1200}), ("tiny-2", {"max_steps": 1100})):
        folder = Path("checkpoints", name).absolute()
        folders.append(record(folder, [*a_training(60, **given), *an_ending()], **given))
    app = an_app(language)
    async with app.run_test(size=(80, 24)) as pilot:
        app.open_screen("compare", folders=folders)
        number = app.say.number
        await until_shown(pilot, "tiny-2")
        table = app.screen.query_one(DataTable)
        await until(pilot, lambda: table.row_count > 4)
        assert table.virtual_size.width <= table.size.width
        cells = [[str(cell) for cell in table.get_row_at(index)] for index in range(table.row_count)]
        path = next(row for row in cells if any("handbook" in cell for cell in row))
        assert "".join(max(path, key=len).split()) == text and "handbook_en.txt" in max(path, key=len).split("\n")[-1]
        assert any(row[-2:] == [number(1200), number(1100)] for row in cells)
        await pilot.resize_terminal(160, 45)
        await until(
            pilot, lambda: any(text in str(cell) for at in range(table.row_count) for cell in table.get_row_at(at))
        )
