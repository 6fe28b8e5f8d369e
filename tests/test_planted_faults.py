"""Each planted fault can still be planted, and its tests exist; `python -m tests.planted_faults` plants them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.planted_faults.__main__ import ROOT, place_of
from tests.planted_faults.table import FAULTS, Fault


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.room}: {fault.what}")
def test_planted_fault_has_its_place_and_its_tests(fault: Fault) -> None:
    assert place_of(ROOT, fault) is not None, "the text to replace does not occur once"
    for word in shlex.split(fault.tests):
        assert not word.startswith("-"), "a selection by words can be empty: name the tests"
        path, _, name = word.partition("::")
        source = Path(ROOT / path).read_text(encoding="utf-8")
        assert not name or re.search(rf"^(async )?def {name}\(", source, re.MULTILINE), f"{name} is not in {path}"
