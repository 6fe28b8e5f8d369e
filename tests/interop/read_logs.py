"""Reads the log of each logger with its library's own reader, as rows of (step, name, value)."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

LOSS, VALIDATION = "train/loss", "validation/loss"


def rows_of(logger: str, logs: Path, name: str) -> list[tuple[int, float]]:
    """Steps and values of a metric as they are in the log, in its order, also if a step is there twice."""
    return {"csv": _csv, "tensorboard": _tensorboard, "wandb": _wandb, "trackio": _trackio, "mlflow": _mlflow}[logger](
        logs / logger, name
    )


def _csv(folder: Path, name: str) -> list[tuple[int, float]]:
    with (folder / "steps.csv").open(newline="") as file:
        return [(int(row["step"]), float(row[name])) for row in csv.DictReader(file) if row[name]]


def _tensorboard(folder: Path, name: str) -> list[tuple[int, float]]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    # Without its own removal of repeated steps: there must not be any.
    log = EventAccumulator(str(folder), size_guidance={"scalars": 0, "tensors": 0}, purge_orphaned_data=False)
    log.Reload()
    return [(one.step, one.value) for one in log.Scalars(name)]


def wandb_records(folder: Path) -> list[Any]:
    from wandb.proto import wandb_internal_pb2
    from wandb.sdk.internal.datastore import DataStore

    records = []
    for path in sorted(folder.glob("*run-*/run-*.wandb")):
        store = DataStore()
        store.open_for_scan(str(path))
        while (data := store.scan_data()) is not None:
            record = wandb_internal_pb2.Record()
            record.ParseFromString(data)
            records.append(record)
    return records


def _wandb(folder: Path, name: str) -> list[tuple[int, float]]:
    rows = []
    for record in wandb_records(folder):
        if record.WhichOneof("record_type") == "history":
            values = {one.key or "/".join(one.nested_key): one.value_json for one in record.history.item}
            if name in values:
                assert json.loads(values["_step"]) == record.history.step.num
                rows.append((record.history.step.num, float(json.loads(values[name]))))
    return rows


def _trackio(folder: Path, name: str) -> list[tuple[int, float]]:
    """In a process of its own: the library reads where its files are when it is imported."""
    program = (
        "import json, trackio\n"
        "from trackio.sqlite_storage import SQLiteStorage\n"
        "[run] = SQLiteStorage.get_runs('mmrec')\n"
        f"rows = [(row['step'], row[{name!r}]) for row in SQLiteStorage.get_logs('mmrec', run) if {name!r} in row]\n"
        "print(json.dumps(rows))"
    )
    read = subprocess.run(
        [sys.executable, "-c", program], env={"TRACKIO_DIR": str(folder)}, capture_output=True, text=True, check=True
    )
    return [(step, float(value)) for step, value in json.loads(read.stdout)]


def mlflow_run(folder: Path) -> tuple[Any, Any]:
    """The client, and the only run of the store."""
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=f"sqlite:///{folder / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("mmrec")
    [run] = client.search_runs([experiment.experiment_id])
    return client, run


def _mlflow(folder: Path, name: str) -> list[tuple[int, float]]:
    client, run = mlflow_run(folder)
    return [(one.step, one.value) for one in client.get_metric_history(run.info.run_id, name)]
