"""Numbers and times in the language's form, and the guide's topics as the app finds them."""

from __future__ import annotations

import math

import pytest

from mmrec_engine.locales.catalogue import Language, words
from mmrec_engine.locales.messages import LANGUAGES
from mmrec_engine.locales.numbers import with_units
from mmrec_engine.settings.parsing import in_seconds
from mmrec_tui.app.widgets.plot import values_at
from mmrec_tui.locales import Wording
from mmrec_tui.presentation.figures import View, figure_of
from mmrec_tui.presentation.topics import named, search, topics
from tests.app.recorded import a_training
from tests.engine.test_history import history_of

SAY = {language: Wording(language) for language in LANGUAGES}


@pytest.mark.parametrize(
    ("value", "gap", "en", "tr"),
    [
        (0, 0, "0", "0"),
        (950, 0, "950", "950"),
        (9_999, 0, "9,999", "9.999"),
        (18_200, 0, "18.2k", "18,2k"),
        (150_000, 0, "150k", "150k"),
        (1_500_000, 0, "1.5M", "1,5M"),
        (2_000_000_000, 0, "2.0B", "2,0Mr"),
        (18_200, 100, "18.2k", "18,2k"),
        (148_781, 1, "148,781", "148.781"),
        (1_234_500, 500, "1,234,500", "1.234.500"),
        (20_000, 10_000, "20k", "20k"),
        (0.5, 0.1, "0.5", "0,5"),
    ],
)
def test_large_counts_are_short(value: float, gap: float, en: str, tr: str) -> None:
    assert SAY["en"].short(value, gap) == en
    assert SAY["tr"].short(value, gap) == tr


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (42.4, "0:42"), (59.6, "1:00"), (725, "12:05"), (11_260, "3:07:40"), (-3, "0:00")],
)
def test_durations_are_written_as_a_clock(seconds: float, text: str) -> None:
    assert SAY["en"].clock(seconds) == SAY["tr"].clock(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "en", "tr"),
    [
        (5.0, "5s", "5sn"),
        (90.5, "1m30.5s", "1dk30,5sn"),
        (120.0, "2m", "2dk"),
        (3600.0, "1h", "1sa"),
        (5400.0, "1h30m", "1sa30dk"),
        (10.0**7, "2777h46m40s", "2777sa46dk40sn"),
    ],
)
def test_durations_with_units_are_read_again_as_written(seconds: float, en: str, tr: str) -> None:
    assert (with_units(seconds, "en"), with_units(seconds, "tr")) == (en, tr)
    assert in_seconds(en) == in_seconds(tr.replace(",", ".")) == seconds


def test_non_finite_numbers_have_words() -> None:
    for value in (math.nan, math.inf, -math.inf):
        assert SAY["en"].clock(value) == "–"
        for write in (SAY["tr"].rate, SAY["tr"].short, SAY["tr"].memory, SAY["tr"].number, SAY["tr"].percent):
            assert write(value)


def test_durations_of_days_name_days() -> None:
    assert SAY["en"].clock(100 * 3600) == "4.2 days"
    assert SAY["tr"].clock(100 * 3600) == "4,2 gün"


@pytest.mark.parametrize(
    ("value", "en", "tr"),
    [
        (0, "0", "0"),
        (0.02, "0.02", "0,02"),
        (0.001, "0.001", "0,001"),
        (3e-4, "3e-4", "3e-4"),
        (2.85e-4, "2.85e-4", "2,85e-4"),
        (1, "1", "1"),
        (10, "10", "10"),
    ],
)
def test_learning_rates_are_short(value: float, en: str, tr: str) -> None:
    assert SAY["en"].rate(value) == en
    assert SAY["tr"].rate(value) == tr


@pytest.mark.parametrize(
    ("size", "en", "tr"),
    [
        (0, "0 KiB", "0 KiB"),
        (3 * 2**10, "3 KiB", "3 KiB"),
        (1.5 * 2**20, "1.5 MiB", "1,5 MiB"),
        (300 * 2**20, "300 MiB", "300 MiB"),
        (6.25 * 2**30, "6.2 GiB", "6,2 GiB"),
    ],
)
def test_memory_has_a_suitable_unit(size: float, en: str, tr: str) -> None:
    assert SAY["en"].memory(size) == en
    assert SAY["tr"].memory(size) == tr


def test_neighbouring_tick_labels_differ() -> None:
    for gap in (1e-5, 1e-4, 0.002, 0.05, 0.5, 2.0, 100.0):
        shown = {SAY["en"].tick(3 + number * gap, gap) for number in range(5)}
        assert len(shown) == 5, gap
    ticks = [SAY["tr"].rate_tick(10.0**power, 9e-6) for power in range(-5, 1)]
    assert ticks == ["1e-5", "1e-4", "1e-3", "1e-2", "1e-1", "1"], "one form on one axis"
    assert [SAY["tr"].rate_tick(value, 0.005) for value in (0.0, 0.005, 0.01)] == ["0", "0,005", "0,01"]
    assert SAY["tr"].share_tick(0.4, 0.1) == "%40"
    assert SAY["en"].share_tick(0.405, 0.005) == "40.5%"


@pytest.mark.parametrize("language", LANGUAGES)
def test_topic_ids_are_unique_and_sections_have_words(language: str) -> None:
    listed = topics(language)  # type: ignore[arg-type]
    assert len({topic.id for topic in listed}) == len(listed)
    assert all(SAY[language].knows(topic.section) for topic in listed)  # type: ignore[index]
    assert all(topic.paragraphs and topic.title for topic in listed)


def test_both_languages_have_the_same_topics() -> None:
    assert [topic.id for topic in topics("en")] == [topic.id for topic in topics("tr")]


def test_topic_name_matches_any_case_and_separator() -> None:
    assert {topic.kind for topic in named("learning-rate", "en")} >= {"hyperparameter"}
    assert named("LEARNING_RATE", "en") == named("learning-rate", "en")
    assert named("nothing of the kind", "en") == []


def test_topic_search_ranks_names_before_text() -> None:
    assert search("patience", "en")[0].id == "patience"
    assert search("ezber", "tr")
    assert search("İLK", "tr") == search("ilk", "tr")
    assert search("zzzz", "en") == []


@pytest.mark.parametrize(
    ("language", "typed", "found"),
    [
        ("tr", "öğrenme hızı", "learning_rate"),
        ("tr", "Öğrenme Hı", "learning_rate"),
        ("tr", "kayıp", "loss"),
        ("tr", "sabır", "patience"),
        ("tr", "doğrulama", "val_split"),
        ("en", "step size", "learning_rate"),
        ("en", "improve the model", "still-improving"),
        ("en", "better model", "overfitting"),
        ("tr", "modeli iyileştir", "still-improving"),
        ("tr", "daha iyi model", "overfitting"),
        ("en", "regularization", "best-early"),
        ("en", "context length", "seq_len"),
    ],
)
def test_topics_are_found_by_usual_words_that_the_guide_does_not_use(language: str, typed: str, found: str) -> None:
    assert found in {topic.id for topic in search(typed, language)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_other_word_finds_what_its_term_finds(language: str) -> None:
    for term, others in words("synonyms", language).items():
        best = search(term, language)[0].id
        for other in others:
            assert best in {topic.id for topic in search(other, language)}, other


@pytest.mark.parametrize(("language", "written"), [("en", "148,781 tokens"), ("tr", "148.781 token")])
def test_crosshair_counts_tokens_as_a_whole(language: Language, written: str) -> None:
    figure = figure_of("loss", history_of(*a_training(200)), View(x_axis="tokens"), SAY[language])
    assert values_at(figure, 148_781.0).plain.startswith(f"{written}  ")


@pytest.mark.parametrize("language", LANGUAGES)
def test_planner_has_one_name_in_each_language(language: Language) -> None:
    assert SAY[language]("source.planner") in SAY[language]("plan.summary-timed", time="10m").split()
