"""A trained model, loaded from a checkpoint, a run folder or an exported folder; and the export."""

from __future__ import annotations

import contextlib
import json
import math
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, load_file, save, save_file

from mmrec_engine.data.split_record import record_beside
from mmrec_engine.errors import RequestError, UnusableError, reason_of
from mmrec_engine.model.language_model import LanguageModel
from mmrec_engine.pretrained.source import damaged, read_pretrained, with_pretrained
from mmrec_engine.runs import checkpoints
from mmrec_engine.runs.catalog import locate
from mmrec_engine.settings import FIELDS, Settings, resolve
from mmrec_engine.settings.model_config import ModelConfig
from mmrec_engine.settings.pretrained import is_pretrained
from mmrec_engine.storage.files import open_plain, read_plain, refuse_used
from mmrec_engine.storage.run_files import SPLIT, WEIGHTS
from mmrec_engine.tokenizer import Tokenizer, tokenizer_from_dict

_PRETRAINED_WINDOW = 512  # tokens of a window in which such a model is evaluated
CONFIG, TOKENIZER = "config.json", "tokenizer.json"


@dataclass(frozen=True)
class Trained:
    """A model in evaluation mode on `device`. settings and corpus: of its training."""

    path: Path
    model: LanguageModel
    tokenizer: Tokenizer
    settings: dict[str, Any]
    corpus: dict[str, Any]
    step: int


def load_trained(name: str, device: torch.device | str = "cpu") -> Trained:
    """Load a checkpoint file, a run's best (else final, else newest) checkpoint, an exported folder, or a pretrained model.

    Raises RequestError if there is none, or it is damaged.
    """
    if is_pretrained(name):
        return _pretrained(name, device)
    path = locate(name)
    if path.is_dir():
        weights, described = _read_export(path)
    else:
        described = checkpoints.read(path)
        weights = described["model"] if isinstance(described.get("model"), dict) else {}
    try:
        model = _built(ModelConfig(**described["model_config"]), weights)
        tokenizer = tokenizer_from_dict(described["tokenizer"])
        if tokenizer.vocab_size != model.config.vocabulary:
            raise UnusableError("vocabulary-differs")
        step = int(described["progress"]["step"])
        settings, corpus = dict(described["settings"]), dict(described["corpus"])
        settings |= Settings(**{name: value for name, value in settings.items() if name in FIELDS}).as_dict()
    except (KeyError, TypeError, ValueError, RuntimeError, AttributeError, ArithmeticError) as error:
        if isinstance(error, RequestError) and error.key == "extra-missing":
            raise
        reason = reason_of(error)
        raise RequestError("checkpoint-damaged", path=path, reason=reason) from None
    return Trained(path, model.to(device).eval(), tokenizer, settings, corpus, step)


def _pretrained(name: str, device: torch.device | str) -> Trained:
    """A pretrained model, with the settings that a training of it would have, but for its windows."""
    found, resolved = read_pretrained(name), with_pretrained(resolve({"init_from": name}))
    settings = {**resolved.settings.as_dict(), "seq_len": min(found.config.context, _PRETRAINED_WINDOW)}
    tokenizer = found.tokenizer()
    try:
        model = _built(found.config, found.weights())
    except (ValueError, RuntimeError) as error:
        if isinstance(error, RequestError):
            raise
        raise damaged(found.path, error) from None
    return Trained(found.path, model.to(device).eval(), tokenizer, settings, {}, 0)


def _built(config: ModelConfig, weights: dict[str, Any]) -> LanguageModel:
    """The model of these sizes with these weights. Raises ValueError before allocating anything that they do not fill."""
    if sum(value.numel() for value in weights.values()) != config.parameters():
        raise UnusableError("config-of-another-model")
    if not all(math.isfinite(float(value.sum(dtype=torch.float64))) for value in weights.values()):
        raise UnusableError("not-finite")
    # Drawing the first weights of a large llama takes seconds; other architectures have buffers, which are computed there.
    with torch.device("meta") if config.architecture == "llama" else contextlib.nullcontext():
        model = LanguageModel(config)
    model.load_state_dict(weights, assign=config.architecture == "llama")
    return model


def save_weights(weights: Mapping[str, torch.Tensor], path: Path) -> None:
    """Write them as safetensors with the mode of the umask: the library alone would make them readable for the owner only."""
    path.touch()
    mode = stat.S_IMODE(path.stat().st_mode)
    plain = {name: value.detach().contiguous().cpu() for name, value in weights.items()}
    if _is_utf8(path):
        save_file(plain, path, {"format": "pt"})
    else:  # the library accepts no such name
        path.write_bytes(save(plain, {"format": "pt"}))
    path.chmod(mode)


def into_new(folder: Path) -> None:
    """Make the folder of an export, which must be new or empty. Raises RequestError, OSError."""
    refuse_used(folder)
    folder.mkdir(parents=True, exist_ok=True)


def export(trained: Trained, folder: Path) -> list[Path]:
    """Write the weights as safetensors, tokenizer and configuration as JSON, and the record of the split, if there is one, into
    a new or empty folder. With this record an export is evaluated on text it was not trained on, and follow-up runs keep the
    split.
    """
    record = record_beside(trained.path)
    try:
        missing = [parent for parent in (folder, *folder.parents) if not parent.exists()]
        into_new(folder)
    except OSError as error:
        raise RequestError("export-unwritable", path=folder, reason=error.strerror or error) from None
    try:
        save_weights(dict(trained.model.named_parameters()), folder / WEIGHTS)
        described = {
            "model_config": trained.model.config.as_dict(),
            "settings": trained.settings,
            "corpus": trained.corpus,
            "progress": {"step": trained.step},
        }
        for name, content in ((CONFIG, described), (TOKENIZER, trained.tokenizer.to_dict())):
            text = json.dumps(content, ensure_ascii=False, indent=2)
            # A name that is not UTF-8 has characters that only JSON escapes can represent.
            (folder / name).write_text(text + "\n", encoding="utf-8", errors="backslashreplace")
        if record is not None:
            record.write(folder / SPLIT)
    except BaseException as error:
        _remove_half_written(folder, missing)
        if not isinstance(error, OSError | SafetensorError):
            raise
        reason = getattr(error, "strerror", None) or (str(error).splitlines() or ["?"])[0]
        raise RequestError("export-unwritable", path=folder, reason=reason) from None
    return [folder / name for name in (WEIGHTS, CONFIG, TOKENIZER, *([SPLIT] if record is not None else []))]


def _loaded(path: Path) -> dict[str, torch.Tensor]:
    weights: dict[str, torch.Tensor] = load_file(path) if _is_utf8(path) else load(path.read_bytes())
    return weights


def _is_utf8(path: Path) -> bool:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _remove_half_written(folder: Path, made: list[Path]) -> None:
    with contextlib.suppress(OSError):
        for name in (WEIGHTS, CONFIG, TOKENIZER, SPLIT):
            (folder / name).unlink(missing_ok=True)
        for parent in made:
            parent.rmdir()


def _read_export(folder: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    try:
        described = json.loads(read_plain(folder / CONFIG))
        described["tokenizer"] = json.loads(read_plain(folder / TOKENIZER))
        open_plain(folder / WEIGHTS).close()
        return _loaded(folder / WEIGHTS), described
    except (OSError, ValueError, TypeError, RecursionError, SafetensorError) as error:
        reason = reason_of(error)
        raise RequestError("checkpoint-damaged", path=folder, reason=reason) from None
