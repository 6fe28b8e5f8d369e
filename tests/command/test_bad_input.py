"""What is wrong with a request is told in one clear line, with code 2, and nothing changes on disk."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import FAST, Command

Maker = Callable[[Path], None]


def folder_with(name: str, data: bytes) -> Maker:
    def make(root: Path) -> None:
        (root / "text").mkdir()
        (root / "text" / name).write_bytes(data)

    return make


BAD_TEXT: dict[str, tuple[Maker, str]] = {
    "a missing folder": (lambda root: None, "no such file"),
    "an empty folder": (lambda root: (root / "text").mkdir(), "no text found"),
    "an empty file": (folder_with("a.txt", b""), "empty"),
    "a picture": (folder_with("a.png", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), "binary"),
    "NUL bytes in text": (folder_with("a.txt", b"words " * 500 + b"\x00" + b"words " * 500), "binary"),
    "NUL bytes late in text": (folder_with("a.txt", b"words " * 50_000 + b"\x00"), "binary"),
    "a legacy encoding": (folder_with("a.txt", "ağaç şu ılık\n".encode("windows-1254") * 99), "windows-1254"),
    "UTF-16 cut in half": (folder_with("a.txt", "words".encode("utf-16")[:-1]), "damaged"),
    "broken gzip": (folder_with("a.txt.gz", b"\x1f\x8b\x08\x00broken"), "damaged"),
    "JSON lines without text": (folder_with("a.jsonl", b'{"words": 1}\n' * 9), "invalid-json"),
    "only hidden files": (folder_with(".a.txt", b"words " * 999), "no text found"),
    "a text of one character": (folder_with("a.txt", b"x"), "training side has no text"),
    "a text shorter than a window": (folder_with("a.txt", b"words here"), "less than one window"),
    "a validation side without a window": (folder_with("a.txt", b"w" * 200), "validation side"),
    "a link that leads out": (
        lambda root: ((root / "text").mkdir(), (root / "text" / "a.txt").symlink_to("/etc/passwd"))[0],
        "no text found",
    ),
    "a link to itself": (lambda root: (root / "text").symlink_to("text"), "text"),
    "a pipe": (lambda root: os.mkfifo(root / "text"), "no such file"),
}


def refused(command: Command, *words: object) -> str:
    before = command.everything_on_disk()
    result = command(*words)
    assert result.code == 2, result.err
    assert result.out == ""
    lines = [line for line in result.err.splitlines() if not line.startswith("📚")]
    assert len(lines) == 1, result.err
    assert lines[0].startswith("error: ")
    assert "Traceback" not in result.err
    assert command.everything_on_disk() == before
    return lines[0]


@pytest.mark.parametrize("case", list(BAD_TEXT))
def test_text_that_cannot_be_trained_on(command: Command, case: str) -> None:
    make, told = BAD_TEXT[case]
    make(command.folder)
    assert told in refused(command, "train", "--data-dir", "text", *FAST)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("train --epochs 0", "--epochs"),
        ("train --epochs", "--epochs needs a value"),
        ("train --dropout 1.0", "nearest valid value"),
        ("train --config gigantic", "tiny, mini, small"),
        ("train --epoch 3", "did you mean --epochs"),
        ("train extra", "extra"),
        ("train --corpus tolstoy", "sample, python-docs, python-code"),
        ("train --data-dir x --use-sample-corpus", "both name a corpus"),
        ("train --data-dir=", "--data-dir is empty"),
        ("train --corpus=", "--corpus is empty"),
        ("generate absent --top-p nan", "--top-p"),
        ("generate absent --temperature nan", "--temperature"),
        ("train --settings absent.toml", "absent.toml"),
        ("train --device toaster", "--device toaster"),
        ("train --device cuda:7", "--device cuda:7"),
        ("train --name a/b", "--name"),
        ("train --resume --overwrite", "exclude each other"),
        ("train --output-dir /proc/nowhere", "cannot write"),
        ("train --encoding klingon --data-dir .", "klingon"),
        ("evaluate absent", "no such run"),
        ("evaluate", "CHECKPOINT is missing"),
        ("generate absent --prompt x", "no such run"),
        ("generate absent --tokens 0", "--tokens"),
        ("generate absent --temperature hot", "--temperature"),
        ("export absent out", "no such run"),
        ("dance", "no such command"),
        ("configs --vocabulary 1", "--vocabulary"),
        ("--lang xx configs", "tr or en"),
        ("", "mmrec-tui train"),
    ],
)
def test_requests_that_are_wrong(command: Command, words: str, told: str) -> None:
    assert told in refused(command, *words.split())


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        ("epochs = 'ten'", "whole number"),
        ("epochs = 2.5", "whole number"),
        ("learning_rate = nan", "--learning-rate"),
        ("learning_rate = inf", "--learning-rate"),
        ("epoch = 3", "did you mean epochs"),
        ("[training]\nepochs = 3", "training"),
        ("epochs = [1]", "whole number"),
        ("save_best_model = 1", "true or false"),
        ("= 3", "not valid TOML"),
        ("seed = 99999999999999999999999", "--seed"),
    ],
)
def test_settings_files_that_are_wrong(command: Command, toml: str, told: str) -> None:
    (command.folder / "s.toml").write_text(toml)
    assert told in refused(command, "train", "--settings", "s.toml")


def test_a_damaged_checkpoint(command: Command) -> None:
    (command.folder / "a.pt").write_bytes(b"PK\x03\x04 not really")
    for name in ("evaluate", "generate"):
        assert "damaged" in refused(command, name, "a.pt")


def test_a_folder_with_something_else_in_it_is_not_taken_for_a_run(command: Command) -> None:
    command.run_folder().mkdir(parents=True)
    (command.run_folder() / "thesis.txt").write_text("years of work")
    for flag in ([], ["--overwrite"], ["--resume"]):
        assert "not a run folder" in refused(command, "train", *FAST, *flag)


def test_errors_are_told_in_turkish_too(command: Command) -> None:
    told = command("train", "--lang", "tr", "--epochs", "0").err
    assert told.startswith("hata: --epochs şu aralıkta olmalı")
    assert "böyle bir seçenek yok: --epoch," in command("--lang", "tr", "train", "--epoch", "3").err


def test_control_characters_of_a_name_reach_the_terminal_as_codes(command: Command) -> None:
    told = command("train", "--data-dir", "evil\x1b[31m\x07name").err
    assert "\x1b" not in told
    assert "\\x1b[31m" in told


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_without_rights(command: Command) -> None:
    (command.folder / "text").mkdir(mode=0)
    assert "cannot be read" in refused(command, "train", "--data-dir", "text", *FAST)
