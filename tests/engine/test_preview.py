import gzip
import json
import os
from pathlib import Path

import pytest

from mmrec_engine.data.sources import preview as preview_module
from mmrec_engine.data.sources.builtin import builtin_names
from mmrec_engine.data.sources.preview import preview, preview_builtin
from mmrec_engine.errors import RequestError

TURKISH = "Çağrı, ışığı söndürüp şöyle dedi: güneş doğuyor.\nİğde ağacı öğleyin gölge verir.\n"


def test_folder_preview_counts_files_and_shows_the_first_text(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG\0\0\0")
    (tmp_path / "b.txt").write_text("one\ntwo\nthree\n")
    (tmp_path / "c.txt").write_text("four\n")
    (tmp_path / ".hidden").write_text("no")
    looked = preview(tmp_path, None, lines=2)
    assert (looked.total_bytes, looked.files, looked.names) == (7 + 14 + 5, 3, ("a.png", "b.txt", "c.txt"))
    assert (looked.shown, looked.lines, looked.readings, looked.reason) == ("b.txt", ("one", "two"), (), "")


def test_single_file_preview_with_and_without_compression(tmp_path: Path) -> None:
    path = tmp_path / "a.txt.gz"
    path.write_bytes(gzip.compress(b"bir\r\niki"))
    looked = preview(path, None)
    assert (looked.files, looked.names, looked.lines) == (1, ("a.txt.gz",), ("bir", "iki"))
    path.write_bytes(path.read_bytes()[:12])
    assert preview(path, None).reason == "damaged"


def test_unknown_encoding_is_proposed_and_read_once_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(TURKISH.encode("windows-1254"))
    looked = preview(tmp_path, None)
    assert (looked.lines, looked.shown, looked.reason) == ((), "a.txt", "undecodable")
    assert looked.readings[0] == ("windows-1254", TURKISH.splitlines()[0])
    assert preview(tmp_path, "windows-1254").lines == tuple(TURKISH.splitlines())


@pytest.mark.parametrize("ahead", range(4))
@pytest.mark.parametrize("encoding", [None, "windows-1254"])
def test_preview_that_ends_within_a_character_is_valid(tmp_path: Path, ahead: int, encoding: str | None) -> None:
    path = tmp_path / "a.txt"
    path.write_text("x" * ahead + "漢" * 50_000, encoding="utf-8")
    (line,) = preview(path, encoding).lines
    assert set(line) <= {"x", "漢"}
    path.write_text(TURKISH * 4000, encoding="utf-16")
    assert preview(path, encoding).lines[:2] == tuple(TURKISH.splitlines())


def test_preview_reads_little_of_a_large_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    path.write_text("a line\n" * 10)
    os.truncate(path, 2**40)  # sparse: reading it whole would not end
    monkeypatch.setattr(preview_module, "_HEAD_BYTES", 64)
    looked = preview(path, "windows-1252", lines=3)
    assert looked.total_bytes == 2**40
    assert looked.lines == ("a line",) * 3


def test_preview_shows_the_text_of_json_lines(tmp_path: Path) -> None:
    line = json.dumps({"text": "bir\niki"}) + "\n"
    (tmp_path / "a.jsonl").write_text(line * 9000)
    assert preview(tmp_path, None).lines[:3] == ("bir", "iki", "bir")
    (tmp_path / "a.jsonl").write_text("{broken\n")
    assert preview(tmp_path, None).reason == "invalid-json"


def test_preview_of_a_given_split_reads_only_its_files(tmp_path: Path) -> None:
    for name in ("about.txt", "train.txt", "val.txt"):
        (tmp_path / name).write_text(name)
    looked = preview(tmp_path, None)
    assert (looked.names, looked.lines, looked.total_bytes) == (("train.txt", "val.txt"), ("train.txt",), 16)


def test_preview_of_a_folder_without_text_says_why(tmp_path: Path) -> None:
    assert preview(tmp_path, None).files == 0
    (tmp_path / "a.txt").write_text("")
    (tmp_path / "b.bin").write_bytes(bytes(99))
    looked = preview(tmp_path, None)
    assert (looked.files, looked.lines, looked.reason) == (2, (), "empty")


def test_preview_refuses_missing_text_as_training_does(tmp_path: Path) -> None:
    with pytest.raises(RequestError) as missing:
        preview(tmp_path / "no", None)
    assert missing.value.key == "corpus-missing"
    with pytest.raises(RequestError) as unknown:
        preview(tmp_path, "no-such")
    assert unknown.value.key == "corpus-encoding-unknown"
    with pytest.raises(RequestError) as builtin:
        preview_builtin("no-such")
    assert builtin.value.key == "corpus-name-unknown"


@pytest.mark.parametrize("name", builtin_names())
def test_built_in_corpora_have_a_preview(name: str) -> None:
    looked = preview_builtin(name, lines=5)
    assert looked.files > 10
    assert looked.total_bytes > 100_000
    assert len(looked.names) == 20
    assert looked.shown == looked.names[0]
    assert any(looked.lines)
