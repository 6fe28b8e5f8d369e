"""Logs in MLflow: in the store that MLFLOW_TRACKING_URI names, else in an SQLite file of the logger's folder."""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from mmrec_engine.interop.loggers.logger import PROJECT, REPORT, Ending, LoggedRun, LoggedStep, Logger, locked

_MOST_METRICS, _MOST_PARAMS = 1000, 100  # of one request
_LONGEST_PARAM, _LONGEST_TAG = 500, 5000  # characters, that every store accepts
_MARK = "train/loss"  # the last metric of a step, by which the end of the log is found
_NOTES = "mlflow.note.content"
_NOT_IN_NAMES = re.compile(r"[^\w\-. :/]")


class MlflowLogger(Logger):
    def __init__(self) -> None:
        self.state: dict[str, Any] = {}

    def open(self, run: LoggedRun) -> int:
        store = os.environ.get("MLFLOW_TRACKING_URI")
        artifacts = None
        if not store:
            run.folder.mkdir(parents=True, exist_ok=True)
            store, artifacts = _uri(_made_store(run.folder)), (run.folder / "artifacts").as_uri()
        self.place = store
        self._client = MlflowClient(tracking_uri=store)
        id = run.state.get("run_id")
        if id is not None and run.state.get("store") == store:
            self._id = str(id)
            self._client.update_run(self._id, status="RUNNING")
            history = self._client.get_metric_history(self._id, _MARK)
            return max((one.step for one in history), default=-1)
        made = self._client.create_run(self._experiment(artifacts), run_name=run.name)
        self._id = made.info.run_id
        self.state |= {"run_id": self._id, "store": store}
        params = [Param(_name(name), str(value)[:_LONGEST_PARAM]) for name, value in run.config.items()]
        for first in range(0, len(params), _MOST_PARAMS):
            self._client.log_batch(self._id, params=params[first : first + _MOST_PARAMS])
        return -1

    def add(self, steps: Sequence[LoggedStep]) -> None:
        for one in steps:
            for name, text in one.texts.items():
                path = f"{name}.md" if name == REPORT else f"{name}/step-{one.step:07d}.txt"
                self._client.log_text(self._id, text, path)
        for metrics in _batches(steps):
            self._client.log_batch(self._id, metrics=metrics)

    def change_config(self, config: Mapping[str, Any]) -> None:
        """Params cannot change, so the new values are tags."""
        before = self._client.get_run(self._id).data.params
        changed = {name: str(value)[:_LONGEST_PARAM] for name, value in config.items()}
        tags = [RunTag(_name(name), value) for name, value in changed.items() if before.get(_name(name)) != value]
        self._client.log_batch(self._id, tags=tags)

    def set_notes(self, notes: str) -> None:
        self._client.set_tag(self._id, _NOTES, notes[:_LONGEST_TAG])

    def close(self, ending: Ending | None) -> None:
        if ending is None:
            self._client.set_terminated(self._id, status="KILLED")
            return
        tags = [RunTag(_name(name), str(value)[:_LONGEST_TAG]) for name, value in ending.summary.items()]
        self._client.log_batch(self._id, tags=tags)
        self._client.set_terminated(self._id, status="FAILED" if ending.status == "failed" else "FINISHED")

    def _experiment(self, artifacts: str | None) -> str:
        if id := os.environ.get("MLFLOW_EXPERIMENT_ID"):
            return id
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or PROJECT
        if (found := self._client.get_experiment_by_name(name)) is not None:
            return str(found.experiment_id)
        try:
            return str(self._client.create_experiment(name, artifact_location=artifacts))
        except MlflowException:  # another run made it meanwhile
            if (found := self._client.get_experiment_by_name(name)) is None:
                raise
            return str(found.experiment_id)


def _made_store(folder: Path) -> Path:
    """The SQLite file, with its tables. It gets its name when it is complete: a half made one could never be opened."""
    path, new = folder / "mlflow.db", folder / "mlflow.db.new"
    with locked(folder / "mlflow.lock"):
        if not path.exists():
            new.unlink(missing_ok=True)
            MlflowClient(tracking_uri=_uri(new)).search_experiments(max_results=1)
            with contextlib.closing(sqlite3.connect(new)) as file:
                file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            new.replace(path)
    return path


def _uri(path: Path) -> str:
    return f"sqlite:///{path}"


def _batches(steps: Sequence[LoggedStep]) -> Iterator[list[Metric]]:
    """The metrics of whole steps, in batches that a request may have."""
    batch: list[Metric] = []
    for one in steps:
        names = sorted(one.values, key=lambda name: name == _MARK)
        metrics = [Metric(_name(name), one.values[name], int(1000 * one.time), one.step) for name in names]
        if len(batch) + len(metrics) > _MOST_METRICS:
            yield batch
            batch = []
        batch += metrics
    if batch:
        yield batch


def _name(name: str) -> str:
    return _NOT_IN_NAMES.sub("_", name)[:250]
