"""Logs as TensorBoard's event files: `tensorboard --logdir checkpoints` shows all runs.

Each process of a run writes a file of its own; where the log stands is read from the files.
"""

from __future__ import annotations

import time as clock
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.plugins.hparams import metadata, plugin_data_pb2
from tensorboard.plugins.text.plugin_data_pb2 import TextPluginData
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from mmrec_engine.interop.loggers.logger import Ending, LoggedRun, LoggedStep, Logger

_QUEUE, _SECONDS = 10_000, 3600  # of the writer: it writes when it is told to


class TensorBoardLogger(Logger):
    def __init__(self) -> None:
        self.state: dict[str, Any] = {}

    def open(self, run: LoggedRun) -> int:
        folder = run.own_folder
        folder.mkdir(parents=True, exist_ok=True)
        self.place = str(folder)
        last = max((_last_step(path) for path in sorted(folder.glob("events.out.tfevents.*"))), default=-1)
        self._writer = EventFileWriter(str(folder), _QUEUE, _SECONDS)
        if last < 0:
            self._write_hyperparameters(run)
        return last

    def add(self, steps: Sequence[LoggedStep]) -> None:
        for one in steps:
            values = [Summary.Value(tag=name, simple_value=value) for name, value in one.values.items()]
            values += [_text(name, text) for name, text in one.texts.items()]
            self._add(values, one.step, one.time)
        self._writer.flush()

    def close(self, ending: Ending | None) -> None:
        self._writer.close()

    def _write_hyperparameters(self, run: LoggedRun) -> None:
        started = plugin_data_pb2.SessionStartInfo(group_name=run.name)
        for name, value in run.config.items():
            if isinstance(value, bool):
                started.hparams[name].bool_value = value
            elif isinstance(value, int | float):
                started.hparams[name].number_value = value
            else:
                started.hparams[name].string_value = str(value)
        self._add([_plugin(metadata.SESSION_START_INFO_TAG, session_start_info=started)], 0)
        lines = [f"| {name} | {value} |" for name, value in run.config.items()]
        self._add([_text("config", "\n".join(["| | |", "| --- | --- |", *lines]))], 0)

    def _add(self, values: Sequence[Any], step: int, time: float | None = None) -> None:
        self._writer.add_event(
            Event(wall_time=clock.time() if time is None else time, step=step, summary=Summary(value=values))
        )


def _text(name: str, text: str) -> Any:
    about = SummaryMetadata.PluginData(plugin_name="text", content=TextPluginData(version=0).SerializeToString())
    tensor = TensorProto(
        dtype="DT_STRING",
        string_val=[text.encode("utf-8", "backslashreplace")],
        tensor_shape=TensorShapeProto(dim=[TensorShapeProto.Dim(size=1)]),
    )
    return Summary.Value(tag=name, metadata=SummaryMetadata(plugin_data=about), tensor=tensor)


def _plugin(tag: str, **content: Any) -> Any:
    data = plugin_data_pb2.HParamsPluginData(version=metadata.PLUGIN_DATA_VERSION, **content)
    return Summary.Value(tag=tag, metadata=metadata.create_summary_metadata(data))


def _last_step(path: Path) -> int:
    """The last step with values in an event file; -1 if there is none. An incomplete end is ignored."""
    last = -1
    for event in EventFileLoader(str(path)).Load():
        if any(value.tag.startswith(("train/", "validation/")) for value in event.summary.value):
            last = max(last, event.step)
    return last
