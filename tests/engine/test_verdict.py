"""The verdict on a run: its place between the baselines, what would improve it, and a command for that."""

from __future__ import annotations

import shlex
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from mmrec_engine import events
from mmrec_engine.checks.finding import Status, finding
from mmrec_engine.checks.postrun.curve_checks import COURSE_CHECKS
from mmrec_engine.checks.preflight.skipped_files import skipped_finding
from mmrec_engine.checks.report import markdown, report_of
from mmrec_engine.checks.specs import numbers
from mmrec_engine.checks.verdict import verdict_of
from mmrec_engine.checks.waivers import marked
from mmrec_engine.data.sources.documents import Skipped
from mmrec_engine.errors import TrainingError
from mmrec_engine.locales.guide.findings import advice
from mmrec_engine.locales.messages import LANGUAGES, Language
from mmrec_engine.locales.numbers import in_language
from mmrec_engine.locales.verdicts import verdict_lines
from mmrec_engine.runs.history import History
from mmrec_engine.runs.other_runs import OtherRun, OtherRuns
from mmrec_engine.settings import resolve
from mmrec_engine.settings.model_config import ModelConfig
from mmrec_engine.settings.presets import CHOSEN
from mmrec_engine.settings.pretrained import shape_text

BASELINES = {"unigram": 3.1, "bigram": 2.5, "5-gram": 1.9}


def run(
    validations: list[tuple[float, float]], every: int = 100, by_hand: tuple[str, ...] = (), **settings: Any
) -> History:
    """A run that ended, with these validation and training losses, one every so many steps. With a given time the planner has
    chosen its settings, but for some `by_hand`."""
    history = History()
    if settings.get("time"):
        own = resolve(settings).settings.as_dict()
        chosen = {name: {"value": own[name]} for name in CHOSEN.difference(by_hand)}
        history.add(events.Planned(choices=chosen))
    history.add(
        events.RunStarted(
            planned_steps=100, steps_an_epoch=100, parameters=1, corpus={}, settings=resolve(settings).settings.as_dict(),
            baselines=BASELINES,
        )
    )  # fmt: skip
    best = min(loss for loss, _ in validations)
    for number, (loss, training) in enumerate(validations, start=1):
        history.add(
            events.Validation(
                step=every * number, loss=loss, perplexity=1, accuracy=0.5, bits_per_character=1.4427 * loss,
                training_loss=training, batches=1, best=loss == best, patience_used=0, patience=5, epoch=1,
            )
        )  # fmt: skip
    history.add(events.RunFinished(step=every * len(validations), status="completed", reason="", seconds=100.0))
    return history


@pytest.mark.parametrize(
    ("loss", "stands"),
    [(1.8, "below-5-gram"), (2.0, "above-5-gram"), (2.6, "above-bigram"), (3.3, "above-unigram")],
)
def test_verdict_places_the_model_between_the_baselines(loss: float, stands: str) -> None:
    verdict = verdict_of(run([(loss, loss)]))
    assert verdict is not None
    assert verdict["stands"] == stands
    assert verdict["baselines"]["5-gram"] == pytest.approx(1.9 * 1.4427, abs=1e-3), "in bits a character"


@pytest.mark.parametrize("language", LANGUAGES)
def test_difference_to_the_5_gram_within_the_interval_of_the_loss_is_not_told_as_a_fact(language: Language) -> None:
    """The report says beside it that this may be chance."""
    told = {}
    for half in (None, 0.001, 0.5):
        history = run([(2.0, 2.0), (BASELINES["5-gram"] - 0.01, 1.8)])
        if half is not None:
            loss = history.validations[-1][1].loss
            interval = {"low": loss - half, "high": loss + half}
            history.add(events.Check(finding=finding("metrics-reported", "after", "pass", interval)))
        verdict = verdict_of(history)
        assert verdict is not None and verdict["chance"] is (half == 0.5)
        told[half] = verdict_lines(verdict, language)[0]
    certain = {"en": "better than the n-gram baselines", "tr": "hepsinden iyi"}[language]
    assert certain in told[None] and certain in told[0.001] and certain not in told[0.5]
    assert {"en": "may be chance", "tr": "rastlantı olabilir"}[language] in told[0.5]


@pytest.mark.parametrize(
    ("validations", "settings", "lever"),
    [
        ([(2.2, 2.2), (2.0, 2.0)], {"learning_rate": 0.01}, "time"),
        ([(2.2, 2.2), (2.0, 2.0)], {}, "rate"),  # the guide's recipe
        ([(2.0, 1.9), (2.0, 1.9)], {"optimizer": "muon", "learning_rate": 0.04}, "none"),
        ([(1.7, 1.5), (1.9, 1.0)], {"optimizer": "muon", "learning_rate": 0.04, "dropout": 0.0}, "dropout"),
        ([(1.7, 1.5), (1.9, 1.0)], {"optimizer": "muon", "learning_rate": 0.04, "dropout": 0.4}, "text"),
        ([(1.7, 1.5), (1.9, 1.0)], {}, "dropout"),  # a low rate is not what a memorised text lacks
    ],
)
def test_verdict_names_the_most_effective_change(
    validations: list[tuple[float, float]], settings: dict[str, Any], lever: str
) -> None:
    verdict = verdict_of(run(validations, **settings))
    assert verdict is not None
    assert verdict["lever"] == lever
    for language in LANGUAGES:
        lines = verdict_lines(verdict, language)
        assert len(lines) == 2
        assert not any("{" in line for line in lines)


def test_validation_shortly_before_the_end_does_not_make_a_falling_loss_flat() -> None:
    """As where a run on a busy machine ends soon after a validation."""
    history = run([(3.9, 3.9), (3.5, 3.5), (3.499, 3.499)], optimizer="muon", learning_rate=0.04)
    assert verdict_of(history)["lever"] != "time"  # type: ignore[index]
    (place, last) = history.validations[-1]
    second = history.validations[-2][0]
    history.validations[-1] = ((second[0] + 5, *place[1:]), last)  # type: ignore[assignment]
    verdict = verdict_of(history)
    assert verdict is not None and verdict["lever"] == "time"


@pytest.mark.parametrize("last", [3.499, 3.486, 3.48, 3.2])
@pytest.mark.parametrize("apart", [5, 100])
def test_check_and_verdict_agree_whether_the_loss_still_fell(last: float, apart: int) -> None:
    history = run([(4.4, 4.4), (3.9, 3.9), (3.5, 3.5), (last, last)], optimizer="muon", learning_rate=0.04)
    place, final = history.validations[-1]
    history.validations[-1] = ((history.validations[-2][0][0] + apart, *place[1:]), final)
    verdict = verdict_of(history)
    (check,) = [one for one in COURSE_CHECKS if one.id == "still-improving"]
    values = check.measure(SimpleNamespace(history=history))
    status = check.judge(values, numbers("still-improving"))
    assert verdict is not None
    assert (verdict["lever"] == "time") == (status == "note")
    history.settings["time"] = 120.0
    values = check.measure(SimpleNamespace(history=history))
    status = check.judge(values, numbers("still-improving"))
    told = advice({"id": "still-improving", "status": status, "values": values}, "en")
    assert ("--time" in told) == (status == "note"), "a run with a given time goes on with more of it"


def test_what_was_trained_on_once_is_not_called_memorised() -> None:
    settings = {"optimizer": "muon", "learning_rate": 0.04}
    for every, init_from, lever in ((50, None, "none"), (100, None, "dropout"), (50, "hf:model", "dropout")):
        verdict = verdict_of(run([(2.0, 1.5), (2.0, 1.5)], every=every, init_from=init_from, **settings))
        assert verdict is not None and verdict["lever"] == lever


@pytest.mark.parametrize(("init_from", "rate", "named"), [(None, 0.004, True), ("a", 0.004, False), ("a", 1e-4, True)])
def test_low_rate_of_trained_weights_is_not_called_too_low(init_from: str | None, rate: float, named: bool) -> None:
    verdict = verdict_of(run([(2.2, 2.2), (2.0, 2.0)], optimizer="muon", learning_rate=rate, init_from=init_from))
    assert verdict is not None and (verdict["lever"] == "rate") == named


def test_losses_of_unlike_splits_are_apart_without_memorising() -> None:
    unlike = finding("split-alike", "before", "warn", {"under_training": 3.0, "under_own": 2.4, "apart": 0.6})
    for losses, lever in (([2.0, 2.0], "none"), ([2.0, 2.1], "dropout")):  # a rising validation loss still tells
        history = run([(loss, 1.5) for loss in losses], optimizer="muon", learning_rate=0.04)
        history.add(events.Check(finding=unlike))
        verdict = verdict_of(history)
        assert verdict is not None and verdict["lever"] == lever


def test_forecast_is_careful_with_a_repeated_text_and_left_out_after_few_steps() -> None:
    def forecast(every: int) -> tuple[float | None, list[list[str]]]:
        history = run([(2.2, 2.2), (2.0, 2.0)], every=every, learning_rate=0.01, time=60)
        assert history.started is not None
        history.started.corpus["train_characters"] = 1_400_000  # so many that 16 passes over them help
        verdict = verdict_of(history)
        assert verdict is not None and verdict["lever"] == "time"
        return verdict["values"].get("expected"), [verdict_lines(verdict, language) for language in LANGUAGES]

    (none, short), (once, _), (often, _) = forecast(10), forecast(60), forecast(400)
    assert none is None
    assert all(len(lines) == 2 for lines in short)
    assert once is not None and often is not None
    bits = 2.0 * 1.4427
    assert (bits - once) / bits == pytest.approx(0.03, abs=1e-4)
    assert (bits - often) / bits == pytest.approx(0.01, abs=1e-4)


def hand_set(**settings: Any) -> History:
    return run([(2.2, 2.2), (2.0, 2.0)], learning_rate=0.01, **settings)


@pytest.mark.parametrize(
    ("history", "known"),
    [
        (hand_set(time=60), True),
        (hand_set(time=60, init_from="a", by_hand=("config", "arch", "tokenizer", "vocab_size")), True),
        (hand_set(), False),  # the planner chooses other settings than these
        (hand_set(recipe="fast"), False),
        (hand_set(time=60, by_hand=("learning_rate",)), False),
        (hand_set(time=60, by_hand=("dropout",)), False),  # the same as the usual one, but not chosen
        (hand_set(time=60, weight_decay=0.3), False),  # what the planner never chooses
        (hand_set(time=60, seed=7, epochs=5, by_hand=("max_steps",)), True),
    ],
)
def test_forecast_of_a_run_with_other_settings_is_the_most_to_expect(history: History, known: bool) -> None:
    """Twice the time saves a few percent; other settings were seen to save a fifth."""
    verdict = verdict_of(history)
    assert verdict is not None and verdict["lever"] == "time" and verdict["anew"] is not known
    for language, words, number in (
        ("en", "or fewer, as the settings are chosen anew", "about 2.80 bits"),
        ("tr", "sonunda en çok yaklaşık", "yaklaşık 2,80 bit"),
    ):
        told = verdict_lines(verdict, language)[-1]
        assert number in told and (words in told) is not known, told


def test_forecast_after_a_planned_setting_was_changed_during_the_run_is_the_most_to_expect() -> None:
    history = hand_set(time=60)
    history.add(events.SettingsChanged(changes={"dropout": 0.3}, before={"dropout": 0.1}, reason="user"))
    verdict = verdict_of(history)
    assert verdict is not None and verdict["anew"]


def test_text_that_was_passed_over_often_needs_more_text_not_more_time() -> None:
    verdict = verdict_of(run([(2.2, 2.1), (2.0, 1.8)], every=1000, learning_rate=0.01))
    assert (
        verdict is not None
        and verdict["lever"] == "text"
        and "FOLDER" in verdict["command"]
        and "--name better" in verdict["command"]
    )
    timed = verdict_of(run([(2.2, 2.2), (2.0, 2.0)], every=1000, learning_rate=0.01, time=60))
    assert timed is not None and timed["lever"] == "text", "a planner would not repeat it more often"
    assert "20 times" in verdict_lines(verdict, "en")[1]
    assert "20 kez" in verdict_lines(verdict, "tr")[1]


def test_verdict_command_quotes_the_text_for_the_shell() -> None:
    verdict = verdict_of(run([(2.0, 2.0)], data_dir="my texts/a"))
    assert verdict is not None
    words = shlex.split(verdict["command"])
    assert words[:2] == ["mmrec-tui", "train"]
    assert words[words.index("--data-dir") + 1] == "my texts/a"


def checked(*findings: dict[str, Any], **settings: Any) -> History:
    """A run with these findings of the checks before training."""
    history = run([(2.0, 2.0)], learning_rate=0.01, **settings)
    for one in findings:
        history.add(events.Check(finding=one))
    return history


def copied(status: Status = "fail", share: float = 0.45) -> dict[str, Any]:
    return finding("split-overlap", "before", status, {"found": 9, "grams": 20, "share": share, "looked_at": 1.0})


def test_next_command_is_not_stopped_by_the_checks_that_failed_before_this_run() -> None:
    def flags(*findings: dict[str, Any]) -> list[str]:
        verdict = verdict_of(checked(*findings))
        assert verdict is not None
        words = shlex.split(verdict["command"])
        return words[words.index("--use-sample-corpus") + 1 : words.index("--name")]

    counted, size = finding("baselines", "before", "pass", {}), finding("corpus-size", "before", "pass", {})
    doubled = finding("duplicate-text", "before", "warn", {})
    broken = finding("round-trip", "before", "error", {"reason": "x"})
    skipped = skipped_finding(Skipped("a.txt", "binary"))
    assert flags() == []
    assert flags(counted, size, doubled) == [], "a warning stops nothing"
    assert flags(counted, marked(copied(), ["split-overlap"]), doubled, broken) == [
        "--waive", "split-overlap", "--waive", "round-trip",
    ]  # fmt: skip
    assert flags(counted, copied(), copied("pass", 0.0)) == [], "the check was made again, and passed"
    assert flags(skipped, counted) == ["--no-check"], "only the baselines were computed"
    assert flags(counted, {**broken, "id": "of-another-version"}) == [], "an unknown check cannot be waived"


def test_verdict_says_that_a_copied_validation_split_says_little_about_new_text() -> None:
    for one, share in ((copied(), 0.45), (copied("warn", 0.06), None), (copied("pass", 0.0), None)):
        verdict = verdict_of(checked(one))
        assert verdict is not None and verdict["copied"] == share
        for language, told in (("en", "45% of the validation split"), ("tr", "%45 oranında validation metni")):
            said = [line for line in verdict_lines(verdict, language) if told in line]
            assert len(said) == (share is not None)
    unchecked = verdict_of(checked())
    assert unchecked is not None and unchecked["copied"] is None


def test_a_run_without_a_validation_has_no_verdict() -> None:
    assert verdict_of(History()) is None


@pytest.mark.parametrize("status", ["failed", "interrupted"])
def test_run_that_failed_or_was_interrupted_has_no_verdict(status: Any) -> None:
    history = run([(2.2, 2.2), (2.0, 2.0)])
    assert verdict_of(history) is not None
    history.add(events.RunFinished(step=200, status=status, reason="", seconds=100.0))
    assert verdict_of(history) is None


def falling(**settings: Any) -> History:
    """A run whose validation loss is still falling: 2.885 bits per character."""
    return run([(2.2, 2.2), (2.0, 2.0)], learning_rate=0.01, **settings)


def earlier_run(bits: float, **settings: Any) -> OtherRun:
    return OtherRun("tiny", bits, 120.0, resolve({"learning_rate": 0.01, **settings}).settings.as_dict())


def test_what_makes_the_model_of_a_better_run_is_repeated() -> None:
    """Also what is not among the few differing settings that are shown, and what has no effect in this run."""
    better = earlier_run(2.85, config="mini", tokenizer="bpe", vocab_size=2000, optimizer="muon", learning_rate=0.04)
    worse = verdict_of(falling(time=240), OtherRuns(better))
    assert worse is not None and worse["lever"] == "earlier"
    assert worse["settings"] == {
        "config": "mini", "tokenizer": "bpe", "vocab_size": 2000, "optimizer": "muon", "learning_rate": 0.04,
    }  # fmt: skip
    resolve({**worse["settings"], "time": 240})
    assert verdict_lines(worse, "en")[-1] == (
        "Next to try in 4:00: Model size, Tokenizer, Vocabulary size, Optimizer, Learning rate as in the better run, "
        "with random weights."
    )
    same = verdict_of(falling(time=240), OtherRuns(earlier_run(2.85, dropout=0.3)))
    assert same is not None and same["settings"] == {}
    assert verdict_lines(same, "en")[-1] == "Next to try: settings that are chosen for 4:00."


def test_a_pretrained_model_is_repeated_alone_and_left_where_a_new_one_was_better() -> None:
    shape = shape_text(ModelConfig("llama", 320, 64, 2, 4, 512))
    of_model = {
        "config": "pretrained",
        "tokenizer": "pretrained",
        "arch": "llama",
        "shape": shape,
        "init_from": "hf:model",
    }
    new = falling(time=240)
    pretrained = OtherRun("small", 2.85, 120.0, resolve({**of_model, "learning_rate": 0.01}).settings.as_dict())
    worse = verdict_of(new, OtherRuns(pretrained))
    assert worse is not None and worse["settings"] == {"init_from": "hf:model"}
    assert "--init-from hf:model" in worse["command"] and "--config" not in worse["command"]
    for name, value in of_model.items():
        new.settings[name] = value
    alone, worse = verdict_of(new), verdict_of(new, OtherRuns(earlier_run(2.85)))
    assert alone is not None and "--init-from hf:model" in alone["command"]
    assert worse is not None and "--init-from" not in worse["command"]
    assert worse["settings"] == {"config": "tiny", "arch": "mmrec", "tokenizer": "char"}


def test_next_run_begins_with_the_weights_that_this_run_began_with() -> None:
    first = "/runs/earlier/best_model.pt"
    verdict = verdict_of(falling(time=240, init_from=first))
    assert verdict is not None and verdict["settings"] == {"init_from": first}
    assert f"--init-from {first}" in verdict["command"]
    better = verdict_of(falling(time=240), OtherRuns(earlier_run(2.85, init_from=first, vocab_size=900)))
    assert better is not None and better["settings"] == {"init_from": first}, "which decide its vocabulary"
    for language, words in (
        ("en", "the weights that the better run began with"),
        ("tr", "çalışmanın başladığı ağırlıklar"),
    ):
        assert words in verdict_lines(better, language)[-1]


@pytest.mark.parametrize("first", [None, "/runs/earlier/best_model.pt"])
def test_a_later_run_that_is_better_is_followed_as_an_earlier_one_is(first: str | None) -> None:
    """A run that began with weights would begin with them again, though random ones have turned out better since."""
    own = worked(falling(time=240, init_from=first), 10_000)
    better = replace(earlier_run(2.85, time=120, config="mini"), name="mini", work=11_000.0)
    verdict = verdict_of(own, OtherRuns(earlier_run(2.87), later=(better,)))
    assert verdict is not None and verdict["lever"] == "earlier"
    assert verdict["settings"] == {"config": "mini"} and "--init-from" not in verdict["command"]
    assert "worse than mini (2.850, whole run 2:00), which was made later" in " ".join(verdict_lines(verdict, "en"))
    assert "Daha sonra yapılan mini" in " ".join(verdict_lines(verdict, "tr"))
    longer = replace(better, seconds=240.0, work=20_000.0)
    for later, others in ((longer, None), (replace(better, bits=2.8853), None), (better, earlier_run(2.84))):
        verdict = verdict_of(own, OtherRuns(others, later=(later,)))
        assert verdict is not None
        named = (verdict["earlier"] or {}).get("run")
        assert named == (None if others is None else "tiny"), "not one that was trained longer, or is as good"
        if others is None:
            assert verdict["lever"] == "time" and verdict["settings"] == ({"init_from": first} if first else {})


@pytest.mark.parametrize(("seconds", "shown"), [(47.46, "0:47"), (47.54, "0:48")])
def test_time_of_another_run_is_rounded_once_as_in_its_own_report(seconds: float, shown: str) -> None:
    verdict = verdict_of(falling(time=240), OtherRuns(replace(earlier_run(2.85), seconds=seconds)))
    told = " ".join(verdict_lines(verdict or {}, "en"))
    assert f"whole run {shown})" in told


def test_a_run_that_is_worse_than_an_earlier_one_is_not_advised_more_time() -> None:
    history = falling(tokenizer="bpe", vocab_size=2000, time=240)
    alone, worse = verdict_of(history), verdict_of(history, OtherRuns(earlier_run(2.85, time=120)))
    assert alone is not None and alone["lever"] == "time" and alone["earlier"] is None
    assert worse is not None and worse["lever"] == "earlier"
    assert worse["earlier"]["differing"] == {"tokenizer": ["char", "bpe"]}, (
        "neither lengths nor the size of a vocabulary of characters"
    )
    assert worse["seconds"] == 240, "its own time, not twice as much"
    assert worse["settings"] == {"tokenizer": "char"}
    assert "--tokenizer char" in worse["command"] and "--time 4m" in worse["command"]
    told = " ".join(verdict_lines(worse, "en"))
    assert "0.035 bits per character worse than tiny (2.850, whole run 2:00): tiny remains the best model" in told
    assert "Tokenizer bpe instead of char" in told and "more time helps most" not in told
    told = " ".join(verdict_lines(worse, "tr"))
    assert "tiny çalışmasından (2,850, tüm süresi 2:00) karakter başına 0,035 bit daha kötü" in told
    assert "char yerine bpe" in told


def test_a_run_that_is_better_than_an_earlier_one_says_by_how_much() -> None:
    verdict = verdict_of(falling(), OtherRuns(earlier_run(3.0)))
    assert verdict is not None and verdict["lever"] == "time" and verdict["earlier"]["result"] == "better"
    assert "0.115 bits per character better than tiny (3.000, whole run 2:00)" in verdict_lines(verdict, "en")[1]
    assert verdict["settings"] == {}


@pytest.mark.parametrize(("time", "expected", "told"), [(240, 2.7, True), (120, 2.7, False), (240, 2.884, False)])
def test_verdict_says_which_forecast_was_missed(time: int, expected: float, told: bool) -> None:
    earlier = replace(earlier_run(2.85, time=120), forecast=(240.0, expected))
    verdict = verdict_of(falling(time=time), OtherRuns(earlier))
    assert verdict is not None and verdict["earlier"]["missed"] == (expected if told else None)
    assert ("tiny expected about 2.70 bits per character" in " ".join(verdict_lines(verdict, "en"))) == told
    assert ("tiny raporu bu sürede karakter başına yaklaşık 2,70 bit" in " ".join(verdict_lines(verdict, "tr"))) == told


def worked(history: History, tokens: int, step: int = 200) -> History:
    history.last_step = events.Step(
        step=step, loss=2.0, learning_rate=0.01, grad_norm=1.0, tokens_per_second=1.0, tokens=tokens, epoch=1
    )
    return history


def test_a_better_run_that_was_trained_longer_is_no_reason_for_its_settings() -> None:
    own = worked(falling(time=120, dropout=0.1), 10_000)
    longer = replace(earlier_run(2.85), seconds=240.0, work=20_000.0)
    verdict = verdict_of(own, OtherRuns(longer))
    assert verdict is not None and verdict["lever"] == "time" and verdict["settings"] == {}
    assert verdict["earlier"]["longer"] == [240.0, 100.0]
    assert "tiny was trained longer: 4:00, this run 1:40." in verdict_lines(verdict, "en")
    larger = replace(longer, seconds=100.0, settings={**longer.settings, "config": "mini"})
    same_time = verdict_of(own, OtherRuns(larger))
    assert same_time is not None and same_time["lever"] == "earlier", "its model makes more of the same time"
    assert same_time["earlier"]["more"] is None
    for damaged in ([None, 2.0], ["a", "b"], [1.0], "long"):
        assert verdict_lines({**verdict, "earlier": {**verdict["earlier"], "longer": damaged}}, "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_better_run_that_made_more_steps_in_the_same_time_is_no_reason_for_its_settings(language: Language) -> None:
    """As on a machine that was less busy then; a person would conclude that the other settings did harm."""
    own = worked(falling(time=120, dropout=0.1), 10_000)
    faster = replace(earlier_run(2.85), seconds=100.0, work=20_000.0)
    faster = replace(faster, settings={**own.settings, "dropout": 0.12})
    verdict = verdict_of(own, OtherRuns(faster))
    assert verdict is not None and verdict["lever"] == "time" and verdict["settings"] == {}
    times = verdict["earlier"]["more"]
    assert times > 1.25
    told = " ".join(verdict_lines(verdict, language))
    assert in_language(f"{times:.1f}", language) in told
    assert {"en": "training operations", "tr": "eğitim işlemi"}[language] in told
    assert {"en": "(1:40, this run 1:40)", "tr": "(1:40, bu çalışma 1:40)"}[language] in told, (
        "not whether that is the same"
    )


def replanned(history: History, before: int, *events_between: events.Event) -> History:
    """The history of a run whose clock changed its number of steps."""
    changed = History()
    assert history.started is not None and history.finished is not None
    changed.add(replace(history.started, planned_steps=before))
    for event in events_between:
        changed.add(event)
    changed.add(
        events.Replanned(
            step=50, changes={"max_steps": 200}, before={}, reason="time", planned_steps=200, seconds_left=9, seconds_a_step=1
        )
    )  # fmt: skip
    for _, validation in history.validations:
        changed.add(validation)
    changed.add(history.finished)
    return worked(changed, 10_000)


@pytest.mark.parametrize("before", [250, 1900])
def test_a_run_on_a_busy_machine_is_not_compared_as_if_its_settings_were_the_reason(before: int) -> None:
    own = replanned(falling(time=120), before)
    busy = before == 1900
    work = 20_000.0 if busy else 12_000.0
    verdict = verdict_of(own, OtherRuns(replace(earlier_run(2.85, dropout=0.3), seconds=100.0, work=work)))
    assert verdict is not None
    assert verdict["lever"] == ("time" if busy else "earlier")
    assert verdict["slowed"] == ({"steps": 200, "planned": 1900} if busy else None)
    for language, words in (
        ("en", ("200 of 1900 planned steps", "on an idle machine, or more time")),
        ("tr", ("planlanan 1900 adımın 200 tanesi", "boş bir makinede aynı süre ya da")),
    ):
        told = " ".join(verdict_lines(verdict, language))
        assert all((one in told) == busy for one in words), told


def test_a_run_that_a_busy_machine_kept_from_its_steps_is_advised_no_other_choice_of_the_same_settings() -> None:
    """It was worse than a shorter run which made about as many steps; a new plan for its time would be the one that it had."""
    own = replanned(falling(time=240, dropout=0.2), 1900)
    shorter = replace(earlier_run(2.85, time=120, dropout=0.1), seconds=110.0, work=own.work)
    verdict = verdict_of(own, OtherRuns(shorter))
    assert verdict is not None and verdict["slowed"] is not None and verdict["earlier"]["result"] == "worse"
    assert verdict["lever"] == "time" and "on an idle machine" in verdict_lines(verdict, "en")[-1]
    of_better = replace(shorter, settings={**shorter.settings, "config": "mini"})
    other_model = verdict_of(own, OtherRuns(of_better))
    assert (
        other_model is not None and other_model["lever"] == "earlier" and other_model["settings"] == {"config": "mini"}
    )


def test_a_pause_and_a_length_by_hand_are_no_busy_machine() -> None:
    paused = verdict_of(replanned(falling(time=120), 1900, events.Paused(step=10), events.Resumed(step=10)))
    by_hand = events.SettingsChanged(changes={"max_steps": 210}, before={}, reason="user", planned_steps=210)
    shortened = verdict_of(replanned(falling(time=120), 1900, by_hand))
    for verdict in (paused, shortened):
        assert verdict is not None and verdict["slowed"] is None


def test_forecast_is_not_above_what_an_earlier_run_has_reached_in_that_time() -> None:
    history = run([(2.2, 2.2), (2.0, 2.0)], learning_rate=0.01, time=60)
    alone = verdict_of(history)
    assert alone is not None and alone["seconds"] == 120 and alone["values"]["expected"] > 2.7
    for seconds, bits, expected in ((100.0, 2.5, 2.5), (121.0, 2.5, None), (100.0, 2.9, None)):
        verdict = verdict_of(history, OtherRuns(reached=((seconds, bits), (50.0, 2.95))))
        assert verdict is not None
        assert verdict["values"]["expected"] == (expected or alone["values"]["expected"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_an_earlier_run_has_reached_already_is_not_a_promise(language: Language) -> None:
    own = worked(run([(2.2, 2.2), (2.0, 2.0)], learning_rate=0.01, time=60), 1_000)
    best = replace(earlier_run(2.5), seconds=50.0, work=10_000.0)
    verdict = verdict_of(own, OtherRuns(best, reached=((50.0, 2.5),)))
    assert verdict is not None and verdict["lever"] == "time" and verdict["reached_by"]["run"] == "tiny"
    last = verdict_lines(verdict, language)[-1]
    assert "2.5" not in last and "2,5" not in last
    assert {"en": "at least equal tiny", "tr": "en azından tiny kadar"}[language] in last


@pytest.mark.parametrize("limit", ["epochs", "max_steps"])
def test_given_limit_that_ended_a_timed_run_is_named_and_not_the_machine(limit: str) -> None:
    history = run([(2.2, 2.2), (2.0, 2.0)], learning_rate=0.01, time=60)
    assert history.finished is not None
    history.add(replace(history.finished, seconds=20.0, values={"steps": 200, limit: 1}))
    verdict = verdict_of(history)
    assert verdict is not None
    assert (verdict["slowed"], verdict["limited"]) == (None, {"by": limit, "count": 1, "took": 20.0, "time": 60.0})
    for language in LANGUAGES:
        lines = verdict_lines(verdict, language)
        assert "(1)" in lines[1] and "0:20" in lines[1] and "1:00" in lines[1]
        assert {"en": "given limit ended", "tr": "sınır"}[language] in lines[2] and "2:00" in lines[2]
    assert not {"--epochs", "--max-steps"} & set(verdict["command"].split()), "it would end as early again"


def test_a_plan_that_a_slow_preparation_has_shortened_is_a_busy_machine() -> None:
    history = History()
    history.add(events.Planned(choices={}, expected={"steps": 301}))
    late = run([(2.0, 2.0)], every=1, learning_rate=0.01, time=60)
    for event in (late.started, *(one for _, one in late.validations), late.finished):
        assert event is not None
        history.add(replace(event, planned_steps=1) if isinstance(event, events.RunStarted) else event)
    verdict = verdict_of(history)
    assert verdict is not None and verdict["slowed"] == {"steps": 1, "planned": 301}


def test_a_single_validation_is_not_told_as_a_falling_loss() -> None:
    verdict = verdict_of(run([(2.0, 2.0)], learning_rate=0.01, time=120))
    assert verdict is not None and verdict["lever"] == "time"
    for language, words in (("en", "one validation only"), ("tr", "Yalnızca bir validation")):
        assert words in verdict_lines(verdict, language)[-1]


def test_a_longer_run_is_not_advised_beyond_the_passes_that_help() -> None:
    """The planner makes at most eight passes of tiny."""
    verdict = verdict_of(run([(2.2, 2.2), (2.0, 2.0)], every=270, learning_rate=0.01, time=600))
    assert verdict is not None and verdict["lever"] == "time"
    assert verdict["seconds"] == 900 and "--time 15m" in verdict["command"]
    assert verdict["values"]["minutes"] == 15


def test_a_run_that_is_worse_with_the_same_settings_says_so() -> None:
    verdict = verdict_of(falling(time=60), OtherRuns(earlier_run(2.85, time=120)))
    assert verdict is not None and verdict["earlier"]["differing"] == {} and verdict["seconds"] == 240
    assert "same settings as tiny" in " ".join(verdict_lines(verdict, "en"))


def test_a_run_that_was_made_as_a_better_one_is_not_advised_to_be_made_so_again() -> None:
    own = run([(2.0, 1.95), (2.0, 1.95)], learning_rate=0.01, time=120)
    verdict = verdict_of(own, OtherRuns(earlier_run(2.85, time=120)))
    assert verdict is not None and verdict["earlier"]["differing"] == {}
    assert verdict["lever"] == "none" and verdict["settings"] == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_run_whose_weights_knew_its_validation_split_compares_with_no_other(language: Language) -> None:
    first = "/runs/earlier/best_model.pt"
    own = falling(time=120, init_from=first)
    others = OtherRuns(earlier_run(2.6), reached=((60.0, 2.6),), next_name="better-2")
    clean = verdict_of(own, others)
    assert clean is not None and clean["earlier"]
    alone = verdict_of(own)
    assert alone is not None and alone["settings"] == {"init_from": first}
    failed = {"id": "split-continued", "phase": "before", "status": "fail", "values": {"share": 0.243}}
    own.add(events.Check(finding=failed))
    verdict = verdict_of(own, others)
    assert verdict is not None and (verdict["earlier"], verdict["settings"], verdict["known"]) == (None, {}, 0.243)
    assert "expected" not in verdict["values"] and "--init-from" not in verdict["command"]
    told = " ".join(verdict_lines(verdict, language))
    assert {"en": "24 %", "tr": "%24"}[language] in told.replace("24%", "24 %")
    assert verdict["command"].endswith("--name better-2")


def test_the_text_is_still_what_a_memorising_run_lacks_when_an_earlier_one_is_better() -> None:
    history = run([(2.0, 1.9), (2.2, 1.2)], dropout=0.3, learning_rate=0.01)
    verdict = verdict_of(history, OtherRuns(earlier_run(2.0)))
    assert verdict is not None and verdict["lever"] == "text" and verdict["earlier"]["result"] == "worse"


def test_a_run_that_memorises_is_advised_more_dropout_than_it_had_or_a_better_run() -> None:
    """The planner alone would choose the same dropout for the same time."""
    history = run([(2.0, 1.9), (2.2, 1.2)], dropout=0.14, learning_rate=0.01, time=120, tokenizer="bpe")
    verdict = verdict_of(history)
    assert verdict is not None and verdict["lever"] == "dropout"
    assert verdict["settings"] == {"dropout": 0.24} and "--dropout 0.24" in verdict["command"]
    verdict = verdict_of(history, OtherRuns(earlier_run(2.0, time=60)))
    assert verdict is not None and verdict["lever"] == "earlier"
    assert verdict["settings"] == {"tokenizer": "char"} and verdict["seconds"] == 120


def test_an_advised_run_that_exists_is_named_instead_of_advised_again() -> None:
    shorter, longer = (OtherRun(f"tiny-{seconds}", 2.9, seconds, {"time": seconds}) for seconds in (60.0, 240.0))
    verdict = verdict_of(falling(time=120), OtherRuns(later=(shorter, longer)))
    assert verdict is not None and verdict["lever"] == "made" and verdict["made"]["run"] == "tiny-240.0"
    assert verdict["command"] == "", "the run that it would make exists"
    assert "exists: tiny-240.0, 2.900 bits per character, whole run 4:00" in " ".join(verdict_lines(verdict, "en"))
    assert verdict_lines(verdict, "en")[0].startswith("2.89 bits per character"), "its own result"
    again = verdict_of(falling(time=120), OtherRuns(later=(shorter,)))
    assert again is not None and again["lever"] == "time"


@pytest.mark.parametrize(
    ("error", "saved", "command"),
    [
        ("training-disk", True, "mmrec-tui train --resume --name tiny"),
        ("training-disk", False, ""),
        ("training-no-memory", True, ""),  # the same settings would need as much
    ],
)
def test_report_of_a_failed_run_says_why_in_each_language_and_how_it_goes_on(
    error: str, saved: bool, command: str
) -> None:
    history = History()
    settings = resolve({"name": "tiny"}).settings.as_dict()
    history.add(
        events.RunStarted(
            planned_steps=100, steps_an_epoch=10, parameters=1, corpus={}, settings=settings, machine={}, baselines={}
        )
    )
    if saved:
        history.add(events.Checkpoint(step=10, path="checkpoint_step_10.pt", kind="step"))
    told = {"path": "x.pt", "reason": "full"} if error == "training-disk" else {"batch_size": 64, "seq_len": 128}
    values: dict[str, Any] = {"error": error, **told}
    history.add(events.RunFinished(step=10, status="failed", reason="it broke", seconds=1.0, values=values))
    report = report_of(history, "tiny", {})
    assert (report["failure"]["error"], report["failure"]["command"]) == (error, command)
    english, turkish = markdown(report, "en"), markdown(report, "tr")
    assert "Why the run failed: " in english and TrainingError(error, **told).text("en") in english
    assert TrainingError(error, **told).text("tr") in turkish
    assert ("goes on from its newest checkpoint" in english) == bool(command)
    assert "No problems were found" not in english
    assert report_of(History(), "tiny", {})["failure"] is None


@pytest.mark.parametrize(("step", "english", "turkish"), [(1, "1 step", "1 adım"), (1650, "1,650 steps", "1.650 adım")])
def test_report_counts_the_steps_in_words(step: int, english: str, turkish: str) -> None:
    history = History()
    history.add(
        events.Step(step=step, loss=1.0, learning_rate=0.1, grad_norm=1.0, tokens_per_second=1.0, tokens=1, epoch=1)
    )
    report = report_of(history, "tiny", {})
    assert f" · {english} · " in markdown(report, "en")
    assert f" · {turkish} · " in markdown(report, "tr")


def test_report_writes_its_numbers_as_the_language_does() -> None:
    report = report_of(run([(2.0, 2.0), (1.9, 1.9)], every=1000), "tiny", {})
    assert "| best | 2,000 | 1.9000 | 1.00 | 50.00% | 2.741 |" in markdown(report, "en")
    turkish = markdown(report, "tr")
    assert "| en iyi | 2.000 | 1,9000 | 1,00 | %50,00 | 2,741 |" in turkish
    assert "unigram 3,100" in turkish and "Çalışma: bitti" in turkish
