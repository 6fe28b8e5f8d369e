"""Text from structured files: recognised by their content, whatever their name."""

import bz2
import gzip
import json
import lzma
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from backports import zstd

from mmrec_engine.data.sources.compressed_files import Unusable
from mmrec_engine.data.sources.documents import FileDocuments, Skipped
from mmrec_engine.data.sources.fields import chosen_field, is_prose
from mmrec_engine.data.sources.markup import html_text

STORIES = [f"Bir varmış, bir yokmuş: {number}. masal, “tırnaklı”, virgüllü." for number in range(30)]
ROWS = [
    {"id": f"x{number}", "url": f"https://example.org/{number}", "text": text} for number, text in enumerate(STORIES)
]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS)


def read(folder: Path, **how: Any) -> tuple[list[str], FileDocuments]:
    """The texts that can be read; an unusable file is recorded, as when the text is stored."""
    documents, texts = FileDocuments(folder, **how), []
    for document in documents:
        try:
            texts.append("".join(document.pieces))
        except Unusable as unusable:
            documents.skipped.append(Skipped(document.name, unusable.reason, unusable.hint))
    return texts, documents


def skipped(documents: FileDocuments) -> list[tuple[str, str]]:
    return [(one.reason, one.hint) for one in documents.skipped]


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson", "a.json", "a.txt", "a", "A.JSON"])
def test_json_lines_are_documents_under_any_file_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(LINES)
    texts, documents = read(tmp_path)
    assert texts == STORIES
    assert documents.reading.fields == (("text", ("id", "url")),)


@pytest.mark.parametrize(
    "value",
    [
        ROWS,
        STORIES,
        {"version": 1, "data": ROWS},
        {"rows": [{"row_idx": number, "row": row} for number, row in enumerate(ROWS)]},
    ],
    ids=["rows", "strings", "within", "as the hub serves them"],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_single_json_value_holds_the_documents(tmp_path: Path, value: Any, indent: int | None) -> None:
    (tmp_path / "a.json").write_text(json.dumps(value, indent=indent))
    assert read(tmp_path)[0] == STORIES


def test_large_json_array_is_streamed(tmp_path: Path) -> None:
    rows = [{"text": f"{number} " + "word " * 5000} for number in range(400)]
    (tmp_path / "a.json").write_text(json.dumps(rows))
    texts, _ = read(tmp_path)
    assert [text.split(" ")[0] for text in texts] == [str(number) for number in range(400)]


@pytest.mark.parametrize(
    ("name", "pack"),
    [("a.jsonl.gz", gzip.compress), ("a.json.bz2", bz2.compress), ("a.txt.xz", lzma.compress), ("a.zst", zstd.compress),
     ("packed", gzip.compress), ("packed", zstd.compress)],
)  # fmt: skip
def test_compressed_files_are_read(tmp_path: Path, name: str, pack: Any) -> None:
    (tmp_path / name).write_bytes(pack(LINES.encode()))
    (tmp_path / f"{name}.txt").write_bytes(pack(b"plain text, packed"))
    texts, documents = read(tmp_path)
    assert texts == [*STORIES, "plain text, packed"]
    assert not documents.skipped


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zstd.compress])
@pytest.mark.parametrize("ending", [".txt", ".jsonl"])
def test_truncated_compressed_file_is_reported(tmp_path: Path, pack: Any, ending: str) -> None:
    (tmp_path / f"a{ending}.pack").write_bytes(pack((LINES * 50).encode())[:-30])
    (tmp_path / "whole.txt").write_text("whole")
    _, documents = read(tmp_path)
    assert [reason for reason, _ in skipped(documents)] == ["damaged"]


def archive(path: Path, **files: str) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)


def test_the_files_in_a_zip_archive_are_read(tmp_path: Path) -> None:
    archive(
        tmp_path / "a.zip",
        **{"b.txt": "plain", "sub/c.jsonl": LINES, ".hidden": "no", "__MACOSX/b.txt": "no", "d/": ""},
    )
    documents = FileDocuments(tmp_path)
    found = {document.name: "".join(document.pieces) for document in documents}
    assert list(found.values()) == ["plain", *STORIES]
    assert list(found)[:2] == ["a.zip/b.txt", "a.zip/sub/c.jsonl:0"]
    assert read(tmp_path / "a.zip")[0] == ["plain", *STORIES]


def test_split_within_a_zip_archive_is_used(tmp_path: Path) -> None:
    archive(tmp_path / "a.zip", **{"train.txt": "to train on", "valid.txt": "held out"})
    for root in (tmp_path, tmp_path / "a.zip"):
        documents = FileDocuments(root)
        assert {"".join(one.pieces): one.split for one in documents} == {
            "to train on": "train",
            "held out": "validation",
        }


def test_office_document_is_not_read_as_archive(tmp_path: Path) -> None:
    archive(tmp_path / "a.docx", **{"word/document.xml": "<w:t>words</w:t>"})
    texts, documents = read(tmp_path)
    assert (texts, skipped(documents)) == ([], [("binary", "")])


def test_damaged_archive_is_reported(tmp_path: Path) -> None:
    archive(tmp_path / "a.zip", **{"b.txt": "plain words " * 99})
    (tmp_path / "a.zip").write_bytes((tmp_path / "a.zip").read_bytes()[:-40])
    assert skipped(read(tmp_path)[1]) == [("damaged", "")]


@pytest.mark.parametrize(
    ("name", "delimiter"), [("a.csv", ","), ("a.csv", ";"), ("a.tsv", "\t"), ("a.txt", "\t"), ("a", ",")]
)
def test_table_rows_are_documents_by_their_text_column(tmp_path: Path, name: str, delimiter: str) -> None:
    import csv

    with (tmp_path / name).open("w", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(["id", "label", "review"])
        writer.writerows([str(number), "good", f"{text}\nSecond line, too."] for number, text in enumerate(STORIES))
    texts, documents = read(tmp_path)
    assert texts == [f"{text}\nSecond line, too." for text in STORIES]
    assert documents.reading.fields == (("review", ("id", "label")),)
    assert read(tmp_path, text_field="label")[0] == ["good"] * 30


def test_table_without_header_has_numbered_columns(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("".join(f'{number % 2},"{text}"\n' for number, text in enumerate(STORIES)))
    texts, documents = read(tmp_path)
    assert texts == STORIES
    assert documents.reading.fields == (("2", ("1",)),)


def test_rows_of_another_width_are_reported(tmp_path: Path) -> None:
    lines = [f"{number}\tthe words of row {number}" for number in range(20)]
    (tmp_path / "a.tsv").write_text("\n".join(["id\ttext", *lines[:9], "torn", *lines[9:]]))
    texts, documents = read(tmp_path)
    assert len(texts) == 20
    assert skipped(documents) == [("invalid-rows", "1, a.tsv:10")]


@pytest.mark.parametrize(
    "text",
    [
        "One line, with a comma.\nAnother, with one too.\n" * 20,
        "{ this is no JSON }\n{ nor is this }\n",
        "[Verse 1]\nAnd so on\n",
        "def f(a, b):\n    return {a: b}\n" * 9,
        "# Title\n\n<p>Markdown with a tag</p>\n",
    ],
)
def test_prose_and_code_are_unchanged(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.txt").write_text(text)
    texts, documents = read(tmp_path)
    assert texts == [text]
    assert documents.reading.describe() == {}


PAGE = """<!DOCTYPE html><html><head><title>Bir sayfa</title><style>p {color: red}</style></head>
<body><!-- unseen --><nav><a href="x">Home</a></nav><h1>Başlık</h1><p>İlk <b>paragraf</b> &amp; devamı,
aynı satırda.</p><p>İkinci.<br>Yeni satır.</p><script>var x = 1 < 2;</script>
<ul><li>bir</li><li>iki</li></ul><pre>  a\n\n    b</pre></body></html>"""
SHOWN = "Bir sayfa\n\nHome\n\nBaşlık\n\nİlk paragraf & devamı, aynı satırda.\n\nİkinci.\nYeni satır.\n\nbir\niki\n\n  a\n\n    b\n"  # noqa: E501


@pytest.mark.parametrize("name", ["a.html", "a.htm", "a.txt", "page"])
def test_html_is_read_as_text(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(PAGE)
    texts, documents = read(tmp_path)
    assert texts == [SHOWN]
    assert documents.reading.converted == (("html", 1),)


def test_html_is_decoded_by_its_declared_encoding(tmp_path: Path) -> None:
    page = PAGE.replace("<head>", '<head><meta charset="windows-1254">')
    (tmp_path / "a.html").write_bytes(page.encode("windows-1254"))
    assert read(tmp_path)[0] == [SHOWN]


def test_html_without_text_is_empty(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("<html><body><img src='x'></body></html>")
    assert skipped(read(tmp_path)[1]) == [("empty", "")]
    assert html_text("no tags, a < b") == "no tags, a < b\n"


def test_rtf_is_read_as_text(tmp_path: Path) -> None:
    (tmp_path / "a.rtf").write_bytes(
        rb"{\rtf1\ansi\ansicpg1254{\fonttbl\f0 Arial;}\f0 G\'fcne\'fe do\u287?du.\par Yeni sat\'fdr.}"
    )
    texts, documents = read(tmp_path)
    assert texts == ["Güneş doğdu.\nYeni satır.\n"]
    assert documents.reading.converted == (("rtf", 1),)


FEED = """<?xml version="1.0" encoding="{encoding}"?>
<!DOCTYPE feed [ <!ENTITY x "a > b"> ]>
<feed xmlns="http://www.w3.org/2005/Atom"><!-- unseen --><title>Günce</title>
  <entry><title>İlk yazı</title><link>https://example.org/1</link>
    <content>Bir <b>kalın</b> söz &amp; devamı,
    aynı satırda.</content></entry>
  <entry><title>İkinci</title><content><![CDATA[1 < 2 ve <em>gerisi]]></content></entry>
  <text>ilk paragraf

  ikinci paragraf</text>
</feed>
"""
FED = "Günce\n\nİlk yazı\n\nhttps://example.org/1\nBir kalın söz & devamı, aynı satırda.\n\nİkinci\n\n1 < 2 ve <em>gerisi\n\nilk paragraf\n\nikinci paragraf\n"  # noqa: E501


@pytest.mark.parametrize("encoding", ["utf-8", "windows-1254", "utf-16"])
@pytest.mark.parametrize("name", ["a.xml", "a.txt", "feed"])
def test_xml_is_read_as_text(tmp_path: Path, name: str, encoding: str) -> None:
    (tmp_path / name).write_bytes(FEED.format(encoding=encoding).encode(encoding))
    texts, documents = read(tmp_path)
    assert texts == [FED]
    assert documents.reading.converted == (("xml", 1),)


@pytest.mark.parametrize(
    ("name", "source", "text"),
    [
        ("a.xml", "<doc><p>no declaration</p></doc>", "no declaration\n"),
        ("a.xml", "<?xml version='1.0'?><doc><p>never closed", "never closed\n"),
        ("a.xml", "<?xml version='1.0'?><a><b>one & another</b></a>", "one & another\n"),
        ("a.fb2", "<?xml version='1.0'?><f><p>A line.</p><binary>aGVsbG8=</binary></f>", "A line.\n"),
        ("a.svg", "<?xml version='1.0'?><svg><text>x</text></svg>", "<?xml version='1.0'?><svg><text>x</text></svg>"),
        ("a.py", "<?xml version='1.0'?><a/>", "<?xml version='1.0'?><a/>"),
        ("a.txt", "<3 means a heart", "<3 means a heart"),
    ],
)
def test_xml_is_distinguished_from_code_with_tags(tmp_path: Path, name: str, source: str, text: str) -> None:
    (tmp_path / name).write_text(source)
    assert read(tmp_path)[0] == [text]


@pytest.mark.parametrize(("name", "root"), [("a.xml", "r"), ("a.html", "html")])
def test_xml_reading_time_is_linear_in_sibling_elements(tmp_path: Path, name: str, root: str) -> None:
    (tmp_path / name).write_text(f"<{root}>" + "<li>word</li>" * 10_000 + f"</{root}>")
    began = time.process_time()
    assert read(tmp_path)[0] == ["word\n" * 10_000]
    assert time.process_time() - began < 20, "where it grew with the square, minutes"


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("windows-1254", "Güneş doğdu, ışık çiçeğe düştü; şimdi öğle oldu."),
        ("windows-1251", "Солнце взошло над рекой, и дети пошли в школу по старой дороге."),
        ("gb18030", "太阳从河上升起，孩子们沿着老路去上学，他们唱着歌走过桥。"),
        ("shift_jis", "太陽が川の上に昇り、子どもたちは古い道を歩いて学校へ行きました。"),
        ("utf-16-le", "Güneş doğdu, ışık çiçeğe düştü."),
        ("utf-16-be", "太阳从河上升起，孩子们去上学。"),
    ],
)
@pytest.mark.parametrize("ending", ["jsonl", "csv", "txt"])
def test_encoding_of_rows_is_proposed_and_used(tmp_path: Path, encoding: str, words: str, ending: str) -> None:
    texts = [f"{number} {words}" for number in range(40)]
    rows = [json.dumps({"text": one, "id": "x"}, ensure_ascii=False) for one in texts]
    content = {"jsonl": rows, "csv": ["id;text", *(f'x;"{one}"' for one in texts)], "txt": texts}[ending]
    (tmp_path / f"a.{ending}").write_bytes("\n".join(content).encode(encoding))
    none, documents = read(tmp_path)
    ((reason, hint),) = skipped(documents)
    assert (none, reason) == ([], "undecodable")
    proposed = hint.partition(" ")[0]
    found, documents = read(tmp_path, encoding=proposed)
    assert found == (texts if ending != "txt" else ["\n".join(texts)]), proposed
    assert not documents.skipped


def test_parquet_and_arrow_are_read(tmp_path: Path) -> None:
    import pyarrow
    from pyarrow import ipc, parquet

    table = pyarrow.Table.from_pylist(ROWS)
    parquet.write_table(table, tmp_path / "a.parquet")
    with ipc.new_file(tmp_path / "b.arrow", table.schema) as writer:
        writer.write_table(table)
    (tmp_path / "c.parquet").write_bytes((tmp_path / "a.parquet").read_bytes()[:-20])
    texts, documents = read(tmp_path)
    assert texts == [*STORIES, *STORIES]
    assert skipped(documents) == [("damaged", "")]


TURNS = [{"role": "user", "content": "Merhaba"}, {"role": "assistant", "content": "Selam!"}]
TALK = "user: Merhaba\n\nassistant: Selam!"


@pytest.mark.parametrize(
    ("row", "wanted", "told", "text"),
    [
        ({"text": "a b c", "content": "other"}, None, "text", "a b c"),
        ({"Text": "a b c"}, None, "Text", "a b c"),
        ({"title": "t", "content": "word"}, None, "content", "word"),
        ({"id": "x1", "messages": TURNS}, None, "messages", TALK),
        ({"id": "x1", "conversations": [{"from": "human", "value": "Hi"}]}, None, "conversations", "human: Hi"),
        ({"prompt": "2+2 =", "completion": " 4"}, None, "prompt+completion", "2+2 = 4"),
        ({"prompt": "Why?", "completion": "So."}, None, "prompt+completion", "Why?\nSo."),
        ({"instruction": "Add.", "input": "", "output": "4"}, None, "instruction+input+output", "Add.\n4"),
        ({"prompt": TURNS[:1], "completion": TURNS[1:]}, None, "prompt+completion", TALK.replace("\n\n", "\n")),
        ({"meta": {"lang": "tr"}, "doc": {"text": "iç metin"}}, None, "doc.text", "iç metin"),
        ({"id": "k7", "haiku": "an old silent pond"}, None, "haiku", "an old silent pond"),
        ({"title": "a title here too", "text": "x"}, "title", "title", "a title here too"),
        ({"a": {"b": [{"c": "one"}, {"c": "two"}]}}, "a.b.c", "a.b.c", "one\n\ntwo"),
        ({"a.b": "dotted name", "a": {"b": "no"}}, "a.b", "a.b", "dotted name"),
        ({"q": "one", "a": "two"}, "q+a", "q+a", "one\ntwo"),
        ({"q": "one", "a": None}, "q+a", "q+a", "one"),
        ({"text": None, "n": 1}, None, "text", ""),
    ],
)  # fmt: skip
def test_the_field_that_holds_the_text(row: dict[str, Any], wanted: str | None, told: str, text: str) -> None:
    field = chosen_field([row], wanted)
    assert field is not None
    assert (field.as_written, field.text_of(row)) == (told, text)


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        ({"id": "a8Xk2", "n": 3}, None),
        ({"title": "two fields of prose", "summary": "which is meant, nobody knows"}, None),
        ({"url": "https://example.org/a"}, None),
        ({"text": 7}, None),
        ({"text": {"a": 1}}, None),
        ({"text": "here"}, "body"),
        ({}, None),
    ],
)
def test_unknown_fields_are_not_guessed(row: dict[str, Any], wanted: str | None) -> None:
    assert chosen_field([row] * 5, wanted) is None


def test_leading_rows_without_text_do_not_change_the_field(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [{"id": "k1", "story": None}, {"id": "k2", "story": ""}, {"id": "k3"}]
    rows += [{"id": f"k{number}", "story": text} for number, text in enumerate(STORIES)]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    texts, documents = read(tmp_path)
    assert texts == STORIES
    assert skipped(documents) == [("invalid-json", "1, a.jsonl:3"), ("empty-rows", "2")]


def test_file_without_text_is_reported_with_its_keys(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"id": "x1", "meta": {"lang": "tr", "n": 1}}\n' * 3)
    (tmp_path / "package.json").write_text('{\n  "name": "x",\n  "scripts": {"test": "y"}\n}')
    assert skipped(read(tmp_path)[1]) == [("no-field", "id, meta.lang, meta.n"), ("no-field", "name, scripts.test")]


def test_invalid_byte_skips_its_json_line_or_only_itself(tmp_path: Path) -> None:
    data = LINES.encode().replace(b"3. masal", b"3. m\xffasal")
    data = (
        "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS)
        .encode()
        .replace(b" 3. masal", b" 3. m\xffasal")
    )
    (tmp_path / "a.jsonl").write_bytes(data)
    texts, documents = read(tmp_path)
    assert len(texts) == 29
    assert skipped(documents) == [("invalid-utf8-rows", "1, a.jsonl:4")]
    texts, documents = read(tmp_path, skip_invalid=True)
    assert texts == STORIES
    assert skipped(documents) == [("invalid-bytes", "1")]
    assert documents.reading.dropped_bytes == 1


@pytest.mark.parametrize(
    ("values", "prose"),
    [
        (["a few words here", "and some more words"], True),
        (["今天天气很好我们去公园", "สวัสดีชาวโลกทั้งหลาย"], True),
        (["aX7_k2", "bY8"], False),
        (["https://example.org/a-b-c", "http://x.y/z"], False),
        (["positive", "negative"], False),
        (["2024-01-02 10:00", "17"], False),
        (["", " "], False),
    ],
)
def test_prose_is_distinguished_from_ids_and_labels(values: list[str], prose: bool) -> None:
    assert is_prose(values) == prose
