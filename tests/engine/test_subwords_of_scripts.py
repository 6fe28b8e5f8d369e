"""Subwords of scripts with combining marks, and of the letters that a library reserves."""

import json
from pathlib import Path
from typing import Any

import pytest

from mmrec_engine.checks.finding import run
from mmrec_engine.checks.preflight.all_checks import text_checks_of
from mmrec_engine.checks.preflight.text_context import TextContext
from mmrec_engine.data.prepare import prepare_corpus
from mmrec_engine.events import result_of
from mmrec_engine.settings import resolve
from mmrec_engine.tokenizer import LEARNT, tokenizer_from_dict

pytest.importorskip("tokenizers")
pytest.importorskip("sentencepiece")
HINDI = "हिन्दी में किताब की कहानी पढ़ने वाले बच्चे बहुत खुश थे और उन्होंने अपने मित्रों को भी सुनाई। "
TAMIL = "தமிழ் மொழியில் எழுதப்பட்ட கதைகள் மிகவும் அழகானவை என்று அவர்கள் சொன்னார்கள். "
ARABIC = "الْكِتَابُ عَلَى الطَّاوِلَةِ وَالْقَلَمُ فِي الْحَقِيبَةِ. "
RESERVED = ["▁", "a▁b", "▅▅▅\n▅", "▂▃▅▇▅▃▂\nload ▁▂▃▄▅▆▇█ 80%\n", " ▁ x", "\u2581\u2585"]


def findings(folder: Path, text: str, **settings: Any) -> dict[str, dict[str, Any]]:
    (folder / "text.txt").write_text(text, encoding="utf-8")
    resolved = resolve({"data_dir": str(folder / "text.txt"), "seq_len": 32, **settings})
    corpus = result_of(prepare_corpus(resolved.settings))
    context = TextContext(resolved.settings, corpus, resolved.sources)
    wanted = ("round-trip", "vocabulary-size")
    return {one.id: run(one, context) for one in text_checks_of(corpus, resolved.settings) if one.id in wanted}


@pytest.mark.parametrize("text", [HINDI, TAMIL, ARABIC], ids=["hindi", "tamil", "arabic"])
def test_words_are_not_cut_at_combining_marks(text: str) -> None:
    tokenizer = LEARNT["bpe"].learnt([text * 50], 600, ())
    tokens = len(tokenizer.encode(text))
    assert tokens <= len(text.split()) + 2, "words that come again and again are one token each"
    assert tokenizer.decode(tokenizer.encode(text).tolist()) == text


def test_an_older_tokenizer_keeps_its_pattern() -> None:
    parts = pytest.importorskip("tokenizers")
    model = parts.Tokenizer(parts.models.BPE())
    model.pre_tokenizer = parts.pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = parts.pre_tokenizers.ByteLevel.alphabet()
    trainer = parts.trainers.BpeTrainer(vocab_size=600, initial_alphabet=alphabet, show_progress=False)
    model.train_from_iterator([HINDI * 50], trainer)
    old = tokenizer_from_dict({"kind": "bpe", "special": [], "model": model.to_str()})
    new = LEARNT["bpe"].learnt([HINDI * 50], 600, ())
    assert old.encode(HINDI).tolist() == model.encode(HINDI).ids
    assert len(old.encode(HINDI)) > 2 * len(new.encode(HINDI))
    assert (
        tokenizer_from_dict(json.loads(json.dumps(new.to_dict()))).encode(HINDI).tolist() == new.encode(HINDI).tolist()
    )


@pytest.mark.parametrize("kind", ["bpe", "sentencepiece"])
@pytest.mark.parametrize("text", RESERVED)
def test_reserved_letters_round_trip(kind: str, text: str) -> None:
    learnt = LEARNT[kind].learnt(["the old river ran past a mill ▁▂▃▄▅▆▇█\n" * 200, text], 300, ())
    for tokenizer in (learnt, tokenizer_from_dict(json.loads(json.dumps(learnt.to_dict())))):
        assert tokenizer.decode(tokenizer.encode(text).tolist()) == text
        assert "".join(tokenizer.decode_each(tokenizer.encode(text).tolist())) == text


def test_text_that_does_not_round_trip_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the tokenizer: here one that uses ▁ for a space, as its older versions did."""
    text = "the old river ran ▁▂▃ past a mill\n" * 400
    whole = findings(tmp_path, text, tokenizer="sentencepiece", vocab_size=300)["round-trip"]
    assert whole["status"] == "pass"
    numbers = LEARNT["sentencepiece"]._numbers  # type: ignore[union-attr]
    monkeypatch.setattr(LEARNT["sentencepiece"], "numbers", numbers)
    torn = findings(tmp_path, text + "x\n", tokenizer="sentencepiece", vocab_size=300)["round-trip"]
    assert torn["status"] == "fail" and torn["values"]["torn"] >= 2


def test_too_large_vocabulary_is_reported_and_its_remedy_helps(tmp_path: Path, prose: str) -> None:
    for kind in ("bpe", "sentencepiece"):
        large = findings(tmp_path, prose, tokenizer=kind, vocab_size=2000)["vocabulary-size"]
        assert large["status"] == "warn", large
        (offered,) = large["remedies"]
        smaller = findings(tmp_path, prose, tokenizer=kind, **offered["settings"])["vocabulary-size"]
        assert smaller["status"] == "pass" and not smaller["remedies"], smaller
