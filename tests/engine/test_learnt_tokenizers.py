"""BPE and sentencepiece through their own libraries: any text round-trips, whatever the subwords are."""

import functools
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmrec_engine.data.sources.builtin import sample_folder
from mmrec_engine.errors import RequestError
from mmrec_engine.settings import TOKENIZERS
from mmrec_engine.tokenizer import LEARNT, CharacterTokenizer, LearntTokenizer, tokenizer_from_dict, unknown_characters
from mmrec_engine.tokenizer.subwords import chunks
from mmrec_engine.tokenizer.vocabulary import END_OF_DOCUMENT

KINDS = sorted(LEARNT)
TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]))


@functools.cache
def prose() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(sample_folder().glob("*.txt")))[:300_000]


@functools.cache
def learnt(kind: str, size: int = 700, special: tuple[str, ...] = ()) -> LearntTokenizer:
    return LEARNT[kind].learnt([prose()], size, special)


def test_settings_list_every_tokenizer_kind() -> None:
    assert (CharacterTokenizer.kind, *LEARNT) == TOKENIZERS


@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None)  # the first example trains the tokenizer
@given(text=TEXTS)
def test_any_text_round_trips(kind: str, text: str) -> None:
    tokenizer = learnt(kind)
    ids = tokenizer.encode(text)
    assert not len(ids) or int(ids.max()) < tokenizer.vocab_size
    back = text.replace("▁", " ") if kind == "sentencepiece" else text  # its own letter for a space
    assert tokenizer.decode(ids.tolist()) == back
    assert "".join(tokenizer.decode_each(ids.tolist())) == back


@pytest.mark.parametrize("kind", KINDS)
def test_tokens_are_several_characters_long(kind: str) -> None:
    tokenizer = learnt(kind)
    ids = tokenizer.encode(prose())
    assert len(prose()) / len(ids) > 1.8
    assert tokenizer.decode(ids.tolist()) == prose()
    assert tokenizer.vocab_size == 700
    assert ids.dtype == tokenizer.dtype


@pytest.mark.parametrize("kind", KINDS)
def test_same_text_gives_the_same_subwords(kind: str) -> None:
    again = LEARNT[kind].learnt(iter([prose()]), 700, ())
    assert again.to_dict() == learnt(kind).to_dict()


@pytest.mark.parametrize("kind", KINDS)
def test_multi_token_character_is_emitted_once_complete(kind: str) -> None:
    tokenizer = learnt(kind)
    ids = tokenizer.encode("😀").tolist()
    assert len(ids) == 4
    assert list(tokenizer.decode_each(ids)) == ["", "", "", "😀"]
    assert tokenizer.decode(ids[:2]) == "\ufffd"


@pytest.mark.parametrize("kind", KINDS)
def test_end_token_decodes_to_nothing_and_no_text_encodes_to_it(kind: str) -> None:
    tokenizer = learnt(kind, special=(END_OF_DOCUMENT,))
    assert tokenizer.end_of_document == 0
    assert tokenizer.decode([0]) == ""
    for text in (END_OF_DOCUMENT, "<|endoftext|>", "</s>", "<unk>", "<0x00>"):
        assert 0 not in tokenizer.encode(text).tolist()
        assert tokenizer.decode(tokenizer.encode(text).tolist()) == text


@pytest.mark.parametrize("kind", KINDS)
def test_tokenizer_round_trips_through_json(kind: str) -> None:
    tokenizer = learnt(kind, special=(END_OF_DOCUMENT,))
    again = tokenizer_from_dict(json.loads(json.dumps(tokenizer.to_dict())))
    assert again.to_dict() == tokenizer.to_dict()
    assert again.encode("Merhaba dünya\n").tolist() == tokenizer.encode("Merhaba dünya\n").tolist()
    assert unknown_characters(again, "ağ☃") == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "harm",
    [
        {"model": ""},
        {"model": "{}"},
        {"model": "AAAA"},
        {"model": None},
        {"special": ["a"]},
        {"special": "unknown"},
    ],
    ids=str,
)
def test_invalid_tokenizer_description_is_refused(kind: str, harm: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError, KeyError)):
        tokenizer_from_dict({**learnt(kind).to_dict(), **harm})


@pytest.mark.parametrize("kind", KINDS)
def test_too_small_vocabulary_error_names_the_minimum(kind: str) -> None:
    with pytest.raises(RequestError) as found:
        LEARNT[kind].learnt([prose()], 100, ())
    least = found.value.values["nearest"]
    assert isinstance(least, int)
    assert LEARNT[kind].learnt([prose()], least, ()).vocab_size == least


@given(text=TEXTS)
def test_chunks_concatenate_to_the_text(text: str) -> None:
    long = text * 5000
    assert "".join(chunks(long)) == long
    assert all(0 < len(chunk) <= 2**16 for chunk in chunks(long))
