import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmrec_engine.data import prepare
from mmrec_engine.data.prepare import Corpus, cache_folder, prepare_corpus
from mmrec_engine.data.sources.builtin import BuiltinDocuments, sample_folder
from mmrec_engine.errors import RequestError
from mmrec_engine.settings import resolve


def prepared(**settings: Any) -> Corpus:
    work = prepare_corpus(resolve({"seq_len": 16, **settings}).settings)
    while True:
        try:
            next(work)
        except StopIteration as finished:
            corpus: Corpus = finished.value
            return corpus


def test_tiny_shakespeare_has_the_usual_split(shakespeare: Path) -> None:
    corpus = prepared(data_dir=str(shakespeare), seq_len=256)
    assert corpus.describe()["train_characters"] == 1_003_854
    assert corpus.describe()["validation_characters"] == 111_540
    assert corpus.tokenizer.vocab_size == 66
    text = shakespeare.read_text()
    assert corpus.tokenizer.decode(corpus.train.tokens) == text[:1_003_854]
    assert corpus.tokenizer.decode(corpus.validation.tokens) == text[1_003_854:]


def test_end_token_is_used_only_with_several_documents(tmp_path: Path) -> None:
    for index in range(20):
        (tmp_path / f"{index:02d}.txt").write_text(f"document {index:02d} has words in it")
    corpus = prepared(data_dir=str(tmp_path))
    end = corpus.tokenizer.end_of_document
    assert end == 1
    assert np.count_nonzero(corpus.train.tokens == end) + np.count_nonzero(corpus.validation.tokens == end) == 20
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "only.txt").write_text("only one document here, " * 20)
    assert prepared(data_dir=str(tmp_path / "one")).tokenizer.end_of_document is None


def test_both_languages_of_the_sample_are_in_both_splits() -> None:
    corpus = prepared(corpus="sample")
    validation = corpus.tokenizer.decode(corpus.validation.tokens)
    held = [path.name for path in sample_folder().glob("*.txt") if path.read_text(encoding="utf-8")[:200] in validation]
    assert {name[:2] for name in held} == {"tr", "en"}
    assert len(held) < corpus.documents / 4
    assert corpus.validation.unknown == 0


def test_vocabulary_is_built_from_the_training_split_only(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("abc " * 50)
    (tmp_path / "val.txt").write_text("abz " * 50)
    corpus = prepared(data_dir=str(tmp_path))
    assert "z" not in corpus.tokenizer.characters
    assert corpus.validation.unknown == 50


def test_second_preparation_uses_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_text("some words to keep " * 50)
    first = prepared(data_dir=str(tmp_path / "a.txt"))
    monkeypatch.setattr(prepare, "encode", lambda *_: pytest.fail("encoded again"))
    second = prepared(data_dir=str(tmp_path / "a.txt"))
    assert (np.asarray(second.train.tokens) == np.asarray(first.train.tokens)).all()


def test_damaged_cache_is_prepared_again(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("some words to keep " * 50)
    first = prepared(data_dir=str(tmp_path / "a.txt"))
    [folder] = [path for path in cache_folder().iterdir() if (path / "train.bin").exists()]
    (folder / "train.bin").write_bytes((folder / "train.bin").read_bytes()[:-1])
    again = prepared(data_dir=str(tmp_path / "a.txt"))
    assert len(again.train.tokens) == len(first.train.characters * "x")


def test_changed_text_has_another_fingerprint(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("some words to keep " * 50)
    first = prepared(data_dir=str(path))
    path.write_text("some words to keep " * 50 + "!")
    assert prepared(data_dir=str(path)).fingerprint != first.fingerprint


def test_unusable_files_are_reported_and_the_rest_is_used(tmp_path: Path) -> None:
    (tmp_path / "good.txt").write_text("plain words in a row " * 50)
    (tmp_path / "empty.txt").write_text("")
    (tmp_path / "image.txt").write_bytes(b"\x89PNG\x00\x00" * 10)
    (tmp_path / "old.txt").write_bytes("ağaç gölgesi şimdi ılık\n".encode("windows-1254") * 20)
    corpus = prepared(data_dir=str(tmp_path))
    reasons = {skipped.name: skipped.reason for skipped in corpus.skipped}
    assert reasons == {"empty.txt": "empty", "image.txt": "binary", "old.txt": "undecodable"}
    assert corpus.documents == 1


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({}, "no text found"),
        ({"a.bin": b"\x00\x01"}, "no usable text"),
        ({"a.txt": "ağaç şu ılık\n".encode("windows-1254") * 9}, "--encoding windows-1254"),
        ({"a.txt": b"short"}, "too little text: 5 characters"),
        ({"a.txt": b"words " * 20}, "validation split has"),
    ],
)
def test_text_that_cannot_be_trained_on_is_refused(tmp_path: Path, files: dict[str, bytes], told: str) -> None:
    (tmp_path / "corpus").mkdir()
    for name, data in files.items():
        (tmp_path / "corpus" / name).write_bytes(data)
    with pytest.raises(RequestError) as refused:
        prepared(data_dir=str(tmp_path / "corpus"))
    assert told in str(refused.value)


def test_reading_in_blocks_gives_the_same_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "".join(f"satır {number}: ağaçların gölgesi, ﬁ ligature e\u0301\n" for number in range(500))
    (tmp_path / "a.txt").write_text(text)
    whole = prepared(data_dir=str(tmp_path / "a.txt"))
    monkeypatch.setattr("mmrec_engine.data.text_store.PIECE_BYTES", 7)
    monkeypatch.setattr("mmrec_engine.data.sources.text.PIECE_BYTES", 5)
    monkeypatch.setattr("mmrec_engine.data.sources.text._HEAD_BYTES", 3)
    monkeypatch.setattr(prepare, "_FORMAT", 10**6)
    pieces = prepared(data_dir=str(tmp_path / "a.txt"))
    assert pieces.fingerprint == whole.fingerprint
    assert (np.asarray(pieces.train.tokens) == np.asarray(whole.train.tokens)).all()
    assert json.dumps(pieces.describe()) == json.dumps(whole.describe())


def test_unknown_built_in_corpus_is_refused() -> None:
    with pytest.raises(RequestError, match="sample, python-docs, python-code"):
        BuiltinDocuments("war-and-peace")


def test_token_cache_in_the_text_folder_is_not_read_as_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "text.txt").write_text("words of a text " * 30)
    (tmp_path / "within").symlink_to(tmp_path)
    for data in (tmp_path, tmp_path / "within"):
        first, again = (prepared(data_dir=str(data)) for _ in range(2))
        assert first.fingerprint == again.fingerprint
        assert first.describe()["documents"] == again.describe()["documents"] == 1
