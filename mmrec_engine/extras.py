"""Libraries that do not come with the plain installation: imported when they are used, and named where they are missing."""

from __future__ import annotations

import importlib
from types import ModuleType

from mmrec_engine.errors import RequestError


def library(name: str, extra: str) -> ModuleType:
    """Import it. extra: of this package, that brings it. Raises RequestError."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise RequestError("extra-missing", library=name, extra=extra) from None
