"""Shell completion: what the shell asks while a person types, and the script that makes it ask. Typer has both."""

from __future__ import annotations

import os

import typer.main

from mmrec_tui.text import UsageText, Wording

PROGRAM = "mmrec-tui"
VARIABLE = "_MMREC_TUI_COMPLETE"  # environment: set by the shell's script, "complete_bash" and the like


def answer(wording: Wording) -> int:
    """Print what may stand where the person types. Called instead of a command, with the line so far in the environment."""
    from typer.completion import completion_init, shell_complete

    from mmrec_tui.command_line import WITH_SETTINGS, build

    completion_init()
    line = (os.environ.get("_TYPER_COMPLETE_ARGS") or os.environ.get("COMP_WORDS") or "").split()
    command = typer.main.get_command(build(wording, False, None, any(word in WITH_SETTINGS for word in line)))
    return int(shell_complete(command, {}, PROGRAM, VARIABLE, os.environ[VARIABLE]))


def install(wording: Wording) -> None:
    """Put the script where the person's shell reads it. Raises UsageText for a shell that has none; OSError passes through."""
    from shellingham import ShellDetectionFailure, detect_shell
    from typer._completion_shared import install as write

    try:
        shell = detect_shell()[0]
    except ShellDetectionFailure:
        shell = os.path.basename(os.environ.get("SHELL", ""))  # noqa: PTH119, a name is all that is wanted
    if shell not in ("bash", "zsh", "fish", "powershell", "pwsh"):
        raise UsageText(wording("completion.no-shell", shell=shell or "?"))
    _, path = write(shell=shell, prog_name=PROGRAM, complete_var=VARIABLE)
    print(wording("completion.installed", shell=shell, path=path))
