"""Optional libraries: imported when they are used, with an error that names a missing one."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

from mmrec_engine.errors import RequestError
from mmrec_engine.system.shell import command_line

_CLONE = Path(__file__).parents[2]  # where the package is used from a clone


def library(name: str, extra: str) -> ModuleType:
    """Import it. extra: of this package, that installs it. Raises RequestError."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise RequestError("extra-missing", library=name, command=install_command(extra)) from None


def install_command(extra: str) -> str:
    """The command that installs an extra into the current environment: from the clone, if it is one; else from the index."""
    pip = [sys.executable or "python3", "-m", "pip", "install"]
    if (_CLONE / "pyproject.toml").is_file():
        return command_line([*pip, "-e", f"{_CLONE}[{extra}]"])
    return command_line([*pip, f"mmrec-tui[{extra}]"])
