"""Typer in the person's language: help with its headings, and usage errors as one clear line."""

from __future__ import annotations

from typing import Any

import typer
import typer.core
from typer._click import exceptions as click  # Typer carries its own click; the version is pinned for this

from mmrec_tui.text import Wording

ClickException = click.ClickException


class WordedTyper(typer.Typer):
    """A Typer whose help has its headings in the person's language too."""

    def __init__(self, wording: Wording, **how: Any) -> None:
        self._command_class = _worded(typer.core.TyperCommand, wording)
        super().__init__(help=wording("app.help"), cls=_worded(typer.core.TyperGroup, wording), **how)

    def command(self, name: str | None = None, **how: Any) -> Any:
        return super().command(name, cls=self._command_class, **how)


def _worded(base: Any, wording: Wording) -> Any:
    replaced = {
        "Usage:": wording("heading.usage"),
        "Options:": wording("heading.options"),
        "Commands:": wording("heading.commands"),
        "Arguments:": wording("heading.arguments"),
    }

    class Worded(base):  # type: ignore[misc]  # one class for commands and one for groups
        def get_help_option(self, context: Any) -> Any:
            option = super().get_help_option(context)
            if option is not None:
                option.help = wording("help.help")
            return option

        def get_help(self, context: Any) -> str:
            lines = super().get_help(context).splitlines()
            for number, line in enumerate(lines):
                first = line.partition(" ")[0]
                if first in replaced:
                    lines[number] = line.replace(first, replaced[first], 1)
            return "\n".join(lines)

    return Worded


def usage_text(error: click.ClickException, wording: Wording) -> str:
    """A usage error in the person's language."""
    context = getattr(error, "ctx", None)
    names = []
    while context is not None and context.parent is not None:
        names.append(context.info_name or "")
        context = context.parent
    command = " ".join(reversed(names))
    if isinstance(error, click.NoSuchOption):
        near = (error.possibilities or [""])[0]
        nearest = wording("usage.nearest", name=near) if near else ""
        text = wording("usage.no-option", name=error.option_name, nearest=nearest, command=command)
    elif isinstance(error, click.MissingParameter):
        parameter = error.param
        name = (parameter.metavar or parameter.opts[0]) if parameter is not None else "?"
        text = wording("usage.missing", name=name, command=command)
    elif isinstance(error, click.BadParameter) and error.param is not None:
        kind = error.param.type
        low, high = getattr(kind, "min", None), getattr(kind, "max", None)
        allowed = f"{'' if low is None else f'{low:g}'} … {'' if high is None else f'{high:g}'}"
        text = wording("usage.value", name=error.param.opts[0], allowed=allowed, command=command)
    elif isinstance(error, click.BadOptionUsage):
        text = wording("usage.argument", name=error.option_name, command=command)
    elif error.message.startswith("No such command"):
        text = wording("usage.no-command", name=error.message.removeprefix("No such command ").rstrip("."))
    elif "unexpected extra argument" in error.message:
        extra = error.message.rpartition("(")[2].rstrip(")")
        text = wording("usage.too-many", name=extra, command=command)
    else:
        text = wording("usage.invalid", message=error.format_message().rstrip("."), command=command)
    return text.replace("  --help", " --help")
