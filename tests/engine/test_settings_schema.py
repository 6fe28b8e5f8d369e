"""The JSON Schema of a settings file: current, valid, and consistent with the settings themselves."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from mmrec_engine.errors import RequestError
from mmrec_engine.settings import FIELDS, WITH_FLAG, resolve
from mmrec_engine.settings.json_schema import SCHEMA_FILE, json_schema

VALIDATOR = jsonschema.Draft202012Validator(json_schema())


def test_the_shipped_schema_is_the_one_of_the_settings() -> None:
    again = "write it again: python -m mmrec_engine.settings.json_schema"
    assert json.loads(SCHEMA_FILE.read_text(encoding="utf-8")) == json_schema(), again


def test_the_schema_is_valid_and_describes_each_setting() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())
    assert set(json_schema()["properties"]) == set(WITH_FLAG)


def test_every_default_and_every_choice_is_valid() -> None:
    for name, item in ((name, FIELDS[name]) for name in WITH_FLAG):
        values = [item.default, *item.metadata["choices"]]
        assert all(VALIDATOR.is_valid({name: value}) for value in values if value is not None), name


@pytest.mark.parametrize(
    ("values", "valid"),
    [
        ({"epochs": 3, "dropout": 0.2, "name": "first"}, True),
        ({"max_corpus_bytes": "20MB", "time": "1h30m"}, True),
        ({"max_corpus_bytes": 20_000, "time": 90.5}, True),
        ({"data_dir": ["a=2", "b"]}, True),
        ({"save_best_model": False}, True),
        ({"epoch": 3}, False),
        ({"epochs": 0}, False),
        ({"epochs": 2.5}, False),
        ({"dropout": 1}, False),
        ({"learning_rate": 0}, False),
        ({"config": "huge"}, False),
        ({"save_best_model": "yes"}, False),
        ({"max_corpus_bytes": "much"}, False),
        ({"time": "soon"}, False),
        ({"data_dir": []}, False),
        ({"device": 3}, False),
    ],
)
def test_the_schema_accepts_what_the_settings_accept(values: dict[str, Any], valid: bool) -> None:
    assert VALIDATOR.is_valid(values) is valid
    if valid:
        resolve({}, values)
    else:
        with pytest.raises(RequestError):
            resolve({}, values)
