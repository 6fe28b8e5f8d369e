import gzip
import json
import os
from pathlib import Path

import pytest

from mmrec_engine.data.sources.builtin import BuiltinDocuments, builtin_names, sample_folder
from mmrec_engine.data.sources.documents import FileDocuments
from mmrec_engine.errors import RequestError


def texts(documents: FileDocuments | BuiltinDocuments) -> dict[str, str]:
    return {document.name: "".join(document.pieces) for document in documents}


def test_folder_is_read_without_hidden_files(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    for name in ("b.txt", "a.md", "deep/er/c.py", "noending", ".hidden", ".git/config"):
        (tmp_path / name).write_text(f"text of {name}")
    (tmp_path / "packed.txt.gz").write_bytes(gzip.compress(b"packed"))
    found = texts(FileDocuments(tmp_path))
    assert list(found) == ["a.md", "b.txt", "deep/er/c.py", "noending", "packed.txt.gz"]
    assert found["packed.txt.gz"] == "packed"


def test_json_lines_are_documents_and_bad_lines_are_counted(tmp_path: Path) -> None:
    lines = [json.dumps({"text": "bir"}), "{broken", json.dumps({"words": "x"}), "", json.dumps({"text": "iki"}), "[1]"]
    (tmp_path / "c.jsonl").write_text("\n".join(lines))
    documents = FileDocuments(tmp_path)
    assert list(texts(documents).values()) == ["bir", "iki"]
    assert [(skipped.reason, skipped.hint) for skipped in documents.skipped] == [("invalid-json", "3, c.jsonl:2")]


def test_json_lines_are_read_in_a_legacy_encoding(tmp_path: Path) -> None:
    (tmp_path / "c.jsonl").write_bytes('{"text": "ağaç gölgesi"}\n'.encode("windows-1254"))
    assert list(texts(FileDocuments(tmp_path, "windows-1254")).values()) == ["ağaç gölgesi"]
    (tmp_path / "c.jsonl").unlink()
    (tmp_path / "d.jsonl.gz").write_bytes(gzip.compress(b'{"text": "a"}\n' * 9000)[:60])
    documents = FileDocuments(tmp_path)
    texts(documents)
    assert [skipped.reason for skipped in documents.skipped] == ["damaged"]


def test_json_lines_are_read_in_utf16_and_with_upper_case_suffix(tmp_path: Path) -> None:
    (tmp_path / "A.JSONL").write_bytes('{"text": "İzmir"}\n{"text": "Adana"}\n'.encode("utf-16"))
    (tmp_path / "b.jsonl").write_text("\n\n")
    documents = FileDocuments(tmp_path)
    assert list(texts(documents).values()) == ["İzmir", "Adana"]
    assert [(skipped.name, skipped.reason) for skipped in documents.skipped] == [("b.jsonl", "empty")]


def test_run_folder_in_the_text_folder_is_not_read(tmp_path: Path) -> None:
    run = tmp_path / "checkpoints" / "tiny"
    run.mkdir(parents=True)
    for name in ("lock", "events.jsonl", "run.json", "best_model.pt"):
        (run / name).write_text('{"text": "not ours"}')
    (tmp_path / "a.txt").write_text("ours")
    (tmp_path / "lock").write_text("a poem of that name")
    assert texts(FileDocuments(tmp_path)) == {"a.txt": "ours", "lock": "a poem of that name"}


def test_links_that_lead_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    inside = tmp_path / "inside"
    (inside / "sub").mkdir(parents=True)
    (inside / "a.txt").write_text("open")
    (inside / "out.txt").symlink_to(tmp_path / "secret.txt")
    (inside / "loop").symlink_to(inside)
    (inside / "self.txt").symlink_to(inside / "self.txt")
    assert texts(FileDocuments(inside)) == {"a.txt": "open"}


def test_what_a_model_wrote_is_no_text_and_lets_nothing_of_its_run_in(tmp_path: Path) -> None:
    """A text that is saved beside its model made the report, the record and itself text to train on."""
    (tmp_path / "a.txt").write_text("ours")
    run = tmp_path / "checkpoints" / "tiny"
    run.mkdir(parents=True)
    for name in (
        "lock",
        "events.jsonl",
        "run.json",
        "report.md",
        "report.json",
        "best_model.pt",
        "writing-1.txt",
        "writing-12.txt",
    ):
        (run / name).write_text('{"text": "of a run"}')
    assert texts(FileDocuments(tmp_path)) == {"a.txt": "ours"}
    (run / "poem.txt").write_text("put there by a person")
    assert texts(FileDocuments(tmp_path)) == {"a.txt": "ours", "checkpoints/tiny/poem.txt": "put there by a person"}
    (tmp_path / "writing-1.txt").write_text("of one's own")
    assert texts(FileDocuments(tmp_path))["writing-1.txt"] == "of one's own", "not beside a model"


def test_pipe_in_the_folder_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "a.txt").write_text("text")
    assert texts(FileDocuments(tmp_path)) == {"a.txt": "text"}


def test_given_split_is_used_and_other_files_are_reported(tmp_path: Path) -> None:
    for name in ("train.txt", "val.txt", "notes.txt"):
        (tmp_path / name).write_text(name)
    documents = FileDocuments(tmp_path)
    assert {document.name: document.split for document in documents} == {"train.txt": "train", "val.txt": "validation"}
    assert [(skipped.name, skipped.reason) for skipped in documents.skipped] == [("notes.txt", "split-given")]


def test_a_missing_path_and_an_unknown_encoding_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="no such file"):
        FileDocuments(tmp_path / "absent")
    with pytest.raises(RequestError, match="no such text encoding"):
        FileDocuments(tmp_path, encoding="klingon")


@pytest.mark.parametrize("name", builtin_names())
def test_built_in_corpora_hold_text_without_repeated_paragraphs(name: str) -> None:
    found = texts(BuiltinDocuments(name))
    paragraphs = [part for text in found.values() for part in text.split("\n\n") if len(part) >= 40]
    assert len(paragraphs) > 100
    assert len({part.strip() for part in paragraphs}) == len(paragraphs)


def test_sample_has_enough_text_of_both_languages() -> None:
    for language in ("tr", "en"):
        files = list(sample_folder().glob(f"{language}-*.txt"))
        assert len(files) >= 20
        assert sum(path.stat().st_size for path in files) >= 60_000


def test_sample_is_not_more_repetitive_than_prose() -> None:
    """Ordinary prose of this size compresses about 2.2 to 2.9 times; text padded by repetition far more."""
    import lzma

    for language in ("tr", "en"):
        data = b"".join(path.read_bytes() for path in sorted(sample_folder().glob(f"{language}-*.txt")))
        assert 1.8 < len(data) / len(lzma.compress(data)) < 3.0
