"""The text of a run: prepared for a new one, with the split of the run whose weights it begins with; or again, as it was.

Must not know torch, unless the tokenizer of an older run with subwords has to be read from its checkpoint.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mmrec_engine.data.prepare import Corpus, prepare_corpus
from mmrec_engine.data.split_record import Earlier, SplitRecord, record_beside
from mmrec_engine.errors import RequestError, reason_of
from mmrec_engine.events import Progress
from mmrec_engine.pretrained.source import read_pretrained
from mmrec_engine.runs.catalog import locate
from mmrec_engine.settings import Settings
from mmrec_engine.settings.pretrained import PRETRAINED, is_pretrained
from mmrec_engine.storage.run_files import SPLIT
from mmrec_engine.tokenizer import LEARNT, Tokenizer, tokenizer_from_dict


def text_of_new_run(settings: Settings) -> Generator[Progress, None, Corpus]:
    """Raises RequestError, as `prepare_corpus`, and if the run to begin with is missing."""
    return prepare_corpus(settings, earlier=of_first_weights(settings))


def text_of_run(
    settings: Settings, folder: Path, tokenizer: Tokenizer | None = None
) -> Generator[Progress, None, Corpus]:
    """The text of the run in `folder` with its split and its tokenizer. settings: of the run; tokenizer: if it is loaded
    already.

    Raises RequestError as `prepare_corpus`.
    """
    return prepare_corpus(settings, earlier=of_run(settings, folder, tokenizer))


def of_first_weights(settings: Settings) -> Earlier:
    """What a new run inherits from the one it begins with: its split, and its vocabulary if requested."""
    if settings.init_from is None:
        return Earlier()
    if is_pretrained(settings.init_from):
        return Earlier(None, read_pretrained(settings.init_from).tokenizer())
    path = locate(settings.init_from)
    record = record_beside(path)
    if record is None:
        return Earlier(None, _tokenizer_in(path, settings) if settings.tokenizer in (*LEARNT, PRETRAINED) else None)
    fits = record.tokenizer is not None and record.tokenizer.kind == settings.tokenizer
    return Earlier(record, record.tokenizer if fits and record.vocab_size == settings.vocab_size else None)


def of_run(settings: Settings, folder: Path, tokenizer: Tokenizer | None = None) -> Earlier:
    record = SplitRecord.read(folder / SPLIT)
    if tokenizer is None and record is not None:
        tokenizer = record.tokenizer
    if tokenizer is None and settings.tokenizer in (*LEARNT, PRETRAINED):
        try:
            tokenizer = _tokenizer_in(locate(str(folder)), settings)
        except RequestError:
            tokenizer = None  # a run without a checkpoint starts from scratch
    if tokenizer is None and settings.init_from is not None and is_pretrained(settings.init_from):
        tokenizer = read_pretrained(settings.init_from).tokenizer()
    return Earlier(record, tokenizer)


def is_described(corpus: Corpus, described: Mapping[str, Any]) -> bool:
    """Whether a prepared text is the one, and has the split, that `corpus` of run.json or of a checkpoint describes."""
    split = described.get("split")
    same_split = split is None or corpus.record is None or corpus.record.digest == split
    return bool(described.get("fingerprint") == corpus.fingerprint and same_split)


def record_of(corpus: Corpus, settings: Settings) -> SplitRecord | None:
    """The split record that a run on this text writes for its follow-up runs; None if the documents are not known any more."""
    if corpus.record is None:
        return None
    record = corpus.record.with_grams_of(corpus.train.tokens)
    record = replace(record, tokenizer=corpus.tokenizer, vocab_size=settings.vocab_size)
    return record.after(corpus.earlier.record)


def _tokenizer_in(path: Path, settings: Settings) -> Tokenizer | None:
    """From a checkpoint if there is no record; None if it does not match the settings."""
    from mmrec_engine.runs import checkpoints

    content = checkpoints.read(path)
    try:
        tokenizer = tokenizer_from_dict(content["tokenizer"])
        stored = content["settings"]
        fits = (stored.get("tokenizer"), stored.get("vocab_size")) == (settings.tokenizer, settings.vocab_size)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, RequestError):
            raise
        reason = reason_of(error)
        raise RequestError("checkpoint-damaged", path=path, reason=reason) from None
    return tokenizer if fits else None
