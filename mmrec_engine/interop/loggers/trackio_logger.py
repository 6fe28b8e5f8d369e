"""Logs in trackio: in the folder that TRACKIO_DIR names, else in the logger's folder; or on the server of TRACKIO_SPACE_ID or
TRACKIO_SERVER_URL."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from mmrec_engine.interop.loggers.logger import PROJECT, SAMPLE, Ending, LoggedRun, LoggedStep, Logger


class TrackioLogger(Logger):
    def __init__(self) -> None:
        self.state: dict[str, Any] = {}

    def open(self, run: LoggedRun) -> int:
        os.environ.setdefault("TRACKIO_DIR", str(run.folder))  # read when the library is imported
        import trackio

        self._library = trackio
        project = os.environ.get("TRACKIO_PROJECT") or PROJECT
        name = str(run.state.get("run") or run.name)
        if "run" not in run.state and name in trackio.sqlite_storage.SQLiteStorage.get_runs(project):
            name = f"{name}-{run.id}"
        self.state["run"] = name
        self._run: Any = trackio.init(
            project=project,
            name=name,
            config=dict(run.config),
            resume="allow",
            embed=False,
            auto_log_cpu=False,
            auto_log_gpu=False,
        )
        self.place = os.environ["TRACKIO_DIR"]
        return int(self._run._next_step) - 1

    def add(self, steps: Sequence[LoggedStep]) -> None:
        for one in steps:
            texts = {name: self._library.Markdown(_shown(name, text)) for name, text in one.texts.items()}
            self._run.log({**one.values, **texts}, step=one.step)

    def close(self, ending: Ending | None) -> None:
        self._run.finish()


def _shown(name: str, text: str) -> str:
    """A text as Markdown; that of a model is shown as it is."""
    return "\n".join(f"    {line}" for line in text.splitlines()) if name == SAMPLE else text
