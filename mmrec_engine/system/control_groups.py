"""The control groups (cgroups) of this process, which hold a container's limits. Linux only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Literal

Version = Literal["v1", "v2"]


def folders(controller: str, root: Path) -> Iterator[tuple[Version, Path]]:
    """Possible files of a controller ("memory", "cpu"), from the process' own group outwards; not all of them exist.

    root: the folder of /proc and /sys.
    """
    for line in lines(root / "proc/self/cgroup"):
        _, _, rest = line.partition(":")
        controllers, _, group = rest.partition(":")
        if controllers and controller not in controllers.split(","):
            continue
        version: Version = "v1" if controllers else "v2"
        # Version 1 controllers that are mounted together have a folder with all their names, and often a link each.
        places = dict.fromkeys([controller, controllers]) if controllers else {"": None}
        path = PurePosixPath(group.lstrip("/"))
        for part in (path, *path.parents):  # within a container, the group may be at the root
            for place in places:
                yield version, root / "sys/fs/cgroup" / place / part


def number(path: Path) -> int | None:
    """The number in a file; None if there is no such file, or no number in it (`max`)."""
    text = "".join(lines(path)).strip()
    return int(text) if text.isdecimal() else None


def lines(path: Path) -> list[str]:
    """Empty if the file cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
