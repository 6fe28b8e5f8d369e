"""The control groups (cgroups) that this process stands in: a container's limits are theirs. Linux alone has them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Literal

Version = Literal["v1", "v2"]


def folders(controller: str, root: Path) -> Iterator[tuple[Version, Path]]:
    """Where the files of a controller ("memory", "cpu") may be, from the process' own group outwards; not each is there.

    root: where /proc and /sys stand.
    """
    for line in lines(root / "proc/self/cgroup"):
        _, _, rest = line.partition(":")
        controllers, _, group = rest.partition(":")
        if controllers and controller not in controllers.split(","):
            continue
        version: Version = "v1" if controllers else "v2"
        # Controllers of the first version that are mounted together have a folder of all their names, and often a link each.
        places = dict.fromkeys([controller, controllers]) if controllers else {"": None}
        path = PurePosixPath(group.lstrip("/"))
        for part in (path, *path.parents):  # seen from inside a container, the group may stand at the root
            for place in places:
                yield version, root / "sys/fs/cgroup" / place / part


def number(path: Path) -> int | None:
    """The number in a file; None where there is no such file, or no number in it (`max`)."""
    text = "".join(lines(path)).strip()
    return int(text) if text.isdecimal() else None


def lines(path: Path) -> list[str]:
    """None of them where the file cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
