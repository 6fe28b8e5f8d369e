"""The plan for a given time: pure rules over the facts of a text and a machine, and the deadline of a run."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mmrec_engine import events
from mmrec_engine.checks.specs import numbers
from mmrec_engine.errors import RequestError
from mmrec_engine.locales.messages import LANGUAGES
from mmrec_engine.optim.lr_schedule import rate_factor
from mmrec_engine.planning import planner
from mmrec_engine.planning.budget import BudgetPlan, Choice, candidates, plan, tokenizer_choices
from mmrec_engine.planning.facts import MachineFacts, TextFacts
from mmrec_engine.planning.reasons import REASONS, reason_of
from mmrec_engine.planning.rules import rules
from mmrec_engine.planning.speeds import Speed, Speeds
from mmrec_engine.settings import Settings, resolve
from mmrec_engine.settings.presets import CHOSEN, most_passes
from mmrec_engine.storage import user_folders
from mmrec_engine.system.optional_dependencies import install_command
from mmrec_engine.training.deadline import Beside, Budget, Deadline
from mmrec_engine.training.plan import make_plan
from mmrec_tui.locales import Wording
from mmrec_tui.presentation.planned import choice_lines, limit_line, replanned_values

MEGABYTE = TextFacts(train=1_000_000, validation=110_000, alphabet=80)
FEW = TextFacts(train=400_000, validation=45_000, alphabet=80)
LARGE = TextFacts(train=5_000_000, validation=550_000, alphabet=80)
SMALL = TextFacts(train=50_000, validation=5_500, alphabet=80)
USUAL = MachineFacts(True, speeds={"tiny": 30_000.0, "mini": 10_000.0})


def made(text: TextFacts, machine: MachineFacts = USUAL, **given: Any) -> BudgetPlan:
    return plan(text, machine, resolve(given))


def test_large_text_gets_subwords_and_small_text_characters() -> None:
    assert made(LARGE, time=60).choices["tokenizer"].value == "bpe"
    assert made(LARGE, time=60).choices["vocab_size"].value == 2000
    assert made(SMALL, time=60).choices["tokenizer"].value == "char"
    without = made(LARGE, MachineFacts(False, speeds=USUAL.speeds), time=60).choices["tokenizer"]
    assert (without.value, without.reason) == ("char", "subwords-missing")
    assert install_command("tokenizers") in reason_of(without.as_dict(), "en"), "how to install the library"


def test_reasons_write_one_in_the_singular() -> None:
    one = made(LARGE, time=60).choices["config"].as_dict() | {"reason": "config-tiny", "values": {"minutes": 1}}
    assert reason_of(one, "en").startswith("in 1 minute on this machine")
    validation = {"value": 400, "reason": "validations-in-the-time", "values": {"count": 1, "each": 1.9}}
    assert reason_of(validation, "en") == "1 validation of about 1.9 seconds"
    lines = list(choice_lines({"dropout": Choice(0.0, "dropout-by-passes", {"passes": 1}).as_dict()}, Wording("en")))
    assert lines == ["   dropout: 0 – the run passes over the text 1 time"]


def test_text_that_is_passed_over_often_gets_characters() -> None:
    chosen = made(FEW, time=3600).choices["tokenizer"]
    assert (chosen.value, chosen.reason) == ("char", "characters-for-many-passes")
    assert chosen.values["passes"] > chosen.values["most"]
    for seconds in (280, 900, 3600):
        chosen = made(MEGABYTE, time=seconds).choices["tokenizer"]
        assert chosen.value == "bpe", (
            "a text of a million characters is better in subwords however often it is repeated"
        )


def test_steps_and_windows_follow_the_tokens_of_the_run_and_its_passes() -> None:
    def shape(text: TextFacts, seconds: float) -> tuple[int, int]:
        settings = made(text, time=seconds).applied_to(resolve({"time": seconds})).settings
        return settings.batch_size * settings.seq_len, settings.seq_len

    known = rules()
    assert shape(FEW, 60) == (1024, known.window), "a text that is repeated, in a short run"
    assert shape(TextFacts(18_000, 2_000, 60), 60) == (512, 128), "a text of few tokens, however long the time"
    assert shape(LARGE, 60) == (2048, known.short_window), "a text that is hardly seen once"
    assert shape(MEGABYTE, 280)[0] == 2048
    assert shape(LARGE, 3600)[0] == 4096


def test_text_of_very_different_parts_gets_short_windows() -> None:
    prose, code = (replace(FEW, dispersion=index) for index in (2.4, 9.6))
    chosen = {text: made(text, time=60).choices for text in (prose, code)}
    assert (chosen[prose]["seq_len"].value, chosen[prose]["batch_size"].value) == (512, 2)
    assert (chosen[code]["seq_len"].value, chosen[code]["batch_size"].value) == (128, 8)
    assert "source code" in reason_of(chosen[code]["seq_len"].as_dict(), "en")
    assert chosen[code]["eval_seq_len"].value == chosen[prose]["eval_seq_len"].value
    assert made(replace(LARGE, dispersion=9.6), time=1800).choices["seq_len"].value == 1024, (
        "of mini only long ones were measured"
    )


def test_evaluations_look_back_further_than_training_as_far_as_the_split_allows() -> None:
    def length(text: TextFacts, **given: Any) -> int | None:
        resolved = resolve({"time": 60, **given})
        return plan(text, USUAL, resolved).applied_to(resolved).settings.eval_seq_len

    assert length(LARGE) == length(FEW) == rules().window_of_evaluation
    assert length(LARGE, eval_seq_len=300) == 300
    assert length(LARGE, seq_len=1024) is None, "training has such windows already"
    assert length(LARGE, arch="gpt") is None, "attention has learnt no longer windows than those of training"
    short = length(SMALL)
    assert short is not None and short < rules().window_of_evaluation
    assert SMALL.validation >= numbers("corpus-size")["validation_windows"] * short


def test_speed_is_measured_with_steps_of_the_usual_size() -> None:
    for text, size in ((MEGABYTE, 1024), (FEW, 1024), (TextFacts(18_000, 2_000, 60), 512)):
        shapes = candidates(text, USUAL, resolve({"time": 60}))
        assert shapes["tiny"].batch_size * shapes["tiny"].seq_len == size


def test_plan_of_a_short_text_has_as_many_windows_as_the_checklist_demands() -> None:
    needed = numbers("corpus-size")
    for characters in (3000, 20_000, 60_000):
        text = TextFacts(characters, characters // 9, 60)
        settings = made(text, time=60).applied_to(resolve({"time": 60})).settings
        assert text.train >= needed["train_windows"] * settings.seq_len
        assert text.validation >= needed["validation_windows"] * settings.seq_len


def test_more_time_gets_a_larger_model() -> None:
    configs = [made(LARGE, time=seconds).choices["config"].value for seconds in (30, 3600)]
    assert configs == ["tiny", "mini"]


def test_more_passes_over_the_text_get_more_dropout() -> None:
    shares = [made(FEW, time=seconds).choices["dropout"].value for seconds in (30, 150, 280)]
    assert shares == sorted(shares)
    assert shares[0] < shares[-1] <= 0.5
    same = [made(text, time=150).choices["dropout"].value for text in (FEW, MEGABYTE)]
    assert same[1] < same[0], "a longer text is memorised less in the same time"
    often = made(MEGABYTE, MachineFacts(True, speeds={"tiny": 30_000.0}), time=280)
    assert often.expected["passes"] > 12 and 0.1 <= often.choices["dropout"].value <= 0.25, "without it 3.5 % worse"


def test_longer_text_may_be_repeated_more_often() -> None:
    most = [most_passes("tiny", characters) for characters in (90_000, 350_000, 500_000, 10**6, 10**8)]
    assert most[0] == most[1] < most[2] < most[3] < most[4] == 16.0
    of_mini = [most_passes("mini", characters) for characters in (90_000, 10**6, 10**8)]
    assert of_mini == [6.0, 9.0, 9.0], "a larger model memorises sooner"
    assert made(FEW, time=900).choices["config"].value == "tiny", "mini would have to repeat it too often"
    alone = MachineFacts(True, speeds={"tiny": 30_000.0})
    assert made(MEGABYTE, alone, time=280).expected["passes"] > most_passes("tiny", 0)


def test_larger_model_gets_few_subwords_and_long_windows_and_much_dropout_where_it_repeats_its_text() -> None:
    plan = made(MEGABYTE, time=1800)
    settings = plan.applied_to(resolve({"time": 1800})).settings
    assert settings.config == "mini" and plan.expected["passes"] == pytest.approx(9, rel=0.01)
    assert 0.25 <= settings.dropout <= 0.35
    assert settings.vocab_size == 500 and (settings.batch_size, settings.seq_len) == (4, 1024)
    few_passes = made(LARGE, time=600)
    assert few_passes.choices["config"].value == "mini" and few_passes.expected["passes"] < 3
    assert few_passes.choices["dropout"].value < 0.2
    assert (few_passes.choices["batch_size"].value, few_passes.choices["seq_len"].value) == (4, 1024)
    new = made(LARGE, time=330)
    assert new.choices["config"].value == "mini" and new.expected["passes"] < 2
    assert (new.choices["batch_size"].value, new.choices["seq_len"].value) == (16, 256)
    resolved = resolve({"time": 1800})
    measured = candidates(MEGABYTE, USUAL, resolved)["mini"]
    assert (measured.batch_size, measured.seq_len, measured.vocab_size) == (4, 1024, 500), "whose speed is measured"


def test_run_ends_before_it_only_memorises_its_text() -> None:
    text = TextFacts(train=90_000, validation=10_000, alphabet=80)
    short, long = (made(text, time=seconds) for seconds in (30, 3600))
    assert short.choices["max_steps"].reason == "steps-in-the-time"
    assert long.choices["max_steps"].reason == "steps-of-the-text"
    assert long.choices["config"].value == "tiny", "a larger model would memorise it sooner"
    assert long.expected["passes"] == pytest.approx(most_passes("tiny", text.train), rel=0.01)
    assert long.expected["seconds"] < 3600 / 2
    assert long.choices["batch_size"].value * long.choices["seq_len"].value == 1024, (
        "few tokens are used, in small steps"
    )
    for fixed in ({"max_steps": 5000}, {"recipe": "guide"}, {"learning_rate": 0.001}):
        assert made(text, time=3600, **fixed).expected["passes"] > 10, "who sets these may repeat the text"
    for dropout in (0.0, 0.3):
        given = made(text, time=3600, dropout=dropout)
        assert given.expected["passes"] == long.expected["passes"], "more passes were not better at any dropout"


@pytest.mark.parametrize("given", [{"epochs": 2}, {"max_steps": 80}, {"epochs": 2, "max_steps": 900}])
def test_given_epochs_and_steps_limit_a_plan(given: dict[str, int]) -> None:
    plan_of = made(SMALL, time=600, **given)
    used = plan_of.choices["batch_size"].value * plan_of.choices["seq_len"].value
    steps = given["max_steps"] if "epochs" not in given else -(-2 * SMALL.train // used)
    assert plan_of.expected["steps"] == pytest.approx(steps, rel=0.05)
    assert plan_of.expected["passes"] == pytest.approx(steps * used / SMALL.train, rel=0.05)
    assert plan_of.expected["seconds"] < 60
    assert plan_of.expected["limited_by"] == next(iter(given))
    assert "max_steps" not in plan_of.choices
    for language in LANGUAGES:
        line = limit_line(plan_of.expected, Wording(language))
        assert line.startswith(f"   {'epochs' if 'epochs' in given else 'max-steps'}: ")
    assert "2 passes" in limit_line(made(SMALL, time=600, epochs=2).expected, Wording("en"))


def test_limits_that_the_time_does_not_reach_leave_the_plan_as_it_is() -> None:
    usual, limited = made(LARGE, time=30), made(LARGE, time=30, epochs=9)
    assert limited.expected == usual.expected and "limited_by" not in usual.expected
    assert limited.choices["max_steps"] == usual.choices["max_steps"]
    assert limit_line(usual.expected, Wording("en")) == ""


def test_every_setting_that_a_plan_chooses_is_listed() -> None:
    for seconds, text in ((30, SMALL), (60, LARGE), (3600, FEW)):
        assert made(text, time=seconds).choices.keys() == CHOSEN - (set() if text is LARGE else {"vocab_size"})


def test_settings_given_as_flags_are_not_chosen() -> None:
    given = {"time": 120, "config": "tiny", "dropout": 0.3, "optimizer": "adamw", "tokenizer": "char"}
    chosen = made(MEGABYTE, **given)
    assert not given.keys() & chosen.choices.keys()
    resolved = chosen.applied_to(resolve(given))
    assert all(getattr(resolved.settings, name) == value for name, value in given.items())
    assert resolved.sources["learning_rate"] == "planner"
    assert resolved.settings.learning_rate == 0.01, "AdamW's best, not the guide's"


@pytest.mark.parametrize("recipe", ["guide", "fast"])
def test_given_recipe_keeps_its_hyperparameters(recipe: str) -> None:
    asked = resolve({"time": 120, "recipe": recipe})
    chosen = plan(MEGABYTE, MachineFacts(True, speeds={"tiny": 30_000.0}), asked)
    assert chosen.choices.keys() <= {"max_steps", "eval_every", "tokenizer", "vocab_size"}
    assert ("tokenizer" in chosen.choices) == (recipe == "fast"), "the guide says what a token is"
    kept = chosen.applied_to(asked).settings
    assert kept.learning_rate == asked.settings.learning_rate
    assert list(candidates(MEGABYTE, USUAL, asked)) == ["tiny"]


def test_target_in_nats_per_token_keeps_the_tokenizer() -> None:
    assert not tokenizer_choices(MEGABYTE, USUAL, resolve({"recipe": "fast", "target_loss": 1.9}))
    assert tokenizer_choices(MEGABYTE, USUAL, resolve({"recipe": "fast", "target_bits": 2.7}))


def test_windows_fit_into_a_short_text() -> None:
    tiny = TextFacts(train=4000, validation=450, alphabet=60)
    settings = made(tiny, time=60).applied_to(resolve({"time": 60})).settings
    assert settings.seq_len <= 64
    assert 8 * settings.seq_len <= 450


def test_a_given_batch_gets_shorter_windows_and_given_windows_a_smaller_batch() -> None:
    """Before, a step of 64 windows had 32,768 tokens, so that a run of a minute made 22 steps."""

    def shape(**given: Any) -> tuple[Any, ...]:
        choices = made(SMALL, time=60, **given).choices
        names = ("seq_len", "batch_size")
        return tuple(value for name in names if (one := choices.get(name)) for value in (one.value, one.reason))

    assert shape() == (256, "window-of-the-text", 4, "batch-of-tokens")
    assert shape(batch_size=4) == (256, "window-of-the-text")
    assert shape(batch_size=64) == (128, "window-of-the-batch")
    assert shape(batch_size=2, accumulate=4) == (128, "window-of-the-batch")
    assert shape(accumulate=2) == (256, "window-of-the-text", 2, "batch-of-tokens")
    assert shape(seq_len=2048) == (1, "batch-of-one")
    of_one = made(SMALL, time=60, seq_len=2048).choices["batch_size"].values
    assert of_one == {"tokens": 2048, "best": 1024}


def test_too_short_time_is_refused_with_a_sufficient_one() -> None:
    with pytest.raises(RequestError) as refused:
        made(MEGABYTE, time=8)
    least = refused.value.values["least"]
    assert made(MEGABYTE, time=least).choices["max_steps"].value >= 20


def test_every_choice_has_a_reason_in_both_languages() -> None:
    plans = [
        made(text, machine, time=seconds, **more)
        for text in (LARGE, MEGABYTE, SMALL)
        for machine in (USUAL, MachineFacts(False, speeds=USUAL.speeds))
        for seconds in (40, 600)
        for more in ({}, {"optimizer": "adamw"}, {"batch_size": 64}, {"seq_len": 4096})
    ]
    for choices in (one.as_dict() for one in plans):
        for name, choice in choices.items():
            for language in LANGUAGES:
                assert reason_of(choice, language), (name, choice)
    assert all(set(words) == set(LANGUAGES) for words in REASONS.values())


def test_plan_round_trips_through_the_record() -> None:
    chosen = made(MEGABYTE, time=60)
    event = events.Planned(time=1.0, choices=chosen.as_dict(), expected=dict(chosen.expected))
    assert events.from_line(events.to_line(event)) == event
    changed = events.Replanned(
        time=1.0, changes={"max_steps": 3}, reason="time", planned_steps=3, seconds_left=2.0, seconds_a_step=0.5
    )
    assert events.from_line(events.to_line(changed)) == changed


def test_no_less_than_no_time_is_left() -> None:
    late = events.Replanned(
        changes={"max_steps": 1}, planned_steps=1, reason="time", seconds_left=-1.0, seconds_a_step=9.0
    )
    assert replanned_values(late, Wording("en"))["left"] == "0"


def test_rules_match_the_measured_values() -> None:
    known = rules()
    for config in ("tiny", "mini"):
        assert known.subwords(known.subword_characters - 1, config) == 0
        assert known.fewest_subwords <= known.subwords(known.subword_characters, config) <= known.most_subwords
    assert known.subwords(1_400_000, "tiny") == 2 * known.subwords(1_400_000, "mini") == 1_400
    assert known.dropout(0.0) == known.dropout_by_passes[0][1]
    assert known.dropout(1e9) == known.dropout_by_passes[-1][1]


@pytest.mark.parametrize(("minutes", "measured"), [(1, ["tiny"]), (3, ["tiny"]), (20, ["tiny", "mini"])])
def test_only_models_that_can_be_chosen_are_measured(tmp_path: Path, minutes: int, measured: list[str]) -> None:
    """Measuring mini on a busy machine took most of a minute, in which it is never chosen."""
    path = tmp_path / "text.txt"
    path.write_text("".join(f"{number} times {number * 7}.\n" for number in range(120_000)), encoding="utf-8")
    asked = []

    def measure(settings: Settings, vocabulary: int, seconds: float) -> Speed:
        asked.append(settings.config)
        return Speed(12_000.0 if settings.config == "tiny" else 2_400.0, trusted=False)

    resolved = resolve({"data_dir": str(path), "time": 60 * minutes, "tokenizer": "char"})
    for _ in planner.planned(resolved, Speeds("here", measure)):
        pass
    assert asked == measured


def test_speed_is_cached_only_from_a_quiet_machine() -> None:
    asked: list[str] = []

    def measured(settings: Settings, vocabulary: int, seconds: float) -> Speed:
        asked.append(settings.config)
        return Speed(1000.0, trusted=settings.config != "mini")

    speeds = Speeds("here", measured)
    for config in ("tiny", "tiny", "mini", "mini"):
        assert speeds.of(Settings(config=config), 1000, 0.1) == 1000.0
    assert asked == ["tiny", "mini", "mini"]
    assert Speeds("there", measured).of(Settings(), 1000, 0.1) == 1000.0
    assert asked[-1] == "tiny", "another machine's speed says nothing here"
    (user_folders.cache_folder() / "throughput.json").write_text("[torn")
    assert speeds.of(Settings(), 1000, 0.1) == 1000.0


class Run:
    """A run with a simulated clock: steps of `pace` seconds, which other work may lengthen."""

    def __init__(self, seconds: float, pace: float, beside: Beside) -> None:
        self.now = 0.0
        self.deadline = Deadline(seconds, 0.0, 0.0, pace, beside, clock=lambda: self.now)
        self.planned = self.deadline.fitting(0, 100, 100)
        self.replanned: list[tuple[int, int]] = []
        self.pace, self.beside, self.step = pace, beside, 0

    def go(self, slower: Any) -> float:
        """Train to the end; slower: by how much at a moment. Returns when the run is over."""
        while True:
            fitting = self.deadline.decide(self.step, self.planned, 100, 100) if self.step else None
            if fitting is not None:
                self.planned = fitting
                self.replanned.append((self.step, fitting))
            if self.step and self.step % 100 == 0 and self.step < self.planned:
                self._beside(self.beside.validation, slower, self.deadline.add_validation)
                self._beside(self.beside.saving, slower, self.deadline.add_saving)
            if self.step >= self.planned:
                return self.now + self.beside.validation * slower(self.now) + self.beside.ending * slower(self.now)
            self.step += 1
            took = self.pace * slower(self.now)
            self.now += took
            self.deadline.add_step(took)

    def _beside(self, seconds: float, slower: Any, told: Any) -> None:
        self.now += seconds * slower(self.now)
        told(seconds * slower(self.now))


@pytest.mark.parametrize("seconds", [30.0, 120.0, 900.0])
@pytest.mark.parametrize("pace", [0.04, 0.4])
@pytest.mark.parametrize("factor", [1.0, 0.5, 2.0, 3.0])
def test_run_ends_within_its_time_when_the_speed_changes(seconds: float, pace: float, factor: float) -> None:
    run = Run(seconds, pace, Beside(1.0, 0.1, 2.0))
    ended = run.go(lambda now: factor if seconds / 3 < now < seconds * 2 / 3 else 1.0)
    assert ended <= seconds + min(10.0, 0.05 * seconds)
    assert ended >= (0.75 if factor > 2 else 0.9) * seconds, "what time there is is used"
    assert bool(run.replanned) == (factor != 1.0)
    assert len(run.replanned) < 40


@pytest.mark.parametrize(("seconds", "pace"), [(120.0, 6.0), (300.0, 6.0), (120.0, 1.5), (900.0, 3.0)])
@pytest.mark.parametrize("since", [0.0, 0.3, 0.6])
def test_run_with_long_steps_ends_within_its_time_on_a_machine_that_stays_slower(
    seconds: float, pace: float, since: float
) -> None:
    """A step that begins shortly before the end may take its whole length longer."""
    run = Run(seconds, pace, Beside(1.0, 0.1, 4.0))
    ended = run.go(lambda now: 4.0 if now > since * seconds else 1.0)
    assert ended <= seconds + max(10.0, 0.05 * seconds)


@pytest.mark.parametrize("seconds", [60.0, 120.0, 900.0])
@pytest.mark.parametrize(("at", "stall"), [(0.25, 4.0), (0.25, 20.0), (0.6, 4.0), (0.8, 4.0)])
def test_one_long_step_does_not_end_a_run_early(seconds: float, at: float, stall: float) -> None:
    run, stalled = Run(seconds, 0.1, Beside(1.0, 0.1, 2.0)), []

    def slower(now: float) -> float:
        if now < at * seconds or stalled:
            return 1.0
        stalled.append(now)
        return stall / 0.1

    ended = run.go(slower)
    assert 0.9 * seconds <= ended <= seconds + min(10.0, 0.05 * seconds)
    early = [planned - step for step, planned in run.replanned if step < 0.8 * run.step]
    assert min(early, default=100) > 20, "the end does not come near at once"


@pytest.mark.parametrize("validation", [0.5, 4.0, 20.0])
@pytest.mark.parametrize("every", [50, 333, 2000])
def test_planned_steps_are_the_most_that_end_in_time_with_what_is_between_them(validation: float, every: int) -> None:
    beside, saving_every = Beside(validation, 0.3, 2.0), 250

    def takes(since: int, until: int) -> float:
        between = range(since, until)
        validations, savings = (
            sum(step % each == 0 and step > 0 for step in between) for each in (every, saving_every)
        )
        return 0.04 * len(between) + validations * validation + savings * beside.saving

    for used in range(0, 118, 3):
        deadline = Deadline(120.0, 0.0, float(used), 0.04, beside, clock=lambda: 0.0)
        left = deadline.left - deadline.after_the_steps
        planned = deadline.fitting(700, every, saving_every)
        assert planned == 700 or takes(700, planned) <= left + 1e-6
        assert takes(700, planned + 1) > left - 1e-6


def test_run_ends_within_its_time_on_a_slow_machine() -> None:
    run = Run(60.0, 0.1, Beside(1.0, 0.1, 2.0))
    assert run.go(lambda now: 2.5) <= 66.0


def test_incomplete_stored_budget_is_refused() -> None:
    stored = {"used": 3.0, "seconds_a_step": 0.1, "anchor_step": 4, "anchor_done": 0.5}
    assert Budget.of_stored(stored).anchor == (4, 0.5)
    assert Budget.of_stored({**stored, "since_step": 7}).since_step == 7
    for name in stored:
        with pytest.raises(ValueError, match="budget"):
            Budget.of_stored({key: value for key, value in stored.items() if key != name})
        with pytest.raises(ValueError, match="budget"):
            Budget.of_stored({**stored, name: "much"})


@pytest.mark.parametrize("schedule", ["linear", "cosine", "wsd"])
def test_learning_rate_is_continuous_when_steps_are_replanned(schedule: str) -> None:
    settings = resolve({"schedule": schedule, "warmup_steps": 10, "max_steps": 1000}).settings
    before = rate_factor(400, planned=1000, settings=settings)
    done = (400 - 10) / 990
    for planned in (500, 2000):
        after = [rate_factor(step, planned=planned, settings=settings, anchor=(400, done)) for step in (400, planned)]
        assert after[0] == pytest.approx(before)
        assert after[1] == pytest.approx(settings.learning_rate_floor)


def test_target_in_bits_is_converted_to_nats_per_token() -> None:
    asked = resolve({"target_bits": 2.0}).settings
    assert make_plan(asked, 100, tokens_a_character=0.5).target_loss == pytest.approx(4 * math.log(2))
    both = resolve({"target_bits": 2.0, "target_loss": 1.5}).settings
    assert make_plan(both, 100, tokens_a_character=1.0).target_loss == 1.5, "the one that is reached first"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("10m", 600),
        ("2h", 7200),
        ("1h30m", 5400),
        ("1.5m", 90),
        ("45", 45),
        (60, 60),
        ("90sn", 90),
        ("10 dk", 600),
        ("1 h 30 m", 5400),
        ("10dk", 600),
        ("2sa", 7200),
        ("1sa30dk", 5400),
        ("2DK 5s", 125),
        ("90 saniye", 90),
        ("1 saat 30 dakika", 5400),
    ],
)
def test_time_accepts_units(text: str | int, seconds: float) -> None:
    assert resolve({"time": text}).settings.time == seconds
    assert resolve({"time": text}).settings.epochs is None, "the time alone limits the run"


@pytest.mark.parametrize("text", ["soon", "10 parsecs", "m", "", "-5m", "1e400", "nan", "1s", "5snn", "5dkm", "dk"])
def test_invalid_time_is_refused(text: str) -> None:
    with pytest.raises(RequestError):
        resolve({"time": text})


def test_fewer_steps_by_hand_are_what_is_expected() -> None:
    whole, few = made(MEGABYTE, time=120).expected, made(MEGABYTE, time=120, max_steps=100).expected
    assert few["steps"] == 100
    assert few["passes"] == pytest.approx(whole["passes"] * 100 / whole["steps"], abs=0.02)
    assert few["tokens"] == pytest.approx(whole["tokens"] * 100 / whole["steps"], rel=0.01)


@pytest.mark.parametrize("seconds", [40, 60, 300])
def test_validations_are_counted_in_the_time_and_are_several_where_they_are_quick(seconds: float) -> None:
    plan = made(MEGABYTE, time=seconds)
    count, each = (plan.choices["eval_every"].values[name] for name in ("count", "each"))
    assert plan.expected["seconds"] + count * each < seconds
    assert count * each <= 0.1 * seconds
    assert count >= 3 or (count + 1) * each > 0.1 * seconds


@pytest.mark.parametrize("speed", [200.0, 900.0, 5_000.0])
def test_the_time_that_is_named_as_the_least_is_enough(speed: float) -> None:
    slow = MachineFacts(True, speeds={"tiny": speed})
    with pytest.raises(RequestError) as refused:
        made(MEGABYTE, slow, time=12)
    least = float(refused.value.values["least"])
    assert made(MEGABYTE, slow, time=least).expected["steps"] >= 20
