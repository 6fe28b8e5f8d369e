"""Text that was decoded with the wrong code page: found, repaired, counted; undamaged text is unchanged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmrec_engine.data.prepare import Corpus, prepare_corpus
from mmrec_engine.data.sources import mojibake
from mmrec_engine.data.sources.builtin import sample_folder
from mmrec_engine.data.sources.mojibake import Repair, damaged_words, looks_turkish, repair
from mmrec_engine.events import result_of
from mmrec_engine.settings import resolve

ENGLISH = (sample_folder() / "en-story-01-last-bus.txt").read_text(encoding="utf-8").replace("'", "’").replace('"', "“")
TURKISH = (sample_folder() / "tr-oyku-01-ayna.txt").read_text(encoding="utf-8")
ICELANDIC = "Það er gott að búa í þessu húsi, sagði Guðrún, og ég ætla að vera þar þangað til vorið kemur aftur.\n" * 9
SAGA = "Hann var ýmist heima eða að heiman; Þórður og Ýmir þögðu. Það var þar, og daha var bir.\n" * 9


def misread(text: str, written: str, read: str) -> str:
    return text.encode(written).decode(read, "replace")


@pytest.mark.parametrize("page", ["latin-1", "cp1252", "cp1250", "mac-roman", "cp437", "cp850", "cp857"])
@pytest.mark.parametrize("text", [TURKISH, ENGLISH], ids=["tr", "en"])
def test_utf8_read_with_another_code_page_is_repaired_exactly(text: str, page: str) -> None:
    damaged = misread(text, "utf-8", page)
    assert damaged != text
    mended, words = repair(damaged)
    assert mended == text
    assert words == sum(not word.isascii() for word in text.split())
    assert damaged_words(damaged) == (words, len(damaged.split()))


def test_text_damaged_twice_is_repaired_twice() -> None:
    assert repair(misread(misread(TURKISH, "utf-8", "latin-1"), "utf-8", "latin-1"))[0] == TURKISH


@pytest.mark.parametrize("page", ["latin-1", "cp1252", "cp1250"])
def test_turkish_read_as_western_is_repaired(page: str) -> None:
    damaged = misread(TURKISH, "cp1254", page)
    mended, words = repair(damaged)
    assert mended == TURKISH
    assert words == sum(any(letter in "ışğİŞĞ" for letter in word) for word in TURKISH.split())


@pytest.mark.parametrize(
    "text",
    [
        ENGLISH, TURKISH, ICELANDIC, SAGA, TURKISH + ICELANDIC, "KÖPRÜ” ÇÖĞÜŞÜ’nün “ŞÜ” «ÖÇ»—ÜĞ… çşŞ\n", "",
        "À la recherche du temps perdu – ÉTÉ À PARIS, Â MES AMIS, «là-bas»\n", "Straße, Ähre, Öl, Übermut\n",
        "Съешь же ещё этих мягких французских булок\n", "日本語の文章です。\n", "├── src\n│   └── main.py\n",
    ],
)  # fmt: skip
def test_undamaged_text_is_unchanged(text: str) -> None:
    assert repair(text) == (text, 0)
    assert damaged_words(text)[0] == 0


def test_sample_texts_are_recognised_and_unchanged() -> None:
    for path in sorted(sample_folder().glob("*.txt")):
        text = path.read_text(encoding="utf-8")
        assert repair(text) == (text, 0)
        assert looks_turkish(text) == path.name.startswith("tr"), path.name


@pytest.mark.parametrize(
    "damaged",
    [
        misread(TURKISH, "cp1254", "cp857"),
        misread(TURKISH, "cp857", "cp1254"),
        misread(TURKISH, "cp1254", "cp1251"),
        TURKISH.replace("ı", "\N{REPLACEMENT CHARACTER}"),
        TURKISH.encode("latin-1", "replace").decode("latin-1"),
        "\n".join([TURKISH.replace("ğ", "\N{REPLACEMENT CHARACTER}"), "İ\N{REPLACEMENT CHARACTER}ne ile iplik"]),
    ],
    ids=["1254-857", "857-1254", "1254-1251", "lost", "question-marks", "lost-after-a-letter"],
)
def test_irreparable_damage_is_counted(damaged: str) -> None:
    found, words = damaged_words(damaged)
    assert found > 0.03 * words
    assert repair(damaged)[0] == damaged


def test_repair_does_not_depend_on_block_boundaries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mojibake, "_HEAD", 1000)
    text = misread(TURKISH, "cp1254", "latin-1") + misread(ENGLISH, "utf-8", "cp1252") + TURKISH
    whole = repair(text)
    for size in (1, 7, 1000, 5000):
        mending = Repair()
        pieces = list(mending.pieces(text[start : start + size] for start in range(0, len(text), size)))
        assert ("".join(pieces), mending.words) == whole
        assert all(piece.endswith("\n") for piece in pieces[:-1]), "a piece ends where a line does"


def test_very_long_line_is_cut_between_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mojibake, "_HEAD", 100)
    monkeypatch.setattr(mojibake, "_LONGEST_LINE", 100)
    line = misread("ağaçların gölgesi " * 50, "utf-8", "cp1252")
    pieces = list(Repair().pieces(line[start : start + 64] for start in range(0, len(line), 64)))
    assert "".join(pieces) == "ağaçların gölgesi " * 50
    assert len(pieces) > 5


def prepared(path: Path, **settings: Any) -> Corpus:
    return result_of(prepare_corpus(resolve({"seq_len": 16, "data_dir": str(path), **settings}).settings))


def test_corpus_is_repaired_while_read_with_fix_encoding(tmp_path: Path) -> None:
    (tmp_path / "bad.txt").write_text(misread(TURKISH, "utf-8", "cp1252"), encoding="utf-8")
    (tmp_path / "good.txt").write_text(TURKISH, encoding="utf-8")
    bad, mended = prepared(tmp_path / "bad.txt"), prepared(tmp_path / "bad.txt", fix_encoding=True)
    good = prepared(tmp_path / "good.txt", fix_encoding=True)
    assert mended.fingerprint == good.fingerprint != bad.fingerprint
    assert (np.asarray(mended.train.tokens) == np.asarray(good.train.tokens)).all()
    assert (bad.repaired_words, good.repaired_words) == (0, 0)
    assert mended.repaired_words == mended.describe()["repaired_words"] == 210
    assert prepared(tmp_path / "bad.txt", fix_encoding=True).repaired_words == 210, (
        "told again where it is found prepared"
    )


def test_unusable_file_adds_no_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mmrec_engine.data.sources.text.PIECE_BYTES", 2**16)
    (tmp_path / "a.txt").write_text(TURKISH, encoding="utf-8")
    head = misread(TURKISH, "utf-8", "cp1252").encode() * 200
    (tmp_path / "b.txt").write_bytes(head + "çok ılık ağaç".encode("cp1254"))
    corpus = prepared(tmp_path, fix_encoding=True)
    assert [(skipped.name, skipped.size) for skipped in corpus.skipped] == [("b.txt", len(head) + 13)]
    assert corpus.repaired_words == 0
