"""What the screens of a run tell of it is true after its end, and agrees with its plan."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from mmrec_engine import events
from mmrec_engine.locales.catalogue import LANGUAGES, Language
from mmrec_tui.app.widgets.finding_panels import hints_text
from mmrec_tui.app.widgets.machine import machine_text
from mmrec_tui.app.widgets.panels import log_line, state_text
from mmrec_tui.app.widgets.report_text import numbers_text
from mmrec_tui.locales import Wording
from tests.app.recorded import BEGAN, PLANNED, a_training, an_ending
from tests.engine.test_history import history_of

SAY = Wording("en")
FROM_A_RUN = {"init_from": "checkpoints/tiny/best_model.pt"}


@pytest.mark.parametrize(
    ("language", "name", "words"),
    [
        ("en", "checkpoints/tiny/best_model.pt", "from tiny's weights"),
        ("en", "tiny", "from tiny's weights"),
        ("en", "hf:owner/SmolLM2-135M", "from SmolLM2-135M's weights"),
        ("tr", "checkpoints/tiny/best_model.pt", "tiny ağırlıklarından"),
    ],
)
def test_a_run_says_whose_weights_it_began_with(language: Language, name: str, words: str) -> None:
    say, history = Wording(language), history_of(*a_training(200, init_from=name), *an_ending(step=200))
    assert words in numbers_text(history, say).plain.split("\n")[1]
    assert words in state_text(history, "FINISHED", "tiny-2", "", say, 160).plain
    started = next(event for event in a_training(1, init_from=name) if isinstance(event, events.RunStarted))
    assert words in log_line(started, say)
    plain = history_of(*a_training(200), *an_ending(step=200))
    assert words not in numbers_text(plain, say).plain + state_text(plain, "FINISHED", "tiny", "", say, 160).plain


def test_starting_weights_take_no_figure_of_the_state_line_its_room() -> None:
    begun, plain = (history_of(*a_training(200, **settings)) for settings in (FROM_A_RUN, {}))
    for width in range(40, 200):
        longer, line = (state_text(one, "TRAINING", "tiny", "", SAY, width).plain for one in (begun, plain))
        assert longer.startswith(line)
        assert max(map(len, longer.split("\n"))) <= max(width, *map(len, line.split("\n")))


@pytest.mark.parametrize("language", LANGUAGES)
def test_report_counts_the_steps_after_the_last_evaluation(language: Language) -> None:
    say = Wording(language)
    stopped = numbers_text(history_of(*a_training(435), *an_ending("interrupted", step=435)), say).plain
    assert say("report.not-evaluated", steps=35) in stopped.split("\n")
    whole = numbers_text(history_of(*a_training(400), *an_ending(step=400)), say).plain
    assert say("report.not-evaluated", steps=0)[:12] not in whole


def with_texts(*names: str) -> list[events.Event]:
    return [
        replace(event, parts=dict.fromkeys(names, event.loss)) if isinstance(event, events.Validation) else event
        for event in a_training(100)
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_report_gives_the_bits_per_character_of_each_of_several_texts(language: Language) -> None:
    """A text has 500 tokens and 1,001 characters in validation, or is not described."""
    say = Wording(language)
    begun, *others = with_texts("old", "other")
    sizes = {"name": "old", "validation_tokens": 501, "validation_characters": 1001}
    stream = [
        replace(event, corpus={**event.corpus, "parts": [sizes]}) if isinstance(event, events.RunStarted) else event
        for event in (begun, *others)
    ]
    history = history_of(*stream, *an_ending(step=100))
    assert history.best is not None
    lines = numbers_text(history, say, 76).plain.split("\n")
    old, other = (next(line for line in lines if line.startswith(name)) for name in ("old ", "other "))
    assert old.split()[1:] == [say.number(history.best.loss, 4), say.number(history.best.loss * 0.5 / math.log(2), 3)]
    assert other.split()[1:] == [say.number(history.best.loss, 4)]


@pytest.mark.parametrize("room", [54, 76, 160])
def test_report_gives_the_names_of_several_texts_the_room_there_is(room: int) -> None:
    long = "a-very-long-name-of-a-text-with-poems-of-many-years.txt"
    lines = numbers_text(history_of(*with_texts("tinyshakespeare", long)), SAY, room).plain.split("\n")
    named = [line for line in lines if line.startswith(("tinyshakesp", "a-very-long"))]
    assert len(named) == 4 and max(map(len, named)) <= room
    first, second = named[:2]
    assert first.startswith("tinyshakespeare ") or room < 76
    assert second.startswith(long[:25]) or room < 76, "more than in columns as far apart as can be"
    assert (long in second) == (room == 160) and ("…" in second) == (room < 160)


@pytest.mark.parametrize("language", LANGUAGES)
def test_ended_run_is_not_planned_now(language: Language) -> None:
    say = Wording(language)
    replanned = events.Replanned(
        step=40, time=BEGAN + 6, before={"max_steps": PLANNED}, changes={"max_steps": 300}, planned_steps=300,
        seconds_left=10.0, seconds_a_step=0.1, reason="slower",
    )  # fmt: skip
    history = history_of(*a_training(40), replanned)
    values = {"why": say("replanned.slower"), "before": PLANNED, "after": 300}
    now, over = (say(f"hint.replanned{which}", **values) for which in ("", "-over"))
    live, ended = (hints_text(history, state, "", False, say).plain for state in ("TRAINING", "FINISHED"))
    assert now in live and over not in live
    assert over in ended and now not in ended


def test_load_of_the_machine_is_not_taken_for_that_of_an_ended_run() -> None:
    readings = {"cpu": 0.9, "memory": 0.5}
    live, ended = (machine_text(readings, {}, SAY, 40, 6, over=over).plain.split("\n") for over in (False, True))
    assert ended[0] == SAY("machine.ended") and SAY("machine.ended") not in live
    assert any("90 %" in line or "90%" in line for line in ended)


@pytest.mark.parametrize(
    ("status", "words"), [("early_stopped", "stopped early"), ("target_reached", "target reached")]
)
def test_run_that_has_ended_before_its_planned_end_has_no_share_of_it(status: Any, words: str) -> None:
    history = history_of(*a_training(290), *an_ending(status, step=290))
    first = state_text(history, "FINISHED", "tiny", "", SAY, 80).plain.split("\n")[0]
    assert first.endswith(f" {words} ") and "%" not in first
    live = state_text(history_of(*a_training(290)), "TRAINING", "tiny", "", SAY, 80).plain.split("\n")[0]
    assert "48" in live


@pytest.mark.parametrize(("passes", "total"), [(8.0, 8), (8.04, 8), (8.06, 9), (7.5, 8)])
@pytest.mark.parametrize("step", [1, 420])
def test_number_of_epochs_agrees_with_the_planned_passes(passes: float, total: int, step: int) -> None:
    planned = events.Planned(choices={}, expected={"steps": PLANNED, "passes": passes})
    stream: list[events.Event] = []
    windows = int(PLANNED * 16 / (passes + 0.02))  # a window fewer fits into the text than the planner counts
    for event in a_training(step):
        if isinstance(event, events.RunStarted):
            corpus, settings = {**event.corpus, "train_windows": windows}, {**event.settings, "batch_size": 16}
            event = replace(event, corpus=corpus, settings=settings, steps_an_epoch=-(-windows // 16))
        elif isinstance(event, events.Step) and event.step == 420:
            event = replace(event, epoch=9 if passes >= 8 else 8)  # of the last step
        stream.append(event)
    history = history_of(planned, *stream)
    words = state_text(history, "TRAINING", "tiny", "", SAY, 100).plain
    assert f"/{total} " in words.split("\n")[0]
    assert (f"epoch {total}/{total} " in words) == (step == 420)
