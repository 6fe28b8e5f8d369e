"""A whole run: folder, lock, corpus, model, loop, end."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from mmrec_engine import events
from mmrec_engine.checks.preflight.skipped_files import skipped_finding
from mmrec_engine.data.batches import training_windows
from mmrec_engine.data.mixture import require_places
from mmrec_engine.data.prepare import Corpus
from mmrec_engine.distributed.process_group import ProcessLostError, as_launched
from mmrec_engine.errors import Interrupted, RequestError, reason_of
from mmrec_engine.evaluation.continuations import require_libraries
from mmrec_engine.events import Event, relayed
from mmrec_engine.interop.loggers.available import require_libraries as require_libraries_of_loggers
from mmrec_engine.planning.candidate_speed import speeds_here
from mmrec_engine.planning.compile_mode import with_mode
from mmrec_engine.planning.planner import planned, planned_tokens, plans_tokens
from mmrec_engine.planning.throughput import measure
from mmrec_engine.run.checks_around_run import RunChecks
from mmrec_engine.run.description import description, started
from mmrec_engine.run.follow_up import Origin
from mmrec_engine.run.joining import join_ranks
from mmrec_engine.run.opening import is_gone, opened
from mmrec_engine.run.outcome import failure_of, finished
from mmrec_engine.run.recording import Recording
from mmrec_engine.run.resume import (
    anchored,
    as_stored,
    changed_since,
    check_same_corpus,
    description_of,
    ended_before,
    given_in_code,
    names_text,
    raised_rate,
)
from mmrec_engine.run.timing import give_time
from mmrec_engine.runs import checkpoints
from mmrec_engine.runs.catalog import recorded_ending
from mmrec_engine.runs.run_folder import Mode, RunFolder, refuse_links
from mmrec_engine.runs.run_text import text_of_new_run, text_of_run
from mmrec_engine.settings import Resolved, Settings
from mmrec_engine.storage import run_files
from mmrec_engine.storage.folder_lock import close_descriptor
from mmrec_engine.storage.run_files import CONTROL
from mmrec_engine.training.control import DETACH, Control
from mmrec_engine.training.device import Machine, machine_for
from mmrec_engine.training.device_memory import fitting_microbatch
from mmrec_engine.training.loop import run_steps
from mmrec_engine.training.plan import ending, make_plan
from mmrec_engine.training.saving import save_after_loss
from mmrec_engine.training.state import TrainingState, build_state

Result = TypeVar("Result")


def train(
    request: Settings | Resolved,
    control: Control | None = None,
    *,
    resume: bool = False,
    overwrite: bool = False,
    held_lock: int | None = None,
    run_checks: RunChecks | None = None,
    origin: Origin | None = None,
    began: float | None = None,
    planned: events.Planned | None = None,
    after: Callable[[], object] | None = None,
    on_event: Callable[[Event], object] | Sequence[Callable[[Event], object]] = (),
) -> Iterator[Event]:
    """Train with these settings, and yield the events (events/kinds.py).

    request: of Settings, a value that equals its default counts as not given, so with `time`, or for the tokenizer with the
    fast recipe, the planner may choose another one; `resolve({"tokenizer": "char", …})` keeps what it is given.
    resume: resume the run in the settings' folder, with its settings where none were given. overwrite: replace it.
    held_lock: the descriptor that `Control.lock` held after the run was handed over; it is closed when this run ends.
    run_checks: the checks in addition to those on events; None: only those, and no report is written.
    origin: the run that this one follows, if a remedy started it.
    began: start of a run's given time (monotonic clock); None: now.
    planned: the plan that chose some of these settings, made before; it is recorded, and none is made.
    after: waits for other work on the same processors, before the run's time begins; the run can be watched meanwhile.
    on_event: a function, or several, called with each event after it is recorded: in the events' order, in a thread of its own,
    so training does not wait for it. If it raises or hangs, that is a finding, and the run goes on without it.
    Raises RequestError if the request is wrong (nothing is changed on disk), TrainingError if training cannot go on
    (also reported by a last event), Interrupted if it was stopped before the first step.
    """
    resolved = request if isinstance(request, Resolved) else given_in_code(request)
    mode: Mode = "resume" if resume else "overwrite" if overwrite else "new"
    functions = (on_event,) if callable(on_event) else tuple(on_event)
    yield from _Run(
        resolved, control or Control(), mode, held_lock, run_checks, origin, began, planned, functions, after
    ).stream()


class _NothingLeft(Exception):
    """A resumed run has ended already, and no new limit lets it continue."""


class _Run:
    def __init__(
        self,
        resolved: Resolved,
        control: Control,
        mode: Mode,
        held_lock: int | None,
        run_checks: RunChecks | None,
        origin: Origin | None,
        began: float | None,
        planned: events.Planned | None,
        functions: Sequence[Callable[[Event], object]],
        after: Callable[[], object] | None = None,
    ) -> None:
        self._after = after
        self._began = time.monotonic() if began is None else began
        self._made_plan = planned
        self._expected: dict[str, Any] = {}  # of the plan for a run with a given time
        self._control, self._mode, self._run_checks, self._origin = control, mode, run_checks, origin
        control.lock = None
        path = resolved.settings.run_folder
        try:
            refuse_links(path)
            self._stored = description_of(path) if mode == "resume" else {}
            resolved = as_stored(resolved, self._stored) if self._stored else anchored(resolved)
            resolved = as_launched(resolved)
            require_libraries_of_loggers(resolved.settings.log)
            if mode != "resume":  # before the folder: missing text is the more likely reason
                require_places(resolved.settings)
        except BaseException:
            close_descriptor(held_lock)
            raise
        self._recording = Recording(opened(resolved, mode, held_lock), resolved, run_checks, functions)
        self._started = time.monotonic() - control.waited
        self._handed_over = False

    def stream(self) -> Iterator[Event]:
        """The run from preparation to its end. Whatever ends it, the folder is consistent, and unlocked unless handed over."""
        recording = self._recording
        try:
            yield from recording.recorded(self._run())
        except _NothingLeft:
            recording.write_missing_report()
            recording.abandon()
            return
        except OSError as error:
            recording.leave()
            raise failure_of(self._recording, error) from error
        except BaseException:
            recording.leave()
            raise
        if self._handed_over:
            self._control.lock = recording.hand_over()
        else:
            yield from recording.leave()
        if (failure := self._folder.failure) is not None:  # the record has no end
            raise failure_of(self._recording, failure)

    @property
    def _folder(self) -> RunFolder:
        return self._recording.folder

    @property
    def _resolved(self) -> Resolved:
        """The settings as they are now."""
        return self._recording.resolved

    def _run(self) -> Generator[Event, None, None]:
        settings = self._resolved.settings
        self._control.listen_to(self._folder.path / CONTROL)
        if self._mode == "resume" and not self._stored and not names_text(self._resolved):
            raise RequestError("nothing-to-resume", folder=self._folder.path)
        yield events.State(state="PREPARING")
        if self._after is not None:
            yield events.Progress(task="ending-checks", done=0, total=0)
            waited = -time.monotonic()
            self._after()
            waited += time.monotonic()
            self._began, self._started = self._began + waited, self._started + waited
        if self._mode == "resume" and is_gone(settings) and ended_before(self._folder.path, settings):
            raise _NothingLeft  # nothing is left to train, so the missing text is not needed
        if settings.metrics is not None:
            require_libraries(settings.metrics)
        if not self._stored:
            yield from self._planned()
            settings = self._resolved.settings
        preparing = text_of_run(settings, self._folder.path) if self._stored else text_of_new_run(settings)
        corpus = yield from self._interruptible(preparing)
        check_same_corpus(corpus, self._stored)
        self._recording.corpus = corpus
        for skipped in corpus.skipped:
            yield events.Check(finding=skipped_finding(skipped))
        path, content, damaged = (
            checkpoints.newest_usable(self._folder.path) if self._mode == "resume" else (None, {}, [])
        )
        yield events.Progress(task="building", done=0, total=0)
        machine = machine_for(settings, corpus.tokenizer.vocab_size, self._stored)
        settings = self._take_fitting(settings, corpus, machine)
        if not self._stored:
            planned = lambda: make_plan(settings, training_windows(settings, corpus).count).planned_steps  # noqa: E731
            machine = with_mode(settings, corpus.tokenizer.vocab_size, machine, measure, planned)
        baselines: dict[str, float] = {}
        if path is None and self._run_checks is not None:
            baselines = yield from self._run_checks.check_before(
                settings, self._resolved.sources, corpus, self._folder.path, machine,
                settings.init_from is not None, lambda: self._control.stop_asked,
            )  # fmt: skip
            yield events.Progress(task="building", done=0, total=0)
        try:
            training = build_state(settings, machine, corpus, self._folder.path, content or None)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            if path is None or isinstance(error, RequestError):
                raise
            reason = reason_of(error)
            raise RequestError("checkpoint-damaged", path=path, reason=reason) from None
        except (RuntimeError, MemoryError) as error:
            raise failure_of(self._recording, error) from error
        if settings.time is not None:
            self._recording.resolved = give_time(
                training, self._resolved, self._folder.path, path, content,
                began=self._began, expected=self._expected, checks=self._run_checks is not None,
            )  # fmt: skip
        origin = self._origin.as_dict() if self._origin is not None else self._stored.get("origin", {})
        self._recording.description = {
            **description(training, self._resolved.sources, origin),
            "waived": self._waived(),
        }
        step = training.progress.step
        if path is None:
            yield started(training, self._recording.description, baselines)
            if self._origin is not None and self._origin.remedy:
                yield self._origin.as_change(training.plan.planned_steps)
            if self._mode == "resume":
                yield events.Resumed(skipped=tuple(damaged), planned_steps=training.plan.planned_steps)
        else:
            ended = path.name == run_files.FINAL and ending(training.progress, training.plan, settings) is not None
            if ended and recorded_ending(self._folder.path) is not None:
                raise _NothingLeft
            changed = changed_since(content, self._resolved.settings)
            lacking = self._recording.continued(path, step)
            training.resumed_from = path.name
            yield events.Resumed(
                step=step,
                checkpoint=path.name,
                skipped=tuple(damaged),
                planned_steps=training.plan.planned_steps,
                **raised_rate(self._folder.path, training),
            )
            if changed is not None:
                yield replace(changed, step=step, planned_steps=training.plan.planned_steps)
            yield from lacking
        yield from self._steps(training)

    @property
    def _began_without_pauses(self) -> float:
        """When this process would have begun, had it made no pause."""
        return self._started + self._control.waited

    def _planned(self) -> Generator[Event, None, None]:
        """Choose the open settings: all of them for a run with a given time, the vocabulary for the fast recipe."""
        settings, run_checks = self._resolved.settings, self._run_checks
        if self._made_plan is not None:
            self._expected = self._made_plan.expected
            yield self._made_plan
            return
        if run_checks is not None and run_checks.found:  # the checks have used these settings
            return
        planning: Generator[events.Progress, None, tuple[Resolved, events.Planned | None]]
        if settings.time is not None:
            checks = run_checks is not None and run_checks.before
            speeds = speeds_here(lambda: self._control.stop_asked)
            planning = planned(self._resolved, speeds, checks=checks)
        elif plans_tokens(self._resolved):
            planning = planned_tokens(self._resolved)
        else:
            return
        self._recording.resolved, made_plan = yield from self._interruptible(planning)
        if made_plan is not None:
            self._expected = made_plan.expected
            yield made_plan

    def _waived(self) -> list[str]:
        """Ids of the checks waived for this run, when it was started or resumed."""
        now = self._run_checks.all_waived if self._run_checks is not None else frozenset()
        before = self._stored.get("waived", [])
        return sorted({*now, *(str(id) for id in before)} if isinstance(before, list) else now)

    def _steps(self, training: TrainingState) -> Generator[Event, None, None]:
        """The loop, and the handling of every way it can end."""
        ended = False  # the loop, in all ranks
        try:
            stopped_by = yield from join_ranks(training, self._control)
            if stopped_by is None:
                status, values = yield from run_steps(training, self._control)
            else:
                status, values = "interrupted", {"by": stopped_by}
            ended = True
        except Exception as error:
            lost = isinstance(error, ProcessLostError) or training.group.broken_by(error)
            if lost:
                yield from save_after_loss(training)
            failure = training.group.lost(str(error)) if lost else failure_of(self._recording, error)
            if self._recording.made_step:
                step = training.progress.step
                self._recording.ended = True
                yield from self._recording.news_before_the_end()
                yield finished(
                    self._began_without_pauses, step, "failed", {"error": failure.key, **failure.values}, str(failure)
                )
                yield events.State(step=step, state="FAILED")
            raise failure from error
        finally:
            training.group.close(ended)
        if status == "interrupted" and training.progress.step == 0:
            raise Interrupted
        self._handed_over = status == "interrupted" and values["by"] == DETACH
        if self._run_checks is not None and status != "interrupted":
            self._folder.sync()
            yield from self._run_checks.check_after(
                self._folder.path, training.corpus, lambda: self._control.stop_asked
            )
        self._recording.ended = status != "interrupted"
        self._recording.interrupted = not (self._recording.ended or self._handed_over)
        if self._recording.ended:
            yield from self._recording.news_before_the_end()
        ending_event = finished(self._began_without_pauses, training.progress.step, status, values)
        yield ending_event
        yield events.State(step=training.progress.step, state=ending_event.state_word)

    def _interruptible(
        self, preparing: Generator[events.Progress, None, Result]
    ) -> Generator[events.Progress, None, Result]:
        shown_at = 0.0

        def shown(progress: events.Progress) -> Iterator[events.Progress]:
            nonlocal shown_at
            if self._control.stop_asked:
                raise Interrupted
            if time.monotonic() - shown_at > 0.25 or progress.done == progress.total:
                shown_at = time.monotonic()
                yield progress

        if self._control.stop_asked:
            preparing.close()
            raise Interrupted
        return relayed(preparing, shown)

    def _take_fitting(self, settings: Settings, corpus: Corpus, machine: Machine) -> Settings:
        """The largest micro-batch that memory allows, chosen before the first step, because a kill by the kernel cannot be
        handled."""
        fitting = fitting_microbatch(settings, corpus.tokenizer.vocab_size, machine)
        if fitting is not settings:
            sources = {**self._resolved.sources, "microbatch": "memory"}
            self._recording.resolved = replace(self._resolved, settings=fitting, sources=sources)
        return fitting
