"""The prompt of samples begins at a word, where the validation split begins within one."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmrec_engine.data.prepare import Corpus, prepare_corpus
from mmrec_engine.evaluation.validation import prompt_of
from mmrec_engine.events import result_of
from mmrec_engine.settings import resolve

WORDS = "letters arrived every morning before anybody in the house had woken up. "


def corpus_of(folder: Path, *texts: str, **settings: object) -> Corpus:
    for number, text in enumerate(texts):
        (folder / f"{number}.txt").write_text(text, encoding="utf-8")
    return result_of(prepare_corpus(resolve({"data_dir": str(folder), "seq_len": 32, **settings}).settings))


@pytest.mark.parametrize("cut", range(0, 40, 3))
@pytest.mark.parametrize("tokenizer", ["char", "bpe"])
def test_prompt_is_of_whole_words(tmp_path: Path, cut: int, tokenizer: str) -> None:
    pytest.importorskip("tokenizers") if tokenizer == "bpe" else None
    text = (WORDS * 100)[cut:]
    corpus = corpus_of(tmp_path, text, tokenizer=tokenizer, vocab_size=300)
    prompt = prompt_of(corpus)
    place = int(len(text) * 0.9)  # where the document is cut
    first = text.index(prompt, place)
    assert first - place < len(max(WORDS.split(), key=len)) + 1, "not farther than one word"
    assert text[first - 1].isspace() or prompt[0].isspace()
    if text[place - 1].isspace():
        assert first == place, "nothing is left out before a whole word"
    if tokenizer == "char":
        assert len(prompt) >= 31


def test_prompt_is_the_beginning_of_a_document_that_was_not_cut(tmp_path: Path) -> None:
    texts = [f"Number{number} {WORDS * 4}" for number in range(40)]
    assert prompt_of(corpus_of(tmp_path, *texts)).startswith("Number")


def test_prompt_without_a_space_is_the_beginning(tmp_path: Path) -> None:
    text = "abcdefghij" * 1000
    assert prompt_of(corpus_of(tmp_path, text)) == text[9000:9032]
