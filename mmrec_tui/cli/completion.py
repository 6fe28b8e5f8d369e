"""Shell completion: the answers to the shell, and the script that makes the shell ask. Both are Typer's."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import typer
import typer.main

from mmrec_tui.locales import UsageText, Wording

PROGRAM = "mmrec-tui"
VARIABLE = "_MMREC_TUI_COMPLETE"  # environment variable, set by the shell's script to "complete_bash" and the like


def answer(build: Callable[[list[str]], typer.Typer]) -> int:
    """Print the possible completions. Called instead of a command, with the line so far in the environment.

    build: returns the program, given the words so far.
    """
    from typer._completion_classes import completion_init
    from typer.completion import shell_complete

    completion_init()
    line = (os.environ.get("_TYPER_COMPLETE_ARGS") or os.environ.get("COMP_WORDS") or "").split()
    command = typer.main.get_command(build(line))
    return int(shell_complete(command, {}, PROGRAM, VARIABLE, os.environ[VARIABLE]))


def install(wording: Wording) -> None:
    """Install the script for the user's shell. Raises UsageText for a shell without one; OSError passes through."""
    from typer._completion_shared import _get_shell_name
    from typer._completion_shared import install as write

    shell = _get_shell_name() or Path(os.environ.get("SHELL", "")).name
    if shell not in ("bash", "zsh", "fish", "powershell", "pwsh"):
        raise UsageText(wording("completion.no-shell", shell=shell or "?"))
    _, path = write(shell=shell, prog_name=PROGRAM, complete_var=VARIABLE)
    print(wording("completion.installed", shell=shell, path=path))
