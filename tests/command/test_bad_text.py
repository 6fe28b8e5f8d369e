"""Text that cannot be trained on: reported in one line, with what to do, and nothing changes on disk."""

from __future__ import annotations

import gzip
import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from mmrec_engine.system.optional_dependencies import install_command
from tests.command.faults import measured, one_line_of, planted, torch_kib
from tests.command.refusals import as_a_plain_user, everything, refused
from tests.conftest import FAST, Command

Maker = Callable[[Path], object]


def _cut_short() -> bytes:
    return gzip.compress(b'{"text": "%a' % os.urandom(9999))[:-99]


def _zip_of(name: str, data: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, data)
    return file.getvalue()


def folder_with(name: str, data: bytes) -> Maker:
    def make(root: Path) -> None:
        (root / "text").mkdir()
        (root / "text" / name).write_bytes(data)

    return make


def link(name: str, target: str) -> Maker:
    def make(root: Path) -> None:
        (root / "text").mkdir()
        (root / "text" / name).symlink_to(target)

    return make


def loop_of_two(root: Path) -> None:
    (root / "text").symlink_to("other")
    (root / "other").symlink_to("text")


def given_split(train: bytes, validation: bytes) -> Maker:
    def make(root: Path) -> None:
        (root / "text").mkdir()
        (root / "text" / "train.txt").write_bytes(train)
        (root / "text" / "val.txt").write_bytes(validation)

    return make


WORDS = b"some words here\n" * 99
JSON = b'{"text": "some words here"}\n'
BAD_TEXT: dict[str, tuple[Maker, str]] = {
    "a missing folder": (lambda root: None, "no such file"),
    "an empty folder": (lambda root: (root / "text").mkdir(), "no text found"),
    "a folder of empty folders": (lambda root: (root / "text" / "a" / "b").mkdir(parents=True), "no text found"),
    "an empty file": (folder_with("a.txt", b""), "empty"),
    "a file of nothing but a byte order mark": (folder_with("a.txt", b"\xef\xbb\xbf"), "empty"),
    "a picture": (folder_with("a.png", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), "binary"),
    "a picture called text": (folder_with("a.txt", b"\x89PNG\r\n\x1a\n" + bytes(range(32)) * 99), "binary"),
    "NUL bytes in text": (folder_with("a.txt", b"words " * 500 + b"\x00" + b"words " * 500), "binary"),
    "NUL bytes late in text": (folder_with("a.txt", b"words " * 50_000 + b"\x00"), "binary"),
    "nothing but NUL bytes": (folder_with("a.txt", bytes(9999)), "binary"),
    "UTF-8 cut in a letter": (folder_with("a.txt", "ağaç şu ılık\n".encode()[:-4] + b"\xc4"), "at byte 14,"),
    "UTF-8 with one bad byte": (folder_with("a.txt", "ağaç\n".encode() * 900 + b"\xff" + b"words\n" * 9), "at byte 6300,"),
    "Russian in a legacy encoding": (folder_with("a.txt", "Все счастливые семьи похожи\n".encode("koi8-r") * 9), "koi8-r"),
    "bytes in no encoding": (folder_with("a.txt", bytes(range(128, 256)) * 99), "no encoding known here"),
    "ids alone": (folder_with("a.ndjson", b'{"id": "x7"}\n{"id": "y8"}\n' * 9), "--text-field, one of: id"),
    "JSON of keys": (folder_with("a.json", b'{"name": "x", "version": {"n": "1"}}'), "of: name, version.n"),
    "an archive of pictures": (folder_with("a.zip", _zip_of("a.png", b"\x89PNG\r\n\x1a\n\x00")), "binary"),
    "an archive cut short": (folder_with("a.zip", _zip_of("a.txt", b"words " * 99)[:-30]), "damaged"),
    "a page of nothing": (folder_with("a.html", b"<!doctype html><html><body></body></html>"), "empty"),
    "Parquet that is none": (folder_with("a.parquet", b"PAR1 and words"), "damaged"),
    "a legacy encoding": (folder_with("a.txt", "ağaç şu ılık\n".encode("windows-1254") * 99), "windows-1254"),
    "English with two accents": (folder_with("a.txt", WORDS * 9 + b"a caf\xe9, a r\xe9sum\xe9\n"), "windows-1252 («a café"),
    "late accents": (folder_with("a.txt", WORDS * 99 + "köyde yaşlı ağaç\n".encode("cp1254")), "windows-1254 («köyde yaşlı"),
    "another legacy encoding": (folder_with("a.txt", "ağaç şu ılık İĞ\n".encode("cp857") * 99), "--encoding"),
    "UTF-16 cut in half": (folder_with("a.txt", "words".encode("utf-16")[:-1]), "damaged"),
    "UTF-16 of half a pair": (folder_with("a.txt", b"\xff\xfe\x00\xd8a\x00" * 99), "damaged"),
    "UTF-16 without its mark": (folder_with("a.txt", "some words".encode("utf-16-le") * 99), "--encoding utf-16-le"),
    "broken gzip": (folder_with("a.txt.gz", b"\x1f\x8b\x08\x00broken"), "damaged"),
    "gzip that is none": (folder_with("a.txt.gz", WORDS), "damaged"),
    "gzip cut short": (folder_with("a.txt.gz", gzip.compress(os.urandom(9000))[:-99]), "damaged"),
    "gzip with a wrong checksum": (folder_with("a.txt.gz", gzip.compress(WORDS)[:-8] + b"12345678"), "damaged"),
    "gzip of nothing": (folder_with("a.txt.gz", gzip.compress(b"")), "empty"),
    "gzip of a picture": (folder_with("a.gz", gzip.compress(bytes(range(256)) * 99)), "binary"),
    "JSON lines without text": (folder_with("a.jsonl", b'{"words": 1}\n' * 9), "of: words"),
    "JSON lines of lists": (folder_with("a.jsonl", b'["text"]\n' * 9), "invalid-json"),
    "JSON lines whose text is a number": (folder_with("a.jsonl", b'{"text": 7}\n' * 9), "of: text"),
    "JSON lines that are no JSON": (folder_with("a.jsonl", WORDS), "invalid-json"),
    "JSON lines nested without end": (folder_with("a.jsonl", b"[" * 99_999 + b"\n"), "invalid-json"),
    "JSON lines cut off": (folder_with("a.jsonl", b'{"text": "some wor'), "invalid-json"),
    "JSON lines of empty texts": (folder_with("a.jsonl", b'{"text": ""}\n' * 9), "empty"),
    "JSON lines of NUL bytes": (folder_with("a.jsonl", bytes(9999)), "invalid-json"),
    "JSON lines in a legacy encoding": (folder_with("a.jsonl", b'{"text": "\xfe\xf0"}\n' * 9), "windows-1254"),
    "JSON lines in UTF-16 without its mark": (folder_with("a.jsonl", JSON.decode().encode("utf-16-be") * 99), "utf-16-be"),
    "JSON lines in UTF-16 cut in half": (folder_with("a.jsonl", JSON.decode().encode("utf-16")[:-1]), "damaged"),
    "gzip of JSON lines cut short": (folder_with("a.jsonl.gz", _cut_short()), "damaged"),
    "JSON lines of one letter": (folder_with("a.jsonl", b'{"text": "a"}\n'), "too little text: 1 character;"),
    "only hidden files": (folder_with(".a.txt", b"words " * 999), "no text found"),
    "a text of one character": (folder_with("a.txt", b"x"), "too little text: 1 character;"),
    "a text of one line": (folder_with("a.txt", b"a short line\n"), "too little text: 13 characters;"),
    "a blank text": (folder_with("a.txt", b" \n\n\n"), "too little text: "),
    "a text shorter than a window": (folder_with("a.txt", b"words here " * 10), "less than one window"),
    "a validation split without a window": (folder_with("a.txt", b"w" * 200), "validation split"),
    "a given split whose training split is empty": (given_split(b"", WORDS), "training split"),
    "a given split whose validation split is empty": (given_split(WORDS, b""), "validation split"),
    "a given split whose validation split is a word": (given_split(WORDS, b"word"), "validation split"),
    "a link that leads out": (link("a.txt", "/etc/passwd"), "a link that leads out"),
    "a link to a folder outside": (link("a", "/etc"), "a link that leads out"),
    "a link to nothing": (link("a.txt", "gone.txt"), "a.txt is a link"),
    "a link to its own folder": (link("a", "."), "no text found"),
    "a link to itself": (lambda root: (root / "text").symlink_to("text"), "text"),
    "two links to each other": (loop_of_two, "text"),
    "a pipe": (lambda root: os.mkfifo(root / "text"), "no such file"),
    "a pipe in a folder": (
        lambda root: ((root / "text").mkdir(), os.mkfifo(root / "text" / "a.txt")),
        "no text found",
    ),
    "a file where a folder should be": (lambda root: (root / "text").write_bytes(b""), "empty"),
}  # fmt: skip


@pytest.mark.parametrize("case", list(BAD_TEXT))
def test_unusable_text_is_refused(command: Command, case: str) -> None:
    make, told = BAD_TEXT[case]
    make(command.folder)
    line = refused(command, "train", "--data-dir", "text", *FAST)
    assert told in line
    assert "text" in line, "it is named"


@pytest.mark.parametrize("path", ["x" * 300, "/".join(["x" * 100] * 60), "a.txt/b", "/dev/null", "/dev/zero"])
def test_paths_without_text_are_refused(command: Command, path: str) -> None:
    (command.folder / "a.txt").write_bytes(WORDS)
    assert path[:9] in refused(command, "train", "--data-dir", path, *FAST)


# In another order the content would be from a changed file: all of the text, or none.
AT_THE_READ = """
import os
real_open = module.open_bytes
def open_bytes(path):
    file = real_open(path)
    if path.name == "b.txt":
        {harm}
    return file
module.open_bytes = open_bytes
"""


@pytest.mark.first(2)
@pytest.mark.parametrize(
    ("harm", "told"),
    [
        ("os.remove(path); file.close(); file = real_open(path)", "vanished"),
        ("os.remove(path)", "vanished"),
        ("os.truncate(path, 20)", "changed"),
        ("real = path.open('ab'); real.write(b'more'); real.close()", "changed"),
        ("os.replace(path.with_name('c.txt'), path)", "changed"),
    ],
)
def test_file_changed_or_removed_during_reading_is_reported(command: Command, harm: str, told: str) -> None:
    (command.folder / "text").mkdir()
    for name, times in (("a", 1), ("b", 2), ("c", 3)):
        (command.folder / "text" / f"{name}.txt").write_bytes(WORDS * times)
    fault = planted(after="mmrec_engine.data.sources.documents", code=AT_THE_READ.format(harm=harm))
    result = command("train", "--data-dir", "text", *FAST, **fault)
    assert result.code == 2, result.err
    assert told in result.err
    assert "text/b.txt" in result.err
    assert not command.run_folder().exists()


def test_unreadable_folder_is_refused(command: Command) -> None:
    (command.folder / "text").mkdir(mode=0)
    before = everything(command.folder.parent)
    result = as_a_plain_user(command, "train", "--data-dir", "text", *FAST)
    assert (result.returncode, result.stdout) == (2, "")
    assert "text: cannot be read (Permission denied)" in result.stderr
    assert everything(command.folder.parent) == before


@pytest.mark.extended
def test_unreadable_file_is_reported(command: Command) -> None:
    (command.folder / "text").mkdir()
    (command.folder / "text" / "a.txt").write_bytes(WORDS)
    (command.folder / "text" / "a.txt").chmod(0)
    result = as_a_plain_user(command, "train", "--data-dir", "text", *FAST)
    assert (result.returncode, result.stdout) == (2, "")
    assert "a.txt is not readable" in result.stderr
    assert not command.run_folder().exists()


@pytest.mark.extended
def test_unwritable_output_place_is_refused(command: Command) -> None:
    (command.folder / "text.txt").write_bytes(WORDS)
    (command.folder / "closed").mkdir(mode=0o555)
    result = as_a_plain_user(command, "train", "--data-dir", "text.txt", *FAST, "--output-dir", "closed")
    assert (result.returncode, result.stdout) == (2, "")
    assert "closed" in result.stderr and "cannot write there (Permission denied)" in result.stderr


@pytest.mark.first(1)
@pytest.mark.parametrize("beside", [False, True])
def test_file_name_that_is_not_utf8_can_be_trained_on(command: Command, beside: bool) -> None:
    """The name is unusual, the text is not. Everything that is written can be found and read again."""
    folder = command.folder / os.fsdecode(b"dosya\xfe\xf0")
    folder.mkdir()
    (folder / os.fsdecode(b"yaz\xfd.txt")).write_bytes(WORDS)
    if beside:
        (folder / "plain.txt").write_bytes(WORDS[::-1])
    made = command("train", "--data-dir", folder.name, *FAST, "--max-steps", "2")
    assert made.code == 0, made.err
    assert "\\udcfe" in made.err, "shown as a code"
    assert command("evaluate", "tiny").code == 0
    more = command("train", *FAST, "--resume", "--max-steps", "3")
    assert more.code == 0, more.err
    assert "step 2" in more.err


def test_undecodable_file_name_is_shown_escaped(command: Command) -> None:
    (command.folder / "text").mkdir()
    (command.folder / "text" / os.fsdecode(b"yaz\xfd.txt")).write_bytes(bytes(99))
    assert "yaz\\udcfd.txt" in refused(command, "train", "--data-dir", "text", *FAST)


BIG = 200 * 2**20


@pytest.mark.slow
@pytest.mark.parametrize("name", ["line.txt", "line.jsonl"])
@pytest.mark.extended
def test_line_of_200_mb_uses_bounded_memory(command: Command, name: str) -> None:
    """Trains in bounded memory; as one JSON value it would not, and is refused."""
    path = command.folder / name
    piece = b"some words without an end " * 40_330
    with path.open("wb") as file:
        file.write(b'{"text": "' if name.endswith("jsonl") else b"")
        while file.tell() < BIG:
            file.write(piece)
    peak = command.folder.parent / "peak"
    words = ["train", "--data-dir", name, *FAST, "--max-steps", "1", "--eval-every", "1", "--val-split", "0.001"]
    result = command(*words, timeout=600, **measured(peak))
    if name.endswith("jsonl"):
        assert result.code == 2, result.err
        assert "line.jsonl" in result.err
    else:
        assert result.code == 0, result.err
    assert int(peak.read_text()) < torch_kib() + 480 * 2**10, "KiB at the peak"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--data-dir", "nowhere"), "nowhere: no such file or folder"),
        (("--corpus", "nosuch"), "--corpus nosuch: no such built-in corpus"),
        (("--corpus", "sample", "--corpus", "nosuch"), "--corpus nosuch: no such built-in corpus"),
        (("--corpus", "hf:a/b/c/d"), "--corpus hf:a/b/c/d: not the form of a data set"),
    ],
)
def test_missing_text_is_reported_before_an_existing_run(command: Command, words: tuple[str, ...], told: str) -> None:
    folder = command.folder / "checkpoints" / "tiny"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text("{}")
    line = refused(command, "train", *words)
    assert told in line
    assert "already holds a run" not in line


@pytest.mark.extended
@pytest.mark.parametrize(
    ("name", "module", "extra"), [("a.txt.zst", "backports.zstd", "zstd"), ("a.parquet", "pyarrow", "hub")]
)
def test_missing_format_library_error_names_the_install_command(
    command: Command, name: str, module: str, extra: str
) -> None:
    folder = command.folder / "text"
    folder.mkdir()
    (folder / name).write_bytes(b"PAR1" + bytes(99) if name.endswith("parquet") else b"\x28\xb5\x2f\xfd" + bytes(99))
    gone = planted(code=f"import sys; sys.modules[{module!r}] = None")
    told = command("train", "--data-dir", "text", *FAST, **gone)
    assert told.code == 2
    assert one_line_of(told.err).endswith(install_command(extra).partition(" ")[2])
    (folder / "b.txt").write_bytes(WORDS)
    trained = command("train", "--data-dir", "text", *FAST, "--max-steps", 1, "--no-check", **gone)
    assert trained.code == 0, trained.err
    assert install_command(extra).partition(" ")[2] in trained.err
