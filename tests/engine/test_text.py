import gzip
import io
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmrec_engine.corpus import text as text_module
from mmrec_engine.corpus.text import Unusable, clean, clean_pieces, likeliest_encoding, readings

TURKISH = "Çağrı, ışığı söndürüp şöyle dedi: güneş doğuyor.\nİğde ağacı öğleyin gölge verir.\n"


def read(data: bytes, encoding: str | None = None) -> str:
    return "".join(clean_pieces(io.BytesIO(data), encoding))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_unicode_encodings_are_told_by_themselves(encoding: str) -> None:
    assert read(TURKISH.encode(encoding)) == TURKISH


def test_utf16_of_both_byte_orders_is_read_by_its_mark() -> None:
    assert read(b"\xff\xfe" + TURKISH.encode("utf-16-le")) == TURKISH
    assert read(b"\xfe\xff" + TURKISH.encode("utf-16-be")) == TURKISH


def test_utf16_without_its_mark_is_read_when_it_is_named() -> None:
    assert read(TURKISH.encode("utf-16-le"), "utf-16-le") == TURKISH


def test_a_legacy_encoding_is_used_only_where_the_file_is_not_unicode() -> None:
    assert read(TURKISH.encode("windows-1254"), "windows-1254") == TURKISH
    assert read(TURKISH.encode("utf-8"), "windows-1254") == TURKISH


def test_invalid_utf8_far_into_a_file_still_falls_back() -> None:
    body = "a line of plain words\n" * 10_000 + TURKISH
    assert read(body.encode("windows-1254"), "windows-1254") == body


def test_an_undecodable_file_names_the_likeliest_encoding_with_a_line() -> None:
    with pytest.raises(Unusable) as refused:
        read(TURKISH.encode("windows-1254"))
    assert refused.value.reason == "undecodable"
    assert refused.value.hint.startswith("windows-1254")
    assert "ışığı söndürüp" in refused.value.hint


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("windows-1254", "Ağaçların gölgesinde oturup çayımızı içtik. Şimdi yağmur yağıyor, İstanbul ıslak.\n"),
        ("cp857", "Ağaçların gölgesinde oturup çayımızı içtik. Şimdi yağmur yağıyor, İstanbul ıslak.\n"),
        ("windows-1252", "Le garçon a mangé à l’école où sa mère était déjà arrivée, très fatiguée.\n"),
    ],
)
def test_the_likeliest_encoding_is_the_true_one(encoding: str, text: str) -> None:
    assert likeliest_encoding((text * 5).encode(encoding))[0] == encoding


def test_the_readings_begin_with_the_likeliest_and_show_a_telling_line() -> None:
    data = "plain words\nÇağrı ışığı söndürüp uyudu.\n".encode("windows-1254")
    assert readings(data)[:2] == [
        ("windows-1254", "Çağrı ışığı söndürüp uyudu."),
        ("windows-1252", "Çaðrý ýþýðý söndürüp uyudu."),
    ]
    assert [name for name, _ in readings(data)[2:]] == ["cp857"]
    assert likeliest_encoding(data) == readings(data)[0]


def test_encodings_that_read_alike_are_told_once_and_those_that_cannot_read_it_not_at_all() -> None:
    assert [name for name, _ in readings("où sa mère était".encode("windows-1252"))] == ["windows-1252", "cp857"]
    # 0xD5 is no character in cp857.
    assert [name for name, _ in readings("Õ sole mio, très".encode("windows-1252"))] == ["windows-1252"]


def test_bytes_that_no_encoding_reads_whole_still_get_one_reading() -> None:
    assert len(readings(b"\x81\x8d\xd5\xe7\xf2")) == 1


@pytest.mark.parametrize(
    "data", [b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", b"\x00" * 100, bytes(range(1, 32)) * 50, b"words\x00words"]
)
def test_binary_is_not_text(data: bytes) -> None:
    with pytest.raises(Unusable, match="binary"):
        read(data)


def test_an_empty_file_is_not_text() -> None:
    with pytest.raises(Unusable, match="empty"):
        read(b"")


def test_line_ends_and_unicode_form_are_made_one() -> None:
    assert read(b"a\r\nb\rc\n") == "a\nb\nc\n"
    assert read("I\u0307stanbul g\u0306".encode()) == "\u0130stanbul \u011f"


@given(st.text(alphabet="ae\u0301\u0307\u1100\u1161\u11a8ğI\r\n 漢", max_size=60), st.integers(1, 7))
def test_pieces_do_not_depend_on_where_reads_end(content: str, size: int) -> None:
    head, piece = text_module._HEAD_BYTES, text_module.PIECE_BYTES
    text_module._HEAD_BYTES = text_module.PIECE_BYTES = size
    try:
        got = read(content.encode()) if content else ""
    finally:
        text_module._HEAD_BYTES, text_module.PIECE_BYTES = head, piece
    assert got == clean(content)
    assert unicodedata.is_normalized("NFC", got)


def test_a_gzip_that_breaks_off_is_damaged_not_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "text.txt.gz"
    path.write_bytes(gzip.compress(TURKISH.encode() * 1000)[:-20])
    with pytest.raises(Unusable, match="damaged"), text_module.open_bytes(path) as file:
        list(clean_pieces(file, None))
