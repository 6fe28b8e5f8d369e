"""Several files that are not UTF-8: one encoding is proposed for all only if each reads in it as in its likeliest one."""

import time
from pathlib import Path

import pytest

from mmrec_engine.data.sources.compressed_files import Unusable
from mmrec_engine.data.sources.documents import FileDocuments, Skipped
from mmrec_engine.data.sources.encodings_of_files import agreed, encoding_of, proposals, readings_of_files
from mmrec_engine.data.sources.passages import passages
from mmrec_engine.data.sources.preview import preview

TURKISH = "Ağaçların gölgesinde oturup çayımızı içtik. Şimdi yağmur yağıyor, ışıklar söndü.\n"
FRENCH = "Le garçon a mangé à l'école où sa mère était déjà arrivée, très fatiguée.\n"
POLISH = "Litwo! Ojczyzno moja! ty jesteś jak zdrowie. Ile cię trzeba cenić, piękność twą widzę.\n"


def skipped_of(folder: Path, **texts: tuple[str, str]) -> list[Skipped]:
    for name, (text, encoding) in texts.items():
        (folder / f"{name}.txt").write_bytes((text * 20).encode(encoding))
    found = []
    for document in FileDocuments(folder):
        with pytest.raises(Unusable) as refused:
            list(document.pieces)
        found.append(Skipped(document.name, refused.value.reason, refused.value.hint, 1, refused.value.candidates))
    return agreed(found)


def test_encoding_that_reads_all_files_is_proposed_for_each(tmp_path: Path) -> None:
    found = skipped_of(tmp_path, a=(FRENCH * 9, "windows-1252"), b=(TURKISH, "windows-1254"))
    assert [encoding_of(one) for one in found] == ["windows-1254", "windows-1254"]
    looked = preview(tmp_path, None)
    assert looked.readings[0][0] == "windows-1254"
    assert "garçon" in looked.readings[0][1] and "Ağaç" in looked.readings[0][1], "words of both files"


def test_files_in_different_encodings_keep_their_own_proposals(tmp_path: Path) -> None:
    found = skipped_of(tmp_path, a=(POLISH, "windows-1250"), b=(TURKISH, "windows-1254"))
    assert [encoding_of(one) for one in found] == ["windows-1250", "windows-1254"]
    assert proposals(found[1]).startswith("windows-1254 («")
    assert "ğ" in proposals(found[1])
    assert len(readings_of_files(found)) > 1


def test_line_of_a_proposal_shows_the_accented_letters(tmp_path: Path) -> None:
    (found,) = skipped_of(tmp_path, a=("plain words " * 30 + TURKISH, "windows-1254"))
    assert "ğ" in found.candidates[0].line and "ğ" in proposals(found).partition(",")[0]


def test_few_letters_of_a_long_text_are_found_soon() -> None:
    words = b"plain words of a text and more of them on a rather long line without an end "
    block = bytearray((words * 60_000)[: 4 * 2**20])
    block[1000] = block[3_000_000] = 0xE9
    began = time.process_time()
    found = passages([bytes(block)] * 4)
    assert found.count(b"\xe9") == 8 and len(found) < 2000
    assert time.process_time() - began < 3, "seconds a block, when each byte was the possible beginning of a passage"
