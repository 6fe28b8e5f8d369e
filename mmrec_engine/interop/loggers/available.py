"""The loggers by name, and the library that each needs."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmrec_engine.errors import RequestError
from mmrec_engine.settings import loggers_of
from mmrec_engine.system.optional_dependencies import install_command

if TYPE_CHECKING:
    from mmrec_engine.interop.loggers.logger import Logger


@dataclass(frozen=True)
class _Entry:
    """package: that has to be installed, by the extra of the same name as the logger; None: it needs none."""

    module: str
    kind: str  # its class
    package: str | None = None


_LOGGERS = {
    "tensorboard": _Entry("tensorboard_logger", "TensorBoardLogger", "tensorboard"),
    "wandb": _Entry("wandb_logger", "WandbLogger", "wandb"),
    "trackio": _Entry("trackio_logger", "TrackioLogger", "trackio"),
    "mlflow": _Entry("mlflow_logger", "MlflowLogger", "mlflow"),
    "csv": _Entry("csv_logger", "CsvLogger"),
}
# What each logger needs; those that need nothing are not in it.
PACKAGES = {name: entry.package for name, entry in _LOGGERS.items() if entry.package is not None}


def require_libraries(names: str | None) -> None:
    """Raises RequestError if a library for these loggers (settings.LOGGERS, joined by commas) is not installed.

    None is imported: that takes seconds, and is done in the process of each logger.
    """
    for name in loggers_of(names):
        needed = PACKAGES.get(name)
        if needed is not None and importlib.util.find_spec(needed) is None:
            raise RequestError("extra-missing", library=needed, command=install_command(name))


def new_logger(name: str) -> Logger:
    """The logger of this name. Raises whatever the import of its library raises."""
    entry = _LOGGERS[name]
    module = importlib.import_module(f"{__package__}.{entry.module}")
    made: Logger = getattr(module, entry.kind)()
    return made
