"""A third language is a folder of words in each package, and nothing else: tried in a copy of the packages."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.command.terminal import Screen
from tests.conftest import Command

ROOT = Path(__file__).parents[2]
MARK = "§"
NUMBERS = {"decimal": "˙", "thousands": "'", "percent": "{number} pct", "plural": "n == 1 ? 0 : n < 5 ? 1 : 2"}
FINDING = """
from mmrec_engine.locales.guide.findings import evidence, title
for count in (1, 3, 1234):
    found = {"id": "corpus-readable", "status": "pass", "values": {"documents": count}}
    print(title(found, "xx"), evidence(found, "xx"))
values = {"share": 0.1234, "found": 2, "grams": 3, "limit_gram": 4, "limit_warn_share": 0.1}
print(evidence({"id": "split-overlap", "status": "warn", "values": values}, "xx"))
"""


def marked(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: marked(one) for key, one in value.items()}
    return f"{MARK}{value}"


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both packages with the language xx: English, each text marked, with numbers and plurals of its own."""
    folder = tmp_path_factory.mktemp("packages")
    for package in ("mmrec_engine", "mmrec_tui"):
        shutil.copytree(ROOT / package, folder / package)
        words = folder / package / "locales"
        (words / "xx").mkdir()
        for path in (words / "en").glob("*.json"):
            texts = json.loads(path.read_text(encoding="utf-8"))
            texts = {**texts, **NUMBERS} if path.name == "format.json" else marked(texts)
            if path.name == "findings.json":
                texts["corpus-readable"]["evidence"]["pass"] = "{documents:uno|pauci|multi}"
            (words / "xx" / path.name).write_text(json.dumps(texts, ensure_ascii=False), encoding="utf-8")
    return folder


def test_the_command_line_speaks_a_language_that_is_added_as_folders(command: Command, packages: Path) -> None:
    help = command("train", "--help", "--lang", "xx", PYTHONPATH=str(packages))
    assert help.code == 0, help.err
    assert f"{MARK}Text:" in help.out and f"{MARK}Share of the text held out for validation." in " ".join(
        help.out.split()
    )
    refused = command("train", "--use-sample-corpus", "--dropout", "7", PYTHONPATH=str(packages), MMREC_LANG="xx")
    assert refused.code == 2
    assert refused.err.startswith(f"{MARK}error: {MARK}--dropout must be") and refused.err.count("\n") == 1
    unknown = command("--lang", "yy", PYTHONPATH=str(packages))
    assert "en, tr, xx" in unknown.err


def test_finding_has_words_in_an_added_language(command: Command, packages: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-c", FINDING], cwd=packages, capture_output=True, text=True, check=True, encoding="utf-8"
    ).stdout.splitlines()
    assert told[:3] == [f"{MARK}Input files {count}" for count in ("1 uno", "3 pauci", "1'234 multi")]
    assert told[3].startswith(f"{MARK}12˙3 pct")


def test_missing_texts_are_in_the_default_language(command: Command, packages: Path, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    shutil.copytree(packages, begun)
    for folder in (begun / "mmrec_engine" / "locales" / "xx", begun / "mmrec_tui" / "locales" / "xx"):
        for path in folder.glob("*.json"):
            if path.stem not in ("format", "command_line"):
                path.unlink()
    words = begun / "mmrec_tui" / "locales" / "xx" / "command_line.json"
    words.write_text(json.dumps({"error": f"{MARK}error: {{message}}"}), encoding="utf-8")
    refused = command("train", "--use-sample-corpus", "--dropout", "7", "--lang", "xx", PYTHONPATH=str(begun))
    assert refused.err.startswith(f"{MARK}error: --dropout must be")
    help = command("--help", "--lang", "xx", PYTHONPATH=str(begun))
    assert help.code == 0 and "Train a small language model well" in help.out


def test_the_app_opens_in_a_language_that_is_added_as_folders(opened: Callable[..., Screen], packages: Path) -> None:
    screen = opened("--lang", "xx", columns=200, PYTHONPATH=str(packages))
    screen.wait_for(f"{MARK}What now?")
    screen.wait_for("F2 English")  # the next language, in its own words
    screen.press("ctrl+q")
    assert screen.wait_for_end() == 0
