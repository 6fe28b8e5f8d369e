"""The guide as data: complete in both languages, consistent with the settings; and its topics as they are shown."""

import string
import subprocess
import sys
from typing import Any

import pytest

from mmrec_engine.checks.remedies import advice_below_baselines
from mmrec_engine.checks.specs import CHECKS
from mmrec_engine.locales.catalogue import words
from mmrec_engine.locales.guide import HYPERPARAMETERS, ITEMS, MEASURES, PROBLEMS, PROFILE_TEXTS
from mmrec_engine.locales.guide.findings import advice, evidence, sources, texts, thresholds
from mmrec_engine.locales.guide.remedies import remedy_title
from mmrec_engine.locales.messages import LANGUAGES, Language, Words
from mmrec_engine.settings import WITH_FLAG, resolve
from mmrec_engine.settings.presets import PROFILES
from mmrec_tui.locales import Wording
from mmrec_tui.presentation.topics import named, search, topics

LONGEST_LABEL = 22
WITHOUT_ORDER = {
    "arch", "recipe", "encoding", "text_field", "tokenizer", "sharding", "optimizer", "schedule", "curriculum", "pacing",
    "device", "precision", "early_stopping_on", "seed", "name", "metrics",
    "compile", "kernel", "log", "log_dir", "init_from",
}  # fmt: skip
PLACES_AND_CORPORA = {
    "data_dir",
    "corpus",
    "use_sample_corpus",
    "output_dir",
}  # without an order


def is_told(text: Words) -> bool:
    return set(text) == set(LANGUAGES) and all(text[language].strip() == text[language] != "" for language in LANGUAGES)


def test_the_guide_has_its_items_and_problems() -> None:
    assert [sum(item.phase == phase for item in ITEMS) for phase in ("before", "during", "after")] == [4, 5, 4]
    assert [problem.id for problem in PROBLEMS] == ["loss-too-high", "loss-not-falling", "overfitting", "out-of-memory"]
    assert all(len(problem.remedies) == 3 for problem in PROBLEMS)
    assert [measure.id for measure in MEASURES] == [
        "loss", "perplexity", "accuracy", "gap", "learning-rate", "gradient-norm", "speed", "machine", "patience",
        "bits-per-character", "sample", "temperature",
    ]  # fmt: skip


def test_guide_is_complete_in_both_languages() -> None:
    words = [text for item in ITEMS for text in (item.question, item.why, item.do)]
    words += [text for problem in PROBLEMS for text in (problem.title, problem.seen, problem.why)]
    words += [remedy.title for problem in PROBLEMS for remedy in problem.remedies]
    words += [text for measure in MEASURES for text in (measure.what, measure.why, measure.read)]
    words += [text for setting in HYPERPARAMETERS for text in (setting.what, setting.higher)]
    words += [text for profile in PROFILE_TEXTS for text in (profile.title, profile.text)]
    for text in words:
        assert is_told(text), text
        assert text["en"] != text["tr"]
    assert all(is_told(measure.title) for measure in MEASURES)  # a term may be the same in both


def test_every_setting_has_a_label_that_fits_its_field() -> None:
    names = [setting.name for setting in HYPERPARAMETERS]
    assert len(set(names)) == len(names)
    assert set(names) == set(WITH_FLAG) - PLACES_AND_CORPORA
    for setting in HYPERPARAMETERS:
        assert is_told(setting.title)
        assert max(map(len, setting.title.values())) <= LONGEST_LABEL, setting.name
        assert is_told(setting.lower) != (setting.name in WITHOUT_ORDER), setting.name
    for language in LANGUAGES:
        labels = [setting.title[language] for setting in HYPERPARAMETERS]
        assert len(set(labels)) == len(labels), "two fields with one label"


def test_every_profile_is_described_and_valid() -> None:
    assert [profile.id for profile in PROFILE_TEXTS] == list(PROFILES)
    for values in PROFILES.values():
        settings = resolve(values).settings
        assert all(getattr(settings, name) == value for name, value in values.items())
    first = resolve(PROFILES["first-try"]).settings
    assert first.epochs is None, "the steps alone end a first try"


def test_remedies_name_existing_settings_and_valid_values() -> None:
    for problem in PROBLEMS:
        for remedy in problem.remedies:
            settings = resolve(remedy.settings).settings
            assert all(getattr(settings, name) == value for name, value in remedy.settings.items())
    proposed = {name for problem in PROBLEMS for remedy in problem.remedies for name in remedy.settings}
    assert {"learning_rate", "warmup_steps", "dropout", "weight_decay", "early_stopping_patience"} <= proposed


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_topic_has_headings_and_text(language: Language) -> None:
    wording, told = Wording(language), topics(language)
    findings = set(texts()) - {item.id for item in ITEMS} - {problem.id for problem in PROBLEMS}
    counted = 13 + 4 + len(findings) + len(MEASURES) + len(HYPERPARAMETERS)
    assert len({topic.id for topic in told}) == len(told) == counted
    sections = [topic.section for topic in told]
    runs = [section for section, before in zip(sections, [None, *sections], strict=False) if section != before]
    assert len(set(runs)) == len(runs) == 7, "a section is one stretch"
    for topic in told:
        assert wording(topic.section)
        assert topic.title
        assert len(topic.paragraphs) >= 2
        assert all(wording(heading) and text for heading, text in topic.paragraphs), topic.id
        assert bool(topic.remedies) == (topic.kind == "problem") or topic.kind == "finding"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_threshold_and_source_of_a_check_is_in_words(language: Language) -> None:
    named = words("thresholds", language)
    assert named["numbers"].keys() == {check for check, spec in CHECKS.items() if spec.numbers}
    for check, spec in CHECKS.items():
        told = named["numbers"].get(check, {})
        if isinstance(told, str):  # a sentence with all of them
            told = {field: "" for _, field, _, _ in string.Formatter().parse(told) if field}
        assert told.keys() == spec.numbers.keys(), check
        line = thresholds(check, spec.numbers, language)
        assert "{" not in line and "_" not in line, check
        assert "★" not in sources(spec.source, language)
    assert thresholds("corpus-readable", {"fail_share": 0.1}, "tr") == "%10 kadarından fazlasında başarısız"


def test_topics_are_found_by_id_and_by_content() -> None:
    assert [topic.kind for topic in named("Learning_Rate", "en")] == ["measure", "hyperparameter"]
    assert named("learning", "en") == []
    ids = [topic.id for topic in search("perplexity", "en")]
    assert ids[:2] == ["perplexity", "perplexity-sane"], "the nearest comes first"
    assert "metrics-reported" in ids
    assert len(search("", "en")) == len(topics("en"))


def test_topics_are_found_without_turkish_letters() -> None:
    assert [topic.id for topic in search("ogrenme oranı", "tr")] == [
        topic.id for topic in search("öğrenme oranı", "tr")
    ]
    assert search("ogrenme orani", "tr")[0].id in ("learning-rate", "learning_rate")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_finding_is_found_by_its_title(language: Language) -> None:
    """Also one whose id is that of a question or a problem of the guide, and is explained there."""
    for id, entry in texts().items():
        found = search(entry.title[language], language)
        assert id in [topic.id for topic in found], entry.title[language]
    told = next(topic for topic in topics(language) if topic.id == "validation-below-training")
    title = texts()["validation-below-training"].title[language]
    assert any(text.startswith(title) for heading, text in told.paragraphs if heading == "guide.finding")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_finding_has_the_advice_of_its_case(language: Language) -> None:
    entry = texts()["validation-below-training"]
    assert set(entry.do_of) == set(entry.evidence)
    leak = advice({"id": entry.id, "status": "warn", "values": {"variant": "leak"}}, language)
    assert leak == entry.do_of["leak"][language] != entry.do[language]
    assert advice({"id": entry.id, "status": "warn"}, language) == entry.do[language]
    assert advice({"id": "loss-spike", "values": {"variant": "again"}}, language) == texts()["loss-spike"].do[language]
    assert advice({"id": "of-another-version"}, language) == ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_advice_below_the_baselines_fits_the_optimizer_and_a_given_time(language: Language) -> None:
    def told(**settings: Any) -> str:
        return advice({"id": "beats-baselines", "values": advice_below_baselines(settings)}, language)

    assert "AdamW" in told(optimizer="adamw") and "find-lr" in told(optimizer="adamw")
    assert "Muon" in told(optimizer="muon") and "AdamW" not in told(optimizer="muon")
    timed = told(optimizer="muon", time=60.0)
    assert timed == told(optimizer="adamw", time=60.0)
    assert not any(word in timed for word in ("--time", "find-lr", "AdamW"))
    ended = advice({"id": "beats-baselines", "values": advice_below_baselines({"time": 60.0}, ended=True)}, language)
    waits = {"en": "Let the run end", "tr": "bitmesini bekleyin"}[language]
    assert waits in timed and waits not in ended


def test_a_small_rate_is_written_in_one_way_and_told_once() -> None:
    change = {"id": "usual-learning-rate", "settings": {"learning_rate": 0.01}, "before": {"learning_rate": 3e-4}}
    assert remedy_title(change, "tr") == "Alışılmış öğrenme oranını kullan (öğrenme oranı 3e-4 → 0,01)"
    assert remedy_title({**change, "before": None, "settings": {"learning_rate": 3e-4}}, "tr").endswith("(3e-4)")
    values = {"variant": "rate-low", "learning_rate": 2e-5, "optimizer": "adamw", "lowest": 1e-4, "usual": 0.01}
    told = evidence({"id": "hyperparameters", "status": "warn", "values": values}, "tr")
    assert told == "2e-5 öğrenme oranı: adamw için çok düşük (en az 1e-4; bu model için alışılmış değer 0,01)"
    assert search("cooking", "en") == []


def test_search_folds_turkish_case() -> None:
    found = {topic.id for topic in search("işlemci", "tr")}
    assert "machine" in found
    assert found == {topic.id for topic in search("İŞLEMCİ", "tr")}
    assert "machine" in {topic.id for topic in search("MAKINE", "tr")}


def test_topics_do_not_import_the_app_or_the_command_line() -> None:
    program = "import sys, mmrec_tui.presentation.topics; print([m for m in ('torch', 'textual', 'typer') if m in sys.modules])"
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert output.strip() == "[]"


def test_figures_of_a_remedy_have_the_decimal_sign_of_the_language() -> None:
    change = {"id": "usual-learning-rate", "settings": {"learning_rate": 0.01}, "before": {"learning_rate": 0.03}}
    assert (remedy_title(change, "tr").count("0,01"), remedy_title(change, "en").count("0.01")) == (1, 1)
    assert "0.01" not in remedy_title(change, "tr")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_topic_is_found_by_its_own_id_first(language: Language) -> None:
    for topic in topics(language):
        assert named(topic.id, language)[0].id == topic.id
