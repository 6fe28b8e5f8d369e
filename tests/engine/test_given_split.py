"""Training and validation files, recognised by their names."""

from pathlib import Path

import pytest

from mmrec_engine.data.prepare import prepare_corpus
from mmrec_engine.data.sources.documents import FileDocuments
from mmrec_engine.data.sources.given_split import given_split
from mmrec_engine.events import result_of
from mmrec_engine.settings import resolve


@pytest.mark.parametrize(
    ("names", "training", "validating"),
    [
        (["train.txt", "val.txt"], ["train.txt"], ["val.txt"]),
        (["train.txt", "valid.txt"], ["train.txt"], ["valid.txt"]),
        (["train.txt", "validation.txt"], ["train.txt"], ["validation.txt"]),
        (["dev.txt", "train.txt"], ["train.txt"], ["dev.txt"]),
        (["test.txt", "train.txt"], ["train.txt"], ["test.txt"]),
        (["test.txt", "train.txt", "val.txt"], ["train.txt"], ["val.txt"]),
        (["TRAIN.TXT", "Valid.txt"], ["TRAIN.TXT"], ["Valid.txt"]),
        (["train.jsonl", "val.jsonl"], ["train.jsonl"], ["val.jsonl"]),
        (["train.jsonl.gz", "validation.jsonl.zst"], ["train.jsonl.gz"], ["validation.jsonl.zst"]),
        (["train/a.txt", "train/b/c.txt", "val/d.txt"], ["train/a.txt", "train/b/c.txt"], ["val/d.txt"]),
        (["train/a.md", "dev/d.py"], ["train/a.md"], ["dev/d.py"]),
        (["wiki.test.tokens", "wiki.train.tokens", "wiki.valid.tokens"], ["wiki.train.tokens"], ["wiki.valid.tokens"]),
        (["V2-GPT4-train.txt", "V2-GPT4-valid.txt"], ["V2-GPT4-train.txt"], ["V2-GPT4-valid.txt"]),
        (["train-00000-of-00002.json", "train-00001-of-00002.json", "val-00000-of-00001.json"],
         ["train-00000-of-00002.json", "train-00001-of-00002.json"], ["val-00000-of-00001.json"]),
        (["data/train.txt", "data/val.txt", "data/notes.txt"], ["data/train.txt"], ["data/val.txt"]),
        (["en/train.txt", "en/val.txt", "tr/train.txt", "tr/val.txt", "README.md"],
         ["en/train.txt", "tr/train.txt"], ["en/val.txt", "tr/val.txt"]),
    ],
)  # fmt: skip
def test_file_names_that_name_a_split(names: list[str], training: list[str], validating: list[str]) -> None:
    split = given_split(names)
    assert split is not None
    assert (split.training, split.validating) == (training, validating)


@pytest.mark.parametrize(
    "names",
    [
        [],
        ["train.txt"],
        ["val.txt", "test.txt"],
        ["train.txt", "value.txt", "testament.txt"],
        ["train.py", "test.py", "model.py"],
        ["docs/train.md", "docs/test.md", "docs/index.md"],
        ["train-journey.txt", "test-match.txt"],
        ["a.txt", "fixtures/train.txt", "fixtures/val.txt"],
    ],
)
def test_file_names_that_name_no_split(names: list[str]) -> None:
    assert given_split(names) is None


def test_text_beside_validation_text_is_skipped_and_reported(tmp_path: Path) -> None:
    for name in ("train.jsonl", "validation.jsonl", "test.jsonl"):
        (tmp_path / name).write_text(f'{{"text": "{name}"}}\n')
    documents = FileDocuments(tmp_path)
    assert [("".join(one.pieces), one.split) for one in documents] == [
        ("train.jsonl", "train"),
        ("validation.jsonl", "validation"),
    ]
    assert [(one.name, one.reason) for one in documents.skipped] == [("test.jsonl", "test-left-out")]


@pytest.mark.parametrize("held_out", ["valid.txt", "test.txt", "dev.txt", "validation.txt", "val.txt"])
def test_held_out_text_is_never_trained_on(tmp_path: Path, held_out: str) -> None:
    (tmp_path / "train.txt").write_text("abc " * 100)
    (tmp_path / held_out).write_text("xyz " * 70)
    corpus = result_of(prepare_corpus(resolve({"data_dir": str(tmp_path), "seq_len": 8}).settings))
    assert (corpus.train.characters, corpus.validation.characters) == (400, 280)
    assert "x" not in corpus.tokenizer.decode(corpus.train.tokens)
    assert corpus.describe()["splits"] == [{"train": ["train.txt"], "validation": [held_out]}]
