"""The checks after training in the background, for a run whose record lacks them; at the end the report is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmrec_engine.locales.catalogue import Language
from mmrec_engine.runs.checklist_marks import read_ticks
from mmrec_engine.runs.history import History
from mmrec_engine.storage.folder_lock import is_live
from mmrec_engine.storage.run_files import BEST, FINAL
from mmrec_tui.app.session import Work


def needs_checks(folder: Path, history: History) -> bool:
    """Whether a run has ended and has a model that can be checked."""
    return (
        history.last_step is not None
        and ((folder / BEST).exists() or (folder / FINAL).exists())
        and not is_live(folder)
    )


class AfterChecks:
    """verdict: `verdict_of`, for the report. found: the findings so far, of `total` (0 until it is known)."""

    def __init__(self, folder: Path, history: History, verdict: dict[str, Any] | None, language: Language) -> None:
        self.found: list[dict[str, Any]] = []
        self.total = 0

        def check(work: Work[None]) -> None:
            from mmrec_engine.checks import report
            from mmrec_engine.checks.postrun.all_checks import checks_after, checks_of

            self.total = len(checks_of(history.settings))
            for finding in checks_after(folder, history):
                if work.stopping():
                    return
                self.found.append(finding)
            content = report.report_of(history, folder.name, read_ticks(folder), self.found, verdict)
            report.write(folder, content, language)

        self._work = Work(check)

    @property
    def done(self) -> bool:
        return self._work.done

    @property
    def seen(self) -> int:
        """Grows whenever there is something new to show."""
        return 2 * len(self.found) + self._work.done

    def stop(self) -> None:
        self._work.stop()
