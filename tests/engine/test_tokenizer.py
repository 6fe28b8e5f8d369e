import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmrec_engine.tokenizer import CharacterTokenizer, tokenizer_from_dict
from mmrec_engine.tokenizer.character import CharacterCounter
from mmrec_engine.tokenizer.vocabulary import END_OF_DOCUMENT, UNKNOWN


def built_from(text: str, size: int = 5000) -> CharacterTokenizer:
    counter = CharacterCounter()
    counter.add(text)
    return CharacterTokenizer(counter.most_frequent(size))


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1))
def test_encoding_and_decoding_round_trips(text: str) -> None:
    tokenizer = built_from(text)
    ids = tokenizer.encode(text)
    assert len(ids) == len(text)
    assert int(ids.max()) < tokenizer.vocab_size
    assert tokenizer.decode(ids) == text


@pytest.mark.parametrize("alphabet", ["abc", "abcğış", "abc漢字", "abc😀", "".join(map(chr, range(32, 600)))], ids=len)
def test_character_outside_the_vocabulary_is_unknown(alphabet: str) -> None:
    tokenizer = built_from(alphabet)
    assert list(tokenizer.encode("a€𝄞\x01")) == [tokenizer.encode("a")[0], 0, 0, 0]
    assert tokenizer.decode([0]) == "\ufffd"


def test_vocabulary_has_the_most_frequent_characters() -> None:
    assert built_from("aaabbc", size=2).characters == "ab"


def test_special_tokens_come_first_and_round_trip() -> None:
    tokenizer = CharacterTokenizer("ba", (UNKNOWN, END_OF_DOCUMENT))
    assert list(tokenizer.encode("ab")) == [2, 3]
    assert tokenizer.end_of_document == 1
    again = tokenizer_from_dict(tokenizer.to_dict())
    assert again.to_dict() == tokenizer.to_dict()
    assert again.decode([2, 1, 3]) == "ab"


def test_an_unknown_kind_of_tokenizer_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown tokenizer"):
        tokenizer_from_dict({"kind": "runes"})
