"""mmrec's engine: trains, evaluates and checks small language models. Must not know: screens.

Importing it is cheap; torch is imported when one of the names below is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mmrec_engine.version import __version__

if TYPE_CHECKING:
    from mmrec_engine.evaluation.metrics import evaluate_model, print_evaluation_metrics
    from mmrec_engine.evaluation.trained_model import load_trained
    from mmrec_engine.interop.data_loaders import create_data_loaders
    from mmrec_engine.run.train import train

__all__ = [
    "__version__",
    "create_data_loaders",
    "evaluate_model",
    "load_trained",
    "print_evaluation_metrics",
    "train",
]

_HOMES = {
    "create_data_loaders": "mmrec_engine.interop.data_loaders",
    "evaluate_model": "mmrec_engine.evaluation.metrics",
    "load_trained": "mmrec_engine.evaluation.trained_model",
    "print_evaluation_metrics": "mmrec_engine.evaluation.metrics",
    "train": "mmrec_engine.run.train",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOMES[name]), name)
