"""The settings of a run, merged from flags, a settings file, the run that is resumed, a recipe, and defaults."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mmrec_engine.errors import RequestError
from mmrec_engine.settings.declaration import check
from mmrec_engine.settings.presets import RECIPES, RECIPES_TO_A_TARGET
from mmrec_engine.settings.run_settings import Settings
from mmrec_engine.settings.schema import CORPUS_CHOICE, FIELDS, WITH_FLAG, parse


@dataclass(frozen=True)
class Resolved:
    """Settings with the source of each value: hand, file, recipe, planner, pretrained (of the
    model that it begins with), run (stored in the run that is resumed), default."""

    settings: Settings
    sources: dict[str, str]

    def with_values(self, **values: Any) -> Resolved:
        """Other values for some settings, with their source. Raises RequestError."""
        return replace(self, settings=replace(self.settings, **values))


def resolve(
    by_hand: Mapping[str, Any], from_file: Mapping[str, Any] | None = None, stored: Mapping[str, Any] | None = None
) -> Resolved:
    """Merge values by precedence: flags, settings file, stored run, recipe, defaults.

    Keys are field names, values as `parse` accepts them. `stored` holds the settings of a run that is resumed.
    Raises RequestError for an unknown key, a wrong type, a value out of range or an impossible combination.
    """
    from_file, stored = from_file or {}, stored or {}
    layers = [(by_hand, "hand"), (from_file, "file"), (stored, "run")]
    for values, source in layers:
        check_names(values, source)
    merged: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for values, source in layers:
        corpus_chosen = any(name in merged for name in CORPUS_CHOICE)  # one of higher precedence replaces this one
        for name, value in values.items():
            if name not in merged and not (corpus_chosen and name in CORPUS_CHOICE):
                merged[name] = parse(name, value)
                sources[name] = source
    recipe = merged.get("recipe", FIELDS["recipe"].default)
    check(FIELDS["recipe"], recipe)
    to_a_target = merged.get("target_loss") is not None or merged.get("target_bits") is not None
    open_ended = to_a_target and not {"max_steps", "epochs", "time"} & merged.keys()
    of_the_recipe = {**RECIPES[recipe], **(RECIPES_TO_A_TARGET.get(recipe, {}) if open_ended else {})}
    for name, value in of_the_recipe.items():
        if name not in merged:
            merged[name], sources[name] = value, "recipe"
    if "epochs" not in merged and (merged.get("max_steps") is not None or merged.get("time") is not None):
        merged["epochs"] = None  # a limit in steps or in time alone is the only limit
        sources["epochs"] = sources["max_steps"] if merged.get("max_steps") is not None else "planner"
    return Resolved(Settings(**merged), {name: sources.get(name, "default") for name in FIELDS})


def sound(values: Mapping[str, Any]) -> dict[str, Any]:
    """The valid settings of a file: known ones of the right type within their bounds, and unknown ones."""
    believed: dict[str, Any] = {}
    for name, value in values.items():
        try:
            believed[name] = value if name not in FIELDS else parse(name, value)
            if name in FIELDS:
                check(FIELDS[name], believed[name])
        except RequestError:
            believed.pop(name, None)
    return believed


def check_names(values: Mapping[str, Any], place: str, known: Iterable[str] = tuple(FIELDS)) -> None:
    """Raises RequestError for a name that is not known; `place` says where it is."""
    for name in values:
        if name not in known:
            nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.0)[0]
            raise RequestError("setting-unknown", place=place, name=name, nearest=nearest)


def read_settings_file(path: Path) -> dict[str, Any]:
    """The flat table of a TOML settings file."""
    try:
        with path.open("rb") as file:
            values = tomllib.load(file)
        check_names(values, str(path), WITH_FLAG)
        return values
    except OSError as error:
        raise RequestError("settings-file-missing", path=path, reason=error.strerror) from None
    except RequestError:
        raise
    except (ValueError, RecursionError) as error:
        raise RequestError("settings-file-invalid", path=path, reason=error) from None
