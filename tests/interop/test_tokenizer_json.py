"""The exported tokenizer.json, read by the library `tokenizers`, gives the ids of mmrec's own tokenizer, whatever the text."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mmrec_engine.interop.tokenizer_json import token_names, tokenizer_json
from mmrec_engine.tokenizer import Tokenizer
from mmrec_engine.tokenizer.unigram import UnigramTokenizer

library = pytest.importorskip("tokenizers")

ODD = [
    "<0x41>", "<0x", "<|end_of_document|>", "<| end_of_document |>", "<|▁end_of_document▁|>", "<|unknown|>", "▁", "▅", " ",
    "  ", "\n", "\r\n", "\t", "\0", "ı", "İ", "e\u0301", "\u200d", "👩\u200d🚀", "漢字", "\ufffd", "\u0085", "\u00a0",
    "\u3000", "\U0010ffff", "ﷺ", "the", "'s", "12",
]  # fmt: skip
TEXTS = st.lists(
    st.one_of(st.sampled_from(ODD), st.text(st.characters(exclude_categories=["Cs"]), max_size=8)), max_size=9
)
KINDS = ("char", "bpe", "sentencepiece")


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=TEXTS)
@example(parts=[" " * 37])
@example(parts=["a" * 50])
@example(parts=["the▁ ▅the <|▁end_of_document▁|><| end_of_document |>\u3000"])
def test_exported_tokenizer_gives_the_same_ids(
    tokenizers_of_each_kind: dict[str, Tokenizer], kind: str, parts: list[str]
) -> None:
    tokenizer, text = tokenizers_of_each_kind[kind], "".join(parts)
    exported = library.Tokenizer.from_str(json.dumps(tokenizer_json(tokenizer)))
    exported.encode_special_tokens = True
    assert exported.encode(text).ids == [int(index) for index in tokenizer.encode(text)]


@pytest.mark.parametrize("text", ["the▁water ▁ <| end_of_document |> <|▁end_of_document▁|>", "漢▁<0x41> \u3000"])
def test_older_sentencepiece_tokenizer_is_exported_unchanged(
    tokenizers_of_each_kind: dict[str, Tokenizer], text: str
) -> None:
    now = tokenizers_of_each_kind["sentencepiece"].to_dict()
    tokenizer = UnigramTokenizer.from_dict({name: value for name, value in now.items() if name != "exact"})
    exported = library.Tokenizer.from_str(json.dumps(tokenizer_json(tokenizer)))
    exported.encode_special_tokens = True
    ids = [int(index) for index in tokenizer.encode(text)]
    assert exported.encode(text).ids == ids
    assert exported.decode(ids) == tokenizer.decode(ids) == text.replace("▁", " ")


@pytest.mark.parametrize("kind", KINDS)
def test_exported_tokenizer_round_trips_text_and_special_ids(
    tokenizers_of_each_kind: dict[str, Tokenizer], prose: str, kind: str
) -> None:
    tokenizer, text = tokenizers_of_each_kind[kind], prose[:2000]
    text += "" if kind == "char" else " ▁the▁ ▅ "
    exported = library.Tokenizer.from_str(json.dumps(tokenizer_json(tokenizer)))
    assert exported.decode(exported.encode(text).ids) == text
    assert [exported.token_to_id(name) for name in token_names(tokenizer)] == list(range(len(tokenizer.special)))
    assert exported.get_vocab_size() == tokenizer.vocab_size
