"""The JSON Schema of a settings file, generated from the table of settings: editors complete and check a settings file with
it.

`python -m mmrec_engine.settings.json_schema` writes `settings.schema.json` beside this file; a test compares the two. A TOML
file names it in its first line (`#:schema PATH`, read by Taplo and tools built on it). Dialect: JSON Schema 2020-12.
"""

from __future__ import annotations

import json
from dataclasses import Field
from pathlib import Path
from typing import Any

from mmrec_engine.locales.catalogue import DEFAULT_LANGUAGE, Text
from mmrec_engine.locales.guide.hyperparameters import HYPERPARAMETERS
from mmrec_engine.settings.parsing import SECONDS
from mmrec_engine.settings.schema import FIELDS, WITH_FLAG, value_type

SCHEMA_FILE = Path(__file__).with_name("settings.schema.json")
_JSON_TYPES = {int: "integer", float: "number", bool: "boolean", str: "string"}
_BOUNDS = {"low": "minimum", "high": "maximum", "above": "exclusiveMinimum", "below": "exclusiveMaximum"}


def json_schema() -> dict[str, Any]:
    """The schema as a plain dictionary: a flat table in which every key is optional."""
    described = {entry.name: entry.what[DEFAULT_LANGUAGE] for entry in HYPERPARAMETERS}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": Text("words", "settings-file")[DEFAULT_LANGUAGE],
        "type": "object",
        "additionalProperties": False,
        "properties": {name: _property(FIELDS[name], described.get(name)) for name in WITH_FLAG},
    }


def _property(item: Field[Any], description: str | None) -> dict[str, Any]:
    rules, kind = item.metadata, _JSON_TYPES[value_type(item.name)]
    value: dict[str, Any] = {"type": kind}
    value |= {key: rules[bound] for bound, key in _BOUNDS.items() if rules[bound] is not None}
    if rules["choices"]:
        value["enum"] = list(rules["choices"])
    alternatives = [value]
    if rules["size"]:
        alternatives.append({"type": "string", "pattern": r"^\d+(\.\d+)?\s*([kKmMgGtT]?[iI]?[bB])?$"})
    if rules["duration"]:
        unit = "|".join("".join(f"[{letter}{letter.upper()}]" for letter in unit) for unit in SECONDS)
        alternatives.append({"type": "string", "pattern": rf"^(\d+(\.\d+)?\s?({unit})\s?)+$"})
    if rules["several"]:
        alternatives.append({"type": "array", "items": value, "minItems": 1})
    found = value if len(alternatives) == 1 else {"anyOf": alternatives}
    if item.default is not None:
        found = {**found, "default": item.default}
    return {**found, "description": description} if description else found


if __name__ == "__main__":
    SCHEMA_FILE.write_text(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
