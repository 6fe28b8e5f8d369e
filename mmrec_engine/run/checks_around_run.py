"""The checks around a run: those before training, those after a normal end, and the report.

The checks on its events (`checks.monitor`) belong to every run; these take seconds, so the caller of a run requests them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mmrec_engine import events
from mmrec_engine.checks import report
from mmrec_engine.checks.finding import Finding
from mmrec_engine.checks.postrun.all_checks import checks_after, checks_of
from mmrec_engine.checks.preflight.all_checks import baselines_of, checks_before, count_of_checks, failing
from mmrec_engine.checks.verdict import verdict_of
from mmrec_engine.checks.waivers import is_waived, marked
from mmrec_engine.data.prepare import Corpus
from mmrec_engine.errors import Interrupted, TrainingError
from mmrec_engine.events import Event
from mmrec_engine.locales.catalogue import DEFAULT_LANGUAGE, LANGUAGES, Language
from mmrec_engine.locales.guide.findings import title
from mmrec_engine.runs.checklist_marks import read_ticks
from mmrec_engine.runs.other_runs import OtherRunsReader
from mmrec_engine.runs.run_reader import RunReader
from mmrec_engine.settings import Settings
from mmrec_engine.training.device import Machine

_MOST_NAMED = 4
_BASELINES = ("baselines",)
Stopping = Callable[[], bool]


@dataclass(frozen=True)
class RunChecks:
    """Which checks a run has.

    before: run the checks before training; otherwise only the baselines are computed, which the checks on events use. found:
    findings that these checks have made already for this very run; they are recorded, the checks are not run again, and the
    caller has seen them: none of them stops the run. The baselines are computed if they are not among them.
    strict: warnings stop it too. stops: whether a failed check stops the run; not where it was started although not all checks
    had been made. language: of report.md. waived: ids of checks whose findings do not stop a run.
    others: the other runs on the text of a run, for its report.
    """

    before: bool = True
    found: tuple[Finding, ...] = ()
    strict: bool = False
    stops: bool = True
    language: Language = DEFAULT_LANGUAGE
    waived: frozenset[str] = frozenset()
    others: OtherRunsReader = field(default_factory=OtherRunsReader, compare=False)

    @property
    def all_waived(self) -> frozenset[str]:
        """With the checks that were waived where the findings were made."""
        return self.waived | {str(one["id"]) for one in self.found if is_waived(one)}

    def check_before(
        self,
        settings: Settings,
        sources: Mapping[str, str],
        corpus: Corpus,
        folder: Path,
        machine: Machine,
        warm_start: bool,
        stopping: Stopping,
    ) -> Generator[Event, None, dict[str, float]]:
        """The checks before training. Returns the n-gram baselines (nats a token).

        Raises TrainingError if a check failed, Interrupted if the run was stopped meanwhile.
        """
        findings: list[Finding] = list(self.found)
        yield from (events.Check(finding=one) for one in findings)
        known = {str(one["id"]) for one in findings}
        if not known.issuperset(_BASELINES):  # a run may start before its checks have ended
            everything = self.before and not findings
            total = count_of_checks(corpus, settings) if everything else len(_BASELINES)
            only = None if everything else _BASELINES
            made = checks_before(settings, sources, corpus, folder, machine, warm_start, only)
            yield events.Progress(task="checks", done=0, total=total)
            for done, finding in enumerate((marked(one, self.waived) for one in made), start=1):
                if stopping():
                    raise Interrupted
                findings.append(finding)
                yield events.Check(finding=finding)
                yield events.Progress(task="checks", done=done, total=total)
            failed = failing(findings, self.strict)
            if failed and everything and self.stops:
                flags = " ".join(f"--waive {one['id']}" for one in failed)
                raise TrainingError("checks-failed", count=len(failed), titles=_titles(failed), waive=flags)
        return baselines_of(findings)

    def check_after(self, folder: Path, corpus: Corpus, stopping: Stopping) -> Iterator[Event]:
        """The checks of a run that has ended normally, before its last event. A stop request skips the remaining ones."""
        history = RunReader(folder).first_view()
        step = history.last_step.step if history.last_step else 0
        total = len(checks_of(history.settings))
        yield events.State(step=step, state="VALIDATING")
        yield events.Progress(step=step, task="checks", done=0, total=total)
        for done, finding in enumerate(checks_after(folder, history, corpus, ended_well=True), start=1):
            yield events.Check(step=step, finding=marked(finding, self.waived))
            yield events.Progress(step=step, task="checks", done=done, total=total)
            if stopping():
                return

    def write_report(self, folder: Path) -> None:
        """report.json and report.md of a run that has ended, or was interrupted. Raises OSError."""
        history = RunReader(folder).first_view()
        interrupted = history.finished is None or history.finished.status == "interrupted"
        verdict = None if interrupted else verdict_of(history, self.others.of(folder))  # the others take time to read
        content = report.report_of(history, folder.name, read_ticks(folder), verdict=verdict)
        report.write(folder, content, self.language)


def _titles(findings: list[Finding]) -> dict[Language, str]:
    more = "" if len(findings) <= _MOST_NAMED else ", …"
    return {
        language: ", ".join(title(one, language) for one in findings[:_MOST_NAMED]) + more for language in LANGUAGES
    }
