"""Typer in the user's language: help with its headings, and usage errors as one clear line."""

from __future__ import annotations

import re
import sys
from typing import Any

import typer
import typer.core
from typer._click import exceptions as click  # Typer contains its own click; the version is pinned for this

from mmrec_tui.locales import Wording
from mmrec_tui.terminal import shows_colour

_FLAG_COLUMNS = 30

ClickException = click.ClickException


class WordedTyper(typer.Typer):
    """A Typer whose help has its headings in the user's language too."""

    def __init__(self, wording: Wording, **how: Any) -> None:
        self._command_class = _worded(typer.core.TyperCommand, wording)
        super().__init__(help=wording("app.help"), cls=_worded(typer.core.TyperGroup, wording), **how)

    def command(self, name: str | None = None, **how: Any) -> Any:
        return super().command(name, cls=self._command_class, **how)


def _worded(base: Any, wording: Wording) -> Any:
    class Worded(base):  # type: ignore[misc]  # one class for commands and one for groups
        def get_help_option(self, context: Any) -> Any:
            option = super().get_help_option(context)
            if option is not None:
                option.help = wording("help.help")
            return option

        def get_help(self, context: Any) -> str:
            lines = super().get_help(context).splitlines()
            for number, line in enumerate(lines):
                if line.startswith("Usage: "):
                    lines[number] = line.replace("Usage:", wording("heading.usage"), 1)
            return "\n".join(_coloured(line) for line in lines) if shows_colour(sys.stdout) else "\n".join(lines)

        def format_options(self, context: Any, formatter: Any) -> None:
            """Arguments, then the flags under their headings, then those without one."""
            from mmrec_engine.settings import HEADINGS

            grouped: dict[str, list[tuple[str, str]]] = {}
            for parameter in self.get_params(context):
                record = parameter.get_help_record(context)
                if record is not None:
                    kind = "arguments" if parameter.param_type_name == "argument" else "options"
                    grouped.setdefault(getattr(parameter, "rich_help_panel", None) or kind, []).append(record)
            for heading in ("arguments", *HEADINGS, "options"):
                if heading in grouped:
                    with formatter.section(wording(f"heading.{heading}").rstrip(":")):
                        formatter.write_dl(grouped[heading], col_max=_FLAG_COLUMNS)
            if hasattr(self, "format_commands"):
                self.format_commands(context, formatter)

        def format_commands(self, context: Any, formatter: Any) -> None:
            """Each command with its complete help; Typer's own form cuts it within a sentence."""
            names = self.list_commands(context) if hasattr(self, "list_commands") else []
            if names:
                with formatter.section(wording("heading.commands").rstrip(":")):
                    formatter.write_dl([(name, self.get_command(context, name).help or "") for name in names])

    return Worded


def _coloured(line: str) -> str:
    """A heading in bold, the name of a flag or a command in colour."""
    if line and not line.startswith(" "):
        heading, colon, rest = line.partition(":")
        return f"\x1b[1m{heading}{colon}\x1b[0m{rest}" if colon else line
    found = re.match(r"  (-\S.*?|[a-z][a-z-]*)(?=  |$)", line)
    return f"  \x1b[36m{found[1]}\x1b[0m{line[found.end() :]}" if found else line


def usage_text(error: click.ClickException, wording: Wording) -> str:
    """A usage error in the user's language."""
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
