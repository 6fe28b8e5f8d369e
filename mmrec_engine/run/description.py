"""The content of run.json and of the first event."""

from __future__ import annotations

import platform
from typing import Any

import numpy as np
import torch

from mmrec_engine import events
from mmrec_engine.data.batches import validation_windows
from mmrec_engine.system.cores import allowed_cores, cpu_quota
from mmrec_engine.training.state import TrainingState
from mmrec_engine.version import __version__


def description(training: TrainingState, sources: dict[str, str], origin: dict[str, Any]) -> dict[str, Any]:
    """run.json. sources: of each setting; origin: the run that this one follows."""
    return {
        "settings": training.settings.as_dict(),
        "sources": sources,
        "seed": training.settings.seed,
        **training.machine.as_dict(),
        "device": str(training.machine.device),
        "parameters": training.model.config.parameters(),
        "model": training.model.config.as_dict(),
        "corpus": training.corpus.describe(),
        "versions": {
            "mmrec": __version__,
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": np.__version__,
        },
        "machine": {"system": platform.platform(), "processor": platform.machine(), **_quota()},
        "origin": origin,
    }


def started(training: TrainingState, described: dict[str, Any], baselines: dict[str, float]) -> events.RunStarted:
    """The first event. described: the run's description; baselines: n-gram baselines, nats a token."""
    length = training.settings.evaluated_length
    return events.RunStarted(
        planned_steps=training.plan.planned_steps,
        steps_an_epoch=training.plan.steps_an_epoch,
        parameters=described["parameters"],
        corpus={
            **described["corpus"],
            "train_windows": training.plan.windows_an_epoch,
            "validation_windows": sum(windows.count for windows in validation_windows(training.corpus, length)),
        },
        settings=training.settings.as_dict(),
        machine={**{name: described[name] for name in ("device", *training.machine.as_dict())}, **_quota()},
        baselines=baselines,
        origin=described.get("origin", {}),
    )


def _quota() -> dict[str, Any]:
    """A container's limit of cores, if it is below all cores of the machine."""
    quota = cpu_quota()
    return {} if quota is None else {"cores": allowed_cores(), "cpu_quota": round(quota, 3)}
