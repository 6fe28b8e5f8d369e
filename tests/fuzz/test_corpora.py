"""Folders with any content: a corpus with correct counts, or a refusal in one line; and no partial files are left."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from backports import zstd
from hypothesis import example
from hypothesis import strategies as st

from mmrec_engine.data.parts import Split
from mmrec_engine.data.prepare import Corpus, cache_folder, prepare_corpus
from mmrec_engine.errors import RequestError
from mmrec_engine.settings import Settings, resolve
from tests.fuzz import hostile
from tests.fuzz.tried import everything_in, is_clear, tries

PROSE = "Bir varmış, bir yokmuş. The quick brown fox’s naïve café — ğüşiöç ĞÜŞİÖÇ €\r\nsecond line\r third\n" * 3
ENCODINGS = [
    "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "windows-1254", "windows-1252", "cp857", "latin-1",
    "utf-7", "windows-1251", "koi8-r", "euc-kr", "big5", "shift_jis", "iso2022_jp", "gb18030", "cp037",
]  # fmt: skip
NAMED = st.none() | st.sampled_from([
    *ENCODINGS, "idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "base64", "rot13", "utf-16-xx", "mbcs",
    "hz", "cp65001", "\ud800", "UTF8 ", "u\nt", "../utf-8",
])  # fmt: skip
FILE_NAMES = st.sampled_from([
    b"a.txt", b"b.md", b"c.py", b"d.jsonl", b"e.txt.gz", b"f.jsonl.gz", b"train.txt", b"val.txt", b".hidden", b"no-end",
    b"lock", b"events.jsonl", b"x.pt", b"A.JSONL", b"g.GZ", b"\xff\xfe.txt", b"line\nend.txt", b"\x1b[2J.txt", b"sub/a.txt",
    b"valid.txt", b"test.txt", b"train/a.txt", b"dev/b.txt", b"wiki.train.txt", b"h.ndjson", b"i.json", b"j.csv", b"k.tsv",
    b"l.html", b"m.rtf", b"n.zip", b"o.txt.zst", b"p.jsonl.xz", b"q.bz2", b"r.parquet",
    b"sub/deeper/b.txt", b".git/c.txt", "ağaç.txt".encode(), b"{x}.txt", b"run.json", b"y" * 250,
])  # fmt: skip
LINES = st.sampled_from([
    b"{}", b"[]", b"null", b'{"text": 1}', b'{"text": null}', b'{"text": ""}', b'{"text": "\\ud800x"}', b'{"text": "\\u0000"}',
    b'{"text": "' + b"long " * 400 + b'"}', b"[" * 5000, b'{"a":' * 5000, b'{"text": ["a"]}', b'{"text": {}}', b"9" * 6000,
    b'{"text": "a", "text": "second second"}', b"\xff", b'{"text": "\xff"}', b"", b" ", b'"text"', b'{"text": "a\\r\\nb"}',
    b"NaN",
]) | hostile.TEXTS.map(lambda text: json.dumps({"text": text * 4}).encode())  # fmt: skip
STRUCTURED = st.sampled_from([
    b"id,text\n" + b'1,"words, and\nmore words"\n' * 20, b"a;b\n" * 30, b"text\tn\n" + b"the words here\t1\n" * 20, b'"' * 99,
    b"<!doctype html><p>the words of a page</p>" * 9, b"<html>" + b"<div>" * 3000 + b"words",
    b"<html><![if x]><!-- <p>", b"<html>&#0;",
    b"<?xml version='1.0'?><a><b>the words</b><c/>of a document</a>" * 3, b"<?xml version='1.0'?>" + b"<a>" * 3000 + b"words",
    b"<?xml?><!DOCTYPE a [<!ENTITY b 'c>d'>]><a>&b;<![CDATA[<x>]]>", b"<?xml version='1.0' encoding='nothing'?><a>words \xfe",
    *(('{"text": "ağaçların gölgesi, дерево, 树荫下"}\n' * 40).encode(name, "ignore") for name in ENCODINGS),
    rb"{\rtf1\ansi\ansicpg1254 the words\par of a document \'fe}" * 3,
    rb"{\rtf1\ansicpg99999 \u99999999? }", rb"{\rtf1" + b"{" * 3000,
    b"PAR1" + b"x" * 99 + b"PAR1", b"ARROW1" + b"y" * 99, b"PK\x03\x04" + b"z" * 99,
    json.dumps([{"text": "the words of a row", "n": 1}] * 9).encode(), json.dumps({"data": [{"text": "words"}] * 9}).encode(),
    b'[{"text": "words"}, {"text": ', b"[1, 2", b"[" * 5000, b'{"messages": [{"role": "user", "content": "hello"}]}\n' * 9,
])  # fmt: skip


def in_an_archive(names_and_contents: list[tuple[str, bytes]]) -> bytes:
    file = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(file, "w") as archive:
        warnings.simplefilter("ignore")  # two of one name
        for name, content in names_and_contents:
            archive.writestr(name, content)
    return file.getvalue()


PLAIN = (
    st.tuples(st.sampled_from(ENCODINGS), st.integers(0, 3)).map(
        lambda pair: (PROSE * pair[1]).encode(pair[0], "backslashreplace")
    )
    | st.lists(hostile.TEXTS, max_size=6).map(lambda texts: "\n".join(texts * 3).encode("utf-8", "surrogatepass"))
    | st.lists(LINES, max_size=6).map(b"\n".join)
    | st.sampled_from([b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\x00\x00\xfe\xff", b"\r", b"\x00" * 99, b"e\xcc\x81" * 60])
    | st.just(b"\xcc\x81" * 200)
    | st.binary(max_size=60)
    | STRUCTURED
)  # fmt: skip
PACKS = st.sampled_from([gzip.compress, bz2.compress, lzma.compress, zstd.compress])
MEMBERS = st.tuples(
    st.sampled_from(["a.txt", "train.txt", "val.txt", "b.jsonl", "../c.txt", "/d", ".e", "f.gz"]), PLAIN
)
PACKED = st.tuples(PACKS, PLAIN).map(lambda pair: pair[0](pair[1])) | st.lists(MEMBERS, max_size=3).map(in_an_archive)
CONTENTS = (
    PLAIN
    | st.tuples(PLAIN, hostile.DAMAGES).map(lambda pair: hostile.damaged(*pair))
    | PACKED
    | st.tuples(PACKED, hostile.DAMAGES).map(lambda pair: hostile.damaged(*pair))
)


@dataclass(frozen=True)
class Put:
    """One entry in the folder: a file with bytes, a link (to a name, itself, out, nowhere), a pipe, a folder."""

    name: bytes
    kind: str
    content: bytes = b""
    target: bytes = b""
    times: int = 1  # that the content comes

    def into(self, folder: Path) -> None:
        path = folder / os.fsdecode(self.name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            match self.kind:
                case "file":
                    with path.open("xb") as file:
                        file.write((self.content * self.times)[:150_000])
                case "link":
                    path.symlink_to(os.fsdecode(self.target))
                case "pipe":
                    os.mkfifo(path)
                case "folder":
                    path.mkdir()
                case "closed":
                    path.mkdir(0o000)
        except OSError:
            return  # two of one name


TIMES = st.sampled_from([1, 1, 1, 300])
PUT = st.builds(Put, FILE_NAMES, st.just("file"), CONTENTS, times=TIMES) | st.builds(
    Put, FILE_NAMES, st.sampled_from(["link", "pipe", "folder", "closed"]), st.just(b""),
    st.sampled_from([b".", b"..", b"a.txt", b"/etc/hostname", b"nowhere", b"sub", b"loop", b"../outside.txt", b"/dev/zero"]),
)  # fmt: skip
LOOP = Put(b"loop", "link", target=b"loop")
HOW = st.fixed_dictionaries(
    {
        "seq_len": st.sampled_from([2, 3, 16]),
        "val_split": st.sampled_from([0.001, 0.1, 0.5, 0.9]),
        "vocab_size": st.sampled_from([2, 5, 5000]),
        "encoding": NAMED,
        "fix_encoding": st.booleans(),
        "skip_invalid_bytes": st.booleans(),
        "text_field": st.none() | st.sampled_from(["text", "n", "a.b", "text+n", "+", ".", "messages", "2", "id"]),
    }
)
OF_ONE = {"seq_len": 2, "val_split": 0.5, "vocab_size": 5000, "encoding": None, "fix_encoding": False}


def prepared(settings: Settings) -> Corpus:
    stream = prepare_corpus(settings)
    while True:
        try:
            progress = next(stream)
        except StopIteration as finished:
            return finished.value
        assert 0 <= progress.done <= progress.total, progress


@tries(8, put=st.lists(PUT | st.just(LOOP), max_size=6), how=HOW, alone=st.booleans())
@example(put=[Put(b"a.txt", "file", b"a" * 40)], how={**OF_ONE, "encoding": "idna"}, alone=False)
@example(put=[Put(b"a.txt", "file", b"\xff" * 40)], how={**OF_ONE, "encoding": "utf-16"}, alone=False)
@example(put=[Put(b"a.txt", "file", b"\xff" * 40)], how={**OF_ONE, "encoding": "idna"}, alone=False)
def test_any_folder_is_a_corpus_or_refused(
    put: list[Put], how: dict[str, Any], alone: bool, new_place: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    place = new_place()
    monkeypatch.setenv("XDG_CACHE_HOME", str(place / "cache"))
    folder = place / "text"
    folder.mkdir()
    (place / "outside.txt").write_text("outside " * 50)
    for one in put:
        one.into(folder)
    data = folder / os.fsdecode(put[0].name) if alone and put else folder
    before = everything_in(folder)
    try:
        settings = resolve({**how, "data_dir": str(data)}).settings
        corpus = prepared(settings)
    except RequestError as error:
        is_clear(error)
    else:
        is_true(corpus, settings)
        again = prepared(settings)
        assert (again.fingerprint, again.describe(), again.skipped) == (
            corpus.fingerprint,
            corpus.describe(),
            corpus.skipped,
        )
        monkeypatch.setenv("XDG_CACHE_HOME", str(place / "other"))
        anew = prepared(settings)
        assert anew.describe() == corpus.describe()
        for split, other in ((anew.train, corpus.train), (anew.validation, corpus.validation)):
            assert np.array_equal(split.tokens, other.tokens)
    assert everything_in(folder) == before
    assert not list(cache_folder().glob("preparing-*"))


def is_true(corpus: Corpus, settings: Settings) -> None:
    """The description of the corpus matches its tokens."""
    described = corpus.describe()
    tokenizer = corpus.tokenizer
    assert tokenizer.vocab_size <= settings.vocab_size + 2
    assert described["vocabulary"] == tokenizer.vocab_size
    for split, name in ((corpus.train, "train"), (corpus.validation, "validation")):
        assert len(split.tokens) > settings.seq_len
        assert int(split.tokens.max()) < tokenizer.vocab_size
        assert described[f"{name}_characters"] == split.characters == len(tokenizer.decode(split.tokens))
        assert split.unknown == int(np.count_nonzero(split.tokens == 0))
        assert len(split.tokens) == split.characters + ends_in(split, corpus)
    if corpus.documents == 1:
        assert ends_in(corpus.train, corpus) == ends_in(corpus.validation, corpus) == 0
    for skipped in corpus.skipped:
        assert skipped.name and skipped.reason


def ends_in(split: Split, corpus: Corpus) -> int:
    end = corpus.tokenizer.end_of_document
    return 0 if end is None else int(np.count_nonzero(split.tokens == end))
