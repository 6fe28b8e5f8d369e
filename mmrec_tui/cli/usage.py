"""Typer in the user's language: help with its headings, and usage errors as one clear line."""

from __future__ import annotations

import difflib
import re
import sys
from typing import Any

import typer
import typer.core
from typer._click import exceptions as click  # Typer contains its own click; the version is pinned for this

from mmrec_tui.locales import Wording
from mmrec_tui.terminal import shows_colour

_FLAG_COLUMNS = 30
# What a command line calls a value for which no name is declared, by Typer's type.
_METAVARS = {"int": "INTEGER", "float": "NUMBER", "str": "TEXT"}
# Words that are no command, with what they probably ask for.
_MEANT = {"report": "check after", "resume": "train --resume"}

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
        def __init__(self, *given: Any, **how: Any) -> None:
            super().__init__(*given, **how)
            self.options_metavar = wording("metavar.[OPTIONS]")
            if hasattr(self, "subcommand_metavar"):
                self.subcommand_metavar = wording("metavar.COMMAND")
            for parameter in self.params:
                _word_metavar(parameter, wording)

        def parse_args(self, context: Any, given: list[str]) -> Any:
            try:
                return super().parse_args(context, given)
            except click.UsageError as error:
                error.ctx = error.ctx or context  # the parser of options leaves it out, and its help would not be named
                raise

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
                record = _help_record(parameter, context, wording)
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


def _word_metavar(parameter: Any, wording: Wording) -> None:
    """Name the parameter's value in the user's language."""
    if getattr(parameter, "is_flag", False):
        return
    name = parameter.metavar or _METAVARS.get(parameter.type.name.split()[0], "")
    if wording.knows(f"metavar.{name}"):
        parameter.metavar = wording(f"metavar.{name}")


def _help_record(parameter: Any, context: Any, wording: Wording) -> tuple[str, str] | None:
    """A flag or an argument, and its help with its default and its range, which Typer words in English only."""
    record = parameter.get_help_record(context)
    if record is None:
        return None
    facts = []
    flag = getattr(parameter, "is_flag", False)
    if isinstance(parameter.show_default, str):
        facts.append(wording("help.default", value=parameter.show_default))
    elif (
        parameter.show_default and not flag and parameter.default not in (None, "") and not callable(parameter.default)
    ):
        default = parameter.default
        facts.append(wording("help.default", value=default if isinstance(default, str) else _plain(default)))
    if allowed := _range(parameter.type):
        facts.append(allowed)
    if parameter.required:
        facts.append(wording("help.required"))
    return record[0], f"{parameter.help or ''}{' [' + '; '.join(facts) + ']' if facts else ''}"


def _range(kind: Any) -> str:
    """The numbers that a type allows, empty if it sets no limits: 1 … 100."""
    low, high = getattr(kind, "min", None), getattr(kind, "max", None)
    if low is None and high is None:
        return ""
    return f"{'' if low is None else _plain(low)} … {'' if high is None else _plain(high)}".strip()


def _plain(value: float) -> str:
    """A number as it can be typed: 1000000000, not 1e+09."""
    return str(int(value)) if float(value).is_integer() else f"{value:g}"


def _coloured(line: str) -> str:
    """A heading in bold, the name of a flag or a command in colour."""
    if line and not line.startswith(" "):
        heading, colon, rest = line.partition(":")
        return f"\x1b[1m{heading}{colon}\x1b[0m{rest}" if colon else line
    found = re.match(r"  (-\S.*?|[a-z][a-z-]*)(?=  |$)", line)
    return f"  \x1b[36m{found[1]}\x1b[0m{line[found.end() :]}" if found else line


def _nearest_command(name: str, commands: list[str]) -> str:
    """The command that was probably meant, empty if none is near."""
    return _MEANT.get(name) or next(iter(difflib.get_close_matches(name, commands, 1)), "")


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
        name, allowed = error.param.opts[0], _range(error.param.type)
        comma = re.match(r"'(-?\d*,\d+)'", error.message)
        if comma:
            text = wording("usage.comma", name=name, value=comma[1], meant=comma[1].replace(",", "."))
        else:
            text = wording("usage.value", name=name, allowed=allowed, command=command)
    elif isinstance(error, click.BadOptionUsage):
        text = wording("usage.argument", name=error.option_name, command=command)
    elif found := re.match(r"No such command '(.*?)'", error.message):
        group = error.ctx.command if error.ctx is not None else None  # type: ignore[attr-defined]
        near = _nearest_command(found[1], list(getattr(group, "commands", ())))
        if near and command:
            near = f"{command} {near}"
        nearest = wording("usage.nearest", name=near) if near else ""
        text = wording("usage.no-command", name=found[1], nearest=nearest)
    elif isinstance(error, click.NoArgsIsHelpError):
        choices = "|".join(getattr(error.ctx.command, "commands", ()))
        text = wording("usage.missing", name=choices, command=command)
    elif "unexpected extra argument" in error.message:
        extra = error.message.rpartition("(")[2].rstrip(")")
        text = wording("usage.too-many", name=extra, command=command)
    else:
        text = wording("usage.invalid", message=error.format_message().rstrip("."), command=command)
    return text.replace("  --help", " --help")
