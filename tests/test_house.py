"""Rules of the project: what is loaded when, and that every text is in all languages."""

import graphlib
import json
import pkgutil
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import grimp
import pytest

from mmrec_engine.locales.catalogue import DEFAULT_LANGUAGE, LANGUAGES, Texts
from mmrec_engine.locales.messages import MESSAGES
from mmrec_engine.settings import WITH_FLAG
from mmrec_tui.locales import AREAS, Wording, choose_language
from tests.catalogues import TEXTS, files_of, of_the_app, placeholders
from tests.planted_faults.table import FAULTS

ROOT = Path(__file__).parents[1]
SOURCES = [path for package in ("mmrec_engine", "mmrec_tui") for path in (ROOT / package).rglob("*.py")]


@pytest.mark.parametrize("module", ["mmrec_engine", "mmrec_tui.cli", "mmrec_engine.settings", "mmrec_tui.cli.narrator"])
def test_imports_load_no_torch_textual_or_rich(module: str) -> None:
    program = f"import sys, {module}; print([m for m in ('torch', 'textual', 'rich') if m in sys.modules])"
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert output.strip() == "[]"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_files_keys_and_placeholders(language: str) -> None:
    ours, theirs = TEXTS[language], TEXTS[DEFAULT_LANGUAGE]
    assert list(ours) == list(theirs), "the same keys in the same order"
    assert {key: placeholders(text) for key, text in ours.items()} == {
        key: placeholders(text) for key, text in theirs.items()
    }
    assert all(text.strip() for text in ours.values())


def test_files_of_words_are_written_in_one_form() -> None:
    for language in LANGUAGES:
        for path in files_of(language).values():
            text = path.read_text(encoding="utf-8")
            assert text == json.dumps(json.loads(text), ensure_ascii=False, indent=2) + "\n", path


def test_app_message_keys_are_in_one_file_only() -> None:
    keys = [key for area in AREAS for key in of_the_app(DEFAULT_LANGUAGE, area)]
    assert len(set(keys)) == len(keys), "which of the two would be shown?"


def test_message_keys_are_defined_and_used() -> None:
    source = "\n".join(path.read_text() for path in SOURCES if path.name != "messages.py")
    app = of_the_app(DEFAULT_LANGUAGE, "command_line")
    raised = set(re.findall(r'(?:RequestError|TrainingError)\(\s*"([a-z-]+)"', source))
    unused = {key for key in MESSAGES if f'"{key}"' not in source}
    assert raised <= set(MESSAGES)
    assert set(re.findall(r'(?:UnusableError|reason_words)\(\s*"([a-z-]+)"', source)) == set(Texts("reasons"))
    assert not unused
    indirect = re.compile(
        r"^(setting|help|found|checks|after|remedy|task|skipped|corpora|state|table|finished|usage|guide|status|heading|metavar|evaluate)\.|-(saved|windows)$"
    )
    assert not [
        key for key in app if f'"{key}"' not in source and f"'{key}'" not in source and not indirect.search(key)
    ]
    assert all(f"setting.{name}" in app for name in WITH_FLAG)


def test_numbers_follow_the_language() -> None:
    assert Wording("en").number(1234.5, 2) == "1,234.50"
    assert Wording("tr").number(1234.5, 2) == "1.234,50"
    assert Wording("tr").percent(0.1234) == "%12,34"


@pytest.mark.parametrize(
    ("given", "environment", "language"),
    [
        ("tr", {"MMREC_LANG": "en"}, "tr"),
        (None, {"MMREC_LANG": "tr", "LANG": "en_US.UTF-8"}, "tr"),
        (None, {"LANG": "tr_TR.UTF-8"}, "tr"),
        (None, {"LC_ALL": "xx_XX", "LANG": "tr_TR"}, "en"),
        (None, {}, "en"),
    ],
)
def test_language_is_chosen_by_flag_environment_and_locale(
    given: str | None, environment: dict[str, str], language: str
) -> None:
    assert choose_language(given, environment) == language


def test_no_module_is_called_utils_or_helpers() -> None:
    assert not [path for path in SOURCES if path.stem in ("utils", "helpers", "common", "misc", "manager")]


def test_contracts_and_architecture_page_have_the_same_layers() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    (layers,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    in_contract = [[name.strip().removeprefix("mmrec_engine.") for name in layer.split("|")] for layer in layers]
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \d+ \| ([^|]*) \|", page, re.MULTILINE)
    assert [re.findall(r"`([\w.]+)`", row) for row in rows] == in_contract
    there = {
        ("mmrec_tui." if package == "mmrec_tui" else "") + path.stem
        for package in ("mmrec_engine", "mmrec_tui")
        for path in (ROOT / package).iterdir()
        if (path.suffix == ".py" or list(path.glob("*.py"))) and not path.stem.startswith("__")
    }
    assert {name for layer in in_contract for name in layer} == there


@pytest.mark.parametrize("package", ["mmrec_engine", "mmrec_tui"])
def test_packages_have_few_top_level_modules(package: str) -> None:
    assert len([path for path in (ROOT / package).glob("*.py") if not path.stem.startswith("__")]) <= 4


def test_imports_have_no_cycles() -> None:
    """Imports within functions and for type checkers alone are counted too."""
    graph = grimp.build_graph("mmrec_engine", "mmrec_tui", cache_dir=None)
    imported = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    graphlib.TopologicalSorter(imported).prepare()  # raises CycleError, which names the cycle


def test_each_planted_fault_replaces_one_text_of_the_sources() -> None:
    """A fault whose text was rewritten would no longer be tested."""
    sources = [path.read_text() for path in SOURCES]
    assert {fault.what: sum(source.count(fault.old) for source in sources) for fault in FAULTS} == dict.fromkeys(
        (fault.what for fault in FAULTS), 1
    )


@pytest.mark.extended
def test_names_that_benchmarks_and_tests_replace_exist() -> None:
    """`patch` and `monkeypatch` name what they replace by a text, which a moved function would make wrong."""
    files = [*(ROOT / "benchmarks").glob("*.py"), *(ROOT / "tests").rglob("*.py")]
    named = {
        name
        for path in files
        for name in re.findall(
            r'(?:patch|setattr|planting\.at)\(\s*"(mmrec_(?:engine|tui)\.[\w.]+)"', path.read_text(encoding="utf-8")
        )
    }
    assert len(named) > 10
    missing = []
    for name in sorted(named):
        try:
            pkgutil.resolve_name(name)
        except (ImportError, AttributeError):
            missing.append(name)
    assert not missing


def test_first_screen_does_not_load_numpy_or_the_guide() -> None:
    program = (
        "import sys, mmrec_tui.app.launch, mmrec_tui.app.app, mmrec_tui.app.screens.start\n"
        "unwanted = ('numpy', 'torch', 'plotext', 'mmrec_engine.settings.schema', 'mmrec_tui.presentation.topics')\n"
        "print([name for name in unwanted if name in sys.modules])"
    )
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert output.strip() == "[]"
