"""The input of a plan: figures of the text and of the machine."""

from __future__ import annotations

import importlib.util
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace

from mmrec_engine.data.sources.hub_source import is_hub
from mmrec_engine.data.text_measures import dispersion
from mmrec_engine.events import Progress
from mmrec_engine.planning.first_weights import Before, characters_of_its_tokens, seen_before
from mmrec_engine.planning.rules import rules
from mmrec_engine.runs.run_text import text_of_new_run
from mmrec_engine.settings import Settings

_SHORT_WINDOW = 16  # tokens; so that any text that can be trained on can be prepared
_UNREAD = 100_000_000  # characters assumed for a data set before it is read
_VALIDATION_SHARE = 0.1


@dataclass(frozen=True)
class TextFacts:
    """train, validation: characters of the splits; alphabet: distinct characters; parts: texts that are trained on
    together; dispersion: how much its pieces differ (`data.text_measures.dispersion`), None: not known.

    Of the weights to begin with: characters_a_token, with their tokenizer, None if the text gets its own;
    before, what they have seen.
    """

    train: int
    validation: int
    alphabet: int
    parts: int = 1
    dispersion: float | None = None
    characters_a_token: float | None = None
    before: Before = Before()

    def characters_each(self, tokenizer: str, ids: int) -> float:
        """Characters of a token, with this kind of tokenizer and so many ids unless the weights have one."""
        if self.characters_a_token is not None:
            return self.characters_a_token
        return 1.0 if tokenizer == "char" else rules().characters_a_token(ids)


@dataclass(frozen=True)
class MachineFacts:
    """speeds: tokens a second of each candidate, by config; empty: not measured. subwords: whether the library is
    installed."""

    subwords: bool
    precision: str = "fp32"
    threads: int = 1
    speeds: Mapping[str, float] = field(default_factory=dict)


def subwords_there() -> bool:
    """Whether the library that learns byte-pair encodings is installed."""
    return importlib.util.find_spec("tokenizers") is not None


def text_facts(settings: Settings) -> Generator[Progress, None, TextFacts]:
    """Read the text: with the tokenizer of the weights that the run begins with, else as characters. The prepared text stays in
    the cache. A streamed data set is not read for this.

    Raises RequestError as preparing it does.
    """
    corpus = settings.corpus
    if settings.data_dir is None and isinstance(corpus, str) and is_hub(corpus):
        size = settings.max_corpus_bytes or _UNREAD
        train, validation = int(size * (1 - _VALIDATION_SHARE)), int(size * _VALIDATION_SHARE)
        return TextFacts(train, validation, 1000, characters_a_token=characters_of_its_tokens(settings))
    length = min(settings.seq_len, _SHORT_WINDOW)
    read = replace(settings, seq_len=length, stride=None)
    if settings.init_from is None:
        read = replace(read, tokenizer="char", vocab_size=5000)
    prepared = yield from text_of_new_run(read)
    facts = TextFacts(
        prepared.train.characters,
        prepared.validation.characters,
        prepared.tokenizer.vocab_size,
        len(prepared.all_parts),
        dispersion(prepared.train.tokens, prepared.tokenizer),
    )
    if settings.init_from is None:
        return facts
    return replace(
        facts,
        characters_a_token=prepared.train.characters / len(prepared.train.tokens),
        before=seen_before(prepared, settings),
    )
