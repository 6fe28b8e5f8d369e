"""What a run leaves behind: its record, run.json, the report and the logs. Every event is recorded before anyone sees it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mmrec_engine import events
from mmrec_engine.checks.monitor.monitor import Monitor
from mmrec_engine.checks.waivers import marked
from mmrec_engine.data.prepare import Corpus
from mmrec_engine.events import Event
from mmrec_engine.interop.loggers.feeding import Loggers
from mmrec_engine.locales.catalogue import DEFAULT_LANGUAGE
from mmrec_engine.run.checks_around_run import RunChecks
from mmrec_engine.runs.catalog import read_events
from mmrec_engine.runs.noted_runs import note_run, noted_while_preparing
from mmrec_engine.runs.run_folder import RunFolder
from mmrec_engine.runs.run_text import record_of
from mmrec_engine.settings import Resolved
from mmrec_engine.storage import run_files


class Recording:
    """The folder of a run and what is written there. It exists from the first step on (`made_step`).

    resolved: the settings as they are now; description: the content of run.json; corpus: once it is prepared; ended: normally
    or not; interrupted: and not handed over; both are reported. functions: get each event after it is recorded.
    """

    def __init__(
        self,
        folder: RunFolder,
        resolved: Resolved,
        run_checks: RunChecks | None,
        functions: Sequence[Callable[[Event], object]],
    ) -> None:
        self.folder, self.resolved = folder, resolved
        self.description: dict[str, Any] = {}
        self.corpus: Corpus | None = None
        self.made_step = False
        self.ended = False
        self.interrupted = False
        self._run_checks = run_checks
        self._monitor = Monitor()
        self._loggers = Loggers(functions)
        self._delayed = False  # events wait in memory for the disk
        self._preparing = contextlib.ExitStack()
        self._preparing.enter_context(noted_while_preparing(folder.path))

    def recorded(self, stream: Generator[Event, None, None]) -> Iterator[Event]:
        """Record each event before anyone sees it. If the disk refuses one, the part of the run that made it decides."""
        event = next(stream, None)
        while event is not None:
            try:
                yield from self._with_findings(event)
                yield from self._delay_reported(event.step)
                for news in self._loggers.news():
                    yield from self._with_findings(news)
            except OSError as error:
                event = stream.throw(error)
            else:
                event = next(stream, None)

    def continued(self, checkpoint: Path, step: int) -> list[events.Finding]:
        """Continue the record after a checkpoint. Returns the findings that the record lacks."""
        corpus = self.corpus
        record = (lambda: None) if corpus is None else lambda: record_of(corpus, self.resolved.settings)
        self.folder.continue_after(checkpoint.name, step, self.description, record)
        lacking = self._monitor.fold(read_events(self.folder.path))
        self._begin()
        return [events.Finding(step=step, finding=finding) for finding in lacking]

    def news_before_the_end(self) -> Iterator[Event]:
        """Let the loggers get what is recorded, so that one that cannot is reported before the run's last event."""
        if self._loggers:
            with contextlib.suppress(OSError):
                self.folder.sync()
            self._loggers.wait_for_all()
        yield from self._loggers.news()

    def leave(self) -> list[Event]:
        """Leave the folder. Returns what became of the loggers since the end: events that are recorded after the last one."""
        if not self.made_step:
            self.abandon()
            return []
        if self.ended or self.interrupted:
            self._write_report()
        late = self._end_loggers()
        self.folder.close()
        return late

    def hand_over(self) -> int | None:
        """Leave the folder locked for the process that continues the run. Returns the descriptor of the lock."""
        self._loggers.end(wait=False)  # the next process continues the logs
        return self.folder.hand_over()

    def abandon(self) -> None:
        """Leave a folder in which nothing was made."""
        self._loggers.end(wait=False)
        self._preparing.close()
        self.folder.abandon()

    def write_missing_report(self) -> None:
        """Write the report that a process killed after its run's last event did not write."""
        if not all((self.folder.path / name).exists() for name in run_files.REPORTS):
            self._write_report()

    def _with_findings(self, event: Event) -> Iterator[Event]:
        waived = self._run_checks.waived if self._run_checks is not None else frozenset()
        found: list[Event] = [
            events.Finding(step=event.step, finding=marked(one, waived)) for one in self._monitor.add(event)
        ]
        found += [events.FindingUpdate(step=event.step, finding=marked(one, waived)) for one in self._monitor.updates()]
        # The end is the last event of a record; its findings come before it.
        for one in [*found, event] if isinstance(event, events.RunFinished) else [event, *found]:
            self._record(one)
            self._loggers.add(one)
            yield one

    def _delay_reported(self, step: int) -> Iterator[Event]:
        """Report once that lines of the record wait in memory."""
        failure, before = self.folder.failure, self._delayed
        self._delayed = failure is not None
        if failure is not None and not before:
            reason = failure.strerror or str(failure)
            yield from self._with_findings(
                events.Unwritten(step=step, path=run_files.EVENTS, reason=reason, saved_step=0)
            )

    def _record(self, event: Event) -> None:
        if isinstance(event, events.Step) and not self.made_step:
            record = None if self.corpus is None else record_of(self.corpus, self.resolved.settings)
            self.folder.begin(self.description, record)  # an old run is replaced only now
            self._begin()
        if isinstance(event, events.SettingsChanged):
            self._describe_changed(event)
        self.folder.record(event)

    def _begin(self) -> None:
        """From now on the run exists, and stays."""
        self.made_step = True
        language = self._run_checks.language if self._run_checks is not None else DEFAULT_LANGUAGE
        self._loggers.begin(self.resolved.settings, self.folder.path, language)
        note_run(self.folder.path)
        self._preparing.close()

    def _describe_changed(self, event: events.SettingsChanged) -> None:
        """Write run.json with the present settings."""
        settings = replace(self.resolved.settings, **event.changes)
        self.resolved = replace(self.resolved, settings=settings)
        self.description["settings"] = settings.as_dict()
        if self.made_step:
            self.folder.describe(self.description)

    def _end_loggers(self) -> list[Event]:
        with contextlib.suppress(OSError):
            self.folder.sync()
        self._loggers.end(wait=True, shortly=not self.ended)
        late = [event for news in self._loggers.news() for event in self._with_findings(news)]
        if self.ended and any(isinstance(event, events.Finding) for event in late):
            self._write_report()
        return late

    def _write_report(self) -> None:
        if self._run_checks is not None:
            try:
                self.folder.sync()
                self._run_checks.write_report(self.folder.path)
            except OSError as error:  # the run itself is complete; `check after` writes its report again
                self.folder.log(error)
