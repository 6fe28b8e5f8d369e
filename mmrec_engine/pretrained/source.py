"""A pretrained model by its name: `hf:FOLDER`, `hf:OWNER/NAME[@REVISION]`, or a GGUF file. Loads torch for its weights."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from mmrec_engine.errors import RequestError, first_line, reason_of
from mmrec_engine.settings import FIELDS, Resolved
from mmrec_engine.settings.declaration import flag
from mmrec_engine.settings.model_config import ModelConfig
from mmrec_engine.settings.pretrained import DEFAULTS, FILE, FOLDER, PRETRAINED, is_pretrained, shape_text
from mmrec_engine.system.memory import USABLE, available_bytes
from mmrec_engine.system.optional_dependencies import library
from mmrec_engine.tokenizer import PretrainedTokenizer

if TYPE_CHECKING:
    from torch import Tensor

EXTRA = "hub"
_BYTES_A_WEIGHT = 4  # in float32
# What a damaged file can make its readers raise.
_DAMAGE = (
    OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, RuntimeError, RecursionError,
)  # fmt: skip
Result = TypeVar("Result")
_Parts = tuple[ModelConfig, Callable[[], PretrainedTokenizer], Callable[[], "dict[str, Tensor]"]]
_ID = re.compile(r"[\w.-]{1,96}(?:/[\w.-]{1,96})?(?:@[\w./-]{1,200})?", re.ASCII)
_FILES = ["config.json", "generation_config.json", "tokenizer.json", "*.safetensors", "*.safetensors.index.json"]


@dataclass(frozen=True)
class Pretrained:
    """tokenizer and weights are read when they are asked for; weights: of mmrec's own model, by name, in float32."""

    path: Path
    config: ModelConfig
    tokenizer: Callable[[], PretrainedTokenizer]
    weights: Callable[[], dict[str, Tensor]]


def place_of(name: str) -> Path:
    """The folder or file, from the hub if it is the id of a model there. Raises RequestError."""
    if not name.startswith(FOLDER):
        path = Path(name)
        if not path.is_file():
            raise RequestError("pretrained-missing", path=name)
        return path
    model = name.removeprefix(FOLDER)
    path = Path(model)
    if model and path.is_dir():
        return path
    if not _ID.fullmatch(model) or path.exists():
        raise RequestError("pretrained-missing", path=name)
    return _from_hub(model, name)


def _from_hub(model: str, name: str) -> Path:
    hub: Any = library("huggingface_hub", EXTRA)
    repository, _, revision = model.partition("@")
    try:
        return Path(hub.snapshot_download(repository, revision=revision or None, allow_patterns=_FILES))
    except Exception as error:  # errors of the library, of HTTP and of sockets
        raise RequestError("pretrained-hub", name=name, reason=first_line(error)) from None


def absolute_name(name: str, known: str | None = None) -> str:
    """The name from any working folder; an id of the hub as it is. known: a name of a folder that may be gone."""
    if not name.startswith(FOLDER):
        return str(Path(name).absolute())
    path = Path(name.removeprefix(FOLDER))
    absolute = f"{FOLDER}{path.absolute()}"
    return absolute if path.is_dir() or absolute == known else name


def read_pretrained(name: str) -> Pretrained:
    """Sizes and tokenizer of a pretrained model, and how its weights are read.

    Raises RequestError if it is missing or damaged, or if it has an attribute that mmrec's llama has not.
    """
    path = place_of(name)
    changed = tuple(
        (one.name, one.stat().st_mtime_ns)
        for one in ([path] if path.is_file() else sorted(path.iterdir()))
        if one.exists()
    )
    return _read(path, changed)


@functools.lru_cache(maxsize=2)
def _read(path: Path, changed: tuple[tuple[str, int], ...]) -> Pretrained:
    """changed: names and times of its files."""
    if path.name.lower().endswith(FILE):
        from mmrec_engine.pretrained.gguf import read_file

        read: Callable[[Path], _Parts] = read_file
    else:
        from mmrec_engine.pretrained.hf_folder import read_folder

        read = read_folder
    config, tokenizer, weights = _guarded(path, lambda: read(path))()
    return Pretrained(
        path,
        config,
        functools.cache(_guarded(path, tokenizer)),
        _guarded(path, lambda: _fitting(path, config, weights)),
    )


def _fitting(path: Path, config: ModelConfig, weights: Callable[[], dict[str, Tensor]]) -> dict[str, Tensor]:
    """The weights, unless they do not fit into memory: the system would kill the process."""
    needed, free = _BYTES_A_WEIGHT * config.parameters(), available_bytes()
    if needed > USABLE * free:
        gib = {"needed": round(needed / 2**30, 1), "available": round(free / 2**30, 1)}
        raise RequestError("pretrained-memory", path=path, parameters=config.parameters(), **gib)
    return weights()


def damaged(path: Path, error: BaseException) -> RequestError:
    return RequestError("pretrained-damaged", path=path, reason=reason_of(error))


def _guarded(path: Path, read: Callable[[], Result]) -> Callable[[], Result]:
    """Reads with errors in words for a user."""

    def reading() -> Result:
        try:
            return read()
        except RequestError:
            raise
        except _DAMAGE as error:
            raise damaged(path, error) from None

    return reading


def with_pretrained(resolved: Resolved, found: Pretrained | None = None) -> Resolved:
    """If `init_from` names a pretrained model: the settings with its sizes and tokenizer, and with a rate for further training.

    found: the model, if it is read already. Raises RequestError, also if a given setting contradicts the model.
    """
    settings = resolved.settings
    if settings.init_from is None or not is_pretrained(settings.init_from):
        return resolved
    found = found or read_pretrained(settings.init_from)
    fixed: dict[str, Any] = {
        "config": PRETRAINED,
        "arch": "llama",
        "tokenizer": PRETRAINED,
        "kv_heads": None,
        "tied": False,
    }
    for name in (*fixed, "vocab_size"):
        given = resolved.sources[name] in ("hand", "file")
        if given and getattr(settings, name) != fixed.get(name):
            raise RequestError(
                "pretrained-fixed", flag=flag(name), value=getattr(settings, name), name=settings.init_from
            )
    by_hand = {name for name, source in resolved.sources.items() if source in ("hand", "file")}
    own: dict[str, Any] = {name: value for name, value in DEFAULTS.items() if name not in by_hand}
    if "seq_len" not in by_hand and settings.seq_len > found.config.context:
        own["seq_len"] = found.config.context
    values: dict[str, Any] = {
        **fixed,
        **own,
        "vocab_size": FIELDS["vocab_size"].default,
        "shape": shape_text(found.config),
    }
    values["init_from"] = absolute_name(settings.init_from)
    chosen = {name for name in (*own, "config", "arch", "tokenizer") if name not in by_hand}
    return Resolved(replace(settings, **values), {**resolved.sources, **dict.fromkeys(chosen, PRETRAINED)})
