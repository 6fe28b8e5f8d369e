"""A run that is resumed: the given settings merged with the stored ones, and whether text and limits are the same."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmrec_engine import events
from mmrec_engine.data.mixture import moved, sources_of
from mmrec_engine.data.sources import hub_source
from mmrec_engine.errors import RequestError, reason_of, reason_words
from mmrec_engine.pretrained.source import absolute_name
from mmrec_engine.run.starting_weights import with_starting_weights
from mmrec_engine.runs import checkpoints
from mmrec_engine.runs.catalog import check_description, locate, read_description, recorded_ending
from mmrec_engine.runs.record import newest_lines
from mmrec_engine.runs.run_text import is_described
from mmrec_engine.settings import CORPUS_CHOICE, FIELDS, Resolved, Settings, parse, resolve
from mmrec_engine.settings.declaration import flag
from mmrec_engine.settings.pretrained import is_pretrained
from mmrec_engine.storage import run_files
from mmrec_engine.storage.files import open_plain
from mmrec_engine.storage.run_files import DESCRIPTION

if TYPE_CHECKING:
    from mmrec_engine.data.prepare import Corpus
    from mmrec_engine.training.state import TrainingState

_KEPT = ("settings", "corpus", "precision", "compile", "kernel")  # in a checkpoint, of the content of run.json
_LIMITS = {"epochs", "max_steps", "time", "target_loss", "target_bits", "early_stopping_patience", "early_stopping_on"}
_BY_HAND = ("hand", "file")
_RAISED = 1.05  # times the rate before


def given_in_code(settings: Settings) -> Resolved:
    sources = {name: "hand" if getattr(settings, name) != item.default else "default" for name, item in FIELDS.items()}
    return Resolved(settings, sources)


def anchored(resolved: Resolved) -> Resolved:
    """Paths made absolute, so that the run can be resumed from any folder; with the model of the weights it begins with."""
    if resolved.settings.init_from is not None:
        resolved = with_starting_weights(resolved)
    settings = resolved.settings
    if settings.data_dir is not None:
        settings = replace(settings, data_dir=moved(settings.data_dir, Path.absolute))
    if isinstance(settings.corpus, str):
        settings = replace(settings, corpus=hub_source.anchored(settings.corpus))
    if settings.init_from is not None and not is_pretrained(settings.init_from):
        settings = replace(settings, init_from=str(locate(settings.init_from).absolute()))
    if settings.log_dir is not None:
        settings = replace(settings, log_dir=str(Path(settings.log_dir).absolute()))
    return replace(resolved, settings=settings)


def description_of(folder: Path) -> dict[str, Any]:
    """run.json, or the description in the newest checkpoint if it is missing; empty if there is neither.

    Raises RequestError if there are only damaged checkpoints: then the settings are lost.
    """
    description = read_description(folder)
    if description is None:
        path, content, damaged = checkpoints.newest_usable(folder)
        if damaged and not content:
            raise RequestError(
                "checkpoint-damaged",
                path=folder / damaged[0],
                reason=reason_words("description-missing", name=DESCRIPTION),
            )
        description = {name: content[name] for name in _KEPT if name in content}
        try:
            return check_description(description) if content else {}
        except ValueError as error:
            raise RequestError("checkpoint-damaged", path=path, reason=reason_of(error)) from None
    return description


def names_text(resolved: Resolved) -> bool:
    """Whether a text was named, so that a run which is not there yet can begin with it."""
    return any(resolved.sources[name] != "default" for name in CORPUS_CHOICE)


def as_stored(resolved: Resolved, description: dict[str, Any]) -> Resolved:
    """The stored run's settings with the given ones over them. Raises RequestError if the two conflict."""
    stored = {name: parse(name, value) for name, value in description["settings"].items() if name in FIELDS}
    settings = resolved.settings
    given = {
        name: getattr(settings, name)
        for name, source in resolved.sources.items()
        if source in ("hand", "file") and name not in ("output_dir", "name")
    }
    if is_pretrained(given.get("init_from")) and absolute_name(
        given["init_from"], stored.get("init_from")
    ) == stored.get("init_from"):
        del given["init_from"]  # the model itself may be gone
    changes = {name: value for name, value in given.items() if FIELDS[name].metadata["resumable"]}
    if changes.get("log_dir"):
        changes["log_dir"] = str(Path(changes["log_dir"]).absolute())
    for name, value in given.items():
        if name in CORPUS_CHOICE and value and _corpus_of(settings.as_dict()) != _corpus_of(stored):
            if not _may_have_moved(settings.as_dict(), stored):
                raise RequestError("resume-differs", flag=flag(name), given=value, stored=_corpus_of(stored))
            changes[name] = _corpus_of(settings.as_dict())
    for name, value in given.items():
        if name not in changes and name not in CORPUS_CHOICE and value != stored.get(name, FIELDS[name].default):
            raise RequestError("resume-differs", flag=flag(name), given=value, stored=stored.get(name))
    if ("epochs" in changes) != ("max_steps" in changes):
        # A new limit replaces the old ones, or the run could not continue.
        changes = {"epochs": None, "max_steps": None, **changes}
    known = description.get("sources", {})
    if changes.get("time") not in (None, stored.get("time")):
        # A new time replaces limits given by hand as well; the planner chooses its own limits anew.
        by_hand = {
            name for name in ("epochs", "max_steps") if stored.get("time") is None or known.get(name) in _BY_HAND
        }
        changes = {**dict.fromkeys(by_hand), **changes}
    if "time" not in changes and {"epochs", "max_steps"} & {name for name in changes if changes[name] is not None}:
        changes["time"] = None  # the given time is over, or would be before the new limit
    merged = resolve(changes, None, {**stored, "output_dir": settings.output_dir, "name": settings.name})
    sources = {name: known.get(name, source) if source == "run" else source for name, source in merged.sources.items()}
    return replace(merged, sources=sources)


def _corpus_of(settings: Mapping[str, Any]) -> str | tuple[str, ...]:
    """The text of the settings: a path or a built-in name, or several."""
    if settings.get("data_dir"):
        return moved(settings["data_dir"], Path.resolve)
    corpus: str | tuple[str, ...] = settings.get("corpus") or "sample"
    return str(hub_source.anchored(corpus)) if isinstance(corpus, str) else corpus


def _may_have_moved(given: Mapping[str, Any], stored: Mapping[str, Any]) -> bool:
    """Whether the given text can be the stored one in another place; its fingerprint decides once it is read.

    Of several texts the names and the weights must be the same, because windows, tags and the deciding loss depend on them.
    """
    if given.get("data_dir") and stored.get("data_dir"):
        return _names_and_weights(given["data_dir"]) == _names_and_weights(stored["data_dir"])
    there = [choice.get("corpus") for choice in (given, stored)]
    if not all(isinstance(corpus, str) and hub_source.is_hub(corpus) for corpus in there):
        return False
    now, then = (hub_source.source_of(str(corpus)) for corpus in there)
    return now.local and then.local and replace(now, path=then.path) == then


def _names_and_weights(data_dir: str | tuple[str, ...]) -> list[tuple[str, float | None]]:
    if isinstance(data_dir, str):
        return [("", None)]
    return [(source.name, source.weight) for source in sources_of(Settings(data_dir=data_dir))]


def ends_as_before(checkpoint: Mapping[str, Any], settings: Settings) -> bool:
    """Whether every setting that ends a run is the same as in its last checkpoint."""
    changed = changed_since(checkpoint, settings)
    return changed is None or not _LIMITS & changed.changes.keys()


def changed_since(checkpoint: Mapping[str, Any], settings: Settings) -> events.SettingsChanged | None:
    """Settings that differ from the checkpoint: given now, or changed shortly before a crash."""
    stored, now = checkpoint.get("settings", {}), settings.as_dict()
    moved = ("output_dir", "name")
    changes = {
        name: now[name] for name in now if name not in moved and now[name] != stored.get(name, FIELDS[name].default)
    }
    before = {name: stored.get(name) for name in changes}
    return events.SettingsChanged(changes=changes, before=before, reason="resume") if changes else None


def check_same_corpus(corpus: Corpus, description: Mapping[str, Any]) -> None:
    """Raises RequestError if this is not the text of the run with this description; an empty one is a new run."""
    if not description:
        return
    known = description.get("corpus", {})
    if not is_described(corpus, known) or known.get("vocabulary") != corpus.tokenizer.vocab_size:
        raise RequestError("resume-corpus-differs", path=corpus.name)


def raised_rate(folder: Path, training: TrainingState) -> dict[str, float]:
    """The learning rates of the last step and the next one, if a longer schedule raises the rate again."""
    step, before = training.progress.step, None
    with contextlib.suppress(OSError), open_plain(folder / run_files.EVENTS) as file:
        for line in newest_lines(file, "step"):
            if isinstance(last := events.from_line(line), events.Step):
                before = last.learning_rate if last.step == step else None
                break
    rate = training.rate(step + 1)
    if before is None or step < training.settings.warmup_steps or rate <= _RAISED * before:
        return {}
    return {"learning_rate_before": before, "learning_rate": rate}


def ended_before(folder: Path, settings: Settings) -> bool:
    """Whether the run has ended normally, and no setting that ends a run has changed since."""
    ending = recorded_ending(folder)
    if ending is None or ending.status in ("interrupted", "failed"):
        return False
    path, content, _ = checkpoints.newest_usable(folder)
    return path is not None and path.name == run_files.FINAL and ends_as_before(content, settings)
