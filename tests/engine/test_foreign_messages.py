"""Messages of the system and of libraries within errors and findings: in the reader's language, or quoted."""

from __future__ import annotations

import errno
import gzip
import json
import os
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from mmrec_engine.checks.finding import finding
from mmrec_engine.errors import RequestError, TrainingError, UnusableError, reason_of
from mmrec_engine.locales.foreign import in_language
from mmrec_engine.locales.guide.findings import evidence
from mmrec_engine.runs import checkpoints


def raised(by: Callable[[], Any]) -> Exception:
    try:
        by()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize("name", ["ENOSPC", "EACCES", "ENOENT", "EROFS", "EIO", "ECONNREFUSED"])
def test_messages_of_the_system_are_in_the_readers_language(name: str) -> None:
    error = OSError(getattr(errno, name), os.strerror(getattr(errno, name)), "a file")
    for reason in (error, str(error), error.strerror):
        told = RequestError("run-unwritable", path="runs", reason=reason)
        assert os.strerror(getattr(errno, name)) in told.text("en")
        assert os.strerror(getattr(errno, name)) not in told.text("tr") and "“" not in told.text("tr")


@pytest.mark.parametrize(
    ("content", "english", "turkish"),
    [
        (b"", "the file is cut off", "dosya yarım kalmış"),
        (b"no archive at all", "of another kind", "başka türden"),
        (None, "the file is cut off", "dosya yarım kalmış"),
    ],
)
def test_damaged_checkpoint_is_told_in_the_readers_language(
    tmp_path: Path, content: bytes | None, english: str, turkish: str
) -> None:
    path = tmp_path / "best_model.pt"
    torch.save({"weights": torch.zeros(1000)}, path)
    path.write_bytes(path.read_bytes()[:2000] if content is None else content)
    error = raised(lambda: checkpoints.read(path))
    assert isinstance(error, RequestError)
    assert english in error.text("en") and turkish in error.text("tr")
    assert "zip" not in error.text("tr")


CUT_OFF = "the file is cut off, or of another kind", "dosya yarım kalmış ya da başka türden"


@pytest.mark.parametrize(
    ("by", "english", "turkish"),
    [
        (lambda: json.loads("{'a'}"), "not valid JSON at line 1, column 2", "1. satırın 2. sütununda geçerli JSON değil"),
        (lambda: b"abc\xff".decode(), "not valid utf-8 at byte 3", "3. baytta geçerli utf-8 değil"),
        (lambda: tomllib.loads("=1"), "Invalid statement (at line 1, column 1)", "1. satır, 1. sütun: “Invalid statement”"),
        (lambda: gzip.decompress(b"xxxx"), *CUT_OFF),
        (lambda: gzip.decompress(gzip.compress(bytes(99))[:20]), "the file ends too early", "dosya beklenenden önce bitiyor"),
        (lambda: zipfile.ZipFile(os.devnull), *CUT_OFF),
    ],
)  # fmt: skip
def test_messages_of_libraries_have_words_of_our_own(by: Callable[[], Any], english: str, turkish: str) -> None:
    assert dict(reason_of(raised(by))) == {"en": english, "tr": turkish}


def test_an_unknown_message_is_quoted_in_another_language() -> None:
    error = RequestError("hub-unreadable", source="hf:a/b", reason=ValueError("Weird things happened"))
    assert "(Weird things happened)" in error.text("en")
    assert "(“Weird things happened”)" in error.text("tr")
    assert in_language("-9", "tr") == "-9", "a code is no sentence"


def test_the_error_of_a_library_within_a_reason_is_in_the_readers_language() -> None:
    error = UnusableError("no-tokenizer", error=Exception("EOF while parsing a value at line 1 column 0"))
    assert error.words["en"].endswith("EOF while parsing a value at line 1, column 0")
    assert error.words["tr"].endswith("1. satır, 0. sütun: “EOF while parsing a value”")


def test_recorded_reasons_are_shown_in_the_readers_language() -> None:
    """A record has English words: of the system, and of the program itself."""
    failed = TrainingError("training-disk", path="best_model.pt", reason="No space left on device")
    assert "diskte yer kalmadı" in failed.text("tr")
    for reason, turkish in (("No space left on device", "diskte yer kalmadı"), ("checksum differs", "tutmuyor")):
        damaged = finding("final-saved", "after", "fail", {"variant": "damaged", "file": "f.pt", "reason": reason})
        assert reason in evidence(damaged, "en")
        assert turkish in evidence(damaged, "tr") and reason not in evidence(damaged, "tr")
    broken = finding("causality", "before", "error", {"reason": "OSError: [Errno 28] No space left on device: 'x'"})
    assert "diskte yer kalmadı" in evidence(broken, "tr")
