"""A whole run: folder, lock, corpus, model, loop, ending; every event recorded before anyone else sees it."""

from __future__ import annotations

import platform
import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mmrec_engine import checkpoints, events, run_files
from mmrec_engine.corpus.prepare import Corpus, prepare_corpus
from mmrec_engine.corpus.windows import EvaluationWindows
from mmrec_engine.errors import Interrupted, RequestError, TrainingError
from mmrec_engine.events import Event
from mmrec_engine.quality.during import During
from mmrec_engine.quality.readable import skipped_finding
from mmrec_engine.run_files import CONTROL, LOG
from mmrec_engine.run_folder import Mode, RunFolder, close_descriptor
from mmrec_engine.runs import note_run, read_description, read_events, recorded_ending
from mmrec_engine.settings import CORPUS_CHOICE, FIELDS, Resolved, Settings, flag, resolve
from mmrec_engine.training.control import DETACH, Control
from mmrec_engine.training.job import Job, build_job
from mmrec_engine.training.loop import run_steps
from mmrec_engine.training.machine import is_out_of_memory, resolve_machine
from mmrec_engine.training.plan import ending
from mmrec_engine.version import __version__


def train(
    request: Settings | Resolved,
    control: Control | None = None,
    *,
    resume: bool = False,
    overwrite: bool = False,
    held_lock: int | None = None,
) -> Iterator[Event]:
    """Train as the settings say, and yield what happens (events.py).

    resume: go on with the run in the settings' folder; what was not given by hand is taken from it. overwrite: replace it.
    held_lock: the descriptor that `Control.lock` held after the run was handed over; it is closed when this run ends.
    Raises RequestError where the request is wrong (nothing is changed on disk), TrainingError where training cannot go on
    (told by a last event too), Interrupted where it was stopped before the first step.
    """
    resolved = request if isinstance(request, Resolved) else _given_in_code(request)
    mode: Mode = "resume" if resume else "overwrite" if overwrite else "new"
    yield from _Run(resolved, control or Control(), mode, held_lock).stream()


class _NothingLeft(Exception):
    """A resumed run has ended already, and no new limit lets it go on."""


class _Run:
    def __init__(self, resolved: Resolved, control: Control, mode: Mode, held_lock: int | None) -> None:
        self._control, self._mode = control, mode
        control.lock = None
        path = resolved.settings.run_folder
        try:
            self._stored = _description_of(path) if mode == "resume" else {}
            self._resolved = _as_stored(resolved, self._stored) if self._stored else _anchored(resolved)
            self._changes = self._changed_settings()
        except BaseException:
            close_descriptor(held_lock)
            raise
        self._folder = RunFolder(path, mode, held_lock)
        self._description: dict[str, Any] = {}
        self._during = During()
        self._started = time.monotonic()
        self._made_step = False
        self._handed_over = False

    def stream(self) -> Iterator[Event]:
        """The run from preparation to its end. Whatever ends it, the folder is in order, and unlocked unless handed over."""
        try:
            yield from self._recorded(self._run())
        except _NothingLeft:
            self._folder.abandon()
            return
        except OSError as error:
            self._leave()
            raise self._failure(error) from error
        except BaseException:
            self._leave()
            raise
        if self._handed_over:
            self._control.lock = self._folder.hand_over()
        else:
            self._folder.close()

    def _leave(self) -> None:
        if self._made_step:
            self._folder.close()
        else:
            self._folder.abandon()

    def _recorded(self, stream: Iterator[Event]) -> Iterator[Event]:
        for event in stream:
            found = [events.Finding(step=event.step, finding=finding) for finding in self._during.add(event)]
            # The end is a record's last word; what it brings to light stands before it.
            for one in [*found, event] if isinstance(event, events.RunFinished) else [event, *found]:
                try:
                    if isinstance(one, events.Step) and not self._made_step:
                        self._made_step = True
                        self._folder.begin(self._description)  # an old run makes room only now
                        note_run(self._folder.path)
                    self._folder.record(one)
                except OSError as error:
                    raise self._failure(error) from error
                yield one

    def _run(self) -> Iterator[Event]:
        settings = self._resolved.settings
        self._control.listen_to(self._folder.path / CONTROL)
        yield events.State(state="PREPARING")
        corpus = yield from self._interruptible(prepare_corpus(settings))
        self._check_same_corpus(corpus)
        for skipped in corpus.skipped:
            yield events.Check(finding=skipped_finding(skipped))
        path, content, damaged = (
            checkpoints.newest_usable(self._folder.path) if self._mode == "resume" else (None, {}, [])
        )
        machine = resolve_machine(settings, self._stored)
        try:
            job = build_job(settings, machine, corpus, self._folder.path, content or None)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            if path is None:
                raise
            reason = (str(error).splitlines() or [type(error).__name__])[0][:120]
            raise RequestError("checkpoint-damaged", path=path, reason=reason) from None
        except (RuntimeError, MemoryError) as error:
            raise self._failure(error) from error
        self._description = self._describe(job)
        step = job.progress.step
        if path is None:
            yield self._started_event(job)
            if self._mode == "resume":
                yield events.Resumed(skipped=tuple(damaged), planned_steps=job.plan.planned_steps)
        else:
            ended = path.name == run_files.FINAL and ending(job.progress, job.plan, settings) is not None
            if ended and recorded_ending(self._folder.path) is not None:
                raise _NothingLeft
            self._folder.continue_after(path.name, step, self._description)
            lacking = self._during.fold(read_events(self._folder.path))
            self._made_step = True
            note_run(self._folder.path)
            job.resumed_from = path.name
            yield events.Resumed(
                step=step, checkpoint=path.name, skipped=tuple(damaged), planned_steps=job.plan.planned_steps
            )
            if self._changes:
                yield events.SettingsChanged(step=step, changes=self._changes, reason="resume")
            for finding in lacking:
                yield events.Finding(step=step, finding=finding)
        yield from self._steps(job)

    def _steps(self, job: Job) -> Iterator[Event]:
        """The loop, and an ending for every way it can end."""
        try:
            status, values = yield from run_steps(job, self._control)
        except Exception as error:
            failure = self._failure(error)
            if self._made_step:
                step = job.progress.step
                yield self._finished(step, "failed", {"error": failure.key, **failure.values}, str(failure))
                yield events.State(step=step, state="FAILED")
            raise failure from error
        if status == "interrupted" and job.progress.step == 0:
            raise Interrupted
        self._handed_over = status == "interrupted" and values["by"] == DETACH
        finished = self._finished(job.progress.step, status, values)
        yield finished
        yield events.State(step=job.progress.step, state=finished.state_word)

    def _failure(self, error: Exception) -> TrainingError:
        """What went wrong, in words for a person; the traceback goes to the log of a run that has begun."""
        settings = self._resolved.settings
        if isinstance(error, TrainingError):
            return error
        if isinstance(error, OSError):
            path = error.filename or self._folder.path
            return TrainingError("training-disk", path=path, reason=error.strerror or error)
        if self._made_step:
            self._folder.log(error)
        reason = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:200]}"
        if is_out_of_memory(error):
            return TrainingError("training-no-memory", batch_size=settings.batch_size, seq_len=settings.seq_len)
        if not self._made_step:
            return TrainingError("training-broke-early", reason=reason)
        return TrainingError("training-broke", reason=reason, log=self._folder.path / LOG)

    def _finished(
        self, step: int, status: events.Status, values: dict[str, Any], reason: str = ""
    ) -> events.RunFinished:
        plain = {
            key: value["en"] if isinstance(value, dict) else value if isinstance(value, int | float) else str(value)
            for key, value in values.items()
        }
        text = reason or ", ".join(f"{key} {value}" for key, value in plain.items())
        seconds = round(time.monotonic() - self._started, 3)
        return events.RunFinished(step=step, status=status, reason=text, seconds=seconds, values=plain)

    def _interruptible(
        self, preparing: Generator[events.Progress, None, Corpus]
    ) -> Generator[events.Progress, None, Corpus]:
        told = 0.0
        while True:
            if self._control.stop_asked:
                preparing.close()
                raise Interrupted
            try:
                progress = next(preparing)
            except StopIteration as finished:
                corpus: Corpus = finished.value
                return corpus
            if time.monotonic() - told > 0.25 or progress.done == progress.total:
                told = time.monotonic()
                yield progress

    def _check_same_corpus(self, corpus: Corpus) -> None:
        if not self._stored:
            return
        known = self._stored.get("corpus", {})
        if known.get("fingerprint") != corpus.fingerprint or known.get("vocabulary") != corpus.tokenizer.vocab_size:
            raise RequestError("resume-corpus-differs", path=corpus.name)

    def _describe(self, job: Job) -> dict[str, Any]:
        return {
            "settings": job.settings.as_dict(),
            "sources": self._resolved.sources,
            "seed": job.settings.seed,
            "precision": job.machine.precision,
            "threads": job.machine.threads,
            "device": str(job.machine.device),
            "parameters": job.model.config.parameters(),
            "model": job.model.config.as_dict(),
            "corpus": job.corpus.describe(),
            "versions": {
                "mmrec": __version__,
                "python": platform.python_version(),
                "torch": torch.__version__,
                "numpy": np.__version__,
            },
            "machine": {"system": platform.platform(), "processor": platform.machine()},
        }

    def _changed_settings(self) -> dict[str, Any]:
        """Settings of a resumed run that differ from the stored ones."""
        stored = self._stored.get("settings", {})
        now = self._resolved.settings.as_dict()
        moved = ("output_dir", "name")
        return {name: now[name] for name in stored if name in now and name not in moved and now[name] != stored[name]}

    def _started_event(self, job: Job) -> events.RunStarted:
        description = self._description
        return events.RunStarted(
            planned_steps=job.plan.planned_steps,
            steps_an_epoch=job.plan.steps_an_epoch,
            parameters=description["parameters"],
            corpus={
                **description["corpus"],
                "train_windows": job.plan.windows_an_epoch,
                "validation_windows": EvaluationWindows(job.corpus.validation.tokens, job.settings.seq_len).count,
            },
            settings=job.settings.as_dict(),
            machine={name: description[name] for name in ("device", "threads", "precision")},
        )


def _given_in_code(settings: Settings) -> Resolved:
    sources = {name: "hand" if getattr(settings, name) != item.default else "default" for name, item in FIELDS.items()}
    return Resolved(settings, sources)


def _anchored(resolved: Resolved) -> Resolved:
    """Paths made absolute, so that the run can be resumed from any folder."""
    if resolved.settings.data_dir is None:
        return resolved
    settings = replace(resolved.settings, data_dir=str(Path(resolved.settings.data_dir).absolute()))
    return replace(resolved, settings=settings)


def _description_of(folder: Path) -> dict[str, Any]:
    """run.json, or what the newest checkpoint knows where that is gone; empty where there is neither."""
    description = read_description(folder)
    if description is None:
        _, content, _ = checkpoints.newest_usable(folder)
        description = {name: content[name] for name in ("settings", "corpus", "precision") if name in content}
    return description


def _as_stored(resolved: Resolved, description: dict[str, Any]) -> Resolved:
    """The stored run's settings with what was given by hand over them. Raises RequestError where the two cannot agree."""
    stored = {name: value for name, value in description["settings"].items() if name in FIELDS}
    settings = resolved.settings
    given = {
        name: getattr(settings, name)
        for name, source in resolved.sources.items()
        if source in ("hand", "file") and name not in ("output_dir", "name")
    }
    corpus_given = {name: value for name, value in given.items() if name in CORPUS_CHOICE and value}
    for name, value in corpus_given.items():
        if _corpus_of(settings.as_dict()) != _corpus_of(stored):
            raise RequestError("resume-differs", flag=flag(name), given=value, stored=_corpus_of(stored))
    changes = {name: value for name, value in given.items() if FIELDS[name].metadata["resumable"]}
    for name, value in given.items():
        if name not in changes and name not in CORPUS_CHOICE and value != stored.get(name, FIELDS[name].default):
            raise RequestError("resume-differs", flag=flag(name), given=value, stored=stored.get(name))
    if ("epochs" in changes) != ("max_steps" in changes):
        # A new limit takes the place of the old ones, or the run could not go on.
        changes = {"epochs": None, "max_steps": None, **changes}
    merged = resolve(changes, None, {**stored, "output_dir": settings.output_dir, "name": settings.name})
    known = description.get("sources", {})
    sources = {name: known.get(name, source) if source == "run" else source for name, source in merged.sources.items()}
    return replace(merged, sources=sources)


def _corpus_of(settings: Mapping[str, Any]) -> str:
    """Which text the settings name: a path or a built-in name."""
    if settings.get("data_dir"):
        return str(Path(settings["data_dir"]).resolve())
    return str(settings.get("corpus") or "sample")
