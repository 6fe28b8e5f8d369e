import gzip
import io
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmrec_engine.data.sources import text as text_module
from mmrec_engine.data.sources.compressed_files import open_bytes
from mmrec_engine.data.sources.text import Unusable, clean, clean_pieces, utf8_damage

TURKISH = "Çağrı, ışığı söndürüp şöyle dedi: güneş doğuyor.\nİğde ağacı öğleyin gölge verir.\n"


def read(data: bytes, encoding: str | None = None) -> str:
    return "".join(clean_pieces(io.BytesIO(data), encoding))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_unicode_encodings_are_detected(encoding: str) -> None:
    assert read(TURKISH.encode(encoding)) == TURKISH


def test_utf16_of_both_byte_orders_is_read_by_its_bom() -> None:
    assert read(b"\xff\xfe" + TURKISH.encode("utf-16-le")) == TURKISH
    assert read(b"\xfe\xff" + TURKISH.encode("utf-16-be")) == TURKISH


def test_utf16_without_bom_is_read_when_named() -> None:
    assert read(TURKISH.encode("utf-16-le"), "utf-16-le") == TURKISH


def test_legacy_encoding_is_used_only_for_non_unicode_files() -> None:
    assert read(TURKISH.encode("windows-1254"), "windows-1254") == TURKISH
    assert read(TURKISH.encode("utf-8"), "windows-1254") == TURKISH


def test_invalid_utf8_late_in_a_file_falls_back() -> None:
    body = "a line of plain words\n" * 10_000 + TURKISH
    assert read(body.encode("windows-1254"), "windows-1254") == body


def test_undecodable_file_proposes_the_likeliest_encoding_with_a_line() -> None:
    with pytest.raises(Unusable) as refused:
        read(TURKISH.encode("windows-1254"))
    assert refused.value.reason == "undecodable"
    assert refused.value.hint.startswith("windows-1254")
    assert "ışığı söndürüp" in refused.value.hint


DAMAGED = TURKISH.encode() * 100


@pytest.mark.parametrize(
    ("data", "places"),
    [
        (DAMAGED[:-3] + b"\xc5", f"1, {len(DAMAGED) - 3}"),
        (DAMAGED[:1001] + b"\xff" + DAMAGED[1001:], "1, 1001"),
        (DAMAGED[:70] + b"\xfe" + DAMAGED[70:5000] + b"\xff" + DAMAGED[5000:], "2, 70"),
        ("ğ".encode() * 50_000 + b"\xe9" + b"words " * 20, "1, 100000"),
        (b"plain words " * 500 + b"pl\xd7ain words" + b" plain words" * 500, "1, 6002"),
        ("kısa bir söz, yarım kalmış ş".encode()[:-1], "1, 32"),
        (b"plain words " * 500 + "şöyle caf".encode() + b"\xe9" + b" plain words" * 500, "1, 6011"),
        (b"pl\x80in w\xfdrds pl\xa6in \x8fwords w\xd7rds " + b"plain words " * 9_000, "5, 2"),
    ],
)
def test_mostly_valid_utf8_reports_the_place_and_proposes_no_encoding(data: bytes, places: str) -> None:
    with pytest.raises(Unusable) as refused:
        read(data)
    assert (refused.value.reason, refused.value.hint) == ("invalid-utf8", places)


FEW_ACCENTS = [
    ("Köyde bir ağaç vardı, yaşlı.", "windows-1254", 40),
    ("Köyde bir ağaç vardı, yaşlı.", "iso-8859-9", 4000),
    ("a café, a résumé", "windows-1252", 4000),
    ("he said “it’s old” — and left", "windows-1252", 300),
    ("École, à la carte", "windows-1252", 300),
    ("the Russian word Россия is here", "windows-1251", 300),
]


@pytest.mark.parametrize(("line", "encoding", "times"), FEW_ACCENTS)
def test_ascii_text_with_few_letters_of_another_encoding_is_not_called_damaged(
    line: str, encoding: str, times: int
) -> None:
    data = b"a line of plain words and more of them\n" * times + f"{line}\n".encode(encoding)
    data += b"a line of plain words and more of them\n" * times
    with pytest.raises(Unusable) as refused:
        read(data)
    assert refused.value.reason == "undecodable"
    likeliest = refused.value.candidates[0]
    assert (data.decode(likeliest.name), likeliest.line) == (data.decode(encoding), line)


def test_letter_that_is_valid_utf8_by_accident_does_not_make_a_text_utf8() -> None:
    data = (b"plain words and more\n" * 40 + "ODTÜ’nün köyü, ağacı\n".encode("cp1254")) * 60
    data += b"plain words and more\n" * 9_000
    with pytest.raises(Unusable, match="undecodable"):
        read(data)
    marked = b"\xef\xbb\xbf" + b"plain words and more\n" * 9_000 + b"caf\xe9\n"
    with pytest.raises(Unusable, match="invalid-utf8"):
        read(marked)


def test_invalid_bytes_are_skipped_on_request() -> None:
    dropped: list[int] = []
    data = TURKISH.encode() * 50 + b"\xff" + TURKISH.encode() + "ş".encode()[:1]
    assert "".join(clean_pieces(io.BytesIO(data), None, dropped)) == TURKISH * 51
    assert dropped == [2]
    with pytest.raises(Unusable, match="undecodable"):
        list(clean_pieces(io.BytesIO(TURKISH.encode("windows-1254")), None, []))


def test_named_encoding_does_not_apply_to_damaged_utf8() -> None:
    with pytest.raises(Unusable, match="invalid-utf8"):
        read(DAMAGED[:-3] + b"\xc5", "windows-1254")
    assert read(b"plain words " * 500 + b"caf\xe9", "windows-1252").endswith("café")


@given(st.text(alphabet="ağ漢𝔸é ", max_size=80), st.binary(max_size=8), st.integers(0, 60), st.integers(1, 9))
def test_damage_report_does_not_depend_on_block_boundaries(content: str, noise: bytes, at: int, size: int) -> None:
    data = content.encode()
    data = data[:at] + noise + data[at:]
    damage = utf8_damage([data[start : start + size] for start in range(0, len(data), size)])
    assert damage == utf8_damage([data])
    if damage.bad:
        with pytest.raises(UnicodeDecodeError) as refused:
            data.decode()
        assert damage.first == refused.value.start
    else:
        data.decode()


@pytest.mark.parametrize(
    "data", [b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", b"\x00" * 100, bytes(range(1, 32)) * 50, b"words\x00words"]
)
def test_binary_is_not_text(data: bytes) -> None:
    with pytest.raises(Unusable, match="binary"):
        read(data)


def test_an_empty_file_is_not_text() -> None:
    with pytest.raises(Unusable, match="empty"):
        read(b"")


def test_line_ends_and_unicode_form_are_normalised() -> None:
    assert read(b"a\r\nb\rc\n") == "a\nb\nc\n"
    assert read("I\u0307stanbul g\u0306".encode()) == "\u0130stanbul \u011f"


@given(st.text(alphabet="ae\u0301\u0307\u1100\u1161\u11a8ğI\r\n 漢", max_size=60), st.integers(1, 7))
def test_blocks_do_not_depend_on_read_boundaries(content: str, size: int) -> None:
    head, piece = text_module._HEAD_BYTES, text_module.PIECE_BYTES
    text_module._HEAD_BYTES = text_module.PIECE_BYTES = size
    try:
        got = read(content.encode()) if content else ""
    finally:
        text_module._HEAD_BYTES, text_module.PIECE_BYTES = head, piece
    assert got == clean(content)
    assert unicodedata.is_normalized("NFC", got)


def test_truncated_gzip_is_reported_as_damaged(tmp_path: Path) -> None:
    path = tmp_path / "text.txt.gz"
    path.write_bytes(gzip.compress(TURKISH.encode() * 1000)[:-20])
    with pytest.raises(Unusable, match="damaged"), open_bytes(path) as file:
        list(clean_pieces(file, None))
