"""The checks of the text before training: each fault is reported by its check, and healthy text has no findings."""

from __future__ import annotations

import base64
import json
import random
import re
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmrec_engine.checks.finding import Check, Finding, run, run_all
from mmrec_engine.checks.preflight.all_checks import text_checks_of
from mmrec_engine.checks.preflight.text_checks import TEXT_CHECKS, TextContext
from mmrec_engine.checks.specs import numbers
from mmrec_engine.data import text_measures, windows
from mmrec_engine.data.prepare import Corpus, prepare_corpus
from mmrec_engine.data.sources.builtin import sample_folder
from mmrec_engine.events import result_of
from mmrec_engine.locales.guide.findings import advice, evidence, texts, why
from mmrec_engine.locales.guide.items import ITEMS
from mmrec_engine.locales.guide.remedies import REMEDIES, remedy_title
from mmrec_engine.locales.messages import LANGUAGES
from mmrec_engine.settings import resolve
from mmrec_engine.settings.presets import PROFILES
from mmrec_engine.training.plan import make_plan

IDS = [
    "corpus-readable", "corpus-size", "corpus-text", "markup", "mojibake", "duplicate-text", "split-overlap",
    "split-alike",    "unknown-characters", "round-trip", "targets-shifted", "baselines", "hyperparameters",
]  # fmt: skip
GRAVE = ("warn", "fail", "error")


def prose_of(language: str) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(sample_folder().glob(f"{language}-*.txt")))


ENGLISH, TURKISH = prose_of("en"), prose_of("tr")


def context_of(**settings: Any) -> TextContext:
    resolved = resolve({"seq_len": 64, "max_steps": 2000, "eval_every": 100, **settings})
    return TextContext(resolved.settings, result_of(prepare_corpus(resolved.settings)), resolved.sources)


def found_in(context: TextContext) -> dict[str, Finding]:
    return {finding["id"]: finding for finding in run_all(TEXT_CHECKS, context)}


def graver(findings: dict[str, Finding]) -> dict[str, str]:
    return {id: finding["status"] for id, finding in findings.items() if finding["status"] in GRAVE}


def findings_of(tmp_path: Path, text: str | dict[str, str | bytes], **settings: Any) -> dict[str, Finding]:
    folder = tmp_path / "text"
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in ({"a.txt": text} if isinstance(text, str) else text).items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    findings = found_in(context_of(data_dir=str(folder), **settings))
    for finding in findings.values():
        is_well_told(finding)
    return findings


def is_well_told(finding: Finding) -> None:
    assert json.loads(json.dumps(finding, allow_nan=False)) == finding
    told = {language: evidence(finding, language) for language in LANGUAGES}
    assert told["en"] == finding["evidence"]
    assert all(told.values()), finding
    assert told["en"] != told["tr"]
    for remedy in finding["remedies"]:
        assert set(remedy) == {"id", "title", "settings"}
        assert resolve(remedy["settings"])
        assert remedy["title"] == remedy_title(remedy, "en")
        assert remedy_title(remedy, "tr") != remedy["title"]


def test_checks_match_the_table_and_have_words_and_an_item() -> None:
    assert [check.id for check in TEXT_CHECKS] == IDS
    assert set(IDS) <= set(texts())
    items = {item.id for item in ITEMS if item.phase == "before"}
    for check in TEXT_CHECKS:
        assert check.item in items
        assert texts()[check.id]
        numbers(check.id)
    for words in [
        *REMEDIES.values(),
        *(text for entry in (texts()[id] for id in IDS) for text in (entry.title, entry.why, entry.do)),
    ]:
        assert set(words) == set(LANGUAGES)
        assert words["en"] != words["tr"]


@pytest.mark.parametrize("config", ["tiny", "mini"])
@pytest.mark.parametrize("recipe", ["guide", "fast"])
@pytest.mark.parametrize("corpus", ["sample", "python-docs"])
def test_healthy_corpus_has_no_findings(corpus: str, recipe: str, config: str) -> None:
    resolved = resolve({"corpus": corpus, "recipe": recipe, "config": config})
    prepared = result_of(prepare_corpus(resolved.settings))
    findings = found_in(TextContext(resolved.settings, prepared, resolved.sources))
    expected = dict.fromkeys(IDS, "pass")
    if (recipe, config) == ("guide", "tiny"):
        expected["hyperparameters"] = "note"  # a higher rate is known to be better
        assert 0.1 < findings["hyperparameters"]["values"]["gain"] < 0.4
    assert {id: finding["status"] for id, finding in findings.items()} == expected
    for finding in findings.values():
        is_well_told(finding)
    short = replace(resolved.settings, epochs=None, max_steps=60)
    of_a_short_run = run(check("hyperparameters"), TextContext(short, prepared, {}))["status"]
    assert of_a_short_run == ("warn" if recipe == "guide" else "note"), "a warmup of 100, or of 20, in 60 steps"


@pytest.mark.parametrize("profile", PROFILES)
def test_profile_raises_no_finding_about_its_own_values(profile: str) -> None:
    resolved = resolve({**PROFILES[profile], "use_sample_corpus": True})
    context = TextContext(resolved.settings, result_of(prepare_corpus(resolved.settings)), resolved.sources)
    found = run(check("hyperparameters"), context)
    # The guide's learning rate is no value of a profile.
    assert found["status"] == "pass" or found["values"]["variant"] == "rate-of-the-guide", found["values"]


@pytest.mark.slow
def test_code_has_no_findings() -> None:
    assert graver(found_in(context_of(corpus="python-code"))) == {}


def test_shakespeare_has_no_findings_and_the_known_baselines(shakespeare: Path) -> None:
    findings = found_in(context_of(data_dir=str(shakespeare), seq_len=256))
    assert graver(findings) == {}
    values = findings["baselines"]["values"]
    assert [round(values[name], 3) for name in ("unigram", "bigram", "5-gram")] == [3.347, 2.486, 1.669]
    assert "3.347" in findings["baselines"]["evidence"] and "1.669" in findings["baselines"]["evidence"]


@pytest.mark.parametrize("text", [TURKISH, ENGLISH], ids=["tr", "en"])
def test_prose_in_one_language_has_no_findings(tmp_path: Path, text: str) -> None:
    assert graver(findings_of(tmp_path, text, seq_len=32)) == {}


def base64_of(data: bytes) -> str:
    return base64.encodebytes(data).decode()


def shuffled(text: str) -> str:
    return "".join(random.Random(0).sample(text, len(text)))


def marked_up(text: str) -> str:
    return "".join(
        f'<p class="c{number}"><a href="/page/{number}">{line[:30]}</a></p>\n'
        for number, line in enumerate(text.split("\n"))
    )


def test_comparisons_and_includes_in_code_are_not_markup() -> None:
    code = "#include <stdio.h>\nstd::vector<int> v;\nif (a <b and c> d) { x = y<z>(1); }\n" * 20
    assert text_measures.markup_share(code) == 0.0
    assert text_measures.markup_share(marked_up(ENGLISH)) > 0.4


@pytest.mark.parametrize(
    ("text", "variant"),
    [
        ("The quick brown fox jumps over the lazy dog, again and again.\n" * 3000, "repeated"),
        ("\n".join(f"Entry {number}: the cat sat on the mat." for number in range(9000)), "much-alike"),
        (base64_of(random.Random(0).randbytes(90_000)), "encoded"),
        (base64_of(ENGLISH.encode()), "encoded"),
        (random.Random(0).randbytes(60_000).hex(), "no-structure"),
        (" ".join(str(random.Random(number).random()) for number in range(6000)), "no-letters"),
        (shuffled(ENGLISH), "no-structure"),
        (base64_of(random.Random(0).randbytes(9_000)) + ENGLISH, "partly-encoded"),
    ],
    ids=["repeated", "numbered", "base64", "base64-text", "hex", "numbers", "shuffled", "part"],
)
def test_binary_or_random_input_is_reported(tmp_path: Path, text: str, variant: str) -> None:
    finding = findings_of(tmp_path, text)["corpus-text"]
    assert finding["status"] == ("warn" if variant in ("much-alike", "partly-encoded") else "fail")
    assert finding["values"]["variant"] == variant


@pytest.mark.parametrize(
    ("text", "written", "read"),
    [
        (TURKISH, "utf-8", "cp1252"),
        (TURKISH, "utf-8", "latin-1"),
        (TURKISH, "cp1254", "latin-1"),
        (ENGLISH.replace("'", "’"), "utf-8", "cp1252"),
    ],
    ids=["tr-1252", "tr-latin-1", "tr-1254", "en-1252"],
)
def test_wrong_code_page_is_reported_with_its_remedy(tmp_path: Path, text: str, written: str, read: str) -> None:
    damaged = text.encode(written).decode(read)
    finding = findings_of(tmp_path, damaged)["mojibake"]
    assert finding["status"] == ("fail" if text == TURKISH else "warn")
    assert finding["values"]["mended"] in text and finding["values"]["example"] in damaged
    assert [remedy["settings"] for remedy in finding["remedies"]] == [{"fix_encoding": True}]
    mended = findings_of(tmp_path, damaged, fix_encoding=True)
    assert mended["mojibake"]["status"] == "pass"


def test_lost_characters_are_reported_without_a_remedy(tmp_path: Path) -> None:
    finding = findings_of(tmp_path, TURKISH.replace("ğ", "\N{REPLACEMENT CHARACTER}"))["mojibake"]
    assert (finding["status"], finding["values"]["variant"]) == ("fail", "beyond-repair")
    assert finding["remedies"] == []


def test_little_damage_is_a_warning_and_two_words_are_not(tmp_path: Path) -> None:
    words = ENGLISH.split(" ")
    for place in range(0, len(words), 300):
        words[place] = "cafÃ©s"
    assert findings_of(tmp_path, " ".join(words))["mojibake"]["status"] == "warn"
    assert findings_of(tmp_path, ENGLISH[:4000] + "cafÃ©s " * 2, seq_len=8)["mojibake"]["status"] == "pass"


def test_validation_text_in_the_training_split_is_reported(tmp_path: Path) -> None:
    half = len(ENGLISH) // 2
    leak = {"train.txt": ENGLISH, "val.txt": ENGLISH[half:]}
    finding = findings_of(tmp_path, leak)["split-overlap"]
    assert finding["status"] == "fail" and finding["values"]["share"] > 0.99
    part = {"train.txt": ENGLISH[:half], "val.txt": ENGLISH[half - 4000 : half + 26_000]}
    finding = findings_of(tmp_path, part)["split-overlap"]
    assert finding["status"] == "warn" and finding["values"]["share"] == pytest.approx(4 / 30, abs=0.01)
    fair = {"train.txt": ENGLISH[:half], "val.txt": ENGLISH[half:]}
    assert findings_of(tmp_path, fair)["split-overlap"]["status"] == "pass"


@pytest.mark.parametrize(
    "anew",
    [str.upper, lambda text: textwrap.fill(text, 30), lambda text: re.sub("[^A-Za-z]+", "  ", text)],
    ids=["capitals", "wrapped", "punctuation"],
)
def test_reformatted_validation_text_in_training_is_reported(tmp_path: Path, anew: Callable[[str], str]) -> None:
    half = len(ENGLISH) // 2
    leak = {"train.txt": ENGLISH[:half] + "\n" + anew(ENGLISH[half:]), "val.txt": ENGLISH[half:]}
    finding = findings_of(tmp_path, leak)["split-overlap"]
    assert finding["values"]["variant"] == "letters"
    assert finding["status"] == "fail" and finding["values"]["share"] > 0.8


def test_rules_and_separators_in_both_splits_are_no_leak(tmp_path: Path) -> None:
    half = len(ENGLISH) // 2
    ruled = {"train.txt": ENGLISH[:half] + "-" * 20_000, "val.txt": "-" * 20_000 + ENGLISH[half:]}
    assert findings_of(tmp_path, ruled)["split-overlap"]["values"]["found"] == 0


@pytest.mark.parametrize(
    ("train", "validation"),
    [(ENGLISH, TURKISH), (TURKISH, ENGLISH), (ENGLISH, ENGLISH.upper())],
    ids=["en-tr", "tr-en", "upper"],
)
def test_validation_split_in_another_language_is_reported(tmp_path: Path, train: str, validation: str) -> None:
    finding = findings_of(tmp_path, {"train.txt": train, "val.txt": validation})["split-alike"]
    assert finding["status"] == "warn"
    assert finding["values"]["apart"] > 0.8


@pytest.mark.parametrize("length", [2600, 10_000])
def test_short_validation_split_of_the_same_language_passes(tmp_path: Path, length: int) -> None:
    files: dict[str, str | bytes] = {"train.txt": ENGLISH[length:], "val.txt": ENGLISH[:length]}
    assert findings_of(tmp_path, files)["split-alike"]["status"] == "pass"


def test_characters_missing_from_training_are_reported(tmp_path: Path) -> None:
    half = len(ENGLISH) // 2
    strange = ENGLISH[half:].replace("q", "ҩ").replace("x", "х")
    finding = findings_of(tmp_path, {"train.txt": ENGLISH[:half], "val.txt": strange})["unknown-characters"]
    assert finding["status"] == "warn" and finding["remedies"] == [], "the vocabulary has room, it is the text"
    finding = findings_of(tmp_path, {"train.txt": ENGLISH[:half], "val.txt": TURKISH})["unknown-characters"]
    assert finding["status"] == "fail"
    finding = findings_of(tmp_path, ENGLISH, vocab_size=20)["unknown-characters"]
    assert finding["status"] == "fail"
    assert [remedy["settings"] for remedy in finding["remedies"]] == [{"vocab_size": 40}]


@pytest.mark.parametrize(
    ("training", "settings", "told"),
    [
        (ENGLISH, {}, "validation loss by 0.01 or more. The model is better"),
        (f"{ENGLISH}ҩ", {}, ""),
        (ENGLISH, {"vocab_size": 20}, "loss looks better"),
        # The limit leaves out characters of both splits, but in validation there are many more of them.
        (f"{ENGLISH}ҩ", {"vocab_size": len({*ENGLISH})}, "The model is better"),
    ],
    ids=["validation alone", "known", "both splits", "hardly in training"],
)
def test_unknown_tokens_raise_the_loss_only_where_they_are_not_trained_on(
    tmp_path: Path, training: str, settings: dict[str, Any], told: str
) -> None:
    """An unknown token that is a target of training is easy to predict; one that never was has a very high loss."""
    validation = ENGLISH[:20_000].replace("w", "ҩ")
    finding = findings_of(tmp_path, {"train.txt": training, "val.txt": validation}, **settings)["unknown-characters"]
    assert (finding["status"] == "pass") == (not told)
    if not told:
        return
    assert told in why(finding, "en") and why(finding, "tr") != why(finding, "en")
    is_of_validation = "The model is better" in told
    assert ("--vocab-size" in advice(finding, "en")) != is_of_validation
    assert bool(finding["remedies"]) != is_of_validation, "a larger vocabulary would not have them either"
    if is_of_validation:
        assert "ҩ" in finding["evidence"] and finding["evidence"].endswith("ҩ")


def test_too_little_text_is_reported_with_remedies(tmp_path: Path) -> None:
    finding = findings_of(tmp_path, ENGLISH[:9000], seq_len=256)["corpus-size"]
    assert (finding["status"], finding["values"]["variant"]) == ("fail", "few-train-windows+few-validation-windows")
    assert [remedy["settings"] for remedy in finding["remedies"]] == [{"seq_len": 64}]
    finding = findings_of(tmp_path, ENGLISH[:60_000], seq_len=512, config="mini", val_split=0.2)["corpus-size"]
    assert finding["values"]["variant"] == "few-train-windows"
    assert [remedy["settings"] for remedy in finding["remedies"]] == [
        {"seq_len": 256}, {"stride": 256}, {"config": "tiny"}
    ]  # fmt: skip


def test_long_evaluations_of_a_short_split_are_reported_with_a_remedy(tmp_path: Path) -> None:
    finding = findings_of(tmp_path, ENGLISH[:40_000], seq_len=64, eval_seq_len=1024)["corpus-size"]
    assert (finding["status"], finding["values"]["variant"]) == ("fail", "few-evaluation-windows")
    assert "validation windows of 1,024 tokens" in finding["evidence"]
    assert [remedy["settings"] for remedy in finding["remedies"]] == [{"eval_seq_len": 256}], (
        "training keeps its windows"
    )
    assert "--eval-seq-len 256" in finding["remedies"][0]["title"]
    both = findings_of(tmp_path, ENGLISH[:9000], seq_len=256, eval_seq_len=512)["corpus-size"]
    assert both["remedies"][0]["settings"] == {"seq_len": 64, "eval_seq_len": 64}


def test_model_too_large_for_its_text_is_reported(tmp_path: Path) -> None:
    finding = findings_of(tmp_path, ENGLISH, config="small")["corpus-size"]
    assert finding["status"] == "warn"
    assert [remedy["settings"] for remedy in finding["remedies"]] == [{"config": "tiny"}]
    assert finding["values"]["full_tokens"] == 20 * finding["values"]["parameters"]


def test_duplicate_lines_are_reported(tmp_path: Path) -> None:
    several = ENGLISH.split("\n")
    assert findings_of(tmp_path, "\n".join(several + several[::4]))["duplicate-text"]["status"] == "warn"
    finding = findings_of(tmp_path, ENGLISH + "\n" + ENGLISH)["duplicate-text"]
    assert finding["status"] == "fail"
    assert 0.4 < finding["values"]["share"] < 0.5


@pytest.mark.parametrize("id", ["duplicate-text", "split-overlap"])
def test_advice_about_copies_in_a_single_file_is_about_that_file(tmp_path: Path, id: str) -> None:
    """There is no copy of a file to remove, and nobody has given two splits."""
    twice = ENGLISH + "\n" + ENGLISH
    for language, of_one in (("en", "each .*once"), ("tr", "bir kez bırakın")):
        one = findings_of(tmp_path / "one", twice)[id]
        several = findings_of(tmp_path / "several", {"a.txt": twice, "b.txt": ENGLISH})[id]
        assert (one["status"], several["status"]) == ("fail", "fail")
        assert re.search(of_one, advice(one, language)) and not re.search(of_one, advice(several, language))


def test_the_guides_learning_rate_is_not_called_low_but_told_beside_what_range_tests_suggest(tmp_path: Path) -> None:
    found = findings_of(tmp_path, ENGLISH, learning_rate=3e-4)["hyperparameters"]
    for language, told, advised in (
        (
            "en",
            "3e-4 is the guide's learning rate; range tests of small models suggest about 0.01",
            "to follow the guide",
        ),
        ("tr", "3e-4 rehberin öğrenme oranıdır", "Rehbere uymak için"),
    ):
        assert told in evidence(found, language) and advised in advice(found, language)


def test_short_lines_are_compared_in_groups_and_separators_are_not() -> None:
    poem = "\n\n".join(f"the {number}th verse\nis a short one\nand ends at {number}" for number in range(100))
    assert text_measures.repeated_lines([poem], 40) == (0, 100)
    assert text_measures.repeated_lines([poem, poem], 40) == (100, 200)
    assert text_measures.repeated_lines(["-" * 80 + "\n" + "=-" * 40] * 9, 40) == (0, 0)
    assert text_measures.repeated_lines(["It was the best of times, it was the worst. " * 60], 40)[0] == 59


@pytest.mark.parametrize(("old", "status"), [(0.0, "pass"), (0.004, "note"), (0.05, "warn"), (0.3, "fail")])
def test_undecodable_files_are_weighted_by_size(tmp_path: Path, old: float, status: str) -> None:
    legacy = TURKISH.encode("cp1254")[: int(old * len(ENGLISH) / (1 - old))]
    finding = findings_of(tmp_path, {"a.txt": ENGLISH, **({"old.txt": legacy} if legacy else {})})["corpus-readable"]
    assert finding["status"] == status
    assert finding["values"]["share"] == pytest.approx(old, abs=0.002)
    wanted = [] if status == "pass" else [{"encoding": "windows-1254"}]
    assert [remedy["settings"] for remedy in finding["remedies"]] == wanted


def test_files_in_different_encodings_are_named_without_a_remedy_for_all(tmp_path: Path) -> None:
    polish = "Litwo! Ojczyzno moja! ty jesteś jak zdrowie. Ile cię trzeba cenić, piękność twą widzę.\n" * 99
    legacy = {"b.txt": TURKISH[:9000].encode("cp1254"), "c.txt": polish.encode("cp1250")}
    finding = findings_of(tmp_path, {"a.txt": ENGLISH, **legacy})["corpus-readable"]
    assert finding["remedies"] == []
    assert "b.txt looks like windows-1254, c.txt like windows-1250" in finding["evidence"]


def test_files_that_are_copies_and_several_left_out_files_are_named(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"a.txt": ENGLISH, "b_copy.txt": ENGLISH, "c.bin": bytes(99), "d.txt": ""}
    found = findings_of(tmp_path, files)
    assert found["duplicate-text"]["status"] == "fail"
    assert "; a.txt and b_copy.txt are the same text" in found["duplicate-text"]["evidence"]
    assert "first: c.bin, not text (binary); d.txt: empty" in found["corpus-readable"]["evidence"]


def test_other_skipped_files_are_reported(tmp_path: Path) -> None:
    finding = findings_of(tmp_path, {"a.txt": ENGLISH, "empty.txt": "", "image.png": b"\x89PNG\0\0" * 9})[
        "corpus-readable"
    ]
    assert (finding["status"], finding["values"]["variant"], finding["values"]["skipped"]) == ("note", "empty", 2)
    several = {"a.txt": ENGLISH, "b.txt": "", "c.txt": TURKISH[:400].encode("cp1254")}
    (tmp_path / "several").mkdir()
    finding = findings_of(tmp_path / "several", several)["corpus-readable"]
    assert (finding["status"], finding["values"]["first"]) == ("note", "c.txt"), (
        "the one that can be helped comes first"
    )
    half = len(ENGLISH) // 2
    split: dict[str, str | bytes] = {"train.txt": ENGLISH[:half], "val.txt": ENGLISH[half:], "notes.txt": "a note"}
    (tmp_path / "split").mkdir()
    finding = findings_of(tmp_path / "split", split)["corpus-readable"]
    assert (finding["status"], finding["values"]["variant"]) == ("note", "split-given")


@pytest.mark.parametrize(
    ("settings", "status", "variant", "remedies"),
    [
        ({}, "pass", None, []),
        ({"learning_rate": 3e-2}, "pass", None, []),
        ({"learning_rate": 0.5}, "warn", "rate-high", [{"learning_rate": 0.01}]),
        ({"learning_rate": 0.5, "config": "small"}, "warn", "rate-high", [{"learning_rate": 3e-4}]),
        ({"learning_rate": 1e-7}, "warn", "rate-low", [{"learning_rate": 0.01}]),
        ({"optimizer": "muon", "learning_rate": 0.05}, "pass", None, []),
        ({"optimizer": "muon", "learning_rate": 0.5}, "warn", "rate-high", [{"learning_rate": 0.04}]),
        ({"optimizer": "muon", "learning_rate": 0.5, "max_steps": 300, "warmup_steps": 10, "eval_every": 30}, "warn",
         "rate-high", [{"learning_rate": 0.04}]),
        ({"optimizer": "muon", "learning_rate": 3e-4}, "warn", "rate-low", [{"learning_rate": 0.04}]),
        ({"learning_rate": 3e-4}, "note", "rate-of-the-guide", [{"learning_rate": 0.01}]),
        ({"learning_rate": 2e-4}, "note", "rate-cautious", [{"learning_rate": 0.01}]),
        ({"optimizer": "muon", "learning_rate": 0.005}, "note", "rate-cautious", [{"learning_rate": 0.04}]),
        ({"learning_rate": 3e-4, "config": "mini"}, "pass", None, []),  # for which rates were not compared
        ({"learning_rate": 0.004}, "pass", None, []),
        ({"grad_clip": 0.0, "learning_rate": 0.01}, "note", "no-clipping", []),
        ({"grad_clip": 0.0, "learning_rate": 0.02}, "warn", "no-clipping-fast", [{"grad_clip": 1.0}]),
        ({"grad_clip": 0.0, "learning_rate": 3e-4, "config": "small"}, "note", "no-clipping", []),
        ({"grad_clip": 0.0, "learning_rate": 0.004, "config": "small"}, "warn", "no-clipping-fast", [{"grad_clip": 1.0}]),
        ({"warmup_steps": 200}, "pass", None, []),
        ({"warmup_steps": 201}, "note", "warmup-long", [{"warmup_steps": 200}]),
        ({"warmup_steps": 1000}, "warn", "warmup-most", [{"warmup_steps": 200}]),
        ({"warmup_steps": 9000}, "warn", "warmup-most", [{"warmup_steps": 200}]),
        ({"dropout": 0.5, "weight_decay": 1.0}, "pass", None, []),
        ({"dropout": 0.9}, "warn", "dropout-high", [{"dropout": 0.1}]),
        ({"weight_decay": 10.0}, "warn", "decay-high", [{"weight_decay": 0.1}]),
        ({"masked": 0.2, "noise": 0.1, "jitter": 1.0, "recased": 1.0}, "pass", None, []),
        ({"masked": 0.3, "noise": 0.1}, "warn", "disturbed-much", [{"masked": 0.1, "noise": 0.05}]),
        ({"noise": 0.4}, "warn", "disturbed-much", [{"masked": 0.0, "noise": 0.05}]),
        ({"curriculum": "ngram", "curriculum_start": 0.01, "curriculum_share": 1.0}, "warn", "curriculum-narrow",
         [{"curriculum_start": 0.5}]),
        ({"curriculum": "length", "curriculum_start": 0.01, "curriculum_share": 1.0}, "pass", None, []),
        ({"curriculum": "order", "curriculum_start": 0.5, "curriculum_share": 0.1}, "pass", None, []),
        ({"eval_every": 286}, "pass", None, []),
        ({"eval_every": 334}, "note", "no-stopping", [{"early_stopping_patience": 4}]),
        ({"eval_every": 1000}, "note", "no-stopping", []),
        ({"eval_every": 1000, "time": 60.0, "max_steps": 2000}, "pass", None, []),
        ({"warmup_steps": 201, "dropout": 0.9}, "warn", "warmup-long+dropout-high",
         [{"warmup_steps": 200}, {"dropout": 0.1}]),
        ({"schedule": "plateau", "eval_every": 286}, "pass", None, []),
        ({"schedule": "plateau", "eval_every": 286, "plateau_patience": 5}, "note", "no-plateau", [{"plateau_patience": 1}]),
        ({"schedule": "plateau", "plateau_patience": 2, "early_stopping_patience": 1, "eval_every": 286}, "note",
         "no-plateau", []),
        ({"plateau_patience": 9}, "pass", None, []),
        ({"schedule": "inverse-sqrt", "warmup_steps": 0}, "note", "root-from-the-start", [{"warmup_steps": 200}]),
        ({"learning_rate": 9.0, "grad_clip": 0.0, "warmup_steps": 1999, "eval_every": 600}, "warn",
         "rate-high+no-clipping-fast+warmup-most+no-stopping",
         [{"learning_rate": 0.01}, {"grad_clip": 1.0}, {"warmup_steps": 200}, {"early_stopping_patience": 2}]),
    ],
)  # fmt: skip
def test_extreme_hyperparameters_are_reported_with_better_ones(
    tmp_path: Path, settings: dict[str, Any], status: str, variant: str | None, remedies: list[dict[str, Any]]
) -> None:
    finding = findings_of(tmp_path, ENGLISH, **{"learning_rate": 0.01, **settings})["hyperparameters"]
    assert (finding["status"], finding["values"].get("variant")) == (status, variant)
    assert set((variant or "pass").split("+")) <= set(texts()["hyperparameters"].evidence)
    assert [remedy["settings"] for remedy in finding["remedies"]] == remedies
    assert set(finding["values"]["by_hand"]) >= set(settings)


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
@pytest.mark.parametrize("config", ["tiny", "mini"])
@pytest.mark.parametrize("rate", [5.0, 1e-6])
def test_remedy_sets_the_learning_rate_that_the_finding_names(
    tmp_path: Path, rate: float, config: str, optimizer: str
) -> None:
    chosen = {"learning_rate": rate, "config": config, "optimizer": optimizer}
    finding = findings_of(tmp_path, ENGLISH, **chosen)["hyperparameters"]
    (remedy,) = (one["settings"]["learning_rate"] for one in finding["remedies"])
    assert f"usual for this model {remedy:g})" in evidence(finding, "en")
    assert not re.search(r"\d", advice(finding, "en")), "no other rate is named"


@pytest.mark.parametrize("epochs", [1, 3, 10, None])
@pytest.mark.parametrize("most_steps", [1, 17, 500, None])
@pytest.mark.parametrize("every", [None, 7, 1000])
@pytest.mark.parametrize("batch_size", [3, 64, 4000])
def test_counted_steps_and_evaluations_match_the_run(
    sample: Corpus, epochs: int | None, most_steps: int | None, every: int | None, batch_size: int
) -> None:
    if epochs is None and most_steps is None:
        return
    settings = resolve(
        {"epochs": epochs, "max_steps": most_steps, "eval_every": every, "batch_size": batch_size, "seq_len": 64}
    ).settings
    context = TextContext(settings, sample, {})
    plan = make_plan(settings, context.train_windows.count)
    assert context.planned_steps == plan.planned_steps
    made = sum(plan.validates(step, every) for step in range(1, plan.planned_steps + 1))
    assert context.planned_evaluations == made


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        return result_of(prepare_corpus(resolve({"corpus": "sample"}).settings))


def check(id: str) -> Check:
    return next(check for check in TEXT_CHECKS if check.id == id)


@pytest.mark.parametrize("moved", [0, 2])
def test_labels_that_are_not_the_next_token_are_reported(
    sample: Corpus, monkeypatch: pytest.MonkeyPatch, moved: int
) -> None:
    context = TextContext(resolve({"corpus": "sample"}).settings, sample, {})
    finding = run(check("targets-shifted"), context)
    assert finding["status"] == "pass"
    assert finding["values"]["input"][1:] == finding["values"]["label"][:-1]
    cut = windows._cut

    def wrong(tokens: Any, starts: Any, length: int) -> Any:
        inputs, _ = cut(tokens, starts, length)
        return inputs, np.roll(inputs, -moved, axis=1)

    def shuffled_labels(self: windows.TrainingWindows, numbers: Any) -> Any:
        inputs, labels = cut(self.tokens, self.starts(numbers), self.length)
        return inputs, np.random.default_rng(0).permuted(labels, axis=1)

    with monkeypatch.context() as patch:
        patch.setattr(windows, "_cut", wrong)
        finding = run(check("targets-shifted"), context)
        assert finding["status"] == "fail"
        is_well_told(finding)
    monkeypatch.setattr(windows.TrainingWindows, "batch", shuffled_labels)
    assert run(check("targets-shifted"), context)["status"] == "fail"


@pytest.mark.parametrize(
    ("text", "variant"),
    [
        (marked_up(ENGLISH), "html"),
        ("".join(f"\\pard\\fs24 {line}\\par\n" for line in ENGLISH.splitlines()), "rtf"),
        (
            "Log:\n" + "".join(json.dumps({"text": line, "n": 1}) + "\n" for line in ENGLISH.splitlines() if line),
            "json",
        ),
        (
            "n;a;b\n" + "".join(f"{n};{line};x\n" for n, line in enumerate(ENGLISH.replace(";", ",").splitlines())),
            "table",
        ),
    ],
    ids=["html", "rtf", "json", "table"],
)
def test_markup_in_the_text_is_reported(tmp_path: Path, text: str, variant: str) -> None:
    finding = findings_of(tmp_path, {"a.md": text})["markup"]
    assert (finding["status"], finding["values"]["variant"]) == ("warn", variant)
    is_well_told(finding)


@pytest.mark.parametrize(
    ("value", "variant"),
    [
        (lambda number: f"aX{number * 7919 % 10**6}_k", "ids"),
        (lambda number: f"https://example.org/{number}/page", "links"),
        (lambda number: ("positive", "negative")[number % 2], "labels"),
        (lambda number: f"the words of story number {number}", None),
        (lambda number: f"{number}+{number * 3}={number * 4}", None),
    ],
    ids=["ids", "links", "labels", "prose", "equations"],
)
def test_field_without_prose_is_reported(tmp_path: Path, value: Any, variant: str | None) -> None:
    lines = "".join(json.dumps({"odd": value(number)}) + "\n" for number in range(2000))
    (tmp_path / "a.jsonl").write_text(lines)
    context = context_of(data_dir=str(tmp_path / "a.jsonl"), text_field="odd", seq_len=8)
    (column,) = (one for one in text_checks_of(context.corpus, context.settings) if one.id == "column-odd")
    finding = run(column, context)
    assert (finding["status"], finding["values"].get("variant")) == ("warn" if variant else "pass", variant)
    assert finding["values"]["field"] == "odd"
    is_well_told(finding)


def test_tokens_that_do_not_decode_to_the_text_are_reported(sample: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = resolve({"corpus": "sample"}).settings
    outside = replace(sample, validation=replace(sample.validation, tokens=np.full(500, 200, dtype=np.uint8)))
    finding = run(check("round-trip"), TextContext(settings, outside, {}))
    assert (finding["status"], finding["values"]["variant"]) == ("fail", "out-of-range")
    is_well_told(finding)
    monkeypatch.setattr(type(sample.tokenizer), "encode", lambda self, text: np.ones(len(text), dtype=np.uint8))
    finding = run(check("round-trip"), TextContext(settings, sample, {}))
    assert finding["status"] == "fail" and finding["values"]["wrong"] > 50
    is_well_told(finding)


def test_check_of_a_too_short_text_is_skipped_with_a_reason(tmp_path: Path) -> None:
    findings = findings_of(tmp_path, ENGLISH[:300], seq_len=4)
    skipped = {id for id, finding in findings.items() if finding["status"] == "skipped"}
    assert skipped == {"corpus-text", "markup", "duplicate-text", "split-overlap", "split-alike"}
    assert "error" not in {finding["status"] for finding in findings.values()}
    assert findings["corpus-size"]["status"] == "fail"


def json_lines(text: str) -> str:
    sentences = text.replace("\n", " ").split(". ")
    return "\n".join(json.dumps({"text": f"{sentence}."}) for sentence in sentences)


def test_many_short_documents_are_checked_as_one_text(tmp_path: Path) -> None:
    assert graver(findings_of(tmp_path, {"a.jsonl": json_lines(ENGLISH)}, seq_len=32)) == {}
    damaged = {"a.jsonl": json_lines(TURKISH.encode("cp1254").decode("latin-1"))}
    share = findings_of(tmp_path, damaged, seq_len=32)["mojibake"]["values"]["share"]
    assert share > 0.3


def test_applied_remedy_is_not_offered_again(tmp_path: Path) -> None:
    damaged = {
        "a.jsonl": json_lines(TURKISH.encode("cp1254").decode("latin-1"))
    }  # too short to be recognised as Turkish
    finding = findings_of(tmp_path, damaged, seq_len=32, fix_encoding=True)["mojibake"]
    assert (finding["status"], finding["remedies"]) == ("fail", [])
    legacy = {"a.txt": ENGLISH, "old.txt": TURKISH.encode("cp1254") + b"\x81\x8d"}
    finding = findings_of(tmp_path, legacy, encoding="windows-1254")["corpus-readable"]
    assert finding["remedies"] == []


def test_checks_return_remedies_and_exceptions_become_errors(sample: Corpus) -> None:
    offered = [{"id": "more", "title": "More", "settings": {"epochs": 3}}]
    one = Check("baselines", lambda _: {}, lambda *_: "warn", lambda *_: offered)
    assert run(one, None)["remedies"] == offered
    assert run(replace(one, remedies=lambda *_: 1 / 0), None)["status"] == "error"  # type: ignore[arg-type, return-value]


def test_the_same_text_gives_the_same_findings(sample: Corpus) -> None:
    settings = resolve({"corpus": "sample"}).settings
    assert found_in(TextContext(settings, sample, {})) == found_in(TextContext(settings, sample, {}))
