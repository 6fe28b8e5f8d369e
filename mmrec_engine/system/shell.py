"""Commands as a person types them."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable


def command_line(words: Iterable[str]) -> str:
    """The words for the shell of this system."""
    if sys.platform == "win32":
        import subprocess

        return subprocess.list2cmdline([*words])
    else:
        return shlex.join(words)
