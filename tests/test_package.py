"""The package as it is published: it builds, its metadata is complete, and what README and errors say to install works.

It also tests undocumented parts of other libraries that the project uses, so that an update without them fails here.
"""

from __future__ import annotations

import ast
import email
import importlib.metadata
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from email.message import Message
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from mmrec_engine.system import optional_dependencies
from mmrec_engine.system.optional_dependencies import install_command

ROOT = Path(__file__).parents[1]
ADDRESS = "https://example.org/owner/mmrec"
# Names with an underscore that are not the project's: by module, why, and the test that fails without it.
PRIVATE_USES = {
    "mmrec_tui/cli/usage.py": {"typer._click"},
    "mmrec_tui/app/app.py": {"textual._context", "textual._styles_cache"},
    "mmrec_tui/app/widgets/choice.py": {"textual.widgets._select"},
    "mmrec_tui/cli/completion.py": {"typer._completion_classes", "typer._completion_shared"},
    "mmrec_tui/presentation/plotting.py": {"plotext._figure"},
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel and an sdist, built as for publishing."""
    folder = tmp_path_factory.mktemp("dist")
    told = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT],
        env={**os.environ, "MMREC_HOMEPAGE": ADDRESS}, capture_output=True, text=True,
    )  # fmt: skip
    assert told.returncode == 0, told.stdout + told.stderr
    return folder


def metadata_of(folder: Path) -> Message:
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as file:
        [name] = [name for name in file.namelist() if name.endswith("METADATA")]
        return email.message_from_bytes(file.read(name))


@pytest.mark.slow
def test_metadata_passes_the_package_index_check(built: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "twine", "check", "--strict", *built.iterdir()], capture_output=True, text=True
    )
    assert told.returncode == 0, told.stdout + told.stderr


@pytest.mark.slow
def test_metadata_is_complete(built: Path) -> None:
    metadata = metadata_of(built)
    assert {url.split(",")[0] for url in metadata.get_all("Project-URL", [])} >= {"Homepage", "Issues", "Changelog"}
    assert "Typing :: Typed" in metadata.get_all("Classifier", [])
    assert metadata["License-Expression"] == "MIT"
    assert {"hub", "metrics", "tokenizers"} <= set(metadata.get_all("Provides-Extra", []))


@pytest.mark.slow
def test_readme_links_of_the_package_are_absolute_and_valid(built: Path) -> None:
    page = str(metadata_of(built).get_payload())
    targets = re.findall(r"\]\(([^)\s]+)\)", page)
    assert targets
    assert "docs/screens/" in page
    for target in targets:
        assert target.startswith(("https://", "#")), target
        if target.startswith(ADDRESS):
            path = re.sub(r"^/(raw|blob)/main/", "", target.removeprefix(ADDRESS).partition("#")[0])
            assert (ROOT / path).exists(), target


@pytest.mark.slow
def test_readme_without_a_repository_address_has_no_pictures(tmp_path: Path) -> None:
    sys.path.insert(0, str(ROOT))
    try:
        from hatch_build import with_address
    finally:
        sys.path.remove(str(ROOT))
    page = with_address((ROOT / "README.md").read_text(encoding="utf-8"), "")
    assert not re.findall(r"\]\((?!https?:|#)", page)


@pytest.mark.slow
def test_packages_are_marked_as_typed_and_the_sdist_builds(built: Path) -> None:
    [wheel] = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as file:
        assert {"mmrec_engine/py.typed", "mmrec_tui/py.typed"} <= set(file.namelist())
    [sdist] = built.glob("*.tar.gz")
    with tarfile.open(sdist) as file:
        names = {Path(*Path(name).parts[1:]).as_posix() for name in file.getnames()}
    assert {"hatch_build.py", "README.md", "LICENSE", "pyproject.toml", "Makefile", "data/sample"} <= names | {
        Path(name).parent.as_posix() for name in names
    }


@pytest.mark.parametrize("extra", ["hub", "tokenizers", "metrics"])
def test_install_hint_is_right_in_a_clone(extra: str) -> None:
    words = install_command(extra)
    assert words.startswith(f"{sys.executable} -m pip install -e ")
    assert words.rstrip("'").endswith(f"{ROOT}[{extra}]")


def test_install_hint_is_right_in_a_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(optional_dependencies, "_CLONE", tmp_path)
    assert install_command("hub") == f"{sys.executable} -m pip install 'mmrec-tui[hub]'"


def test_readme_names_no_command_of_a_published_package() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = [line for line in readme.splitlines() if line.startswith("|")]
    assert not [line for line in table if "pip install" in line]
    targets = re.findall(r"^([\w -]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    named = {name for line in targets for name in line.split()}
    assert set(re.findall(r"`make ([\w-]+)`", readme)) <= named


def test_imported_libraries_are_declared() -> None:
    declared = (ROOT / "pyproject.toml").read_text(encoding="utf-8").lower()
    known = {"bs4": "beautifulsoup4", "yaml": "pyyaml", "mlflow": "mlflow-skinny"}
    own = {"mmrec_engine", "mmrec_tui", "tests", "hatch_build"}
    brought = {
        "click",
        "huggingface_hub",
        "pyarrow",
        "fsspec",
    }  # by a declared library, and imported only where that one is
    for path in [*ROOT.glob("mmrec_engine/**/*.py"), *ROOT.glob("mmrec_tui/**/*.py")]:
        for name in _imported(path):
            top = name.partition(".")[0]
            if top in sys.stdlib_module_names or top in own | brought:
                continue
            package = known.get(top, top).replace("_", "[-_]")
            assert re.search(rf'"{package}[\[><=.;" ]', declared), f"{path}: {name}"


def test_private_library_names_are_used_only_where_listed() -> None:
    found: dict[str, set[str]] = {}
    for path in [*ROOT.glob("mmrec_engine/**/*.py"), *ROOT.glob("mmrec_tui/**/*.py")]:
        for name in _imported(path):
            parts = name.split(".")
            if not parts[0].startswith("mmrec") and any(re.match(r"_(?!_)", part) for part in parts):
                found.setdefault(path.relative_to(ROOT).as_posix(), set()).add(name)
    assert found == PRIVATE_USES


def test_typer_has_the_usage_error_exceptions() -> None:
    """typer._click: Typer 0.28 raises exceptions of its own copy of click, and makes none of them public."""
    from typer._click import exceptions

    for name in ("ClickException", "NoSuchOption", "MissingParameter", "BadParameter", "BadOptionUsage"):
        assert issubclass(getattr(exceptions, name), exceptions.ClickException), name


def test_textual_caches_lines_where_the_app_clears_them() -> None:
    """textual._styles_cache: the cache of closed widgets grows with hours of use; nothing public clears it."""
    from textual._styles_cache import StylesCache

    assert callable(StylesCache.get_inner_outer.cache_clear)


def test_textual_names_the_active_handler() -> None:
    """textual._context: an error is ignored only if it comes from a screen that is being closed."""
    from textual._context import active_message_pump

    assert active_message_pump.get(None) is None


def test_textual_screen_can_be_drawn_before_work_that_blocks_it() -> None:
    """Screen._dirty_widgets, Screen._on_timer_update: "opening…" is seen while the engine is loaded in the same message."""
    from textual.screen import Screen

    screen: Screen[None] = Screen()
    assert isinstance(screen._dirty_widgets, set)
    assert callable(screen._on_timer_update)


def test_textual_select_consists_of_a_line_and_a_list() -> None:
    """textual.widgets._select: the line is drawn by one widget of ours instead of four."""
    from textual.widgets import OptionList, Static
    from textual.widgets._select import SelectCurrent, SelectOverlay

    assert issubclass(SelectOverlay, OptionList)
    assert not issubclass(SelectCurrent, Static)
    assert {"compose", "update", "has_value", "placeholder"} <= set(dir(SelectCurrent("")))


def test_plotext_figures_do_not_use_the_terminal() -> None:
    """plotext._figure: its public functions draw one figure a process, no larger than the terminal."""
    import plotext._figure as plotext

    canvas = plotext._figure_class()
    canvas._limit_size(False, False)
    canvas.plot_size(300, 120)
    canvas.plot([1, 2, 3], [1, 2, 3])
    lines = canvas.build().splitlines()
    assert len(lines) == 120


def test_typer_supports_the_shells_of_completion() -> None:
    """typer._completion_*: Typer writes completion scripts only for its own options, which are worded in English."""
    from typer import _completion_classes, _completion_shared

    assert callable(_completion_classes.completion_init)
    assert callable(_completion_shared.install) and callable(_completion_shared._get_shell_name)


def _imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module)
    return names


def test_every_pinned_version_runs_on_the_oldest_python() -> None:
    """A pin for a newer Python alone makes `make run` fail on Debian 12, which has 3.11.2."""
    pins = [line.split("#")[0].strip() for line in (ROOT / "constraints.txt").read_text().splitlines()]
    names = [pin.split("==")[0] for pin in pins if pin]
    required: dict[str, str] = {}
    for name in names:
        try:
            required[name] = importlib.metadata.metadata(name).get("Requires-Python") or ""
        except importlib.metadata.PackageNotFoundError:
            continue  # of an extra that is not installed here
    assert len(required) > 20
    assert [name for name, versions in required.items() if not SpecifierSet(versions).contains("3.11.0")] == []
