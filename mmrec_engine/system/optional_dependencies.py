"""Optional libraries: imported when they are used, with an error that names a missing one."""

from __future__ import annotations

import importlib
import shlex
import sys
from pathlib import Path
from types import ModuleType

from mmrec_engine.errors import RequestError

_CLONE = Path(__file__).parents[2]  # where the package is used from a clone


def library(name: str, extra: str) -> ModuleType:
    """Import it. extra: of this package, that installs it. Raises RequestError."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise RequestError("extra-missing", library=name, command=install_command(extra)) from None


def install_command(extra: str) -> str:
    """The command that installs an extra into the current environment: from the clone, if it is one; else from the index."""
    python = shlex.quote(sys.executable or "python3")
    if (_CLONE / "pyproject.toml").is_file():
        return f"{python} -m pip install -e {shlex.quote(f'{_CLONE}[{extra}]')}"
    return f"{python} -m pip install {shlex.quote(f'mmrec-tui[{extra}]')}"
