"""A plan as values: the given settings, the resulting ones, and the expected costs."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from mmrec_engine.data.prepare import Corpus, prepare_corpus
from mmrec_engine.errors import RequestError
from mmrec_engine.events import result_of
from mmrec_engine.runs.run_time import Costs
from mmrec_engine.settings import FIELDS, GROUPS, Settings, matters, resolve, settings_of
from mmrec_engine.settings.presets import PROFILES
from mmrec_tui.app.draft import (
    Draft,
    corpora_as_typed,
    estimate_run,
    found_corpora,
    known_settings,
    named,
    typed,
    typed_corpora,
    windows_of,
)
from tests.app.conftest import TINY


@pytest.fixture
def corpus(small_text: Path) -> Corpus:
    return result_of(prepare_corpus(resolve({**TINY, "data_dir": str(small_text)}).settings))


def test_setting_and_emptying_a_value_restores_the_draft() -> None:
    draft = Draft({"dropout": "0.3"})
    assert draft.with_value("epochs", 3).with_value("epochs", None) == draft
    assert draft.with_value("dropout", None).resolved().sources["dropout"] == "default"
    assert draft.resolved().sources["dropout"] == "hand"


def test_changing_the_text_drops_its_encoding() -> None:
    draft = Draft({"data_dir": "/a", "encoding": "windows-1254", "seed": 7})
    assert draft.with_corpus({"corpus": "sample"}).given == {"corpus": "sample", "seed": 7}


def test_weights_of_an_earlier_run_replace_the_size_and_the_tokenizer_that_were_given(tmp_path: Path) -> None:
    """As a report's proposal gives them, with the better run's model: the earlier run then refused them."""
    given = {"config": "mini", "tokenizer": "bpe", "vocab_size": 1000, "time": 180.0, "dropout": 0.2}
    draft = Draft(given).with_value("init_from", str(tmp_path / "tiny-2"))
    assert draft.given == {"time": 180.0, "dropout": 0.2, "init_from": str(tmp_path / "tiny-2")}


def test_profile_replaces_settings_except_model_text_and_name() -> None:
    draft = Draft({"config": "mini", "data_dir": "/a", "name": "mine", "dropout": "0.9", "epochs": "1"})
    given = draft.with_profile(PROFILES["small-text"]).given
    assert given == {"config": "mini", "data_dir": "/a", "name": "mine", **PROFILES["small-text"]}


def test_profile_is_named_only_while_its_values_are_given() -> None:
    chosen = Draft({}).with_profile(PROFILES["first-try"], "first-try")
    emptied = chosen.with_value("max_steps", None)
    assert chosen.held_profile == chosen.with_value("dropout", "0.3").held_profile == "first-try"
    assert emptied.held_profile == chosen.with_value("max_steps", "30").held_profile == ""
    assert emptied.with_value("max_steps", "300").held_profile == "first-try"


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_is_valid(profile: str) -> None:
    assert Draft({}).with_profile(PROFILES[profile]).resolved()


def test_invalid_value_error_names_its_setting() -> None:
    with pytest.raises(RequestError) as caught:
        Draft({"dropout": "1.5"}).resolved()
    assert caught.value.values["flag"] == "--dropout"


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("learning_rate", "0,001", "0.001"),
        ("learning_rate", " 3e-4 ", "3e-4"),
        ("batch_size", "8", "8"),
        ("batch_size", "  ", None),
        ("name", "a,b", "a,b"),
        ("encoding", "windows-1254", "windows-1254"),
    ],
)
def test_a_comma_is_a_decimal_point_in_numbers_only(name: str, text: str, value: str | None) -> None:
    assert typed(name, text) == value


def test_damaged_stored_plan_is_ignored() -> None:
    remembered = {"dropout": 7, "epochs": 3, "no_such_setting": 1, "config": "enormous", "seed": [1]}
    assert known_settings(remembered) == {"epochs": 3}


def test_plan_shows_each_existing_setting_once() -> None:
    shown = [name for group in GROUPS for name in settings_of(group)]
    assert set(shown) <= set(FIELDS)
    assert len(shown) == len(set(shown))


@pytest.mark.parametrize(
    ("name", "beside"),
    [
        ("sharding", {"processes": 2}),
        ("denoising_span", {"denoising": 0.1}),
        ("early_stopping_on", {"data_dir": ("a", "b")}),
        ("mixing_temperature", {"corpus": ("a", "b")}),
        ("decay_share", {"schedule": "wsd"}),
        ("pacing", {"curriculum": "ngram"}),
    ],
)
def test_conditional_settings_apply_only_with_their_condition(name: str, beside: dict[str, Any]) -> None:
    assert not matters(name, Settings())
    assert matters(name, Settings(**beside))
    assert matters("dropout", Settings())


def test_plan_limits_a_download_at_first() -> None:
    chosen = Draft({}).with_corpus({"corpus": "openwebtext"})
    assert chosen.resolved().settings.max_corpus_bytes == 100_000_000
    assert chosen.with_corpus({"corpus": "sample"}).given == {"corpus": "sample"}
    assert Draft({"max_corpus_bytes": "2GB"}).with_corpus({"corpus": "hf:a/b"}).given["max_corpus_bytes"] == "2GB"
    for here in ("sample", "hf:./rows", "hf:/data/rows:train"):
        assert Draft({}).with_corpus({"corpus": here}).given == {"corpus": here}


def test_the_summary_counts_what_the_training_will_count(corpus: Corpus) -> None:
    settings = resolve({"batch_size": 2, "seq_len": 32, "epochs": 3, "eval_every": 7}).settings
    windows, validation_windows = windows_of(settings, corpus)
    assert 0 <= (len(corpus.train.tokens) - 1) // 32 - windows <= 1  # they may begin a little later
    assert validation_windows > 0
    ahead = estimate_run(settings, corpus, Costs(step=0.5, validation=3.0, writing=1.0, saving=2.0))
    assert ahead.steps_an_epoch == windows // 2
    assert ahead.steps == 3 * ahead.steps_an_epoch
    validations, saves = math.ceil(ahead.steps / 7), ahead.steps // settings.checkpoint_every
    assert ahead.seconds is not None
    spent = ahead.steps * 0.5 + validations * (3 + 1) + (validations + saves + 1) * 2
    assert spent + 3 < ahead.seconds < spent + 12, "beside these the run is built and checked at the end"
    assert (ahead.first_validation, ahead.seconds_to_validation) == (7, 0.5 + 3.5 + 4)
    assert ahead.disk_bytes > 3 * 8 * ahead.parameters


def test_run_with_a_given_time_has_an_epoch_time(corpus: Corpus) -> None:
    costs = Costs(step=0.5, validation=3.0, writing=1.0, saving=2.0)
    settings = {"batch_size": 2, "seq_len": 32}
    timed = estimate_run(resolve({**settings, "time": 120}).settings, corpus, costs)
    untimed = estimate_run(resolve({**settings, "epochs": 3}).settings, corpus, costs)
    assert timed.seconds_an_epoch == untimed.seconds_an_epoch is not None
    assert timed.seconds is None, "how many steps it makes is not known yet"


def test_duration_is_not_shown_without_a_measured_speed(corpus: Corpus) -> None:
    ahead = estimate_run(resolve({**TINY}).settings, corpus, None)
    assert (ahead.seconds, ahead.seconds_an_epoch, ahead.seconds_to_validation) == (None, None, None)
    assert ahead.steps == 40


def test_text_shorter_than_a_window_has_no_windows(corpus: Corpus) -> None:
    assert windows_of(resolve({"seq_len": 100_000}).settings, corpus) == (0, 0)


def test_semicolon_separates_several_texts(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other; texts"
    assert typed_corpora(f" {one}=3; {other}=1 ") == (f"{one}=3", str(tmp_path / "other"), "texts=1")
    for folder in (one, other):
        folder.mkdir()
    assert typed_corpora(str(other)) == str(other), "what is there as it was typed is one"
    typed_ones = typed_corpora(f"{one}=3; {tmp_path}=1")
    assert found_corpora(typed_ones) == (f"{one}=3", f"{tmp_path}=1")
    assert corpora_as_typed(typed_ones) == f"{one}=3; {tmp_path}=1"
    with pytest.raises(RequestError, match="missing"):
        found_corpora(typed_corpora(f"{one}=3; {tmp_path}/missing=1"))


def test_text_path_of_a_run_is_absolute() -> None:
    several = named(resolve({"data_dir": ["texts=2", "notes=1"]}), "tiny-2").settings.data_dir
    assert several == (f"{Path('texts').absolute()}=2", f"{Path('notes').absolute()}=1")
    run = named(resolve({"data_dir": "texts"}), "tiny-2")
    assert run.settings.data_dir == str(Path("texts").absolute())
    assert run.settings.run_folder == Path("checkpoints/tiny-2")
    assert run.sources["name"] == "hand"
