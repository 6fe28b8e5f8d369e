"""From documents to token files on disk: read, split, build the vocabulary, encode, store.

    documents ──► clean text in files, corpus after corpus, each document's length and fingerprint in a table
              ──► split (by fingerprint) ──► vocabulary of the training split ──► train.bin, validation.bin, corpus.json

Memory is bounded by one block of text, whatever the corpus (a JSON line is one block), and a row of the table for each
document. The result is cached under a key of the corpus' fingerprint and of everything else that determines the tokens; the
next run reads the text once for its fingerprint, and maps the files. A streamed data set is not read again.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mmrec_engine.data.corpus import Corpus, CorpusSpec, same_tokenizer
from mmrec_engine.data.document_table import DocumentTable
from mmrec_engine.data.mixture import Source, sources_of
from mmrec_engine.data.parts import with_shares
from mmrec_engine.data.prepared_folder import STREAMING, open_prepared, put_in_place, remove_abandoned
from mmrec_engine.data.sources import streaming
from mmrec_engine.data.sources.builtin import BuiltinDocuments
from mmrec_engine.data.sources.documents import FileDocuments, Reading, Skipped
from mmrec_engine.data.sources.encodings_of_files import (
    agreed,
    encoding_of,
    invalid_bytes,
    proposals,
    readings_of_files,
)
from mmrec_engine.data.sources.hub_source import HubSource, is_hub, source_of
from mmrec_engine.data.sources.mojibake import Repair
from mmrec_engine.data.split_record import Earlier, SplitRecord
from mmrec_engine.data.text_store import TextStore, written
from mmrec_engine.data.token_cache import TokenCacheIndex
from mmrec_engine.data.token_files import encode, points_of
from mmrec_engine.errors import RequestError
from mmrec_engine.events import Progress
from mmrec_engine.locales.messages import LANGUAGES, REASONS, SPLITS
from mmrec_engine.settings import WHOLE, Settings
from mmrec_engine.storage import user_folders
from mmrec_engine.storage.run_files import SPLIT
from mmrec_engine.tokenizer import PretrainedTokenizer, Tokenizer
from mmrec_engine.tokenizer.vocabulary import END_OF_DOCUMENT, UNKNOWN

__all__ = ["Corpus", "cache_folder", "prepare_corpus", "short_split", "tag_of", "too_short"]

_FORMAT = 3  # increased whenever the same text would give other files

_LITTLE = 100  # characters; a window length that fits into fewer teaches nothing
_LEAST_TOKENS = 3  # of a split: a window has two, and its next token

_Documents = FileDocuments | BuiltinDocuments


def cache_folder() -> Path:
    return user_folders.cache_folder() / "corpora"


def prepare_corpus(
    settings: Settings, tokenizer: Tokenizer | None = None, tag: str | None = None, earlier: Earlier | None = None
) -> Generator[Progress, None, Corpus]:
    """Prepare the corpus of the settings, or find it in the cache. Yields progress in bytes of text.

    tokenizer: of a trained model that is evaluated on this text; then all of the text is the validation split, unless it
    is the text of the `earlier` run.
    tag: if that model was trained on several corpora, the corpus whose tag the windows get; None: the corpus of the same
    name, else the first.
    Raises RequestError if the text is missing, unusable, or shorter than one window in a split.
    """
    folder = cache_folder()
    earlier = earlier or Earlier()
    making = CorpusSpec(settings, tokenizer, sources_of(settings), folder, earlier)
    if tokenizer is not None and tag is not None:
        tag_of(tokenizer, tag)
    streamed = [source for source in making.sources if settings.data_dir is None and is_hub(source.place)]
    if streamed and len(making.sources) > 1:
        raise RequestError("mixing-streamed", name=streamed[0].place)
    hub = source_of(streamed[0].place) if streamed else None
    if hub is not None and hub.column is None:
        hub = replace(hub, column=settings.text_field)
    documents = [] if hub else [_documents(source, settings, folder) for source in making.sources]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        remove_abandoned(folder)
        if hub is not None:
            corpus = yield from _stream(hub, making)
        else:
            with tempfile.TemporaryDirectory(prefix="preparing-", dir=folder) as work:
                corpus = yield from _prepare(documents, making, Path(work))
    except OSError as error:
        raise RequestError("cache-unwritable", path=folder, reason=error.strerror or error) from None
    tags = corpus.tokenizer.tags
    parts = with_shares(corpus.parts, making.sources, settings.mixing_temperature, tags, tag)
    corpus = replace(corpus, parts=parts, earlier=earlier)
    short = short_split(corpus, settings.seq_len, ("validation",) if tokenizer else ("training", "validation"))
    if short is not None:
        raise short
    names = [part.name for part in corpus.parts]
    if tokenizer is None and settings.early_stopping_on not in (WHOLE, *names):
        raise RequestError("early-stopping-on", value=settings.early_stopping_on, choices=", ".join((WHOLE, *names)))
    return corpus


def _documents(source: Source, settings: Settings, folder: Path) -> _Documents:
    if settings.data_dir is None:
        return BuiltinDocuments(source.place)
    return FileDocuments(
        Path(source.place), settings.encoding, folder, settings.text_field, settings.skip_invalid_bytes
    )


def short_split(
    corpus: Corpus, seq_len: int, needed: tuple[str, ...] = ("training", "validation")
) -> RequestError | None:
    """Why the text is too short for these windows; none if each needed split has a whole window and its next token."""
    for part in corpus.all_parts:
        for label in needed:
            tokens = len((part.train if label == "training" else part.validation).tokens)
            if tokens < seq_len + 1:
                short = too_short(label, tokens, seq_len)
                characters = part.train.characters + part.validation.characters
                if not corpus.reading.splits and (tokens < _LEAST_TOKENS or characters < _LITTLE):
                    short = too_little(characters)
                if len(corpus.parts) < 2:
                    return short
                reason = {language: short.text(language) for language in LANGUAGES}
                return RequestError("mixing-short", name=part.name, reason=reason)
    return None


def tag_of(tokenizer: Tokenizer, name: str) -> int:
    """The id that the windows of a corpus begin with. Raises RequestError if the model has no such corpus."""
    if name not in tokenizer.tags:
        raise RequestError("tag-unknown", name=name, choices=", ".join(tokenizer.tags) or "–")
    return tokenizer.tags[name]


def too_short(split: str, tokens: int, seq_len: int) -> RequestError:
    """split: training or validation."""
    if tokens < _LEAST_TOKENS:
        return RequestError("corpus-side-empty", side=SPLITS[split])
    nearest = max(0, tokens - 1)
    return RequestError("corpus-too-short", side=SPLITS[split], tokens=tokens, seq_len=seq_len, nearest=nearest)


def too_little(characters: int) -> RequestError:
    """Of a text that came without a split: neither another split nor shorter windows would help."""
    return RequestError("corpus-too-little", characters=characters)


def _prepare(documents: Sequence[_Documents], making: CorpusSpec, work: Path) -> Generator[Progress, None, Corpus]:
    settings, sources = making.settings, making.sources
    repair = Repair() if settings.fix_encoding else None
    store = yield from written(documents, work / "text", repair, settings.max_corpus_bytes)
    there = set(np.unique(store.table.sources).tolist())
    for number, source in enumerate(sources):
        if number not in there:
            raise _nothing_in(documents[number], source.place)
    reading = sum((read.reading for read in documents), Reading())
    characters = int(store.table.characters.sum())
    if characters < _LEAST_TOKENS and not reading.splits:  # its training split would be empty
        raise too_little(characters)
    corpus = yield from _tokens_of(store, making, work)
    skipped = [
        replace(one, name=f"{source.name}/{one.name}") if making.several else one
        for source, read in zip(sources, documents, strict=True)
        for one in read.skipped
    ]
    left_out, repaired = tuple(agreed(skipped)), repair.words if repair else 0
    return replace(corpus, skipped=left_out, repaired_words=repaired, reading=reading, copies=store.copies)


# Reasons why a file cannot be used that have an error message of their own.
_TOLD_APART = {
    "undecodable": "corpus-undecodable",
    "encoding-unknown": "corpus-encoding-untold",
    "no-field": "corpus-no-field",
    "needs-extra": "corpus-needs-extra",
}


def _nothing_in(documents: _Documents, place: str) -> RequestError:
    """Why a corpus has no usable document."""
    if not documents.skipped:
        return RequestError("corpus-empty", path=place)
    skipped = agreed(documents.skipped)
    first = next((one for one in skipped if one.reason not in ("empty", "binary", "link-outside")), skipped[0])
    values: dict[str, Any] = {"path": place, "count": len(skipped), "first": first.name}
    values |= {"reason": REASONS[first.reason], "readings": readings_of_files(skipped)}
    if first.reason == "invalid-utf8":
        return RequestError("corpus-invalid-utf8", **invalid_bytes(first.hint), **values)
    undecodable = [one for one in skipped if one.reason == "undecodable"]
    other = next((one for one in undecodable if encoding_of(one) != encoding_of(undecodable[0])), None)
    if first.reason == "undecodable" and other is not None:
        values |= {"encoding": encoding_of(undecodable[0]), "other": other.name, "its_encoding": encoding_of(other)}
        return RequestError("corpus-encodings-differ", **values)
    if first.reason in _TOLD_APART:
        return RequestError(_TOLD_APART[first.reason], hint=proposals(first), **values)
    alone = os.path.isfile(place)  # noqa: PTH113, a name may be too long to ask for
    return RequestError("corpus-not-usable" if alone else "corpus-nothing-usable", **values)


def _stream(source: HubSource, making: CorpusSpec) -> Generator[Progress, None, Corpus]:
    """A streamed data set: a finished one is used without its source, an interrupted one is continued."""
    settings, folder = making.settings, making.folder
    key = streaming.key_of(source, settings.max_corpus_bytes, settings.fix_encoding)
    plain = _cached(making, _digest(key, *_decides(making)))
    if plain is not None and making.fits(plain):
        return plain
    known, record = making.known_tokenizer(), making.earlier.record
    of_earlier = () if record is None else (record.digest,)
    of_evaluation = () if making.tokenizer is None else (making.earlier.fingerprint,)
    decides = _decides(making, known, whole=making.tokenizer is not None)
    whole_key = _digest(key, *decides, *of_earlier, *of_evaluation)
    found = _cached(making, whole_key)
    if found is not None:
        return found
    work = folder / f"{STREAMING}{key}"
    with (yield from streaming.locked(work)):
        found = _cached(making, whole_key)  # by the process that held the lock
        try:
            if found is None:
                found = yield from _stream_into(work, source, making, whole_key)
        finally:
            if found is not None or not streaming.begun(work):
                shutil.rmtree(work, ignore_errors=True)
    return found


def _stream_into(work: Path, source: HubSource, making: CorpusSpec, key: str) -> Generator[Progress, None, Corpus]:
    settings, name = making.settings, making.sources[0].name
    repair = Repair() if settings.fix_encoding else None
    text = yield from streaming.streamed(source, name, work, settings.max_corpus_bytes, repair)
    if not len(text.store.table):
        raise RequestError("corpus-empty", path=name)
    corpus = yield from _tokens_of(text.store, making, work)
    assert corpus.folder is not None
    described_fields = (text.held_out, text.field, text.others, text.left_out)
    TokenCacheIndex(corpus.folder.name, text.empty, text.repaired_words, *described_fields).write(making.folder, key)
    found = _cached(making, key)
    if found is None:
        raise OSError(errno.EIO, os.strerror(errno.EIO), str(making.folder))
    return found


def _cached(making: CorpusSpec, key: str) -> Corpus | None:
    found = TokenCacheIndex.read(making.folder, key)
    corpus = open_prepared(making.folder / found.prepared, making.sources) if found is not None else None
    if found is None or corpus is None:
        return None
    left = {"empty-rows": str(found.empty) if found.empty else "", "splits-left-out": ", ".join(found.left_out)}
    skipped = tuple(Skipped(making.sources[0].name, reason, hint) for reason, hint in left.items() if hint)
    reading = Reading(
        ((("train",), (found.held_out,)),) if found.held_out is not None else (),
        ((found.field, tuple(found.others)),) if found.field is not None else (),
    )
    return replace(corpus, skipped=skipped, repaired_words=found.repaired_words, reading=reading)


def _tokens_of(store: TextStore, making: CorpusSpec, work: Path) -> Generator[Progress, None, Corpus]:
    """The tokens of a stored text, from the cache or prepared now. work: folder in which the files are written."""
    table, settings = store.table, making.settings
    fingerprint = table.fingerprint(making.several)
    whole, record, tokenizer = making.whole(fingerprint), making.earlier.record, making.known_tokenizer()
    of_text = tokenizer is not making.tokenizer and not isinstance(tokenizer, PretrainedTokenizer)
    if of_text and _names(tokenizer) != making.beside:
        tokenizer = None  # of other corpora with tags, or of a model without the sentinels that are needed now
    points: npt.NDArray[np.int64] | None = np.zeros(len(table), dtype=np.int64) if whole else None
    kept: tuple[str, ...] = ()
    if record is not None and not whole:
        points = points_of(table, settings.val_split, record)
        if (points != points_of(table, settings.val_split)).any():
            kept = (SplitRecord.of(_keys(table), points).digest,)
    prepared = making.folder / _digest(fingerprint, *_decides(making, None, whole), *kept)
    if tokenizer is not None:
        learnt = None if whole else open_prepared(prepared, making.sources)
        if learnt is None or not same_tokenizer(tokenizer, learnt.tokenizer):
            prepared = making.folder / _digest(fingerprint, *_decides(making, tokenizer, whole), *kept)
    corpus = open_prepared(prepared, making.sources)
    if corpus is None or (corpus.record is None and not whole):
        if points is None:
            points = points_of(table, settings.val_split)
        if corpus is None:
            target = work / f"prepared-{prepared.name}"  # one with another split or vocabulary does not match
            target.mkdir(exist_ok=True)
            yield from encode(store, points, settings, tokenizer, making.beside, fingerprint, target)
            if not whole:
                SplitRecord.of(_keys(table), points).write(target / SPLIT)
            put_in_place(target, prepared, making.sources)
        else:  # it was prepared by a version without split records
            SplitRecord.of(_keys(table), points).write(prepared / SPLIT)
        corpus = open_prepared(prepared, making.sources)
        if corpus is None:
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(prepared))
    return replace(corpus, whole=whole)


def _decides(making: CorpusSpec, tokenizer: Tokenizer | None = None, whole: bool = False) -> tuple[str, ...]:
    return (*making.decides(tokenizer, whole), str(_FORMAT))


def _keys(table: DocumentTable) -> npt.NDArray[np.uint64]:
    """The keys of documents in a split record. Shape (documents,)."""
    return np.ascontiguousarray(table.fingerprints(slice(None))[:, 0])


def _names(tokenizer: Tokenizer | None) -> tuple[str, ...]:
    """Names of the special ids that depend on the settings: neither that of unknown text nor the end of a document."""
    return (
        () if tokenizer is None else tuple(name for name in tokenizer.special if name not in (UNKNOWN, END_OF_DOCUMENT))
    )


def _digest(*parts: str) -> str:
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=16).hexdigest()
