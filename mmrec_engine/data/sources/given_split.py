"""A given split: training and validation files, recognised by their names.

`train` beside `val`, `valid`, `validation` or `dev` is a split, and so is `train` beside `test` if none of those exists. This
holds for files and folders: `train.txt` and `valid.txt`, `train.jsonl.gz` and `val.jsonl.gz`, `train/` and `dev/`. The word may
be part of a name (`wiki.train.tokens` and `wiki.valid.tokens`, `train-00000-of-00002.jsonl`) if the rest is the same. Works on
names only; reads nothing.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

Role = Literal["train", "validation", "test"]
_ROLES: dict[str, Role] = {
    "train": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "test": "test",
}
_PACKED = (".gz", ".bz2", ".xz", ".zst", ".zip")
# Suffixes of data files. A pair such as train.md and test.md may be two pages of a manual, train.py and test.py two
# programs: such a pair is a split only if there is nothing else.
_DATA = (
    "", ".txt", ".text", ".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".tab", ".tokens", ".raw", ".parquet", ".arrow",
)  # fmt: skip
_BESIDE = re.compile(r"(readme|license|licence|copying|citation|dataset_infos?|\.?gitattributes)\b.*", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+")
_SHARD = re.compile(r"[-_.]?\d+(?:[-_]?of[-_]?\d+)?(?:-[0-9a-f]{16})?")  # train-00000-of-00002, train1


@dataclass(frozen=True)
class GivenSplit:
    """roles: of each file that has one, by its name. held_out: the role of the validation files."""

    roles: Mapping[str, Role]
    held_out: Role

    @property
    def training(self) -> list[str]:
        return [name for name, role in self.roles.items() if role == "train"]

    @property
    def validating(self) -> list[str]:
        return [name for name, role in self.roles.items() if role == self.held_out]


def given_split(names: Iterable[str]) -> GivenSplit | None:
    """The split among files, by their paths relative to the corpus (with `/`); None if there is none.

    A clear pair at the top decides for all, and files without a role are in neither split. Other pairs (deeper, or of files
    that are not data files) are a split only if every file has a role, except a README and the like.
    """
    found = list(names)
    roles = _roles_at(_top_of(found), found, _DATA)
    if not _is_split(roles):
        folders = {"", *("/".join(parts) + "/" for name in found for parts in _parents(name))}
        roles = {}
        for folder in sorted(folders):
            below = {name: role for name, role in _roles_at(folder, found, None).items() if name not in roles}
            if _is_split(below):
                roles |= below
        if any(name not in roles and not _BESIDE.fullmatch(PurePosixPath(name).name) for name in found):
            return None
    if not _is_split(roles):
        return None
    return GivenSplit(
        {name: roles[name] for name in found if name in roles},
        "validation" if "validation" in roles.values() else "test",
    )


def _top_of(names: Sequence[str]) -> str:
    """The folder that contains everything, as a prefix of the names."""
    folders = [name.rpartition("/")[0].split("/") for name in names if not _BESIDE.fullmatch(name)]
    shared = itertools.takewhile(lambda level: len(set(level)) == 1, zip(*folders, strict=False))
    return "".join(f"{level[0]}/" for level in shared if level[0])


def _is_split(roles: Mapping[str, Role]) -> bool:
    return "train" in roles.values() and len(set(roles.values())) > 1


def _parents(name: str) -> list[tuple[str, ...]]:
    parts = PurePosixPath(name).parts[:-1]
    return [parts[:count] for count in range(1, len(parts) + 1)]


def _roles_at(folder: str, names: Iterable[str], endings: tuple[str, ...] | None) -> dict[str, Role]:
    """Roles of the files below a folder, by the entry of it that each is or is in. endings: suffixes of files, None for
    any."""
    entries: dict[tuple[str, bool], list[str]] = defaultdict(list)
    for name in names:
        if name.startswith(folder):
            first, slash, _ = name[len(folder) :].partition("/")
            entries[first, bool(slash)].append(name)
    kinds: dict[tuple[str, bool], dict[str, Role]] = defaultdict(dict)  # the rest of the name, folder or file -> roles
    for (entry, is_folder), inside in entries.items():
        stem, ending = (entry, "") if is_folder else _parted(entry)
        if not is_folder and endings is not None and ending not in endings:
            continue
        for role, rest in _readings(stem):
            kinds[rest, is_folder].update(dict.fromkeys(inside, role))
    roles: dict[str, Role] = {}
    for of_kind in kinds.values():
        if _is_split(of_kind):
            roles |= of_kind
    return roles


def _parted(name: str) -> tuple[str, str]:
    """A file's name without its suffixes, and the suffix that names its format."""
    lower = name.lower()
    while lower.endswith(_PACKED):
        lower = lower.rpartition(".")[0]
    path = PurePosixPath(lower)
    return (lower, "") if path.suffix[1:] in _ROLES else (path.stem, path.suffix)


def _readings(stem: str) -> Iterable[tuple[Role, str]]:
    """Each word of a name that is a role, with the rest of the name without numbers of shards."""
    for word in _WORD.finditer(stem.lower()):
        role = _ROLES.get(word[0])
        if role is not None:
            before, behind = stem[: word.start()].lower(), stem[word.end() :].lower()
            shard = _SHARD.match(behind)
            yield role, f"{before}*{behind[shard.end() :] if shard else behind}"
