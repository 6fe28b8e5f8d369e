"""From documents to token files on disk: read once, split, build the vocabulary, encode, keep.

    documents ──► clean text in spool files, corpus after corpus, each document's length and fingerprint in a ledger
              ──► split (by fingerprint) ──► vocabulary of the training side ──► train.bin, validation.bin, corpus.json

Memory stays bounded by one piece of text, whatever the corpus (a JSON line is one piece), and a row of the ledger for each
document. The result lies in the cache folder under a key made of the corpus' fingerprint and what else decides the tokens; the
next run reads the text once to know its fingerprint, and maps the files. A data set that is streamed is not read again.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs

from mmrec_engine.corpus import streaming
from mmrec_engine.corpus.builtin import BuiltinDocuments
from mmrec_engine.corpus.documents import FileDocuments, Reading, Skipped
from mmrec_engine.corpus.encoding import DESCRIPTION, encode
from mmrec_engine.corpus.hub_source import HubSource, is_hub, source_of
from mmrec_engine.corpus.ledger import SideName
from mmrec_engine.corpus.mixing import Source, sources_of
from mmrec_engine.corpus.mojibake import Repair
from mmrec_engine.corpus.parts import Counts, Part, Side, parts_of, with_shares
from mmrec_engine.corpus.remembered import Remembered
from mmrec_engine.corpus.spool import Spool, written
from mmrec_engine.errors import RequestError
from mmrec_engine.events import Progress
from mmrec_engine.messages import LANGUAGES, REASONS, SIDES
from mmrec_engine.settings import WHOLE, Settings
from mmrec_engine.tokenizer import Tokenizer, tokenizer_from_dict
from mmrec_engine.tokenizer.vocabulary import special_ids

_STREAMING = "streaming-"  # working folders of data sets
_DAY = 86_400  # seconds
_FORMAT = 3  # raised whenever the same text would give other files

_Documents = FileDocuments | BuiltinDocuments


@dataclass(frozen=True)
class Corpus:
    """A prepared corpus: tokens mapped from disk, and what a person wants to know of it.

    repaired_words: how many words `fix_encoding` mended as the text was read. parts: where there are several corpora, or their
    tags are known; their sides lie one after another in `train` and `validation`. reading: how it was taken from the files.
    """

    name: str
    fingerprint: str
    documents: int
    tokenizer: Tokenizer
    train: Side
    validation: Side
    skipped: tuple[Skipped, ...]
    repaired_words: int = 0
    parts: tuple[Part, ...] = ()
    reading: Reading = Reading()

    @property
    def all_parts(self) -> tuple[Part, ...]:
        """The parts, or the whole as the only one."""
        return self.parts or (Part(self.name, None, 1.0, self.train, self.validation),)

    def describe(self) -> dict[str, Any]:
        """The `corpus` entry of run.json."""
        return {
            "name": self.name,
            "fingerprint": self.fingerprint,
            "documents": self.documents,
            "train_characters": self.train.characters,
            "validation_characters": self.validation.characters,
            "tokenizer": self.tokenizer.kind,
            "vocabulary": self.tokenizer.vocab_size,
            "train_tokens": len(self.train.tokens),
            "validation_tokens": len(self.validation.tokens),
            "repaired_words": self.repaired_words,
            **self.reading.describe(),
            **({"parts": [part.describe() for part in self.parts]} if self.parts else {}),
        }


def cache_folder() -> Path:
    return platformdirs.user_cache_path("mmrec") / "corpora"


def prepare_corpus(
    settings: Settings, tokenizer: Tokenizer | None = None, tag: str | None = None
) -> Generator[Progress, None, Corpus]:
    """Prepare the corpus that the settings name, or find it prepared. Yields progress in bytes of text.

    tokenizer: of a trained model that is to be evaluated on this text; then all of the text is the validation side.
    tag: where that one was trained on several corpora, the one whose tag the windows get; none: of the corpus with the same
    name, else of the first.
    Raises RequestError where the text is missing, unusable or shorter than one window on a side.
    """
    folder = cache_folder()
    making = _Making(settings, tokenizer, sources_of(settings), folder)
    if tokenizer is not None and tag is not None:
        tag_of(tokenizer, tag)
    streamed = [source for source in making.sources if settings.data_dir is None and is_hub(source.place)]
    if streamed and len(making.sources) > 1:
        raise RequestError("mixing-streamed", name=streamed[0].place)
    hub = source_of(streamed[0].place) if streamed else None
    documents = [] if hub else [_documents(source, settings, folder) for source in making.sources]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(folder)
        if hub is not None:
            corpus = yield from _stream(hub, making)
        else:
            with tempfile.TemporaryDirectory(prefix="preparing-", dir=folder) as work:
                corpus = yield from _prepare(documents, making, Path(work))
    except OSError as error:
        raise RequestError("cache-unwritable", path=folder, reason=error.strerror or error) from None
    tags = corpus.tokenizer.tags
    corpus = replace(corpus, parts=with_shares(corpus.parts, making.sources, settings.mixing_temperature, tags, tag))
    short = short_side(corpus, settings.seq_len, ("validation",) if tokenizer else ("training", "validation"))
    if short is not None:
        raise short
    names = [part.name for part in corpus.parts]
    if tokenizer is None and settings.early_stopping_on not in (WHOLE, *names):
        raise RequestError("early-stopping-on", value=settings.early_stopping_on, choices=", ".join((WHOLE, *names)))
    return corpus


def _documents(source: Source, settings: Settings, folder: Path) -> _Documents:
    if settings.data_dir is None:
        return BuiltinDocuments(source.place)
    return FileDocuments(Path(source.place), settings.encoding, prepared=folder)


def short_side(
    corpus: Corpus, seq_len: int, needed: tuple[str, ...] = ("training", "validation")
) -> RequestError | None:
    """Why the text is too short for these windows, unless each needed side holds a whole one and its next token."""
    for part in corpus.all_parts:
        for label in needed:
            tokens = len((part.train if label == "training" else part.validation).tokens)
            if tokens < seq_len + 1:
                short = too_short(label, tokens, seq_len)
                if len(corpus.parts) < 2:
                    return short
                reason = {language: short.text(language) for language in LANGUAGES}
                return RequestError("mixing-short", name=part.name, reason=reason)
    return None


def tag_of(tokenizer: Tokenizer, name: str) -> int:
    """The id that the windows of a corpus begin with. Raises RequestError where the model knows none of that name."""
    if name not in tokenizer.tags:
        raise RequestError("tag-unknown", name=name, choices=", ".join(tokenizer.tags) or "–")
    return tokenizer.tags[name]


def too_short(side: str, tokens: int, seq_len: int) -> RequestError:
    """side: training or validation."""
    if tokens < 3:
        return RequestError("corpus-side-empty", side=SIDES[side])
    nearest = max(0, tokens - 1)
    return RequestError("corpus-too-short", side=SIDES[side], tokens=tokens, seq_len=seq_len, nearest=nearest)


@dataclass(frozen=True)
class _Making:
    """What is to be made of a text. folder: the cache."""

    settings: Settings
    tokenizer: Tokenizer | None
    sources: Sequence[Source]
    folder: Path

    @property
    def several(self) -> bool:
        return len(self.sources) > 1

    @property
    def beside(self) -> tuple[str, ...]:
        """Special ids of a tokenizer that is learnt, beside those that every one has."""
        corpora = [source.name for source in self.sources] if self.several else []
        return special_ids(False, bool(self.settings.denoising), corpora)

    def decides(self) -> tuple[str, ...]:
        """What beside the text decides the token files."""
        settings, tokenizer = self.settings, self.tokenizer
        learnt = " ".join((f"{settings.tokenizer} {settings.vocab_size}", *self.beside))
        vocabulary = json.dumps(tokenizer.to_dict()) if tokenizer else learnt
        return str(None if tokenizer else settings.val_split), vocabulary, str(_FORMAT)


def _prepare(documents: Sequence[_Documents], making: _Making, work: Path) -> Generator[Progress, None, Corpus]:
    settings, sources = making.settings, making.sources
    repair = Repair() if settings.fix_encoding else None
    spool = yield from written(documents, work / "text", repair, settings.max_corpus_bytes)
    there = set(np.unique(spool.ledger.sources).tolist())
    for number, source in enumerate(sources):
        if number not in there:
            raise _nothing_in(documents[number], source.place)
    corpus = yield from _tokens_of(spool, making, work)
    skipped = [
        replace(one, name=f"{source.name}/{one.name}") if making.several else one
        for source, read in zip(sources, documents, strict=True)
        for one in read.skipped
    ]
    reading = sum((read.reading for read in documents), Reading())
    return replace(corpus, skipped=tuple(skipped), repaired_words=repair.words if repair else 0, reading=reading)


def _nothing_in(documents: _Documents, place: str) -> RequestError:
    """Why a corpus without a usable document has none."""
    if not documents.skipped:
        return RequestError("corpus-empty", path=place)
    first = documents.skipped[0]
    values = {"path": place, "count": len(documents.skipped), "first": first.name, "reason": REASONS[first.reason]}
    if first.reason == "undecodable" and first.hint:
        return RequestError("corpus-undecodable", hint=first.hint, **values)
    return RequestError("corpus-nothing-usable", **values)


def _stream(source: HubSource, making: _Making) -> Generator[Progress, None, Corpus]:
    """A data set that is streamed: what is finished is found without it, what was cut off goes on."""
    settings, folder = making.settings, making.folder
    key = streaming.key_of(source, settings.max_corpus_bytes, settings.fix_encoding)
    whole_key = _digest(key, *making.decides())
    found = _remembered(making, whole_key)
    if found is not None:
        return found
    work = folder / f"{_STREAMING}{key}"
    with (yield from streaming.locked(work)):
        found = _remembered(making, whole_key)  # by the process that was waited for
        try:
            if found is None:
                found = yield from _stream_into(work, source, making, whole_key)
        finally:
            if found is not None or not streaming.begun(work):
                shutil.rmtree(work, ignore_errors=True)
    return found


def _stream_into(work: Path, source: HubSource, making: _Making, key: str) -> Generator[Progress, None, Corpus]:
    settings, name = making.settings, making.sources[0].name
    repair = Repair() if settings.fix_encoding else None
    text = yield from streaming.streamed(source, name, work, settings.max_corpus_bytes, repair)
    if not len(text.spool.ledger):
        raise RequestError("corpus-empty", path=name)
    corpus = yield from _tokens_of(text.spool, making, work)
    prepared = _digest(corpus.fingerprint, *making.decides())
    Remembered(prepared, text.empty, text.repaired_words, text.held_out).write(making.folder, key)
    found = _remembered(making, key)
    if found is None:
        raise OSError(errno.EIO, os.strerror(errno.EIO), str(making.folder))
    return found


def _remembered(making: _Making, key: str) -> Corpus | None:
    found = Remembered.read(making.folder, key)
    corpus = _open(making.folder / found.prepared, making.sources) if found is not None else None
    if found is None or corpus is None:
        return None
    skipped = (Skipped(making.sources[0].name, "empty-rows", str(found.empty)),) if found.empty else ()
    reading = Reading(((("train",), (found.held_out,)),)) if found.held_out is not None else Reading()
    return replace(corpus, skipped=skipped, repaired_words=found.repaired_words, reading=reading)


def _tokens_of(spool: Spool, making: _Making, work: Path) -> Generator[Progress, None, Corpus]:
    """The tokens of a spooled text, prepared already or now. work: where the files are made."""
    fingerprint = spool.ledger.fingerprint(making.several)
    prepared = making.folder / _digest(fingerprint, *making.decides())
    corpus = _open(prepared, making.sources)
    if corpus is None:
        target = work / "prepared"
        target.mkdir(exist_ok=True)
        yield from encode(spool, making.settings, making.tokenizer, making.beside, fingerprint, target)
        _put_in_place(target, prepared, making.sources)
        corpus = _open(prepared, making.sources)
        if corpus is None:
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(prepared))
    return corpus


def _open(folder: Path, sources: Sequence[Source]) -> Corpus | None:
    """The corpus prepared in `folder`; None where there is none, or what lies there is not whole.

    All parts have a share of 1 and no tag.
    """
    try:
        described = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        tokenizer = tokenizer_from_dict(described["tokenizer"])
        sides: dict[SideName, Side] = {
            side: Side(
                np.memmap(folder / f"{side}.bin", dtype=tokenizer.dtype, mode="r")
                if (folder / f"{side}.bin").stat().st_size
                else np.zeros(0, dtype=tokenizer.dtype),
                described["characters"][side],
                described["unknown"][side],
            )
            for side in ("train", "validation")
        }
        if any(len(side.tokens) != described["tokens"][name] for name, side in sides.items()):
            return None
        # Without its parts it was prepared before there were several.
        counts = described.get("parts") or [{name: described[name] for name in ("characters", "tokens", "unknown")}]
        return Corpus(
            " + ".join(source.name for source in sources),
            described["fingerprint"],
            described["documents"],
            tokenizer,
            sides["train"],
            sides["validation"],
            (),
            parts=parts_of(sources, [Counts(**one) for one in counts], sides),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _put_in_place(prepared: Path, place: Path, sources: Sequence[Source]) -> None:
    """Move the finished folder to its name; another process that was faster has made the same files."""
    for path in prepared.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
    try:
        prepared.rename(place)
    except OSError:
        if _open(place, sources) is None:
            shutil.rmtree(place, ignore_errors=True)
            prepared.rename(place)


def _remove_abandoned(folder: Path) -> None:
    """Remove what killed processes left behind: working folders older than a day, streamed text that nobody went on with."""
    for pattern, seconds in (("preparing-*", _DAY), (f"{_STREAMING}*", 7 * _DAY)):
        for path in folder.glob(pattern):
            with contextlib.suppress(FileNotFoundError):  # another process may be tidying too
                if time.time() - path.stat().st_mtime > seconds:
                    shutil.rmtree(path, ignore_errors=True)


def _digest(*parts: str) -> str:
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=16).hexdigest()
