"""From documents to token files on disk: read once, split, build the vocabulary, encode, keep.

    documents ──► clean text in spool files, with each document's length and fingerprint in a ledger
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
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs

from mmrec_engine.corpus import streaming
from mmrec_engine.corpus.builtin import BuiltinDocuments
from mmrec_engine.corpus.documents import FileDocuments, Skipped
from mmrec_engine.corpus.encoding import DESCRIPTION, encode
from mmrec_engine.corpus.hub_source import HubSource, is_hub, source_of
from mmrec_engine.corpus.mojibake import Repair
from mmrec_engine.corpus.remembered import Remembered
from mmrec_engine.corpus.spool import Spool, written
from mmrec_engine.corpus.windows import Tokens
from mmrec_engine.errors import RequestError
from mmrec_engine.events import Progress
from mmrec_engine.messages import REASONS, SIDES
from mmrec_engine.settings import Settings
from mmrec_engine.tokenizer import Tokenizer, tokenizer_from_dict

_STREAMING = "streaming-"  # working folders of data sets
_DAY = 86_400  # seconds
_FORMAT = 3  # raised whenever the same text would give other files


@dataclass(frozen=True)
class Side:
    """One side of the split. unknown: how many of its tokens are the unknown one."""

    tokens: Tokens
    characters: int
    unknown: int


@dataclass(frozen=True)
class Corpus:
    """A prepared corpus: tokens mapped from disk, and what a person wants to know of it.

    repaired_words: how many words `fix_encoding` mended as the text was read.
    """

    name: str
    fingerprint: str
    documents: int
    tokenizer: Tokenizer
    train: Side
    validation: Side
    skipped: tuple[Skipped, ...]
    repaired_words: int = 0

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
        }


def cache_folder() -> Path:
    return platformdirs.user_cache_path("mmrec") / "corpora"


def prepare_corpus(settings: Settings, tokenizer: Tokenizer | None = None) -> Generator[Progress, None, Corpus]:
    """Prepare the corpus that the settings name, or find it prepared. Yields progress in bytes of text.

    tokenizer: of a trained model that is to be evaluated on this text; then all of the text is the validation side.
    Raises RequestError where the text is missing, unusable or shorter than one window on a side.
    """
    folder = cache_folder()
    documents: FileDocuments | BuiltinDocuments | HubSource
    if settings.data_dir is not None:
        name = settings.data_dir
        documents = FileDocuments(Path(name), settings.encoding, prepared=folder)
    else:
        name = settings.corpus or "sample"
        documents = source_of(name) if is_hub(name) else BuiltinDocuments(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(folder)
        if isinstance(documents, HubSource):
            corpus = yield from _stream(documents, name, settings, tokenizer, folder)
        else:
            with tempfile.TemporaryDirectory(prefix="preparing-", dir=folder) as work:
                corpus = yield from _prepare(documents, name, settings, tokenizer, folder, Path(work))
    except OSError as error:
        raise RequestError("cache-unwritable", path=folder, reason=error.strerror or error) from None
    _check_length(corpus, settings.seq_len, ("validation",) if tokenizer else ("training", "validation"))
    return corpus


def _check_length(corpus: Corpus, seq_len: int, needed: tuple[str, ...]) -> None:
    """Raises RequestError unless each needed side holds one whole window and its next token."""
    for label in needed:
        side = corpus.train if label == "training" else corpus.validation
        if len(side.tokens) < seq_len + 1:
            raise too_short(label, len(side.tokens), seq_len)


def too_short(side: str, tokens: int, seq_len: int) -> RequestError:
    """side: training or validation."""
    if tokens < 3:
        return RequestError("corpus-side-empty", side=SIDES[side])
    nearest = max(0, tokens - 1)
    return RequestError("corpus-too-short", side=SIDES[side], tokens=tokens, seq_len=seq_len, nearest=nearest)


def _prepare(
    documents: FileDocuments | BuiltinDocuments,
    name: str,
    settings: Settings,
    tokenizer: Tokenizer | None,
    folder: Path,
    work: Path,
) -> Generator[Progress, None, Corpus]:
    repair = Repair() if settings.fix_encoding else None
    spool = yield from written(documents, work / "text", repair, settings.max_corpus_bytes)
    if not len(spool.ledger):
        if not documents.skipped:
            raise RequestError("corpus-empty", path=name)
        first = documents.skipped[0]
        values = {"path": name, "count": len(documents.skipped), "first": first.name, "reason": REASONS[first.reason]}
        if first.reason == "undecodable" and first.hint:
            raise RequestError("corpus-undecodable", hint=first.hint, **values)
        raise RequestError("corpus-nothing-usable", **values)
    corpus = yield from _tokens_of(spool, settings, tokenizer, folder, work)
    return replace(corpus, name=name, skipped=tuple(documents.skipped), repaired_words=repair.words if repair else 0)


def _stream(
    source: HubSource, name: str, settings: Settings, tokenizer: Tokenizer | None, folder: Path
) -> Generator[Progress, None, Corpus]:
    """A data set that is streamed: what is finished is found without it, what was cut off goes on."""
    key = streaming.key_of(source, settings.max_corpus_bytes, settings.fix_encoding)
    whole_key = _digest(key, *_decides(settings, tokenizer))
    found = _remembered(folder, whole_key, name)
    if found is not None:
        return found
    work = folder / f"{_STREAMING}{key}"
    with (yield from streaming.locked(work)):
        found = _remembered(folder, whole_key, name)  # by the process that was waited for
        try:
            if found is None:
                found = yield from _stream_into(work, source, name, settings, tokenizer, folder, whole_key)
        finally:
            if found is not None or not streaming.begun(work):
                shutil.rmtree(work, ignore_errors=True)
    return found


def _stream_into(
    work: Path,
    source: HubSource,
    name: str,
    settings: Settings,
    tokenizer: Tokenizer | None,
    folder: Path,
    key: str,
) -> Generator[Progress, None, Corpus]:
    repair = Repair() if settings.fix_encoding else None
    text = yield from streaming.streamed(source, name, work, settings.max_corpus_bytes, repair)
    if not len(text.spool.ledger):
        raise RequestError("corpus-empty", path=name)
    corpus = yield from _tokens_of(text.spool, settings, tokenizer, folder, work)
    prepared = _digest(corpus.fingerprint, *_decides(settings, tokenizer))
    Remembered(prepared, text.empty, text.repaired_words).write(folder, key)
    found = _remembered(folder, key, name)
    if found is None:
        raise OSError(errno.EIO, os.strerror(errno.EIO), str(folder))
    return found


def _remembered(folder: Path, key: str, name: str) -> Corpus | None:
    found = Remembered.read(folder, key)
    corpus = _open(folder / found.prepared) if found is not None else None
    if found is None or corpus is None:
        return None
    skipped = (Skipped(name, "empty-rows", str(found.empty)),) if found.empty else ()
    return replace(corpus, name=name, skipped=skipped, repaired_words=found.repaired_words)


def _tokens_of(
    spool: Spool, settings: Settings, tokenizer: Tokenizer | None, folder: Path, work: Path
) -> Generator[Progress, None, Corpus]:
    """The tokens of a spooled text, prepared already or now. work: where the files are made."""
    fingerprint = spool.ledger.fingerprint()
    prepared = folder / _digest(fingerprint, *_decides(settings, tokenizer))
    corpus = _open(prepared)
    if corpus is None:
        target = work / "prepared"
        target.mkdir(exist_ok=True)
        yield from encode(spool, settings, tokenizer, fingerprint, target)
        _put_in_place(target, prepared)
        corpus = _open(prepared)
        if corpus is None:
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(prepared))
    return corpus


def _decides(settings: Settings, tokenizer: Tokenizer | None) -> tuple[str, ...]:
    """What beside the text decides the token files."""
    vocabulary = json.dumps(tokenizer.to_dict()) if tokenizer else f"{settings.tokenizer} {settings.vocab_size}"
    return str(None if tokenizer else settings.val_split), vocabulary, str(_FORMAT)


def _open(folder: Path) -> Corpus | None:
    """The corpus prepared in `folder`; None where there is none, or what lies there is not whole."""
    try:
        described = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        tokenizer = tokenizer_from_dict(described["tokenizer"])
        sides = {
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
        return Corpus(
            "",
            described["fingerprint"],
            described["documents"],
            tokenizer,
            sides["train"],
            sides["validation"],
            (),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _put_in_place(prepared: Path, place: Path) -> None:
    """Move the finished folder to its name; another process that was faster has made the same files."""
    for path in prepared.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
    try:
        prepared.rename(place)
    except OSError:
        if _open(place) is None:
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
