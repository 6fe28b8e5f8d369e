"""The wheel, in an empty folder away from the checkout: the guide's commands work from it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's content; its dependencies come from this environment."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", folder, ROOT], check=True)
    [wheel] = folder.glob("*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--target", folder / "site", wheel], check=True)
    return folder / "site"


@pytest.mark.slow
@pytest.mark.extended
def test_guide_command_works_from_an_installed_wheel(installed: Path, tmp_path: Path) -> None:
    words = (
        "train --config tiny --epochs 1 --batch-size 4 --seq-len 256 --use-sample-corpus --max-steps 3 --quiet --json"
    )
    environment = {**os.environ, "PYTHONPATH": str(installed), "HOME": str(tmp_path / "home")}
    command = [sys.executable, "-m", "mmrec_tui", *words.split()]
    work = tmp_path / "empty"
    work.mkdir()
    trained = subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True, check=False)
    assert trained.returncode == 0, trained.stderr
    assert (work / "checkpoints" / "tiny" / "best_model.pt").exists()
    where = (
        "import mmrec_engine, mmrec_engine.data.sources.builtin as b; print(mmrec_engine.__file__, b.sample_folder())"
    )
    told = subprocess.run(
        [sys.executable, "-c", where], env=environment, cwd=work, capture_output=True, text=True, check=True
    )
    assert told.stdout.count(str(installed)) == 2, told.stdout


@pytest.mark.extended
@pytest.mark.slow
def test_wheel_contains_the_sample_and_no_development_files(installed: Path) -> None:
    assert len(list((installed / "mmrec_engine" / "data" / "sample").glob("*.txt"))) >= 40
    assert not list(installed.glob("tests"))
    for package in ("mmrec_engine", "mmrec_tui"):
        words = {path.relative_to(ROOT) for path in (ROOT / package / "locales").glob("*/*.json")}
        assert words and words == {
            path.relative_to(installed) for path in (installed / package).glob("locales/*/*.json")
        }
