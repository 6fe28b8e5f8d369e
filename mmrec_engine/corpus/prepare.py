"""From documents to token files on disk: read once, split, build the vocabulary, encode, keep.

    documents ──► clean text in one spool file, with each document's length and fingerprint, corpus after corpus
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
import itertools
import json
import os
import shutil
import tempfile
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import platformdirs

from mmrec_engine.corpus.builtin import BuiltinDocuments
from mmrec_engine.corpus.documents import Document, FileDocuments, SideName, Skipped
from mmrec_engine.corpus.mixing import Source, sources_of
from mmrec_engine.corpus.mojibake import Repair
from mmrec_engine.corpus.parts import Counts, Part, Side, parts_of, with_shares
from mmrec_engine.corpus.split import Extent, split_points
from mmrec_engine.corpus.text import PIECE_BYTES, Unusable
from mmrec_engine.corpus.vocabulary import learn_tokenizer
from mmrec_engine.errors import RequestError
from mmrec_engine.events import Progress
from mmrec_engine.messages import LANGUAGES, REASONS, SIDES
from mmrec_engine.settings import WHOLE, Settings
from mmrec_engine.tokenizer import Tokenizer, tokenizer_from_dict
from mmrec_engine.tokenizer.vocabulary import special_ids

_FORMAT = 3  # raised whenever the same text would give other files
_DESCRIPTION = "corpus.json"

_Documents = FileDocuments | BuiltinDocuments


@dataclass(frozen=True)
class Corpus:
    """A prepared corpus: tokens mapped from disk, and what a person wants to know of it.

    repaired_words: how many words `fix_encoding` mended as the text was read. parts: where there are several corpora, or their
    tags are known; their sides lie one after another in `train` and `validation`.
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
            **({"parts": [part.describe() for part in self.parts]} if self.parts else {}),
        }


@dataclass(frozen=True)
class _Entry:
    """A document in the spool file."""

    extent: Extent
    bytes: int
    side: SideName | None
    source: int


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
    sources = sources_of(settings)
    if tokenizer is not None and tag is not None:
        tag_of(tokenizer, tag)
    documents: list[_Documents] = [
        BuiltinDocuments(source.place)
        if settings.data_dir is None
        else FileDocuments(Path(source.place), settings.encoding, prepared=folder)
        for source in sources
    ]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(folder)
        with tempfile.TemporaryDirectory(prefix="preparing-", dir=folder) as work:
            corpus = yield from _prepare(sources, documents, settings, tokenizer, tag, folder, Path(work))
    except OSError as error:
        raise RequestError("cache-unwritable", path=folder, reason=error.strerror or error) from None
    short = short_side(corpus, settings.seq_len, ("validation",) if tokenizer else ("training", "validation"))
    if short is not None:
        raise short
    names = [part.name for part in corpus.parts]
    if tokenizer is None and settings.early_stopping_on not in (WHOLE, *names):
        raise RequestError("early-stopping-on", value=settings.early_stopping_on, choices=", ".join((WHOLE, *names)))
    return corpus


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


def _prepare(
    sources: Sequence[Source],
    documents: Sequence[_Documents],
    settings: Settings,
    tokenizer: Tokenizer | None,
    tag: str | None,
    folder: Path,
    work: Path,
) -> Generator[Progress, None, Corpus]:
    spool, several = work / "text", len(sources) > 1
    repair = Repair() if settings.fix_encoding else None
    entries = yield from _spool(documents, spool, repair)
    for number, source in enumerate(sources):
        if not any(entry.source == number for entry in entries):
            raise _nothing_in(documents[number], source.place)
    fingerprint = _digest(
        *(f"{entry.extent.fingerprint} {entry.side}" + (f" {entry.source}" if several else "") for entry in entries)
    )
    beside = special_ids(False, bool(settings.denoising), [source.name for source in sources] if several else ())
    learnt = " ".join((f"{settings.tokenizer} {settings.vocab_size}", *beside))
    vocabulary = json.dumps(tokenizer.to_dict()) if tokenizer else learnt
    decides = (fingerprint, str(None if tokenizer else settings.val_split), vocabulary, str(_FORMAT))
    prepared = folder / _digest(*decides)
    corpus = _open(prepared, sources)
    if corpus is None:
        target = work / "prepared"
        target.mkdir()
        yield from _encode(spool, entries, settings, tokenizer, beside, fingerprint, target)
        _put_in_place(target, prepared, sources)
        corpus = _open(prepared, sources)
        if corpus is None:
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(prepared))
    skipped = [
        replace(one, name=f"{source.name}/{one.name}") if several else one
        for source, read in zip(sources, documents, strict=True)
        for one in read.skipped
    ]
    parts = with_shares(corpus.parts, sources, settings.mixing_temperature, corpus.tokenizer.tags, tag)
    return replace(corpus, skipped=tuple(skipped), repaired_words=repair.words if repair else 0, parts=parts)


def _nothing_in(documents: _Documents, place: str) -> RequestError:
    """Why a corpus without a usable document has none."""
    if not documents.skipped:
        return RequestError("corpus-empty", path=place)
    first = documents.skipped[0]
    values = {"path": place, "count": len(documents.skipped), "first": first.name, "reason": REASONS[first.reason]}
    if first.reason == "undecodable" and first.hint:
        return RequestError("corpus-undecodable", hint=first.hint, **values)
    return RequestError("corpus-nothing-usable", **values)


def _spool(sources: Sequence[_Documents], path: Path, repair: Repair | None) -> Generator[Progress, None, list[_Entry]]:
    """Write all clean text to one file, mended if it is to be; a document that turns out unusable is taken back."""
    entries: list[_Entry] = []
    total = max(1, sum(documents.total_bytes for documents in sources))
    with path.open("wb") as spool:
        for number, document, before in _documents_of(sources):
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
                        done = before + document.done + spool.tell() - start
                        yield Progress(task="reading", done=min(total, done), total=total)
                if not characters:
                    raise Unusable("empty")
            except Unusable as error:
                sources[number].skipped.append(Skipped(document.name, error.reason, error.hint, document.size))
                spool.seek(start)
                spool.truncate()
                if repair:
                    repair.words = mended_before
                continue
            extent = Extent(digest.hexdigest(), characters)
            entries.append(_Entry(extent, spool.tell() - start, document.side, number))
            if len(entries) % 1000 == 1:
                yield Progress(task="reading", done=min(total, before + document.done), total=total)
    return entries


def _documents_of(sources: Sequence[_Documents]) -> Iterator[tuple[int, Document, int]]:
    """Each document with the number of its corpus and the bytes of those before that one."""
    before = 0
    for number, documents in enumerate(sources):
        for document in documents:
            yield number, document, before
        before += documents.total_bytes


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
    beside: tuple[str, ...],
    fingerprint: str,
    target: Path,
) -> Generator[Progress, None, None]:
    if tokenizer is not None:
        points = [0] * len(entries)
    else:
        points = [
            point
            for _, of_one in itertools.groupby(entries, lambda entry: entry.source)
            for point in _points(list(of_one), settings.val_split)
        ]
    total, done = sum(entry.extent.characters for entry in entries), 0
    if tokenizer is None:
        training = (piece.text for piece in _pieces(spool, entries, points) if piece.side == "train")
        tokenizer = yield from learn_tokenizer(
            training, sum(points), settings, (*special_ids(len(entries) > 1), *beside)
        )
    counts = [Counts() for _ in range(entries[-1].source + 1)]
    end = np.array([tokenizer.end_of_document or 0], dtype=tokenizer.dtype)
    with (target / "train.bin").open("wb") as train, (target / "validation.bin").open("wb") as validation:
        files: dict[SideName, BinaryIO] = {"train": train, "validation": validation}
        for piece in _pieces(spool, entries, points):
            ids, here, side = tokenizer.encode(piece.text), counts[piece.source], piece.side
            here.characters[side] += len(piece.text)
            if tokenizer.unknown is not None:
                here.unknown[side] += int(np.count_nonzero(ids == tokenizer.unknown))
            files[side].write(ids.data)
            here.tokens[side] += len(ids)
            if piece.ends_document and tokenizer.end_of_document is not None:
                files[side].write(end.data)
                here.tokens[side] += 1
            done += len(piece.text)
            yield Progress(task="encoding", done=done, total=total)
    description = {
        "fingerprint": fingerprint,
        "documents": len(entries),
        "tokenizer": tokenizer.to_dict(),
        **asdict(Counts.of(counts)),
        "parts": [asdict(one) for one in counts],
    }
    (target / _DESCRIPTION).write_text(json.dumps(description, ensure_ascii=False), encoding="utf-8")


def _points(entries: Sequence[_Entry], val_split: float) -> list[int]:
    """Where the documents of a corpus are cut: characters of each that train."""
    if any(entry.side for entry in entries):
        return [entry.extent.characters if entry.side == "train" else 0 for entry in entries]
    return split_points([entry.extent for entry in entries], val_split)


@dataclass(frozen=True)
class _Piece:
    side: SideName
    source: int
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
                    yield _Piece("train", entry.source, first, position >= point)
                if rest:
                    yield _Piece("validation", entry.source, rest, not left)


def _open(folder: Path, sources: Sequence[Source]) -> Corpus | None:
    """The corpus prepared in `folder`; None where there is none, or what lies there is not whole.

    All parts have a share of 1 and no tag.
    """
    try:
        described = json.loads((folder / _DESCRIPTION).read_text(encoding="utf-8"))
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
    """Remove what killed processes left behind: working folders older than a day."""
    for path in folder.glob("preparing-*"):
        with contextlib.suppress(FileNotFoundError):  # another process may be tidying too
            if time.time() - path.stat().st_mtime > 86_400:
                shutil.rmtree(path, ignore_errors=True)


def _digest(*parts: str) -> str:
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=16).hexdigest()
