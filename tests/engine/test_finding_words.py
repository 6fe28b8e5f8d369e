"""Findings in words: a title names what was checked, the status judges it, the evidence is one line with its number first."""

from __future__ import annotations

import re
import string
from typing import Any

import pytest

from mmrec_engine.checks.specs import CHECKS, numbers
from mmrec_engine.locales.guide.finding_text import FindingText
from mmrec_engine.locales.guide.findings import SKIPPED, advice, evidence, texts, title
from mmrec_engine.locales.messages import LANGUAGES, REASONS, Language
from mmrec_engine.locales.numbers import in_language
from mmrec_engine.settings.presets import OPTIMIZERS

LONGEST_TITLE = 45
LONGEST_EVIDENCE = 170
# Words by which a title would state a result; the title is the same for every status, so it would sometimes be wrong.
JUDGING = {
    "en": "is are was were can cannot must not no none never enough sound sane whole good better worse right wrong same only "
    "too high low little much rises rising falls falling fits looks gets holds turns works improves improved saved covers kept "
    "ran jumped intact odd unusual all every each",
    "tr": "var yok iyi kötü çok az sağlam makul aynı yeterince yeterli bütün hiçbir her doğru yanlış gerçekten fazla yüksek "
    "düşük geçti oldu arttı sıçradı kaydedildi yetmedi düşmüyor artıyor yetiyor okunabiliyor tutuyor bakıyor",
}
NAMES = {
    "file": "best_model.pt", "path": "checkpoint_step_1200.pt", "first": "a.txt", "hint": "windows-1254",
    "other": "b.txt", "others": [["b.txt", "empty"]], "more": "", "its_encoding": "cp1254", "other_encoding": "cp1250",
    "reason": "no space left", "module": "layers.3", "names": "head.weight", "example": "Ã¶", "mended": "ö",
    "input": "the cat", "label": "he cat ", "config": "tiny", "optimizer": "adamw", "corpus": "letters", "value": "nan",
    "stored": "1.2345", "folder": "checkpoints/tiny", "signature": "nrefs:1", "seed": "1", "skipped": 2, "patience": 5,
    "evaluations": 6, "used": 2, "best_step": 900, "grad_clip": 1.0, "limit_share": 0.05,
}  # fmt: skip
NO_MEASUREMENT = {"step", "saved_step", "best_step", "evaluation_step"}

REASON = {"left-out": "too-large"}  # one of those for which the evidence stands

CASES = [
    pytest.param(entry, variant, language, id=f"{entry.id}-{variant}-{language}")
    for entry in texts().values()
    for variant in entry.evidence
    for language in LANGUAGES
]


def fields_of(template: str) -> list[tuple[str, str]]:
    return [(name, form or "") for _, name, form, _ in string.Formatter().parse(template) if name]


def sample_values(template: str) -> dict[str, Any]:
    """A value for each field: a word if the field is one, else a number of the kind that its format needs."""
    found: dict[str, Any] = {}
    for name, form in fields_of(template):
        found[name] = NAMES.get(name, 0.1234 if form.endswith(("%", "f", "e", "g")) else 1234)
    return found


def rendered(entry: FindingText, variant: str, language: Language) -> str:
    tail = entry.tail[language] if entry.tail is not None else ""
    values = {**sample_values(entry.evidence[variant][language] + tail), "variant": REASON.get(variant, variant)}
    shown = evidence({"id": entry.id, "status": variant, "values": values, "threshold": numbers(entry.id)}, language)
    return str(shown)


def test_every_check_has_its_words() -> None:
    assert set(texts()) == set(CHECKS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_titles_name_the_subject_without_judgement(language: Language) -> None:
    titles = [title({"id": id}, language) for id in texts()]
    judging = [one for one in titles if re.search(rf"(?i)\b(?:{'|'.join(JUDGING[language].split())})\b", one)]
    assert not judging
    assert all(len(one) <= LONGEST_TITLE and one[0].isupper() and not re.search("[.!?:]", one) for one in titles)
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize(
    ("id", "variant", "values", "told"),
    [
        (
            "hyperparameters",
            "pass",
            {"learning_rate": 0.04, "optimizer": "muon", "warmup_steps": 10, "planned_steps": 1321, "grad_clip": 1.0,
             "patience": 5, "evaluations": 4},
            ("4 evaluations planned; 5 in a row without a new best stop the run",
             "4 değerlendirme planlı; üst üste 5 tanesi yeni en iyi getirmezse çalışma durur"),
        ),
        (
            "corpus-size",
            "pass",
            {"tokens": 294_246, "parameters": 955_392, "tokens_a_parameter": 0.308, "train_windows": 573,
             "validation_windows": 65},
            ("294,246 tokens for 955,392 parameters: 0.308 per parameter, enough (at least 0.025; more text helps",
             "294.246 token, 955.392 parametre: parametre başına 0,308, yeterli (en az 0,025; 20 dolayına dek daha çok"),
        ),
        (
            "beats-baselines",
            "below-five-gram",
            {"loss": 1.867, "apart": 0.13, "five_gram": 1.997},
            ("1.867 validation loss: better than the 5-gram baseline (1.997) by 0.13",
             "1,867 validation loss: 5-gram baseline'ından (1,997) 0,13 daha iyi"),
        ),
        (
            "early-stopping",
            "pass",
            {"used": 0, "patience": 5, "step": 662, "best": 1.904, "best_step": 662},
            ("0 evaluations without a new best at step 662 (training stops at 5); best loss 1.904 at step 662",
             "0 değerlendirme yeni en iyi getirmedi (662. adım; 5 olunca eğitim durur); en iyi loss 1,904 (662. adım)"),
        ),
        (
            "reload-same",
            "pass",
            {"step": 177, "loss": 3.43403, "reloaded": 3.43403},
            ("3.434030 loss on the first tokens of the validation split (fp32)", "; validation loss ise tüm tokenlarındır"),
        ),
    ],
)  # fmt: skip
def test_evidence_says_what_its_numbers_mean(
    id: str, variant: str, values: dict[str, Any], told: tuple[str, str]
) -> None:
    found = {"id": id, "status": variant, "values": {**values, "variant": variant}, "threshold": numbers(id)}
    for language, words in zip(LANGUAGES, told, strict=True):
        assert words in evidence(found, language)


@pytest.mark.parametrize(("entry", "variant", "language"), CASES)
def test_evidence_is_one_line_with_its_number_first(entry: FindingText, variant: str, language: Language) -> None:
    shown = rendered(entry, variant, language)
    assert shown and "\n" not in shown and len(shown) <= LONGEST_EVIDENCE, shown
    assert "{" not in shown and "|" not in shown, shown
    template = entry.evidence[variant][language]
    measured = [
        name for name, _ in fields_of(template)
        if name not in NO_MEASUREMENT and not name.startswith("limit_") and not isinstance(NAMES.get(name), str)
    ]  # fmt: skip
    if measured:
        assert re.match(r"%?\d", shown), f"the number does not come first: {shown}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_evidence_of_several_faults_at_once_is_that_of_each(language: Language) -> None:
    values = {"learning_rate": 1.0, "optimizer": "adamw", "highest": 0.1, "usual": 0.01, "dropout": 0.9}
    limits = numbers("hyperparameters")
    both = [
        evidence(
            {"id": "hyperparameters", "status": "warn", "values": {**values, "variant": one}, "threshold": limits},
            language,
        )
        for one in ("rate-high", "dropout-high", "rate-high+dropout-high")
    ]
    assert both[2] == f"{both[0]}; {both[1]}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_advice_about_several_hyperparameters_speaks_of_those_alone(language: Language) -> None:
    variants = {"warmup-long": "warmup", "no-stopping": "patience", "rate-low": "find-lr", "decay-high": "weight decay"}

    def told(*chosen: str) -> str:
        return advice(
            {"id": "hyperparameters", "status": "note", "values": {"variant": "+".join(chosen)}}, language
        ).lower()

    for one, word in variants.items():
        assert word in told(one), one
        assert not any(other in told(one) for other in variants.values() if other != word), one
    assert all(word in told("warmup-long", "no-stopping") for word in ("warmup", "patience"))
    assert told("warmup-most", "warmup-long") == told("warmup-long")  # said once
    own = texts()["hyperparameters"]
    assert set(own.do_of) == set(own.evidence) - {"pass"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_skipped_files_are_reported_with_their_reason(language: Language) -> None:
    for reason, words in REASONS.items():
        values = {
            "variant": reason,
            "skipped": 2,
            "first": "a.txt",
            "hint": "x",
            "undecodable": 2,
            "share": 0.1,
            "documents": 3,
        }
        shown = evidence({"id": "corpus-readable", "status": "warn", "values": values}, language)
        own = reason in texts()["corpus-readable"].evidence
        assert own or (words[language] in shown and "a.txt" in shown), reason


@pytest.mark.parametrize("language", LANGUAGES)
def test_skipped_or_failed_check_says_why(language: Language) -> None:
    for reason in SKIPPED:
        assert evidence({"id": "causality", "status": "skipped", "values": {"reason": reason}}, language)
    broken = {"id": "causality", "status": "error", "values": {"reason": "KeyError: x"}}
    assert "KeyError: x" in evidence(broken, language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("finding", ["split-overlap", "split-alike"])
def test_advice_about_the_split_does_not_assume_files_for_both(finding: str, language: Language) -> None:
    """Without train.txt and val.txt, --val-split has divided the text already."""
    last = texts()[finding].do[language].split(". ")[-1]
    assert "--val-split" in last and {"en": "If you gave", "tr": "verdiyseniz"}[language] in last


def test_count_of_one_has_a_singular_noun() -> None:
    for documents, start in ((1, "1 document read"), (2, "2 documents read"), (1200, "1,200 documents read")):
        found = {"id": "corpus-readable", "status": "pass", "values": {"documents": documents}}
        assert evidence(found, "en").startswith(start)


def test_count_of_one_has_a_singular_verb() -> None:
    values = {"variant": "too-short", "loss": 3.5, "unigram": 2.9, "updates": 1}
    assert evidence({"id": "beats-baselines", "status": "note", "values": values}, "en").endswith("judge after 1 step")


@pytest.mark.parametrize(("language", "told"), [("en", "Free some space"), ("tr", "yer açın")])
def test_advice_about_a_best_model_that_was_not_saved_is_about_the_disk(language: Language, told: str) -> None:
    found = {"id": "early-stopping", "status": "fail", "values": {"variant": "not-saved", "best": 3.5, "best_step": 30}}
    assert told in advice(found, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_advice_names_a_learning_rate_for_each_optimizer(language: Language) -> None:
    adamw, muon = OPTIMIZERS["adamw"], OPTIMIZERS["muon"]
    lower = (f"{adamw.lowered_rate:.0e}".replace("e-0", "e-"), in_language(str(muon.lowered_rate), language))
    usual = (f"{adamw.usual_rate:.0e}".replace("e-0", "e-"), in_language(str(muon.usual_rate), language))
    for finding, rates in (("non-finite", lower), ("loss-too-high", lower), ("loss-not-falling", usual)):
        assert all(rate in advice({"id": finding}, language) for rate in rates), finding


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_that_is_exhausted_is_not_advised_to_be_trained_on_for_longer(language: Language) -> None:
    found = {"id": "still-improving", "values": {"variant": "text-exhausted"}}
    assert "--resume" in advice({"id": "still-improving"}, language)
    assert "--resume" not in advice(found, language)
