"""The parameters from which Typer reads its flags, made from the table of settings so that a setting is declared once; and the
settings given by them."""

import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from mmrec_engine.errors import RequestError
from mmrec_engine.settings import FIELDS, WITH_FLAG, Resolved, heading_of, read_settings_file, resolve, value_type
from mmrec_engine.settings.declaration import flag
from mmrec_tui.locales import UsageText, Wording

if TYPE_CHECKING:
    from mmrec_engine.run.follow_up import Origin

_METAVARS = {int: "INTEGER", float: "NUMBER", str: "TEXT"}
_WITH_UNIT = {"size": "SIZE", "duration": "TIME"}


def setting_flag(name: str, wording: Wording, of: str = "") -> inspect.Parameter:
    """The flag of one setting. Values stay text here: `settings.parse` validates them, as those of a file.

    of: the command, if the setting does something else there than in `train`.
    """
    item, kind = FIELDS[name], value_type(name)
    own = f"{of}.setting.{name}"
    key = own if of and wording.knows(own) else f"setting.{name}"
    help_text = wording(key, choices=", ".join(item.metadata["choices"] or item.metadata["names"]))
    shown = _default_shown(name, wording)
    if shown:
        help_text = f"{help_text} [{wording('help.default', value=shown)}]"
    group = heading_of(name)
    metavar = next((word for rule, word in _WITH_UNIT.items() if item.metadata[rule]), _METAVARS.get(kind, ""))
    if item.metadata["several"]:
        return switch(name, Optional[list[str]], None, flag(name), help_text, metavar, group)
    if kind is bool:
        declared = flag(name) if name == "use_sample_corpus" else f"{flag(name)}/--no-{flag(name)[2:]}"
        return switch(name, Optional[bool], None, declared, help_text, group=group)
    return switch(name, Optional[str], None, flag(name), help_text, metavar, group, among=item.metadata["choices"])


def _default_shown(name: str, wording: Wording) -> str:
    default, unset = FIELDS[name].default, FIELDS[name].metadata["unset"]
    if default is None and unset:
        return wording(f"help.{unset}")
    if isinstance(default, bool):
        return flag(name) if default else ""
    return "" if default is None else f"{default}"


def switch(
    name: str,
    kind: Any,
    default: Any,
    declared: str,
    help_text: str,
    metavar: str | None = None,
    group: str | None = None,
    among: Sequence[str] = (),
    **given: Any,
) -> inspect.Parameter:
    """A flag that is not a setting. group: its heading in the help. among: completions for a shell. given: more of Typer's own,
    such as the bounds of a number."""
    how = {"help": help_text, "metavar": metavar, "show_default": False, "rich_help_panel": group, **given}
    if among:
        how["autocompletion"] = lambda: list(among)
    option = typer.Option(declared, **how)
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, option])


def argument(name: str, metavar: str, help_text: str) -> inspect.Parameter:
    annotation = Annotated[str, typer.Argument(metavar=metavar, help=help_text)]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation)


def context_parameter() -> inspect.Parameter:
    return inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)


def as_flags(given: Mapping[str, Any]) -> list[str]:
    """An equivalent command line; values as Typer returned them, without those that were not given."""
    words: list[str] = []
    for name, value in given.items():
        if value is True:
            words.append(flag(name))
        elif value is False:
            words.append(f"--no-{flag(name)[2:]}")
        elif isinstance(value, list | tuple):
            words += [f"{flag(name)}={one}" for one in value]
        elif value is not None:
            words.append(f"{flag(name)}={value}")
    return words


def with_parameters(function: Any, parameters: list[inspect.Parameter]) -> None:
    """Give a function with **given parameters the signature that Typer reads its flags from."""
    function.__signature__ = inspect.Signature(parameters, return_annotation=int)
    function.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters} | {"return": int}


def answer_switches(wording: Wording) -> list[inspect.Parameter]:
    """How findings are reported."""
    return [
        switch("json", bool, False, "--json", wording("help.json")),
        switch("quiet", bool, False, "--quiet", wording("help.quiet")),
    ]


def settings_flags(wording: Wording) -> list[inspect.Parameter]:
    """A flag for each setting, and the file that holds them."""
    file = switch("settings", Optional[str], None, "--settings", wording("help.settings"), metavar="FILE.toml")
    return [*(setting_flag(name, wording) for name in WITH_FLAG), file]


def resolve_given(given: dict[str, Any]) -> Resolved:
    """The settings from their flags and from the file of `--settings`; with those of the model to begin with."""
    return with_first_weights(resolve_unread(given))


def with_first_weights(resolved: Resolved) -> Resolved:
    """With the settings of the model to begin with, if there is one."""
    if resolved.settings.init_from is None:
        return resolved
    from mmrec_engine.run.starting_weights import with_starting_weights

    return with_starting_weights(resolved)


def follow_switches(wording: Wording) -> list[inspect.Parameter]:
    """The earlier run that a new one follows, and the remedy for one of its findings."""
    return [
        switch("from_run", Optional[str], None, "--from", wording("help.from"), "RUN", "model"),
        switch("remedy", Optional[str], None, "--remedy", wording("help.remedy"), "ID", "training"),
    ]


def follow_given(given: dict[str, Any], wording: Wording) -> "tuple[Resolved, Origin] | None":
    """The settings of a follow-up run, by `follow_switches` and the flags of settings, and its origin; None for another run.

    Removes these switches from `given`. Raises UsageText, or RequestError as `follow`."""
    earlier, remedy = given.pop("from_run"), given.pop("remedy")
    if earlier is None:
        if remedy is not None:
            raise UsageText(wording("usage.remedy-from"))
        return None
    from mmrec_engine.run.follow_up import follow
    from mmrec_engine.runs.catalog import find_run

    own = {name: value for name, value in given.items() if name != "settings"}
    return follow(find_run(earlier), remedy, given_by_hand(own), settings_file(given["settings"]))


def resolve_unread(given: dict[str, Any]) -> Resolved:
    """The same without reading a pretrained model, which a run that is resumed does not need."""
    file = given.pop("settings")
    return resolve(given_by_hand(given), settings_file(file))


def settings_file(file: str | None) -> dict[str, Any] | None:
    """The settings of the file of `--settings`. Raises RequestError."""
    if file == "":
        raise RequestError("setting-empty", flag="--settings")
    return None if file is None else read_settings_file(Path(file))


def refuse_nan(given: dict[str, Any], wording: Wording) -> None:
    """A default within every bound, so Typer accepts it."""
    for name, value in given.items():
        if value is not None and value != value:
            raise UsageText(wording("usage.nan", name=flag(name)))


def given_by_hand(given: dict[str, Any]) -> dict[str, Any]:
    """Without flags that were not given: Typer returns an empty list for a repeatable flag that was not."""
    return {name: value for name, value in given.items() if value is not None and value != []}
