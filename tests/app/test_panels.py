"""Panels of a run on several corpora."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.content import Content
from textual.widgets import Static

from mmrec_engine import events
from mmrec_engine.checks.finding import finding
from mmrec_engine.data.prepare import prepare_corpus
from mmrec_engine.data.sources.documents import Skipped
from mmrec_engine.data.sources.legacy_encodings import Candidate
from mmrec_engine.events import result_of
from mmrec_engine.locales.messages import LANGUAGES, Language
from mmrec_engine.runs.history import History
from mmrec_engine.settings import resolve
from mmrec_engine.training.plan import Plan, steps_of_epochs
from mmrec_tui.app.preparing import Look
from mmrec_tui.app.widgets.finding_panels import hints_text, items_text
from mmrec_tui.app.widgets.machine import machine_text
from mmrec_tui.app.widgets.panel import hanging
from mmrec_tui.app.widgets.panels import (
    log_line,
    merged_log,
    newest_rows,
    patience_text,
    prompt_words,
    samples_lines,
    state_text,
)
from mmrec_tui.app.widgets.preview import preview_text
from mmrec_tui.app.widgets.report_text import numbers_text, samples_text
from mmrec_tui.locales import Wording
from mmrec_tui.presentation.spark import spark
from tests.app.conftest import an_app, screen_text, table_of, until, until_shown
from tests.app.recorded import a_training, an_ending, record
from tests.app.test_snapshots import Still
from tests.engine.test_history import history_of

SAY = Wording("en")


def validation(parts: dict[str, float] | None) -> events.Validation:
    return events.Validation(
        step=5, loss=2.0, perplexity=7.4, accuracy=0.5, bits_per_character=2.9, batches=3, best=True, patience_used=0,
        patience=5, epoch=1, parts=parts,
    )  # fmt: skip


def test_loss_of_each_corpus_is_shown_with_validation() -> None:
    history = History()
    history.add(validation({"en": 1.5, "tr\x1b": 2.5}))
    assert " · en 1.500 · tr\\x1b 2.500" in str(patience_text(history, SAY))
    assert log_line(validation({"en": 1.5}), SAY).endswith("new best ★ · en 1.5000")
    lines = str(numbers_text(history, SAY)).splitlines()
    assert any(line.split() == ["en", "1.5000"] for line in lines), lines


def test_single_corpus_shows_no_losses_per_corpus() -> None:
    history = History()
    history.add(validation(None))
    assert log_line(validation(None), SAY).endswith("new best ★")
    assert str(patience_text(history, SAY)).endswith("step 5")


_PROMPT = "The mill stood by the river.\nNobody knew who had built it, and in the evening the old miller’s "


def with_long_prompt(steps: int) -> list[events.Event]:
    return [replace(one, prompt=_PROMPT) if isinstance(one, events.Sample) else one for one in a_training(steps)]


def test_samples_are_listed_per_validation() -> None:
    history = history_of(*with_long_prompt(420))
    told = samples_lines(history.samples[-3:], SAY, 60).plain.splitlines()
    assert [line.split()[:2] for line in told] == [["300", "Evin"], ["350", "Evin"], ["400", "Evin"]]
    assert all(len(line) <= 60 for line in told)
    page = samples_text(history, SAY).plain
    places = [page.index(f"{step}  Evin") for step in (50, 150, 350)]
    assert places == sorted(places) and page.index("miller’s ") < places[0]
    assert page.endswith(_PROMPT + history.samples[-1].text)


def test_rows_that_are_left_show_more_of_the_newest_sample() -> None:
    samples = history_of(*with_long_prompt(100)).samples
    told = samples_lines(samples, SAY, 40, 3).plain.splitlines()
    assert len(told) == 3 and told[0].startswith(" 50  Evin") and told[1].startswith("100  Evin")
    assert told[2].startswith("     ") and told[2].endswith("…") and max(map(len, told)) <= 40
    whole = samples_lines(samples[-1:], SAY, 40, 9).plain
    assert "…" not in whole and whole.endswith("went in.") and "çeşme" in whole


@pytest.mark.parametrize("language", LANGUAGES)
def test_prompt_of_the_samples_is_shortened_to_its_last_words(language: Language) -> None:
    say = Wording(language)
    short = prompt_words(_PROMPT, say, 45).plain
    assert "“…" in short and "the old miller’s ”" in short and len(short) <= 45
    assert "⏎ Nobody" in prompt_words(_PROMPT, say, 200).plain and "…" not in prompt_words(_PROMPT, say, 200).plain
    assert prompt_words(_PROMPT, say, 5).plain == prompt_words("", say, 50).plain == ""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", [(60, 24), (80, 24), (160, 45)])
async def test_what_the_model_wrote_is_seen_and_its_prompt_once(
    language: str, size: tuple[int, int], without_torch: None
) -> None:
    app = an_app(language, Still(with_long_prompt(420)))
    async with app.run_test(size=size) as pilot:
        for words in ("350  Evin önünde küçük bir çeşme vardı", "400  Evin önünde küçük bir çeşme vardı"):
            await until_shown(pilot, words)
        assert screen_text(app).count("miller’s") == 1


@pytest.mark.parametrize("width", [80, 160])
async def test_samples_of_a_report_are_as_wide_as_its_screen(width: int, without_torch: None) -> None:
    folder = record(Path("checkpoints/tiny").absolute(), [*a_training(200), *an_ending(step=200)])
    app = an_app()
    async with app.run_test(size=(width, 36)) as pilot:
        app.show_report(folder)
        await until(pilot, lambda: table_of(app) == "report" and app.screen.query("#samples"))
        samples = app.screen.query_one("#samples", Static)
        await until(pilot, lambda: "50  Evin" in str(samples.render()))
        line = next(one for one in str(samples.render()).splitlines() if one.lstrip().startswith("50  Evin"))
        assert line.endswith("went in.") if width == 160 else line.endswith("…") and len(line) <= 80


@pytest.mark.parametrize("width", [80, 120, 160])
async def test_samples_of_a_report_that_scrolls_keep_to_one_line_each(width: int, without_torch: None) -> None:
    told = [
        replace(event, text=20 * event.text) if isinstance(event, events.Sample) else event for event in a_training(200)
    ]
    folder = record(Path("checkpoints/tiny").absolute(), [*told, *an_ending(step=200)])
    app = an_app()
    async with app.run_test(size=(width, 36)) as pilot:
        app.show_report(folder)
        await until(pilot, lambda: table_of(app) == "report" and app.screen.query("#samples"))
        samples = app.screen.query_one("#samples", Static)
        await until(
            pilot, lambda: "50  Evin" in str(samples.render()) and app.screen.query_one("#report").max_scroll_y > 0
        )
        await pilot.pause()
        lines = [one for one in str(samples.render()).splitlines() if one.endswith("…")]
        assert len(lines) == 3
        assert max(map(len, lines)) == samples.content_size.width


def test_machine_panel_shows_its_history() -> None:
    readings = {"cpu": 0.5, "memory": 0.25}
    past = {"cpu": [0.0, 1.0] * 10, "memory": [0.25] * 20}
    tall = machine_text(readings, past, SAY, 40, 6).plain.splitlines()
    assert len(tall) == 4 and "▁█▁█" in tall[1] and "▃▃▃" in tall[3]
    assert len(machine_text(readings, past, SAY, 40, 3).plain.splitlines()) == 2


def test_sparkline_follows_its_values_and_has_gaps() -> None:
    assert spark([3.0, 2.0, 1.0], 10) == "█▅▁" or spark([3.0, 2.0, 1.0], 10) == "█▄▁"
    assert spark([1.0] * 100 + [2.0] * 100, 4) == "▁▁██"
    assert spark([1.0, float("nan"), 2.0], 5) == "▁ █"
    assert spark([2.0, 2.0], 5) == "▁▁"
    assert spark([1e308, 1e308, -1e308, -1e308], 2) == "█▁"
    assert spark([], 5) == spark([1.0], 0) == ""
    assert spark([float("nan")], 5) == " "


@pytest.mark.parametrize(
    ("language", "told", "left"),
    [
        ("en", "other splits of the data set are left out: test", "1 left out: a.pdf"),
        ("tr", "veri kümesinin öteki bölümleri alınmadı: test", "1 tanesi alınmadı: a.pdf"),
    ],
)
def test_plan_lists_skipped_splits_and_files(language: Language, told: str, left: str) -> None:
    settings = resolve({"corpus": "sample", "seq_len": 16}).settings
    corpus = result_of(prepare_corpus(settings))
    skipped = (Skipped("hf:a/b", "splits-left-out", "test"), Skipped("a.pdf", "binary"))
    text = preview_text(Look(corpus=replace(corpus, skipped=skipped)), settings, Wording(language)).plain
    assert told in text and left in text


def test_plan_shows_that_more_files_are_left_out_than_it_names_and_the_encodings_of_those_that_have_one() -> None:
    settings = resolve({"corpus": "sample", "seq_len": 16}).settings
    legacy = (Candidate("windows-1254", "ağaç"), Candidate("windows-1252", "aðaç"))
    latin = Skipped("latin.txt", "undecodable", "windows-1254 («ağaç»)", 9, legacy)
    others = [Skipped(name, "empty") for name in ("b", "c")]
    corpus = replace(result_of(prepare_corpus(settings)), skipped=(latin, *others))
    text = preview_text(Look(corpus=corpus), settings, Wording("en")).plain
    assert "3 left out: latin.txt (windows-1254), b, c\n" in text
    assert Look(corpus=corpus).readings == (("windows-1254", "ağaç"), ("windows-1252", "aðaç"))
    more = replace(corpus, skipped=(latin, *others, Skipped("d", "empty")))
    assert (
        "4 left out: latin.txt (windows-1254), b, c, …\n"
        in preview_text(Look(corpus=more), settings, Wording("en")).plain
    )


@pytest.mark.parametrize("width", [30, 78])
def test_the_newest_lines_of_the_log_are_in_sight_however_they_wrap(width: int) -> None:
    lines = [f"{number}  " + "a word of what happened " * (number % 5) + f"end-{number}" for number in range(40)]
    rows = newest_rows(lines, width, 8)
    assert len(rows) == 8
    assert rows[-1].endswith("end-39")
    assert all(len(row) <= width for row in rows)


@pytest.mark.parametrize("language", LANGUAGES)
def test_patience_in_one_line_leaves_out_what_does_not_fit_and_cuts_nothing(language: Language) -> None:
    say = Wording(language)
    history = history_of(*a_training(420))
    whole = patience_text(history, say).plain
    shorter = {patience_text(history, say, width).plain for width in range(30, 100)}
    assert whole in shorter
    assert len(shorter) == 3
    for text in shorter:
        assert text == whole or not text.endswith(("·", ",", "at", "adım", " "))
    for width in range(45, 100):
        assert len(patience_text(history, say, width).plain) <= width


def test_words_beside_a_head_wrap_below_themselves() -> None:
    rows = hanging(Content("o sample  "), Content("stories, letters and recipes in two languages"), 30).plain.split(
        "\n"
    )
    assert len(rows) == 3
    assert all(len(row) <= 30 for row in rows)
    assert all(row.startswith(" " * 10) for row in rows[1:])


@pytest.mark.parametrize(("windows", "epochs"), [(53, 24), (None, 24), (10, 1), (7, 5)])
def test_epoch_that_is_shown_is_never_past_the_last_one(windows: int | None, epochs: int) -> None:
    """The steps of an epoch are rounded up: 24 epochs of 53 windows, 4 a step, are 318 steps and not 24 times 14."""
    plan = Plan(steps_of_epochs(epochs, windows or 53, 4), windows or 53, 4)
    started, step = next(one for one in a_training(1) if isinstance(one, events.RunStarted)), plan.planned_steps
    corpus = {**started.corpus, **({} if windows is None else {"train_windows": windows})}
    settings = {**started.settings, "batch_size": 4, "accumulate": 1}
    history = history_of(
        replace(started, planned_steps=step, steps_an_epoch=plan.steps_an_epoch, corpus=corpus, settings=settings),
        events.Step(
            step=step, loss=1.0, learning_rate=1e-3, grad_norm=1.0, tokens_per_second=1.0, tokens=1,
            epoch=plan.epoch_of(step),
        ),
    )  # fmt: skip
    assert f"epoch {epochs}/{epochs} " in state_text(history, "FINISHED", "tiny", "", SAY, 80).plain


def test_state_word_of_a_preparing_run_is_separate_from_its_bar() -> None:
    history = History()
    history.add(events.State(state="PREPARING"))
    first = state_text(history, "PREPARING", "tiny", "", SAY, 80).plain.split("\n")[0]
    assert "PREPARING  ─" in first


@pytest.mark.parametrize("language", LANGUAGES)
def test_report_says_where_the_difference_to_a_baseline_may_be_chance(language: Language) -> None:
    say, run = Wording(language), list(a_training(420))
    (started,) = [one for one in run if isinstance(one, events.RunStarted)]
    name, loss = next(iter(started.baselines.items()))
    metrics = events.Finding(
        step=420, finding=finding("metrics-reported", "after", "pass", {"low": loss - 0.1, "high": loss + 0.2})
    )
    for told in ([], [metrics]):
        lines = numbers_text(history_of(*run, *told), say).plain.split("\n")
        marked = [line for line in lines if line.endswith(say("report.may-be-chance"))]
        assert len(marked) == len(told)
        assert all(name in line for line in marked)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("room", [54, 76, 120])
def test_the_table_of_a_report_keeps_to_the_room_there_is(room: int, language: Language) -> None:
    lines = numbers_text(history_of(*a_training(420)), Wording(language), room).plain.split("\n")
    words = Wording(language)("report.column-perplexity"), Wording(language)("report.column-bits")
    (head,) = (number for number, line in enumerate(lines) if all(word in line for word in words))
    for line in lines[head : head + 3]:
        assert len(line) <= room
        assert len(line) == len(lines[head])


@pytest.mark.parametrize(
    ("language", "reading"),
    [
        ("en", "8.0% above the training loss: close, no overfitting (step 100)"),
        ("tr", "%8,0 fark, validation loss yüksek: yakın, overfitting yok (100. adım)"),
    ],
)
def test_question_that_misleads_is_followed_by_how_to_read_it(language: Language, reading: str) -> None:
    values = {"apart": 0.08, "loss": 2.16, "training": 2.0, "step": 100, "variant": "above"}
    one = finding("validation-below-training", "during", "pass", values)
    lines = items_text([one], {}, "during", Wording(language), short=False).plain.split("\n")
    question = next(number for number, line in enumerate(lines) if line.startswith("✓"))
    assert lines[question + 1] == f"  {reading}"
    assert len(items_text([one], {}, "during", Wording(language), short=True).plain.split("\n")) == 1


def test_run_ended_without_a_validation_does_not_wait_for_one() -> None:
    going, ended = a_training(20), [*a_training(20), *an_ending("stopped", 20)]
    assert "waiting for the first validation" in patience_text(history_of(*going), SAY).plain
    assert "ended before its first validation" in patience_text(history_of(*ended), SAY).plain


@pytest.mark.parametrize("language", LANGUAGES)
def test_another_number_of_steps_is_told_where_the_number_is_seen(language: Language) -> None:
    say = Wording(language)

    def shown(*planned: int) -> tuple[str, str]:
        before, replanned = 600, []
        for steps in planned:
            times = {"seconds_left": 30.0, "seconds_a_step": 0.2}
            replanned.append(
                events.Replanned(
                    step=40, reason="time", changes={"max_steps": steps}, before={"max_steps": before}, planned_steps=steps,
                    **times,
                )
            )  # fmt: skip
            before = steps
        history = history_of(*a_training(40), *replanned)
        line = state_text(history, "TRAINING", "tiny", "", say, 80).plain
        return line, hints_text(history, "TRAINING", "", False, say).plain

    line, hints = shown(400, 480)
    assert f"40/480 {say('state-line.replanned-short', before=600)}" in " ".join(line.split())
    assert {
        "en": "The machine is slower than planned: 480 steps are planned now, not 600",
        "tr": "Makine planlanandan yavaş: süresinde bitmesi için artık 600 değil, 480 adım planlanıyor",
    }[language] in hints
    line, hints = shown(580)
    assert "40/580" in line and "600" not in line + hints, "less than a tenth is not worth a word"


@pytest.mark.parametrize("language", LANGUAGES)
def test_many_new_numbers_of_steps_are_one_line_of_the_log(language: Language) -> None:
    say = Wording(language)
    history = history_of(*a_training(50))
    before = 600
    for step, steps in enumerate((500, 350, 420, 380), start=51):
        history.add(
            events.Replanned(
                step=step, reason="time", changes={"max_steps": steps}, before={"max_steps": before}, planned_steps=steps,
                seconds_left=30.0, seconds_a_step=0.2,
            )
        )  # fmt: skip
        before = steps
        history.add(validation(None))
    lines = [line for line in (log_line(event, say) for event in merged_log(history)) if line]
    told = [line for line in lines if "380" in line]
    assert len(told) == 1 and "600" in told[0] and told[0].startswith("54")
    assert not any(number in line for line in lines for number in ("500", "350", "420"))
    assert len(history.log) - len(merged_log(history)) == 3, "the events stay"


def found_at(step: int, id: str, status: str, **values: Any) -> events.Finding:
    return events.Finding(step=step, finding=finding(id, "during", status, {"step": step, **values}))  # type: ignore[arg-type]


def test_hints_tell_the_newest_finding_of_each_check_only() -> None:
    def gap(step: int, apart: float) -> events.Finding:
        losses = {"loss": 2.0 * (1 + apart), "training": 2.0, "apart": apart, "variant": "wide"}
        return found_at(step, "validation-below-training", "note", **losses)

    spike = found_at(30, "loss-spike", "warn", loss=9.0, before=2.0, variant="")
    hints = hints_text(
        history_of(*a_training(40), gap(20, 0.11), spike, gap(40, 0.22)), "TRAINING", "", False, SAY
    ).plain
    assert hints.count("Validation and training loss") == 1
    assert "22.0%" in hints and "11.0%" not in hints
    assert hints.index("Validation and training loss") < hints.index("oss spike"), "the newest first"


def test_hint_of_a_model_above_the_baseline_goes_once_it_is_below() -> None:
    below = {"loss": 1.9, "five_gram": 2.0, "variant": "over"}
    above = found_at(20, "beats-baselines", "warn", loss=2.29, five_gram=2.0, variant="midway", planned=40, apart=0.29)
    stream = [*a_training(40), above]
    assert "5-gram" in hints_text(history_of(*stream), "TRAINING", "", False, SAY).plain
    gone = found_at(40, "beats-baselines", "pass", **below)
    assert hints_text(history_of(*stream, gone), "TRAINING", "", False, SAY).plain == SAY("hint.none")
