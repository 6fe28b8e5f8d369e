"""Metrics of generated text, for texts with known figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mmrec_engine.data.prepare import Corpus, prepare_corpus
from mmrec_engine.errors import RequestError
from mmrec_engine.evaluation import continuations
from mmrec_engine.evaluation.continuations import measure
from mmrec_engine.evaluation.generation import Sampling, continue_all, generate
from mmrec_engine.evaluation.words import Words, bleu_tokenization
from mmrec_engine.events import result_of
from mmrec_engine.model.language_model import create_model
from mmrec_engine.settings import metrics_of, resolve
from mmrec_engine.settings.model_config import ModelConfig

ALL = "bleu,rouge,distinct,copied"


@pytest.fixture
def corpus(tmp_path: Path, prose: str) -> Corpus:
    path = tmp_path / "prose.txt"
    path.write_text(prose, encoding="utf-8")
    return result_of(prepare_corpus(resolve({"data_dir": str(path), "val_split": 0.4}).settings))


def measured(corpus: Corpus, texts: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Of these texts: each with the one that it is compared with."""

    def written(*_: object) -> Any:
        yield from ()
        return texts

    monkeypatch.setattr(continuations, "_written", written)
    model = create_model(ModelConfig("mmrec", 8, 16, 1, 1, 32), 1)
    return result_of(measure(model, corpus, ALL, 1))


def test_identical_text_has_the_maximum_scores(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "the quick brown fox jumps over the lazy dog"
    values = measured(corpus, [(text, text)], monkeypatch)
    assert values["bleu"] == pytest.approx(100)
    assert values["rouge1"] == values["rouge2"] == values["rougeL"] == pytest.approx(100)
    assert (values["distinct1"], values["distinct2"]) == (8 / 9, 1.0)
    assert values["copied"] == 0.0
    assert "tok:13a" in values["signature"]


def test_other_text_has_the_known_scores(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    values = measured(corpus, [("the cat sat", "the cat ran"), ("a a a a", "b b b b")], monkeypatch)
    assert values["rouge1"] == pytest.approx(100 * (2 / 3 + 0) / 2)
    assert values["rouge2"] == pytest.approx(100 * (1 / 2 + 0) / 2)
    assert values["distinct1"] == 4 / 7
    assert values["distinct2"] == 3 / 5
    assert values["bleu"] < 50


def test_turkish_words_are_not_cut() -> None:
    assert Words().tokenize("Çığlık ATTI, İğde ağacı!") == ["çığlık", "attı", "iğde", "ağacı"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("हिन्दी में किताब की", ["हिन्दी", "में", "किताब", "की"]),
        ("தமிழ் மொழியில் கதை", ["தமிழ்", "மொழியில்", "கதை"]),
        ("หนังสือ ใหม่", ["หนังสือ", "ใหม่"]),
        ("الْكِتَابُ عَلَى", ["الْكِتَابُ", "عَلَى"]),
        ("می\u200cخواهم", ["می\u200cخواهم"]),
        ("cafe\u0301 NAÏVE", ["cafe\u0301", "naïve"]),
        ("今日は晴れ。", ["今", "日", "は", "晴", "れ"]),
        ("ISLAK IŞIK, İyi bir ağaç", ["ıslak", "ışık", "iyi", "bir", "ağaç"]),
        ("I LIVE IN ISTANBUL", ["i", "live", "in", "istanbul"]),
    ],
)
def test_words_of_each_script_are_not_cut(text: str, words: list[str]) -> None:
    assert Words().tokenize(text) == words


def test_different_words_of_one_script_share_nothing(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    values = measured(corpus, [("हिन्दी में किताब की", "मिट्टी वह पानी जो")], monkeypatch)
    assert values["rouge1"] == 0 and values["distinct1"] == 1.0


def test_bleu_tokenizes_chinese_and_japanese_by_script(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    chinese = ("今天天气很好，我们一起去公园散步吧。", "今天天气很好，我们一起去公园走走吧。")
    japanese = ("吾輩は猫である。名前はまだ無い。", "吾輩は犬である。名前はまだ無い。")
    for pair, name in ((chinese, "tok:zh"), (japanese, "tok:char")):
        values = measured(corpus, [pair], monkeypatch)
        assert values["bleu"] > 60 and name in values["signature"]
    assert bleu_tokenization(["หนังสือเล่มนี้ดีมาก"]) == "char" and bleu_tokenization(["한국어 문장"]) == "13a"


def test_signature_names_the_lower_casing(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    values = measured(corpus, [("IŞIK yandı", "ışık yandı")], monkeypatch)
    assert values["rouge1"] == pytest.approx(100) and "case:lc.tr|" in values["words"]
    assert "case:lc|" in measured(corpus, [("THE light", "the light")], monkeypatch)["words"]


def test_signature_names_scripts_without_word_boundaries(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thai and similar scripts have no blanks between words: the text between two blanks counts as one word."""
    thai = ("หนังสือเล่มนี้ดีมาก และถูกด้วย", "หนังสือเล่มนั้นดีมาก และถูกด้วย")
    values = measured(corpus, [thai], monkeypatch)
    assert values["words"].endswith("words:marks-joined,cjk-characters,thai-between-blanks")
    assert values["rouge1"] == pytest.approx(50)
    assert "between-blanks" not in measured(corpus, [("今日は晴れ", "今日は雨")], monkeypatch)["words"]


def test_text_from_the_training_split_counts_as_copied(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    train = corpus.tokenizer.decode(np.asarray(corpus.train.tokens).tolist())
    values = measured(corpus, [(train[1000:1200], "x"), (train[1000:1200][::-1], "x")], monkeypatch)
    assert values["copied"] == pytest.approx(0.5)


def test_metrics_are_deterministic(corpus: Corpus) -> None:
    model = create_model(ModelConfig("mmrec", corpus.tokenizer.vocab_size, 16, 1, 2, 32), 1)
    first, again, other = (result_of(measure(model, corpus, ALL, seed, 5)) for seed in (1, 1, 2))
    assert first == again
    assert {**first, "seed": 2} != other
    assert first["samples"] == 5
    few = result_of(measure(model, corpus, "distinct", 1, 10_000))
    assert few["samples"] == len(corpus.validation.tokens) // (64 + 128)
    assert "bleu" not in few


def test_batched_continuations_match_single_ones(corpus: Corpus) -> None:
    model = create_model(ModelConfig("mmrec", corpus.tokenizer.vocab_size, 16, 2, 2, 32), 1)
    with torch.no_grad():
        model.head.weight.normal_()
    prompts = torch.from_numpy(np.asarray(corpus.train.tokens[:60]).astype(np.int64)).view(3, 20)
    likeliest = Sampling(temperature=0)
    together = list(continue_all(model, prompts, [0], 15, likeliest))
    for row in range(3):
        alone = "".join(
            generate(model, corpus.tokenizer, corpus.tokenizer.decode(prompts[row].tolist()), 15, likeliest)
        )
        assert corpus.tokenizer.decode(ids[row] for ids in together) == alone
    sampled = Sampling(seed=3)
    all_three = list(continue_all(model, prompts, [0], 15, sampled))
    first_two = list(continue_all(model, prompts[:2], [0], 15, sampled))
    assert [ids[:2] for ids in all_three] == first_two
    assert all(index > 0 for ids in all_three for index in ids), "special tokens are never drawn"


def test_split_shorter_than_one_sample_is_refused(tmp_path: Path, prose: str) -> None:
    path = tmp_path / "short.txt"
    path.write_text(prose[:1500], encoding="utf-8")
    corpus = result_of(prepare_corpus(resolve({"data_dir": str(path), "seq_len": 16}).settings))
    model = create_model(ModelConfig("mmrec", corpus.tokenizer.vocab_size, 16, 1, 2, 32), 1)
    with pytest.raises(RequestError, match="150 tokens"):
        result_of(measure(model, corpus, "distinct", 1))


def test_metric_names_are_accepted_in_any_order_once_each() -> None:
    assert metrics_of("rouge, bleu,rouge") == ("bleu", "rouge")
    for wrong in ("", "bleu,", "meteor", "BLEU"):
        with pytest.raises(RequestError):
            metrics_of(wrong)
