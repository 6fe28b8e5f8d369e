"""Logs in Weights & Biases, online or offline as the user's environment says; offline if no account is set up.

Offline each process of a run writes a folder of its own with the same run id; `wandb sync` uploads them.
"""

from __future__ import annotations

import html
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import wandb
from wandb.proto import wandb_internal_pb2
from wandb.sdk.internal.datastore import DataStore

from mmrec_engine.interop.loggers.logger import PROJECT, Ending, LoggedRun, LoggedStep, Logger

_SETTLE_SECONDS = 3.0  # until the library's own process has written what a killed one had given it
_INIT_SECONDS = 60.0


class WandbLogger(Logger):
    def __init__(self) -> None:
        self.state: dict[str, Any] = {}

    def open(self, run: LoggedRun) -> int:
        run.folder.mkdir(parents=True, exist_ok=True)
        if run.state.get("closed") is False:
            time.sleep(_SETTLE_SECONDS)
        files = [str(path) for path in run.state.get("files", [])]
        last = max((_last_step(Path(path)) for path in files), default=-1)
        try:
            self._run = self._begin(run, None)
        except wandb.errors.UsageError:
            if os.environ.get("WANDB_MODE"):
                raise
            self._run = self._begin(run, "offline")  # there is no account here
        self.place = self._run.url or str(Path(self._run.dir).parent)
        self.state["files"] = [*files, str(self._run.settings.sync_file)]
        return max(last, int(self._run.step) - 1)

    def add(self, steps: Sequence[LoggedStep]) -> None:
        for one in steps:
            texts = {name: wandb.Html(f"<pre>{html.escape(text)}</pre>") for name, text in one.texts.items()}
            self._run.log({**one.values, **texts}, step=one.step)

    def change_config(self, config: Mapping[str, Any]) -> None:
        self._run.config.update(dict(config), allow_val_change=True)

    def set_notes(self, notes: str) -> None:
        self._run.notes = notes

    def close(self, ending: Ending | None) -> None:
        if ending is not None:
            self._run.summary.update(dict(ending.summary))
        self._run.finish(exit_code=int(ending is not None and ending.status == "failed"))

    def _begin(self, run: LoggedRun, mode: Any) -> Any:
        settings = wandb.Settings(console="off", save_code=False, x_stats_pid=run.process, init_timeout=_INIT_SECONDS)
        return wandb.init(
            project=os.environ.get("WANDB_PROJECT") or PROJECT,
            name=os.environ.get("WANDB_NAME") or run.name,
            id=run.id,
            resume="allow",
            dir=os.environ.get("WANDB_DIR") or str(run.folder.parent),  # it adds a folder "wandb"
            config=dict(run.config),
            mode=mode,
            settings=settings,
        )


def _last_step(path: Path) -> int:
    """The last step in the file that the library writes for each process; -1 if there is none. A damaged end is ignored."""
    store: Any = DataStore()
    last = -1
    try:
        store.open_for_scan(str(path))
        record_type: Any = getattr(wandb_internal_pb2, "Record")  # noqa: B009  # known at run time only
        while (data := store.scan_data()) is not None:
            record = record_type()
            record.ParseFromString(data)
            if record.WhichOneof("record_type") == "history":
                last = max(last, record.history.step.num)
    except (AssertionError, OSError, ValueError):
        pass
    return last
