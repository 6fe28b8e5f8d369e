"""Checkpoint files: complete or absent, verified when read, loaded without running any code.

A checkpoint is a dict of dicts, lists, str, int, float, bool, None and tensors, written to a temporary name, synced and then
renamed; a checksum over all names, types, shapes and bytes detects a truncated or altered one. Which one to use after a crash
is decided here too. Must not know: the training loop.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import shutil
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mmrec_engine.errors import RequestError, UnusableError, first_line, reason_of, reason_words
from mmrec_engine.storage.files import remove, replace
from mmrec_engine.storage.run_files import BEST, FINAL, step_checkpoints, sync_folder

FORMAT = 1
_TEMPORARY = ".tmp"
_PARTS = ("model", "optimizer", "progress", "settings", "model_config", "tokenizer", "corpus")  # each of named values


class Pending:
    """A checkpoint that is written and synced under a temporary name; `commit` renames it.

    If the context ends without a commit, or the commit fails, nothing remains.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._temporary = path.with_name(path.name + _TEMPORARY)

    @classmethod
    def of_content(cls, path: Path, content: dict[str, Any]) -> Pending:
        """Write `content`, with format number and checksum. Raises OSError and leaves nothing if it fails."""
        pending = cls(path)
        whole = {**content, "format": FORMAT}
        whole["checksum"] = checksum(whole)
        with pending._writing(), pending._temporary.open("wb") as file:
            torch.save(whole, file)
            file.flush()
            os.fsync(file.fileno())
        return pending

    @classmethod
    def copy_of(cls, path: Path, source: Path) -> Pending:
        """A second file with the bytes of `source`: a copy, so that damage to one does not reach the other."""
        pending = cls(path)
        with pending._writing(), source.open("rb") as original, pending._temporary.open("wb") as file:
            shutil.copyfileobj(original, file, 2**20)
            file.flush()
            os.fsync(file.fileno())
        return pending

    def commit(self) -> None:
        replace(self._temporary, self.path)
        sync_folder(self.path.parent)

    def __enter__(self) -> Pending:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            remove(self._temporary)

    def _writing(self) -> _RemovedOnError:
        return _RemovedOnError(self._temporary)


class _RemovedOnError:
    """Removes an incomplete file; turns PyTorch's own error of a failed write into the OSError behind it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is None:
            return
        remove(self._path)
        if isinstance(error, RuntimeError):
            behind = error.__context__
            reason = behind.strerror if isinstance(behind, OSError) else None
            raise OSError(None, reason or f"writing failed: {first_line(error)}", str(self._path)) from error


def read(path: Path) -> dict[str, Any]:
    """The verified content of a checkpoint file, tensors on the CPU.

    Raises RequestError if the file is missing, damaged, of another kind or of a newer format. No code in the file is ever run.
    """
    try:
        _refuse_swelling(path)
        with warnings.catch_warnings(action="ignore"):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise RequestError("run-missing", path=path) from None
    except pickle.UnpicklingError:
        raise RequestError("checkpoint-damaged", path=path, reason=reason_words("more-than-values")) from None
    except Exception as error:  # a damaged or hostile file can make the reader raise anything
        raise RequestError("checkpoint-damaged", path=path, reason=reason_of(error)) from None
    if not isinstance(content, dict) or not isinstance(content.get("format"), int):
        raise RequestError("checkpoint-damaged", path=path, reason=reason_words("no-format"))
    if content["format"] > FORMAT:
        raise RequestError("checkpoint-newer", path=path, format=content["format"], known=FORMAT)
    stored = content.pop("checksum", None)
    try:
        intact = _bytes_of_tensors(content) <= path.stat().st_size and stored == checksum(content)
    except Exception:  # another file may hold keys and tensors that no checkpoint has
        intact = False
    if not intact:
        raise RequestError("checkpoint-damaged", path=path, reason=reason_words("checksum"))
    for name in _PARTS:
        if not isinstance(content.get(name, {}), dict):
            raise RequestError("checkpoint-damaged", path=path, reason=reason_words("no-named-values", name=name))
    return content


def newest_usable(folder: Path) -> tuple[Path | None, dict[str, Any], list[str]]:
    """The valid checkpoint with the highest step, its content, and the names of damaged ones. Without any: None, {}."""
    damaged: list[str] = []
    usable: list[tuple[int, Path, dict[str, Any]]] = []

    def try_reading(path: Path) -> bool:
        try:
            content = read(path)
            usable.append((_step_of(content), path, content))
            return True
        except (RequestError, KeyError, ValueError):
            damaged.append(path.name)
            return False

    # Final first and best last: of several at one step, `max` keeps the first.
    if (folder / FINAL).exists():
        try_reading(folder / FINAL)
    for _, path in reversed(step_checkpoints(folder)):
        if try_reading(path):
            break
    if (folder / BEST).exists():
        try_reading(folder / BEST)
    if not usable:
        return None, {}, damaged
    _, path, content = max(usable, key=lambda item: item[0])
    return path, content, damaged


def stored_step(path: Path) -> int | None:
    """The step of a valid checkpoint; None if the file is missing or damaged."""
    try:
        return _step_of(read(path))
    except (RequestError, KeyError, ValueError):
        return None


def _step_of(content: dict[str, Any]) -> int:
    """Raises KeyError or ValueError if it has none."""
    step = content["progress"]["step"]
    if not isinstance(step, int) or isinstance(step, bool) or step < 0:
        raise UnusableError("no-step")
    return step


def _refuse_swelling(path: Path) -> None:
    """Raises ValueError for a compressed file, which PyTorch never writes and which could be a bomb. Not a zip: BadZipFile."""
    with zipfile.ZipFile(path) as packed:
        if sum(entry.file_size for entry in packed.infolist()) > path.stat().st_size:
            raise UnusableError("unpacks-larger")


def _bytes_of_tensors(content: dict[str, Any]) -> int:
    """Bytes of all tensors if none shared storage: a tensor can repeat a few bytes a million times."""
    return sum(
        value.numel() * value.element_size() for _, value in _flattened("", content) if isinstance(value, Tensor)
    )


def checksum(content: dict[str, Any]) -> str:
    """A hash over every name, type, shape and byte, independent of the order of keys."""
    digest = hashlib.sha256()
    for name, value in _flattened("", content):
        if isinstance(value, Tensor):
            raw = value.detach().cpu().contiguous()
            digest.update(f"{name}|{raw.dtype}|{tuple(raw.shape)}|".encode())
            digest.update(raw.reshape(-1).view(torch.uint8).numpy().data if raw.numel() else b"")
        else:
            digest.update(f"{name}|{type(value).__name__}|{value!r}\n".encode(errors="surrogatepass"))
    return digest.hexdigest()


def _flattened(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key in sorted(value):
            yield from _flattened(f"{name}/{key}", value[key])
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _flattened(f"{name}/{index}", item)
    else:
        yield name, value
