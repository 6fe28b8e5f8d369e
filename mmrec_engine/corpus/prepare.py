"""From documents to token files on disk: read once, split, build the vocabulary, encode, keep.

    documents ──► clean text in one spool file, with each document's length and fingerprint
              ──► split (by fingerprint) ──► vocabulary of the training side ──► train.bin, validation.bin, corpus.json

Memory stays bounded by one piece of text, whatever the corpus (a JSON line is one piece). The result lies in the cache folder
under a key made of the corpus' fingerprint and what else decides the tokens; the next run reads the text once to know its
fingerprint, and maps the files.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import platformdirs

from mmrec_engine.corpus.builtin import BuiltinDocuments
from mmrec_engine.corpus.documents import FileDocuments, SideName, Skipped
from mmrec_engine.corpus.mojibake import Repair
from mmrec_engine.corpus.split import Extent, split_points
from mmrec_engine.corpus.text import PIECE_BYTES, Unusable
from mmrec_engine.corpus.vocabulary import learn_tokenizer
from mmrec_engine.corpus.windows import Tokens
from mmrec_engine.errors import RequestError
from mmrec_engine.events import Progress
from mmrec_engine.messages import REASONS, SIDES
from mmrec_engine.settings import Settings
from mmrec_engine.tokenizer import Tokenizer, tokenizer_from_dict

_FORMAT = 3  # raised whenever the same text would give other files
_DESCRIPTION = "corpus.json"


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


@dataclass(frozen=True)
class _Entry:
    """A document in the spool file."""

    extent: Extent
    bytes: int
    side: SideName | None


def cache_folder() -> Path:
    return platformdirs.user_cache_path("mmrec") / "corpora"


def prepare_corpus(settings: Settings, tokenizer: Tokenizer | None = None) -> Generator[Progress, None, Corpus]:
    """Prepare the corpus that the settings name, or find it prepared. Yields progress in bytes of text.

    tokenizer: of a trained model that is to be evaluated on this text; then all of the text is the validation side.
    Raises RequestError where the text is missing, unusable or shorter than one window on a side.
    """
    folder = cache_folder()
    documents: FileDocuments | BuiltinDocuments
    if settings.data_dir is not None:
        name = settings.data_dir
        documents = FileDocuments(Path(name), settings.encoding, prepared=folder)
    else:
        name = settings.corpus or "sample"
        documents = BuiltinDocuments(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(folder)
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
    spool = work / "text"
    repair = Repair() if settings.fix_encoding else None
    entries = yield from _spool(documents, spool, repair)
    if not entries:
        if not documents.skipped:
            raise RequestError("corpus-empty", path=name)
        first = documents.skipped[0]
        values = {"path": name, "count": len(documents.skipped), "first": first.name, "reason": REASONS[first.reason]}
        if first.reason == "undecodable" and first.hint:
            raise RequestError("corpus-undecodable", hint=first.hint, **values)
        raise RequestError("corpus-nothing-usable", **values)
    fingerprint = _digest(*(f"{entry.extent.fingerprint} {entry.side}" for entry in entries))
    vocabulary = json.dumps(tokenizer.to_dict()) if tokenizer else f"{settings.tokenizer} {settings.vocab_size}"
    decides = (fingerprint, str(None if tokenizer else settings.val_split), vocabulary, str(_FORMAT))
    prepared = folder / _digest(*decides)
    corpus = _open(prepared, name, tuple(documents.skipped))
    if corpus is None:
        target = work / "prepared"
        target.mkdir()
        yield from _encode(spool, entries, settings, tokenizer, fingerprint, target)
        _put_in_place(target, prepared)
        corpus = _open(prepared, name, tuple(documents.skipped))
        if corpus is None:
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(prepared))
    return replace(corpus, repaired_words=repair.words) if repair else corpus


def _spool(
    documents: FileDocuments | BuiltinDocuments, path: Path, repair: Repair | None
) -> Generator[Progress, None, list[_Entry]]:
    """Write all clean text to one file, mended if it is to be; a document that turns out unusable is taken back."""
    entries: list[_Entry] = []
    total = max(1, documents.total_bytes)
    with path.open("wb") as spool:
        for document in documents:
            start, mended_before = spool.tell(), repair.words if repair else 0
            digest, characters = hashlib.blake2b(digest_size=16), 0
            try:
                pieces = _readable(document.pieces)
                for piece in repair.pieces(pieces) if repair else pieces:
                    data = piece.encode("utf-8", "replace")
                    digest.update(data)
                    spool.write(data)
                    characters += len(piece)
                    if characters > PIECE_BYTES // 2:
                        yield Progress(
                            task="reading", done=min(total, document.done + spool.tell() - start), total=total
                        )
                if not characters:
                    raise Unusable("empty")
            except Unusable as error:
                documents.skipped.append(Skipped(document.name, error.reason, error.hint, document.size))
                spool.seek(start)
                spool.truncate()
                if repair:
                    repair.words = mended_before
                continue
            extent = Extent(digest.hexdigest(), characters)
            entries.append(_Entry(extent, spool.tell() - start, document.side))
            if len(entries) % 1000 == 1:
                yield Progress(task="reading", done=min(total, document.done), total=total)
    return entries


def _readable(pieces: Iterator[str]) -> Iterator[str]:
    """A file that breaks while it is read is unusable; a disk that does not take what was read is another matter."""
    try:
        yield from pieces
    except OSError as error:
        raise Unusable("unreadable", error.strerror or str(error)) from None


def _encode(
    spool: Path,
    entries: list[_Entry],
    settings: Settings,
    tokenizer: Tokenizer | None,
    fingerprint: str,
    target: Path,
) -> Generator[Progress, None, None]:
    if tokenizer is not None:
        points = [0] * len(entries)
    elif any(entry.side for entry in entries):
        points = [entry.extent.characters if entry.side == "train" else 0 for entry in entries]
    else:
        points = split_points([entry.extent for entry in entries], settings.val_split)
    total, done = sum(entry.extent.characters for entry in entries), 0
    if tokenizer is None:
        training = (piece.text for piece in _pieces(spool, entries, points) if piece.side == "train")
        tokenizer = yield from learn_tokenizer(training, sum(points), settings, len(entries) > 1)
    characters: dict[SideName, int] = {"train": 0, "validation": 0}
    unknown: dict[SideName, int] = {"train": 0, "validation": 0}
    end = np.array([tokenizer.end_of_document or 0], dtype=tokenizer.dtype)
    with (target / "train.bin").open("wb") as train, (target / "validation.bin").open("wb") as validation:
        files: dict[SideName, BinaryIO] = {"train": train, "validation": validation}
        for piece in _pieces(spool, entries, points):
            ids = tokenizer.encode(piece.text)
            characters[piece.side] += len(piece.text)
            if tokenizer.unknown is not None:
                unknown[piece.side] += int(np.count_nonzero(ids == tokenizer.unknown))
            files[piece.side].write(ids.data)
            if piece.ends_document and tokenizer.end_of_document is not None:
                files[piece.side].write(end.data)
            done += len(piece.text)
            yield Progress(task="encoding", done=done, total=total)
    description = {
        "fingerprint": fingerprint,
        "documents": len(entries),
        "tokenizer": tokenizer.to_dict(),
        "characters": characters,
        "tokens": {side: (target / f"{side}.bin").stat().st_size // end.itemsize for side in characters},
        "unknown": unknown,
    }
    (target / _DESCRIPTION).write_text(json.dumps(description, ensure_ascii=False), encoding="utf-8")


@dataclass(frozen=True)
class _Piece:
    side: SideName
    text: str
    ends_document: bool  # the last piece of its document on this side


def _pieces(spool: Path, entries: list[_Entry], points: list[int]) -> Iterator[_Piece]:
    """The spooled text again, each document cut at its point: training first, the rest validation."""
    with spool.open("rb") as file:
        for entry, point in zip(entries, points, strict=True):
            decoder = codecs.getincrementaldecoder("utf-8")()
            left, position = entry.bytes, 0
            while left:
                data = file.read(min(PIECE_BYTES, left))
                left -= len(data)
                text = decoder.decode(data)
                first, rest = text[: max(0, point - position)], text[max(0, point - position) :]
                position += len(text)
                if first:
                    yield _Piece("train", first, position >= point)
                if rest:
                    yield _Piece("validation", rest, not left)


def _open(folder: Path, corpus_name: str, skipped: tuple[Skipped, ...]) -> Corpus | None:
    """The corpus prepared in `folder`; None where there is none, or what lies there is not whole."""
    try:
        described = json.loads((folder / _DESCRIPTION).read_text(encoding="utf-8"))
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
            corpus_name,
            described["fingerprint"],
            described["documents"],
            tokenizer,
            sides["train"],
            sides["validation"],
            skipped,
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
        if _open(place, "", ()) is None:
            shutil.rmtree(place, ignore_errors=True)
            prepared.rename(place)


def _remove_abandoned(folder: Path) -> None:
    """Remove what killed processes left behind: working folders older than a day."""
    for path in folder.glob("preparing-*"):
        with contextlib.suppress(FileNotFoundError):  # another process may be tidying too
            if time.time() - path.stat().st_mtime > 86_400:
                shutil.rmtree(path, ignore_errors=True)


def _digest(*parts: str) -> str:
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=16).hexdigest()
