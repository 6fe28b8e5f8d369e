"""The requirements of every refusal: code 2, one line on stderr, nothing on stdout, nothing changed on disk."""

from __future__ import annotations

import ctypes
import hashlib
import os
import stat
import subprocess
from pathlib import Path

import pytest

from tests.conftest import COMMAND, Command

_DROP_FROM_BOUNDING_SET = 24  # prctl
_OVERRIDES = (1, 2)  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH: by these root may read everything


def everything(root: Path) -> dict[str, str]:
    """Every name below a folder with its kind and content, without the cache of prepared text."""
    found: dict[str, str] = {}
    for folder, folders, names in os.walk(root):
        if Path(folder) == root / "cache" / "mmrec" / "corpora":
            folders.clear()
            continue
        for name in [*folders, *names]:
            path = Path(folder) / name
            found[os.fsencode(path.relative_to(root)).decode("latin-1")] = _content(path)
    for cache in ("cache", "cache/mmrec", "cache/mmrec/corpora"):
        found.pop(cache, None)
    return found


def _content(path: Path) -> str:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return f"link to {str(path.readlink())!r}"
    if stat.S_ISREG(mode):
        return f"{stat.S_IMODE(mode):o} {hashlib.sha256(path.read_bytes()).hexdigest()}"
    return f"{mode:o}"


def refused(command: Command, *words: object, timeout: float = 120, **environment: str) -> str:
    """The single line of the error."""
    before = everything(command.folder.parent)
    result = command(*words, timeout=timeout, **environment)
    assert result.code == 2, (words, result)
    assert result.out == "", words
    assert "Traceback" not in result.err, result.err
    assert "\x1b" not in result.err
    lines = [line for line in result.err.splitlines() if not line.startswith("📚")]
    assert len(lines) == 1, (words, result.err)
    assert lines[0].startswith("error: "), (words, lines)
    assert "unexpected" not in lines[0], (words, lines)
    assert everything(command.folder.parent) == before, words
    return lines[0]


def all_refused(command: Command, told: str, requests: list[list[object]]) -> None:
    """The same for several read-only requests at once."""
    before = everything(command.folder.parent)
    processes = [command.start(*words) for words in requests]
    for words, process in zip(requests, processes, strict=True):
        out, err = process.communicate(timeout=240)
        assert (process.returncode, out) == (2, ""), (words, err)
        lines = [line for line in err.splitlines() if not line.startswith("📚")]
        assert len(lines) == 1 and lines[0].startswith("error: "), (words, err)
        assert told in lines[0], (words, err)
        assert "unexpected" not in lines[0] and "\x1b" not in err, (words, err)
    assert everything(command.folder.parent) == before, requests


def without_overrides() -> None:
    """For the child, before it becomes the command: file permissions apply to root too."""
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in _OVERRIDES:
        if libc.prctl(_DROP_FROM_BOUNDING_SET, capability, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "prctl")


def as_a_plain_user(command: Command, *words: object) -> subprocess.CompletedProcess[str]:
    """Run the command without root's right to read everything. Skips if that right cannot be dropped."""
    try:
        return subprocess.run(
            [str(COMMAND), *map(str, words)],
            cwd=command.folder,
            env=command.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            preexec_fn=without_overrides if os.geteuid() == 0 else None,
        )
    except (subprocess.SubprocessError, OSError) as error:
        pytest.skip(f"root's rights cannot be laid down here: {error}")
