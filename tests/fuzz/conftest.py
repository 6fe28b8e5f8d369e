"""Fixtures of the fuzz tests: one real run to damage, a folder for each example, and a count of examples."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mmrec_engine.settings import Resolved, resolve
from tests.fuzz.tried import ASKED, COUNTS, SEED

TINY = {
    "seq_len": 16, "batch_size": 1, "threads": 1, "precision": "fp32", "warmup_steps": 1, "max_steps": 4, "arch": "mmrec",
    "eval_every": 2, "checkpoint_every": 2, "keep_checkpoints": 4, "early_stopping_patience": 100, "dropout": 0.1,
}  # fmt: skip


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory, prose: str) -> tuple[Path, Resolved]:
    """A run of four steps, and its settings."""
    from mmrec_engine import train

    place = tmp_path_factory.mktemp("tiny")
    (place / "prose.txt").write_text(prose[:1500], encoding="utf-8")
    with pytest.MonkeyPatch.context() as patched:
        for name in ("CACHE", "STATE", "CONFIG"):
            patched.setenv(f"XDG_{name}_HOME", str(place / name.lower()))
        asked = resolve({"data_dir": str(place / "prose.txt"), "output_dir": str(place), "name": "run", **TINY})
        for _ in train(asked):
            pass
    return place / "run", asked


@pytest.fixture
def new_place(tmp_path: Path) -> Callable[[], Path]:
    """An empty folder for each example; the one before is removed."""
    numbers = itertools.count()
    made: list[Path] = []

    def make() -> Path:
        for folder in made:
            shutil.rmtree(folder, ignore_errors=True)
        made[:] = [tmp_path / "examples" / str(next(numbers))]
        made[0].mkdir(parents=True)
        return made[0]

    return make


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if ASKED:
        told = ", ".join(f"{name.removeprefix('test_')} {count:,}" for name, count in sorted(COUNTS.items()))
        terminalreporter.write_line(f"fuzz: {sum(COUNTS.values()):,} examples, SOAK_SEED={SEED}: {told}")
